/* A batch rendered: tasks are handed to workers in their order, each on a thread of its own; one that fails ends no other. What
 * comes out does not depend on how many workers there are. */
#ifndef AUR_BATCH_RUN_H
#define AUR_BATCH_RUN_H

#include "batch/task.h"

#define AUR_BATCH_WORKERS_MAX 256

struct aur_batch_run {
    struct aur_task_config task;
    unsigned workers;              /* from 1 */
    struct aur_manifest *manifest; /* NULL: none is kept */
    /* One at a time, on any worker's thread: a task began, or ended; how much of all is done, from 0 to 1. */
    void (*on_task)(void *user, const struct aur_task *task);
    void (*on_part)(void *user, double part);
    void *user;
};

/* Sets the task's state by what is there: new, changed, incomplete, skipped; failed where a file that is not its own is in the
 * way. Pieces that could not be prepared stay failed. manifest: NULL: none. */
void aur_batch_decide(struct aur_task *task, const struct aur_manifest *manifest, const char *dir, bool force);

/* Renders what is new, changed or incomplete. AUR_OK also where tasks fail; AUR_EBUSY: interrupted; AUR_EIO: the manifest cannot
 * be written; AUR_ENOMEM. */
AUR_MUST_USE int aur_batch_run(struct aur_task *tasks, size_t n, const struct aur_batch_run *run,
                               struct aur_error *err);

#endif
