/* The server: one libwebsockets context, run by one thread. An event loop moves the sockets (loop.c); we listen and accept
 * ourselves (sockets.c), wake it through an eventfd that sits in the same loop, and hand each of its callbacks to the file
 * that owns the matter. When told to stop it accepts no more, closes every session with 1001 and waits a little for them. */
#include "net/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/net.h"
#include "net/tls.h"

#define HEADER_BYTES  16384 /* of one request: a browser sends every cookie of localhost */
#define RECEIVE_BYTES 16384
#define BACKSTOP_S    120    /* the library's own timeouts, which ours come before */
#define SEND_BYTES    131072 /* a chunk goes out in one piece */

struct aur_server *aur_server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

/* ---- callbacks ---- */

static int on_wake(struct aur_server *server)
{
    uint64_t count;
    while (read(server->wake_fd, &count, sizeof count) > 0)
        ;
    aur_http_collect(server);
    aur_hubs_update(&server->hubs);
    aur_listeners_send(server);
    return 0;
}

static int watch_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    (void)user, (void)in, (void)len;
    if (reason != LWS_CALLBACK_RAW_RX_FILE)
        return 0;
    struct aur_server *server = aur_server_of(wsi);
    int watched = (int)(intptr_t)lws_get_opaque_user_data(wsi);
    if (watched == server->wake_fd)
        return on_wake(server);
    if (aur_metrics_accept(server, watched))
        return 0;
    aur_door_open(server, watched);
    return 0;
}

static int http_event(struct lws *wsi, enum lws_callback_reasons reason, struct aur_connection *connection, void *in,
                      size_t len)
{
    struct aur_server *server = aur_server_of(wsi);
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return aur_upgrade_check(server, wsi, in);
    case LWS_CALLBACK_HTTP:
        return aur_http_begin(server, connection, wsi);
    case LWS_CALLBACK_HTTP_BODY:
        return len ? aur_http_body(connection, in, len) : 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return aur_http_body_end(connection, wsi);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return aur_http_writable(connection, wsi);
    default:
        return 0;
    }
}

static int stream_event(struct lws *wsi, enum lws_callback_reasons reason, struct aur_connection *connection, void *in,
                        size_t len)
{
    struct aur_listener *listener = connection->listener;
    if (reason == LWS_CALLBACK_ESTABLISHED)
        return aur_listener_open(aur_server_of(wsi), connection, wsi);
    if (!listener)
        return 0; /* already closing */
    switch (reason) {
    case LWS_CALLBACK_RECEIVE:
        return aur_listener_receive(listener, in, len);
    case LWS_CALLBACK_RECEIVE_PONG:
        aur_listener_alive(listener);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return aur_listener_writable(listener);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return aur_listener_goodbye(listener, in, len);
    default:
        return aur_listener_timer(listener);
    }
}

static void count_open(struct aur_connection *connection, struct lws *wsi, bool open)
{
    if (connection->open != open)
        aur_server_of(wsi)->open += open ? 1 : (size_t)-1;
    connection->open = open;
}

static int on_timer(struct lws *wsi, struct aur_connection *connection, void *in, size_t len)
{
    if (connection && connection->http)
        return aur_http_timer(connection, wsi);
    if (connection && connection->listener)
        return stream_event(wsi, LWS_CALLBACK_TIMER, connection, in, len);
    return aur_door_timer(aur_server_of(wsi), wsi);
}

static int load_certificate(struct aur_server *server, void *context)
{
    const struct aur_server_config *config = &server->config;
    return aur_tls_load(context, config->ssl_cert_path, config->ssl_key_path, config->log, &server->tls_error) < 0;
}

