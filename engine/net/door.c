/* How connections come in: accepted, judged by the gate, handed to the library; and how those end that do not say what they
 * want. On the network thread.
 *
 * The library calls nobody before a request's headers are complete, and has no time limit for all of them together: a
 * timer of our own, set when a connection comes, ends those that take too long. */
#include <inttypes.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/net.h"

#define ACCEPT_AT_ONCE 32 /* then it is another's turn */

int aur_door_make(struct aur_server *server, struct aur_error *err)
{
    struct aur_server_config *config = &server->config;
    uint32_t most = config->max_connections, fit = aur_sockets_fit_limit(most + AUR_GATE_EXTRA);
    if (fit < most + AUR_GATE_EXTRA) {
        config->max_connections = fit > 2 * AUR_GATE_EXTRA ? fit - AUR_GATE_EXTRA : AUR_GATE_EXTRA;
        aur_log(config->log, AUR_LOG_WARNING, "net",
                "at most %" PRIu32 " connections, not %" PRIu32 ": the limit of open files (ulimit -n) is too low",
                config->max_connections, most);
    }
    struct aur_gate_limits limits = {.connections = config->max_connections,
                                     .address_connections = config->max_per_address ? config->max_per_address + 32 : 0,
                                     .address_listeners = config->max_per_address,
                                     .spare_loopback = config->spare_loopback};
    int rc = aur_gate_new(&server->gate, &limits);
    return rc == AUR_OK ? rc : aur_error_set(err, rc, "out of memory");
}

static struct aur_guest *guest_of(struct lws *wsi)
{
    return lws_get_opaque_user_data(wsi);
}

/* ---- coming ---- */

static void count_drop(struct aur_server *server, enum aur_gate_verdict verdict)
{
    aur_server_count(server, verdict == AUR_GATE_DROP_ADDRESS ? AUR_COUNT_DROPPED_ADDRESS : AUR_COUNT_DROPPED_TOTAL);
}

static void let_in(struct aur_server *server, int fd, const struct sockaddr_storage *from)
{
    struct aur_guest *guest;
    enum aur_gate_verdict verdict = AUR_GATE_DROP_TOTAL;
    void *evicted;
    int rc = aur_gate_enter(server->gate, &guest, &verdict, &evicted, (const struct sockaddr *)from);
    if (rc < 0 || !guest) {
        count_drop(server, verdict);
        close(fd);
        return;
    }
    if (evicted) {
        aur_server_count(server, AUR_COUNT_DROPPED_WAITING);
        lws_set_timeout(evicted, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    }
    struct lws *wsi = lws_adopt_socket_vhost(server->vhost, fd); /* closes it where it fails */
    if (!wsi) {
        aur_gate_leave(server->gate, guest);
        return;
    }
    aur_guest_bind(guest, wsi);
    lws_set_opaque_user_data(wsi, guest);
    lws_set_timer_usecs(wsi, (lws_usec_t)server->config.header_ms * 1000);
}

void aur_door_open(struct aur_server *server, int listening)
{
    struct sockaddr_storage from;
    for (int i = 0; i < ACCEPT_AT_ONCE && !aur_gate_crowded(server->gate); i++) {
        int fd = aur_sockets_accept(listening, &server->spare_fd, &from);
        if (fd == AUR_SOCKETS_NONE)
            return;
        if (fd == AUR_SOCKETS_DROPPED)
            aur_server_count(server, AUR_COUNT_DROPPED_DESCRIPTORS);
        else
            let_in(server, fd, &from);
    }
}

/* ---- what the gate thinks of it ---- */

void aur_door_asked(struct aur_server *server, struct lws *wsi)
{
    aur_guest_ask(server->gate, guest_of(wsi));
}

bool aur_door_refuses(struct aur_server *server, struct aur_reply *reply, struct lws *wsi)
{
    enum aur_gate_verdict verdict = aur_guest_verdict(guest_of(wsi));
    if (server->config.ssl && !lws_is_ssl(wsi)) {
        aur_reply_refuse(reply, 400, "HTTPS_REQUIRED", "this port speaks https and wss");
        aur_server_count(server, AUR_COUNT_CUT_PLAIN);
    } else if (verdict == AUR_GATE_REFUSE_ADDRESS) {
        aur_reply_refuse(reply, 429, "TOO_MANY_CONNECTIONS", "too many connections from your address");
        aur_server_count(server, AUR_COUNT_CUT_ADDRESS);
    } else if (verdict == AUR_GATE_REFUSE_TOTAL) {
        aur_reply_refuse(reply, 503, "TOO_MANY_CONNECTIONS", "too many connections; try again later");
        aur_server_count(server, AUR_COUNT_CUT_TOTAL);
    }
    reply->retry_s = reply->status == 429 || reply->status == 503;
    return reply->status != 0;
}

bool aur_door_listens(struct aur_server *server, struct lws *wsi)
{
    return aur_guest_listen(server->gate, guest_of(wsi));
}

/* ---- going ---- */

/* Whether anything came from it. */
static bool has_spoken(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_bytes_received > 0;
}

int aur_door_timer(struct aur_server *server, struct lws *wsi)
{
    struct aur_guest *guest = guest_of(wsi);
    if (!guest || aur_guest_asked(guest))
        return 0;
    aur_guest_ask(server->gate, guest); /* judged, and counted once */
    if (!has_spoken(lws_get_socket_fd(wsi))) {
        aur_server_count(server, AUR_COUNT_DROPPED_SILENT);
        return -1;
    }
    aur_server_count(server, AUR_COUNT_CUT_HEADERS);
    if (lws_is_ssl(wsi)) /* who knows how far its handshake is */
        return -1;
    struct aur_request request = {.method = AUR_GET};
    struct aur_reply reply = {0};
    aur_reply_refuse(&reply, 408, "TOO_SLOW", "the request's headers took too long");
    (void)aur_http_reply_now(wsi, &reply, &request);
    aur_buf_deinit(&reply.body);
    return -1;
}

/* What the library cannot read (no HTTP, an unknown method, headers that are too long, a handshake that fails) it refuses by
 * itself, and tells nobody. */
void aur_door_closed(struct aur_server *server, struct lws *wsi)
{
    const struct aur_guest *guest = guest_of(wsi);
    int fd = lws_get_socket_fd(wsi);
    if (guest && !aur_guest_asked(guest) && has_spoken(fd) && aur_sockets_peer_stays(fd))
        aur_server_count(server, AUR_COUNT_DROPPED_UNREADABLE);
}

void aur_door_done(struct aur_server *server, struct lws *wsi)
{
    aur_guest_done(server->gate, guest_of(wsi));
}

void aur_door_left(struct aur_server *server, struct lws *wsi)
{
    aur_gate_leave(server->gate, guest_of(wsi));
    lws_set_opaque_user_data(wsi, NULL);
}
