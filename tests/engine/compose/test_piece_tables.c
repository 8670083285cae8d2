/* What a piece says of wavetables: which files it asks for, which patch gets which, and what is refused. The files are
 * nobody's here: the loader only notes what it is asked. */
#include "piece_case.h"

struct asked {
    int n, builtin;    /* times */
    char text[8][300]; /* "folder file cycles" */
    int code;          /* to fail with */
};

static int load(void *user, struct aur_table *out, const struct aur_table_request *request, struct aur_error *err)
{
    struct asked *asked = user;
    if (asked->code)
        return aur_error_set(err, asked->code, "%s: no good", request->file);
    if (asked->n < 8)
        snprintf(asked->text[asked->n], sizeof asked->text[0], "%s %s %u", request->folder, request->file,
                 request->cycles);
    asked->n++;
    *out = (struct aur_table){0x100u + (uint32_t)asked->n, 1000u * (uint32_t)asked->n, request->cycles + 1};
    return AUR_OK;
}

static void builtin(void *user)
{
    struct asked *asked = user;
    asked->builtin++;
}

static int load_piece(struct piece_case *c, struct asked *asked, const char *text)
{
    const struct aur_table_loader loader = {load, builtin, asked};
    const struct aur_piece_source source = {.path = piece_case_write(c, "piece.lua", text),
                                            .tables = asked ? &loader : NULL};
    aur_piece_free(c->piece);
    c->piece = NULL;
    return aur_piece_load(&c->piece, &source, &c->err);
}

static void patches_get_their_tables(void **state)
{
    struct piece_case *c = *state;
    struct asked asked = {0};
    char want[300];
    struct aur_phrase *phrase;
    char *after;
    int rc =
        load_piece(c, &asked,
                   "return { tables = { glass = 'waves/glass.wav', vox = { file = 'vox.wav', cycles = 4 } },\n"
                   "  patches = { a = { voice = 'wave', table = 'vox', place = 1 }, b = { voice = 'wave' },\n"
                   "    c = { voice = 'wave', table = 'glass' }, d = { voice = 'pad' } },\n"
                   "  phrase = function(ctx) ctx:note { patch = 'c', at = 0, beats = 1, pitch = 60 } return 1 end }");
    if (rc < 0)
        fail_msg("%s", c->err.message);
    const struct aur_piece_info *info = aur_piece_describe(c->piece);
    assert_int_equal(asked.n, 2);
    assert_int_equal(asked.builtin, 1); /* of b alone */
    snprintf(want, sizeof want, "%s waves/glass.wav 1", c->folder);
    assert_string_equal(asked.text[0], want);
    snprintf(want, sizeof want, "%s vox.wav 4", c->folder);
    assert_string_equal(asked.text[1], want);
    assert_int_equal(info->n_tables, 2);
    assert_string_equal(info->tables[0].name, "glass");
    assert_string_equal(info->tables[1].file, "vox.wav");
    assert_int_equal(info->tables[1].cycles, 4);
    assert_true(info->tables[1].table.hash == 0x102);
    static const uint32_t at[] = {2000, 0, 1000, 0}, shapes[] = {5, 0, 2, 0};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(info->patches[i].table.at, at[i]);
        assert_int_equal(info->patches[i].table.shapes, shapes[i]);
    }
    aur_controls_default(&c->controls, &info->controls);
    assert_int_equal(piece_case_compose(c, &phrase, &after, 1, 0, NULL), 0);
    assert_int_equal(phrase->patches[phrase->notes[0].patch].table.at, 1000);
    assert_int_equal(asked.n, 2); /* composing asks nobody */
    aur_phrase_free(phrase);
    free(after);
}

