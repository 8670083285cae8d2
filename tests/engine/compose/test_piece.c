/* What a script declares, and how it is refused. */
#include "engine/compose/piece_case.h"
#include "support/failing_alloc.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void a_whole_piece(void **state)
{
    struct piece_case *c = *state;
    piece_case_load(
        c, "return {\n"
           "  title = 'Winter', meter = { 3, 8 },\n"
           "  controls = { warmth = { min = -1, max = 1, default = 0.25, label = 'How warm' }, air = { min = 0, max = "
           "2, default = 2 } },\n"
           "  patches = { pad = { voice = 'pad', attack = 2.5, level = -6 }, drum = { voice = 'kick' } },\n"
           "  effects = { reverb = { decay = 9 }, delay = { beats = 0.5, feedback = 0.3 }, master = { level = 3 } },\n"
           "  state = { chord = 'i' },\n"
           "  phrase = function(ctx, state) return 4 end,\n"
           "  migrate = function(old) return old end,\n"
           "}\n");
    const struct aur_piece_info *info = aur_piece_describe(c->piece);
    assert_string_equal(info->title, "Winter");
    assert_int_equal(info->meter[0], 3);
    assert_int_equal(info->meter[1], 8);
    assert_int_equal(info->controls.n, 2);
    assert_string_equal(info->controls.items[0].name, "air");
    assert_string_equal(info->controls.items[0].label, "air");
    assert_string_equal(info->controls.items[1].label, "How warm");
    assert_true(info->controls.items[1].min == -1 && info->controls.items[1].max == 1 &&
                info->controls.items[1].def == 0.25);
    assert_int_equal(info->n_patches, 2);
    assert_string_equal(info->patches[0].name, "drum");
    assert_int_equal(info->patches[1].voice, AUR_VOICE_PAD);
    assert_true(info->patches[1].params[aur_param_find(&aur_voices[AUR_VOICE_PAD], "attack")] == 2.5f);
    assert_true(info->patches[1].params[0] == -6);
    assert_true(info->effects.params[AUR_EFFECT_REVERB][0] == 9);
    assert_true(info->effects.params[AUR_EFFECT_DELAY][0] == 0.5f);
    assert_true(info->effects.params[AUR_EFFECT_MASTER][0] == 3);
    assert_true(c->controls.piece[0] == 2 && c->controls.piece[1] == 0.25);
}

static void the_least_piece(void **state)
{
    struct piece_case *c = *state;
    piece_case_load(c, "return { phrase = function() return 1 end }");
    const struct aur_piece_info *info = aur_piece_describe(c->piece);
    assert_string_equal(info->title, "piece.lua");
    assert_int_equal(info->meter[0], 4);
    assert_int_equal(info->n_patches, 0);
    struct aur_phrase *phrase;
    char *text;
    assert_int_equal(piece_case_compose(c, &phrase, &text, 1, 0, NULL), AUR_OK);
    assert_string_equal(text, "{}");
    assert_int_equal(phrase->n_notes, 0);
    assert_int_equal(phrase->length_frames, aur_tempo_frames(4 * AUR_BEAT_ONE, 70, 44100));
    free(text);
    aur_phrase_free(phrase);
}

static void what_it_begins_with(void **state)
{
    struct piece_case *c = *state;
    piece_case_load(c,
                    "return { defaults = { key = 'D dorian', bpm = 60, intensity = 0.25 },\n"
                    "controls = { warmth = { min = 0, max = 1, default = 0.75 } }, phrase = function() return 1 end }");
    const struct aur_controls *start = &aur_piece_describe(c->piece)->start;
    assert_string_equal(start->key.name, "D dorian");
    assert_int_equal(start->bpm, 60);
    assert_true(start->intensity == 0.25);
    assert_true(start->melody_complexity == 0.5);
    assert_true(start->piece[0] == 0.75);
}

