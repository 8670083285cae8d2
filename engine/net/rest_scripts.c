/* Routes of scripts by table. On the network thread, which reads no file and runs no script: all of it is the worker's. */
#include "net/rest_scripts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/rest.h"

#define PREFIX "/api/v1/scripts/"

static const struct script_route {
    const char *path; /* whole; or with `named` what follows PREFIX NAME */
    bool named, edits;
    enum aur_method method;
    enum aur_scripts_ask ask;
} routes[] = {
    {"/api/v1/scripts", false, false, AUR_GET, AUR_SCRIPTS_LIST},
    {"/api/v1/phrases", false, false, AUR_GET, AUR_SCRIPTS_PHRASES},
    {"", true, false, AUR_GET, AUR_SCRIPTS_READ},
    {"", true, true, AUR_PUT, AUR_SCRIPTS_WRITE},
    {"/versions", true, false, AUR_GET, AUR_SCRIPTS_VERSIONS},
    {"/check", true, true, AUR_POST, AUR_SCRIPTS_CHECK},
    {"/restore", true, true, AUR_POST, AUR_SCRIPTS_RESTORE},
};
#define ROUTES (sizeof routes / sizeof *routes)

/* Length of NAME in PREFIX NAME/action; the whole rest where no action follows. */
static size_t name_length(const char *rest)
{
    const char *slash = strrchr(rest, '/');
    for (size_t i = 0; slash && slash > rest && i < ROUTES; i++)
        if (routes[i].named && strcmp(slash, routes[i].path) == 0)
            return (size_t)(slash - rest);
    return strlen(rest);
}

static bool is_path_of(const struct script_route *route, const char *path)
{
    if (!route->named)
        return strcmp(path, route->path) == 0;
    if (strncmp(path, PREFIX, strlen(PREFIX)) != 0 || !path[strlen(PREFIX)])
        return false;
    const char *rest = path + strlen(PREFIX);
    return strcmp(rest + name_length(rest), route->path) == 0;
}

static const struct script_route *find_route(const char *path, enum aur_method method)
{
    if (method == AUR_HEAD)
        method = AUR_GET;
    for (size_t i = 0; i < ROUTES; i++)
        if (routes[i].method == method && is_path_of(&routes[i], path))
            return &routes[i];
    return NULL;
}

int aur_rest_scripts_methods(const char *path)
{
    int methods = 0;
    for (size_t i = 0; i < ROUTES; i++)
        if (is_path_of(&routes[i], path))
            methods |= (int)routes[i].method | (routes[i].method == AUR_GET ? AUR_HEAD : 0);
    return methods;
}

bool aur_rest_scripts_edits(const char *path, enum aur_method method)
{
    const struct script_route *route = find_route(path, method);
    return route && route->edits;
}

/* ---- asking ---- */

static bool read_name(struct aur_scripts_request *out, struct aur_reply *reply, const char *path)
{
    const char *rest = path + strlen(PREFIX);
    size_t n = name_length(rest);
    if (n < sizeof out->name) {
        memcpy(out->name, rest, n);
        out->name[n] = '\0';
        return true;
    }
    aur_reply_refuse(reply, 400, "BAD_REQUEST", "a script's name has at most %zu characters", sizeof out->name - 1);
    return false;
}

/* What is no version becomes one that no text has. */
static void set_version(struct aur_scripts_request *out, const char *text, size_t len)
{
    bool fits = len > 0 && len < sizeof out->version;
    memcpy(out->version, fits ? text : "-", fits ? len : 1);
    out->version[fits ? len : 1] = '\0';
}

/* If-Match: "V"; a star stands for any text, but there must be one. */
static void read_if_match(struct aur_scripts_request *out, const struct aur_request *request)
{
    const char *at = request->if_match;
    if (!*at)
        return;
    if (*at == '"')
        set_version(out, at + 1, strcspn(at + 1, "\""));
    else
        set_version(out, at, strlen(at));
}

