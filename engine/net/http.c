/* HTTP requests and replies over libwebsockets. On the network thread.
 *
 * The headers are copied out as soon as they are there, because the library may drop them while a body arrives. A body is
 * read to its end before the reply even where it is refused (within reason), so that the client gets to read the reply
 * instead of a reset. Every reply is a block in memory: the first piece goes out at once, the others whenever the pipe is
 * free. A timer of our own ends what the library's timeouts forget. */
#include <stdlib.h>
#include <string.h>

#include "net/files.h"
#include "net/net.h"
#include "net/rest.h"

#define PIECE_BYTES 32768
#define DISCARD_MAX (16 << 20) /* of a body that is too large */
#define BACKSTOP_S  3600       /* the library's own timeouts, which ours come before */
#define LINGER_S    2

struct aur_http {
    struct aur_server *server;
    struct aur_request request;
    struct aur_reply reply;
    struct lws *wsi;
    struct aur_errand *errand; /* under way at the scripts worker; NULL: none */
    size_t body_max;
    bool expects_body, answered;
    bool turned_away; /* by the gate, which counts that itself */
    size_t sent;
};

/* ---- replying ---- */

static bool add_header(struct lws *wsi, const char *name, const char *value, unsigned char **at, unsigned char *end)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value,
                                       (int)strlen(value), at, end) == 0;
}

static bool add_origin_headers(struct lws *wsi, const struct aur_reply *reply, const struct aur_request *request,
                               unsigned char **at, unsigned char *end)
{
    if (request->judged != AUR_ORIGIN_LISTED)
        return true;
    bool ok = add_header(wsi, "access-control-allow-origin:", request->origin, at, end) &&
              add_header(wsi, "access-control-expose-headers:", "ETag, X-Auralis-Playing", at, end) &&
              add_header(wsi, "vary:", "Origin", at, end);
    if (request->method != AUR_OPTIONS)
        return ok;
    char allow[64];
    aur_methods_text(allow, sizeof allow, reply->allow);
    return ok && add_header(wsi, "access-control-allow-methods:", allow, at, end) &&
           add_header(wsi, "access-control-allow-headers:", "Content-Type, Authorization, If-Match", at, end) &&
           add_header(wsi, "access-control-max-age:", "600", at, end);
}

static bool add_own_headers(struct lws *wsi, const struct aur_reply *reply, unsigned char **at, unsigned char *end)
{
    char allow[64];
    bool ok = add_header(wsi, "connection:", "close", at, end) &&
              add_header(wsi, "cache-control:", reply->etag[0] ? "no-cache" : "no-store", at, end);
    if (reply->etag[0])
        ok = ok && add_header(wsi, "etag:", reply->etag, at, end);
    if (reply->playing[0])
        ok = ok && add_header(wsi, "x-auralis-playing:", reply->playing, at, end);
    if (reply->challenge)
        ok = ok && add_header(wsi, "www-authenticate:", "Bearer realm=\"auralis\"", at, end);
    if (reply->retry)
        ok = ok && add_header(wsi, "retry-after:", "1", at, end);
    if (reply->allow) {
        aur_methods_text(allow, sizeof allow, reply->allow);
        ok = ok && add_header(wsi, "allow:", allow, at, end);
    }
    return ok;
}

static int send_headers(struct lws *wsi, const struct aur_reply *reply, const struct aur_request *request)
{
    unsigned char block[LWS_PRE + 3072], *start = block + LWS_PRE, *at = start, *end = block + sizeof block - 1;
    bool bodiless = reply->status == 204 || reply->status == 304;
    bool ok = lws_add_http_header_status(wsi, (unsigned)reply->status, &at, end) == 0 &&
              add_own_headers(wsi, reply, &at, end) && add_origin_headers(wsi, reply, request, &at, end);
    if (!bodiless)
        ok = ok && add_header(wsi, "content-type:", reply->type, &at, end) &&
             lws_add_http_header_content_length(wsi, reply->body.len, &at, end) == 0;
    return !ok || lws_finalize_write_http_header(wsi, start, &at, end) != 0;
}

/* One request a connection: what a client sends ahead after the first, this library takes for the body of a later POST and
 * then never gets out of its loop. */
static int finish(const struct aur_http *http, struct lws *wsi)
{
    if (!http->expects_body)
        return -1;
    aur_door_done(http->server, wsi);
    lws_set_timer_usecs(wsi, LINGER_S * LWS_USEC_PER_SEC); /* let the client read before the reset */
    return 0;
}