/* Each is put into a piece that is right otherwise, on line 2. */
static const struct {
    const char *fields, *want;
} bad_fields[] = {
    {"tempo = 70",
     "the piece: 'tempo' is not a field; allowed: title, meter, controls, defaults, tables, patches, effects, "
     "state, phrase, migrate"},
    {"[1] = 'x'", "the piece: '1' is not a field"},
    {"title = 5", "title: a text is needed, not a number"},
    {"title = ('x'):rep(200)", "title: the text is longer than 127 bytes"},
    {"meter = 4", "meter: a table is needed, not a number"},
    {"meter = { 4 }", "meter: it is { beats, unit }"},
    {"meter = { 4, 5 }", "meter: it is { beats, unit }"},
    {"meter = { 0, 4 }", "meter: it is { beats, unit }"},
    {"meter = { 4, 4, 4 }", "meter: it has two numbers"},
    {"meter = { 4.5, 4 }", "meter: it is { beats, unit }"},
    {"meter = { 0/0, 4 }", "meter: it is { beats, unit }"},
    {"controls = { bpm = { min = 0, max = 1, default = 0 } }", "controls: the name 'bpm' is taken by the engine"},
    {"controls = { key = { min = 0, max = 1, default = 0 } }", "controls: the name 'key' is taken"},
    {"controls = { timestamp = { min = 0, max = 1, default = 0 } }", "controls: the name 'timestamp' is taken"},
    {"controls = { note = { min = 0, max = 1, default = 0 } }", "controls: the name 'note' is taken"},
    {"controls = { Warm = { min = 0, max = 1, default = 0 } }", "controls: 'Warm' is not a name"},
    {"controls = { [''] = { min = 0, max = 1, default = 0 } }", "controls: '' is not a name"},
    {"controls = { a = { min = 1, max = 1, default = 1 } }", "controls.a: min (1) must be less than max (1)"},
    {"controls = { a = { min = 0, max = 1/0, default = 1 } }", "controls.a: min"},
    {"controls = { a = { min = 0, max = 1, default = 2 } }", "controls.a: default: 2 is not allowed; allowed: 0 to 1"},
    {"controls = { a = { min = 0, max = 1, default = 0/0 } }", "controls.a: default: "},
    {"controls = { a = { min = 0, max = 1 } }", "controls.a.default: a number is needed, not a nil"},
    {"controls = { a = { min = 0, max = 1, default = 0, step = 1 } }",
     "controls.a: 'step' is not a field; allowed: min, max, default, label"},
    {"controls = { a = 1 }", "controls.a: a table is needed, not a number"},
    {"controls = { a = { min = 0, max = 1, default = 0, label = {} } }", "controls.label: label: a text is needed"},
    {"controls = (function() local t = {} for i = 1, 25 do t['c' .. i] = { min = 0, max = 1, default = 0 } end "
     "return t end)()",
     "controls: more than 24"},
    {"defaults = 5", "defaults: a table is needed, not a number"},
    {"defaults = { key = 5 }", "defaults.key: a text is needed, not a number"},
    {"defaults = { key = 'H minor' }", "defaults.key: H minor is not allowed"},
    {"defaults = { bpm = 300 }", "defaults.bpm: 300 is not allowed; allowed: "},
    {"defaults = { bpm = 'fast' }", "defaults.bpm: a number is needed, not a string"},
    {"defaults = { tempo = 70 }", "defaults.tempo"},
    {"patches = { pad = { voice = 'organ' } }",
     "patches.pad.voice: 'organ' is not allowed; allowed: pad, lead, kick, swell"},
    {"patches = { pad = {} }", "patches.pad.voice: '' is not allowed; allowed: pad"},
    {"patches = { pad = { voice = 'pad', attack = 99 } }",
     "patches.pad: pad.attack: 99 is not allowed; allowed: 0.002 to 30 s"},
    {"patches = { pad = { voice = 'pad', atack = 1 } }",
     "patches.pad: pad: atack is not allowed (did you mean attack?); allowed: level, pan"},
    {"patches = { pad = { voice = 'pad', attack = 'slow' } }", "patches.pad.attack: a number is needed, not a string"},
    {"patches = { pad = { voice = 'pad', attack = 0/0 } }", "patches.pad: pad.attack: "},
    {"patches = { ['a b'] = { voice = 'pad' } }", "patches: 'a b' is not a name"},
    {"patches = (function() local t = {} for i = 1, 17 do t['p' .. i] = { voice = 'pad' } end return t end)()",
     "patches: more than 16"},
    {"effects = { revreb = {} }", "effects: 'revreb' is not an effect (did you mean reverb?); allowed: reverb"},
    {"patches = { pad = { voice = 'bel' } }",
     "patches.pad.voice: 'bel' is not allowed (did you mean bell?); allowed: "},
    {"titel = 'x'", "the piece: 'titel' is not a field (did you mean title?); allowed: title"},
    {"effects = { echo = {} }", "effects: 'echo' is not an effect; allowed: reverb, delay, master, chorus, tilt"},
    {"effects = { reverb = { decay = 100 } }",
     "effects.reverb: reverb.decay: 100 is not allowed; allowed: 0.3 to 20 s"},
    {"effects = { reverb = 5 }", "effects.reverb: a table is needed, not a number"},
    {"state = 5", "state: a table is needed, not a number"},
    {"state = { f = print }", "state.f: a function cannot be kept"},
    {"migrate = 5", "migrate: a function is needed, not a number"},
};

