/* Reading and checking what clients send. On the network thread. jansson parses and so decides what is JSON; each kind of
 * message has a table row that names its keys and reads them. A refused message leaves nothing behind: values go into the
 * caller's result, which counts only on success. */
#include "wire/message.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_SIZE sizeof((struct aur_error *)0)->allowed

struct reading { /* one message under way */
    struct aur_msg_client *out;
    const struct aur_control_specs *specs;
    const char *text;
    size_t len;
    struct aur_error *err;
};

/* ---- refusing ---- */

/* The value as text: a string as it is, anything else as JSON, cut to size. */
static void describe(char *out, size_t size, const json_t *value)
{
    if (json_is_string(value)) {
        snprintf(out, size, "%s", json_string_value(value));
        return;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    snprintf(out, size, "%s", text ? text : "");
    free(text);
}

static int refuse(const struct reading *r, const char *field, const json_t *value, const char *allowed)
{
    char text[sizeof r->err->value];
    describe(text, sizeof text, value);
    return aur_error_value(r->err, field, text, allowed);
}

static int refuse_text(const struct reading *r, const char *why)
{
    char start[48];
    snprintf(start, sizeof start, "%.*s", (int)(r->len < sizeof start ? r->len : sizeof start - 1), r->text);
    int code = aur_error_value(r->err, "message", start, "one JSON object");
    if (r->err)
        snprintf(r->err->message, sizeof r->err->message, "message: not a JSON object: %s", why);
    return code;
}

/* ---- values ---- */

static int read_ignored_time(const struct reading *r, const char *key, const json_t *value)
{
    if (json_is_string(value) || json_is_number(value))
        return AUR_OK;
    return refuse(r, key, value, "a string or a number");
}

static int read_count(const struct reading *r, const char *key, const json_t *value, double *out)
{
    if (!json_is_number(value) || !(json_number_value(value) >= 0))
        return refuse(r, key, value, "a number from 0 up");
    *out = json_number_value(value);
    return AUR_OK;
}

static int read_key(const struct reading *r, const json_t *value)
{
    if (json_is_string(value))
        return aur_key_parse(&r->out->controls.key, json_string_value(value), r->err);
    return refuse(r, "key", value, "a string: <tonic> <mode>, for example \"A minor\"");
}

/* What a numeric control allows, as text; false if there is none of this name. */
static bool numeric_range(const struct reading *r, const char *name, char *out, size_t size)
{
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name; b++)
        if (strcmp(name, b->name) == 0)
            return snprintf(out, size, "%s from %.9g to %.9g", b->integer ? "an integer" : "a number", b->min, b->max) >
                   0;
    for (size_t i = 0; i < r->specs->n; i++)
        if (strcmp(name, r->specs->items[i].name) == 0)
            return snprintf(out, size, "a number from %.9g to %.9g", r->specs->items[i].min, r->specs->items[i].max) >
                   0;
    return false;
}

static int refuse_name(const struct reading *r, const char *key, const json_t *value)
{
    char names[NAMES_SIZE] = "key";
    size_t used = strlen(names);
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name && used < sizeof names; b++)
        used += (size_t)snprintf(names + used, sizeof names - used, ", %s", b->name);
    for (size_t i = 0; i < r->specs->n && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, ", %s", r->specs->items[i].name);
    if (used < sizeof names)
        snprintf(names + used, sizeof names - used, ", timestamp");
    return refuse(r, key, value, names);
}

/* ---- one key of each kind of message ---- */

static int control_key(const struct reading *r, const char *key, const json_t *value)
{
    char range[96];
    if (strcmp(key, "timestamp") == 0)
        return read_ignored_time(r, key, value);
    if (strcmp(key, "key") == 0)
        return read_key(r, value);
    if (!numeric_range(r, key, range, sizeof range))
        return refuse_name(r, key, value);
    if (!json_is_number(value))
        return refuse(r, key, value, range);
    return aur_controls_set(&r->out->controls, r->specs, key, json_number_value(value), r->err);
}

