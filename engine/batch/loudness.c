/* Measuring, and the gain that follows from it. On the thread of the render. */
#include "batch/loudness.h"

#include <math.h>
#include <stdio.h>

#include "base/real.h"

#define SILENCE_LUFS -70.0 /* below the absolute gate nothing is measured */

int aur_loudness_init(struct aur_loudness *loudness, uint32_t rate_hz, struct aur_error *err)
{
    *loudness = (struct aur_loudness){.state = ebur128_init(2, rate_hz, EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK)};
    return loudness->state ? AUR_OK : aur_error_set(err, AUR_ENOMEM, "out of memory");
}

void aur_loudness_deinit(struct aur_loudness *loudness)
{
    if (loudness->state)
        ebur128_destroy(&loudness->state);
}

void aur_loudness_add(void *user, const float *interleaved, size_t frames)
{
    struct aur_loudness *loudness = user;
    loudness->failed |= ebur128_add_frames_float(loudness->state, interleaved, frames) != EBUR128_SUCCESS;
}

int aur_loudness_end(struct aur_loudness *loudness, struct aur_loudness_result *out, struct aur_error *err)
{
    double lufs = -HUGE_VAL, left = 0, right = 0;
    if (loudness->failed || ebur128_loudness_global(loudness->state, &lufs) != EBUR128_SUCCESS ||
        ebur128_true_peak(loudness->state, 0, &left) != EBUR128_SUCCESS ||
        ebur128_true_peak(loudness->state, 1, &right) != EBUR128_SUCCESS)
        return aur_error_set(err, AUR_ENOMEM, "its loudness cannot be measured: out of memory");
    const double peak = left > right ? left : right;
    *out = (struct aur_loudness_result){lufs, peak > 0 ? 20 * aur_log10(peak) : -HUGE_VAL};
    return AUR_OK;
}

int aur_loudness_master(struct aur_bounce_master *out, const struct aur_loudness_result *measured, double target_lufs,
                        double peak_dbtp, bool limit, struct aur_error *err)
{
    char value[32], allowed[160];
    snprintf(value, sizeof value, "%.1f", target_lufs);
    if (!(measured->lufs > SILENCE_LUFS))
        return aur_error_value(err, "loudness", value, "nothing: it is silent");
    const double gain = floor((target_lufs - measured->lufs) * 100 + 0.5) / 100;
    const double over = measured->peak_dbtp + gain - peak_dbtp;
    if (over > 0 && !limit) {
        snprintf(allowed, sizeof allowed,
                 "up to %.1f LUFS, where its peaks reach %.1f dBTP; or limit = true, which holds them down by %.1f dB",
                 floor((target_lufs - over) * 10) / 10, peak_dbtp, over);
        return aur_error_value(err, "loudness", value, allowed);
    }
    *out = (struct aur_bounce_master){gain, over > 0, peak_dbtp};
    return AUR_OK;
}
