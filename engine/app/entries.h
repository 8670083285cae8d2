/* Things to play that a JSON file lists: channels (AURALIS_CHANNELS) and presets (scripts/presets.json). Each is a script and
 * the controls it is wanted with; docs/operating.md shows both files. The files are read once at start by the main thread,
 * read-only afterwards; single presets that people keep come at any time. */
#ifndef AUR_APP_ENTRIES_H
#define AUR_APP_ENTRIES_H

#include "app/stage.h"
#include "channel/scripts.h"
#include "score/wanted.h"

#define AUR_ENTRIES_MAX 31 /* of one file */

enum aur_entries_kind { AUR_ENTRIES_CHANNELS, AUR_ENTRIES_PRESETS };

struct aur_entry {
    char name[AUR_CHANNEL_NAME_SIZE];
    char title[128], about[256];        /* of presets; "" if not given */
    char script[AUR_PATH_SIZE];         /* path of the file, absolute */
    char called[AUR_SCRIPTS_NAME_SIZE]; /* what listeners are told, as aur_scripts_call has it */
    struct aur_seed seed;               /* of channels */
    struct aur_wanted wanted;           /* by the settings, and over them by the file */
    struct aur_piece *piece;            /* a reference */
    struct aur_controls controls;       /* of the piece, with what is wanted */
};

struct aur_entries {
    struct aur_entry *items;
    size_t n;
};

/* Reads the file and loads the scripts, which lie in its folder or in that of the stage's script. A preset whose script does
 * not load is told to the log and left out; a channel's is an error. All other errors name file, entry, value and what is
 * allowed: AUR_EIO, AUR_EINVAL, AUR_ESCRIPT, AUR_ENOMEM; then out is empty. The entries end before the stage. */
AUR_MUST_USE int aur_entries_read(struct aur_entries *out, enum aur_entries_kind kind, const char *path,
                                  const struct aur_stage *stage, struct aur_error *err);
void aur_entries_free(struct aur_entries *entries);

/* One preset of the same form that came over the network, or did once: its script has a name that the scripts' API takes, in
 * the data folder's scripts or in that of the stage's script. Any thread but a render worker. Errors: as above, with field,
 * value and allowed where there are such; then there is nothing to deinit. */
AUR_MUST_USE int aur_entry_read_preset(struct aur_entry *out, const char *json, const struct aur_stage *stage,
                                       struct aur_error *err);
void aur_entry_deinit(struct aur_entry *entry);

#endif
