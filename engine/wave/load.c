/* From a file's name to a table of the store. Any thread that may read files, several at once: two that bring the same
 * file at the same time both resample it, and the store keeps one. */
#include "wave/load.h"

#include <stdlib.h>

#include "wave/file.h"

/* The store knows no names. */
static void name_error(struct aur_error *err, const char *file)
{
    struct aur_error plain;
    if (!err)
        return;
    plain = *err;
    aur_error_set(err, plain.code, "%s: %.700s", file, plain.message);
}

static int load(void *user, struct aur_table *out, const struct aur_table_request *request, struct aur_error *err)
{
    struct aur_tables *tables = user;
    struct aur_wave_file file;
    struct aur_cycles cycles;
    int rc = aur_wave_file_read(&file, request, err);
    if (rc < 0)
        return rc;
    if (!aur_tables_find_source(tables, out, file.key)) {
        rc = aur_wave_file_resample(&cycles, &file, err);
        if (rc == AUR_OK) {
            rc = aur_tables_add(tables, out, file.key, &cycles, err);
            free((void *)(uintptr_t)cycles.frames);
        }
        if (rc < 0)
            name_error(err, request->file);
    }
    aur_wave_file_free(&file);
    return rc;
}

static void builtin(void *user)
{
    aur_tables_builtin(user);
}

struct aur_table_loader aur_wave_loader(struct aur_tables *tables)
{
    return (struct aur_table_loader){load, builtin, tables};
}
