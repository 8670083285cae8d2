/* WAV files into the store: what is read, what is refused and in which words, and that resampling keeps a cycle's
 * partials. */
#include "wave/load.h"

#include <math.h>

#include "folder.h"
#include "support/failing_alloc.h"
#include "wave/file.h"

#define WAV_16    (SF_FORMAT_WAV | SF_FORMAT_PCM_16)
#define WAV_FLOAT (SF_FORMAT_WAV | SF_FORMAT_FLOAT)

static int load_from(struct aur_table *out, struct aur_tables *tables, const struct folder *f, const char *file,
                     uint32_t cycles, struct aur_error *err)
{
    const struct aur_table_loader loader = aur_wave_loader(tables);
    const struct aur_table_request request = {f->path, file, cycles};
    memset(err, 0, sizeof *err);
    return loader.load(loader.user, out, &request, err);
}

static struct aur_table must_load(struct aur_tables *tables, const struct folder *f, const char *file, uint32_t cycles)
{
    struct aur_table table;
    struct aur_error err;
    if (load_from(&table, tables, f, file, cycles, &err) < 0)
        fail_msg("%s", err.message);
    return table;
}

/* A cycle of `n` frames with partials of 1/k, each at an angle of its own, up to `partials`; and an offset. */
static void fill(float *out, size_t n, int partials)
{
    for (size_t i = 0; i < n; i++) {
        double x = 0.125;
        for (int k = 1; k <= partials; k++)
            x += 0.2 / k * sin(2 * M_PI * k * (double)i / (double)n + k * k);
        out[i] = (float)x;
    }
}

/* ---- what resampling keeps ---- */

static double partial(double *angle, const float *cycle, int k)
{
    double re = 0, im = 0;
    for (int i = 0; i < AUR_WAVE_FRAMES; i++) {
        re += (double)cycle[i] * cos(2 * M_PI * k * i / AUR_WAVE_FRAMES) * 2 / AUR_WAVE_FRAMES;
        im += (double)cycle[i] * sin(2 * M_PI * k * i / AUR_WAVE_FRAMES) * 2 / AUR_WAVE_FRAMES;
    }
    *angle = atan2(re, im);
    return hypot(re, im);
}

/* Whatever the length of the file's cycle, the table has its partials, in strength against the first and in angle; all
 * but those in the last twentieth below half the file's rate, which the resampler weakens. */
static void partials_are_the_files(void **state)
{
    static const struct {
        uint32_t length;
        int partials;
    } cases[] = {{16, 7}, {17, 7}, {64, 28}, {600, 200}, {2048, 256}, {4096, 256}, {5000, 256}, {65536, 256}};
    static float frames[65536];
    struct aur_tables *tables;
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fill(frames, cases[c].length, cases[c].partials);
        folder_write(*state, "cycle.wav", frames, cases[c].length, 1, WAV_FLOAT);
        const struct aur_table table = must_load(tables, *state, "cycle.wav", 1);
        const float *top = aur_tables_values(tables) + table.at + (AUR_WAVE_LEVELS - 1) * AUR_WAVE_STRIDE;
        double angle, first = partial(&angle, top, 1), worst = 0;
        for (int k = 1; k <= 256; k++) {
            double strength = partial(&angle, top, k) / first, turn = remainder(angle - k * k, 2 * M_PI);
            double want = k <= cases[c].partials ? 1.0 / k : 0;
            double off = fabs(strength - want) + (want > 0 ? fabs(turn) * want : 0);
            worst = off > worst ? off : worst;
        }
        print_message("%u frames a cycle: partials off by %.1f dB\n", cases[c].length, 20 * log10(worst));
        if (!(worst < 1e-4))
            fail_msg("%u frames a cycle: a partial is off by %g", cases[c].length, worst);
    }
    aur_tables_free(tables);
}

/* Cycles in a row are what each is alone. */
static void sets_are_their_cycles(void **state)
{
    static float frames[4 * 300];
    struct aur_tables *tables;
    char name[] = "0.wav";
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    for (int i = 0; i < 4; i++) {
        fill(frames + i * 300, 300, 3 + 20 * i);
        name[0] = (char)('0' + i);
        folder_write(*state, name, frames + i * 300, 300, 1, WAV_FLOAT);
    }
    folder_write(*state, "set.wav", frames, sizeof frames / sizeof *frames, 1, WAV_FLOAT);
    const struct aur_table set = must_load(tables, *state, "set.wav", 4);
    assert_int_equal(set.shapes, 4);
    for (uint32_t i = 0; i < 4; i++) {
        name[0] = (char)('0' + i);
        const struct aur_table one = must_load(tables, *state, name, 1);
        assert_memory_equal(aur_tables_values(tables) + set.at + i * AUR_WAVE_SHAPE_FLOATS,
                            aur_tables_values(tables) + one.at, AUR_WAVE_SHAPE_FLOATS * sizeof(float));
    }
    aur_tables_free(tables);
}

