/* Batch scripts: what they describe, and what they are told about mistakes. */
#include "batch/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

struct fixture {
    char dir[64], path[96];
    struct aur_batch_list list;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->dir, "/tmp/auralis-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/batch.lua", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char data[96];
    snprintf(data, sizeof data, "%s/data.json", f->dir);
    unlink(data);
    unlink(f->path);
    rmdir(f->dir);
    aur_batch_list_deinit(&f->list);
    free(f);
    return 0;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int run(struct fixture *f, const char *text, struct aur_error *err)
{
    const struct aur_batch_source source = {.path = f->path, .instructions = 1000000, .source_bytes = 1 << 20};
    write_text(f->path, text);
    aur_batch_list_deinit(&f->list);
    *err = (struct aur_error){0};
    return aur_batch_script_run(&f->list, &source, err);
}

static void a_whole_entry(void **state)
{
    struct fixture *f = *state;
    struct aur_error err;
    int rc = run(
        f,
        "defaults { piece = 'rain', fade = '0:10', bits = 16, formats = 'wav', tags = { artist = 'a', date = 1999 },\n"
        "           set = { wet = 0.25 }, loudness = -20, midi = true }\n"
        "render { name = 'one', seed = '18446744073709551615', duration = '1:02:03.5', key = 'D dorian', bpm = 60 }\n"
        "render {\n"
        "  name = 'two', seed = 7, phrases = 3, tail = 4, formats = { 'flac', 'opus' }, rate = 48000, dither = true,\n"
        "  loudness = false, tags = { artist = 'b', track = 2 }, set = { hush = 1 }, stems = true, midi = false,\n"
        "}\n",
        &err);
    assert_string_equal(err.message, "");
    assert_int_equal(rc, AUR_OK);
    assert_int_equal(f->list.n, 2);
    const struct aur_batch_entry *one = &f->list.items[0], *two = &f->list.items[1];
    assert_string_equal(one->name, "one");
    assert_string_equal(one->piece, "rain");
    assert_int_equal(one->line, 3);
    assert_true(one->seed == UINT64_MAX && one->phrases == 0 && one->duration_s == 3723.5 && one->fade_s == 10);
    assert_true(one->wanted.has_key && one->wanted.n == 2 && one->has_loudness && one->loudness_lufs == -20);
    assert_true(one->formats[AUR_BATCH_WAV] && !one->formats[AUR_BATCH_FLAC] && one->bits == AUR_BITS_16);
    assert_string_equal(one->tags[AUR_TAG_ARTIST], "a");
    assert_string_equal(one->tags[AUR_TAG_DATE], "1999");
    assert_null(one->tags[AUR_TAG_TRACK]);
    assert_int_equal(two->line, 4);
    assert_true(two->seed == 7 && two->phrases == 3 && two->duration_s == 0 && two->tail_s == 4 &&
                two->rate_hz == 48000);
    assert_true(!two->formats[AUR_BATCH_WAV] && two->formats[AUR_BATCH_FLAC] && two->formats[AUR_BATCH_OPUS]);
    assert_true(two->dither && !two->has_loudness && two->beside[AUR_BATCH_STEMS] && !two->beside[AUR_BATCH_MIDI]);
    assert_string_equal(two->tags[AUR_TAG_ARTIST], "b");
    assert_string_equal(two->tags[AUR_TAG_TRACK], "2");
    assert_int_equal(two->wanted.n, 2);
}

static void loops_data_and_draws(void **state)
{
    struct fixture *f = *state;
    struct aur_error err;
    char data[96], names[2][64];
    static const char text[] =
        "local rows, draw = read_json 'data.json', random 'x'\n"
        "for i = 1, 300 do\n"
        "  render { name = rows.name .. i, piece = rows.deep[1].piece, seed = draw:int(1, 1e6) }\n"
        "end\n";
    uint64_t seeds[2];
    snprintf(data, sizeof data, "%s/data.json", f->dir);
    write_text(data, "{\"name\": \"t\\u00fc\", \"none\": null, \"deep\": [{\"piece\": \"rain\", \"yes\": true}, 1.5]}");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run(f, text, &err), AUR_OK);
        assert_int_equal(f->list.n, 300);
        seeds[i] = f->list.items[299].seed;
        snprintf(names[i], sizeof names[i], "%s", f->list.items[299].name);
    }
    assert_true(seeds[0] == seeds[1]);
    assert_string_equal(names[0], "t\xc3\xbc"
                                  "300");
    write_text(data, "{");
    assert_int_equal(run(f, text, &err), AUR_ESCRIPT);
    assert_non_null(strstr(err.message, "data.json:1:"));
}

