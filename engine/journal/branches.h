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

#endif
