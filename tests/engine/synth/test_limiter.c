/* The limiter under input that reaches as far above its samples as input can, read by two meters that are not its own:
 * libebur128, and the way ffmpeg resamples to 192 kHz. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ebur128.h>

#include "base/hash.h"
#include "support/unit.h"
#include "synth/limiter.h"

#define FRAMES (AUR_BLOCK * USUAL_OR_SANITIZED(256, 100))

static const uint32_t rates[] = {44100, 48000, 96000};
enum { RATES = 3 };

static double decibels(double x)
{
    return 20 * log10(x);
}

/* ---- a meter: sinc over 32 samples under a Kaiser window (beta 9), 32 positions between two samples ---- */

#define METER_HALF   16
#define METER_TAPS   (2 * METER_HALF)
#define METER_PHASES 32
#define METER_BETA   9

static float meter_taps[METER_PHASES][METER_TAPS];

static double bessel(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; k < 60; k++) {
        term *= x / (2 * k) * x / (2 * k);
        sum += term;
    }
    return sum;
}

static double sinc(double t)
{
    return fabs(t) < 1e-9 ? 1 : sin(M_PI * t) / (M_PI * t);
}

static int meter_init(void **state)
{
    (void)state;
    for (int phase = 0; phase < METER_PHASES; phase++) {
        double taps[METER_TAPS], sum = 0;
        for (int k = 0; k < METER_TAPS; k++) {
            const double t = k - (METER_HALF - 1) - (double)phase / METER_PHASES, w = t / METER_HALF;
            taps[k] = sinc(t) * bessel(METER_BETA * sqrt(w * w < 1 ? 1 - w * w : 0));
            sum += taps[k];
        }
        for (int k = 0; k < METER_TAPS; k++)
            meter_taps[phase][k] = (float)(taps[k] / sum);
    }
    return 0;
}

static double meter_peak(const float *x, size_t frames)
{
    float most = 0;
    for (size_t n = 0; n + METER_TAPS <= frames; n++)
        for (int phase = 0; phase < METER_PHASES; phase++) {
            float sum = 0;
            for (int k = 0; k < METER_TAPS; k++)
                sum += meter_taps[phase][k] * x[n + (size_t)k];
            most = fabsf(sum) > most ? fabsf(sum) : most;
        }
    return decibels((double)most);
}

static double ebur_peak(const float *x, size_t frames, uint32_t rate)
{
    ebur128_state *meter = ebur128_init(1, rate, EBUR128_MODE_TRUE_PEAK);
    assert_non_null(meter);
    double peak = 0;
    assert_int_equal(ebur128_add_frames_float(meter, x, frames), EBUR128_SUCCESS);
    assert_int_equal(ebur128_true_peak(meter, 0, &peak), EBUR128_SUCCESS);
    ebur128_destroy(&meter);
    return decibels(peak);
}

/* ---- input ---- */

/* Random in [-1, 1), the same for the same kind and frame. */
static double noise(uint64_t key, uint64_t n)
{
    return 2 * aur_rand_unit(key, n) - 1;
}

static double sign(double x)
{
    return x < 0 ? -1 : 1;
}

/* The signs of the sinc around a place between two samples: all of them add up there, which is as far above the samples
 * as a signal of this length can be. The place is another in each stretch; silence between them. */
static double matched(uint64_t n, int half, uint64_t stretch)
{
    const double place = (double)(n / stretch % 16) / 16, t = (double)(n % stretch) - 2 * half - place;
    return fabs(t) <= half ? sign(sinc(t)) : 0;
}

/* The same without silence: the signs go on from one place to the next. */
static double matched_on(uint64_t n, int half)
{
    const uint64_t stretch = 2 * (uint64_t)half;
    return sign(sinc((double)(n % stretch) - half - (double)(n / stretch % 32) / 32));
}

static double square(uint64_t n, uint64_t half_period)
{
    return n / half_period & 1 ? 1 : -1;
}

/* A signal near half the rate that turns over where its samples are just about to peak. */
static double turning(uint64_t n, double of_rate, double phase)
{
    return square(n, 48) * sin(2 * M_PI * of_rate * (double)n + phase);
}

