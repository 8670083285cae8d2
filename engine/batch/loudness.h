/* Integrated loudness (ITU-R BS.1770-4, EBU R 128) and true peak of what a render gives. libebur128 measures. The struct is the
 * caller's; one thread. */
#ifndef AUR_BATCH_LOUDNESS_H
#define AUR_BATCH_LOUDNESS_H

#include <ebur128.h>

#include "bounce/bounce.h"

struct aur_loudness {
    ebur128_state *state;
    bool failed;
};

struct aur_loudness_result {
    double lufs;      /* -HUGE_VAL: silence */
    double peak_dbtp; /* the same */
};

AUR_MUST_USE int aur_loudness_init(struct aur_loudness *loudness, uint32_t rate_hz, struct aur_error *err);
void aur_loudness_deinit(struct aur_loudness *loudness); /* legal on a zeroed struct */
/* For aur_bounce_request.on_audio with user the struct. */
void aur_loudness_add(void *user, const float *interleaved, size_t frames);
AUR_MUST_USE int aur_loudness_end(struct aur_loudness *loudness, struct aur_loudness_result *out,
                                  struct aur_error *err);

/* The gain that brings what was measured to the target, in hundredths of a decibel, so that a last bit of the measurement
 * changes no sample. AUR_EINVAL: silence; or the peaks would go above peak_dbtp and limit is false. */
AUR_MUST_USE int aur_loudness_master(struct aur_bounce_master *out, const struct aur_loudness_result *measured,
                                     double target_lufs, double peak_dbtp, bool limit, struct aur_error *err);

#endif
