/* The last stage: removes what is below hearing and keeps the true peak under a ceiling. [render]
 *
 * It looks ahead, so what comes out is AUR_LIMITER_FRAMES late. Below the ceiling it changes nothing but the delay. */
#ifndef AUR_SYNTH_LIMITER_H
#define AUR_SYNTH_LIMITER_H

#include "kernels/kernels.h"
#include "synth/line.h"

#define AUR_LIMITER_BLOCKS 5
#define AUR_LIMITER_FRAMES (AUR_LIMITER_BLOCKS * AUR_BLOCK)

struct aur_limiter {
    const struct aur_kernels *kernels;
    struct aur_stereo held[AUR_LIMITER_BLOCKS + 1]; /* blocks on their way, oldest first from `at` */
    float loudest;                                  /* sample of the newest block */
    float need[AUR_LIMITER_BLOCKS + 2];             /* gain each of the last detections needs, newest first */
    float floor[4];                                 /* least gains, smoothed upwards, newest first */
    float gain;                                     /* at the start of the oldest block held */
    float release;                                  /* share of the way back to 1 in a block */
    uint32_t at;
    uint64_t caught; /* blocks that held NaN or infinity */
};

void aur_limiter_init(struct aur_limiter *limiter, const struct aur_kernels *kernels, uint32_t rate_hz);

/* One block in, whose largest sample is `loudest` (see loudest of the kernels), the block of AUR_LIMITER_FRAMES ago out.
 * `ceiling` is a gain (0 dBTP is 1). */
void aur_limiter_run(struct aur_limiter *limiter, struct aur_stereo *out, const struct aur_stereo *in, float loudest,
                     float ceiling);

#endif
