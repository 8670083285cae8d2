/* The measures that other tests and the benchmarks rest on find what was put in. */
#include "support/analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "support/unit.h"

#define RATE 44100
#define PI   3.14159265358979323846

static struct audio blank(double seconds)
{
    struct audio a = {NULL, (size_t)(seconds * RATE), RATE};
    a.data = calloc(2 * a.frames + 1, sizeof *a.data);
    assert_non_null(a.data);
    return a;
}

static float *samples(struct audio *a)
{
    return (float *)(uintptr_t)a->data;
}

static void add_sine(struct audio *a, double hz, double left, double right)
{
    for (size_t i = 0; i < a->frames; i++) {
        double x = sin(2 * PI * hz * (double)i / a->rate);
        samples(a)[2 * i] += (float)(left * x);
        samples(a)[2 * i + 1] += (float)(right * x);
    }
}

static void add_noise(struct audio *a, double amplitude, const char *name)
{
    uint64_t key = aur_rand_key(3, 0, name);
    for (size_t i = 0; i < 2 * a->frames; i++)
        samples(a)[i] += (float)(amplitude * (2 * aur_rand_unit(key, i) - 1));
}

static void drop(struct audio *a)
{
    free(samples(a));
}

static void near(double got, double want, double within)
{
    if (!(fabs(got - want) <= within))
        fail_msg("got %.9g, wanted %.9g within %.3g", got, want, within);
}

static void levels_of_a_sine(void **state)
{
    (void)state;
    struct audio a = blank(10);
    add_sine(&a, 1000, 0.1, 0.1);
    for (size_t i = 0; i < a.frames; i++)
        samples(&a)[2 * i + 1] += 0.01f;
    struct audio_levels l;
    audio_measure(&l, &a);
    assert_true(l.finite);
    near(l.peak, 0.11, 1e-4);
    near(l.dc[0], 0, 1e-6);
    near(l.dc[1], 0.01, 1e-6);
    near(l.rms_db, -23 + 0.04, 0.02);
    near(l.loudness_lufs, -20, 0.1); /* 1 kHz at -20 dB of peak in both channels is -20 LUFS */
    near(l.range_lu, 0, 0.1);
    near(l.true_peak_db, 20 * log10(0.11), 0.05);
    samples(&a)[100] = NAN;
    audio_measure(&l, &a);
    assert_false(l.finite);
    drop(&a);
}

static void true_peak_lies_between_samples(void **state)
{
    (void)state;
    struct audio a = blank(1);
    for (size_t i = 0; i < a.frames; i++) /* a quarter of the rate at 45 degrees: samples at 0.707 of the peak */
        samples(&a)[2 * i] = (float)(0.5 * sin(PI / 2 * (double)i + PI / 4));
    struct audio_levels l;
    audio_measure(&l, &a);
    near(l.peak, 0.5 * sqrt(0.5), 1e-4);
    near(l.true_peak_db, 20 * log10(0.5), 0.3);
    drop(&a);
}

static void correlation_and_its_worst_second(void **state)
{
    (void)state;
    struct audio a = blank(20);
    struct audio_correlation c;
    audio_correlate(&c, &a);
    near(c.overall, 1, 0); /* silence */
    add_noise(&a, 0.1, "both");
    audio_correlate(&c, &a);
    near(c.overall, 0, 0.01);
    add_sine(&a, 300, 0.3, 0.3);
    struct audio bad = audio_slice(&a, 7 * RATE, RATE);
    for (size_t i = 0; i < bad.frames; i++)
        samples(&bad)[2 * i] *= -1;
    audio_correlate(&c, &a);
    assert_true(c.overall > 0.7 && c.overall < 0.9);
    near(c.worst_second, -0.93, 0.02);
    near(c.worst_at_s, 7, 0.05);
    drop(&a);
}

static void silence_is_found(void **state)
{
    (void)state;
    struct audio a = blank(5);
    add_sine(&a, 440, 0.2, 0.2);
    memset(samples(&a) + 2 * RATE, 0, 2 * (RATE / 2) * sizeof(float));
    double at;
    near(audio_longest_silence_s(&a, -60, &at), 0.5, 0.011);
    near(at, 1, 0.011);
    memset(samples(&a), 0, 2 * 1000 * sizeof(float));
    near((double)audio_first_sound(&a, 0.001f), 1000, 2);
    drop(&a);
}

