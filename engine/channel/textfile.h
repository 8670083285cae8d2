/* Text files below a folder: read whole, written in one step. Names are resolved by the kernel beneath the folder
 * (openat2), so no link leads out of it. Any thread that may do input and output. */
#ifndef AUR_CHANNEL_TEXTFILE_H
#define AUR_CHANNEL_TEXTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

/* Opens what lies at path (relative) beneath the folder; flags as for open(2). A descriptor, or -1 with errno: ENOENT,
 * EXDEV or ELOOP (it leads out), EACCES... */
int aur_beneath_open(int folder_fd, const char *path, int flags);

/* Makes the folder and those above it; a descriptor (O_PATH), or -1 with errno. */
int aur_textfile_folder(const char *path);

/* Appends the regular file to out; *saved_us (may be NULL): when it was changed, since 1970. Errors: AUR_ENOTFOUND (no such
 * file, not a regular one, or it leads out of the folder), AUR_ELIMIT (over max bytes), AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_textfile_read(struct aur_buf *out, uint64_t *saved_us, int folder_fd, const char *name, size_t max,
                                   struct aur_error *err);

/* What a file is to be. */
struct aur_textfile {
    const char *text;
    size_t len;
    mode_t mode;       /* 0: as the process makes files */
    uint64_t saved_us; /* 0: now */
};

/* Writes the file `leaf` of the folder itself: whoever reads it finds the whole text before or the whole text after, also
 * when the machine fails in between. Errors: AUR_ENOTSUP (this user may not), AUR_EIO; the file is as it was then. */
AUR_MUST_USE int aur_textfile_write(int folder_fd, const char *leaf, const struct aur_textfile *file,
                                    struct aur_error *err);

/* The same for a name beneath the folder; a link is followed if its end lies beneath the folder too, the mode of a file
 * that exists is kept. Errors: also AUR_ENOTSUP where it leads out of the folder or is no regular file, AUR_ENOTFOUND
 * where its folder does not exist. */
AUR_MUST_USE int aur_textfile_replace(int folder_fd, const char *folder, const char *name, const char *text, size_t len,
                                      struct aur_error *err);

#endif
