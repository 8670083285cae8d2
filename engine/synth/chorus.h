/* A chorus: two moving copies a side, a few milliseconds late, that pass each other slowly. [render] */
#ifndef AUR_SYNTH_CHORUS_H
#define AUR_SYNTH_CHORUS_H

#include "kernels/kernels.h"
#include "score/patch.h"
#include "synth/glide.h"

#define AUR_CHORUS_TAPS 4 /* left, left, right, right */

struct aur_chorus_fx {
    const struct aur_kernels *kernels;
    double rate;
    float *ring[2];
    uint32_t mask, at; /* frames - 1; where the next block is written */
    struct aur_glide speed, depth, delay, reverb, level;
    uint32_t phase;                /* of the movement, 2^-32 cycles */
    float behind[AUR_CHORUS_TAPS]; /* frames, reached */
    uint32_t quiet;                /* blocks since anything went in */
    uint64_t caught;               /* blocks that held NaN or infinity */
};

/* Floats of memory needed at this rate; the memory must be zero. */
size_t aur_chorus_floats(uint32_t rate_hz);
void aur_chorus_init(struct aur_chorus_fx *fx, const struct aur_kernels *kernels, uint32_t rate_hz, float *memory);

/* Settings to be reached in so many blocks; 0: at once. */
void aur_chorus_set(struct aur_chorus_fx *fx, const struct aur_effect_settings *settings, uint32_t glide_blocks);

/* Adds one block of the copies to out, and their share to the reverb's input. in: NULL is silence. */
void aur_chorus_render(struct aur_chorus_fx *fx, struct aur_stereo *out, struct aur_stereo *to_reverb,
                       const struct aur_stereo *in);

#endif