static int ping_key(const struct reading *r, const char *key, const json_t *value)
{
    if (strcmp(key, "client_time") == 0)
        return AUR_OK; /* taken from the text, as it stands there */
    return refuse(r, key, value, "client_time");
}

static int request_key(const struct reading *r, const char *key, const json_t *value)
{
    if (strcmp(key, "timestamp") == 0)
        return read_ignored_time(r, key, value);
    return refuse(r, key, value, "timestamp");
}

static int stats_key(const struct reading *r, const char *key, const json_t *value)
{
    struct aur_msg_client *out = r->out;
    if (strcmp(key, "jitter_ms") == 0)
        return read_count(r, key, value, &out->jitter_ms);
    if (strcmp(key, "underruns") == 0)
        return read_count(r, key, value, &out->underruns);
    if (strcmp(key, "buffer_ms") == 0)
        return read_count(r, key, value, &out->buffer_ms);
    if (strcmp(key, "timestamp") == 0)
        return read_ignored_time(r, key, value);
    if (strcmp(key, "tier") != 0)
        return refuse(r, key, value, "jitter_ms, underruns, buffer_ms, tier, timestamp");
    if (!json_is_string(value) || json_string_length(value) >= sizeof out->tier)
        return refuse(r, key, value, "a string of at most 15 bytes");
    memcpy(out->tier, json_string_value(value), json_string_length(value) + 1);
    return AUR_OK;
}

static const struct kind {
    const char *name;
    enum aur_msg_type type;
    int (*read_key)(const struct reading *r, const char *key, const json_t *value);
} kinds[] = {
    {"control", AUR_MSG_CONTROL, control_key},
    {"ping", AUR_MSG_PING, ping_key},
    {"status_request", AUR_MSG_STATUS_REQUEST, request_key},
    {"client_stats", AUR_MSG_CLIENT_STATS, stats_key},
};

static int find_kind(const struct kind **out, const struct reading *r, const json_t *object)
{
    const json_t *type = json_object_get(object, "type");
    for (size_t i = 0; json_is_string(type) && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(json_string_value(type), kinds[i].name) == 0) {
            *out = &kinds[i];
            return AUR_OK;
        }
    }
    if (type)
        return refuse(r, "type", type, "control, ping, status_request, client_stats");
    int code = aur_error_value(r->err, "type", "", "control, ping, status_request, client_stats");
    if (r->err)
        snprintf(r->err->message, sizeof r->err->message, "type is missing; allowed: %s", r->err->allowed);
    return code;
}

static int read_members(const struct reading *r, const struct kind *kind, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        int rc = strcmp(key, "type") == 0 ? AUR_OK : kind->read_key(r, key, value);
        if (rc != AUR_OK)
            return rc;
    }
    return AUR_OK;
}

/* ---- client_time, character for character ---- */

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n", *at))
        at++;
    return at;
}

/* Behind the JSON value at `at`. The text is known to be valid JSON. */
static const char *skip_value(const char *at, const char *end)
{
    int depth = 0;
    do {
        if (*at == '"') {
            for (at++; at < end && *at != '"'; at++)
                at += *at == '\\';
            at++;
        } else if (strchr("{}[]", *at)) {
            depth += *at == '{' || *at == '[' ? 1 : -1;
            at++;
        } else {
            at += strcspn(at, ",:{}[]\" \t\r\n");
            at += depth > 0 && at < end && strchr(",: \t\r\n", *at);
        }
    } while (depth > 0 && at < end);
    return at;
}

