/* What a phrase function plays: ctx, notes, chords, state, and the same again. */
#include "compose/inner.h"
#include "engine/compose/piece_case.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BEAT     AUR_BEAT_ONE

static void what_ctx_holds(void **state)
{
    struct piece_case *c = *state;
    piece_case_load(c, "return { meter = { 3, 4 }, controls = { warmth = { min = 0, max = 1, default = 0.25 } }, "
                       "phrase = function(ctx, state)\n"
                       "state.seen = { ctx.key, ctx.mode, ctx.root, table.concat(ctx.scale, ' '), ctx.bpm, "
                       "ctx.meter[1], ctx.meter[2], ctx.beats_per_bar,\n"
                       "ctx.intensity, ctx.melody_complexity, ctx.phrase, ctx.warmth, type(ctx.note), type(ctx.chord), "
                       "type(ctx.random), type(ctx) }\n"
                       "return 2 end }");
    assert_int_equal(aur_key_parse(&c->controls.key, "F# minor", NULL), AUR_OK);
    c->controls.bpm = 93;
    c->controls.intensity = 0.75;
    struct aur_phrase *phrase;
    char *text;
    assert_int_equal(piece_case_compose(c, &phrase, &text, 1, 7, NULL), AUR_OK);
    assert_string_equal(text,
                        "{seen={[1]=\"F# minor\",[2]=\"aeolian\",[3]=66,[4]=\"0 2 3 5 7 8 "
                        "10\",[5]=93,[6]=3,[7]=4,[8]=3,[9]=0.75,[10]=0.5,"
                        "[11]=7,[12]=0.25,[13]=\"function\",[14]=\"function\",[15]=\"function\",[16]=\"userdata\"}}");
    assert_int_equal(phrase->bars, 2);
    assert_int_equal(phrase->number, 7);
    assert_int_equal(phrase->start_frame, 6400);
    assert_int_equal(phrase->length_frames, aur_tempo_frames(6 * BEAT, 93, 44100));
    assert_string_equal(phrase->controls.key.name, "F# minor");
    free(text);
    aur_phrase_free(phrase);
}

static void notes_are_quantised_and_placed(void **state)
{
    struct piece_case *c = *state;
    struct aur_phrase *phrase =
        piece_case_play(c, "ctx:note { patch = 'pad', at = 1/3, beats = 2, pitch = 60.3, velocity = 0.1, pan = -0.3 }\n"
                           "ctx:note { patch = 'bell', at = 0, beats = 1e-9, pitch = 127 }\n"
                           "ctx:note { patch = 'pad', at = -0.2, beats = 256, pitch = 0, velocity = 1, pan = 1 }\n"
                           "ctx:note { patch = 'pad', at = 7.9999, beats = 1, pitch = 60, velocity = 0, pan = -1 }\n"
                           "return 2");
    assert_non_null(phrase);
    assert_int_equal(phrase->n_notes, 4);
    const struct aur_note *first = &phrase->notes[0], *second = &phrase->notes[1], *third = &phrase->notes[2],
                          *last = &phrase->notes[3];
    assert_int_equal(first->id, 1); /* both at 0: in the order of the script */
    assert_int_equal(first->beats_q20, 1);
    assert_int_equal(first->on_frame, 6400);
    assert_int_equal(first->off_frame, 6464);
    assert_int_equal(first->velocity_q16, 45875); /* 0.7 */
    assert_int_equal(first->pan_q16, 0);
    assert_int_equal(first->patch, 0); /* by name: bell, pad */
    assert_int_equal(first->line, 3);
    assert_int_equal(first->callers[0], 0); /* phrase itself is called by nobody in the script */
    assert_int_equal(second->id, 2);
    assert_int_equal(second->at_q20, 0);
    assert_int_equal(second->off_frame, 6400 + aur_tempo_frames(256 * BEAT, 70, 44100));
    assert_int_equal(third->at_q20, 349525);
    assert_int_equal(third->pitch_q16, 3951821);
    assert_int_equal(third->velocity_q16, 6554);
    assert_int_equal(third->pan_q16, -19661);
    assert_int_equal(third->on_frame, 6400 + aur_tempo_frames(349525, 70, 44100));
    assert_int_equal(last->on_frame, 6400 + phrase->length_frames - 64); /* rounding does not leave the phrase */
    assert_int_equal(last->pan_q16, -65536);
    assert_int_equal(last->line, 5);
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        assert_int_equal(phrase->notes[i].on_frame % 64 + phrase->notes[i].off_frame % 64, 0);
        assert_true(phrase->notes[i].off_frame > phrase->notes[i].on_frame);
    }
    aur_phrase_free(phrase);
}