static int send_piece(struct aur_http *http, struct lws *wsi)
{
    unsigned char piece[LWS_PRE + PIECE_BYTES];
    size_t left = http->reply.body.len - http->sent, n = left < PIECE_BYTES ? left : PIECE_BYTES;
    memcpy(piece + LWS_PRE, http->reply.body.data + http->sent, n);
    if (lws_write(wsi, piece + LWS_PRE, n, n == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
        return -1;
    http->sent += n;
    if (n == left)
        return finish(http, wsi);
    lws_callback_on_writable(wsi);
    return 0;
}

static void count_reply(struct aur_server *server, int status)
{
    aur_server_count(server, status < 400   ? AUR_COUNT_HTTP_OK
                             : status < 500 ? AUR_COUNT_HTTP_CLIENT_ERROR
                                            : AUR_COUNT_HTTP_SERVER_ERROR);
}

static void count_limit(const struct aur_http *http)
{
    static const struct {
        int status;
        enum aur_count count;
    } limits[] = {{401, AUR_COUNT_CUT_TOKEN}, {413, AUR_COUNT_CUT_SIZE}, {429, AUR_COUNT_CUT_RATE}};
    if (http->reply.status == 403 && http->request.judged == AUR_ORIGIN_DENIED)
        aur_server_count(http->server, AUR_COUNT_CUT_ORIGIN);
    for (size_t i = 0; i < sizeof limits / sizeof *limits && !http->turned_away; i++)
        if (http->reply.status == limits[i].status)
            aur_server_count(http->server, limits[i].count);
}

/* One limit of time for the whole of it: a client that takes a byte now and then would be there for ever. */
static int begin_reply(struct aur_http *http, struct lws *wsi)
{
    http->answered = true;
    count_reply(http->server, http->reply.status);
    count_limit(http);
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, BACKSTOP_S);
    const struct aur_server_config *config = &http->server->config;
    uint64_t ms = config->reply_ms + (uint64_t)http->reply.body.len * 1000 / config->pace_bytes;
    lws_set_timer_usecs(wsi, (lws_usec_t)ms * 1000);
    if (!aur_buf_ok(&http->reply.body) || send_headers(wsi, &http->reply, &http->request) != 0)
        return -1;
    if (http->request.method == AUR_HEAD)
        http->sent = http->reply.body.len;
    return http->sent == http->reply.body.len ? finish(http, wsi) : send_piece(http, wsi);
}

int aur_http_writable(struct aur_connection *connection, struct lws *wsi)
{
    struct aur_http *http = connection->http;
    if (http && !http->answered && http->reply.status && !http->expects_body)
        return begin_reply(http, wsi); /* the scripts worker's */
    if (!http || !http->answered || http->sent == http->reply.body.len)
        return 0;
    return send_piece(http, wsi);
}

int aur_http_timer(struct aur_connection *connection, struct lws *wsi)
{
    struct aur_http *http = connection->http;
    if (!http->answered && http->expects_body) {
        aur_server_count(http->server, AUR_COUNT_CUT_BODY);
        aur_reply_refuse(&http->reply, 408, "TOO_SLOW", "the request's body took too long");
        return begin_reply(http, wsi);
    }
    if (http->sent < http->reply.body.len)
        aur_server_count(http->server, AUR_COUNT_CUT_READER);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    return 0;
}

int aur_http_reply_now(struct lws *wsi, struct aur_reply *reply, const struct aur_request *request)
{
    if (!aur_buf_ok(&reply->body) || send_headers(wsi, reply, request) != 0)
        return -1;
    count_reply(aur_server_of(wsi), reply->status);
    unsigned char body[LWS_PRE + 2048];
    size_t n = reply->body.len < sizeof body - LWS_PRE ? reply->body.len : sizeof body - LWS_PRE;
    memcpy(body + LWS_PRE, reply->body.data, n);
    return lws_write(wsi, body + LWS_PRE, n, LWS_WRITE_HTTP_FINAL) < 0 ? -1 : 0;
}

/* ---- answering ---- */

static bool is_rest(const struct aur_request *request)
{
    return strncmp(request->path, AUR_REST_PREFIX, strlen(AUR_REST_PREFIX)) == 0;
}

/* The reply comes when the worker brings it. */
static void ask_scripts(struct aur_http *http, struct aur_scripts_request *ask)
{
    struct aur_server *server = http->server;
    int rc = aur_errand_send(&http->errand, &server->errands, server->hubs.scripts, ask, http);
    if (rc == AUR_OK)
        return;
    http->reply.retry = rc == AUR_EBUSY;
    if (rc == AUR_EBUSY)
        aur_reply_refuse(&http->reply, 503, "UNAVAILABLE", "too many requests wait for the scripts worker");
    else
        aur_reply_refuse(&http->reply, 500, "INTERNAL", "%s", aur_err_text(rc));
}

static void take_reply(struct aur_http *http, struct aur_errand *errand)
{
    http->errand = NULL;
    aur_rest_scripts_reply(&http->reply, &http->request, errand->ask, &errand->reply);
    lws_callback_on_writable(http->wsi);
}

void aur_http_collect(struct aur_server *server)
{
    for (struct aur_errand *errand = aur_errands_take(&server->errands), *next; errand; errand = next) {
        next = errand->next;
        if (errand->ask == AUR_SCRIPTS_OPEN)
            aur_private_opened(server, errand);
        else if (errand->asker)
            take_reply(errand->asker, errand);
        aur_errand_free(errand);
    }
}

static void answer(struct aur_http *http)
{
    struct aur_request *request = &http->request;
    struct aur_reply *reply = &http->reply;
    struct aur_scripts_request ask;
    if (is_rest(request)) {
        if (!aur_rest_answer(reply, &ask, &http->server->hubs, request))
            ask_scripts(http, &ask);
    } else if (!((AUR_GET | AUR_HEAD) & (int)request->method)) {
        aur_reply_refuse(reply, 405, "METHOD_NOT_ALLOWED", "%s does not take this method", request->path);
        reply->allow = AUR_GET | AUR_HEAD;
    } else if (strcmp(request->path, "/ws/stream") == 0) {
        aur_reply_refuse(reply, 426, "UPGRADE_REQUIRED", "/ws/stream is a WebSocket");
    } else {
        aur_files_get(reply, request, http->server->config.client_dir);
    }
}

static int answer_and_reply(struct aur_http *http, struct lws *wsi)
{
    if (!http->reply.status)
        answer(http);
    return http->errand ? 0 : begin_reply(http, wsi);
}

/* Whether the request may go on; false: refused. */
static bool accept_body(struct aur_http *http, struct lws *wsi, long long length)
{
    struct aur_reply *reply = &http->reply;
    int has_body = AUR_POST | AUR_PUT | AUR_PATCH;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0 ||
        (length == -1 && (has_body & (int)http->request.method)))
        aur_reply_refuse(reply, 411, "LENGTH_REQUIRED", "a body needs a Content-Length");
    else if (length == -2)
        aur_reply_refuse(reply, 400, "BAD_REQUEST", "Content-Length is not a number");
    else if (length > DISCARD_MAX)
        aur_reply_refuse(reply, 413, "TOO_LARGE", "a body may have %zu bytes", http->body_max);
    else
        return true;
    http->expects_body = length > 0 || (length == -1 && (has_body & (int)http->request.method));
    return false;
}

