/* preset: the presets that people keep in a database, listed, shown, saved, deleted, and carried elsewhere as JSON. They are taken in by
 * what takes them in for a server (keep/presets.h), so what the one refuses the other refuses. All of it works while a
 * server has the database (journal/journal.h, beside), which looks at them whenever its presets are listed. Main thread. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/own_presets.h"
#include "app/preset_tell.h"
#include "app/verbs.h"
#include "bounce/outfile.h"
#include "keep/presets.h"

#define FILE_BYTES ((size_t)1 << 20)

struct preset_args {
    char title[128], about[256];
    struct aur_text_list set;
    bool json, force;
};

#define AT(member) AUR_MEMBER(struct preset_args, member)

static const struct aur_option preset_table[] = {
    {"--db", "FILE", "where presets are kept", "AURALIS_DB", {0}, false, NULL},
    {"--script", "SCRIPT", "save: what is played; its folder has the scripts", "AURALIS_SCRIPT", {0}, false, NULL},
    {"--title",
     "TEXT",
     "save: what people read; the name if not given",
     NULL,
     {AUR_FIELD_TEXT, AT(title)},
     false,
     NULL},
    {"--about", "TEXT", "save: what else they read", NULL, {AUR_FIELD_TEXT, AT(about)}, false, NULL},
    {"--key", "KEY", "save: key", "AURALIS_DEFAULT_KEY", {0}, false, NULL},
    {"--bpm", "BPM", "save: tempo", "AURALIS_DEFAULT_BPM", {0}, false, NULL},
    {"--intensity", "I", "save: intensity", "AURALIS_DEFAULT_INTENSITY", {0}, false, NULL},
    {"--set", "NAME=VALUE", "save: any control, the piece's own too", NULL, {AUR_FIELD_LIST, AT(set)}, false, NULL},
    {"--json", NULL, "list, show: print JSON", NULL, {AUR_FIELD_FLAG, AT(json)}, false, NULL},
    {"--force", NULL, "save, import: replace; export: overwrite", NULL, {AUR_FIELD_FLAG, AT(force)}, false, NULL},
    {0},
};

/* ---- what reads ---- */

/* AUR_ELIMIT and the like of reading, explained once. */
static int explain(const struct aur_verb_job *job, int rc)
{
    return rc < 0 && !*job->err->message
               ? aur_error_set(job->err, rc, "the presets could not be read: %s", aur_err_text(rc))
               : rc;
}

/* What `tell` says of all of them; the text is the caller's. */
static int gather(struct aur_buf *text, const struct aur_verb_job *job,
                  int (*tell)(struct aur_archive *archive, struct aur_buf *out))
{
    struct aur_archive *archive;
    aur_buf_init(text);
    int rc = aur_verb_read(&archive, job);
    if (rc < 0)
        return rc;
    rc = explain(job, tell(archive, text));
    aur_archive_close(archive);
    return rc;
}

/* Prints or frees it. */
static int print(struct aur_buf *text, int rc, struct aur_error *err)
{
    if (rc == AUR_OK)
        return aur_verb_print(text, err);
    aur_buf_deinit(text);
    return rc;
}

static int run_list(const struct aur_verb_job *job)
{
    const struct preset_args *args = job->args;
    struct aur_buf text;
    const int rc = gather(&text, job, args->json ? aur_shelf_export : aur_preset_list);
    return print(&text, rc, job->err);
}

static int run_show(const struct aur_verb_job *job)
{
    const struct preset_args *args = job->args;
    struct aur_archive *archive;
    struct aur_buf text;
    json_t *preset;
    int rc = aur_verb_read(&archive, job);
    if (rc < 0)
        return rc;
    rc = aur_preset_find(&preset, archive, job->operands[0]);
    aur_archive_close(archive);
    if (rc < 0)
        return explain(job, rc);
    if (!preset)
        return aur_error_set(job->err, AUR_ENOTFOUND, "there is no preset %s", job->operands[0]);
    aur_buf_init(&text);
    aur_preset_show(&text, preset, args->json);
    json_decref(preset);
    return aur_verb_print(&text, job->err);
}

static int write_file(const char *path, const struct aur_buf *text, bool force, struct aur_error *err)
{
    struct aur_outfile file;
    int rc = aur_outfile_open(&file, path, force, err);
    if (rc == AUR_OK)
        rc = aur_outfile_write(&file, text->data, text->len, err);
    if (rc == AUR_OK)
        rc = aur_outfile_publish(&file, err);
    aur_outfile_deinit(&file);
    return rc;
}

static int run_export(const struct aur_verb_job *job)
{
    const struct preset_args *args = job->args;
    struct aur_buf text;
    int rc = gather(&text, job, aur_shelf_export);
    if (strcmp(job->operands[0], "-") == 0)
        return print(&text, rc, job->err);
    if (rc == AUR_OK)
        rc = write_file(job->operands[0], &text, args->force, job->err);
    aur_buf_deinit(&text);
    return rc;
}

