/* A recorded session made ready to be played again: what replay, verify and diff begin with. Main thread. */
#ifndef AUR_APP_PLAYBACK_H
#define AUR_APP_PLAYBACK_H

#include "app/settings.h"
#include "base/log.h"
#include "bounce/bounce.h"

struct aur_playback {
    struct aur_archive *archive;
    struct aur_log *log;
    struct aur_tables *tables;
    struct aur_replay *replay;
    enum aur_isa isa;
};

/* Of scripts that are played again: the widest that settings allow. */
struct aur_script_limits aur_playback_limits(void);

/* session: as for aur_recorded_open. Warns on stderr where the session was recorded by a program that sounds otherwise. Errors:
 * those of aur_recorded_open, AUR_EINVAL, AUR_ENOMEM; then there is nothing to close. */
AUR_MUST_USE int aur_playback_open(struct aur_playback *out, const char *session, const struct aur_settings *settings,
                                   struct aur_error *err);
void aur_playback_close(struct aur_playback *playback); /* legal on a zeroed struct */

/* A request for these frames of it, without files. */
struct aur_bounce_request aur_playback_request(const struct aur_playback *playback, uint64_t from_frame,
                                               uint64_t to_frame);
/* h:mm:ss.mmm of a frame. */
#define AUR_PLAYBACK_TIME_SIZE 32
const char *aur_playback_time(char out[AUR_PLAYBACK_TIME_SIZE], uint64_t frame, uint32_t rate_hz);

#endif
