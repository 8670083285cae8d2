/* A look-ahead limiter that works on blocks. Render thread.
 *
 * Each block's true peak gives the gain it needs. Gains live at block edges and are joined by lines, so an edge must suit
 * the block on either side; the least over four edges, let go slowly and averaged over four, is a smooth gain that is
 * low enough wherever it must be. The interpolators know a peak up to twelve frames late, so a block counts with the
 * detection after its own as well. */
#include "synth/limiter.h"

#include <string.h>

#include "base/real.h"

#define RELEASE_SECONDS 0.15
/* Both as limiter.h has them: 1 / (1.02 * 1.017) and 1 / (1.29 * 1.017), a little less. */
#define MARGIN 0.96f
#define CALM   0.76f

void aur_limiter_init(struct aur_limiter *limiter, const struct aur_kernels *kernels, uint32_t rate_hz)
{
    memset(limiter, 0, sizeof *limiter);
    limiter->kernels = kernels;
    limiter->gain = 1;
    limiter->calm = 1;
    limiter->release = (float)(1 - aur_exp(-AUR_BLOCK / (RELEASE_SECONDS * (double)rate_hz)));
    for (int i = 0; i < AUR_LIMITER_BLOCKS + 2; i++)
        limiter->need[i] = 1;
    for (int i = 0; i < 4; i++)
        limiter->floor[i] = 1;
}

/* Slot of the block `behind` blocks before the newest. */
static uint32_t newest(const struct aur_limiter *limiter, uint32_t behind)
{
    return (limiter->at + AUR_LIMITER_BLOCKS - behind) % (AUR_LIMITER_BLOCKS + 1);
}

static float least(float a, float b)
{
    return a < b ? a : b;
}

static float most(float a, float b)
{
    return a > b ? a : b;
}

typedef float peak_fn(const float *x);

/* What a kernel finds in one side of a block, `behind` being the block before. */
static float peak_of(peak_fn *peak, const float *behind, const float *in)
{
    float x[AUR_FINER_TAPS + AUR_BLOCK];
    memcpy(x, behind + AUR_BLOCK - AUR_FINER_TAPS, AUR_FINER_TAPS * sizeof *x);
    memcpy(x + AUR_FINER_TAPS, in, AUR_BLOCK * sizeof *x);
    return peak(x + AUR_FINER_TAPS);
}

/* Of the block `behind` blocks before the newest. */
static float block_peak(const struct aur_limiter *limiter, peak_fn *peak, uint32_t behind)
{
    const struct aur_stereo *in = &limiter->held[newest(limiter, behind)];
    const struct aur_stereo *before = &limiter->held[newest(limiter, behind + 1)];
    return most(peak_of(peak, before->l, in->l), peak_of(peak, before->r, in->r));
}

/* Gain for the newest block held, whose largest sample is `loudest`. The interpolators run only where they could matter:
 * the finer ones over each block that is not calm and over those beside it, for a peak may lie where blocks meet. */
static float needed(struct aur_limiter *limiter, float loudest, float ceiling)
{
    const struct aur_kernels *k = limiter->kernels;
    const float reach = most(loudest, limiter->loudest);
    const uint32_t was_calm = limiter->calm, was_fine = limiter->fine;
    limiter->loudest = loudest;
    float peak = reach * AUR_PEAK_BOUND < ceiling ? 0 : block_peak(limiter, k->true_peak, 0);
    limiter->calm = peak < ceiling * CALM;
    limiter->fine = !limiter->calm || !was_calm;
    if (!limiter->fine)
        return 1;
    peak = most(peak, block_peak(limiter, k->finer_peak, 0));
    if (!was_fine)
        peak = most(peak, block_peak(limiter, k->finer_peak, 1));
    return peak > ceiling * MARGIN ? ceiling * MARGIN / peak : 1;
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

void aur_limiter_run(struct aur_limiter *limiter, struct aur_stereo *out, const struct aur_stereo *in, float loudest,
                     float ceiling)
{
    const struct aur_kernels *k = limiter->kernels;
    static const struct aur_stereo silence;
    if (!(loudest < 1e9f)) {
        limiter->caught++;
        loudest = 0;
        in = &silence;
    }
    limiter->held[newest(limiter, 0)] = *in;
    float to = next_gain(limiter, needed(limiter, loudest, ceiling));
    const struct aur_stereo *oldest = &limiter->held[limiter->at];
    if (limiter->gain < 1 || to < 1) {
        *out = silence;
        k->mix(out, oldest, limiter->gain, to);
        for (int n = 0; n < AUR_BLOCK; n++) {
            out->l[n] = clip(out->l[n], ceiling);
            out->r[n] = clip(out->r[n], ceiling);
        }
    } else {
        *out = *oldest;
    }
    limiter->gain = to;
    limiter->at = (limiter->at + 1) % (AUR_LIMITER_BLOCKS + 1);
}
