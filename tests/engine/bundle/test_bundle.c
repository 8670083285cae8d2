/* Pieces that go into a bundle and come back: the same music without a file, or a refusal. */
#include "bundle/bundle.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "support/unit.h"

static const char *const folders[] = {"lib", "own", "own/lib", "own/sub"};
static const struct {
    const char *name, *text;
} files[] = {
    {"own/piece.lua", "local a, b, c, d = require 'plain', require 'sub.deep', require 'tool', require 'lib/tool'\n"
                      "return {\n"
                      "  title = 'Round trip',\n"
                      "  tables = { one = 'one.wav', two = { file = 'one.wav', cycles = 2 } },\n"
                      "  patches = { p = { voice = 'wave', table = 'two' }, q = { voice = 'wave', table = 'one' } },\n"
                      "  state = { n = 0 },\n"
                      "  phrase = function(ctx, state)\n"
                      "    state.n = state.n + 1\n"
                      "    ctx:note { patch = 'p', at = 0, beats = 1, pitch = 60 + a + b + c + d + state.n }\n"
                      "    ctx:note { patch = 'q', at = ctx.random('x'):float(), beats = 1, pitch = 60 }\n"
                      "    return 1\n"
                      "  end,\n"
                      "}\n"},
    {"own/plain.lua", "return 1"},
    {"own/sub/deep.lua", "return 2"},
    {"own/lib/tool.lua", "return 3"},
    {"lib/tool.lua", "return 4"},
};
#define N(array) (sizeof(array) / sizeof *(array))

struct place {
    char dir[64];
    struct aur_tables *tables;
    struct aur_piece *piece;
    struct aur_bundle *bundle;
    struct aur_error err;
};

static const char *path_of(const struct place *p, const char *name)
{
    static char paths[4][160];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%.80s", p->dir, name);
    return path;
}

/* The file's cycles are made up: what they are depends on their number only. */
static int load_table(void *user, struct aur_table *out, const struct aur_table_request *request, struct aur_error *err)
{
    static float frames[2 * AUR_WAVE_FRAMES];
    for (size_t i = 0; i < request->cycles * AUR_WAVE_FRAMES; i++)
        frames[i] = (float)sin(2 * M_PI * (double)i / AUR_WAVE_FRAMES * (i < AUR_WAVE_FRAMES ? 1 : 3));
    const struct aur_cycles cycles = {frames, request->cycles, 8};
    return aur_tables_add(user, out, request->cycles, &cycles, err);
}

static void builtin(void *user)
{
    aur_tables_builtin(user);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    snprintf(p->dir, sizeof p->dir, "/tmp/auralis-test-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    for (size_t i = 0; i < N(folders); i++)
        assert_int_equal(mkdir(path_of(p, folders[i]), 0700), 0);
    for (size_t i = 0; i < N(files); i++) {
        FILE *file = fopen(path_of(p, files[i].name), "w");
        fputs(files[i].text, file);
        assert_int_equal(fclose(file), 0);
    }
    assert_int_equal(aur_tables_new(&p->tables, &p->err), 0);
    const struct aur_table_loader loader = {load_table, builtin, p->tables};
    const struct aur_piece_source source = {.path = path_of(p, "own/piece.lua"),
                                            .name = "moods/piece.lua",
                                            .lib_dir = path_of(p, "lib"),
                                            .tables = &loader};
    if (aur_piece_load(&p->piece, &source, &p->err) || aur_bundle_of(&p->bundle, p->piece, p->tables, &p->err))
        fail_msg("%s", p->err.message);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < N(files); i++)
        unlink(path_of(p, files[i].name));
    for (size_t i = N(folders); i-- > 0;)
        rmdir(path_of(p, folders[i]));
    rmdir(p->dir);
    free(p->bundle);
    aur_piece_free(p->piece);
    aur_tables_free(p->tables);
    free(p);
    return 0;
}

/* Loads the bundle with a store of its own; the piece or NULL with p->err. */
static struct aur_piece *load(struct place *p, struct aur_tables **tables)
{
    const struct aur_script_limits limits = {0};
    struct aur_piece *piece;
    assert_int_equal(aur_tables_new(tables, &p->err), 0);
    return aur_bundle_load(&piece, p->bundle, *tables, &limits, NULL, &p->err) ? NULL : piece;
}

static void names_tell_of_no_machine(void **state)
{
    struct place *p = *state;
    static const char *const names[] = {"piece.lua", "plain.lua", "sub/deep.lua", "lib/tool.lua", "./lib/tool.lua"};
    assert_string_equal(p->bundle->name, "moods/piece.lua");
    assert_string_equal(p->bundle->hash, aur_piece_marks(p->piece)->hash);
    assert_int_equal(p->bundle->n_files, N(names));
    for (size_t i = 0; i < N(names); i++)
        assert_string_equal(p->bundle->files[i].name, names[i]);
    assert_int_equal(p->bundle->n_tables, 2);
    assert_string_equal(p->bundle->tables[0].file, "one.wav");
    assert_int_equal(p->bundle->tables[0].cycles + p->bundle->tables[1].cycles, 3);
}

