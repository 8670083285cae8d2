/* Effects and master: sends in, the mix out. Settings and live controls glide. [render] */
#ifndef AUR_SYNTH_EFFECTS_H
#define AUR_SYNTH_EFFECTS_H

#include "synth/bus.h"
#include "synth/chorus.h"
#include "synth/delay.h"
#include "synth/limiter.h"
#include "synth/reverb.h"
#include "synth/tilt.h"

struct aur_effects_chain {
    bool on; /* reverb, delay, chorus and tilt */
    const struct aur_kernels *kernels;
    double rate;
    struct aur_reverb_fx reverb;
    struct aur_delay_fx delay;
    struct aur_chorus_fx chorus;
    struct aur_tilt_fx tilt;
    struct aur_glide master, ceiling;     /* gains */
    struct aur_glide level, bright, lean; /* live: gain, octaves, intensity - 0.5 */
    float gain;                           /* of the whole, reached */
    struct aur_onepole subsonic;
    struct aur_limiter limiter;
};

size_t aur_effects_floats(uint32_t rate_hz, bool on);
void aur_effects_init(struct aur_effects_chain *fx, const struct aur_kernels *kernels, uint32_t rate_hz, bool on,
                      float *memory);

void aur_effects_set(struct aur_effects_chain *fx, const struct aur_effect_settings *settings, int bpm,
                     uint32_t glide_blocks);
/* level, brightness, intensity in [0, 1]. */
void aur_effects_live(struct aur_effects_chain *fx, float level, float brightness, float intensity,
                      uint32_t glide_blocks);
/* Octaves the live controls add to every cutoff; moves the glides on: call first in a block, once. */
float aur_effects_bright(struct aur_effects_chain *fx);

/* The two glides that voices hear, for who renders these ahead of the effects: where live controls send them, and the
 * octaves they come to. */
void aur_effects_live_voices(struct aur_glide *bright, struct aur_glide *lean, float brightness, float intensity,
                             uint32_t glide_blocks);
float aur_effects_octaves(const struct aur_glide *bright, const struct aur_glide *lean);

/* One block of the sends to one block of output. Changes the sends. */
void aur_effects_render(struct aur_effects_chain *fx, struct aur_stereo *out, struct aur_sends *sends);

#endif