static const struct {
    const char *fields, *message;
} refused[] = {
    {"tables = 'x.wav'", "tables: a table is needed, not a string"},
    {"tables = { X = 'x.wav' }", "tables: 'X' is not a name; it has up to 31 of a-z, 0-9 and _"},
    {"tables = { x = 3 }", "tables.x: a file's name or a table with file and cycles is needed, not a number"},
    {"tables = { x = { file = 'x.wav', cycle = 3 } }",
     "tables.x: 'cycle' is not a field (did you mean cycles?); allowed: file, cycles"},
    {"tables = { x = { file = 7 } }", "tables.x.file: a text is needed, not a number"},
    {"tables = { x = { file = 'x.wav', cycles = '3' } }", "tables.x.cycles: a number is needed, not a string"},
    {"tables = { x = { file = 'x.wav', cycles = 0 } }",
     "tables.x.cycles: 0 is not allowed; allowed: an integer from 1 to 16"},
    {"tables = { x = { file = 'x.wav', cycles = 2.5 } }",
     "tables.x.cycles: 2.5 is not allowed; allowed: an integer from 1 to 16"},
    {"tables = { x = ('y'):rep(256) }", "tables.x.file: the text is longer than 255 bytes"},
    {"patches = { p = { voice = 'wave', table = 'x' } }",
     "patches.p.table: 'x' is not one of the piece's tables; allowed: none, for it has no tables"},
    {"tables = { a = 'a', b = 'b' }, patches = { p = { voice = 'wave', table = 'x' } }",
     "patches.p.table: 'x' is not one of the piece's tables; allowed: a, b"},
    {"tables = { a = 'a' }, patches = { p = { voice = 'wave', table = 1 } }",
     "patches.p.table: a text is needed, not a number"},
    {"tables = { a = 'a' }, patches = { p = { voice = 'pad', table = 'a' } }",
     "patches.p: pad: table is not allowed; allowed: level, "},
};

static void what_is_refused(void **state)
{
    struct piece_case *c = *state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct asked asked = {0};
        char text[600], want[400];
        snprintf(text, sizeof text, "return {\n%s, phrase = function() return 1 end\n}", refused[i].fields);
        snprintf(want, sizeof want, "piece.lua:2: %s", refused[i].message);
        piece_case_expect(c, load_piece(c, &asked, text), AUR_ESCRIPT, want);
    }
}

static void too_many(void **state)
{
    struct piece_case *c = *state;
    struct asked asked = {0};
    static const char text[] = "local t = {} for i = 10, 9 + N do t['t' .. i] = 'x' end\n"
                               "return { tables = t, phrase = function() return 1 end }";
    char full[200];
    snprintf(full, sizeof full, "local N = 16 %s", text);
    assert_int_equal(load_piece(c, &asked, full), 0);
    assert_int_equal(asked.n, 16);
    snprintf(full, sizeof full, "local N = 17 %s", text);
    piece_case_expect(c, load_piece(c, &asked, full), AUR_ESCRIPT, "piece.lua:2: tables: more than 16");
}

static void the_loader_refuses(void **state)
{
    struct piece_case *c = *state;
    static const char text[] = "return { tables = { x = 'x.wav' }, phrase = function() return 1 end }";
    struct asked asked = {.code = AUR_EINVAL};
    piece_case_expect(c, load_piece(c, &asked, text), AUR_ESCRIPT, "piece.lua:1: tables.x: x.wav: no good");
    asked.code = AUR_ENOMEM;
    assert_int_equal(load_piece(c, &asked, text), AUR_ENOMEM);
    piece_case_expect(c, load_piece(c, NULL, text), AUR_ESCRIPT,
                      "piece.lua:1: tables.x: there is nobody here who reads");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(patches_get_their_tables, piece_case_open, piece_case_close),
        cmocka_unit_test_setup_teardown(what_is_refused, piece_case_open, piece_case_close),
        cmocka_unit_test_setup_teardown(too_many, piece_case_open, piece_case_close),
        cmocka_unit_test_setup_teardown(the_loader_refuses, piece_case_open, piece_case_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