/* ---- what is saved ---- */

/* A control of the command line: the built-in ones stand in a preset itself, the piece's in its "set". */
static int add_control(json_t *preset, const char *text, struct aur_error *err)
{
    struct aur_set_option given;
    const int rc = aur_set_option_parse(&given, text, err);
    if (rc < 0)
        return rc;
    if (given.key)
        return json_object_set_new(preset, "key", json_string(given.value)) < 0 ? AUR_ENOMEM : AUR_OK;
    json_t *object = preset;
    const struct aur_control_builtin *builtin = aur_control_builtins;
    while (builtin->name && strcmp(builtin->name, given.name) != 0)
        builtin++;
    if (!builtin->name) {
        if (!json_object_get(preset, "set") && json_object_set_new(preset, "set", json_object()) < 0)
            return AUR_ENOMEM;
        object = json_object_get(preset, "set");
    }
    return json_object_set_new(object, given.name, json_real(given.number)) < 0 ? AUR_ENOMEM : AUR_OK;
}

/* What the command line, the environment and .env say, as a preset's JSON. */
static int of_options(struct aur_buf *out, const struct aur_verb_job *job)
{
    const struct preset_args *args = job->args;
    const struct aur_settings *settings = job->settings;
    const char *script = *settings->script ? settings->script : "ambient.lua", *slash = strrchr(script, '/');
    json_t *preset = json_pack("{ss* ss* ss}", "title", *args->title ? args->title : job->operands[0], "about",
                               *args->about ? args->about : NULL, "script", slash ? slash + 1 : script);
    int rc = preset ? AUR_OK : aur_error_value(job->err, "preset", "this", "text in UTF-8");
    if (rc == AUR_OK && aur_settings_given(settings, "AURALIS_DEFAULT_KEY"))
        json_object_set_new(preset, "key", json_string(settings->key));
    if (rc == AUR_OK && aur_settings_given(settings, "AURALIS_DEFAULT_BPM"))
        json_object_set_new(preset, "bpm", json_integer(settings->bpm));
    if (rc == AUR_OK && aur_settings_given(settings, "AURALIS_DEFAULT_INTENSITY"))
        json_object_set_new(preset, "intensity", json_real(settings->intensity));
    for (size_t i = 0; rc == AUR_OK && i < args->set.n; i++)
        rc = add_control(preset, args->set.items[i], job->err);
    char *text = rc == AUR_OK ? json_dumps(preset, JSON_COMPACT) : NULL;
    if (rc == AUR_OK && !text)
        rc = aur_error_set(job->err, AUR_ENOMEM, "out of memory");
    aur_buf_text(out, text ? text : "");
    free(text);
    json_decref(preset);
    return rc;
}

