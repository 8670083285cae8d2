/* Rendering many at once: a batch script, or several scripts of a command line. */
#ifndef AUR_APP_BATCH_H
#define AUR_APP_BATCH_H

#include "app/settings.h"
#include "batch/entry.h"

struct aur_batch_args { /* members of render's arguments */
    char script[AUR_PATH_SIZE];
    int jobs; /* 0: as many as there are processors */
    struct aur_text_list only;
    bool dry_run;
    char format[8];
};

/* What both take. dir: "": named after the batch script. */
struct aur_batch_call {
    const struct aur_settings *settings;
    const struct aur_batch_args *args;
    const char *dir;
    bool json, force;
};

/* Renders what args->script describes; returns the exit code. Main thread. */
int aur_app_batch(const struct aur_batch_call *call);

/* Renders each script into the folder as `like` says, named by the script. */
int aur_app_several(const struct aur_batch_call *call, const char *const *scripts, int n_scripts,
                    const struct aur_batch_entry *like);

#endif