static void mistakes(void **state)
{
    static const struct {
        const char *text, *message;
        int code;
    } cases[] = {
        {"render { name = 'a' }", ":1: piece: nothing is not allowed", AUR_ESCRIPT},
        {"\n\nrender { name = 'a', piece = 'b', colour = 1 }", ":3: 'colour' is not a field", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', phrases = 1.5 }", "a whole number from 1 to 1000000", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', phrases = 0/0 }", "phrases: nan is not allowed", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', phrases = 1, duration = 2 }", "only one of them", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', fade = '1:2:3:4' }", "fade: 1:2:3:4 is not allowed", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', fade = '1.5:00' }", "fade: 1.5:00", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', fade = -1 }", "fade: -1 is not allowed", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', seed = 1e300 }", "seed: 1e+300 is not allowed", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', seed = '18446744073709551616' }", "seed: 18446744073709551616",
         AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', formats = {} }", "formats: table is not allowed", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', formats = { 'flac', 3 } }", "formats: 3 is not allowed", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', bits = 'float' }", "bits: float is not allowed", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', dither = true }", "with bits = 16 only", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', dither = 1 }", "dither: 1 is not allowed; allowed: true, false",
         AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', limit = true }", "with a loudness only", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', formats = 'opus', rate = 44100 }", "48000 in an Opus file", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', key = 'H dur' }", "key: H dur is not allowed", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', set = { x = 'y' } }", "set.x: y is not allowed", AUR_ESCRIPT},
        {"render { name = 'a', piece = 'b', tags = { title = {} } }", "tags.title: table is not allowed", AUR_ESCRIPT},
        {"render { name = 'a\\0b', piece = 'b' }", "name: ", AUR_ESCRIPT},
        {"render { name = '/a', piece = 'b' }", "name: /a is not allowed", AUR_ESCRIPT},
        {"render { name = 'a/', piece = 'b' }", "name: a/ is not allowed", AUR_ESCRIPT},
        {"render { name = '.a', piece = 'b' }", "name: .a is not allowed", AUR_ESCRIPT},
        {"for i = 1, 2 do render { name = 'a', piece = 'b' } end", ":1: name: a is not allowed", AUR_ESCRIPT},
        {"render 'a'", "table expected, got string", AUR_ESCRIPT},
        {"defaults { name = 'a' }", "each entry has its own", AUR_ESCRIPT},
        {"render = nil", "it describes nothing", AUR_ESCRIPT},
        {"for i = 1, 1e9 do end", "used up its 1000000 instructions", AUR_ELIMIT},
        {"for i = 1, 1e6 do render { name = 'a' .. i, piece = 'b' } end", "used up its", AUR_ELIMIT},
        {"read_json '/etc/passwd'", "a file in the script's folder", AUR_ESCRIPT},
        {"read_json 'a/../../b'", "a file in the script's folder", AUR_ESCRIPT},
        {"io.open 'a'", "undefined global 'io'", AUR_ESCRIPT},
        {"render {", ":1: unexpected symbol", AUR_ESCRIPT},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aur_error err;
        int rc = run(f, cases[i].text, &err);
        if (rc != cases[i].code || !strstr(err.message, cases[i].message) || !strstr(err.message, f->path))
            fail_msg("%s: %d %s", cases[i].text, rc, err.message);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(a_whole_entry), TEST(loops_data_and_draws), TEST(mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
