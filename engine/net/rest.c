/* Routes by table, one function each. On the network thread; requests are rare and small, so each is answered at once, but for
 * those about scripts, which are the worker's. */
#include "net/rest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/health.h"
#include "net/rest_branches.h"
#include "net/rest_keep.h"
#include "net/rest_scripts.h"
#include "net/token.h"
#include "wire/json.h"
#include "wire/params.h"

struct aur_hub *aur_rest_hub(struct aur_reply *reply, const struct aur_hubs *hubs, const struct aur_request *request)
{
    const char *name = aur_query_get(&request->query, "channel");
    struct aur_hub *hub = aur_hubs_find(hubs, name);
    if (!hubs->n)
        aur_reply_refuse(reply, 503, "UNAVAILABLE", "no channel plays");
    else if (!hub)
        aur_reply_refuse(reply, 404, "NOT_FOUND", "no such channel: %s", name);
    return hub;
}

static void get_status(struct aur_reply *reply, struct aur_hubs *hubs, const struct aur_request *request)
{
    struct aur_hub *hub = aur_rest_hub(reply, hubs, request);
    if (!hub)
        return;
    struct aur_msg_status status;
    aur_hub_status(hub, &status);
    aur_msg_status_write(&reply->body, &status, false);
}

/* Of the channel that is named, else of all. */
static void get_health(struct aur_reply *reply, struct aur_hubs *hubs, const struct aur_request *request)
{
    const struct aur_hub *only = NULL;
    if (hubs->n && aur_query_get(&request->query, "channel") && !(only = aur_rest_hub(reply, hubs, request)))
        return;
    aur_health_write(reply, hubs, only);
}

/* ---- channels ---- */

static void put_channel(struct aur_buf *out, struct aur_hub *hub)
{
    struct aur_msg_status status;
    aur_hub_status(hub, &status);
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_text(out, "name", status.channel);
    aur_json_text(out, "title", status.current.title);
    aur_json_text(out, "script", status.script);
    aur_json_count(out, "sample_rate", status.sample_rate);
    aur_json_count(out, "channels", 2);
    aur_json_key(out, "formats");
    aur_msg_formats_write(out, status.formats);
    aur_json_count(out, "listeners", hub->listeners);
    aur_json_key(out, "stream");
    aur_buf_printf(out, "\"/ws/stream?channel=%s\"}", status.channel);
}

static void get_channels(struct aur_reply *reply, struct aur_hubs *hubs, const struct aur_request *request)
{
    (void)request;
    aur_buf_text(&reply->body, "{\"channels\":[");
    for (size_t i = 0; i < hubs->n; i++)
        if (!aur_channel_unlisted(hubs->items[i]->channel))
            put_channel(&reply->body, hubs->items[i]);
    aur_buf_text(&reply->body, "]");
    aur_private_put(&reply->body, &hubs->private);
    aur_buf_text(&reply->body, "}");
}

static void get_presets(struct aur_reply *reply, struct aur_hubs *hubs, const struct aur_request *request)
{
    (void)request;
    aur_private_put_presets(&reply->body, &hubs->private);
}

static void get_voices(struct aur_reply *reply, struct aur_hubs *hubs, const struct aur_request *request)
{
    (void)hubs;
    (void)request;
    aur_msg_params_write(&reply->body);
}

/* ---- controls ---- */

static void refuse_control(struct aur_reply *reply, const struct aur_error *err)
{
    if (err->code == AUR_EINVAL) {
        reply->status = 422;
        aur_msg_refusal_write(&reply->body, "INVALID_CONTROL", err->message, err);
    } else {
        aur_reply_refuse(reply, 500, "INTERNAL", "%s", aur_err_text(err->code));
    }
}

static void post_control(struct aur_reply *reply, struct aur_hubs *hubs, const struct aur_request *request)
{
    const struct aur_hub *hub = aur_rest_hub(reply, hubs, request);
    if (!hub)
        return;
    if (!aur_rate_take(&hubs->rest_rate, hubs->control_rate, aur_clock_mono_ns())) {
        reply->retry_s = 1;
        aur_reply_refuse(reply, 429, "TOO_MANY_REQUESTS", "more than %" PRIu32 " controls a second",
                         hubs->control_rate);
        return;
    }
    struct aur_control_specs specs;
    struct aur_controls now;
    struct aur_msg_client read;
    struct aur_msg_phrase answer;
    struct aur_error err = {0};
    aur_channel_controls(hub->channel, &now, &specs);
    const char *text = request->body.data ? request->body.data : "";
    if (aur_msg_read_control(&read, text, request->body.len, &now, &specs, &err) != AUR_OK) {
        refuse_control(reply, &err);
    } else {
        aur_channel_control(hub->channel, &answer, &read.controls, &specs);
        aur_msg_updated_write(&reply->body, &answer);
    }
    aur_msg_client_deinit(&read);
}

