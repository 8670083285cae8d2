/* Former texts of the files of one scripts folder, kept on disk so that an edit can be taken back after a restart too.
 *
 *   DIR/<hash of the scripts folder's path>/<name, '/' as '+'>/<number>-<version>.lua
 *
 * A text is kept once for each file, by its hash: keeping it again makes it the newest. Writes are atomic (a temporary file,
 * synced, renamed). What is not such a file, or does not hash to its name, is left alone and not seen. Not thread-safe; not
 * on a render worker. */
#ifndef AUR_CHANNEL_VERSIONS_H
#define AUR_CHANNEL_VERSIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define AUR_VERSION_SIZE 17 /* 16 hexadecimal digits and NUL */

struct aur_versions;

struct aur_version {
    char version[AUR_VERSION_SIZE];
    uint64_t bytes;
    uint64_t saved_us; /* when it was saved, since 1970 */
};

/* The hash of a text, as the protocol shows it. */
void aur_version_of(char out[AUR_VERSION_SIZE], const void *text, size_t len);

/* dir: made when something is kept first. folder: the scripts folder, absolute. keep: texts of each file, at least 1. */
AUR_MUST_USE int aur_versions_new(struct aur_versions **out, const char *dir, const char *folder, uint32_t keep,
                                  struct aur_error *err);
void aur_versions_free(struct aur_versions *versions);

/* Keeps a text of the file as its newest. Then the oldest go until at most `keep` are left, not counting the text whose
 * version is `current` (that on disk now; "": none). Errors: AUR_EIO, AUR_ENOMEM; what was kept before stays. */
AUR_MUST_USE int aur_versions_keep(struct aur_versions *versions, const char *name, const char *text, size_t len,
                                   uint64_t saved_us, const char *current, struct aur_error *err);

/* Newest first; at most max. Returns how many; 0 also where the folder cannot be read. */
size_t aur_versions_list(struct aur_versions *versions, struct aur_version *out, size_t max, const char *name);

/* Appends the text. Errors: AUR_ENOTFOUND (not kept, or what is kept is damaged), AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_versions_read(struct aur_versions *versions, struct aur_buf *out, const char *name,
                                   const char *version, struct aur_error *err);

#endif
