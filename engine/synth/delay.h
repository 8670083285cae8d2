/* A stereo delay in time with the music: left and right times of their own, repeats that cross sides and grow darker.
 * [render] */
#ifndef AUR_SYNTH_DELAY_H
#define AUR_SYNTH_DELAY_H

#include "kernels/kernels.h"
#include "score/patch.h"
#include "synth/glide.h"
#include "synth/line.h"

#define AUR_DELAY_SECONDS 6 /* at most */

struct aur_delay_fx {
    const struct aur_kernels *kernels;
    double rate;
    struct aur_line line;
    uint32_t time[2]; /* asked for, in frames */
    struct aur_glide feedback, cutoff, highpass, cross, reverb, level;
    struct aur_onepole low, high;
    uint32_t quiet; /* blocks since anything above silence went in or came out */
    uint64_t caught;
};

/* Floats of memory needed at this rate; the memory must be zero. */
size_t aur_delay_floats(uint32_t rate_hz);
void aur_delay_init(struct aur_delay_fx *fx, const struct aur_kernels *kernels, uint32_t rate_hz, float *memory);

/* Settings at a tempo, to be reached in so many blocks; 0: at once. */
void aur_delay_set(struct aur_delay_fx *fx, const struct aur_effect_settings *settings, int bpm, uint32_t glide_blocks);

/* Adds the repeats of one block to out, and their share to the reverb's input. */
void aur_delay_render(struct aur_delay_fx *fx, struct aur_stereo *out, struct aur_stereo *to_reverb,
                      const struct aur_stereo *in);

#endif
