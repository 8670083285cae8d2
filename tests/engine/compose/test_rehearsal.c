#include "compose/rehearsal.h"

#include "engine/compose/piece_case.h"

struct heard {
    char text[4000];
    int phrases;
};

static void on_phrase(void *user, const struct aur_phrase *phrase)
{
    struct heard *heard = user;
    assert_int_equal(phrase->number, heard->phrases++);
}

static void on_warning(void *user, const struct aur_diagnostic *d)
{
    struct heard *heard = user;
    size_t n = strlen(heard->text);
    assert_int_equal(d->severity, AUR_SEVERITY_WARNING);
    assert_non_null(strstr(d->file, ".lua"));
    snprintf(heard->text + n, sizeof heard->text - n, "%d:%d: %s\n", d->line, d->column, d->message);
}

static int rehearse(struct piece_case *c, struct heard *heard)
{
    memset(heard, 0, sizeof *heard);
    struct aur_rehearsal rehearsal = {.piece = c->piece,
                                      .controls = &c->controls,
                                      .rate_hz = 44100,
                                      .phrases = 3,
                                      .seed = 1,
                                      .on_phrase = on_phrase,
                                      .on_warning = on_warning,
                                      .user = heard};
    return aur_rehearse(&rehearsal, &c->err);
}

static void expect_warnings(struct piece_case *c, const char *text, const char *want)
{
    struct heard heard;
    piece_case_load(c, text);
    if (rehearse(c, &heard) != AUR_OK)
        fail_msg("%s", c->err.message);
    assert_int_equal(heard.phrases, 3);
    if (strcmp(heard.text, want) != 0)
        fail_msg("%s\n-> %s\ninstead of\n%s", text, heard.text, want);
}

#define LOST "', and the next phrase does not see it: what has to last belongs in state\n"

static void locals_that_do_not_last(void **state)
{
    struct piece_case *c = *state;
    piece_case_write(c, "lib/keeps.lua",
                     "local M = { n = 0 } function M.count() M.n = M.n + 1 return M.n end return M");
    expect_warnings(c,
                    "local keeps = require 'keeps'\n" /* a module's own affair */
                    "local count, other = 0, 5\n"
                    "local list, cfg, same = {}, { deep = { x = 1 } }, { 1, 2 }\n"
                    "  local late\n"
                    "local here\n"
                    "local function add(x) list[#list + 1] = x end\n"
                    "local methods = { go = function() other = other + 1 end }\n"
                    "return { phrase = function(ctx, state)\n"
                    "  here = ctx count = count + keeps.count() add(count) cfg.deep.x = 2 late = 'x' methods.go()\n"
                    "  state.n = (state.n or 0) + #same\n"
                    "  return 1\nend }",
                    "2:1: phrase changes the local 'count" LOST "3:1: phrase changes the local 'list" LOST
                    "3:1: phrase changes the local 'cfg" LOST "4:3: phrase changes the local 'late" LOST
                    "2:1: phrase changes the local 'other" LOST);
    expect_warnings(
        c, "local t = {} t.t = t for i = 1, 300 do t[i] = t end return { phrase = function() t.t = t return 1 end }",
        "");
    expect_warnings(c,
                    "local n = 0 local function f() n = n + 1 end\nreturn { phrase = function() local n = 1 n = n + 1 "
                    "return n end }",
                    "");
}

static void what_is_not_used(void **state)
{
    struct piece_case *c = *state;
    expect_warnings(
        c,
        "return {\n  controls = { used = { min = 0, max = 1, default = 0 },\n    idle = { min = 0, max = 1, "
        "default = 0 } },\n  patches = { pad = { voice = 'pad' },\n    bell = { voice = 'bell' }, later = { "
        "voice = 'lead' } },\n"
        "  phrase = function(ctx)\n    local names = { 'pad', 'later' }\n"
        "    ctx:note { patch = names[1], at = 0, beats = 1, pitch = 60, velocity = ctx.used }\n    return 1\n"
        "  end }",
        "3:5: controls.idle: the script does not use it\n5:5: patches.bell: the script does not use it\n");
    expect_warnings(
        c,
        "return { patches = { pad = { voice = 'pad' }, kick = { voice = 'kick' } }, phrase = function(ctx)\n"
        "for _, pitch in ipairs { 0, 60, 127 } do\n"
        "  ctx:note { patch = 'pad', at = 0, beats = 1, pitch = pitch }\n"
        "  ctx:note { patch = 'kick', at = 0, beats = 1, pitch = pitch }\nend return 1 end }",
        "3:3: note: pitch: 0 is too low to be heard as a pitch (middle C is 60)\n"
        "3:3: note: pitch: 127 is too high to be heard as a pitch (middle C is 60)\n");
}

/* A list that is none is walked without a complaint of Lua's. */
static void never_a_note(void **state)
{
    struct piece_case *c = *state;
    expect_warnings(
        c,
        "local chord = { pitches = { 57, 60 } }\nreturn { patches = { pad = { voice = 'pad' } },\n"
        "  phrase = function(ctx)\n    for _, pitch in ipairs(chord) do\n"
        "      ctx:note { patch = 'pad', at = 0, beats = 1, pitch = pitch }\n    end\n    return 1\n  end }",
        "3:3: phrase: it plays no note, whatever the controls\n");
    expect_warnings(
        c,
        "return { patches = { pad = { voice = 'pad' } }, phrase = function(ctx)\n if ctx.intensity == 1 then\n"
        "ctx:note { patch = 'pad', at = 0, beats = 1, pitch = 60 } end return 1 end }",
        "");
    expect_warnings(c, "return { phrase = function() return 1 end }", "");
}

static void errors_name_the_control(void **state)
{
    struct piece_case *c = *state;
    struct heard heard;
    piece_case_load(
        c, "return { phrase = function(ctx)\n  if ctx.intensity == 1 then error('too much') end return 1 end }");
    piece_case_expect(c, rehearse(c, &heard), AUR_ESCRIPT, "piece.lua:2: too much (with intensity = 1)\n");
    assert_string_equal(heard.text, "");
}

/* The pieces that come with the program give no warning. */
static void our_own_pieces(void **state)
{
    struct piece_case *c = *state;
    struct heard heard;
    struct aur_piece_source source = {.path = AURALIS_SOURCE_DIR "/scripts/ambient.lua",
                                      .lib_dir = AURALIS_SOURCE_DIR "/scripts/lib"};
    assert_int_equal(aur_piece_load(&c->piece, &source, &c->err), AUR_OK);
    aur_controls_default(&c->controls, &aur_piece_describe(c->piece)->controls);
    assert_int_equal(rehearse(c, &heard), AUR_OK);
    assert_string_equal(heard.text, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piece_case_open, piece_case_close)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(locals_that_do_not_last), TEST(what_is_not_used), TEST(never_a_note),
                                       TEST(errors_name_the_control), TEST(our_own_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