/* Of all signals those that true_peak of the kernels sees least of, found by linear programming over 64 frames: at the place
 * between two samples that is named the longer meter reads 1.24 and 1.28 times as much. */
#define BLIND_FRAMES 36
static const double blind_at_half[BLIND_FRAMES] = {
    -0.190, 0.782,  -1,    1,  -1, 1,  -1, 1,  -1, 1,  -1, 1,  -1, 1,  -1, 0.961, -0.754, 0.449,
    0.052,  -0.582, 0.816, -1, 1,  -1, 1,  -1, 1,  -1, 1,  -1, 1,  -1, 1,  -1,    0.782,  -0.190};
static const double blind_at_13_32nds[BLIND_FRAMES] = {
    -0.190, 0.782,  -1,    1,      -1, 1,  -1, 1,  -1, 1,  -1, 1,  -1, 1,  -1, 1,  -0.816, 0.582,
    -0.052, -0.449, 0.754, -0.961, 1,  -1, 1,  -1, 1,  -1, 1,  -1, 1,  -1, 1,  -1, 0.782,  -0.190};

static double blind(const double *pattern, uint64_t n)
{
    return n % 100 < BLIND_FRAMES ? pattern[n % 100] : 0;
}

static double usual_wave(int kind, uint64_t n)
{
    const double t = (double)n;
    switch (kind) {
    case 0: /* full-scale square of changing period */
        return 4 * square(n, 3 + n / 2000 % 40);
    case 1: /* impulses */
        return n % 997 == 0 ? 10 : 0;
    case 2: /* a quarter of the rate, peaks between the samples */
        return 2 * sin(M_PI / 2 * t + M_PI / 4);
    case 3: /* bursts out of silence */
        return n / 3000 % 2 ? 8 * sin(0.3 * t) : 0;
    case 4: /* near half the rate */
        return 1.5 * sin(M_PI * 0.93 * t);
    case 5: /* swelling loudness over 60 dB */
        return pow(10, 3 * fabs(sin(1e-3 * t)) - 1.5) * sin(0.05 * t);
    case 6: /* noise */
        return 3 * noise(14, n);
    case 7: /* clicks in bursts of random signs */
        return noise(15, n / 24) > 0.6 ? 2 * sign(noise(16, n)) : n % 199 == 0 ? 5 : 0;
    default: /* loud noise that comes and goes within a block or two */
        return (noise(18, n / 90) > 0 ? 8 : 0.05) * noise(19, n);
    }
}
enum { USUAL_WAVES = 9 };

#define NEAR 0.94

/* What is loudest between its samples. */
static double wave(int kind, uint64_t n, double ceiling)
{
    const uint64_t part = n / 1024, flip = n / 96;
    switch (kind - USUAL_WAVES) {
    case 0: /* random signs: their true peak is a few decibels above them */
        return sign(noise(4, n));
    case 1: /* signs that meet at one place */
        return 3 * matched(n, 8, 80);
    case 2:
        return 30 * matched(n, 16, 333);
    case 3:
        return matched(n, 32, 160);
    case 4:
        return 3 * matched_on(n, 12);
    case 5:
        return matched_on(n, 20);
    case 6: /* square times sine, changing ever and again */
        return 4 * square(n, 37 + part % 7 * 61) * sin(2 * M_PI * (0.03 + 0.0317 * (double)part) * (double)n);
    case 7:
        return 1.2 * turning(n, 0.4375 + (double)part / 512, 0.37 * (double)flip);
    case 8:
        return 3 * blind(blind_at_half, n);
    case 9:
        return 3 * blind(blind_at_13_32nds, n);
    case 10: /* so soft that true_peak sees nothing above the ceiling */
        return NEAR * ceiling * blind(blind_at_half, n);
    case 11:
        return NEAR * ceiling * blind(blind_at_13_32nds, n);
    default:
        return usual_wave(kind, n);
    }
}
enum { WAVES = USUAL_WAVES + 12 };

/* ---- tests ---- */

static struct aur_limiter *limiter_new(uint32_t rate)
{
    struct aur_limiter *limiter = aligned_alloc(64, (sizeof *limiter + 63) / 64 * 64);
    assert_non_null(limiter);
    aur_limiter_init(limiter, aur_kernels_get(aur_isa_best()), rate);
    return limiter;
}

