/* The journal of a server: opened as the settings say, or not there, for which music does not wait. Main thread. */
#ifndef AUR_APP_RECORDING_H
#define AUR_APP_RECORDING_H

#include "app/stage.h"
#include "channel/channel.h"
#include "journal/archive.h"
#include "journal/journal.h"

struct aur_recording {
    char path[AUR_PATH_SIZE];
    struct aur_journal *journal; /* NULL: nothing is recorded */
    char trouble[300];           /* why, where something is to be; "" */
    char *settings;              /* JSON for each session, or NULL */
    struct aur_archive *former;  /* to resume from, or NULL */
};

/* Opens the journal; if that fails, or with resume there is none to resume from, the log says so. */
void aur_recording_open(struct aur_recording *out, const struct aur_stage *stage, bool resume);
/* After the last channel. */
void aur_recording_close(struct aur_recording *recording);
/* The piece that main played last, for a start without the script; false: there is none. */
bool aur_recording_last_piece(struct aur_piece **out, const struct aur_stage *stage);
/* What channels need to be recorded, in their config. */
void aur_recording_set(const struct aur_recording *recording, struct aur_channel_config *config);

#endif
