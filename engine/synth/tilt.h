/* Tilts the whole: one end of the spectrum up, the other down by as much. [render] */
#ifndef AUR_SYNTH_TILT_H
#define AUR_SYNTH_TILT_H

#include "kernels/kernels.h"
#include "score/patch.h"
#include "synth/glide.h"
#include "synth/line.h"

struct aur_tilt_fx {
    double rate;
    struct aur_glide tilt, centre; /* dB, Hz */
    struct aur_onepole low;
    float high_gain, low_gain; /* reached; low_gain is of the low part beyond high_gain */
};

void aur_tilt_init(struct aur_tilt_fx *fx, uint32_t rate_hz);

/* Settings to be reached in so many blocks; 0: at once. */
void aur_tilt_set(struct aur_tilt_fx *fx, const struct aur_effect_settings *settings, uint32_t glide_blocks);

/* One block, in place. At 0 dB it changes nothing. */
void aur_tilt_run(struct aur_tilt_fx *fx, const struct aur_kernels *kernels, struct aur_stereo *x);

#endif