static void limit(struct aur_limiter *limiter, struct aur_stereo *out, const struct aur_stereo *in, float ceiling)
{
    aur_limiter_run(limiter, out, in, limiter->kernels->loudest(in), ceiling);
}

/* `frames` of a wave, limited; the other side has something else and softer. */
static void limited(float *out, size_t frames, int kind, uint32_t rate, double ceiling_db)
{
    struct aur_limiter *limiter = limiter_new(rate);
    const double ceiling = pow(10, ceiling_db / 20);
    for (size_t at = 0; at < frames; at += AUR_BLOCK) {
        struct aur_stereo in, block;
        for (size_t n = 0; n < AUR_BLOCK; n++) {
            in.r[n] = (float)wave(kind, at + n, ceiling);
            in.l[n] = -0.5f * (float)wave(kind, at + n + 7, ceiling);
        }
        limit(limiter, &block, &in, (float)ceiling);
        memcpy(out + at, block.r, sizeof block.r);
    }
    free(limiter);
}

static void ceiling_is_held(void **state)
{
    static const double ceilings[] = {0, -1, -1.5, -24}; /* of a batch's peak and the table's ends and default */
    static float out[FRAMES];
    (void)state;
    for (int r = 0; r < RATES; r++)
        for (size_t c = 0; c < sizeof ceilings / sizeof *ceilings; c++) {
            double ebur = -99, meter = -99;
            for (int kind = 0; kind < WAVES; kind++) {
                limited(out, FRAMES, kind, rates[r], ceilings[c]);
                const double e = ebur_peak(out, FRAMES, rates[r]), m = meter_peak(out, FRAMES);
                if (!(e <= ceilings[c]) || !(m <= ceilings[c]))
                    fail_msg("ceiling %g dB, wave %d at %u Hz: %.2f and %.2f dBTP", ceilings[c], kind, rates[r], e, m);
                assert_true(e > ceilings[c] - 12); /* and not by silencing it */
                ebur = e > ebur ? e : ebur;
                meter = m > meter ? m : meter;
            }
            printf("ceiling %5.1f dB at %u Hz: at most %.2f (libebur128) and %.2f dBTP (192 kHz)\n", ceilings[c],
                   rates[r], ebur, meter);
        }
}

/* A ceiling is used, not only kept: an ordinary tone that is far too loud comes out not much below it. */
static void loudness_is_not_wasted(void **state)
{
    static float out[44100 / AUR_BLOCK * AUR_BLOCK];
    (void)state;
    struct aur_limiter *limiter = limiter_new(44100);
    for (size_t at = 0; at < sizeof out / sizeof *out; at += AUR_BLOCK) {
        struct aur_stereo in, block;
        for (size_t n = 0; n < AUR_BLOCK; n++)
            in.l[n] = in.r[n] = 3 * sinf(0.05f * (float)(at + n));
        limit(limiter, &block, &in, 0.841f);
        memcpy(out + at, block.l, sizeof block.l);
    }
    const double peak = ebur_peak(out, sizeof out / sizeof *out, 44100);
    printf("a tone under -1.5 dB: %.2f dBTP\n", peak);
    assert_true(peak > -1.5 - 0.5);
    free(limiter);
}

static void transparent_below(void **state)
{
    (void)state;
    struct aur_limiter *limiter = limiter_new(44100);
    for (uint64_t b = 0; b < 1000; b++) {
        struct aur_stereo in, out;
        for (int n = 0; n < AUR_BLOCK; n++) {
            in.l[n] = 0.6f * (float)sin(0.1 * (double)(b * AUR_BLOCK + (uint64_t)n));
            in.r[n] = 0.5f * in.l[n];
        }
        limit(limiter, &out, &in, 0.841f);
        for (int n = 0; n < AUR_BLOCK && b >= AUR_LIMITER_BLOCKS; n++) {
            uint64_t then = b * AUR_BLOCK + (uint64_t)n - AUR_LIMITER_FRAMES;
            assert_true(out.l[n] == 0.6f * (float)sin(0.1 * (double)then));
        }
    }
    free(limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ceiling_is_held, meter_init),
        cmocka_unit_test(loudness_is_not_wasted),
        cmocka_unit_test(transparent_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