/* With a file there is nothing left for these to say. */
static int refuse_options(const struct aur_verb_job *job)
{
    const struct preset_args *args = job->args;
    const char *flag = *args->title ? "--title" : *args->about ? "--about" : args->set.n ? "--set" : NULL;
    static const char *const flags[] = {"--key", "--bpm", "--intensity"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        flag = aur_parsed_has(job->parsed, flags[i]) ? flags[i] : flag;
    return flag ? aur_error_set(job->err, AUR_EINVAL, "%s: the file says what is saved; give one or the other", flag)
                : AUR_OK;
}

static int read_text(struct aur_buf *out, const char *path, struct aur_error *err)
{
    int rc = aur_buf_read_file(out, strcmp(path, "-") == 0 ? "/dev/stdin" : path, FILE_BYTES, err);
    return rc == AUR_ELIMIT ? AUR_EIO : rc;
}

/* ---- saving ---- */

struct maker {
    const struct aur_stage *stage;
    struct aur_entries presets;
};

/* Nothing is offered by a command: it is checked, and that is all. */
static int make(void *user, void **made, char name_out[AUR_KEEP_NAME_SIZE], const char *name, const char *json,
                struct aur_error *err)
{
    (void)name;
    const struct maker *maker = user;
    struct aur_entry entry;
    int rc = aur_own_preset(&entry, json, maker->stage, &maker->presets, err);
    *made = NULL;
    if (rc < 0)
        return rc;
    snprintf(name_out, AUR_KEEP_NAME_SIZE, "%s", entry.name);
    aur_entry_deinit(&entry);
    return AUR_OK;
}

static void discard(void *made)
{
    (void)made;
}

/* What is there already of the names that the text has. A text that is none is told of elsewhere. */
static int check_new(struct aur_archive *archive, const char *name, const struct aur_buf *text, struct aur_error *err)
{
    json_t *root = name ? NULL : json_loadb(text->data ? text->data : "", text->len, 0, NULL), *there;
    const json_t *list = json_object_get(root, "presets");
    int rc = AUR_OK;
    for (size_t i = 0; rc == AUR_OK && i < (name ? 1 : json_array_size(list)); i++) {
        const char *each = name ? name : json_string_value(json_object_get(json_array_get(list, i), "name"));
        rc = each ? aur_preset_find(&there, archive, each) : AUR_OK;
        if (rc < 0 || !each || !there)
            continue;
        json_decref(there);
        rc = aur_error_set(err, AUR_EIO, "there is a preset %s already; --force replaces it", each);
    }
    json_decref(root);
    return rc;
}

/* name NULL: a file of several. */
static int keep_text(const struct aur_verb_job *job, struct aur_journal *journal, struct aur_archive *archive,
                     const char *name, const struct aur_buf *text)
{
    const struct preset_args *args = job->args;
    struct aur_stage stage = {.settings = *job->settings};
    struct maker maker = {.stage = &stage};
    const struct aur_shelf shelf = {journal, archive, {make, discard, &maker}, AUR_PRESETS_MAX};
    struct aur_keep_reply reply = {.fd = -1};
    stage.settings.script_watchdog_ms = 0; /* nobody listens: the count of instructions decides, not the clock */
    int rc = args->force ? AUR_OK : check_new(archive, name, text, job->err);
    if (rc == AUR_OK)
        rc = aur_stage_set(&stage, NULL, job->err);
    if (rc < 0)
        return explain(job, rc);
    aur_buf_init(&reply.body);
    rc = aur_presets_read(&maker.presets, &stage, job->err);
    if (rc == AUR_OK) {
        rc = name ? aur_shelf_put(&shelf, &reply, name, text->data, text->len)
                  : aur_shelf_import(&shelf, &reply, text->data, text->len);
        *job->err = reply.error;
    }
    aur_entries_free(&maker.presets);
    aur_keep_reply_deinit(&reply);
    aur_stage_deinit(&stage);
    return rc == AUR_ELIMIT ? AUR_EIO : rc;
}

static int keep(const struct aur_verb_job *job, const char *name, const struct aur_buf *text)
{
    struct aur_journal *journal;
    struct aur_archive *archive;
    int rc = aur_verb_take_presets(&journal, job);
    if (rc < 0)
        return rc;
    rc = aur_verb_read(&archive, job);
    if (rc == AUR_OK) {
        rc = keep_text(job, journal, archive, name, text);
        aur_archive_close(archive);
    }
    aur_journal_close(journal);
    return rc;
}

/* Errors of a file's text behind its name. */
static int keep_file(const struct aur_verb_job *job, const char *name, const char *path)
{
    struct aur_buf text;
    struct aur_error *err = job->err;
    aur_buf_init(&text);
    int rc = read_text(&text, path, err);
    if (rc == AUR_OK) {
        rc = keep(job, name, &text);
        if (rc == AUR_EINVAL && *err->field) {
            char message[sizeof err->message];
            snprintf(message, sizeof message, "%.200s: %.800s", path, err->message);
            memcpy(err->message, message, sizeof message);
        }
    }
    aur_buf_deinit(&text);
    return rc;
}

static int run_save(const struct aur_verb_job *job)
{
    struct aur_buf text;
    if (job->n_operands == 2) {
        int rc = refuse_options(job);
        return rc == AUR_OK ? keep_file(job, job->operands[0], job->operands[1]) : rc;
    }
    aur_buf_init(&text);
    int rc = of_options(&text, job);
    if (rc == AUR_OK)
        rc = keep(job, job->operands[0], &text);
    aur_buf_deinit(&text);
    return rc;
}

static int run_import(const struct aur_verb_job *job)
{
    return keep_file(job, NULL, job->operands[0]);
}

static int run_delete(const struct aur_verb_job *job)
{
    struct aur_archive *archive;
    struct aur_journal *journal;
    int rc = aur_verb_read(&archive, job); /* before a database is made for nothing */
    if (rc < 0)
        return rc;
    aur_archive_close(archive);
    rc = aur_verb_take_presets(&journal, job);
    if (rc < 0)
        return rc;
    rc = aur_journal_preset_delete(journal, job->operands[0], job->err);
    aur_journal_close(journal);
    return rc;
}

/* ---- the command ---- */

static const struct aur_verb verbs[] = {
    {"list", "", 0, 0, run_list},
    {"show", "NAME", 1, 1, run_show},
    {"save", "NAME [FILE]", 1, 2, run_save},
    {"delete", "NAME", 1, 1, run_delete},
    {"export", "FILE", 1, 1, run_export},
    {"import", "FILE", 1, 1, run_import},
    {0},
};

const struct aur_options aur_preset_options = {
    "preset", preset_table, "list | show NAME | save NAME [FILE] | delete NAME | export FILE | import FILE", -1};

int aur_run_preset(const struct aur_command *command, int argc, char **argv)
{
    struct preset_args args = {0};
    return aur_run_verbs(command, verbs, &args, argc, argv);
}
