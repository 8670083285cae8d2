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

/* ---- sessions ---- */

static void assert_outline(const struct aur_outline *outline, const char *expected)
{
    struct aur_buf text;
    aur_buf_init(&text);
    aur_outline_write(outline, &text);
    assert_true(aur_buf_ok(&text));
    assert_string_equal(text.data, expected);
    aur_buf_deinit(&text);
}

static void a_short_session_is_told_by_the_second(void **state)
{
    (void)state;
    struct aur_outline outline;
    aur_outline_init(&outline, 9, 2);
    aur_outline_add(&outline, &(struct aur_overview){0, "m01"});
    aur_outline_add(&outline, &(struct aur_overview){1, "mmm"}); /* after its end */
    aur_outline_add(&outline, &(struct aur_overview){1000000, "mmm"});
    aur_outline_add(&outline, &(struct aur_overview){0, "m01\x7fY"});
    assert_outline(&outline,
                   "{\"seconds\":4.5,\"peaks\":[[-1.0000,1.0000],null,[0.0000,0.0000],null,[-0.1000,0.1000]]}");
    aur_outline_init(&outline, 0, 0);
    aur_outline_add(&outline, &(struct aur_overview){0, "m"});
    assert_outline(&outline, "{\"seconds\":0,\"peaks\":[]}");
}

/* A day: each minute's second 0 is loud, the third hour was not noted. */
static void a_long_one_has_as_many_stretches_as_a_take(void **state)
{
    (void)state;
    struct aur_outline outline;
    aur_outline_init(&outline, (uint64_t)86400 * 44100, 44100);
    assert_int_equal(outline.n, AUR_PEAKS);
    for (uint64_t minute = 0; minute < 1440; minute++) {
        struct aur_overview overview = {minute, "1Y"};
        overview.seconds[0] = minute == 777 ? 'a' : '1';
        if (minute / 60 != 2)
            aur_outline_add(&outline, &overview);
    }
    for (size_t i = 0; i < AUR_PEAKS; i++)
        assert_int_equal(outline.loudest[i], i / 10 == 2 ? '0' : i == 777 / 6 ? 'a' : 'Y');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_in_any_lengths),
        cmocka_unit_test(one_sample_shows_in_one_stretch),
        cmocka_unit_test(fewer_frames_than_stretches_and_more_than_were_to_come),
        cmocka_unit_test(a_short_session_is_told_by_the_second),
        cmocka_unit_test(a_long_one_has_as_many_stretches_as_a_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
