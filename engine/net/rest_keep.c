/* Routes of takes, sessions and presets by table. On the network thread, which reads neither database nor file: all of it is
 * the worker's. What is wrong with a body is told here, what is wrong with what it asks for there. */
#include "net/rest_keep.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "net/rest.h"
#include "net/rest_keep_body.h"
#include "net/token.h"
#include "wire/message.h"

#define PREFIX "/api/v1/"

enum { TOKEN = 1, CHANGES = 2, TEXT = 4 }; /* needs the edit token; counts as an edit; its body is the worker's */

#define EXPORTS_A_MINUTE 2 /* of sessions; each may take seconds of a processor */
#define IMPORTS_A_MINUTE 4 /* of presets */

static const struct keep_route {
    const char *path; /* after PREFIX; the stars are the id, and after it the name */
    enum aur_method method;
    enum aur_keep_ask ask;
    int flags, status;
    aur_rest_keep_body_fn *read; /* the body, NULL: there is none that matters */
} routes[] = {
    {"sessions", AUR_GET, AUR_KEEP_SESSIONS, 0, 200, NULL},
    {"sessions", AUR_POST, AUR_KEEP_SESSION_IMPORT, TOKEN | CHANGES | TEXT, 201, NULL},
    {"sessions/*", AUR_GET, AUR_KEEP_SESSION, 0, 200, NULL},
    {"sessions/*", AUR_PUT, AUR_KEEP_SESSION_NAME, TOKEN | CHANGES, 200, aur_rest_keep_body_name},
    {"sessions/*", AUR_DELETE, AUR_KEEP_SESSION_DELETE, TOKEN | CHANGES, 200, NULL},
    {"sessions/*/waveform", AUR_GET, AUR_KEEP_SESSION_WAVEFORM, 0, 200, NULL},
    {"sessions/*/export", AUR_GET, AUR_KEEP_SESSION_EXPORT, 0, 200, NULL},
    {"keep", AUR_POST, AUR_KEEP_TAKE_NEW, TOKEN | CHANGES, 202, aur_rest_keep_body_take},
    {"takes", AUR_GET, AUR_KEEP_TAKES, 0, 200, NULL},
    {"takes/*", AUR_GET, AUR_KEEP_TAKE, 0, 200, NULL},
    {"takes/*", AUR_PUT, AUR_KEEP_TAKE_NAME, TOKEN | CHANGES, 200, aur_rest_keep_body_name},
    {"takes/*", AUR_DELETE, AUR_KEEP_TAKE_DELETE, TOKEN | CHANGES, 200, NULL},
    {"takes/*/retry", AUR_POST, AUR_KEEP_TAKE_RETRY, TOKEN | CHANGES, 202, NULL},
    {"takes/*/waveform", AUR_GET, AUR_KEEP_TAKE_WAVEFORM, 0, 200, NULL},
    {"takes/*/files/**", AUR_GET, AUR_KEEP_TAKE_FILE, 0, 200, NULL},
    {"presets", AUR_GET, AUR_KEEP_PRESETS, 0, 200, NULL},
    {"presets/export", AUR_GET, AUR_KEEP_PRESET_EXPORT, 0, 200, NULL},
    {"presets/import", AUR_POST, AUR_KEEP_PRESET_IMPORT, CHANGES | TEXT, 200, NULL},
    {"presets/*", AUR_PUT, AUR_KEEP_PRESET_PUT, CHANGES | TEXT, 200, NULL},
    {"presets/*", AUR_DELETE, AUR_KEEP_PRESET_DELETE, CHANGES, 200, NULL},
};
#define ROUTES (sizeof routes / sizeof *routes)

/* ---- which route ---- */

static const struct keep_route *find_route(const char *path, enum aur_method method, struct aur_path_part parts[2])
{
    if (method == AUR_HEAD)
        method = AUR_GET;
    for (size_t i = 0; i < ROUTES; i++)
        if (routes[i].method == method && aur_path_matches(parts, PREFIX, routes[i].path, path))
            return &routes[i];
    return NULL;
}

int aur_rest_keep_methods(const char *path)
{
    struct aur_path_part parts[2];
    int methods = 0;
    for (size_t i = 0; i < ROUTES; i++)
        if (aur_path_matches(parts, PREFIX, routes[i].path, path))
            methods |= (int)routes[i].method | (routes[i].method == AUR_GET ? AUR_HEAD : 0);
    return methods;
}

bool aur_rest_keep_edits(const char *path, enum aur_method method, size_t *body_max)
{
    struct aur_path_part parts[2];
    const struct keep_route *route = find_route(path, method, parts);
    if (route && route->ask == AUR_KEEP_SESSION_IMPORT)
        *body_max = AUR_IMPORT_MAX;
    if (route && route->ask == AUR_KEEP_PRESET_IMPORT)
        *body_max = AUR_IMPORT_MAX / 16;
    return route && (route->flags & TOKEN);
}

/* ---- asking ---- */

static bool within_minute(struct aur_reply *reply, struct aur_rate *rate, uint32_t count, const char *what)
{
    if (aur_rate_take_minute(rate, count, aur_clock_mono_ns()))
        return true;
    reply->retry_s = 60 / count;
    aur_reply_refuse(reply, 429, "TOO_MANY_REQUESTS", "more than %" PRIu32 " %s a minute", count, what);
    return false;
}

