/* Reading lists of things to play, and single presets. No state. Keys are a table for each kind of list; what is not in it is
 * refused, so that a misspelt key is not a setting that silently does nothing. */
#include "app/entries.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES 65536

struct reader {
    enum aur_entries_kind kind;
    const char *path; /* of the file; "": one entry that came over the network */
    const struct aur_stage *stage;
    char folder[AUR_PATH_SIZE]; /* of the file */
    char where[128];            /* "channel focus" */
    struct aur_error *err;
};

/* The reason behind the file and the entry. */
static int refuse_as(const struct reader *reader, const struct aur_error *cause)
{
    struct aur_error why = *cause;
    if (*reader->path)
        snprintf(why.message, sizeof why.message, "%.400s: %.120s%s%.450s", reader->path, reader->where,
                 *reader->where ? ": " : "", cause->message);
    if (reader->err)
        *reader->err = why;
    return why.code;
}

static int refuse(const struct reader *reader, int code, const char *reason)
{
    struct aur_error why = {.code = code};
    snprintf(why.message, sizeof why.message, "%s", reason);
    return refuse_as(reader, &why);
}

static int refuse_value(const struct reader *reader, const char *field, const json_t *value, const char *allowed)
{
    struct aur_error err;
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    char shown[80];
    snprintf(shown, sizeof shown, "%s", text ? text : "nothing");
    free(text);
    (void)!aur_error_value(&err, field, shown, allowed);
    return refuse_as(reader, &err);
}

/* ---- fields ---- */

static int read_text(const struct reader *reader, char *out, size_t size, const char *field, const json_t *value)
{
    char allowed[48];
    const char *text = json_string_value(value);
    snprintf(allowed, sizeof allowed, "text of 1 to %zu bytes", size - 1);
    if (!text || !*text || strlen(text) >= size)
        return refuse_value(reader, field, value, allowed);
    strcpy(out, text);
    return AUR_OK;
}

static int read_name(const struct reader *reader, struct aur_entry *out, const json_t *value)
{
    static const char allowed[] = "1 to 32 of a-z, 0-9 and -, but not main and nothing that begins with private";
    const char *text = json_string_value(value);
    size_t n = text ? strlen(text) : 0;
    if (n == 0 || n >= sizeof out->name || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != n ||
        strcmp(text, "main") == 0 || strncmp(text, "private", 7) == 0)
        return refuse_value(reader, "name", value, allowed);
    strcpy(out->name, text);
    return AUR_OK;
}

static int read_title(const struct reader *reader, struct aur_entry *out, const json_t *value)
{
    return read_text(reader, out->title, sizeof out->title, "title", value);
}

static int read_about(const struct reader *reader, struct aur_entry *out, const json_t *value)
{
    return read_text(reader, out->about, sizeof out->about, "about", value);
}

static int read_seed(const struct reader *reader, struct aur_entry *out, const json_t *value)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return refuse_value(reader, "seed", value, "a whole number from 0 to 9223372036854775807");
    out->seed = (struct aur_seed){(unsigned long long)json_integer_value(value), true};
    return AUR_OK;
}

static int read_key(const struct reader *reader, struct aur_entry *out, const json_t *value)
{
    struct aur_error err;
    const char *text = json_string_value(value);
    if (!text)
        return refuse_value(reader, "key", value, "text such as \"D dorian\"");
    if (aur_key_parse(&out->wanted.key, text, &err) < 0)
        return refuse_as(reader, &err);
    out->wanted.has_key = true;
    return AUR_OK;
}

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static void folder_of(char out[AUR_PATH_SIZE], const char *path)
{
    const char *slash = strrchr(path, '/');
    snprintf(out, AUR_PATH_SIZE, "%.*s", slash ? (int)(slash - path + (slash == path)) : 1, slash ? path : ".");
}

/* The path without links in its folder; the file may be one. */
static bool make_absolute(char out[AUR_PATH_SIZE], const char *path)
{
    char folder[AUR_PATH_SIZE], real[PATH_MAX];
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    folder_of(folder, path);
    if (!realpath(folder, real) || strlen(real) + 1 + strlen(last) >= AUR_PATH_SIZE)
        return false;
    stpcpy(stpcpy(stpcpy(out, real), "/"), last);
    return true;
}