static void what_is_refused(void **state)
{
    struct piece_case *c = *state;
    for (size_t i = 0; i < COUNT(bad_fields); i++) {
        char text[700], want[300];
        snprintf(text, sizeof text, "local function play() return 1 end\nreturn { phrase = play, %s }",
                 bad_fields[i].fields);
        snprintf(want, sizeof want, "piece.lua:2: %s", bad_fields[i].want);
        piece_case_expect(c, piece_case_load_with(c, text, NULL), AUR_ESCRIPT, want);
    }
}

static void scripts_that_do_not_load(void **state)
{
    struct piece_case *c = *state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "piece.lua:1: the script returned a nil; it must return the piece's table"},
        {"\n\nreturn 5", "piece.lua:3: the script returned a number"},
        {"return {}", "piece.lua:1: phrase: a function is needed, not a nil"},
        {"return { phrase = 5 }", "piece.lua:1: phrase: a function is needed, not a number"},
        {"local x =\nreturn", "piece.lua:2: unexpected symbol near 'return'"},
        {"\nerror('early')", "piece.lua:2: early"},
        {"local n = math.random()", "piece.lua:1: random numbers can be drawn only inside phrase()"},
        {"\nlocal t = require 'theory'", "piece.lua:2: require 'theory': no file theory.lua in "},
        {"volume = 1", "piece.lua:1: 'volume' is written as a global; declare it with local"},
        {"\033LJ", "piece.lua:1: bytecode is not allowed"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        piece_case_expect(c, piece_case_load_with(c, cases[i].text, NULL), AUR_ESCRIPT, cases[i].want);
    piece_case_expect(c,
                      piece_case_load_with(c, "while true do end", &(struct aur_script_limits){.instructions = 10000}),
                      AUR_ELIMIT, "piece.lua:1: the script used up its 10000 instructions");
    piece_case_expect(c,
                      piece_case_load_with(c, "local t = {} while true do t[#t + 1] = {} end",
                                           &(struct aur_script_limits){.memory_bytes = 1 << 20}),
                      AUR_ELIMIT, "piece.lua:1: the script needs more than its 1024 KiB of memory");
    piece_case_expect(c,
                      piece_case_load_with(c, "-- 18 bytes of text", &(struct aur_script_limits){.source_bytes = 17}),
                      AUR_ELIMIT, "piece.lua: larger than 17 bytes");
    struct aur_piece_source source = {.path = "/nowhere/at/all.lua"};
    assert_int_equal(aur_piece_load(&c->piece, &source, &c->err), AUR_EIO);
    assert_non_null(strstr(c->err.message, "/nowhere/at/all.lua"));
    source.path = c->folder;
    assert_int_equal(aur_piece_load(&c->piece, &source, &c->err), AUR_EIO);
}

