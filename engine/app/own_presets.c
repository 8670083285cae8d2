/* What a server and the command line have to agree about. No state. */
#include "app/own_presets.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int aur_presets_read(struct aur_entries *out, const struct aur_stage *stage, struct aur_error *err)
{
    char shipped[AUR_PATH_SIZE + 32];
    const char *path = stage->settings.presets;
    *out = (struct aur_entries){NULL, 0};
    if (!*path) {
        snprintf(shipped, sizeof shipped, "%s/scripts/presets.json", stage->data_dir);
        if (access(shipped, R_OK) != 0)
            return AUR_OK;
        path = shipped;
    }
    return aur_entries_read(out, AUR_ENTRIES_PRESETS, path, stage, err);
}

int aur_own_preset(struct aur_entry *out, const char *json, const struct aur_stage *stage,
                   const struct aur_entries *presets, struct aur_error *err)
{
    int rc = aur_entry_read_preset(out, json, stage, err);
    for (size_t i = 0; rc == AUR_OK && i < presets->n; i++)
        if (strcmp(presets->items[i].name, out->name) == 0)
            rc = aur_error_set(err, AUR_EBUSY, "the server has a preset %s of its own; choose another name", out->name);
    if (rc == AUR_EBUSY)
        aur_entry_deinit(out);
    return rc;
}
