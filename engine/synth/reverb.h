/* The reverb as an effect: settings that glide, predelay, the tank of kernels/, a high-passed return. [render] */
#ifndef AUR_SYNTH_REVERB_H
#define AUR_SYNTH_REVERB_H

#include "kernels/kernels.h"
#include "score/patch.h"
#include "synth/glide.h"
#include "synth/line.h"

struct aur_reverb_fx {
    struct aur_reverb tank;
    const struct aur_kernels *kernels;
    double rate;
    struct aur_glide fall, damping, modulation, highpass, level; /* fall: 1 / decay, so that gains glide evenly */
    float decay;                                                 /* asked for, in seconds */
    uint32_t predelay;                                           /* asked for, in frames */
    struct aur_line line;
    struct aur_onepole high[2];
    float wet;       /* gain of the return reached */
    uint32_t quiet;  /* blocks since anything above silence went in or came out */
    uint64_t caught; /* blocks that held NaN or infinity */
    float *memory;
    size_t floats;
};

/* Floats of memory needed at this rate; the memory must be aligned to 64 bytes and zero. */
size_t aur_reverb_floats(uint32_t rate_hz);
void aur_reverb_init(struct aur_reverb_fx *fx, const struct aur_kernels *kernels, uint32_t rate_hz, float *memory);

/* Settings to be reached in so many blocks; 0: at once. */
void aur_reverb_set(struct aur_reverb_fx *fx, const struct aur_effect_settings *settings, uint32_t glide_blocks);

/* Adds the wet signal of one block to out. */
void aur_reverb_render(struct aur_reverb_fx *fx, struct aur_stereo *out, const struct aur_stereo *in);

#endif
