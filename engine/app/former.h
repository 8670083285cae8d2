/* The branches that a recorded session left, and the places that can be gone back to from its end: read from it and from the
 * sessions that it goes on from. Main thread, at start. */
#ifndef AUR_APP_FORMER_H
#define AUR_APP_FORMER_H

#include "app/stage.h"
#include "channel/branch.h"
#include "journal/branches.h"

/* How many sessions are looked through, newest first: as many restarts ago a branch may have been left. */
#define AUR_FORMER_SESSIONS 256

/* *out is malloc'd and ended with aur_former_free. Its last branch is the one that composed last, and is there in full. Another whose
 * session or piece cannot be had any more is left out, and the log says so. Errors: AUR_ENOTFOUND (the session has no phrase); of
 * the archive and of aur_bundle_load, for that last branch; AUR_ENOMEM. */
AUR_MUST_USE int aur_former_read(struct aur_former **out, struct aur_archive *archive, const char *session,
                                 const struct aur_stage *stage, struct aur_error *err);
void aur_former_free(struct aur_former *former); /* NULL is legal */

#endif