static const struct {
    const char *note, *want;
} bad_notes[] = {
    {"patch = 'organ', at = 0, beats = 1, pitch = 60", "note: patch: organ is not allowed; allowed: bell, pad"},
    {"at = 0, beats = 1, pitch = 60", "note: patch: nil is not allowed; allowed: bell, pad"},
    {"patch = 'pad', beats = 1, pitch = 60", "note: at is missing"},
    {"patch = 'pad', at = 0, pitch = 60", "note: beats is missing"},
    {"patch = 'pad', at = 0, beats = 1", "note: pitch is missing"},
    {"patch = 'pad', at = '0', beats = 1, pitch = 60", "note: at: a number is needed, not a string"},
    {"patch = 'pad', at = 0/0, beats = 1, pitch = 60", "note: at: nan is not allowed"},
    {"patch = 'pad', at = -0.26, beats = 1, pitch = 60",
     "note: at: -0.26 is not allowed; allowed: 0 to the phrase's length"},
    {"patch = 'pad', at = 8, beats = 1, pitch = 60",
     "note: at: 8 is not allowed; allowed: 0 to less than 8, the phrase's 2 bars"},
    {"patch = 'pad', at = 1e300, beats = 1, pitch = 60", "note: at: 1e+300 is not allowed"},
    {"patch = 'pad', at = 0, beats = 0, pitch = 60", "note: beats: 0 is not allowed; allowed: more than 0, up to 256"},
    {"patch = 'pad', at = 0, beats = -1, pitch = 60", "note: beats: -1 is not allowed"},
    {"patch = 'pad', at = 0, beats = 256.1, pitch = 60", "note: beats: 256.1 is not allowed"},
    {"patch = 'pad', at = 0, beats = 1, pitch = 127.5", "note: pitch: 127.5 is not allowed; allowed: 0 to 127"},
    {"patch = 'pad', at = 0, beats = 1, pitch = -1", "note: pitch: -1 is not allowed"},
    {"patch = 'pad', at = 0, beats = 1, pitch = 60, velocity = 3", "note: velocity: 3 is not allowed; allowed: 0 to 1"},
    {"patch = 'pad', at = 0, beats = 1, pitch = 60, pan = 1.1", "note: pan: 1.1 is not allowed; allowed: -1 to 1"},
    {"patch = 'pad', at = 0, beats = 1, pitch = 60, volume = 1",
     "note: 'volume' is not a field; allowed: patch, at, beats, pitch, velocity, pan"},
    {"patch = 'pad', at = 0, beats = 1, pitch = 60, 5", "note: '1' is not a field"},
};

static void notes_that_are_refused(void **state)
{
    struct piece_case *c = *state;
    for (size_t i = 0; i < COUNT(bad_notes); i++) {
        char body[300], want[300];
        snprintf(body, sizeof body, "local x = 1\nctx:note { %s }\nreturn 2", bad_notes[i].note);
        snprintf(want, sizeof want, "piece.lua:3: %s", bad_notes[i].want);
        assert_null(piece_case_play(c, body));
        piece_case_expect(c, c->err.code, AUR_ESCRIPT, want);
    }
    assert_null(piece_case_play(c, "ctx.note { patch = 'pad' }\nreturn 2"));
    piece_case_expect(c, c->err.code, AUR_ESCRIPT, "piece.lua:2: note: it is called as ctx:note { ... }");
    assert_null(piece_case_play(
        c, "for i = 1, 5000 do ctx:note { patch = 'pad', at = 0, beats = 1, pitch = 60 } end\nreturn 2"));
    piece_case_expect(c, c->err.code, AUR_ELIMIT, "piece.lua:2: note: the phrase has more than 4096 notes");
}

