/* Routes of branches by table. On the network thread; the scripts worker does it, because a rewind may bring a script. */
#include "net/rest_branches.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "net/body.h"
#include "net/rest.h"

#define PREFIX "/api/v1/channels/"

static const struct branch_route {
    const char *path; /* after PREFIX */
    enum aur_method method;
    enum aur_scripts_ask ask;
} routes[] = {
    {"*/branches", AUR_GET, AUR_SCRIPTS_BRANCHES},
    {"*/rewind", AUR_POST, AUR_SCRIPTS_REWIND},
    {"*/switch", AUR_POST, AUR_SCRIPTS_SWITCH},
};

static const struct branch_route *find_route(const char *path, struct aur_path_part *channel)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (aur_path_matches(channel, PREFIX, routes[i].path, path))
            return &routes[i];
    return NULL;
}

int aur_rest_branches_methods(const char *path)
{
    struct aur_path_part channel;
    const struct branch_route *route = find_route(path, &channel);
    return !route ? 0 : route->method == AUR_GET ? AUR_GET | AUR_HEAD : (int)route->method;
}

bool aur_rest_branches_edits(const char *path, enum aur_method method)
{
    struct aur_path_part channel;
    const struct branch_route *route = find_route(path, &channel);
    return route && route->method == method && method != AUR_GET;
}

/* ---- bodies ---- */

static int read_count(uint32_t *out, const json_t *body, const char *field, const char *allowed, struct aur_error *err)
{
    const json_t *value = json_object_get(body, field);
    json_int_t count = json_integer_value(value);
    if (!json_is_integer(value) || count < 0 || count > UINT32_MAX)
        return aur_body_refuse(err, field, value, allowed);
    *out = (uint32_t)count;
    return AUR_OK;
}

/* A number, or where that is not exact, its digits. */
static int read_seed(uint64_t *out, const json_t *value, struct aur_error *err)
{
    const char *text = json_string_value(value);
    bool right = json_is_integer(value) && json_integer_value(value) >= 0;
    *out = right ? (uint64_t)json_integer_value(value) : 0;
    if (text && *text && !text[strspn(text, "0123456789")]) {
        errno = 0;
        *out = strtoull(text, NULL, 10);
        right = errno == 0;
    }
    return right ? AUR_OK
                 : aur_body_refuse(err, "seed", value,
                                   "a whole number from 0 to 18446744073709551615, above 9007199254740991 as text");
}

static int read_rewind(struct aur_scripts_request *out, json_t *body, struct aur_error *err)
{
    const json_t *seed = json_object_get(body, "seed"), *script = json_object_get(body, "script");
    const char *name = json_string_value(script);
    int rc = read_count(&out->branch.phrases, body, "phrases", "how many phrases to go back, from 1", err);
    if (rc < 0)
        return rc;
    if (seed && (rc = read_seed(&out->branch.seed, seed, err)) < 0)
        return rc;
    if (script && (!name || !*name || strlen(name) >= sizeof out->name))
        return aur_body_refuse(err, "script", script, "the name of a script of the folder");
    out->branch.seeded = seed != NULL;
    if (name)
        strcpy(out->name, name);
    return AUR_OK;
}

static int read_body(struct aur_scripts_request *out, const struct aur_buf *text, struct aur_error *err)
{
    static const char *const of_rewind[] = {"phrases", "seed", "script", NULL}, *const of_switch[] = {"branch", NULL};
    bool rewind = out->ask == AUR_SCRIPTS_REWIND;
    json_t *body;
    int rc = aur_body_read(&body, text, err);
    if (rc == AUR_OK)
        rc = aur_body_check(body, rewind ? of_rewind : of_switch, err);
    if (rc == AUR_OK)
        rc = rewind ? read_rewind(out, body, err)
                    : read_count(&out->branch.id, body, "branch", "the id of a branch", err);
    json_decref(body);
    return rc;
}

bool aur_rest_branches_ask(struct aur_scripts_request *out, struct aur_reply *reply, struct aur_hubs *hubs,
                           const struct aur_request *request)
{
    struct aur_path_part part = {"", 0};
    char name[AUR_CHANNEL_NAME_SIZE];
    struct aur_error err = {0};
    *out = (struct aur_scripts_request){.ask = find_route(request->path, &part)->ask};
    aur_path_copy(name, sizeof name, &part);
    struct aur_hub *hub = aur_hubs_find(hubs, name);
    if (!hubs->scripts)
        aur_reply_refuse(reply, 503, "UNAVAILABLE", "this server has no scripts");
    else if (!hub)
        aur_reply_refuse(reply, 404, "NOT_FOUND", "no such channel: %s", name);
    if (!hubs->scripts || !hub)
        return false;
    out->channel = hub->channel;
    if (out->ask == AUR_SCRIPTS_BRANCHES)
        return true;
    if (!aur_rest_edit_rate(reply, hubs))
        return false;
    int rc = read_body(out, &request->body, &err);
    if (rc < 0)
        aur_reply_invalid(reply, &err);
    return rc == AUR_OK;
}
