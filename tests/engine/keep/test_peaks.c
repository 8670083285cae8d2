/* Waveforms: each stretch's extremes, whatever lengths the samples come in. */
#include "keep/peaks.h"

#include <string.h>

#include "support/unit.h"

#define FRAMES 1000

static void fill(float *samples)
{
    for (int i = 0; i < 2 * FRAMES; i++)
        samples[i] = (float)((i * 7919) % 2001 - 1000) / 1000.0f;
}

static void the_same_in_any_lengths(void **state)
{
    (void)state;
    float samples[2 * FRAMES];
    struct aur_peaks whole, parts;
    fill(samples);
    aur_peaks_init(&whole, FRAMES);
    aur_peaks_add(&whole, samples, FRAMES);
    aur_peaks_init(&parts, FRAMES);
    for (size_t at = 0, n = 1; at < FRAMES; at += n, n = n * 3 % 101 + 1)
        aur_peaks_add(&parts, samples + 2 * at, n < FRAMES - at ? n : FRAMES - at);
    assert_memory_equal(whole.low, parts.low, sizeof whole.low);
    assert_memory_equal(whole.high, parts.high, sizeof whole.high);
    assert_int_equal(parts.frames, FRAMES);
}

static void one_sample_shows_in_one_stretch(void **state)
{
    (void)state;
    float samples[2 * FRAMES] = {0};
    struct aur_peaks peaks;
    samples[2 * 500 + 1] = -0.75f;
    samples[2 * 999] = 0.5f;
    aur_peaks_init(&peaks, FRAMES);
    aur_peaks_add(&peaks, samples, FRAMES);
    for (size_t i = 0; i < AUR_PEAKS; i++) {
        assert_true(peaks.low[i] == (i == 500 * AUR_PEAKS / FRAMES ? -0.75f : 0));
        assert_true(peaks.high[i] == (i == AUR_PEAKS - 1 ? 0.5f : 0));
    }
}

static void fewer_frames_than_stretches_and_more_than_were_to_come(void **state)
{
    (void)state;
    float samples[2 * FRAMES];
    struct aur_peaks peaks;
    struct aur_buf text;
    fill(samples);
    aur_peaks_init(&peaks, 3);
    aur_peaks_add(&peaks, samples, FRAMES);
    aur_peaks_add(&peaks, samples, FRAMES);
    assert_int_equal(peaks.frames, 3);
    aur_buf_init(&text);
    aur_peaks_write(&peaks, &text, 2);
    assert_true(aur_buf_ok(&text));
    assert_non_null(strstr(text.data, "{\"seconds\":1.5,\"peaks\":[["));
    aur_buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_in_any_lengths),
        cmocka_unit_test(one_sample_shows_in_one_stretch),
        cmocka_unit_test(fewer_frames_than_stretches_and_more_than_were_to_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