/* A note tells who called the function that made it, two calls up. */
static void callers_of_a_note(void **state)
{
    struct piece_case *c = *state;
    struct aur_phrase *phrase;
    char *out;
    piece_case_load(c,
                    "local function play(ctx, at)\n  ctx:note { patch = 'pad', at = at, beats = 1, pitch = 60 }\nend\n"
                    "local function part(ctx)\n  play(ctx, 0)\n  play(ctx, 1)\nend\n"
                    "return { patches = { pad = { voice = 'pad' } }, phrase = function(ctx)\n"
                    "  part(ctx)\n  return 1\nend }");
    assert_int_equal(piece_case_compose(c, &phrase, &out, 1, 0, NULL), AUR_OK);
    assert_int_equal(phrase->notes[1].line, 2);
    assert_int_equal(phrase->notes[1].callers[0], 6);
    assert_int_equal(phrase->notes[1].callers[1], 9);
    aur_phrase_free(phrase);
    free(out);
}

/* Through a library, the error and the note carry the line of the piece's own script. */
static void a_librarys_notes(void **state)
{
    struct piece_case *c = *state;
    piece_case_write(c, "lib/play.lua",
                     "local M = {}\nfunction M.play(ctx, at, pitch)\n  ctx:note { patch = 'pad', at = at, beats = 1, "
                     "pitch = pitch }\nend\nreturn M");
    static const char text[] =
        "local play = require 'play'\nreturn { patches = { pad = { voice = 'pad' } }, phrase = function(ctx, state)\n"
        "  play.play(ctx, %s, %s)\n  return 1\nend }";
    char piece[400];
    struct aur_phrase *phrase;
    char *out;
    snprintf(piece, sizeof piece, text, "0", "60");
    piece_case_load(c, piece);
    assert_int_equal(piece_case_compose(c, &phrase, &out, 1, 0, NULL), AUR_OK);
    assert_int_equal(phrase->notes[0].line, 3);
    aur_phrase_free(phrase);
    free(out);
    snprintf(piece, sizeof piece, text, "0", "128");
    piece_case_load(c, piece);
    piece_case_expect(c, piece_case_compose(c, &phrase, &out, 1, 0, NULL), AUR_ESCRIPT,
                      "piece.lua:3: note: pitch: 128 is not allowed; allowed: 0 to 127 (at ");
    assert_non_null(strstr(c->err.message, "/lib/play.lua:3)"));
    snprintf(piece, sizeof piece, text, "4", "60");
    piece_case_load(c, piece);
    piece_case_expect(c, piece_case_compose(c, &phrase, &out, 1, 0, NULL), AUR_ESCRIPT,
                      "piece.lua:3: note: at: 4 is not allowed");
}

static void chords(void **state)
{
    struct piece_case *c = *state;
    struct aur_phrase *phrase =
        piece_case_play(c, "ctx:chord { at = 4, beats = 4, name = 'VI9', pitches = { 53, 57, 60.5 } }\n"
                           "ctx:chord { at = 0, beats = 4, pitches = { 57 } } return 2");
    assert_non_null(phrase);
    assert_int_equal(phrase->n_chords, 2);
    assert_string_equal(phrase->chords[0].name, "");
    assert_string_equal(phrase->chords[1].name, "VI9");
    assert_int_equal(phrase->chords[1].n_pitches, 3);
    assert_int_equal(phrase->chords[1].pitches_q16[2], 60 * 65536 + 32768);
    assert_int_equal(phrase->chords[1].on_frame, 6400 + aur_tempo_frames(4 * BEAT, 70, 44100));
    aur_phrase_free(phrase);
    static const struct {
        const char *chord, *want;
    } cases[] = {
        {"at = 0, beats = 1, pitches = {}", "chord: pitches: a table of 1 to 12 pitches is needed"},
        {"at = 0, beats = 1", "chord: pitches: a table of 1 to 12"},
        {"at = 0, beats = 1, pitches = { 1, 'x' }", "chord: pitches[2]: x is not allowed; allowed: 0 to 127"},
        {"at = 0, beats = 1, pitches = { 128 }", "chord: pitches[1]: 128 is not allowed"},
        {"at = 0, beats = 1, pitches = { 1 }, name = 'a very long name indeed'",
         "chord: name: a text of up to 15 bytes"},
        {"at = 0, beats = 1, pitches = { 1 }, name = 5", "chord: name: a text"},
        {"at = 0, beats = 1, pitches = { 1 }, root = 5",
         "chord: 'root' is not a field; allowed: at, beats, name, pitches"},
        {"at = 9, beats = 1, pitches = { 1 }", "chord: at: 9 is not allowed; allowed: 0 to less than 8"},
    };
    assert_null(piece_case_play(c, "for i = 1, 257 do ctx:chord { at = 0, beats = 1, pitches = { 60 } } end return 2"));
    piece_case_expect(c, c->err.code, AUR_ELIMIT, "piece.lua:2: chord: the phrase has more than 256 chords");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char body[300], want[300];
        snprintf(body, sizeof body, "ctx:chord { %s } return 2", cases[i].chord);
        snprintf(want, sizeof want, "piece.lua:2: %s", cases[i].want);
        assert_null(piece_case_play(c, body));
        piece_case_expect(c, c->err.code, AUR_ESCRIPT, want);
    }
}