static int read_script(const struct reader *reader, struct aur_entry *out, const json_t *value)
{
    char folders[2][AUR_PATH_SIZE], path[2 * AUR_PATH_SIZE + 8], allowed[200];
    const char *text = json_string_value(value);
    snprintf(folders[0], sizeof folders[0], "%s", reader->folder);
    folder_of(folders[1], reader->stage->script);
    bool named = text && *text && strlen(text) < AUR_PATH_SIZE && (*reader->path || aur_scripts_name_ok(text));
    for (int i = 0; named && i < 2; i++) {
        snprintf(path, sizeof path, "%.4095s%s%.4095s", *text == '/' ? "" : folders[i], *text == '/' ? "" : "/", text);
        if (!is_file(path) || !make_absolute(out->script, path))
            continue;
        struct aur_error err;
        int rc = aur_scripts_call(out->called, folders[1], out->script, &err);
        return rc < 0 ? refuse_as(reader, &err) : AUR_OK;
    }
    if (*reader->path)
        snprintf(allowed, sizeof allowed, "a script in %.80s or %.80s", folders[0], folders[1]);
    else
        snprintf(allowed, sizeof allowed, "a script of the scripts folder, \"ambient.lua\"");
    return refuse_value(reader, "script", value, allowed);
}

static int want(const struct reader *reader, struct aur_entry *out, const char *name, const json_t *value)
{
    struct aur_error err;
    if (!json_is_number(value))
        return refuse_value(reader, name, value, "a number");
    int rc = aur_wanted_put(&out->wanted, name, json_number_value(value), &err);
    return rc < 0 ? refuse_as(reader, &err) : AUR_OK;
}

static int read_set(const struct reader *reader, struct aur_entry *out, const json_t *value)
{
    const char *name;
    json_t *item, *set = (json_t *)(uintptr_t)value; /* jansson iterates over what is not const only */
    if (!json_is_object(value))
        return refuse_value(reader, "set", value, "an object of the piece's own controls and their values");
    json_object_foreach(set, name, item)
    {
        int rc = want(reader, out, name, item);
        if (rc < 0)
            return rc;
    }
    return AUR_OK;
}

enum { IN_CHANNELS = 1 << AUR_ENTRIES_CHANNELS, IN_PRESETS = 1 << AUR_ENTRIES_PRESETS, IN_BOTH = 3 };

static const struct field {
    const char *name;
    int (*read)(const struct reader *reader, struct aur_entry *out, const json_t *value);
    unsigned in; /* lists that have it */
    bool needed;
} fields[] = {
    {"name", read_name, IN_BOTH, true},      {"script", read_script, IN_BOTH, true},
    {"title", read_title, IN_PRESETS, true}, {"about", read_about, IN_PRESETS, false},
    {"seed", read_seed, IN_CHANNELS, false}, {"key", read_key, IN_BOTH, false},
    {"set", read_set, IN_BOTH, false},
};
#define FIELDS (sizeof fields / sizeof *fields)

static const struct field *find_field(const struct reader *reader, const char *name)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].in & 1u << reader->kind && strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static bool is_builtin(const char *name)
{
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name; b++)
        if (strcmp(b->name, name) == 0)
            return true;
    return false;
}

static int refuse_key(const struct reader *reader, const char *name)
{
    char list[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].in & 1u << reader->kind)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", fields[i].name);
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name && used < sizeof list; b++)
        used += (size_t)snprintf(list + used, sizeof list - used, ", %s", b->name);
    struct aur_error err;
    (void)!aur_error_value(&err, name, "this key", list);
    return refuse_as(reader, &err);
}

/* ---- entries ---- */

static int read_fields(const struct reader *reader, struct aur_entry *out, json_t *object)
{
    const char *name;
    json_t *value;
    int rc = AUR_OK;
    json_object_foreach(object, name, value)
    {
        const struct field *field = find_field(reader, name);
        if (field)
            rc = field->read(reader, out, value);
        else
            rc = is_builtin(name) ? want(reader, out, name, value) : refuse_key(reader, name);
        if (rc < 0)
            return rc;
    }
    for (size_t i = 0; rc == AUR_OK && i < FIELDS; i++)
        if (fields[i].needed && fields[i].in & 1u << reader->kind && !json_object_get(object, fields[i].name))
            rc = refuse_value(reader, fields[i].name, NULL, "a value: every entry has one");
    return rc;
}

static int load(const struct reader *reader, struct aur_entry *out, struct aur_error *err)
{
    const struct aur_stage *stage = reader->stage;
    struct aur_piece_source source = {.path = out->script,
                                      .name = out->called,
                                      .lib_dir = stage->lib_dir,
                                      .limits = aur_stage_limits(&stage->settings, true),
                                      .log = stage->log,
                                      .tables = &stage->loader};
    return aur_piece_load(&out->piece, &source, err);
}

static int set_controls(const struct reader *reader, struct aur_entry *out)
{
    struct aur_error err;
    const struct aur_piece_info *info = aur_piece_describe(out->piece);
    out->controls = info->start;
    int rc = aur_wanted_apply(&out->wanted, &out->controls, &info->controls, &err);
    return rc < 0 ? refuse_as(reader, &err) : AUR_OK;
}

