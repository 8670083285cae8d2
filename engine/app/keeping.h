/* What people keep on a server that has a journal: the takes' folder, and presets of the journal made into what is offered.
 * Main thread, but for the making of presets, which keep/ calls on its own. */
#ifndef AUR_APP_KEEPING_H
#define AUR_APP_KEEPING_H

#include "app/lineup.h"
#include "app/recording.h"
#include "keep/keep.h"

struct aur_keeping {
    const struct aur_lineup *lineup; /* borrowed */
    const struct aur_stage *stage;   /* borrowed */
    struct aur_keep *keep;           /* NULL: nothing is kept */
};

/* Starts it and offers it on the server, where there is a journal; what cannot be is told to the log, and music plays on. */
void aur_keeping_start(struct aur_keeping *out, const struct aur_lineup *lineup, const struct aur_show *show,
                       const struct aur_recording *recording);
/* When the server's run is over, before the journal is closed. */
void aur_keeping_end(struct aur_keeping *keeping);

#endif