/* What whoever imports a session counts for himself; and a copy under another name is another piece. */
static void a_hash_is_of_names_and_texts(void **state)
{
    struct place *p = *state;
    const struct aur_bundle *b = p->bundle;
    const struct aur_script_limits limits = {0};
    struct aur_bundle other = *b;
    struct aur_tables *tables;
    struct aur_piece *piece;
    char text[AUR_JOURNAL_HASH];
    uint64_t hash = aur_hash_named(b->name, 0, AUR_HASH_START);
    for (size_t i = 0; i < b->n_files; i++)
        hash = aur_hash_named(b->files[i].name, aur_hash64(b->files[i].text, b->files[i].len, AUR_HASH_START), hash);
    for (size_t i = 0; i < b->n_tables; i++) {
        const struct aur_bundle_table *t = &b->tables[i];
        assert_true(t->hash == aur_hash_cycles(t->frames, t->n_floats, t->cycles, t->partials));
        hash = aur_hash_named(t->file, t->hash, hash);
    }
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    assert_string_equal(text, b->hash);
    other.name = "moods/copy.lua";
    assert_int_equal(aur_tables_new(&tables, &p->err), 0);
    assert_int_equal(aur_bundle_load(&piece, &other, tables, &limits, NULL, &p->err), AUR_EINVAL);
    aur_tables_free(tables);
}

static void compose(struct place *p, const struct aur_piece *piece, struct aur_phrase **phrase, char **text)
{
    struct aur_controls controls = aur_piece_describe(piece)->start;
    const struct aur_compose_request request = {.seed = 7,
                                                .number = 3,
                                                .start_frame = 6400,
                                                .rate_hz = 44100,
                                                .controls = &controls,
                                                .state = *text ? *text : NULL};
    char *after;
    if (aur_piece_compose(piece, &request, phrase, &after, &p->err))
        fail_msg("%s", p->err.message);
    free(*text);
    *text = after;
}

static void a_bundle_plays_the_same_without_its_files(void **state)
{
    struct place *p = *state;
    struct aur_tables *tables;
    for (size_t i = 0; i < N(files); i++) /* not even where somebody would look for them */
        assert_int_equal(unlink(path_of(p, files[i].name)), 0);
    struct aur_piece *again = load(p, &tables);
    if (!again)
        fail_msg("%s", p->err.message);
    assert_string_equal(aur_piece_name(again), "moods/piece.lua");
    char *a = NULL, *b = NULL;
    for (int i = 0; i < 2; i++) {
        struct aur_phrase *x, *y;
        compose(p, p->piece, &x, &a);
        compose(p, again, &y, &b);
        assert_int_equal(aur_phrase_hash(x), aur_phrase_hash(y));
        assert_string_equal(a, b);
        aur_phrase_free(x);
        aur_phrase_free(y);
    }
    free(a);
    free(b);
    aur_piece_free(again);
    aur_tables_free(tables);
}

static void refused(struct place *p, int code, const char *why)
{
    struct aur_tables *tables;
    p->err = (struct aur_error){0};
    assert_null(load(p, &tables));
    aur_tables_free(tables);
    if (p->err.code != code || !strstr(p->err.message, why))
        fail_msg("%d %s\n  instead of %d %s", p->err.code, p->err.message, code, why);
}

static void what_was_changed_is_refused(void **state)
{
    struct place *p = *state;
    struct aur_bundle_file changed[5];
    struct aur_bundle_table tables[2];
    const struct aur_bundle_file *good = p->bundle->files;
    memcpy(changed, good, sizeof changed);
    memcpy(tables, p->bundle->tables, sizeof tables);
    p->bundle->files = changed;
    changed[1].text = "return 5";
    refused(p, AUR_EINVAL, "moods/piece.lua: its texts are not those that were recorded");
    changed[1] = good[2]; /* a module is missing */
    refused(p, AUR_ESCRIPT, "piece.lua:1: require 'plain': no file plain.lua in the script's folder or the library");
    p->bundle->files = good;

    float *frames = malloc(tables[0].n_floats * sizeof *frames);
    memcpy(frames, tables[0].frames, tables[0].n_floats * sizeof *frames);
    frames[5] *= 1.001f;
    p->bundle->tables = tables;
    tables[0].frames = frames;
    refused(p, AUR_ESCRIPT, "one.wav: the wavetable is not the one that was recorded");
    tables[0].n_floats--;
    refused(p, AUR_ESCRIPT, "one.wav: the recorded wavetable is cut off");
    p->bundle->n_tables = 1;
    tables[0] = tables[1];
    refused(p, AUR_ESCRIPT, "one.wav: the wavetable was not recorded");
    free(frames);
    p->bundle->n_files = 0;
    refused(p, AUR_EINVAL, "0 files");
}

static void a_table_that_is_gone_is_told(void **state)
{
    struct place *p = *state;
    struct aur_bundle *bundle;
    assert_int_equal(aur_bundle_of(&bundle, p->piece, NULL, &p->err), AUR_ENOTFOUND);
    assert_string_equal(p->err.message, "one.wav: the wavetable is not in the session's store");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(names_tell_of_no_machine),
        TEST(a_hash_is_of_names_and_texts),
        TEST(a_bundle_plays_the_same_without_its_files),
        TEST(what_was_changed_is_refused),
        TEST(a_table_that_is_gone_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