/* What needs no token has buckets of its own, so that nobody who asks for it keeps those from anything who have it. */
static bool within_rate(struct aur_reply *reply, struct aur_hubs *hubs, const struct keep_route *route,
                        const struct aur_request *request)
{
    if (route->flags & TOKEN || aur_token_admits(hubs->edit_token, hubs->loopback, request))
        return !(route->flags & CHANGES) || aur_rest_edit_rate(reply, hubs);
    if (route->ask == AUR_KEEP_SESSION_EXPORT)
        return within_minute(reply, &hubs->export_rate, EXPORTS_A_MINUTE, "exports");
    if (route->ask == AUR_KEEP_PRESET_IMPORT)
        return within_minute(reply, &hubs->import_rate, IMPORTS_A_MINUTE, "imports of presets");
    if (!(route->flags & CHANGES) || aur_rate_take(&hubs->preset_rate, hubs->control_rate, aur_clock_mono_ns()))
        return true;
    reply->retry_s = 1;
    aur_reply_refuse(reply, 429, "TOO_MANY_REQUESTS", "more than %" PRIu32 " changes of presets a second",
                     hubs->control_rate);
    return false;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool aur_rest_keep_ask(struct aur_keep_request *out, struct aur_reply *reply, struct aur_hubs *hubs,
                       struct aur_request *request)
{
    struct aur_path_part parts[2] = {{"", 0}, {"", 0}};
    const struct keep_route *route = find_route(request->path, request->method, parts);
    const char *channel = aur_query_get(&request->query, "channel");
    memset(out, 0, sizeof *out);
    out->ask = route->ask;
    out->asked_at = now_ms();
    if (!hubs->keep) {
        aur_reply_refuse(reply, 503, "NO_JOURNAL", "this server keeps no journal: no sessions, takes and presets");
        return false;
    }
    if (!within_rate(reply, hubs, route, request))
        return false;
    aur_path_copy(out->id, sizeof out->id, &parts[0]);
    aur_path_copy(out->name, sizeof out->name, &parts[1]);
    if (route->ask == AUR_KEEP_SESSIONS && channel)
        snprintf(out->name, sizeof out->name, "%s", channel);
    if (route->ask == AUR_KEEP_SESSION_EXPORT) {
        const char *whole = aur_query_get(&request->query, "whole");
        out->whole = whole && strcmp(whole, "1") == 0;
    }
    if (route->flags & TEXT) {
        out->len = request->body.len;
        out->text = aur_buf_take(&request->body);
        if (!out->text)
            aur_reply_refuse(reply, 422, "INVALID_REQUEST", "the request has no body");
        return out->text != NULL;
    }
    struct aur_error err = {0};
    int rc = route->read ? aur_rest_keep_body(route->read, out, hubs, &request->body, &err) : AUR_OK;
    if (rc == AUR_ENOTFOUND)
        aur_reply_refuse(reply, 404, "NOT_FOUND", "%s", err.message);
    else if (rc < 0)
        aur_reply_invalid(reply, &err);
    return rc == AUR_OK;
}

/* ---- replying ---- */

void aur_rest_keep_came(struct aur_hubs *hubs, enum aur_keep_ask ask, struct aur_keep_reply *from)
{
    size_t n = 0;
    if (from->all)
        aur_private_withdraw_others(&hubs->private, from->offers, from->n_offers);
    for (size_t i = 0; i < from->n_offers; i++)
        if (aur_private_offer(&hubs->private, &from->offers[i]) < 0)
            from->offers[n++] = from->offers[i]; /* nobody's: freed with the reply */
    from->n_offers = n;
    if (ask == AUR_KEEP_PRESET_DELETE && from->error.code == AUR_OK)
        aur_private_withdraw(&hubs->private, from->name);
    if (ask == AUR_KEEP_PRESETS) { /* as they are known, if the journal cannot be read */
        from->error.code = AUR_OK;
        aur_buf_clear(&from->body);
        aur_private_put_presets(&from->body, &hubs->private);
    }
}

static void refuse(struct aur_reply *reply, const struct aur_error *err)
{
    static const struct {
        int code, status;
        const char *word;
    } words[] = {
        {AUR_ENOTFOUND, 404, "NOT_FOUND"},      {AUR_EBUSY, 409, "CONFLICT"},
        {AUR_ELIMIT, 429, "TOO_MANY_REQUESTS"}, {AUR_ENOTSUP, 409, "NOT_REPLAYABLE"},
        {AUR_ESCRIPT, 422, "SCRIPT_REFUSED"},
    };
    if (err->code == AUR_EINVAL) {
        aur_reply_invalid(reply, err);
        return;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].code == err->code) {
            aur_reply_refuse(reply, words[i].status, words[i].word, "%.*s", (int)strcspn(err->message, "\n"),
                             err->message);
            return;
        }
    aur_reply_refuse(reply, 500, "INTERNAL", "%s", err->message);
}

static int status_of(enum aur_keep_ask ask)
{
    for (size_t i = 0; i < ROUTES; i++)
        if (routes[i].ask == ask)
            return routes[i].status;
    return 200;
}

void aur_rest_keep_reply(struct aur_reply *reply, const struct aur_request *request, enum aur_keep_ask ask,
                         struct aur_keep_reply *from)
{
    reply->type = from->type;
    if (from->error.code < 0) {
        refuse(reply, &from->error);
        return;
    }
    reply->status = status_of(ask);
    snprintf(reply->save_as, sizeof reply->save_as, "%s", from->file);
    if (from->fd >= 0) {
        reply->file = (struct aur_reply_file){.open = true, .fd = from->fd, .bytes = from->bytes, .whole = from->bytes};
        from->fd = -1;
        aur_reply_range(reply, request->range);
        return;
    }
    aur_buf_deinit(&reply->body);
    reply->body = from->body;
    aur_buf_init(&from->body);
}