static int main_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct aur_connection *connection = user;
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return http_event(wsi, reason, connection, in, len);
    case LWS_CALLBACK_ESTABLISHED:
        count_open(connection, wsi, true);
        return stream_event(wsi, reason, connection, in, len);
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return stream_event(wsi, reason, connection, in, len);
    case LWS_CALLBACK_TIMER:
        return on_timer(wsi, connection, in, len);
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_CLOSED:
        if (reason == LWS_CALLBACK_CLOSED_HTTP)
            aur_door_closed(aur_server_of(wsi), wsi);
        if (!connection)
            return 0;
        aur_http_free(connection);
        aur_listener_free(connection);
        if (reason == LWS_CALLBACK_CLOSED)
            count_open(connection, wsi, false);
        return 0;
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS: /* user: the SSL_CTX */
        return load_certificate(aur_server_of(wsi), user);
    case LWS_CALLBACK_WSI_DESTROY: /* of the watching ones too */
        if (lws_get_protocol(wsi)->callback == main_callback)
            aur_door_left(aur_server_of(wsi), wsi);
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {"auralis", main_callback, sizeof(struct aur_connection), RECEIVE_BYTES, 0, NULL, SEND_BYTES},
    {"watch", watch_callback, 0, 0, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

/* Headers of every response. */
#define HEADER(next, name, value)                                                                                      \
    {                                                                                                                  \
        next, NULL, name ":", value                                                                                    \
    }
static const struct lws_protocol_vhost_options security_headers[] = {
    HEADER(&security_headers[1], "x-content-type-options", "nosniff"),
    HEADER(&security_headers[2], "referrer-policy", "no-referrer"),
    HEADER(&security_headers[3], "cross-origin-opener-policy", "same-origin"),
    HEADER(&security_headers[4], "cross-origin-embedder-policy", "require-corp"),
    HEADER(&security_headers[5], "cross-origin-resource-policy", "same-origin"),
    HEADER(NULL, "content-security-policy",
           "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
           "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
           "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"),
};

/* ---- setting up ---- */

static int create_context(struct aur_server *server, struct aur_error *err)
{
    const struct aur_server_config *config = &server->config;
    lws_set_log_level(0, NULL);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .headers = security_headers,
        .server_string = "auralis",
        .max_http_header_data = HEADER_BYTES,
        .timeout_secs = BACKSTOP_S,
        .timeout_secs_ah_idle = BACKSTOP_S,
        .alpn = "http/1.1",
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .user = server,
        .vhost_name = "auralis",
    };
    if (config->ssl) {
        /* certificate and key are loaded in a callback; plain HTTP comes as far as its headers, to be told */
        info.options |= LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
        info.options |= LWS_SERVER_OPTION_ALLOW_NON_SSL_ON_SSL_PORT;
        info.options |= LWS_SERVER_OPTION_ALLOW_HTTP_ON_HTTPS_LISTENER;
    }
    info.options |= LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    server->context = aur_loop_context(&server->loop, &info);
    if (!server->context)
        return aur_error_set(err, AUR_EIO,
                             "cannot set up the network: libwebsockets refuses, or its plugin for libev is missing");
    server->vhost = lws_create_vhost(server->context, &info);
    if (!server->vhost && server->tls_error.code) {
        if (err)
            *err = server->tls_error;
        return server->tls_error.code;
    }
    return server->vhost ? AUR_OK : aur_error_set(err, AUR_EIO, "cannot set up the network: libwebsockets refuses");
}

/* The library closes what it watches: it gets a copy. */
static struct lws *watch(struct aur_server *server, int fd)
{
    lws_sock_file_fd_type copy = {.filefd = fcntl(fd, F_DUPFD_CLOEXEC, 0)};
    if (copy.filefd < 0)
        return NULL;
    struct lws *wsi = lws_adopt_descriptor_vhost(server->vhost, LWS_ADOPT_RAW_FILE_DESC, copy, "watch", NULL);
    if (wsi)
        lws_set_opaque_user_data(wsi, (void *)(intptr_t)fd);
    return wsi;
}

bool aur_server_watch(struct aur_server *server, int listening)
{
    return watch(server, listening) != NULL;
}

static int watch_all(struct aur_server *server, struct aur_error *err)
{
    bool ok = watch(server, server->wake_fd) != NULL;
    for (size_t i = 0; i < server->sockets.n; i++) {
        server->accepting[i] = watch(server, server->sockets.fds[i]);
        ok = ok && server->accepting[i];
    }
    return ok ? AUR_OK : aur_error_set(err, AUR_EIO, "cannot set up the network: %s", strerror(errno));
}

