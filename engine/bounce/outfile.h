/* A file that appears only when it is complete: written beside its target under another name, then renamed.
 * The struct is the caller's; one thread at a time. */
#ifndef AUR_BOUNCE_OUTFILE_H
#define AUR_BOUNCE_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct aur_outfile {
    const char *path; /* borrowed: the target */
    char *part;       /* NULL once published or never opened */
    int fd;           /* open for writing; -1 when given away or closed */
    bool force;
};

/* AUR_EIO if the target exists and force is false: to refuse early. */
AUR_MUST_USE int aur_outfile_check(const char *path, bool force, struct aur_error *err);
/* Opens the part file. AUR_EIO: the target exists and force is false, or the system's reason; AUR_ENOMEM. */
AUR_MUST_USE int aur_outfile_open(struct aur_outfile *file, const char *path, bool force, struct aur_error *err);
/* Takes room for so many bytes from the file system, if it can set some aside: a full disk is told at once, and the file
 * is in one piece. AUR_EIO: there is not enough. */
AUR_MUST_USE int aur_outfile_reserve(const struct aur_outfile *file, uint64_t bytes, struct aur_error *err);
/* Appends to the open file. AUR_EIO. */
AUR_MUST_USE int aur_outfile_write(struct aur_outfile *file, const void *data, size_t len, struct aur_error *err);
/* Gives back what the file did not need. */
void aur_outfile_trim(const struct aur_outfile *file);
/* Puts the part file in the target's place; every writer must be done. AUR_EIO as above. */
AUR_MUST_USE int aur_outfile_publish(struct aur_outfile *file, struct aur_error *err);
/* Closes and removes what was not published. Legal on a zeroed struct with fd -1, and twice. */
void aur_outfile_deinit(struct aur_outfile *file);

/* Removes the part files that a killed process left in a folder: those of the target `name`, or of all (NULL). Those of
 * processes that are alive stay. */
void aur_outfile_sweep(const char *folder, const char *name);

#endif
