/* HTTP requests and replies over libwebsockets. On the network thread.
 *
 * The headers are copied out as soon as they are there, because the library may drop them while a body arrives. A body is
 * read to its end before the reply even where it is refused (within reason), so that the client gets to read the reply
 * instead of a reset. The first piece of a reply goes out at once, the others whenever the pipe is free (http_send.c). A
 * timer of our own ends what the library's timeouts forget. */
#include <stdlib.h>
#include <string.h>

#include "net/files.h"
#include "net/http.h"
#include "net/rest.h"
#include "net/rest_keep.h"
#include "net/rest_scripts.h"

#define DISCARD_MAX (16 << 20) /* of a body that is too large */
#define BACKSTOP_S  3600       /* the library's own timeouts, which ours come before */

/* ---- replying ---- */

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
    uint64_t length = aur_reply_length(&http->reply);
    uint64_t ms = config->reply_ms + length * 1000 / config->pace_bytes;
    lws_set_timer_usecs(wsi, (lws_usec_t)ms * 1000);
    if (!aur_buf_ok(&http->reply.body) || aur_http_send_headers(wsi, &http->reply, &http->request) != 0)
        return -1;
    if (http->request.method == AUR_HEAD)
        http->sent = length;
    return http->sent == length ? aur_http_finish(http, wsi) : aur_http_send_piece(http, wsi);
}

int aur_http_writable(struct aur_connection *connection, struct lws *wsi)
{
    struct aur_http *http = connection->http;
    if (http && !http->answered && http->reply.status && !http->expects_body)
        return begin_reply(http, wsi); /* a worker's */
    if (!http || !http->answered || http->sent == aur_reply_length(&http->reply))
        return 0;
    return aur_http_send_piece(http, wsi);
}

int aur_http_timer(struct aur_connection *connection, struct lws *wsi)
{
    struct aur_http *http = connection->http;
    if (!http->answered && http->expects_body) {
        aur_server_count(http->server, AUR_COUNT_CUT_BODY);
        aur_reply_refuse(&http->reply, 408, "TOO_SLOW", "the request's body took too long");
        return begin_reply(http, wsi);
    }
    if (http->sent < aur_reply_length(&http->reply))
        aur_server_count(http->server, AUR_COUNT_CUT_READER);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    return 0;
}

int aur_http_reply_now(struct lws *wsi, struct aur_reply *reply, const struct aur_request *request)
{
    if (!aur_buf_ok(&reply->body) || aur_http_send_headers(wsi, reply, request) != 0)
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
static void ask_worker(struct aur_http *http, struct aur_question *ask)
{
    struct aur_server *server = http->server;
    bool keep = ask->to == AUR_ERRAND_KEEP;
    int rc = keep ? aur_errand_send_keep(&http->errand, &server->errands, server->hubs.keep, &ask->keep, http)
                  : aur_errand_send(&http->errand, &server->errands, server->hubs.scripts, &ask->scripts, http);
    if (rc == AUR_OK)
        return;
    http->reply.retry_s = rc == AUR_EBUSY;
    if (rc == AUR_EBUSY)
        aur_reply_refuse(&http->reply, 503, "UNAVAILABLE", "too many requests wait for the %s worker",
                         keep ? "journal's" : "scripts");
    else
        aur_reply_refuse(&http->reply, 500, "INTERNAL", "%s", aur_err_text(rc));
}

static void take_reply(struct aur_http *http, struct aur_errand *errand)
{
    http->errand = NULL;
    if (errand->to == AUR_ERRAND_KEEP)
        aur_rest_keep_reply(&http->reply, &http->request, errand->keep_ask, &errand->kept);
    else
        aur_rest_scripts_reply(&http->reply, &http->request, errand->ask, &errand->reply);
    lws_callback_on_writable(http->wsi);
}

void aur_http_collect(struct aur_server *server)
{
    for (struct aur_errand *errand = aur_errands_take(&server->errands), *next; errand; errand = next) {
        next = errand->next;
        if (errand->to == AUR_ERRAND_KEEP)
            aur_rest_keep_came(&server->hubs, errand->keep_ask, &errand->kept);
        if (errand->to == AUR_ERRAND_SCRIPTS && errand->ask == AUR_SCRIPTS_OPEN)
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
    struct aur_question ask;
    if (is_rest(request)) {
        if (!aur_rest_answer(reply, &ask, &http->server->hubs, request))
            ask_worker(http, &ask);
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

static lws_usec_t body_usecs(const struct aur_server_config *config, long long length)
{
    return (lws_usec_t)(config->body_ms + (uint64_t)length * 1000 / config->pace_bytes) * 1000;
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
    else if (length > AUR_BODY_MAX && !http->reply.status) /* it is wanted, and takes its time */
        lws_set_timer_usecs(wsi, body_usecs(&server->config, length));
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
    aur_reply_deinit(&http->reply);
    free(http);
}