/* A client that sends more before it has its reply loses the connection: one request each, see finish. */
static bool is_waiting(const struct aur_connection *connection)
{
    const struct aur_http *http = connection->http;
    return http && (http->errand || (http->reply.status && !http->answered && !http->expects_body));
}

int aur_http_begin(struct aur_server *server, struct aur_connection *connection, struct lws *wsi)
{
    if (is_waiting(connection))
        return -1;
    aur_door_asked(server, wsi);
    aur_http_free(connection);
    struct aur_http *http = connection->http = calloc(1, sizeof *http);
    if (!http)
        return -1;
    http->server = server;
    http->wsi = wsi;
    http->body_max = AUR_BODY_MAX;
    lws_set_timer_usecs(wsi, (lws_usec_t)server->config.body_ms * 1000);
    bool read = aur_http_read(&http->request, server, wsi);
    long long length = aur_http_body_length(wsi);
    http->turned_away = aur_door_refuses(server, &http->reply, wsi);
    if (http->turned_away || !accept_body(http, wsi, length))
        return begin_reply(http, wsi);
    http->expects_body = length > 0 || (length == 0 && http->request.method == AUR_POST);
    bool admitted = true;
    if (!read)
        aur_reply_refuse(&http->reply, 400, "BAD_REQUEST", "the address or a header is too long");
    else if (is_rest(&http->request))
        admitted = aur_rest_admit(&http->reply, &http->body_max, &server->hubs, &http->request);
    if (read && admitted && length > (long long)http->body_max)
        aur_reply_refuse(&http->reply, 413, "TOO_LARGE", "a body may have %zu bytes", http->body_max);
    return http->expects_body ? 0 : answer_and_reply(http, wsi);
}

int aur_http_body(struct aur_connection *connection, const void *data, size_t len)
{
    struct aur_http *http = connection->http;
    if (is_waiting(connection))
        return -1;
    if (http && !http->reply.status)
        aur_buf_add(&http->request.body, data, len);
    return 0;
}

int aur_http_body_end(struct aur_connection *connection, struct lws *wsi)
{
    struct aur_http *http = connection->http;
    if (!http || http->answered || is_waiting(connection))
        return -1;
    http->expects_body = false;
    if (!aur_buf_ok(&http->request.body))
        return -1;
    return answer_and_reply(http, wsi);
}

void aur_http_free(struct aur_connection *connection)
{
    struct aur_http *http = connection->http;
    connection->http = NULL;
    if (!http)
        return;
    if (http->errand)
        http->errand->asker = NULL; /* it comes back to nobody */
    aur_buf_deinit(&http->request.body);
    aur_buf_deinit(&http->reply.body);
    free(http);
}
