/* Whether a connection may become a listener. On the network thread. The library looks neither at the path nor at the
 * origin, and what it refuses itself it just hangs up on: so everything is checked here first, and refused with a reason. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "net/rest.h"

#define STREAM_PATH  "/ws/stream"
#define DEPTH_MAX_MS 60000
#define FROM_MAX     (UINT64_C(1) << 53) /* as far as JSON counts */

static void check_format(struct aur_reply *reply, const struct aur_channel *channel, const char *name)
{
    enum aur_format format = name ? aur_format_find(name) : AUR_FORMAT_JSON;
    unsigned offered = aur_channel_formats(channel);
    char list[64];
    aur_format_list(list, sizeof list, offered);
    if (format == AUR_FORMATS)
        aur_reply_refuse(reply, 400, "BAD_REQUEST", "format: %s is not allowed; allowed: %s", name, list);
    else if (!(offered & 1u << format))
        aur_reply_refuse(reply, 501, "NOT_IMPLEMENTED", "format: this server does not send %s; it sends %s",
                         aur_format_name(format), list);
}

static bool read_count(uint64_t *out, const char *text, uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    *out = value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value <= most;
}

static void check_counts(struct aur_reply *reply, const struct aur_query *query)
{
    static const struct {
        const char *name, *allowed;
        uint64_t most;
    } counts[] = {{"from", "the index of a chunk", FROM_MAX}, {"depth_ms", "an integer from 0 to 60000", DEPTH_MAX_MS}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts && !reply->status; i++) {
        const char *text = aur_query_get(query, counts[i].name);
        uint64_t value;
        if (text && !read_count(&value, text, counts[i].most))
            aur_reply_refuse(reply, 400, "BAD_REQUEST", "%s: %s is not allowed; allowed: %s", counts[i].name, text,
                             counts[i].allowed);
    }
}

static void check_names(struct aur_reply *reply, const struct aur_query *query)
{
    static const char *const names[] = {"format", "channel", "depth_ms", "from"};
    for (size_t i = 0; i < query->n && !reply->status; i++) {
        size_t length = strcspn(query->args[i], "="), n = 0;
        while (n < sizeof names / sizeof *names &&
               !(strlen(names[n]) == length && strncmp(query->args[i], names[n], length) == 0))
            n++;
        if (n == sizeof names / sizeof *names)
            aur_reply_refuse(reply, 400, "BAD_REQUEST",
                             "%.*s is not a parameter; allowed: format, channel, depth_ms, from", (int)length,
                             query->args[i]);
    }
}

static bool is_header(struct lws *wsi, enum lws_token_indexes token, const char *value)
{
    char text[16];
    return lws_hdr_copy(wsi, text, sizeof text, token) > 0 && strcmp(text, value) == 0;
}

/* One of the words that a header lists. */
static bool lists(struct lws *wsi, enum lws_token_indexes token, const char *word)
{
    char text[128], *rest = NULL;
    if (lws_hdr_copy(wsi, text, sizeof text, token) <= 0)
        return false;
    for (char *item = strtok_r(text, ", \t", &rest); item; item = strtok_r(NULL, ", \t", &rest))
        if (strcasecmp(item, word) == 0)
            return true;
    return false;
}

/* 16 bytes in base64. */
static bool is_key(struct lws *wsi)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[32];
    return lws_hdr_copy(wsi, text, sizeof text, WSI_TOKEN_KEY) == 24 && strspn(text, digits) == 22 &&
           strcmp(text + 22, "==") == 0;
}

static void check_handshake(struct aur_reply *reply, const struct aur_request *request, struct lws *wsi)
{
    if (request->method != AUR_GET)
        aur_reply_refuse(reply, 405, "METHOD_NOT_ALLOWED", "a WebSocket is opened with GET");
    else if (!is_header(wsi, WSI_TOKEN_VERSION, "13"))
        aur_reply_refuse(reply, 426, "UPGRADE_REQUIRED", "Sec-WebSocket-Version must be 13");
    else if (!is_key(wsi))
        aur_reply_refuse(reply, 400, "BAD_REQUEST", "Sec-WebSocket-Key must be 16 bytes in base64");
    else if (!lists(wsi, WSI_TOKEN_CONNECTION, "upgrade"))
        aur_reply_refuse(reply, 400, "BAD_REQUEST", "Connection must list Upgrade");
    else if (!is_header(wsi, WSI_TOKEN_HTTP, "HTTP/1.1"))
        aur_reply_refuse(reply, 400, "BAD_REQUEST", "a WebSocket needs HTTP/1.1");
    else if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > 0)
        aur_reply_refuse(reply, 400, "BAD_REQUEST", "no WebSocket subprotocol is offered");
}

