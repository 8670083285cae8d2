/* Several files of one render, what they tell about themselves, and what is done to the sound before it goes into them. */
#include <dirent.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "bounce/bounce.h"
#include "bounce/outfile.h"
#include "bounce/sink.h"
#include "fixture.h"
#include "support/analysis.h"

#define CEILING_DB -1.0

static void several_files_are_those_of_single_renders(void **state)
{
    static const struct {
        const char *name, *single;
        uint32_t rate_hz;
        enum aur_bounce_bits bits;
        bool dither;
    } files[] = {{"a.wav", "b.wav", 0, AUR_BITS_FLOAT, false},
                 {"a.flac", "b.flac", 0, AUR_BITS_16, true},
                 {"a.opus", "b.opus", 0, AUR_BITS_24, false},
                 {"a2.wav", "b2.wav", 32000, AUR_BITS_24, false}};
    char paths[4][96];
    struct aur_bounce_output outputs[4];
    for (int i = 0; i < 4; i++) {
        snprintf(paths[i], sizeof paths[i], "%s", fixture_path(*state, files[i].name));
        outputs[i] = (struct aur_bounce_output){paths[i], files[i].rate_hz, files[i].bits, files[i].dither};
    }
    struct aur_bounce_request request = fixture_request(*state, paths[0]);
    request.bits = files[0].bits;
    request.more = outputs + 1;
    request.n_more = 3;
    fixture_render(&request);
    for (int i = 0; i < 4; i++) {
        struct aur_bounce_request single = fixture_request(*state, fixture_path(*state, files[i].single));
        single.bits = files[i].bits;
        single.dither = files[i].dither;
        single.file_rate_hz = files[i].rate_hz;
        fixture_render(&single);
        assert_true(fixture_same(single.out_path, paths[i]));
    }
}

static void all_files_or_none(void **state)
{
    struct aur_bounce_output more[] = {{fixture_path(*state, "x.flac"), 0, AUR_BITS_24, false},
                                       {fixture_path(*state, "x.opus"), 0, AUR_BITS_24, false}};
    struct aur_bounce_request request = fixture_request(*state, fixture_path(*state, "x.wav"));
    struct aur_error err;
    request.more = more;
    request.n_more = 2;
    request.chords_path = fixture_path(*state, "x.txt");
    request.midi_path = fixture_path(*state, "x.mid");
    FILE *mine = fopen(more[1].path, "w");
    assert_non_null(mine);
    fclose(mine);
    assert_int_equal(aur_bounce(&request, &err), AUR_EIO);
    assert_non_null(strstr(err.message, "x.opus"));
    assert_int_equal(fixture_files(*state), 1);
    more[1].bits = AUR_BITS_FLOAT;
    request.force = true;
    assert_int_equal(aur_bounce(&request, &err), AUR_EINVAL);
    assert_string_equal(err.field, "bits");
    more[1].bits = AUR_BITS_24;
    fixture_render(&request);
    assert_int_equal(fixture_files(*state), 5);
}

static void stop_soon(void *user, double done_s, double total_s)
{
    (void)total_s;
    if (done_s >= 1)
        __atomic_store_n((int *)user, 1, __ATOMIC_RELAXED);
}

static void an_interruption_leaves_none_of_them(void **state)
{
    int interrupted = 0;
    const struct aur_bounce_output more[] = {{fixture_path(*state, "x.flac"), 0, AUR_BITS_16, false},
                                             {fixture_path(*state, "x.opus"), 0, AUR_BITS_24, false}};
    struct aur_bounce_request request = fixture_request(*state, fixture_path(*state, "x.wav"));
    request.more = more;
    request.n_more = 2;
    request.midi_path = fixture_path(*state, "x.mid");
    request.chords_path = fixture_path(*state, "x.txt");
    request.events_path = fixture_path(*state, "x.json");
    request.duration_s = 60;
    request.interrupted = &interrupted;
    request.on_progress = stop_soon;
    request.user = &interrupted;
    assert_int_equal(aur_bounce(&request, NULL), AUR_EBUSY);
    assert_int_equal(fixture_files(*state), 0);
}

/* ---- the master ---- */

static struct wav render(void **state, const char *name, double seconds, const struct aur_bounce_master *master)
{
    struct aur_bounce_request request = fixture_request(*state, fixture_path(*state, name));
    request.bits = AUR_BITS_FLOAT;
    request.duration_s = seconds;
    request.fade_s = 0.2;
    request.master = *master;
    request.force = true;
    fixture_render(&request);
    return fixture_read(request.out_path);
}