/* ---- routes ---- */

static const struct route {
    const char *path;
    enum aur_method method;
    void (*answer)(struct aur_reply *reply, struct aur_hubs *hubs, const struct aur_request *request);
} routes[] = {
    {"/api/v1/status", AUR_GET, get_status},     {"/api/v1/health", AUR_GET, get_health},
    {"/api/v1/channels", AUR_GET, get_channels}, {"/api/v1/presets", AUR_GET, get_presets},
    {"/api/v1/voices", AUR_GET, get_voices},     {"/api/v1/control", AUR_POST, post_control},
};

static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(path, routes[i].path) == 0)
            return &routes[i];
    return NULL;
}

/* What is wrong with the request, whatever its body says. */
static void judge(struct aur_reply *reply, const struct aur_hubs *hubs, const struct aur_request *request, int allow,
                  bool edits)
{
    if (!allow) {
        aur_reply_refuse(reply, 404, "NOT_FOUND", "no such route: %s", request->path);
    } else if (request->method == AUR_OPTIONS) {
        reply->status = 204;
        reply->allow = allow | AUR_OPTIONS;
    } else if (!(allow & (int)request->method)) {
        aur_reply_refuse(reply, 405, "METHOD_NOT_ALLOWED", "%s does not take this method", request->path);
        reply->allow = allow | AUR_OPTIONS;
    } else if (!((AUR_GET | AUR_HEAD) & (int)request->method) && request->judged == AUR_ORIGIN_DENIED) {
        aur_reply_refuse(reply, 403, "FORBIDDEN", "origin %s is not allowed", request->origin);
    } else if (edits && !aur_token_admits(hubs->edit_token, hubs->loopback, request)) {
        reply->challenge = true;
        aur_reply_refuse(reply, 401, "UNAUTHORIZED", "%s",
                         hubs->edit_token && *hubs->edit_token
                             ? "this needs the edit token: Authorization: Bearer TOKEN"
                             : "this server has no AURALIS_EDIT_TOKEN: changes are made from its own machine only");
    }
}

bool aur_rest_admit(struct aur_reply *reply, size_t *body_max, const struct aur_hubs *hubs,
                    const struct aur_request *request)
{
    const struct route *route = find_route(request->path);
    int allow = aur_rest_scripts_methods(request->path) | aur_rest_keep_methods(request->path) |
                aur_rest_branches_methods(request->path);
    if (route)
        allow = (int)route->method | (route->method == AUR_GET ? AUR_HEAD : 0);
    bool scripts = !route && aur_rest_scripts_edits(request->path, request->method), edits = scripts;
    *body_max = scripts && hubs->script_bytes > AUR_BODY_MAX ? hubs->script_bytes : AUR_BODY_MAX;
    if (!route)
        edits = aur_rest_keep_edits(request->path, request->method, body_max) ||
                aur_rest_branches_edits(request->path, request->method) || edits;
    reply->type = "application/json";
    judge(reply, hubs, request, allow, edits);
    return reply->status == 0;
}

bool aur_rest_edit_rate(struct aur_reply *reply, struct aur_hubs *hubs)
{
    if (aur_rate_take(&hubs->edit_rate, hubs->control_rate, aur_clock_mono_ns()))
        return true;
    reply->retry_s = 1;
    aur_reply_refuse(reply, 429, "TOO_MANY_REQUESTS", "more than %" PRIu32 " edits a second", hubs->control_rate);
    return false;
}

/* Which worker's it is, and what it is asked. False: reply refuses. */
static bool question(struct aur_question *ask, struct aur_reply *reply, struct aur_hubs *hubs,
                     struct aur_request *request)
{
    bool keep = aur_rest_keep_methods(request->path) != 0;
    ask->to = keep ? AUR_ERRAND_KEEP : AUR_ERRAND_SCRIPTS;
    if (keep)
        return aur_rest_keep_ask(&ask->keep, reply, hubs, request);
    if (aur_rest_branches_methods(request->path))
        return aur_rest_branches_ask(&ask->scripts, reply, hubs, request);
    return aur_rest_scripts_ask(&ask->scripts, reply, hubs, request);
}

bool aur_rest_answer(struct aur_reply *reply, struct aur_question *ask, struct aur_hubs *hubs,
                     struct aur_request *request)
{
    const struct route *route = find_route(request->path);
    const bool looked_up = route && route->answer == get_presets && hubs->keep;
    if (!route || looked_up)
        return !question(ask, reply, hubs, request);
    reply->status = 200;
    reply->type = "application/json";
    route->answer(reply, hubs, request);
    return true;
}
