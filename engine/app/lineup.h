/* What a server plays beside main and what it offers: the channels and presets of their files, made into live channels and
 * into what listeners may ask for. Main thread, at start. */
#ifndef AUR_APP_LINEUP_H
#define AUR_APP_LINEUP_H

#include "app/entries.h"
#include "net/server.h"

struct aur_lineup {
    struct aur_entries channels, presets;
    struct aur_preset *offered; /* the presets as the server has them */
    struct aur_wanted wanted;   /* what private channels start from where no preset is named */
};

/* Reads the files that the settings name. Errors: as aur_entries_read; then there is nothing to free. The stage outlives it. */
AUR_MUST_USE int aur_lineup_read(struct aur_lineup *out, const struct aur_stage *stage, struct aur_error *err);
void aur_lineup_free(struct aur_lineup *lineup);

/* An entry as the server has it; borrows all of it. */
struct aur_preset aur_lineup_preset(const struct aur_entry *entry);

struct aur_show { /* what channels are put into */
    const struct aur_stage *stage;
    struct aur_server *server;
    struct aur_station *station;
    struct aur_scripts *scripts;
    struct aur_channel_config common; /* of all channels: but for name, piece, seed and controls */
    uint64_t seed;                    /* of those that name none */
    struct aur_archive *former;       /* where channels go on from; NULL: they begin anew */
};

/* Starts a channel and offers it, where it stood if it is to be resumed. Errors: as aur_station_add, aur_server_add_channel. */
AUR_MUST_USE int aur_show_add(struct aur_channel **out, const struct aur_show *show, const char *name,
                              const struct aur_piece *piece, uint64_t seed, const struct aur_controls *controls,
                              struct aur_error *err);
/* The channels of the file, each following its script. */
AUR_MUST_USE int aur_lineup_start(const struct aur_lineup *lineup, const struct aur_show *show, struct aur_error *err);
/* Presets and private channels, as the settings allow them. Live, lineup and stage outlive the server's run. */
void aur_lineup_offer(const struct aur_lineup *lineup, const struct aur_show *show);

/* How many channels there can be at a time. */
uint32_t aur_lineup_room(const struct aur_lineup *lineup, const struct aur_settings *settings);

#endif