static void gain_is_a_factor(void **state)
{
    struct wav plain = render(state, "a.wav", 2, &(struct aur_bounce_master){0});
    struct wav louder = render(state, "b.wav", 2, &(struct aur_bounce_master){.gain_db = 6});
    assert_int_equal(plain.frames, louder.frames);
    for (size_t i = 0; i < 2 * plain.frames; i++)
        assert_true(fabs(louder.floats[i] - plain.floats[i] * 1.9952623149688795) <= 1e-7);
    fixture_drop(&plain);
    fixture_drop(&louder);
}

/* Lengths that are no multiple of its blocks, shorter than its delay, and one that is. */
static void a_limiter_with_nothing_to_do_changes_nothing(void **state)
{
    static const size_t frames[] = {1, 63, 319, 320, 321, 16383, 16384, 16385, 16384 + 320, 44100};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        const double seconds = (double)frames[i] / RATE;
        struct wav plain = render(state, "a.wav", seconds, &(struct aur_bounce_master){0});
        struct wav held = render(state, "b.wav", seconds, &(struct aur_bounce_master){.limit = true, .ceiling_db = 24});
        assert_int_equal(plain.frames, frames[i]);
        assert_int_equal(held.frames, frames[i]);
        assert_memory_equal(plain.floats, held.floats, 2 * frames[i] * sizeof(float));
        fixture_drop(&plain);
        fixture_drop(&held);
    }
}

static void a_limiter_holds_true_peaks_down(void **state)
{
    for (double gain_db = 20; gain_db <= 40; gain_db += 20) {
        const struct aur_bounce_master master = {gain_db, true, CEILING_DB};
        struct wav wav = render(state, "a.wav", 5, &master);
        const struct audio audio = {wav.floats, wav.frames, RATE};
        struct audio_levels levels;
        audio_measure(&levels, &audio);
        assert_true(levels.true_peak_db <= CEILING_DB);
        assert_true(levels.true_peak_db > CEILING_DB - 3);
        fixture_drop(&wav);
    }
}

/* ---- tags ---- */

static const struct aur_tags tags = {.text = {[AUR_TAG_TITLE] = "R\xc3\xa4ume",
                                              [AUR_TAG_ARTIST] = "a",
                                              [AUR_TAG_ALBUM] = "b",
                                              [AUR_TAG_ALBUM_ARTIST] = "c",
                                              [AUR_TAG_TRACK] = "3/8",
                                              [AUR_TAG_DATE] = "2024",
                                              [AUR_TAG_GENRE] = "Ambient",
                                              [AUR_TAG_COMMENT] = "two\nlines"}};

static void tags_are_read_back(void **state)
{
    static const char *const names[] = {"a.wav", "a.flac"};
    for (int i = 0; i < 2; i++) {
        struct aur_bounce_request request = fixture_request(*state, fixture_path(*state, names[i]));
        request.duration_s = 0.1;
        request.tags = &tags;
        fixture_render(&request);
        SF_INFO info = {0};
        SNDFILE *file = sf_open(request.out_path, SFM_READ, &info);
        assert_non_null(file);
        assert_int_equal(info.frames, 4410);
        for (int k = 0; k < AUR_TAGS; k++)
            if (tags.text[k] && aur_tag_names[k].sndfile) {
                assert_non_null(sf_get_string(file, aur_tag_names[k].sndfile));
                assert_string_equal(sf_get_string(file, aur_tag_names[k].sndfile), tags.text[k]);
            }
        sf_close(file);
    }
}

