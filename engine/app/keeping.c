/* Takes lie in takes/ beside the database. A preset that somebody keeps is checked by the code that reads the presets file, so
 * what the one takes the other takes. */
#include "app/keeping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/own_presets.h"
#include "app/playback.h"

/* ---- presets ---- */

struct offered { /* what a preset of the server borrows from lies behind it */
    struct aur_preset preset;
    struct aur_entry entry;
};

static void discard(void *made)
{
    struct offered *offered = made;
    if (offered)
        aur_entry_deinit(&offered->entry);
    free(offered);
}

static int make(void *user, void **made, char name_out[AUR_KEEP_NAME_SIZE], const char *name, const char *json,
                struct aur_error *err)
{
    (void)name; /* it is in the object too */
    const struct aur_keeping *keeping = user;
    struct offered *offered = calloc(1, sizeof *offered);
    if (!offered)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    int rc = aur_own_preset(&offered->entry, json, keeping->stage, &keeping->lineup->presets, err);
    if (rc < 0) {
        free(offered);
        return rc;
    }
    offered->preset = aur_lineup_preset(&offered->entry);
    snprintf(name_out, AUR_KEEP_NAME_SIZE, "%s", offered->entry.name);
    *made = &offered->preset;
    return AUR_OK;
}

/* ---- from start to end ---- */

static void takes_folder(char *out, size_t size, const char *database)
{
    const char *slash = strrchr(database, '/');
    snprintf(out, size, "%.*stakes", slash ? (int)(slash - database + 1) : 0, database);
}

void aur_keeping_start(struct aur_keeping *out, const struct aur_lineup *lineup, const struct aur_show *show,
                       const struct aur_recording *recording)
{
    const struct aur_stage *stage = show->stage;
    char folder[AUR_PATH_SIZE + 8];
    struct aur_error err = {0};
    *out = (struct aur_keeping){.lineup = lineup, .stage = stage};
    if (!recording->journal)
        return;
    takes_folder(folder, sizeof folder, recording->path);
    struct aur_keep_config config = {.journal = recording->journal,
                                     .folder = folder,
                                     .log = stage->log,
                                     .isa = stage->isa,
                                     .limits = aur_playback_limits(),
                                     .takes_bytes_max = (uint64_t)stage->settings.takes_mb << 20,
                                     .presets = {.make = make, .discard = discard, .user = out}};
    int rc = aur_keep_new(&out->keep, &config, &err);
    if (rc == AUR_OK)
        rc = aur_server_set_keep(show->server, out->keep, &err);
    if (rc < 0)
        aur_log(stage->log, AUR_LOG_WARNING, "keep", "takes and presets: %s", err.message);
}

void aur_keeping_end(struct aur_keeping *keeping)
{
    aur_keep_free(keeping->keep);
    keeping->keep = NULL;
}
