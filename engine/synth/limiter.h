/* The last stage: removes what is below hearing and keeps the true peak under a ceiling. [render]
 *
 * It looks ahead, so what comes out is AUR_LIMITER_FRAMES late. What stays 0.36 dB below the ceiling is only delayed.
 *
 * That margin is why the ceiling holds for meters too, whatever goes in. Ours are some interpolators of many; the most that
 * another reads above them, over all signals, is the answer of a linear programme (the meter's output, where those of ours
 * are all within 1). Above true_peak of the kernels it is 1.147 for libebur128's at 44.1 and 48 kHz, 1.196 at 96 kHz, and
 * 1.281 for ffmpeg's way to 192 kHz (sinc over 32 samples, Kaiser window with beta 9); above true_peak and finer_peak
 * together 1, 1.018 and 1.019. So finer_peak is asked where true_peak is not far below. A gain that moves by at most a
 * quarter in a block bends what lies between samples by less than 0.017 of the ceiling. */
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
    uint32_t calm, fine;                /* 0 or 1: the newest block is far below the ceiling; finer_peak looked at it */
    float need[AUR_LIMITER_BLOCKS + 2]; /* gain each of the last detections needs, newest first */
    float floor[4];                     /* least gains, smoothed upwards, newest first */
    float gain;                         /* at the start of the oldest block held */
    float release;                      /* share of the way back to 1 in a block */
    uint32_t at;
    uint64_t caught; /* blocks that held NaN or infinity */
};

void aur_limiter_init(struct aur_limiter *limiter, const struct aur_kernels *kernels, uint32_t rate_hz);

/* One block in, whose largest sample is `loudest` (see loudest of the kernels), the block of AUR_LIMITER_FRAMES ago out.
 * `ceiling` is a gain (0 dBTP is 1). */
void aur_limiter_run(struct aur_limiter *limiter, struct aur_stereo *out, const struct aur_stereo *in, float loudest,
                     float ceiling);

#endif
