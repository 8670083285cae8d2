/* One cycle of any sound made into the levels of a wavetable shape. Doubles and base/real.h: the same bytes everywhere. */
#ifndef AUR_SYNTH_BANDLIMIT_H
#define AUR_SYNTH_BANDLIMIT_H

#include "kernels/kernels.h"

#define AUR_BANDLIMIT_QUIET 1e-8 /* power of a cycle that counts as silence, a sine of amplitude 1 being 1 */

/* Memory for the transform, made once for any number of cycles. */
struct aur_bandlimit {
    double cosine[AUR_WAVE_FRAMES / 2], sine[AUR_WAVE_FRAMES / 2];
    double re[AUR_WAVE_FRAMES], im[AUR_WAVE_FRAMES];
    double a[1 << (AUR_WAVE_LEVELS - 1)], b[1 << (AUR_WAVE_LEVELS - 1)]; /* of partials 1, 2, ... */
};

void aur_bandlimit_init(struct aur_bandlimit *work);

/* Writes AUR_WAVE_SHAPE_FLOATS: what the cycle of AUR_WAVE_FRAMES holds at 1 to `partials`, without DC, scaled to the power
 * of a sine of amplitude 1. Returns the power it had; below AUR_BANDLIMIT_QUIET, or not a number, nothing is written. Not on
 * a render worker: half a millisecond. */
double aur_bandlimit(struct aur_bandlimit *work, float *out, const float *cycle, unsigned partials);

#endif
