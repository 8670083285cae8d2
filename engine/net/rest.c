/* Routes by table, one function each. On the network thread; requests are rare and small, so each is answered at once, but for
 * those about scripts, which are the worker's. */
#include "net/rest.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "net/token.h"
#include "wire/json.h"

struct aur_channel *aur_rest_channel(const struct aur_hub *hub, const char *name)
{
    if (hub->channel && (!name || strcmp(name, aur_channel_name(hub->channel)) == 0))
        return hub->channel;
    return NULL;
}

/* The channel asked for; refuses if there is none. */
static struct aur_channel *find_channel(struct aur_reply *reply, const struct aur_hub *hub,
                                        const struct aur_request *request)
{
    const char *name = aur_query_get(&request->query, "channel");
    struct aur_channel *channel = aur_rest_channel(hub, name);
    if (!hub->channel)
        aur_reply_refuse(reply, 503, "UNAVAILABLE", "no channel plays");
    else if (!channel)
        aur_reply_refuse(reply, 404, "NOT_FOUND", "no such channel: %s", name);
    return channel;
}

static void get_status(struct aur_reply *reply, struct aur_hub *hub, const struct aur_request *request)
{
    if (!find_channel(reply, hub, request))
        return;
    struct aur_msg_status status;
    aur_hub_status(hub, &status);
    aur_msg_status_write(&reply->body, &status, false);
}

static void get_health(struct aur_reply *reply, struct aur_hub *hub, const struct aur_request *request)
{
    (void)request;
    char reasons[1 + AUR_TROUBLES][256];
    size_t n = 0;
    bool alive = false;
    if (!hub->channel)
        strcpy(reasons[n++], "no channel plays");
    else if (aur_channel_healthy(hub->channel, reasons[n], sizeof reasons[n]))
        alive = true;
    else
        n++;
    for (int i = 0; i < AUR_TROUBLES; i++)
        n += aur_hub_trouble(hub, (enum aur_trouble)i, aur_clock_mono_ns(), reasons[n], sizeof reasons[n]);
    reply->status = alive ? 200 : 503;
    aur_buf_printf(&reply->body, "{\"status\":\"%s\",\"service\":\"auralis\",\"reasons\":[",
                   !alive ? "unhealthy"
                   : n    ? "degraded"
                          : "healthy");
    for (size_t i = 0; i < n; i++) {
        aur_buf_text(&reply->body, i ? "," : "");
        aur_json_string(&reply->body, reasons[i]);
    }
    aur_buf_text(&reply->body, "]}");
}

static void get_channels(struct aur_reply *reply, struct aur_hub *hub, const struct aur_request *request)
{
    (void)request;
    aur_buf_text(&reply->body, "{\"channels\":[");
    if (hub->channel) {
        struct aur_msg_status status;
        aur_hub_status(hub, &status);
        aur_buf_text(&reply->body, "{\"name\":");
        aur_json_string(&reply->body, status.channel);
        aur_buf_text(&reply->body, ",\"title\":");
        aur_json_string(&reply->body, status.current.title);
        aur_buf_printf(&reply->body, ",\"sample_rate\":%" PRIu32 ",\"channels\":2,\"formats\":", status.sample_rate);
        aur_msg_formats_write(&reply->body, status.formats);
        aur_buf_printf(&reply->body, ",\"listeners\":%" PRIu64 ",\"stream\":\"/ws/stream?channel=%s\"}", hub->listeners,
                       status.channel);
    }
    aur_buf_text(&reply->body, "]}");
}

static void refuse_control(struct aur_reply *reply, const struct aur_error *err)
{
    if (err->code == AUR_EINVAL) {
        reply->status = 422;
        aur_msg_refusal_write(&reply->body, "INVALID_CONTROL", err->message, err);
    } else {
        aur_reply_refuse(reply, 500, "INTERNAL", "%s", aur_err_text(err->code));
    }
}

static void post_control(struct aur_reply *reply, struct aur_hub *hub, const struct aur_request *request)
{
    struct aur_channel *channel = find_channel(reply, hub, request);
    if (!channel)
        return;
    if (!aur_rate_take(&hub->rest_rate, hub->control_rate, aur_clock_mono_ns())) {
        reply->retry = true;
        aur_reply_refuse(reply, 429, "TOO_MANY_REQUESTS", "more than %" PRIu32 " controls a second", hub->control_rate);
        return;
    }
    struct aur_control_specs specs;
    struct aur_controls now;
    struct aur_msg_client read;
    struct aur_msg_phrase answer;
    struct aur_error err = {0};
    aur_channel_controls(channel, &now, &specs);
    const char *text = request->body.data ? request->body.data : "";
    if (aur_msg_read_control(&read, text, request->body.len, &now, &specs, &err) != AUR_OK) {
        refuse_control(reply, &err);
    } else {
        aur_channel_control(channel, &answer, &read.controls, &specs);
        aur_msg_updated_write(&reply->body, &answer);
    }
    aur_msg_client_deinit(&read);
}

static const struct route {
    const char *path;
    enum aur_method method;
    void (*answer)(struct aur_reply *reply, struct aur_hub *hub, const struct aur_request *request);
} routes[] = {
    {"/api/v1/status", AUR_GET, get_status},
    {"/api/v1/health", AUR_GET, get_health},
    {"/api/v1/channels", AUR_GET, get_channels},
    {"/api/v1/control", AUR_POST, post_control},
};

static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(path, routes[i].path) == 0)
            return &routes[i];
    return NULL;
}

/* What is wrong with the request, whatever its body says. */
static void judge(struct aur_reply *reply, const struct aur_hub *hub, const struct aur_request *request, int allow,
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
    } else if (edits && !aur_token_admits(hub->edit_token, hub->loopback, request)) {
        reply->challenge = true;
        aur_reply_refuse(reply, 401, "UNAUTHORIZED", "%s",
                         hub->edit_token && *hub->edit_token
                             ? "this needs the edit token: Authorization: Bearer TOKEN"
                             : "this server has no AURALIS_EDIT_TOKEN: scripts change from its own machine only");
    }
}

bool aur_rest_admit(struct aur_reply *reply, size_t *body_max, const struct aur_hub *hub,
                    const struct aur_request *request)
{
    const struct route *route = find_route(request->path);
    int allow = aur_rest_scripts_methods(request->path);
    if (route)
        allow = (int)route->method | (route->method == AUR_GET ? AUR_HEAD : 0);
    bool edits = !route && aur_rest_scripts_edits(request->path, request->method);
    *body_max = edits && hub->script_bytes > AUR_BODY_MAX ? hub->script_bytes : AUR_BODY_MAX;
    reply->type = "application/json";
    judge(reply, hub, request, allow, edits);
    return reply->status == 0;
}

bool aur_rest_answer(struct aur_reply *reply, struct aur_scripts_request *ask, struct aur_hub *hub,
                     struct aur_request *request)
{
    const struct route *route = find_route(request->path);
    if (!route)
        return !aur_rest_scripts_ask(ask, reply, hub, request);
    reply->status = 200;
    reply->type = "application/json";
    route->answer(reply, hub, request);
    return true;
}
