/* One entry of a batch made ready: its piece, its controls, its files, and a fingerprint of all that they depend on. */
#ifndef AUR_BATCH_TASK_H
#define AUR_BATCH_TASK_H

#include "batch/entry.h"
#include "batch/loudness.h"
#include "batch/manifest.h"
#include "batch/shelf.h"

enum aur_task_state {
    AUR_TASK_NEW,        /* nothing is there */
    AUR_TASK_CHANGED,    /* what it depends on has changed since it was made */
    AUR_TASK_INCOMPLETE, /* files are missing, or are not as they were made, or it was interrupted */
    AUR_TASK_SKIPPED,    /* it is there as it would be made now */
    AUR_TASK_RUNNING,
    AUR_TASK_DONE,
    AUR_TASK_FAILED,
    AUR_TASK_INTERRUPTED,
    AUR_TASK_STATES
};
extern const char *const aur_task_state_names[AUR_TASK_STATES]; /* "new", "changed", ... */

/* Paths of an entry's files below the folder; "": not asked for. */
#define AUR_TASK_FILE_SIZE (AUR_BATCH_NAME_MAX + 16)
struct aur_task_files {
    char audio[AUR_BATCH_FORMATS][AUR_TASK_FILE_SIZE];
    char beside[AUR_BATCH_BESIDE][AUR_TASK_FILE_SIZE]; /* stems: a folder */
};
void aur_task_files(struct aur_task_files *out, const struct aur_batch_entry *entry);

/* Makes the folders that the path's last part lies in. AUR_EIO. */
AUR_MUST_USE int aur_task_folders(const char *path, struct aur_error *err);

struct aur_task {
    const struct aur_batch_entry *entry;
    const struct aur_shelf_piece *piece;
    const struct aur_shelf_cover *cover; /* NULL: none */
    struct aur_controls controls;
    enum aur_task_state state;
    char fingerprint[33];
    struct aur_error *err; /* FAILED: why; the task's */
    /* of a task that was made */
    double seconds;
    bool measured;
    struct aur_loudness_result loudness; /* before the gain */
    double gain_db;
    bool limited;
    double lufs;  /* of the files */
    char **stems; /* its files below the folder, NULL-terminated; the task's */
};

struct aur_task_config {
    const char *dir;               /* that the files go into */
    struct aur_synth_config synth; /* at the settings' rate */
    struct aur_wanted wanted;      /* the settings' key and controls */
    bool force;
    const int *interrupted;
};

/* Fills everything but what rendering finds out. A bad entry becomes FAILED; false: out of memory. */
bool aur_task_prepare(struct aur_task *task, const struct aur_batch_entry *entry, struct aur_shelf *shelf,
                      const struct aur_task_config *config);
void aur_task_deinit(struct aur_task *task);
/* Becomes FAILED because of this. */
void aur_task_fail(struct aur_task *task, const struct aur_error *err);

/* part: from 0 to 1, on the thread that renders. */
typedef void aur_task_progress_fn(void *user, double part);

/* Renders. force: files of these names may be replaced. Errors: those of aur_bounce, aur_loudness_master; then no file of it
 * is there that was not there before. */
AUR_MUST_USE int aur_task_render(struct aur_task *task, const struct aur_task_config *config, bool force,
                                 aur_task_progress_fn *on_progress, void *user, struct aur_error *err);

#endif
