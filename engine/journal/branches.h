/* Which branches a session has (channel/branch.h says what they are). As the walks of journal/archive.h. */
#ifndef AUR_JOURNAL_BRANCHES_H
#define AUR_JOURNAL_BRANCHES_H

#include "journal/archive.h"

struct aur_branch_span { /* a branch in one session */
    uint32_t branch;
    uint64_t first, last; /* numbers of its phrases there, dropped ones too: the composer went on from them */
};
typedef int aur_archive_branch_fn(void *user, const struct aur_branch_span *span);
/* The one that composed last first. */
AUR_MUST_USE int aur_archive_branches(struct aur_archive *archive, const char *session, aur_archive_branch_fn *fn,
                                      void *user);

typedef int aur_archive_change_fn(void *user, uint64_t before, uint64_t number);
/* Where the branch went on with another piece within the session, the newest `max` first: the number of the last phrase of the
 * one, and that of the first of the other. */
AUR_MUST_USE int aur_archive_changes(struct aur_archive *archive, const char *session, uint32_t branch, int max,
                                     aur_archive_change_fn *fn, void *user);

/* The phrase of this place in the branch's music, which has each once; *number UINT64_MAX: it is not in this session. */
AUR_MUST_USE int aur_archive_ordinal(struct aur_archive *archive, const char *session, uint32_t branch,
                                     uint64_t ordinal, uint64_t *number);

#endif
