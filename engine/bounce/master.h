/* What may be done to the finished sound of a render before it goes into files: gain, and a true-peak limiter (the synth's
 * own, synth/limiter.h). The struct is the caller's; one thread. */
#ifndef AUR_BOUNCE_MASTER_H
#define AUR_BOUNCE_MASTER_H

#include "bounce/bounce.h"
#include "synth/limiter.h"

struct aur_master {
    float gain, ceiling;
    bool limit;
    uint32_t early; /* frames that the limiter still owes before the first one */
    struct aur_limiter limiter;
};

/* What can come out late at the end: frames of silence to run through, a multiple of 64. */
#define AUR_MASTER_LATE AUR_LIMITER_FRAMES

void aur_master_init(struct aur_master *master, const struct aur_bounce_master *wanted, enum aur_isa isa,
                     uint32_t rate_hz);
/* Works in place on interleaved frames, a multiple of 64. Returns how many of them, from the start, are to be dropped: the
 * limiter is late. */
size_t aur_master_run(struct aur_master *master, float *interleaved, size_t frames);

#endif
