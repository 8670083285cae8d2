/* The server's own presets, and those that people keep beside them. Main thread, but aur_own_preset: any but a render worker. */
#ifndef AUR_APP_OWN_PRESETS_H
#define AUR_APP_OWN_PRESETS_H

#include "app/entries.h"

/* Reads the file that the settings name, else the one of the data folder, which may be missing. Errors: as aur_entries_read. */
AUR_MUST_USE int aur_presets_read(struct aur_entries *out, const struct aur_stage *stage, struct aur_error *err);

/* A preset that somebody keeps, from a JSON object, under a name that the server's own have not (AUR_EBUSY). Errors else: as
 * aur_entry_read_preset. */
AUR_MUST_USE int aur_own_preset(struct aur_entry *out, const char *json, const struct aur_stage *stage,
                                const struct aur_entries *presets, struct aur_error *err);

#endif