static void ctx_is_read_only(void **state)
{
    struct piece_case *c = *state;
    static const struct {
        const char *body, *want;
    } cases[] = {
        {"ctx.bpm = 100 return 1", "ctx.bpm: ctx is read-only; keep what you need in state"},
        {"return ctx.tempo", "ctx has no field 'tempo'; it has: beats_per_bar, bpm, chord, intensity, key, "
                             "melody_complexity, meter, mode, note, phrase, random, root, scale, set"},
        {"rawset(ctx, 'x', 1) return 1", "bad argument #1 to 'rawset' (table expected, got userdata)"},
        {"ctx:random('a') return 1", "random: it is called with a dot: ctx.random(\"name\")"},
        {"getmetatable(ctx).__index = {} return 1", "attempt to index a string value"},
        {"setmetatable(ctx, {}) return 1", "bad argument #1 to 'setmetatable'"},
        {"for k in pairs(ctx) do end return 1", "bad argument #1 to 'pairs' (table expected, got userdata)"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char want[300];
        snprintf(want, sizeof want, "piece.lua:2: %s", cases[i].want);
        assert_null(piece_case_play(c, cases[i].body));
        if (c->err.code != AUR_ESCRIPT || strncmp(piece_case_message(c), "piece.lua:2: ", 13) != 0 ||
            (i != 4 && strncmp(piece_case_message(c), want, strlen(want)) != 0))
            fail_msg("%s -> %s", cases[i].body, c->err.message);
    }
}

static void lengths_that_are_refused(void **state)
{
    struct piece_case *c = *state;
    static const struct {
        const char *body, *said;
    } cases[] = {{"return", "nil"},
                 {"return 0", "0"},
                 {"return 65", "65"},
                 {"return 2.5", "2.5"},
                 {"return '8'", "the text 8"},
                 {"return 0/0", "nan"},
                 {"return {}", "table"},
                 {"return 1/0", "inf"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char want[160];
        assert_null(piece_case_play(c, cases[i].body));
        snprintf(want, sizeof want,
                 "piece.lua:1: phrase returned %s; it must return its length in bars, an integer from 1 to 64",
                 cases[i].said);
        piece_case_expect(c, c->err.code, AUR_ESCRIPT, want);
    }
    struct aur_phrase *phrase = piece_case_play(c, "return 64");
    assert_int_equal(phrase->bars, 64);
    aur_phrase_free(phrase);
}

static void state_that_cannot_be_kept(void **state)
{
    struct piece_case *c = *state;
    static const struct {
        const char *body, *want;
    } cases[] = {
        {"state.chords = { 1, 2, print } return 1", "piece.lua:1: state.chords[3]: a function cannot be kept"},
        {"state.self = state return 1", "piece.lua:1: state.self: a cycle cannot be kept"},
        {"state.deep = { x = { 0/0 } } return 1", "piece.lua:1: state.deep.x[1]: NaN cannot be kept"},
        {"state.ctx = ctx return 1", "piece.lua:1: state.ctx: a userdata cannot be kept"},
        {"state.r = ctx.random('a') return 1", "piece.lua:1: state.r: a userdata cannot be kept"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_null(piece_case_play(c, cases[i].body));
        piece_case_expect(c, c->err.code, AUR_ESCRIPT, cases[i].want);
    }
}

static void limits_of_a_phrase(void **state)
{
    struct piece_case *c = *state;
    struct aur_phrase *phrase;
    char *text;
    struct aur_script_limits limits = {.instructions = 100000, .memory_bytes = 2 << 20, .notes = 10};
    assert_int_equal(
        piece_case_load_with(
            c, "return { phrase = function()\nwhile true do pcall(function() while true do end end) end\nend }",
            &limits),
        AUR_OK);
    piece_case_expect(c, piece_case_compose(c, &phrase, &text, 1, 0, NULL), AUR_ELIMIT,
                      "piece.lua:2: the script used up its 100000 instructions");
    limits.instructions = 0;
    assert_int_equal(
        piece_case_load_with(
            c, "return { phrase = function()\nlocal t = {} while true do t[#t + 1] = { {} } end\nend }", &limits),
        AUR_OK);
    piece_case_expect(c, piece_case_compose(c, &phrase, &text, 1, 0, NULL), AUR_ELIMIT,
                      "piece.lua:2: the script needs more than its 2048 KiB of memory");
    assert_int_equal(
        piece_case_load_with(c,
                             "return { patches = { p = { voice = 'pad' } }, phrase = function(ctx) for i = 1, 11 do "
                             "ctx:note { patch = 'p', at = 0, beats = 1, pitch = 1 } end return 1 end }",
                             &limits),
        AUR_OK);
    piece_case_expect(c, piece_case_compose(c, &phrase, &text, 1, 0, NULL), AUR_ELIMIT,
                      "piece.lua:1: note: the phrase has more than 10 notes");
    piece_case_load(c, "return { phrase = function() return 1 end }");
    piece_case_expect(c, piece_case_compose(c, &phrase, &text, 1, 0, "{broken"), AUR_ESCRIPT,
                      "piece.lua: state: cannot be read");
    piece_case_expect(c, piece_case_compose(c, &phrase, &text, 1, 0, "5"), AUR_ESCRIPT,
                      "piece.lua: state: a table is needed");
}

/* Bytecode kept with the piece composes what its text does. */
static void code_is_the_text(void **state)
{
    struct piece_case *c = *state;
    char *states[2];
    struct aur_phrase *phrases[2];
    piece_case_write(c, "lib/more.lua",
                     "local t = { 1, 2, nil, 4, x = { y = 2 ^ 0.5 } } return function() return t, #t end");
    piece_case_load(c, "local more = require 'more'\nlocal k = { a = 1, b = { 'x', 0/0 ~= 0/0 } }\n"
                       "return { patches = { pad = { voice = 'pad' } }, phrase = function(ctx, state)\n"
                       "  local t, n = more() state.t, state.n, state.k = t, n, k\n"
                       "  for i = 1, 20 do ctx:note { patch = 'pad', at = ctx.random('a'):float() * 8, beats = i / 7, "
                       "pitch = 40 + i } end\n  return 2\nend }");
    assert_true(c->piece->code.len > 0 && c->piece->modules[0].code.len > 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(piece_case_compose(c, &phrases[i], &states[i], 5, 3, NULL), AUR_OK);
        aur_buf_deinit(&c->piece->code);
        aur_buf_deinit(&c->piece->modules[0].code);
    }
    assert_string_equal(states[0], states[1]);
    assert_int_equal(phrases[0]->n_notes, 20);
    assert_memory_equal(phrases[0]->notes, phrases[1]->notes, 20 * sizeof *phrases[0]->notes);
    for (int i = 0; i < 2; i++) {
        aur_phrase_free(phrases[i]);
        free(states[i]);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piece_case_open, piece_case_close)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(what_ctx_holds),
                                       TEST(notes_are_quantised_and_placed),
                                       TEST(notes_that_are_refused),
                                       TEST(callers_of_a_note),
                                       TEST(a_librarys_notes),
                                       TEST(chords),
                                       TEST(ctx_is_read_only),
                                       TEST(lengths_that_are_refused),
                                       TEST(state_that_cannot_be_kept),
                                       TEST(code_is_the_text),

                                       TEST(limits_of_a_phrase)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