/* What else such a request says is looked at when the session is open: a browser would not show why an upgrade was refused. */
static bool is_own(const char *channel)
{
    return channel && strcmp(channel, AUR_PRIVATE_NAME) == 0;
}

/* What is wrong with the request, and how that is counted. */
static enum aur_count check(struct aur_reply *reply, const struct aur_server *server, const struct aur_request *request,
                            struct lws *wsi, const char *protocol)
{
    enum aur_count why = AUR_COUNT_REFUSED_HANDSHAKE;
    if (strcasecmp(protocol, "websocket") != 0) {
        aur_reply_refuse(reply, 501, "NOT_IMPLEMENTED", "no upgrade to %s; the server speaks HTTP/1.1", protocol);
    } else if (strcmp(request->path, STREAM_PATH) != 0) {
        aur_reply_refuse(reply, 404, "NOT_FOUND", "no WebSocket at %s; it is at " STREAM_PATH, request->path);
        why = AUR_COUNT_REFUSED_PATH;
    } else if (request->judged == AUR_ORIGIN_DENIED) {
        aur_reply_refuse(reply, 403, "FORBIDDEN", "origin %s is not allowed", request->origin);
        why = AUR_COUNT_REFUSED_ORIGIN;
    }
    if (!reply->status)
        check_handshake(reply, request, wsi);
    if (reply->status)
        return why;
    bool own = is_own(aur_query_get(&request->query, "channel"));
    if (!own)
        check_names(reply, &request->query);
    if (!reply->status)
        check_counts(reply, &request->query);
    if (reply->status)
        return AUR_COUNT_REFUSED_PARAMETER;
    const struct aur_hub *hub =
        own && server->hubs.n ? server->hubs.items[0] : aur_rest_hub(reply, &server->hubs, request);
    if (!hub)
        return AUR_COUNT_REFUSED_CHANNEL;
    check_format(reply, hub->channel, aur_query_get(&request->query, "format"));
    return AUR_COUNT_REFUSED_PARAMETER;
}

/* Its value, or NULL where the parameter is missing. */
static const char *parameter(struct lws *wsi, const char *name, char *out, size_t size)
{
    return lws_get_urlarg_by_name(wsi, name, out, (int)size);
}

struct aur_wish aur_upgrade_wish(const struct aur_server *server, struct lws *wsi)
{
    char format[16], channel[64], count[24];
    const char *name = parameter(wsi, "format=", format, sizeof format);
    struct aur_wish wish = {.format = name ? aur_format_find(name) : AUR_FORMAT_JSON};
    const char *named = parameter(wsi, "channel=", channel, sizeof channel);
    wish.own = is_own(named);
    if (!wish.own)
        wish.hub = aur_hubs_find(&server->hubs, named);
    if (wish.format == AUR_FORMATS)
        wish.format = AUR_FORMAT_JSON;
    const char *from = parameter(wsi, "from=", count, sizeof count);
    if (!from || !read_count(&wish.from, from, FROM_MAX))
        wish.from = AUR_HUB_NEW;
    const char *depth = parameter(wsi, "depth_ms=", count, sizeof count);
    if (!depth || !read_count(&wish.depth_ms, depth, DEPTH_MAX_MS))
        wish.depth_ms = 0;
    return wish;
}

int aur_upgrade_check(struct aur_server *server, struct lws *wsi, const char *protocol)
{
    struct aur_request request = {.method = AUR_GET};
    struct aur_reply reply = {.status = 0};
    aur_buf_init(&reply.body);
    aur_door_asked(server, wsi);
    bool read = aur_http_read(&request, server, wsi), refused = aur_door_refuses(server, &reply, wsi);
    enum aur_count why = AUR_COUNT_REFUSED_HANDSHAKE;
    if (!refused && !read)
        aur_reply_refuse(&reply, 400, "BAD_REQUEST", "the address or a header is too long");
    else if (!refused)
        why = check(&reply, server, &request, wsi, protocol);
    if (reply.status && !refused)
        aur_server_count(server, why);
    int rc = 0;
    if (reply.status)
        rc = aur_http_reply_now(wsi, &reply, &request) == 0 ? 1 : -1;
    aur_buf_deinit(&reply.body);
    return rc;
}
