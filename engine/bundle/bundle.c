/* Pieces to bundles and back. Any thread but a render worker; no state.
 *
 * A bundle is loaded as if the script lay in the folder "." and the library were "lib": its files have those paths, but for
 * the "./" that names of the script's own folder are kept without. */
#include "bundle/bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 72 /* the script and its modules */
#define NAME_SIZE 260

struct made { /* what aur_bundle_of allocates */
    struct aur_bundle bundle;
    struct aur_bundle_file files[FILES_MAX];
    struct aur_bundle_table tables[AUR_TABLES_OF_PIECE_MAX];
    char names[FILES_MAX][NAME_SIZE];
};

/* ---- from a piece ---- */

static void add_text(void *user, const char *name, const char *text, size_t len)
{
    struct made *made = user;
    const size_t i = made->bundle.n_files;
    if (i == FILES_MAX)
        return;
    snprintf(made->names[i], NAME_SIZE, "%s", name);
    made->files[made->bundle.n_files++] = (struct aur_bundle_file){made->names[i], text, len};
}

static int add_table(struct made *made, const struct aur_piece_table *table, struct aur_tables *store,
                     struct aur_error *err)
{
    struct aur_table found;
    struct aur_cycles cycles;
    if (!store || !aur_tables_find(store, &found, &cycles, table->table.hash))
        return aur_error_set(err, AUR_ENOTFOUND, "%s: the wavetable is not in the session's store", table->file);
    made->tables[made->bundle.n_tables++] = (struct aur_bundle_table){
        .file = table->file,
        .hash = table->table.hash,
        .cycles = cycles.n,
        .partials = cycles.partials,
        .frames = cycles.frames,
        .n_floats = (size_t)cycles.n * AUR_WAVE_FRAMES,
    };
    return AUR_OK;
}

int aur_bundle_of(struct aur_bundle **out, const struct aur_piece *piece, const struct aur_tables *tables,
                  struct aur_error *err)
{
    const struct aur_piece_info *info = aur_piece_describe(piece);
    struct made *made = calloc(1, sizeof *made);
    if (!made)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", aur_piece_name(piece));
    made->bundle.hash = aur_piece_marks(piece)->hash;
    made->bundle.name = aur_piece_name(piece);
    made->bundle.files = made->files;
    made->bundle.tables = made->tables;
    aur_piece_texts(piece, add_text, made);
    for (uint32_t i = 0; i < info->n_tables; i++) {
        int rc = add_table(made, &info->tables[i], (struct aur_tables *)(uintptr_t)tables, err); /* it takes a lock */
        if (rc < 0) {
            free(made);
            return rc;
        }
    }
    *out = &made->bundle;
    return AUR_OK;
}

/* ---- to a piece ---- */

struct shelf { /* where a piece that is loaded finds its wavetables */
    const struct aur_bundle *bundle;
    struct aur_tables *store;
};

static int take_table(void *user, struct aur_table *out, const struct aur_table_request *request, struct aur_error *err)
{
    const struct shelf *shelf = user;
    for (size_t i = 0; i < shelf->bundle->n_tables; i++) {
        const struct aur_bundle_table *table = &shelf->bundle->tables[i];
        if (table->cycles != request->cycles || strcmp(table->file, request->file) != 0)
            continue;
        const struct aur_cycles cycles = {table->frames, table->cycles, table->partials};
        if (table->n_floats != (size_t)table->cycles * AUR_WAVE_FRAMES)
            return aur_error_set(err, AUR_EINVAL, "%s: the recorded wavetable is cut off", request->file);
        int rc = aur_tables_add(shelf->store, out, table->hash, &cycles, err);
        if (rc < 0 || out->hash == table->hash)
            return rc;
        return aur_error_set(err, AUR_EINVAL, "%s: the wavetable is not the one that was recorded", request->file);
    }
    return aur_error_set(err, AUR_ENOTFOUND, "%s: the wavetable was not recorded", request->file);
}

static void take_builtin(void *user)
{
    const struct shelf *shelf = user;
    aur_tables_builtin(shelf->store);
}

/* The bundle's files with the paths that the loader asks for. */
static int place_texts(struct aur_piece_text *texts, char (*paths)[NAME_SIZE], const struct aur_bundle *bundle,
                       struct aur_error *err)
{
    for (size_t i = 0; i < bundle->n_files; i++) {
        const struct aur_bundle_file *file = &bundle->files[i];
        bool placed = i > 0 && (strncmp(file->name, "lib/", 4) == 0 || strncmp(file->name, "./", 2) == 0);
        if (strlen(file->name) >= NAME_SIZE - 2)
            return aur_error_set(err, AUR_EINVAL, "%.80s...: the name of a file is longer than %d bytes", file->name,
                                 NAME_SIZE - 3);
        snprintf(paths[i], NAME_SIZE, "%s%s", placed ? "" : "./", file->name);
        texts[i] = (struct aur_piece_text){paths[i], file->text, file->len};
    }
    return AUR_OK;
}

static int load(struct aur_piece **out, const struct aur_bundle *bundle, struct aur_tables *tables,
                const struct aur_piece_source *settings, struct aur_error *err)
{
    struct aur_piece_source source = *settings;
    struct aur_piece_text texts[FILES_MAX];
    char paths[FILES_MAX][NAME_SIZE];
    struct shelf shelf = {bundle, tables};
    const struct aur_table_loader loader = {take_table, take_builtin, &shelf};
    if (bundle->n_files < 1 || bundle->n_files > FILES_MAX)
        return aur_error_set(err, AUR_EINVAL, "piece %s: %zu files; allowed: 1 to %d", bundle->hash, bundle->n_files,
                             FILES_MAX);
    int rc = place_texts(texts, paths, bundle, err);
    if (rc < 0)
        return rc;
    source.path = paths[0];
    source.instead = texts;
    source.n_instead = bundle->n_files;
    source.tables = tables ? &loader : NULL;
    return aur_piece_load(out, &source, err);
}

int aur_bundle_load(struct aur_piece **out, const struct aur_bundle *bundle, struct aur_tables *tables,
                    const struct aur_script_limits *limits, struct aur_log *log, struct aur_error *err)
{
    struct aur_piece_marks marks;
    const struct aur_piece_source source = {
        .name = bundle->name,
        .lib_dir = "lib",
        .root = ".",
        .limits = *limits,
        .log = log,
        .sealed = true,
        .marks = &marks,
    };
    *out = NULL;
    int rc = load(out, bundle, tables, &source, err);
    if (rc < 0 || strcmp(marks.hash, bundle->hash) == 0)
        return rc;
    aur_piece_free(*out);
    *out = NULL;
    return aur_error_set(err, AUR_EINVAL, "%s: its texts are not those that were recorded (their hash is %s, not %s)",
                         bundle->name, marks.hash, bundle->hash);
}
