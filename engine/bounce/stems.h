/* The stems of a render: files of each patch, of what effects return, of the mix they sum to, and of the master.
 *
 * The sum of stems and returns, in single precision and in the order of synth/taps.h, is the mix: that is checked over every
 * sample that is written, before samples are made shorter or resampled, and told. The mix is what the master, which is the
 * render itself, is made of (tilt, level, limiter, fade). All files begin at the same moment and have the same length: stems
 * are late by as much as the master's limiter is. A file appears for what sounds; patches that come later begin with silence.
 * Memory does not depend on the length. The thread of the render. */
#ifndef AUR_BOUNCE_STEMS_H
#define AUR_BOUNCE_STEMS_H

#include "bounce/bounce.h"

#define AUR_STEMS_MAX 128 /* patches of one render */

struct aur_stems;

struct aur_stems_config {
    const struct aur_bounce_stems *wanted; /* borrowed */
    bool force;
    uint32_t rate_hz, file_rate_hz; /* of synthesis; of the files */
    uint64_t file_frames;
    uint64_t from_frame;     /* of the synth: where the files begin */
    uint64_t seed;           /* of dither */
    const char *serial_name; /* likewise */
    const struct aur_tags *tags;
};

/* AUR_EINVAL, AUR_EIO: what is asked for cannot be done, or files are in the way. */
AUR_MUST_USE int aur_stems_check(const struct aur_bounce_stems *wanted, bool force, struct aur_error *err);
/* Makes the folder and opens mix and master. Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_stems_new(struct aur_stems **out, const struct aur_stems_config *config, struct aur_error *err);
/* Before the synth renders what is to be written; stems from the first frame on need AUR_SYNTH_LATENCY_FRAMES before it.
 * Errors: AUR_ENOTSUP. */
AUR_MUST_USE int aur_stems_listen(struct aur_stems *stems, struct aur_synth *synth, struct aur_error *err);
/* The synth has handed out so many frames more, at most 16384, of those that are to be written. Errors: AUR_EIO, AUR_ENOMEM,
 * AUR_ELIMIT (too many patches). */
AUR_MUST_USE int aur_stems_write(struct aur_stems *stems, size_t frames, struct aur_error *err);
/* The same frames as they go into the render's own files. */
AUR_MUST_USE int aur_stems_master(struct aur_stems *stems, const float *interleaved, size_t frames,
                                  struct aur_error *err);
/* Completes the files, still under other names. */
AUR_MUST_USE int aur_stems_finish(struct aur_stems *stems, struct aur_error *err);
/* Gives them their names; on failure none has one. */
AUR_MUST_USE int aur_stems_publish(struct aur_stems *stems, struct aur_error *err);
/* Takes the files away again. */
void aur_stems_withdraw(struct aur_stems *stems);
void aur_stems_tell(const struct aur_stems *stems, void (*on_stems)(void *user, const struct aur_stems_told *told),
                    void *user);
/* Removes what has no name yet. NULL is legal. */
void aur_stems_free(struct aur_stems *stems);

#endif
