/* Samples to integers. Called by encoder workers and offline renders, and legal on a render worker: no state, no libm.
 *
 * A float times 32767 (or 8388607) fits a double exactly, and so does its distance to the truncated integer. Comparing
 * that distance with one half therefore rounds the true product, whatever the rounding mode is. */
#include "wire/pcm.h"

#include "base/hash.h"

#define S16_MAX 32767
#define S24_MAX 8388607

static double clip(double x)
{
    x = x > -1 ? x : -1; /* NaN becomes -1 here; callers sort it out */
    return x < 1 ? x : 1;
}

/* |y| < 2^30 */
static int32_t round_even(double y)
{
    int32_t whole = (int32_t)y;
    double rest = y - whole;
    int32_t odd = whole & 1;
    int32_t up = (rest > 0.5) | ((rest == 0.5) & odd);
    int32_t down = (rest < -0.5) | ((rest == -0.5) & odd);
    return whole + up - down;
}

static int32_t quantise(float x, double scale)
{
    return x == x ? round_even(clip((double)x) * scale) : 0;
}

void aur_pcm_s16(int16_t *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (int16_t)quantise(in[i], S16_MAX);
}

void aur_pcm_s16_dither(int16_t *out, const float *in, size_t n, uint64_t key, uint64_t first)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t at = 2 * (first + i);
        double noise = aur_rand_unit(key, at) + aur_rand_unit(key, at + 1) - 1;
        double x = in[i] == in[i] ? clip((double)in[i]) : 0;
        out[i] = (int16_t)round_even(clip((x * S16_MAX + noise) / S16_MAX) * S16_MAX);
    }
}

void aur_pcm_s24(int32_t *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = quantise(in[i], S24_MAX);
}
