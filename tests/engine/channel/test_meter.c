/* Meters against signals whose numbers are known: loudness of a sine by BS.1770, peak, offset, silence, clipping. */
#include "channel/meter.h"

#include <math.h>
#include <stdlib.h>

#include "support/unit.h"

#define RATE  48000
#define CHUNK 4800
#define PI    3.14159265358979323846

struct tone {
    double hz, left, right, offset; /* amplitudes; offset is added to both sides */
};

static struct aur_meter *meter_of(uint32_t rate)
{
    struct aur_meter *meter = NULL;
    assert_int_equal(aur_meter_new(&meter, rate), AUR_OK);
    return meter;
}

/* So many chunks of a tenth of a second; phase goes on from chunk `first`. */
static void feed(struct aur_meter *meter, const struct tone *tone, int first, int chunks)
{
    static float samples[2 * CHUNK];
    for (int c = first; c < first + chunks; c++) {
        for (int i = 0; i < CHUNK; i++) {
            double x = sin(2 * PI * tone->hz * ((double)c * CHUNK + i) / RATE);
            samples[2 * i] = (float)(tone->left * x + tone->offset);
            samples[2 * i + 1] = (float)(tone->right * x + tone->offset);
        }
        aur_meter_add(meter, samples, CHUNK);
    }
}

static struct aur_meter_reading read_of(const struct aur_meter *meter)
{
    struct aur_meter_reading reading;
    aur_meter_read(meter, &reading);
    return reading;
}

/* EBU Tech 3341, test 1: 1 kHz in both channels at -23 dBFS peak is -23 LUFS. */
static void a_sine_has_the_loudness_it_should(void **state)
{
    (void)state;
    const double levels[] = {-23, -33, -6};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const double a = pow(10, levels[i] / 20);
        struct aur_meter *meter = meter_of(RATE);
        feed(meter, &(struct tone){1000, a, a, 0}, 0, 100);
        struct aur_meter_reading r = read_of(meter);
        assert_true(fabs(r.momentary_lufs - levels[i]) < 0.1);
        assert_true(fabs(r.short_term_lufs - levels[i]) < 0.1);
        assert_true(fabs(r.integrated_lufs - levels[i]) < 0.1);
        assert_true(fabs(r.peak - a) < 1e-4);
        assert_int_equal(r.frames, 100 * CHUNK);
        aur_meter_free(meter);
    }
}

static void loudness_follows_in_its_own_time(void **state)
{
    (void)state;
    struct aur_meter *meter = meter_of(RATE);
    const double loud = pow(10, -20 / 20.0), soft = pow(10, -40 / 20.0);
    feed(meter, &(struct tone){1000, loud, loud, 0}, 0, 50);
    feed(meter, &(struct tone){1000, soft, soft, 0}, 50, 6);
    struct aur_meter_reading r = read_of(meter);
    assert_true(fabs(r.momentary_lufs + 40) < 0.3); /* all of its 400 ms are soft */
    assert_true(r.short_term_lufs > -22 && r.short_term_lufs < -20.5);
    assert_true(fabs(r.integrated_lufs + 20) < 1);
    aur_meter_free(meter);
}

static void peak_and_offset_are_of_the_last_seconds(void **state)
{
    (void)state;
    struct aur_meter *meter = meter_of(RATE);
    feed(meter, &(struct tone){100, 0.25, 0.75, 0.01}, 0, 5);
    struct aur_meter_reading r = read_of(meter);
    assert_true(fabs(r.peak - 0.76) < 1e-3); /* before the first second is over, too */
    assert_true(fabs(r.dc[0] - 0.01) < 1e-4 && fabs(r.dc[1] - 0.01) < 1e-4);
    feed(meter, &(struct tone){100, 0.1, 0.1, -0.02}, 5, 5 + 10 * (AUR_METER_WINDOW_S - 1));
    assert_true(read_of(meter).peak > 0.75); /* still within the window */
    feed(meter, &(struct tone){100, 0.1, 0.1, -0.02}, 0, 11);
    r = read_of(meter);
    assert_true(fabs(r.peak - 0.12) < 1e-3);
    assert_true(fabs(r.dc[0] + 0.02) < 1e-4 && fabs(r.dc[1] + 0.02) < 1e-4);
    aur_meter_free(meter);
}

