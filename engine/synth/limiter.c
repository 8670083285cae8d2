/* A look-ahead limiter that works on blocks. Render thread.
 *
 * Each block's true peak gives the gain it needs. Gains live at block edges and are joined by lines, so an edge must suit
 * the block on either side; the least over four edges, let go slowly and averaged over four, is a smooth gain that is
 * low enough wherever it must be. The interpolator knows a peak eight frames late, so a block counts with the detection
 * after its own as well. */
#include "synth/limiter.h"

#include <string.h>

#include "base/real.h"

#define RELEASE_SECONDS 0.15
/* Other interpolators see up to this much more than ours, and a gain in motion bends what lies between samples. */
#define MARGIN 0.95f

void aur_limiter_init(struct aur_limiter *limiter, const struct aur_kernels *kernels, uint32_t rate_hz)
{
    memset(limiter, 0, sizeof *limiter);
    limiter->kernels = kernels;
    limiter->gain = 1;
    limiter->release = (float)(1 - aur_exp(-AUR_BLOCK / (RELEASE_SECONDS * (double)rate_hz)));
    for (int i = 0; i < AUR_LIMITER_BLOCKS + 2; i++)
        limiter->need[i] = 1;
    for (int i = 0; i < 4; i++)
        limiter->floor[i] = 1;
}

static float least(float a, float b)
{
    return a < b ? a : b;
}

/* Magnitude of this block of one side; the interpolator runs only where its result could matter. */
static float detect(struct aur_limiter *limiter, int side, const float *in, float ceiling)
{
    const struct aur_kernels *k = limiter->kernels;
    float *history = limiter->history[side], *now = history + AUR_PEAK_TAPS;
    memmove(history, history + AUR_BLOCK, AUR_PEAK_TAPS * sizeof *history);
    memcpy(now, in, AUR_BLOCK * sizeof *now);
    float peak = k->peak(now);
    for (int i = 0; i < AUR_PEAK_TAPS; i++)
        peak = history[i] > peak ? history[i] : -history[i] > peak ? -history[i] : peak;
    return peak * AUR_PEAK_BOUND < ceiling ? peak : k->true_peak(now);
}

static float needed(struct aur_limiter *limiter, const struct aur_stereo *in, float ceiling)
{
    float l = detect(limiter, 0, in->l, ceiling), r = detect(limiter, 1, in->r, ceiling);
    float most = l > r ? l : r;
    return most > ceiling ? ceiling / most : 1;
}

/* The gain at the edge four blocks back, now that the newest detection is known. */
static float next_gain(struct aur_limiter *limiter, float need)
{
    memmove(limiter->need + 1, limiter->need, (AUR_LIMITER_BLOCKS + 1) * sizeof *limiter->need);
    limiter->need[0] = need;
    float low = 1;
    for (int i = 0; i < AUR_LIMITER_BLOCKS + 1; i++)
        low = least(low, limiter->need[i]);
    float up = limiter->floor[0] + limiter->release * (1 - limiter->floor[0]);
    up = up > 0.9999f ? 1 : up;
    memmove(limiter->floor + 1, limiter->floor, 3 * sizeof *limiter->floor);
    limiter->floor[0] = least(low, up);
    return 0.25f * ((limiter->floor[0] + limiter->floor[1]) + (limiter->floor[2] + limiter->floor[3]));
}

static float clip(float x, float limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

void aur_limiter_run(struct aur_limiter *limiter, struct aur_stereo *out, const struct aur_stereo *in, float ceiling)
{
    const struct aur_kernels *k = limiter->kernels;
    static const struct aur_stereo silence;
    if (!(k->peak(in->l) < 1e9f && k->peak(in->r) < 1e9f)) {
        limiter->caught++;
        in = &silence;
    }
    const uint32_t slots = AUR_LIMITER_BLOCKS + 1;
    limiter->held[(limiter->at + AUR_LIMITER_BLOCKS) % slots] = *in;
    float to = next_gain(limiter, needed(limiter, in, ceiling * MARGIN));
    *out = silence;
    k->mix(out, &limiter->held[limiter->at], limiter->gain, to);
    if (limiter->gain < 1 || to < 1)
        for (int n = 0; n < AUR_BLOCK; n++) {
            out->l[n] = clip(out->l[n], ceiling);
            out->r[n] = clip(out->r[n], ceiling);
        }
    limiter->gain = to;
    limiter->at = (limiter->at + 1) % slots;
}
