/* Where the music of a recorded session stood, so that a channel can go on from there after a restart. Main thread. */
#ifndef AUR_APP_RESUME_H
#define AUR_APP_RESUME_H

#include "app/stage.h"
#include "channel/channel.h"
#include "journal/archive.h"

struct aur_resumed {
    char session[AUR_SESSION_ID_SIZE];
    struct aur_piece *piece; /* of the texts that played then; a reference */
    struct aur_controls controls;
    uint64_t seed;
    char *state;
    struct aur_channel_start start; /* points to the above */
};

/* The newest session of the channel in which a phrase was composed: what comes after its last phrase, with the controls as they
 * were set last. Not copied about: it points to itself. The caller ends it with aur_resumed_deinit. Errors: AUR_ENOTFOUND (there is none); of
 * the archive and of aur_bundle_load; then there is nothing to end. */
AUR_MUST_USE int aur_resume(struct aur_resumed *out, struct aur_archive *archive, const char *channel,
                            const struct aur_stage *stage, struct aur_error *err);
void aur_resumed_deinit(struct aur_resumed *resumed);

#endif
