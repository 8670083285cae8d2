/* What a batch tells on its way: a line for each entry on stderr and a bar on a terminal, or JSON events on stdout. Called by one
 * thread at a time: the run's lock sees to it. */
#ifndef AUR_APP_BATCH_REPORT_H
#define AUR_APP_BATCH_REPORT_H

#include "batch/run.h"

struct aur_batch_report {
    const char *script; /* "": none */
    bool json, terminal, ended;
    uint64_t start_ns, shown_ns;
    size_t count[AUR_TASK_STATES]; /* of those told */
    double seconds;                /* of music */
};

void aur_batch_report_begin(struct aur_batch_report *report, const char *script, bool json);
/* For struct aur_batch_run, user being the report. */
void aur_batch_report_task(void *report, const struct aur_task *task);
void aur_batch_report_part(void *report, double part);
/* What would be rendered: for a dry run. */
void aur_batch_report_plan(const struct aur_task *task);
void aur_batch_report_end(struct aur_batch_report *report, const char *dir, const char *device, bool interrupted);

#endif
