/* Folders watched for changes of their files, however an editor saves: in place, by a new file renamed over the old one, by
 * a link that points elsewhere. A folder may be replaced by another, go, and come back. One thread. */
#ifndef AUR_CHANNEL_WATCH_H
#define AUR_CHANNEL_WATCH_H

#include <stdbool.h>

#include "base/error.h"

#define AUR_WATCH_FOLDERS_MAX 64

struct aur_watch;

/* Errors: AUR_EIO (the system has no more watches to give), AUR_ENOMEM. */
AUR_MUST_USE int aur_watch_new(struct aur_watch **out, struct aur_error *err);
void aur_watch_free(struct aur_watch *watch);

/* Watches a folder from now on, once however often it is asked for. path: absolute; it need not be there yet. Errors:
 * AUR_EIO, AUR_ELIMIT, AUR_ENOMEM. */
AUR_MUST_USE int aur_watch_folder(struct aur_watch *watch, const char *path, struct aur_error *err);

/* Readable when something happened. */
int aur_watch_fd(const struct aur_watch *watch);

/* A file was saved, has come or has gone. folder: as in aur_watch_folder; name "": everything in it may be another. */
typedef void aur_watch_fn(void *user, const char *folder, const char *name);

/* Reads what happened; does not wait. A file that is made but not yet written and closed is no news. */
void aur_watch_read(struct aur_watch *watch, aur_watch_fn *on_change, void *user);

#endif
