/* The metrics page over HTTP, on a virtual host of its own in the server's context: it shares the network thread with the
 * stream, and has nothing else of the server on it, neither page nor REST nor TLS. On the network thread.
 *
 * One request a connection, few connections at a time, and no request with a body: whoever asks is Prometheus. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/exposition.h"
#include "net/listener.h"
#include "net/net.h"

#define CONNECTIONS_MAX 16
#define BACKLOG         16
#define PIECE_BYTES     32768
#define PATIENCE_S      10

struct scrape { /* libwebsockets keeps one, zeroed, for each connection */
    struct aur_buf body;
    size_t sent;
};

/* ---- the reply ---- */

static void write_page(struct aur_buf *out, struct aur_server *server)
{
    struct aur_metrics_sources sources = {.hubs = &server->hubs,
                                          .counts = &server->counts,
                                          .players = &server->players,
                                          .connections = aur_gate_connections(server->gate),
                                          .websockets = server->open,
                                          .isa = server->config.isa};
    for (const struct aur_listener *l = server->listeners; l; l = l->next)
        if (l->tier[0])
            sources.listeners_by_tier[aur_tier_find(l->tier)]++;
    aur_metrics_write(out, &sources);
}

struct answer {
    int status;
    const char *type;
    bool head_only;
};

static struct answer answer(struct aur_buf *body, struct lws *wsi, const char *path)
{
    bool get = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0,
         head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    struct answer a = {200, AUR_EXPOSITION_TYPE, head};
    if (strcmp(path, "/metrics") != 0) {
        a.status = 404;
        aur_buf_text(body, "nothing here but /metrics\n");
    } else if (!get && !head) {
        a.status = 405;
        aur_buf_text(body, "/metrics takes GET and HEAD\n");
    } else {
        write_page(body, aur_server_of(wsi));
    }
    if (a.status != 200)
        a.type = "text/plain; charset=utf-8";
    return a;
}

static int add_header(struct lws *wsi, const char *name, const char *value, unsigned char **at, unsigned char *end)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value,
                                       (int)strlen(value), at, end);
}

static int send_headers(struct lws *wsi, const struct answer *a, size_t length)
{
    unsigned char block[LWS_PRE + 2048], *start = block + LWS_PRE, *at = start, *end = block + sizeof block - 1;
    if (lws_add_http_header_status(wsi, (unsigned)a->status, &at, end) ||
        add_header(wsi, "content-type:", a->type, &at, end) || add_header(wsi, "connection:", "close", &at, end) ||
        add_header(wsi, "cache-control:", "no-store", &at, end) ||
        (a->status == 405 && add_header(wsi, "allow:", "GET, HEAD", &at, end)) ||
        lws_add_http_header_content_length(wsi, length, &at, end))
        return -1;
    return lws_finalize_write_http_header(wsi, start, &at, end);
}

/* There is no WebSocket here: 1, and the reply was sent; -1: the connection is broken. */
static int refuse_upgrade(struct lws *wsi)
{
    static const char text[] = "no WebSocket here\n";
    unsigned char body[LWS_PRE + sizeof text];
    const struct answer a = {404, "text/plain; charset=utf-8", false};
    memcpy(body + LWS_PRE, text, sizeof text);
    if (send_headers(wsi, &a, sizeof text - 1) ||
        lws_write(wsi, body + LWS_PRE, sizeof text - 1, LWS_WRITE_HTTP_FINAL) < 0)
        return -1;
    return 1;
}

/* Nonzero: close, which is also how a reply ends. */
static int send_piece(struct scrape *scrape, struct lws *wsi)
{
    unsigned char piece[LWS_PRE + PIECE_BYTES];
    size_t left = scrape->body.len - scrape->sent, n = left < PIECE_BYTES ? left : PIECE_BYTES;
    memcpy(piece + LWS_PRE, scrape->body.data + scrape->sent, n);
    if (lws_write(wsi, piece + LWS_PRE, n, n == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0 || n == left)
        return -1;
    scrape->sent += n;
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, PATIENCE_S);
    lws_callback_on_writable(wsi);
    return 0;
}

static int reply(struct scrape *scrape, struct lws *wsi, const char *path)
{
    if (scrape->body.len)
        return -1; /* one request each */
    struct answer a = answer(&scrape->body, wsi, path);
    if (!aur_buf_ok(&scrape->body) || send_headers(wsi, &a, scrape->body.len))
        return -1;
    return a.head_only ? -1 : send_piece(scrape, wsi);
}

/* ---- connections ---- */

static int scrape_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct scrape *scrape = user;
    struct aur_server *server = aur_server_of(wsi);
    (void)len;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return reply(scrape, wsi, in);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return refuse_upgrade(wsi);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return -1;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return scrape->sent < scrape->body.len ? send_piece(scrape, wsi) : 0;
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED_HTTP:
        if (scrape)
            aur_buf_deinit(&scrape->body);
        return 0;
    case LWS_CALLBACK_WSI_CREATE:
        server->metrics.open++;
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        server->metrics.open--;
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {"metrics", scrape_callback, sizeof(struct scrape), 4096, 0, NULL, PIECE_BYTES},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

bool aur_metrics_accept(struct aur_server *server, int listening)
{
    struct aur_metrics_door *door = &server->metrics;
    if (listening != door->fd || door->fd < 0)
        return false;
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0 && door->open >= CONNECTIONS_MAX)
        close(fd);
    else if (fd >= 0)
        (void)lws_adopt_socket_vhost(door->vhost, fd); /* closes it where it fails */
    return true;
}

/* ---- opening ---- */

/* A listening socket, or -errno. */
static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

static bool make_vhost(struct aur_server *server)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN, /* another than the main host: the library looks for hosts by port */
        .protocols = protocols,
        .server_string = "auralis",
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .vhost_name = "metrics",
    };
    server->metrics.vhost = lws_create_vhost(server->context, &info);
    return server->metrics.vhost && aur_server_watch(server, server->metrics.fd);
}

void aur_metrics_open(struct aur_server *server, int port)
{
    struct aur_metrics_door *door = &server->metrics;
    const char *reason = NULL;
    if (port <= 0)
        return;
    door->fd = listen_on(port);
    if (door->fd < 0)
        reason = strerror(-door->fd);
    else if (!make_vhost(server))
        reason = "libwebsockets refuses";
    if (!reason) {
        aur_log(server->config.log, AUR_LOG_INFO, "net", "metrics on http://127.0.0.1:%d/metrics", port);
        return;
    }
    aur_log(server->config.log, AUR_LOG_WARNING, "net", "no metrics page: cannot listen on 127.0.0.1:%d: %s", port,
            reason);
    aur_metrics_close(server);
}

void aur_metrics_close(struct aur_server *server)
{
    if (server->metrics.fd >= 0)
        close(server->metrics.fd);
    server->metrics.fd = -1;
}
