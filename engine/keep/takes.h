/* The takes there are, in memory and in the journal. What is in memory was written to the journal first, but for what a restart
 * finds out by itself: that a take is being rendered, and how far. One lock, never held by whoever must not wait. */
#ifndef AUR_KEEP_TAKES_H
#define AUR_KEEP_TAKES_H

#include "journal/archive.h"
#include "journal/journal.h"
#include "rt/thread.h"

struct aur_takes {
    struct aur_journal *journal;
    struct aur_lock lock;
    struct aur_take *items; /* by kept_at */
    size_t n, room;
    char rendering[AUR_TAKE_ID_SIZE]; /* "": none */
    double progress;                  /* of that one, 0 to 1 */
    int cancelled;                    /* stored atomically: that one is to be given up */
};

/* Reads them from the archive. Those that were being rendered wait again. Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_takes_init(struct aur_takes *takes, struct aur_journal *journal, struct aur_archive *archive,
                                struct aur_error *err);
void aur_takes_deinit(struct aur_takes *takes);

/* A copy of all, newest first, malloc'd; NULL: none, or out of memory. */
struct aur_take *aur_takes_copy(struct aur_takes *takes, size_t *n);
bool aur_takes_find(struct aur_takes *takes, struct aur_take *out, const char *id);
/* How far it is, 0 to 1: of one that waits 0, of one that is done 1. */
double aur_takes_progress(struct aur_takes *takes, const struct aur_take *take);
size_t aur_takes_waiting(struct aur_takes *takes);

/* A new one, or other values of one that is there. Errors: those of aur_journal_take_put; then nothing has changed. */
AUR_MUST_USE int aur_takes_put(struct aur_takes *takes, const struct aur_take *take, struct aur_error *err);
/* Changes name or state (NULL: as it is) of one. A state comes with its error text. Errors: AUR_ENOTFOUND; of the
 * journal. */
AUR_MUST_USE int aur_takes_change(struct aur_takes *takes, struct aur_take *out, const char *id, const char *name,
                                  const char *state, const char *why, struct aur_error *err);
/* Errors: AUR_ENOTFOUND; of the journal. One that is being rendered is given up. */
AUR_MUST_USE int aur_takes_delete(struct aur_takes *takes, const char *id, struct aur_error *err);

/* ---- the thread that renders ---- */

/* The oldest one that waits is being rendered from now on. False: none. */
bool aur_takes_begin(struct aur_takes *takes, struct aur_take *out);
void aur_takes_report(struct aur_takes *takes, double progress);
/* It is over: "done", "failed" with why, or "waiting" (it was interrupted: nothing is written). Errors: AUR_ENOTFOUND: the
 * take was deleted meanwhile; of the journal: then the state stands in memory alone. */
AUR_MUST_USE int aur_takes_end(struct aur_takes *takes, const char *id, const char *state, const char *why,
                               struct aur_error *err);

#endif
