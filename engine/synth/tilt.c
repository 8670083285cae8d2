/* The tilt equaliser: a one-pole low-pass splits, both parts get gains that glide. Render thread. */
#include "synth/tilt.h"

#include <string.h>

#include "synth/plan.h"

/* With the pole at the centre over the gain of the lows, the centre's own gain is 1. */
static void reach(struct aur_tilt_fx *fx)
{
    const float half = 0.5f * fx->tilt.now, high = aur_plan_gain(half);
    fx->high_gain = half == 0 ? 1 : high;
    fx->low_gain = half == 0 ? 0 : aur_plan_gain(-half) - high;
    aur_onepole_set(&fx->low, (double)fx->centre.now * (double)fx->high_gain, fx->rate);
}

void aur_tilt_init(struct aur_tilt_fx *fx, uint32_t rate_hz)
{
    memset(fx, 0, sizeof *fx);
    fx->rate = (double)rate_hz;
}

void aur_tilt_set(struct aur_tilt_fx *fx, const struct aur_effect_settings *settings, uint32_t glide_blocks)
{
    aur_glide_to(&fx->tilt, aur_plan_effect(settings, AUR_EFFECT_TILT, "tilt"), glide_blocks);
    aur_glide_to(&fx->centre, aur_plan_effect(settings, AUR_EFFECT_TILT, "centre"), glide_blocks);
    if (glide_blocks == 0)
        reach(fx);
}

void aur_tilt_run(struct aur_tilt_fx *fx, const struct aur_kernels *k, struct aur_stereo *x)
{
    const float high = fx->high_gain, low = fx->low_gain;
    bool moved = aur_glide_next(&fx->tilt);
    moved |= aur_glide_next(&fx->centre);
    if (moved)
        reach(fx);
    if (low == 0 && fx->low_gain == 0) {
        memset(fx->low.y, 0, sizeof fx->low.y);
        return;
    }
    struct aur_stereo in = *x, below = *x;
    aur_onepole_low(&fx->low, k, &below);
    memset(x, 0, sizeof *x);
    k->mix(x, &in, high, fx->high_gain);
    k->mix(x, &below, low, fx->low_gain);
}