static void heads_of_pictures(void **state)
{
    static const unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13,
                                        'I',  'H', 'D', 'R', 0,    0,    2,    0x80, 0, 0, 1, 0x40};
    static const unsigned char jpeg[] = {0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc2, 0, 17, 8, 1, 0x2c, 2, 0x58, 3};
    struct aur_cover cover;
    struct aur_error err;
    (void)state;
    assert_int_equal(aur_cover_read(&cover, png, sizeof png, "c.png", &err), AUR_OK);
    assert_string_equal(cover.mime, "image/png");
    assert_int_equal(cover.width, 640);
    assert_int_equal(cover.height, 320);
    assert_int_equal(aur_cover_read(&cover, jpeg, sizeof jpeg, "c.jpg", &err), AUR_OK);
    assert_string_equal(cover.mime, "image/jpeg");
    assert_int_equal(cover.width, 600);
    assert_int_equal(cover.height, 300);
    for (size_t n = 0; n < 17; n++) /* cut short */
        assert_int_equal(aur_cover_read(&cover, jpeg, n, "c.jpg", &err), AUR_EINVAL);
    for (size_t n = 0; n < sizeof png; n++)
        assert_int_equal(aur_cover_read(&cover, png, n, "c.png", &err), AUR_EINVAL);
    assert_string_equal(err.field, "cover");
    assert_int_equal(aur_cover_read(&cover, "GIF89a", 6, "c.gif", &err), AUR_EINVAL);
    assert_int_equal(aur_cover_read(&cover, png, AUR_COVER_BYTES_MAX + 1, "c.png", &err), AUR_EINVAL);
}

/* ---- long WAV files ---- */

/* The file system is not asked for so much room. */
int __wrap_fallocate(int fd, int mode, off_t offset, off_t len);

int __wrap_fallocate(int fd, int mode, off_t offset, off_t len)
{
    (void)fd;
    (void)mode;
    (void)offset;
    (void)len;
    return 0;
}

/* The first letters of the only part file in the folder. */
static void read_head(char out[5], const struct fixture *f)
{
    DIR *dir = opendir(f->dir);
    memset(out, 0, 5);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strstr(entry->d_name, ".part")) {
            FILE *file = fopen(fixture_path(f, entry->d_name), "r");
            assert_non_null(file);
            assert_int_equal(fread(out, 1, 4, file), 4);
            fclose(file);
        }
    closedir(dir);
}

static void a_long_file_is_rf64(void **state)
{
    static const struct {
        double hours;
        enum aur_bounce_bits bits;
        const char *head;
    } cases[] = {{3.3, AUR_BITS_FLOAT, "RIFF"}, {3.4, AUR_BITS_FLOAT, "RF64"}, {7, AUR_BITS_FLOAT, "RF64"},
                 {6.7, AUR_BITS_16, "RIFF"},    {6.8, AUR_BITS_16, "RF64"},    {100, AUR_BITS_24, "RF64"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct aur_sink_config config = {.path = fixture_path(*state, "x.wav"),
                                               .in_rate_hz = RATE,
                                               .file_rate_hz = RATE,
                                               .file_frames = (uint64_t)(cases[i].hours * 3600 * RATE),
                                               .bits = cases[i].bits};
        struct aur_sink *sink;
        struct aur_error err;
        char head[5];
        assert_int_equal(aur_sink_open(&sink, &config, &err), AUR_OK);
        const float frame[2] = {0};
        assert_int_equal(aur_sink_write(sink, frame, 1, &err), AUR_OK);
        read_head(head, *state);
        assert_string_equal(head, cases[i].head);
        aur_sink_free(sink);
        assert_int_equal(fixture_files(*state), 0);
    }
}

/* ---- part files ---- */

static void part_files_of_the_dead_are_swept(void **state)
{
    static const struct {
        const char *name;
        bool stays;
    } files[] = {{".x.wav.999999999-0.part", false},
                 {".x.wav.999999999-7.part", false},
                 {".y.wav.999999999-0.part", true},
                 {".x.wav.1-0.part", true},
                 {"x.wav.999999999-0.part", true},
                 {".x.wav.more.999999999-0.part", true},
                 {".x.wav.part", true},
                 {"x.wav", true}};
    const struct fixture *f = *state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        fclose(fopen(fixture_path(f, files[i].name), "w"));
    aur_outfile_sweep(f->dir, "x.wav");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        FILE *file = fopen(fixture_path(f, files[i].name), "r");
        assert_int_equal(file != NULL, files[i].stays);
        if (file)
            fclose(file);
    }
    aur_outfile_sweep(f->dir, NULL);
    assert_int_equal(fixture_files(f), 4);
    aur_outfile_sweep("/no/such/folder", NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(several_files_are_those_of_single_renders),
        TEST(all_files_or_none),
        TEST(an_interruption_leaves_none_of_them),
        TEST(gain_is_a_factor),
        TEST(a_limiter_with_nothing_to_do_changes_nothing),
        TEST(a_limiter_holds_true_peaks_down),
        TEST(tags_are_read_back),
        TEST(heads_of_pictures),
        TEST(a_long_file_is_rf64),
        TEST(part_files_of_the_dead_are_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
