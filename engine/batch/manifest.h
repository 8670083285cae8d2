/* What a batch has made, beside its files: DIR/manifest.jsonl, one JSON object a line, so a batch that was interrupted goes on
 * where it was, and only what changed is made again.
 *
 *     {"name": "01-rain", "state": "done", "fingerprint": "...", ..., "files": [{"file": "01-rain.flac", "bytes": 9134211}]}
 *
 * A line is added when an entry begins and when it is done; the last one of a name counts, one that is cut short is passed
 * over. When a batch ends, one line of each name is left, in the order of the script. While it is open nobody else can open it.
 * Any thread, one at a time. */
#ifndef AUR_BATCH_MANIFEST_H
#define AUR_BATCH_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

#define AUR_MANIFEST_NAME "manifest.jsonl"

struct aur_manifest;

/* Reads DIR/manifest.jsonl; it need not be there. write: it will be written, so it is made and taken. Errors: AUR_EIO (also
 * where another batch has it), AUR_ENOMEM. */
AUR_MUST_USE int aur_manifest_open(struct aur_manifest **out, const char *dir, bool write, struct aur_error *err);
void aur_manifest_close(struct aur_manifest *manifest); /* NULL is legal */

/* The last line of this name, or NULL. Valid until the next change. */
const json_t *aur_manifest_find(const struct aur_manifest *manifest, const char *name);
/* Whether every file that the line names is there with its size. */
bool aur_manifest_whole(const struct aur_manifest *manifest, const json_t *line);
/* Whether the file or folder (below DIR) is this entry's own, as it was made, or may have been left by a batch that was killed. */
bool aur_manifest_owns(const struct aur_manifest *manifest, const char *name, const char *file);

/* What there may be of an entry's earlier runs: the files of its line if that is done, else what the line of one that was begun
 * has as "former". A new reference; NULL: out of memory. */
json_t *aur_manifest_former(const struct aur_manifest *manifest, const char *name);
/* Removes those of them that are as they were made and that the entry's line, which is done, does not name. */
void aur_manifest_drop(const struct aur_manifest *manifest, const char *name, const json_t *former);

/* Adds a line, which the manifest takes, and writes it. AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_manifest_add(struct aur_manifest *manifest, json_t *line, struct aur_error *err);
/* Appends {"file", "bytes"} to a line's files; a file that is not there is left out. False: out of memory. */
bool aur_manifest_put_file(const struct aur_manifest *manifest, json_t *line, const char *file);
/* Writes it anew, these names first. AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_manifest_tidy(struct aur_manifest *manifest, const char *(*name_at)(void *user, size_t i),
                                   size_t n, void *user, struct aur_error *err);

#endif