int aur_server_new(struct aur_server **out, const struct aur_server_config *config, struct aur_error *err)
{
    struct aur_server *server = calloc(1, sizeof *server);
    if (!server)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    atomic_init(&server->stopping, false);
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->metrics.fd = -1;
    aur_players_init(&server->players);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int rc = aur_server_config_copy(&server->config, config);
    if (rc != AUR_OK)
        (void)!aur_error_set(err, rc, "out of memory");
    else if (server->wake_fd < 0)
        rc = aur_error_set(err, AUR_EIO, "cannot set up the network: %s", strerror(errno));
    aur_hubs_init(&server->hubs, config->log, server->config.control_rate, LWS_PRE);
    aur_errands_init(&server->errands, aur_server_notify, server);
    if (rc == AUR_OK)
        rc = aur_door_make(server, err);
    if (rc == AUR_OK)
        rc = aur_sockets_open(&server->sockets, server->config.host, config->port, err);
    if (rc == AUR_OK)
        rc = aur_loop_init(&server->loop, err);
    if (rc == AUR_OK)
        rc = create_context(server, err);
    if (rc == AUR_OK)
        rc = watch_all(server, err);
    if (rc == AUR_OK)
        aur_metrics_open(server, server->config.metrics_port);
    if (rc == AUR_OK)
        *out = server;
    else
        aur_server_free(server);
    return rc;
}

int aur_server_add_channel(struct aur_server *server, struct aur_channel *channel, struct aur_error *err)
{
    int rc = aur_hubs_add(&server->hubs, NULL, channel);
    return rc < 0 ? aur_error_set(err, rc, "out of memory") : rc;
}

int aur_server_port(const struct aur_server *server)
{
    return server->sockets.port;
}

/* ---- running ---- */

static void wake(struct aur_server *server)
{
    uint64_t one = 1;
    ssize_t written = write(server->wake_fd, &one, sizeof one);
    (void)written; /* a full counter wakes as well */
}

/* Returns when to wait no longer. */
static uint64_t start_draining(struct aur_server *server)
{
    server->draining = true;
    for (size_t i = 0; i < server->sockets.n; i++)
        lws_set_timeout(server->accepting[i], PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    aur_sockets_close(&server->sockets);
    aur_log(server->config.log, AUR_LOG_INFO, "net", "closing %zu connections", server->open);
    aur_listeners_dismiss(server);
    return aur_clock_mono_ns() + server->config.drain_ms * UINT64_C(1000000);
}

static void destroy_context(struct aur_server *server)
{
    if (server->context)
        lws_context_destroy(server->context);
    server->context = NULL;
    server->vhost = NULL;
}

int aur_server_run(struct aur_server *server)
{
    uint64_t until = UINT64_MAX;
    aur_loop_start(&server->loop);
    wake(server);
    while (aur_clock_mono_ns() < until && !(server->draining && server->open == 0)) {
        aur_loop_turn(&server->loop);
        if (atomic_load(&server->stopping) && !server->draining)
            until = start_draining(server);
    }
    aur_loop_stop(&server->loop);
    aur_private_end(server);
    destroy_context(server); /* here, while the channels still live */
    aur_hubs_deinit(&server->hubs);
    server->hubs.scripts = NULL;
    server->hubs.keep = NULL;
    return AUR_OK;
}

void aur_server_stop(struct aur_server *server)
{
    int error = errno;
    atomic_store(&server->stopping, true);
    wake(server);
    errno = error;
}

void aur_server_notify(void *server)
{
    wake(server);
}

void aur_server_free(struct aur_server *server)
{
    if (!server)
        return;
    destroy_context(server);
    aur_loop_deinit(&server->loop);
    aur_gate_free(server->gate);
    aur_sockets_close(&server->sockets);
    aur_metrics_close(server);
    aur_hubs_deinit(&server->hubs);
    aur_errands_deinit(&server->errands);
    if (server->wake_fd >= 0)
        close(server->wake_fd);
    if (server->spare_fd >= 0)
        close(server->spare_fd);
    aur_server_config_free(&server->config);
    free(server);
}
