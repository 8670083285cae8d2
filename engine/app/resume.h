/* Where the music of a recorded session stood, so that a channel can go on from there after a restart. Main thread. */
#ifndef AUR_APP_RESUME_H
#define AUR_APP_RESUME_H

#include "app/stage.h"
#include "channel/branch.h"
#include "journal/archive.h"

struct aur_resumed {
    char session[AUR_SESSION_ID_SIZE];
    struct aur_former *former;      /* its branches and places, with pieces of the texts that played then */
    const struct aur_standing *at;  /* in it: where the current one stands */
    struct aur_channel_start start; /* points to the above */
};

/* The newest session of the channel in which a phrase was composed: what comes after its last phrase, with the controls as they
 * were set last, and its branches (app/former.h). Not copied about: it points to itself. The caller ends it with aur_resumed_deinit.
 * Errors: AUR_ENOTFOUND (there is none); those of aur_former_read; then there is nothing to end. */
AUR_MUST_USE int aur_resume(struct aur_resumed *out, struct aur_archive *archive, const char *channel,
                            const struct aur_stage *stage, struct aur_error *err);
void aur_resumed_deinit(struct aur_resumed *resumed);

#endif