static void every_sample_format(void **state)
{
    static const int formats[] = {SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_PCM_32,
                                  SF_FORMAT_FLOAT,  SF_FORMAT_DOUBLE, SF_FORMAT_ULAW,   SF_FORMAT_ALAW};
    float frames[256];
    struct aur_tables *tables;
    double angle;
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    fill(frames, 256, 20);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        folder_write(*state, "cycle.wav", frames, 256, 1, SF_FORMAT_WAV | formats[i]);
        const struct aur_table table = must_load(tables, *state, "cycle.wav", 1);
        const float *top = aur_tables_values(tables) + table.at + (AUR_WAVE_LEVELS - 1) * AUR_WAVE_STRIDE;
        assert_true(fabs(partial(&angle, top, 2) / partial(&angle, top, 1) - 0.5) < 0.03);
    }
    folder_write(*state, "cycle.wav", frames, 256, 1, SF_FORMAT_WAVEX | SF_FORMAT_PCM_16);
    must_load(tables, *state, "cycle.wav", 1);
    aur_tables_free(tables);
}

/* ---- once ---- */

static void the_same_samples_are_worked_on_once(void **state)
{
    float frames[256];
    struct aur_tables *tables;
    struct aur_table table;
    struct aur_error err;
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    fill(frames, 256, 20);
    folder_write(*state, "one.wav", frames, 256, 1, WAV_FLOAT);
    folder_write(*state, "two.wav", frames, 256, 1, WAV_FLOAT);
    const struct aur_table one = must_load(tables, *state, "one.wav", 1);
    unsigned long before = failing_alloc_calls();
    assert_int_equal(load_from(&table, tables, *state, "two.wav", 1, &err), 0);
    assert_int_equal(failing_alloc_calls() - before, 2); /* the file's frames, taken and given back */
    assert_int_equal(table.at, one.at);
    assert_true(must_load(tables, *state, "one.wav", 2).hash != one.hash); /* two cycles of half the length */
    frames[7] += 0.1f;
    folder_write(*state, "one.wav", frames, 256, 1, WAV_FLOAT);
    assert_true(must_load(tables, *state, "one.wav", 1).hash != one.hash);
    aur_tables_free(tables);
}

/* ---- what is refused ---- */

