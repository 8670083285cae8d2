/* The delay. Render thread. What comes off the line is filtered, is heard, and goes back in; a time that changes fades
 * over from the old reading point to the new one. */
#include "synth/delay.h"

#include <string.h>

#include "synth/plan.h"

#define SILENCE 1e-8f

static uint32_t ring_frames(double rate)
{
    return ((uint32_t)(AUR_DELAY_SECONDS * rate) / AUR_BLOCK + 2) * AUR_BLOCK;
}

size_t aur_delay_floats(uint32_t rate_hz)
{
    return 2 * (size_t)ring_frames((double)rate_hz);
}

void aur_delay_init(struct aur_delay_fx *fx, const struct aur_kernels *kernels, uint32_t rate_hz, float *memory)
{
    memset(fx, 0, sizeof *fx);
    fx->kernels = kernels;
    fx->rate = (double)rate_hz;
    fx->quiet = UINT32_MAX / 2;
    aur_line_init(&fx->line, memory, ring_frames(fx->rate));
}

static uint32_t beats_to_frames(const struct aur_delay_fx *fx, float beats, int bpm)
{
    double frames = (double)beats * 60 / bpm * fx->rate + 0.5, most = AUR_DELAY_SECONDS * fx->rate;
    return (uint32_t)(frames < AUR_BLOCK ? AUR_BLOCK : frames > most ? most : frames);
}

static void tune(struct aur_delay_fx *fx)
{
    aur_onepole_set(&fx->low, (double)fx->cutoff.now, fx->rate);
    aur_onepole_set(&fx->high, (double)fx->highpass.now, fx->rate);
}

void aur_delay_set(struct aur_delay_fx *fx, const struct aur_effect_settings *settings, int bpm, uint32_t glide_blocks)
{
    const struct {
        struct aur_glide *glide;
        float value;
    } targets[] = {
        {&fx->feedback, aur_plan_effect(settings, AUR_EFFECT_DELAY, "feedback")},
        {&fx->cutoff, aur_plan_effect(settings, AUR_EFFECT_DELAY, "cutoff")},
        {&fx->highpass, aur_plan_effect(settings, AUR_EFFECT_DELAY, "highpass")},
        {&fx->cross, aur_plan_effect(settings, AUR_EFFECT_DELAY, "cross")},
        {&fx->reverb, aur_plan_effect(settings, AUR_EFFECT_DELAY, "reverb")},
        {&fx->level, aur_plan_gain(aur_plan_effect(settings, AUR_EFFECT_DELAY, "level"))},
    };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        aur_glide_to(targets[i].glide, targets[i].value, glide_blocks);
    fx->time[0] = beats_to_frames(fx, aur_plan_effect(settings, AUR_EFFECT_DELAY, "beats"), bpm);
    fx->time[1] = beats_to_frames(fx, aur_plan_effect(settings, AUR_EFFECT_DELAY, "beats_right"), bpm);
    aur_line_time(&fx->line, fx->time[0], fx->time[1], glide_blocks == 0);
    if (glide_blocks == 0)
        tune(fx);
}

static void move(struct aur_delay_fx *fx)
{
    aur_glide_next(&fx->feedback);
    aur_glide_next(&fx->cross);
    bool moved = aur_glide_next(&fx->cutoff);
    moved |= aur_glide_next(&fx->highpass);
    if (moved)
        tune(fx);
    aur_line_time(&fx->line, fx->time[0], fx->time[1], 0);
}

static void feed_back(struct aur_delay_fx *fx, const struct aur_stereo *in, const struct aur_stereo *repeats)
{
    float *l = fx->line.l + fx->line.at, *r = fx->line.r + fx->line.at;
    const float own = fx->feedback.now * (1 - fx->cross.now), other = fx->feedback.now * fx->cross.now;
    fx->kernels->repeat(l, r, in, repeats, own, other);
    aur_line_next(&fx->line);
}

static void reset(struct aur_delay_fx *fx)
{
    memset(fx->line.l, 0, 2 * (size_t)fx->line.most * sizeof(float));
    memset(fx->low.y, 0, sizeof fx->low.y);
    memset(fx->high.y, 0, sizeof fx->high.y);
    fx->caught++;
}

/* Silence went in and came out for longer than the line is. */
static bool idle(const struct aur_delay_fx *fx)
{
    return fx->quiet > fx->line.frames / AUR_BLOCK;
}

void aur_delay_render(struct aur_delay_fx *fx, struct aur_stereo *out, struct aur_stereo *to_reverb,
                      const struct aur_stereo *in)
{
    const struct aur_kernels *k = fx->kernels;
    float level = fx->level.now, send = fx->reverb.now;
    aur_glide_next(&fx->level);
    aur_glide_next(&fx->reverb);
    move(fx);
    fx->quiet = aur_line_fed(k, in) ? 0 : fx->quiet + !idle(fx);
    if (idle(fx))
        return;
    struct aur_stereo repeats;
    aur_line_read(&fx->line, &repeats);
    float heard = aur_onepole_low_high(&fx->low, &fx->high, k, &repeats);
    if (!(heard < 1e6f)) {
        reset(fx);
        return;
    }
    if (heard > SILENCE)
        fx->quiet = 0;
    feed_back(fx, in, &repeats);
    const struct aur_send sends[] = {{out, level, fx->level.now},
                                     {to_reverb, level * send, fx->level.now * fx->reverb.now}};
    k->send(sends, 2, &repeats);
}
