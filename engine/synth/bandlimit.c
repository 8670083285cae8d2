/* A Fourier transform of a cycle, its partials cut off an octave apart, and back. Loader threads.
 *
 * The transform is our own, in doubles without fused operations, with angles from base/real.h: libraries' differ between
 * processors. Going back, two levels travel together, as real and imaginary part. */
#include "synth/bandlimit.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/real.h"

#define TAU    6.28318530717958647692
#define FRAMES AUR_WAVE_FRAMES
#define MOST   (1u << (AUR_WAVE_LEVELS - 1)) /* partials */

void aur_bandlimit_init(struct aur_bandlimit *work)
{
    for (int i = 0; i < FRAMES / 2; i++) {
        work->cosine[i] = aur_cos(TAU * i / FRAMES);
        work->sine[i] = aur_sin(TAU * i / FRAMES);
    }
}

static void swap(double *x, unsigned i, unsigned k)
{
    double was = x[i];
    x[i] = x[k];
    x[k] = was;
}

/* Cooley and Tukey 1965, in place; e^(+i w) in the sum. */
static void transform(struct aur_bandlimit *w)
{
    double *re = w->re, *im = w->im;
    for (unsigned i = 1, k = 0; i < FRAMES; i++) {
        unsigned bit = FRAMES / 2;
        for (; k & bit; bit /= 2)
            k ^= bit;
        k ^= bit;
        if (i < k) {
            swap(re, i, k);
            swap(im, i, k);
        }
    }
    for (unsigned half = 1; half < FRAMES; half *= 2)
        for (unsigned at = 0; at < FRAMES; at += 2 * half)
            for (unsigned j = 0; j < half; j++) {
                const unsigned p = at + j, q = p + half, turn = j * (FRAMES / 2 / half);
                const double c = w->cosine[turn], s = w->sine[turn];
                const double x = re[q] * c - im[q] * s, y = re[q] * s + im[q] * c;
                re[q] = re[p] - x;
                im[q] = im[p] - y;
                re[p] += x;
                im[p] += y;
            }
}

/* Fills a and b: the cycle is the sum of a cos(k w) + b sin(k w). Returns its power up to `partials`. */
static double analyse(struct aur_bandlimit *w, const float *cycle, unsigned partials)
{
    double power = 0;
    for (int i = 0; i < FRAMES; i++) {
        w->re[i] = (double)cycle[i];
        w->im[i] = 0;
    }
    transform(w);
    for (unsigned k = 0; k < MOST; k++) {
        w->a[k] = k < partials ? w->re[k + 1] * 2 / FRAMES : 0;
        w->b[k] = k < partials ? w->im[k + 1] * 2 / FRAMES : 0;
        power += w->a[k] * w->a[k] + w->b[k] * w->b[k];
    }
    return power;
}

/* Adds the first n partials times scale, as the real part of what will be, or as the imaginary one. */
static void put(struct aur_bandlimit *w, unsigned n, double scale, bool imaginary)
{
    for (unsigned k = 1; k <= n; k++) {
        const double a = scale / 2 * w->a[k - 1], b = scale / 2 * w->b[k - 1];
        const unsigned mirror = FRAMES - k;
        w->re[k] += imaginary ? b : a;
        w->im[k] += imaginary ? a : -b;
        w->re[mirror] += imaginary ? -b : a;
        w->im[mirror] += imaginary ? a : b;
    }
}

static void write_level(float *out, const double *values)
{
    for (int i = 0; i < AUR_WAVE_STRIDE; i++)
        out[i] = (float)values[i % FRAMES];
}

double aur_bandlimit(struct aur_bandlimit *work, float *out, const float *cycle, unsigned partials)
{
    const double power = analyse(work, cycle, partials);
    if (!(power >= AUR_BANDLIMIT_QUIET && power < 1e30))
        return power;
    for (unsigned level = 0; level < AUR_WAVE_LEVELS; level += 2) {
        memset(work->re, 0, sizeof work->re);
        memset(work->im, 0, sizeof work->im);
        put(work, 1u << level, 1 / sqrt(power), false);
        if (level + 1 < AUR_WAVE_LEVELS)
            put(work, 2u << level, 1 / sqrt(power), true);
        transform(work);
        write_level(out + level * AUR_WAVE_STRIDE, work->re);
        if (level + 1 < AUR_WAVE_LEVELS)
            write_level(out + (level + 1) * AUR_WAVE_STRIDE, work->im);
    }
    return power;
}
