/* State from one text to the next; pieces by their hashes, files and texts from elsewhere. */
#include "piece_case.h"

#define MIGRATES(body) "return { phrase = function() return 1 end, migrate = function(old) " body " end }"

static int migrate(struct piece_case *c, char **out, const char *text, const char *old)
{
    piece_case_load(c, text);
    return aur_piece_migrate(c->piece, out, old, &c->err);
}

static void state_is_turned_over(void **state)
{
    struct piece_case *c = *state;
    char *out;
    assert_int_equal(migrate(c, &out, "return { phrase = function() return 1 end }", "{a=1}"), 0);
    assert_string_equal(out, "{a=1}"); /* no migrate: as it is */
    free(out);
    assert_int_equal(migrate(c, &out, MIGRATES("return { b = old.a + 1 }"), "{a=1}"), 0);
    assert_string_equal(out, "{b=2}");
    free(out);
    assert_int_equal(migrate(c, &out, MIGRATES("error('never called')"), NULL), 0);
    assert_null(out);
}

static void what_migrate_must_not_do(void **state)
{
    struct piece_case *c = *state;
    char *out;
    static const struct {
        const char *text;
        int code;
        const char *want;
    } cases[] = {
        {MIGRATES("error('no')"), AUR_ESCRIPT, "piece.lua:1: no"},
        {MIGRATES("return 7"), AUR_ESCRIPT, "piece.lua:1: migrate returned a number"},
        {MIGRATES(""), AUR_ESCRIPT, "piece.lua:1: migrate returned a nil"},
        {MIGRATES("return { f = print }"), AUR_ESCRIPT, "piece.lua:1: state.f: a function cannot be kept"},
        {MIGRATES("return { s = ('x'):rep(2000000) }"), AUR_ESCRIPT, "piece.lua:1: state"},
        {MIGRATES("while true do end"), AUR_ELIMIT, "piece.lua:1: the script used up"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rc = migrate(c, &out, cases[i].text, "{a=1}");
        piece_case_expect(c, rc, cases[i].code, cases[i].want);
        assert_null(out);
    }
}

static void a_piece_that_is_too_slow_is_stopped(void **state)
{
    struct piece_case *c = *state;
    char *out;
    struct aur_script_limits limits = {.instructions = UINT64_MAX / 2, .wall_ms = 20};
    assert_int_equal(piece_case_load_with(c, MIGRATES("while true do end"), &limits), 0);
    assert_int_equal(aur_piece_migrate(c->piece, &out, "{a=1}", &c->err), AUR_ELIMIT);
}

static void note_file(void *user, const char *path, const char *text)
{
    struct aur_buf *list = user;
    aur_buf_printf(list, "%s:%zu ", strrchr(path, '/') + 1, strlen(text));
}

static void hashes_tell_texts_apart(void **state)
{
    struct piece_case *c = *state;
    struct aur_piece_marks first, marks;
    struct aur_piece *piece;
    struct aur_buf files;
    static const char text[] = "local m = require 'mine' return { phrase = function() return m end }";
    piece_case_write(c, "mine.lua", "return 1");
    piece_case_load(c, text);
    first = *aur_piece_marks(c->piece);
    aur_buf_init(&files);
    aur_piece_files(c->piece, note_file, &files);
    assert_string_equal(files.data, "piece.lua:68 mine.lua:8 ");
    aur_buf_deinit(&files);
    assert_string_equal(aur_piece_name(c->piece), "piece.lua");
    piece_case_write(c, "mine.lua", "return 2");
    piece_case_load(c, text);
    assert_string_equal(aur_piece_marks(c->piece)->version, first.version);
    assert_string_not_equal(aur_piece_marks(c->piece)->hash, first.hash);

    /* a text in place of a file; marks of one that fails; paths below a root */
    struct aur_piece_text instead = {c->files[0], "return nil .. 1", 15};
    struct aur_piece_source source = {
        .path = c->files[1], .root = c->folder, .instead = &instead, .n_instead = 1, .marks = &marks, .name = "x"};
    bool is_piece;
    assert_int_equal(aur_piece_load(&piece, &source, &c->err), AUR_ESCRIPT);
    assert_true(strncmp(c->err.message, "mine.lua:1: ", 12) == 0);
    assert_string_equal(marks.version, first.version);
    assert_string_not_equal(marks.hash, first.hash);
    instead.text = "return 'fourteen'";
    instead.len = 17;
    assert_int_equal(aur_piece_run_text(&source, &is_piece, &c->err), 0);
    assert_true(is_piece);
    source.path = c->files[0];
    assert_int_equal(aur_piece_run_text(&source, &is_piece, &c->err), 0);
    assert_false(is_piece);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, piece_case_open, piece_case_close)
    const struct CMUnitTest tests[] = {
        TEST(state_is_turned_over),
        TEST(what_migrate_must_not_do),
        TEST(a_piece_that_is_too_slow_is_stopped),
        TEST(hashes_tell_texts_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