static void centroid_bands_and_dominant(void **state)
{
    (void)state;
    struct audio a = blank(40);
    add_sine(&a, 440.5, 0.1, 0.1);
    near(audio_dominant_hz(&a, 20, 20000), 440.5, 0.01);
    near(audio_band_db(&a, 400, 500), -23, 0.05);
    assert_true(audio_band_db(&a, 1000, 20000) < -100);
    struct audio_centroid c;
    audio_centroid(&c, NULL, 0, &a, 10);
    assert_int_equal(c.windows, 4);
    near(c.mean_hz, 440.5, 15);
    assert_true(c.sd_hz < 1);

    struct audio later = audio_slice(&a, 20 * RATE, 20 * RATE);
    add_sine(&later, 4405, 0.1, 0.1); /* the centroid of the two halves: 440 and about 2420 */
    double windows[4];
    audio_centroid(&c, windows, 4, &a, 10);
    near(windows[0], 440.5, 15);
    near(windows[3], 2423, 60);
    near(c.sd_hz / c.mean_hz, 0.69, 0.03);
    near(audio_dominant_hz(&later, 3000, 20000), 4405, 0.05);
    drop(&a);
}

static void decay_time_of_an_exponential(void **state)
{
    (void)state;
    struct audio a = blank(4);
    add_noise(&a, 0.5, "tail");
    for (size_t i = 0; i < 2 * a.frames; i++)
        samples(&a)[i] *= (float)pow(10, -3 * ((double)(i / 2) / RATE) / 2.5); /* 60 dB in 2.5 s */
    near(audio_t60_s(&a), 2.5, 0.05);
    struct audio flat = blank(2);
    add_noise(&flat, 0.5, "flat");
    struct audio_levels l;
    audio_measure(&l, &flat);
    near(l.rms_db, 20 * log10(0.5 / sqrt(3)), 0.05);
    drop(&flat);
    drop(&a);
}

static void naive_saw_aliases_and_a_harmonic_sum_does_not(void **state)
{
    (void)state;
    struct audio naive = blank(2), clean = blank(2);
    const double f0 = 1234.5;
    for (size_t i = 0; i < naive.frames; i++) {
        double phase = fmod(f0 * (double)i / RATE, 1);
        samples(&naive)[2 * i] = samples(&naive)[2 * i + 1] = (float)(2 * phase - 1);
    }
    for (int k = 1; k * f0 < RATE / 2.0; k++)
        add_sine(&clean, k * f0, 0.5 / k, 0.5 / k);
    double bad = audio_off_harmonics_db(&naive, f0), good = audio_off_harmonics_db(&clean, f0);
    assert_true(bad > -30 && bad < -5);
    assert_true(good < -80);
    drop(&naive);
    drop(&clean);
}

/* Music-like: low partials, a little noise; the detector must find every step and nothing else. */
static void click_detector_finds_steps_and_nothing_else(void **state)
{
    (void)state;
    struct audio a = blank(20);
    add_sine(&a, 220, 0.1, 0.08);
    add_sine(&a, 331, 0.05, 0.07);
    add_noise(&a, 2e-5, "hiss");
    assert_int_equal(audio_clicks(NULL, 0, &a, NULL, 0), 0);

    size_t steps, found = audio_click_check(&steps, &a, NULL, 0, 10, 0.03f);
    assert_int_equal(steps, 10);
    assert_int_equal(found, 10);

    /* At an onset the same step is no click. */
    for (size_t i = 5 * RATE; i < 6 * RATE; i++)
        samples(&a)[2 * i] += 0.03f * expf(-(float)(i - 5 * RATE) / (0.05f * RATE));
    size_t at[4];
    assert_int_equal(audio_clicks(at, 4, &a, NULL, 0), 1);
    assert_in_range(at[0], 5 * RATE - RATE / 40, 5 * RATE);
    const uint64_t onsets[] = {RATE, 5 * RATE - RATE / 25, 9 * RATE};
    assert_int_equal(audio_clicks(at, 4, &a, onsets, 3), 0);
    const uint64_t elsewhere[] = {RATE, 5 * RATE - RATE / 5, 9 * RATE};
    assert_int_equal(audio_clicks(at, 4, &a, elsewhere, 3), 1);
    drop(&a);
}

static void click_check_reports_a_deaf_detector(void **state)
{
    (void)state;
    struct audio a = blank(10);
    add_noise(&a, 0.3, "loud"); /* so much treble that no step stands out */
    size_t steps, found = audio_click_check(&steps, &a, NULL, 0, 10, 0.03f);
    assert_int_equal(steps, 10);
    assert_true(found < 5);
    drop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_of_a_sine),
        cmocka_unit_test(true_peak_lies_between_samples),
        cmocka_unit_test(correlation_and_its_worst_second),
        cmocka_unit_test(silence_is_found),
        cmocka_unit_test(centroid_bands_and_dominant),
        cmocka_unit_test(decay_time_of_an_exponential),
        cmocka_unit_test(naive_saw_aliases_and_a_harmonic_sum_does_not),
        cmocka_unit_test(click_detector_finds_steps_and_nothing_else),
        cmocka_unit_test(click_check_reports_a_deaf_detector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