static bool read_restore(struct aur_scripts_request *out, struct aur_reply *reply, const struct aur_request *request)
{
    json_t *body = json_loadb(request->body.data ? request->body.data : "", request->body.len, 0, NULL);
    const char *version = json_string_value(json_object_get(body, "version"));
    if (version)
        set_version(out, version, strlen(version));
    else
        aur_reply_refuse(reply, 400, "BAD_REQUEST", "the body must be {\"version\":\"V\"}");
    json_decref(body);
    return version != NULL;
}

static bool find_channel(struct aur_scripts_request *out, struct aur_reply *reply, const struct aur_hubs *hubs,
                         const struct aur_request *request)
{
    const struct aur_hub *hub = aur_rest_hub(reply, hubs, request);
    out->channel = hub ? hub->channel : NULL;
    return hub != NULL;
}

static bool fill(struct aur_scripts_request *out, struct aur_reply *reply, const struct aur_hubs *hubs,
                 struct aur_request *request)
{
    const char *version = aur_query_get(&request->query, "version");
    switch (out->ask) {
    case AUR_SCRIPTS_READ:
        if (version)
            set_version(out, version, strlen(version));
        return true;
    case AUR_SCRIPTS_WRITE:
        read_if_match(out, request);
        /* fall through */
    case AUR_SCRIPTS_CHECK:
        out->len = request->body.len;
        out->text = aur_buf_take(&request->body);
        if (!out->text)
            aur_reply_refuse(reply, 500, "INTERNAL", "out of memory");
        return out->text != NULL;
    case AUR_SCRIPTS_RESTORE:
        return read_restore(out, reply, request);
    case AUR_SCRIPTS_PHRASES:
        return find_channel(out, reply, hubs, request);
    default:
        return true;
    }
}

bool aur_rest_scripts_ask(struct aur_scripts_request *out, struct aur_reply *reply, struct aur_hubs *hubs,
                          struct aur_request *request)
{
    const struct script_route *route = find_route(request->path, request->method);
    *out = (struct aur_scripts_request){.ask = route->ask};
    if (!hubs->scripts) {
        aur_reply_refuse(reply, 503, "UNAVAILABLE", "this server has no scripts");
        return false;
    }
    if (route->edits && !aur_rest_edit_rate(reply, hubs))
        return false;
    return (!route->named || read_name(out, reply, request->path)) && fill(out, reply, hubs, request);
}

/* ---- replying ---- */

static int status_of(enum aur_scripts_ask ask, const struct aur_scripts_reply *from)
{
    static const struct {
        int code, status;
    } statuses[] = {{AUR_OK, 200},      {AUR_EINVAL, 400}, {AUR_ENOTFOUND, 404}, {AUR_ENOTSUP, 403},
                    {AUR_ESCRIPT, 422}, {AUR_ELIMIT, 413}, {AUR_EBUSY, 503}};
    if (from->stale)
        return 412;
    if (ask >= AUR_SCRIPTS_REWIND && from->code == AUR_EINVAL)
        return 422; /* a value, with what is allowed */
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].code == from->code)
            return statuses[i].status;
    return 500;
}

void aur_rest_scripts_reply(struct aur_reply *reply, const struct aur_request *request, enum aur_scripts_ask ask,
                            struct aur_scripts_reply *from)
{
    bool text = ask == AUR_SCRIPTS_READ && from->code == AUR_OK;
    reply->status = status_of(ask, from);
    reply->type = text ? "text/x-lua; charset=utf-8" : "application/json";
    if (!text && from->body.len == 0) {
        aur_reply_refuse(reply, reply->status == 503 ? 503 : 500, reply->status == 503 ? "UNAVAILABLE" : "INTERNAL",
                         "%s", aur_err_text(from->code));
        return;
    }
    if (from->code == AUR_OK && from->version[0] && ask != AUR_SCRIPTS_CHECK)
        snprintf(reply->etag, sizeof reply->etag, "\"%s\"", from->version);
    snprintf(reply->playing, sizeof reply->playing, "%s", from->playing);
    if (text && reply->etag[0] && strstr(request->if_none_match, reply->etag)) {
        reply->status = 304;
        return;
    }
    aur_buf_deinit(&reply->body);
    reply->body = from->body;
    aur_buf_init(&from->body);
}