/* *keep: it plays. */
static int read_entry(struct reader *reader, struct aur_entry *out, bool *keep, json_t *object, size_t index)
{
    static const char *const kinds[] = {[AUR_ENTRIES_CHANNELS] = "channel", [AUR_ENTRIES_PRESETS] = "preset"};
    const char *name = json_string_value(json_object_get(object, "name"));
    struct aur_error err;
    memset(out, 0, sizeof *out);
    if (name)
        snprintf(reader->where, sizeof reader->where, "%s %.40s", kinds[reader->kind], name);
    else
        snprintf(reader->where, sizeof reader->where, "%s %zu", kinds[reader->kind], index + 1);
    if (!json_is_object(object))
        return refuse(reader, AUR_EINVAL, "is not an object");
    int rc = aur_stage_wanted(&out->wanted, reader->stage, reader->err);
    if (rc == AUR_OK)
        rc = read_fields(reader, out, object);
    if (rc < 0)
        return rc;
    rc = load(reader, out, &err);
    *keep = rc == AUR_OK;
    if (rc == AUR_OK)
        return set_controls(reader, out);
    if (reader->kind == AUR_ENTRIES_PRESETS && *reader->path) {
        aur_log(reader->stage->log, AUR_LOG_WARNING, "presets", "%s is left out: %s", out->name, err.message);
        return AUR_OK;
    }
    if (reader->err)
        *reader->err = err; /* file:line: message */
    return rc;
}

static int check_unique(const struct reader *reader, const struct aur_entries *out)
{
    for (size_t i = 0; i + 1 < out->n; i++)
        if (strcmp(out->items[i].name, out->items[out->n - 1].name) == 0)
            return refuse(reader, AUR_EINVAL, "there are two of this name");
    return AUR_OK;
}

static int read_list(struct reader *reader, struct aur_entries *out, json_t *list)
{
    size_t n = json_array_size(list);
    char reason[64];
    if (n > AUR_ENTRIES_MAX) {
        snprintf(reason, sizeof reason, "%zu entries; at most %d are allowed", n, AUR_ENTRIES_MAX);
        return refuse(reader, AUR_EINVAL, reason);
    }
    out->items = calloc(n ? n : 1, sizeof *out->items);
    if (!out->items)
        return refuse(reader, AUR_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        bool keep = false;
        int rc = read_entry(reader, &out->items[out->n], &keep, json_array_get(list, i), i);
        out->n += keep;
        if (rc == AUR_OK && keep)
            rc = check_unique(reader, out);
        if (rc < 0)
            return rc;
    }
    return AUR_OK;
}

int aur_entries_read(struct aur_entries *out, enum aur_entries_kind kind, const char *path,
                     const struct aur_stage *stage, struct aur_error *err)
{
    static const char *const keys[] = {[AUR_ENTRIES_CHANNELS] = "channels", [AUR_ENTRIES_PRESETS] = "presets"};
    struct reader reader = {.kind = kind, .path = path, .stage = stage, .err = err};
    struct aur_buf text;
    json_error_t at;
    char reason[300];
    *out = (struct aur_entries){NULL, 0};
    folder_of(reader.folder, path);
    aur_buf_init(&text);
    int rc = aur_buf_read_file(&text, path, FILE_BYTES, err);
    if (rc < 0) {
        aur_buf_deinit(&text);
        return rc;
    }
    json_t *root = json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES, &at);
    json_t *list = json_object_get(root, keys[kind]);
    snprintf(reason, sizeof reason, "line %d: %s", at.line, at.text);
    if (!root)
        rc = refuse(&reader, AUR_EINVAL, reason);
    else if (!json_is_array(list) || json_object_size(root) != 1)
        rc = refuse(&reader, AUR_EINVAL,
                    kind == AUR_ENTRIES_CHANNELS ? "must be {\"channels\":[...]}" : "must be {\"presets\":[...]}");
    else
        rc = read_list(&reader, out, list);
    json_decref(root);
    aur_buf_deinit(&text);
    if (rc < 0)
        aur_entries_free(out);
    return rc;
}

int aur_entry_read_preset(struct aur_entry *out, const char *json, const struct aur_stage *stage, struct aur_error *err)
{
    struct reader reader = {.kind = AUR_ENTRIES_PRESETS, .path = "", .stage = stage, .err = err};
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    bool keep = false;
    snprintf(reader.folder, sizeof reader.folder, "%.4000s/scripts", stage->data_dir);
    int rc = read_entry(&reader, out, &keep, object, 0);
    json_decref(object);
    if (rc < 0)
        aur_entry_deinit(out);
    return rc;
}

void aur_entry_deinit(struct aur_entry *entry)
{
    aur_piece_free(entry->piece);
    entry->piece = NULL;
}

void aur_entries_free(struct aur_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++)
        aur_entry_deinit(&entries->items[i]);
    free(entries->items);
    *entries = (struct aur_entries){NULL, 0};
}