static void silence_counts_after_five_seconds(void **state)
{
    (void)state;
    const struct tone music = {300, 0.1, 0, 0}, hush = {300, 0.0009, 0.0009, 0};
    struct aur_meter *meter = meter_of(RATE);
    feed(meter, &music, 0, 10);
    assert_true(read_of(meter).silent_s < 0.01);
    feed(meter, &hush, 10, 49);
    struct aur_meter_reading r = read_of(meter);
    assert_int_equal(r.silences, 0);
    assert_true(r.silent_s > 4.8 && r.silent_s < 5);
    feed(meter, &hush, 59, 60);
    r = read_of(meter);
    assert_int_equal(r.silences, 1); /* one, however long */
    assert_true(r.silent_s > 10.8);
    feed(meter, &music, 119, 1);
    assert_true(read_of(meter).silent_s < 0.01);
    feed(meter, &hush, 120, 51);
    assert_int_equal(read_of(meter).silences, 2);
    aur_meter_free(meter);
}

static void digital_silence_has_no_loudness(void **state)
{
    (void)state;
    struct aur_meter *meter = meter_of(RATE);
    struct aur_meter_reading r = read_of(meter);
    assert_true(r.frames == 0 && r.peak == 0 && r.dc[0] == 0 && isinf(r.integrated_lufs));
    feed(meter, &(struct tone){1000, 0, 0, 0}, 0, 40);
    r = read_of(meter);
    assert_true(isinf(r.momentary_lufs) && r.momentary_lufs < 0);
    assert_true(isinf(r.short_term_lufs) && isinf(r.integrated_lufs));
    assert_true(r.peak == 0);
    aur_meter_free(meter);
}

static void samples_at_full_scale_are_counted(void **state)
{
    (void)state;
    const float samples[] = {1, 0.5f, -1, 1, 0.9999f, -0.99f, 32767.0f / 32768.0f, 0};
    struct aur_meter *meter = meter_of(RATE);
    aur_meter_add(meter, samples, 4);
    assert_int_equal(read_of(meter).clipped, 4);
    aur_meter_free(meter);
}

static void what_is_not_finite_is_counted_and_spoils_nothing(void **state)
{
    (void)state;
    const float bad[] = {NAN, 0.5f, INFINITY, -INFINITY, 0.25f, 0.25f};
    struct aur_meter *meter = meter_of(RATE);
    feed(meter, &(struct tone){1000, 0.1, 0.1, 0}, 0, 20);
    aur_meter_add(meter, bad, 3);
    feed(meter, &(struct tone){1000, 0.1, 0.1, 0}, 20, 20);
    struct aur_meter_reading r = read_of(meter);
    assert_int_equal(r.not_finite, 3);
    assert_true(fabs(r.peak - 0.5) < 1e-6);
    assert_true(isfinite(r.momentary_lufs) && isfinite(r.integrated_lufs) && isfinite(r.dc[0]));
    assert_int_equal(r.clipped, 0);
    aur_meter_free(meter);
}

static void the_length_of_chunks_changes_nothing(void **state)
{
    (void)state;
    enum { FRAMES = 3 * 44100 };
    float *samples = calloc(2 * FRAMES, sizeof *samples);
    assert_non_null(samples);
    for (int i = 0; i < FRAMES; i++)
        samples[2 * i] = samples[2 * i + 1] = (float)(0.3 * sin(i * 0.05));
    struct aur_meter *whole = meter_of(44100), *pieces = meter_of(44100);
    aur_meter_add(whole, samples, FRAMES);
    for (size_t at = 0, n = 1; at < FRAMES; at += n, n = n * 3 % 5000 + 1) {
        if (n > FRAMES - at)
            n = FRAMES - at;
        aur_meter_add(pieces, samples + 2 * at, n);
    }
    struct aur_meter_reading a = read_of(whole), b = read_of(pieces);
    assert_true(fabs(a.integrated_lufs - b.integrated_lufs) < 1e-6);
    assert_true(a.peak == b.peak && fabs(a.dc[0] - b.dc[0]) < 1e-12 && a.silent_s == b.silent_s);
    aur_meter_free(whole);
    aur_meter_free(pieces);
    free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sine_has_the_loudness_it_should),
        cmocka_unit_test(loudness_follows_in_its_own_time),
        cmocka_unit_test(peak_and_offset_are_of_the_last_seconds),
        cmocka_unit_test(silence_counts_after_five_seconds),
        cmocka_unit_test(digital_silence_has_no_loudness),
        cmocka_unit_test(samples_at_full_scale_are_counted),
        cmocka_unit_test(what_is_not_finite_is_counted_and_spoils_nothing),
        cmocka_unit_test(the_length_of_chunks_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