static void modules_come_from_two_folders(void **state)
{
    struct piece_case *c = *state;
    piece_case_write(c, "lib/one.lua", "return 'lib'");
    piece_case_write(c, "lib/two.lua", "return require('one') .. ' through two'");
    static const char text[] = "local two, one = require 'two', require 'one'\nreturn { title = two .. ', ' .. one, "
                               "phrase = function() return 1 end }";
    piece_case_load(c, text);
    assert_string_equal(aur_piece_describe(c->piece)->title, "lib through two, lib");
    piece_case_write(c, "one.lua", "return 'own'");
    piece_case_load(c, text);
    assert_string_equal(aur_piece_describe(c->piece)->title, "own through two, own");
    /* an error in a library names its file */
    piece_case_write(c, "one.lua", "\n\nlocal t = nil\nreturn t.x");
    piece_case_expect(c, piece_case_load_with(c, text, NULL), AUR_ESCRIPT,
                      "one.lua:4: attempt to index local 't' (a nil value)");
}

/* Composing reads no file: texts are those of the load, and what was not required then cannot be. */
static void modules_are_read_once(void **state)
{
    struct piece_case *c = *state;
    struct aur_phrase *phrase;
    char *text;
    piece_case_write(c, "one.lua", "return { bars = 3 }");
    piece_case_load(c, "local one = require 'one'\nreturn { phrase = function() return one.bars end }");
    piece_case_write(c, "one.lua", "return { bars = 5 }");
    assert_int_equal(piece_case_compose(c, &phrase, &text, 1, 0, NULL), AUR_OK);
    assert_int_equal(phrase->bars, 3);
    free(text);
    aur_phrase_free(phrase);
    piece_case_load(c, "return { phrase = function()\n  return require('one').bars\nend }");
    piece_case_expect(
        c, piece_case_compose(c, &phrase, &text, 1, 0, NULL), AUR_ESCRIPT,
        "piece.lua:2: require 'one': modules are read when the script is loaded; require it at the script's top");
}

static void without_memory(void **state)
{
    struct piece_case *c = *state;
    static const char text[] =
        "local one = require 'one' return { patches = { pad = { voice = 'pad' } }, phrase = function(ctx, state) "
        "ctx:note { patch = 'pad', at = 0, beats = 1, pitch = 60 } state.x = 1 return 1 end }";
    piece_case_write(c, "lib/one.lua", "return 1");
    piece_case_load(c, text);
    long nth = 0;
    for (;; nth++) {
        struct aur_phrase *phrase = NULL;
        char *out = NULL;
        failing_alloc_arm(nth);
        int rc = piece_case_compose(c, &phrase, &out, 1, 0, NULL);
        bool failed = failing_alloc_disarm();
        if (!failed) {
            assert_int_equal(rc, AUR_OK);
            aur_phrase_free(phrase);
            free(out);
            break;
        }
        assert_int_equal(rc, AUR_ENOMEM);
        assert_null(phrase);
        assert_null(out);
    }
    assert_true(nth > 50);
    char path[100], lib[100];
    snprintf(path, sizeof path, "%s/piece.lua", c->folder);
    snprintf(lib, sizeof lib, "%s/lib", c->folder);
    struct aur_piece_source source = {.path = path, .lib_dir = lib};
    for (nth = 0;; nth++) {
        struct aur_piece *piece = NULL;
        failing_alloc_arm(nth);
        int rc = aur_piece_load(&piece, &source, &c->err);
        bool failed = failing_alloc_disarm();
        if (!failed) {
            assert_int_equal(rc, AUR_OK);
            aur_piece_free(piece);
            break;
        }
        if (rc != AUR_ENOMEM) /* a module's path that cannot be formed is reported through Lua */
            fail_msg("allocation %ld: %d %s", nth, rc, rc ? c->err.message : "");
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piece_case_open, piece_case_close)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_whole_piece),
                                       TEST(the_least_piece),
                                       TEST(what_it_begins_with),
                                       TEST(what_is_refused),
                                       TEST(scripts_that_do_not_load),
                                       TEST(modules_come_from_two_folders),
                                       TEST(modules_are_read_once),
                                       TEST(without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
