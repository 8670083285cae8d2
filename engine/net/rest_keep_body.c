/* What a take is to be made of, and names. On the network thread: the span of a take is fixed here, at the moment of the
 * request. */
#include "net/rest_keep_body.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/body.h"

static int read_name(struct aur_keep_request *out, const json_t *value, bool needed, struct aur_error *err)
{
    const char *name = json_string_value(value);
    size_t n = name ? strlen(name) : 0;
    if (!value && !needed)
        return AUR_OK;
    bool plain = name && n < sizeof out->name;
    for (size_t i = 0; plain && i < n; i++)
        plain = (unsigned char)name[i] >= 0x20 && name[i] != 0x7f;
    if (!plain)
        return aur_body_refuse(err, "name", value, "text of at most 128 bytes without control characters");
    memcpy(out->name, name, n + 1);
    return AUR_OK;
}

int aur_rest_keep_body_name(struct aur_keep_request *out, const struct aur_hubs *hubs, json_t *body,
                            struct aur_error *err)
{
    (void)hubs;
    static const char *const known[] = {"name", NULL};
    int rc = aur_body_check(body, known, err);
    return rc == AUR_OK ? read_name(out, json_object_get(body, "name"), true, err) : rc;
}

/* ---- takes ---- */

static int read_flag(bool *out, const json_t *body, const char *name, struct aur_error *err)
{
    const json_t *value = json_object_get(body, name);
    if (value && !json_is_boolean(value))
        return aur_body_refuse(err, name, value, "true or false");
    *out = json_is_true(value);
    return AUR_OK;
}

static int read_formats(const json_t *body, struct aur_error *err)
{
    const json_t *formats = json_object_get(body, "formats");
    bool right = !formats || json_is_array(formats);
    for (size_t i = 0; right && i < json_array_size(formats); i++) {
        const char *name = json_string_value(json_array_get(formats, i));
        right = name && strcmp(name, "flac") == 0;
    }
    return right ? AUR_OK : aur_body_refuse(err, "formats", formats, "[\"flac\"]");
}

static int read_seconds(double *out, const json_t *body, const char *name, double scale, double min,
                        struct aur_error *err)
{
    const json_t *value = json_object_get(body, name);
    char allowed[64];
    double number = json_number_value(value) * scale;
    snprintf(allowed, sizeof allowed, "a number %s %g to %g", min > 0 ? "from" : "above", min / scale,
             AUR_KEEP_SECONDS_MAX / scale);
    if (!json_is_number(value) || number < min || number > AUR_KEEP_SECONDS_MAX)
        return aur_body_refuse(err, name, value, allowed);
    *out = number;
    return AUR_OK;
}

static int read_stored(struct aur_keep_span *span, const json_t *body, struct aur_error *err)
{
    const char *id = json_string_value(json_object_get(body, "session"));
    const json_t *from = json_object_get(body, "from_s"), *to = json_object_get(body, "to_s");
    double from_s = json_number_value(from), to_s = json_number_value(to);
    if (!id || !*id || strlen(id) >= sizeof span->session)
        return aur_body_refuse(err, "session", json_object_get(body, "session"), "the id of a session");
    if (!json_is_number(from) || from_s < 0 || from_s > 1e9)
        return aur_body_refuse(err, "from_s", from, "seconds from the session's start");
    if (!json_is_number(to) || to_s <= from_s || to_s - from_s > AUR_KEEP_SECONDS_MAX)
        return aur_body_refuse(err, "to_s", to, "seconds from the session's start, after from_s, by 43200 at most");
    strcpy(span->session, id);
    span->from_s = from_s;
    span->to_s = to_s;
    return AUR_OK;
}

/* Up to what was published just now, or to what the client says it hears. */
static int read_live(struct aur_keep_span *span, const struct aur_hubs *hubs, const json_t *body, struct aur_error *err)
{
    const json_t *named = json_object_get(body, "channel"), *until = json_object_get(body, "until_chunk");
    const char *name = json_string_value(named);
    struct aur_msg_status status;
    if (named && !name)
        return aur_body_refuse(err, "channel", named, "the name of a channel");
    struct aur_hub *hub = aur_hubs_find(hubs, name);
    if (!hub)
        return aur_error_set(err, AUR_ENOTFOUND, "no such channel: %.64s", name ? name : "main");
    if (until && (!json_is_integer(until) || json_integer_value(until) < 0))
        return aur_body_refuse(err, "until_chunk", until, "the index of a chunk");
    aur_channel_status(hub->channel, &status);
    uint64_t chunk = status.chunk_index;
    if (until && (uint64_t)json_integer_value(until) < chunk)
        chunk = (uint64_t)json_integer_value(until);
    snprintf(span->channel, sizeof span->channel, "%s", aur_channel_name(hub->channel));
    span->sounded = (chunk + 1) * status.chunk_frames;
    return read_seconds(&span->last_s, body, "minutes", 60, 0.6, err);
}

int aur_rest_keep_body_take(struct aur_keep_request *out, const struct aur_hubs *hubs, json_t *body,
                            struct aur_error *err)
{
    static const char *const live[] = {"channel", "minutes", "until_chunk", "name", "stems", "midi", "formats", NULL};
    static const char *const stored[] = {"session", "from_s", "to_s", "name", "stems", "midi", "formats", NULL};
    bool is_stored = json_object_get(body, "session") != NULL;
    int rc = aur_body_check(body, is_stored ? stored : live, err);
    if (rc == AUR_OK)
        rc = is_stored ? read_stored(&out->span, body, err) : read_live(&out->span, hubs, body, err);
    if (rc == AUR_OK)
        rc = read_name(out, json_object_get(body, "name"), false, err);
    if (rc == AUR_OK)
        rc = read_flag(&out->stems, body, "stems", err);
    if (rc == AUR_OK)
        rc = read_flag(&out->midi, body, "midi", err);
    return rc == AUR_OK ? read_formats(body, err) : rc;
}

int aur_rest_keep_body(aur_rest_keep_body_fn *read, struct aur_keep_request *out, const struct aur_hubs *hubs,
                       const struct aur_buf *body, struct aur_error *err)
{
    json_t *root;
    int rc = aur_body_read(&root, body, err);
    if (rc == AUR_OK)
        rc = read(out, hubs, root, err);
    json_decref(root);
    return rc;
}