static void make_bad_files(const struct folder *f)
{
    static float frames[65537];
    fill(frames, 256, 20);
    folder_write(f, "good.wav", frames, 256, 1, WAV_16);
    folder_write(f, "stereo.wav", frames, 128, 2, WAV_16);
    folder_write(f, "short.wav", frames, 15, 1, WAV_16);
    folder_write(f, "empty.wav", frames, 0, 1, WAV_16);
    folder_write(f, "flac.wav", frames, 256, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
    folder_text(f, "text.wav", "this is no sound at all, but words in a file\n");
    fill(frames, 65537, 3);
    folder_write(f, "long.wav", frames, 65537, 1, WAV_16);
    for (int i = 0; i < 64; i++)
        frames[i] = 0.5f;
    folder_write(f, "silent.wav", frames, 64, 1, WAV_16);
    frames[9] = NAN;
    folder_write(f, "nan.wav", frames, 64, 1, WAV_FLOAT);
    assert_int_equal(mkdir(folder_name(f, "folder"), 0700), 0);
    assert_int_equal(mkfifo(folder_name(f, "pipe.wav"), 0600), 0);
    assert_int_equal(symlink("good.wav", folder_name(f, "link.wav")), 0);
    assert_int_equal(symlink("/etc/hostname", folder_name(f, "away.wav")), 0);
    assert_int_equal(symlink("../../etc", folder_name(f, "up")), 0);
    assert_int_equal(symlink("loop.wav", folder_name(f, "loop.wav")), 0);
}

#define PATH_TEXT                                                                                                      \
    " is not a path; it is relative to the script's folder and stays in it, without '..' or hidden names, up to 255 "  \
    "bytes"

static const struct {
    const char *file;
    uint32_t cycles;
    int code;
    const char *message; /* what it begins with */
} bad_files[] = {
    {"none.wav", 1, AUR_ENOTFOUND, "none.wav: no such file in "},
    {"good.wav/x", 1, AUR_ENOTFOUND, "good.wav/x: no such file in "},
    {"stereo.wav", 1, AUR_EINVAL, "stereo.wav has 2 channels; allowed: 1 (mono)"},
    {"short.wav", 1, AUR_EINVAL, "short.wav has 15 frames a cycle; allowed: 16 to 65536"},
    {"empty.wav", 1, AUR_EINVAL, "empty.wav has 0 frames a cycle; allowed: 16 to 65536"},
    {"long.wav", 1, AUR_EINVAL, "long.wav has 65537 frames a cycle; allowed: 16 to 65536"},
    {"good.wav", 3, AUR_EINVAL, "good.wav: its 256 frames do not divide into 3 cycles"},
    {"good.wav", 0, AUR_EINVAL, "good.wav: 0 cycles; allowed: 1 to 16"},
    {"good.wav", 17, AUR_EINVAL, "good.wav: 17 cycles; allowed: 1 to 16"},
    {"flac.wav", 1, AUR_EINVAL, "flac.wav is not a WAV file"},
    {"text.wav", 1, AUR_EINVAL, "text.wav is not a WAV file"},
    {"silent.wav", 1, AUR_EINVAL, "silent.wav: cycle 1 is silent"},
    {"nan.wav", 1, AUR_EINVAL, "nan.wav: frame 9 is not a finite number"},
    {"folder", 1, AUR_EIO, "folder is not a file"},
    {"pipe.wav", 1, AUR_EIO, "pipe.wav is not a file"},
    {"away.wav", 1, AUR_EINVAL, "away.wav leads out of the script's folder; files are read from "},
    {"up/hostname", 1, AUR_EINVAL, "up/hostname leads out of the script's folder"},
    {"loop.wav", 1, AUR_EIO, "loop.wav: cannot be read: Too many levels of symbolic links"},
    {"/etc/hostname", 1, AUR_EINVAL, "/etc/hostname" PATH_TEXT},
    {"../good.wav", 1, AUR_EINVAL, "../good.wav" PATH_TEXT},
    {"folder/../good.wav", 1, AUR_EINVAL, "folder/../good.wav" PATH_TEXT},
    {"./good.wav", 1, AUR_EINVAL, "./good.wav" PATH_TEXT},
    {"folder//good.wav", 1, AUR_EINVAL, "folder//good.wav" PATH_TEXT},
    {"folder\\good.wav", 1, AUR_EINVAL, "folder\\good.wav" PATH_TEXT},
    {"", 1, AUR_EINVAL, "''" PATH_TEXT},
};

static void bad_files_are_refused(void **state)
{
    struct aur_tables *tables;
    struct aur_table table;
    struct aur_error err;
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    make_bad_files(*state);
    for (size_t i = 0; i < sizeof bad_files / sizeof *bad_files; i++) {
        int rc = load_from(&table, tables, *state, bad_files[i].file, bad_files[i].cycles, &err);
        if (rc != bad_files[i].code || err.code != rc ||
            strncmp(err.message, bad_files[i].message, strlen(bad_files[i].message)) != 0)
            fail_msg("got %d %s\n  instead of %d %s", rc, err.message, bad_files[i].code, bad_files[i].message);
    }
    const struct aur_table good = must_load(tables, *state, "good.wav", 1);
    assert_int_equal(good.at, AUR_WAVE_FLOATS); /* nothing of them stayed */
    assert_int_equal(must_load(tables, *state, "link.wav", 1).at, good.at);
    aur_tables_free(tables);
}

static void a_full_store_names_the_file(void **state)
{
    float frames[16 * 64];
    struct aur_tables *tables;
    struct aur_table table;
    struct aur_error err;
    int rc = AUR_OK;
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    for (int i = 0; rc == AUR_OK; i++) {
        for (int k = 0; k < 16; k++)
            fill(frames + k * 64, 64, 10);
        frames[i] += 0.1f;
        folder_write(*state, "set.wav", frames, sizeof frames / sizeof *frames, 1, WAV_FLOAT);
        rc = load_from(&table, tables, *state, "set.wav", 16, &err);
    }
    assert_int_equal(rc, AUR_ELIMIT);
    assert_non_null(strstr(err.message, "set.wav: the session's store of wavetables is full"));
    aur_tables_free(tables);
}

static void without_memory(void **state)
{
    float frames[256];
    struct aur_tables *tables;
    struct aur_error err;
    long nth = 0;
    fill(frames, 256, 20);
    folder_write(*state, "one.wav", frames, 256, 1, WAV_FLOAT);
    for (;; nth++) {
        struct aur_table table;
        assert_int_equal(aur_tables_new(&tables, NULL), 0);
        failing_alloc_arm(nth);
        int rc = load_from(&table, tables, *state, "one.wav", 1, &err);
        bool fired = failing_alloc_disarm();
        aur_tables_free(tables);
        if (!fired)
            break;
        assert_int_equal(rc, AUR_ENOMEM);
        assert_int_equal(strncmp(err.message, "one.wav", 7), 0);
    }
    assert_true(nth >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(partials_are_the_files, folder_open, folder_close),
        cmocka_unit_test_setup_teardown(sets_are_their_cycles, folder_open, folder_close),
        cmocka_unit_test_setup_teardown(every_sample_format, folder_open, folder_close),
        cmocka_unit_test_setup_teardown(the_same_samples_are_worked_on_once, folder_open, folder_close),
        cmocka_unit_test_setup_teardown(bad_files_are_refused, folder_open, folder_close),
        cmocka_unit_test_setup_teardown(a_full_store_names_the_file, folder_open, folder_close),
        cmocka_unit_test_setup_teardown(without_memory, folder_open, folder_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