/* The text of the last member `name` of the object in `text` (of valid JSON, NUL-terminated), or NULL. malloc'd. */
static char *member_text(const char *text, size_t len, const char *name)
{
    const char *end = text + len, *found = NULL, *found_end = NULL;
    const char *at = skip_space(skip_space(text, end) + 1, end);
    while (at < end && *at == '"') {
        const char *key = at;
        at = skip_value(at, end);
        bool hit = (size_t)(at - key) == strlen(name) + 2 && memcmp(key + 1, name, strlen(name)) == 0;
        const char *value = skip_space(skip_space(at, end) + 1, end); /* behind the colon */
        at = skip_value(value, end);
        if (hit) {
            found = value;
            found_end = at;
        }
        at = skip_space(skip_space(at, end) + 1, end); /* behind the comma */
    }
    return found ? strndup(found, (size_t)(found_end - found)) : NULL;
}

static int take_client_time(struct aur_msg_client *out, const char *text, size_t len, const json_t *object)
{
    if (!json_object_get(object, "client_time"))
        return AUR_OK;
    char *copy = strndup(text, len); /* ends in NUL, which the scan relies on */
    if (!copy)
        return AUR_ENOMEM;
    out->client_time = member_text(copy, len, "client_time");
    free(copy);
    return AUR_OK;
}

/* ---- the message ---- */

static void note_changes(struct aur_msg_client *out, const struct aur_controls *now,
                         const struct aur_control_specs *specs)
{
    const struct aur_controls *new = &out->controls;
    bool intensity = new->intensity != now->intensity;
    out->live_changed = intensity || new->level != now->level || new->brightness != now->brightness;
    out->structural_changed = intensity || strcmp(new->key.name, now->key.name) != 0 || new->bpm != now->bpm ||
                              new->melody_complexity != now->melody_complexity;
    for (size_t i = 0; i < specs->n; i++)
        out->structural_changed |= new->piece[i] != now->piece[i];
}

static int read_object(const struct reading *r, json_t *object, const struct kind *kind)
{
    int rc = kind ? AUR_OK : find_kind(&kind, r, object);
    if (rc != AUR_OK)
        return rc;
    r->out->type = kind->type;
    rc = read_members(r, kind, object);
    if (rc == AUR_OK && kind->type == AUR_MSG_PING)
        rc = take_client_time(r->out, r->text, r->len, object);
    return rc;
}

static int read_message(struct aur_msg_client *out, const char *text, size_t len, const struct aur_controls *now,
                        const struct aur_control_specs *specs, struct aur_error *err, bool rest)
{
    static const struct aur_control_specs none;
    struct reading r = {out, specs ? specs : &none, text, len, err};
    memset(out, 0, sizeof *out);
    out->controls = *now;
    json_error_t why;
    json_t *object = json_loadb(text, len, 0, &why);
    if (!object)
        return json_error_code(&why) == json_error_out_of_memory ? aur_error_set(err, AUR_ENOMEM, "out of memory")
                                                                 : refuse_text(&r, why.text);
    int rc;
    const json_t *type = json_object_get(object, "type");
    if (!json_is_object(object))
        rc = refuse_text(&r, "it is another kind of value");
    else if (rest && type && (!json_is_string(type) || strcmp(json_string_value(type), "control") != 0))
        rc = refuse(&r, "type", type, "control");
    else
        rc = read_object(&r, object, rest ? &kinds[0] : NULL);
    json_decref(object);
    if (rc == AUR_OK)
        note_changes(out, now, r.specs);
    return rc;
}

int aur_msg_read(struct aur_msg_client *out, const char *text, size_t len, const struct aur_controls *now,
                 const struct aur_control_specs *specs, struct aur_error *err)
{
    return read_message(out, text, len, now, specs, err, false);
}

int aur_msg_read_control(struct aur_msg_client *out, const char *text, size_t len, const struct aur_controls *now,
                         const struct aur_control_specs *specs, struct aur_error *err)
{
    return read_message(out, text, len, now, specs, err, true);
}

void aur_msg_client_deinit(struct aur_msg_client *msg)
{
    free(msg->client_time);
    msg->client_time = NULL;
}
