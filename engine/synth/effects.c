/* What follows the buses. Render thread.
 *
 * Live controls: level is squared, so that it feels even; brightness moves all cutoffs by up to 1.5 octaves; intensity
 * leans on the whole by 1.5 dB and 0.3 octaves, and the reverb recedes a little as it grows. All are neutral at 1, 0.5
 * and 0.5. */
#include "synth/effects.h"

#include <string.h>

#include "base/real.h"

#define SUBSONIC_HZ 8

size_t aur_effects_floats(uint32_t rate_hz, bool on)
{
    return on ? aur_reverb_floats(rate_hz) + aur_delay_floats(rate_hz) + aur_chorus_floats(rate_hz) : 0;
}

void aur_effects_init(struct aur_effects_chain *fx, const struct aur_kernels *kernels, uint32_t rate_hz, bool on,
                      float *memory)
{
    memset(fx, 0, sizeof *fx);
    fx->on = on;
    fx->kernels = kernels;
    fx->rate = (double)rate_hz;
    if (on) {
        aur_reverb_init(&fx->reverb, kernels, rate_hz, memory);
        aur_delay_init(&fx->delay, kernels, rate_hz, memory + aur_reverb_floats(rate_hz));
        aur_chorus_init(&fx->chorus, kernels, rate_hz, memory + aur_reverb_floats(rate_hz) + aur_delay_floats(rate_hz));
        aur_tilt_init(&fx->tilt, rate_hz);
    }
    aur_limiter_init(&fx->limiter, kernels, rate_hz);
    aur_onepole_set(&fx->subsonic, SUBSONIC_HZ, fx->rate);
    struct aur_effect_settings settings;
    aur_effect_default(&settings);
    aur_effects_set(fx, &settings, 70, 0);
    aur_effects_live(fx, 1, 0.5f, 0.5f, 0);
}

static float whole_gain(const struct aur_effects_chain *fx)
{
    float lean = fx->lean.now == 0 ? 1 : aur_plan_gain(3 * fx->lean.now);
    return fx->master.now * fx->level.now * lean;
}

void aur_effects_set(struct aur_effects_chain *fx, const struct aur_effect_settings *settings, int bpm,
                     uint32_t glide_blocks)
{
    aur_glide_to(&fx->master, aur_plan_gain(aur_plan_effect(settings, AUR_EFFECT_MASTER, "level")), glide_blocks);
    aur_glide_to(&fx->ceiling, aur_plan_gain(aur_plan_effect(settings, AUR_EFFECT_MASTER, "ceiling")), glide_blocks);
    if (fx->on) {
        aur_reverb_set(&fx->reverb, settings, glide_blocks);
        aur_delay_set(&fx->delay, settings, bpm, glide_blocks);
        aur_chorus_set(&fx->chorus, settings, glide_blocks);
        aur_tilt_set(&fx->tilt, settings, glide_blocks);
    }
}

void aur_effects_live_voices(struct aur_glide *bright, struct aur_glide *lean, float brightness, float intensity,
                             uint32_t glide_blocks)
{
    aur_glide_to(bright, 3 * (brightness - 0.5f), glide_blocks);
    aur_glide_to(lean, intensity - 0.5f, glide_blocks);
}

float aur_effects_octaves(const struct aur_glide *bright, const struct aur_glide *lean)
{
    return bright->now + 0.6f * lean->now;
}

void aur_effects_live(struct aur_effects_chain *fx, float level, float brightness, float intensity,
                      uint32_t glide_blocks)
{
    aur_glide_to(&fx->level, level * level, glide_blocks);
    aur_effects_live_voices(&fx->bright, &fx->lean, brightness, intensity, glide_blocks);
    if (glide_blocks == 0)
        fx->gain = whole_gain(fx);
}

float aur_effects_bright(struct aur_effects_chain *fx)
{
    aur_glide_next(&fx->level);
    aur_glide_next(&fx->bright);
    aur_glide_next(&fx->lean);
    aur_glide_next(&fx->master);
    aur_glide_next(&fx->ceiling);
    return aur_effects_octaves(&fx->bright, &fx->lean);
}

static struct aur_stereo *scaled(const struct aur_kernels *k, struct aur_stereo *out, const struct aur_stereo *in,
                                 float from, float to)
{
    memset(out, 0, sizeof *out);
    k->mix(out, in, from, to);
    return out;
}

/* What an effect adds goes to dry, or if somebody wants it for itself, to a stretch of its own first. */
static struct aur_stereo *apart(struct aur_stereo *wet, struct aur_sends *sends)
{
    if (!sends->taps)
        return &sends->dry;
    memset(wet, 0, sizeof *wet);
    return wet;
}

static void tap(const struct aur_kernels *k, struct aur_sends *sends, enum aur_tap_kind tap,
                const struct aur_stereo *wet)
{
    if (!sends->taps)
        return;
    k->mix(&sends->dry, wet, 1, 1);
    sends->taps->part(sends->taps->user, tap, NULL, wet->l, wet->r);
}

static void render_returns(struct aur_effects_chain *fx, struct aur_sends *sends)
{
    const struct aur_kernels *k = fx->kernels;
    struct aur_stereo less, wet, *to_reverb = &sends->reverb;
    const float share = 1 - 0.5f * fx->lean.now;
    if (share != 1)
        to_reverb = scaled(k, &less, to_reverb, share, share);
    aur_chorus_render(&fx->chorus, apart(&wet, sends), to_reverb, sends->chorused ? &sends->chorus : NULL);
    tap(k, sends, AUR_TAP_CHORUS, &wet);
    aur_delay_render(&fx->delay, apart(&wet, sends), to_reverb, &sends->delay);
    tap(k, sends, AUR_TAP_DELAY, &wet);
    aur_reverb_render(&fx->reverb, apart(&wet, sends), to_reverb);
    tap(k, sends, AUR_TAP_REVERB, &wet);
}

/* What is neither scaled nor moved is worked on where it lies. */
void aur_effects_render(struct aur_effects_chain *fx, struct aur_stereo *out, struct aur_sends *sends)
{
    const struct aur_kernels *k = fx->kernels;
    if (fx->on)
        render_returns(fx, sends);
    if (sends->taps)
        sends->taps->part(sends->taps->user, AUR_TAP_MIX, NULL, sends->dry.l, sends->dry.r);
    if (fx->on)
        aur_tilt_run(&fx->tilt, k, &sends->dry);
    struct aur_stereo scaled_whole, *whole = &sends->dry;
    float gain = whole_gain(fx);
    if (fx->gain != 1 || gain != 1)
        whole = scaled(k, &scaled_whole, whole, fx->gain, gain);
    fx->gain = gain;
    float loudest = aur_onepole_high(&fx->subsonic, k, whole);
    aur_limiter_run(&fx->limiter, out, whole, loudest, fx->ceiling.now);
}
