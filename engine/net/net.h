/* The inside of the network room: the server, the connections and who handles them. All on the network thread. */
#ifndef AUR_NET_NET_H
#define AUR_NET_NET_H

#include <libwebsockets.h>
#include <stdatomic.h>

#include "net/counts.h"
#include "net/errand.h"
#include "net/exchange.h"
#include "net/gate.h"
#include "net/hubs.h"
#include "net/loop.h"
#include "net/metrics.h"
#include "net/server.h"
#include "net/sockets.h"

struct aur_http;     /* http.c: a request under way */
struct aur_listener; /* listener.c: a WebSocket session */

struct aur_connection { /* libwebsockets keeps one, zeroed, per request or session */
    struct aur_http *http;
    struct aur_listener *listener;
    bool open; /* counted in the server's `open` */
};

#define AUR_ENDING_MAX 64

struct aur_sweep { /* the sul comes first: the library hands back its address */
    lws_sorted_usec_list_t sul;
    struct aur_server *server;
    struct aur_channel *ending[AUR_ENDING_MAX]; /* without a hub; the scripts worker does not know yet */
    size_t n_ending;
};

struct aur_server {
    struct aur_server_config config; /* with the defaults filled in; strings owned */
    struct aur_hubs hubs;
    struct aur_errands errands;
    struct aur_loop loop;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct aur_error tls_error; /* why the certificate could not be loaded; code 0: none */
    struct aur_sockets sockets;
    struct lws *accepting[AUR_SOCKETS_MAX]; /* watch the sockets */
    int spare_fd;                           /* see aur_sockets_accept */
    int wake_fd;                            /* eventfd: written by any thread */
    atomic_bool stopping;                   /* written by any thread */
    bool draining;
    struct aur_listener *listeners;
    uint32_t waiting;       /* of them, for a channel of their own */
    struct aur_sweep sweep; /* of private channels that nobody listens to any more */
    struct aur_counts counts;
    struct aur_players players;
    struct aur_metrics_door metrics;
    struct aur_gate *gate;
    struct aur_rate complaints; /* about who is turned away, in the log */
    size_t open;                /* WebSocket connections that are not closed yet, refused ones included */
};

struct aur_server *aur_server_of(struct lws *wsi);
/* Connections that wait at this socket are told to the server. False: it cannot be watched. */
bool aur_server_watch(struct aur_server *server, int listening);

/* One more of these on the metrics page. */
static inline void aur_server_count(struct aur_server *server, enum aur_count which)
{
    aur_count(&server->counts, which);
}

/* ---- config.c ---- */

/* A copy with the defaults filled in and strings of its own, to be freed also where it fails. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_server_config_copy(struct aur_server_config *out, const struct aur_server_config *config);
void aur_server_config_free(struct aur_server_config *config);

/* ---- door.c ---- */

/* The gate, for as many connections as there are descriptors for. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_door_make(struct aur_server *server, struct aur_error *err);
/* Connections wait at this socket. */
void aur_door_open(struct aur_server *server, int listening);
/* A request's headers are there: it is not sent away for another any more. */
void aur_door_asked(struct aur_server *server, struct lws *wsi);
/* Whether it may not ask for anything at all: then reply says why, and it was counted. */
bool aur_door_refuses(struct aur_server *server, struct aur_reply *reply, struct lws *wsi);
/* It becomes a listener. False: too many of its address listen. */
bool aur_door_listens(struct aur_server *server, struct lws *wsi);
/* It has its reply, and only has to go. */
void aur_door_done(struct aur_server *server, struct lws *wsi);
/* Its time for the headers is over. Nonzero: close. */
int aur_door_timer(struct aur_server *server, struct lws *wsi);
void aur_door_closed(struct aur_server *server, struct lws *wsi); /* it ends; its socket is still there */
void aur_door_left(struct aur_server *server, struct lws *wsi);   /* it is gone */

/* ---- http.c ---- */

/* A request's headers have arrived; a piece of its body; the body's end; the pipe is free. Nonzero: close. */
int aur_http_begin(struct aur_server *server, struct aur_connection *connection, struct lws *wsi);
int aur_http_body(struct aur_connection *connection, const void *data, size_t len);
int aur_http_body_end(struct aur_connection *connection, struct lws *wsi);
int aur_http_writable(struct aur_connection *connection, struct lws *wsi);
/* Takes in what the workers have brought. */
void aur_http_collect(struct aur_server *server);
int aur_http_timer(struct aur_connection *connection, struct lws *wsi); /* it took too long */
void aur_http_free(struct aur_connection *connection);
/* Sends a whole small reply at once. Nonzero: the connection is broken. */
int aur_http_reply_now(struct lws *wsi, struct aur_reply *reply, const struct aur_request *request);

/* ---- http_read.c ---- */

/* The request's headers as a struct; false if something does not fit. */
bool aur_http_read(struct aur_request *out, const struct aur_server *server, struct lws *wsi);
/* Content-Length; -1: none; -2: not a length. */
long long aur_http_body_length(struct lws *wsi);

/* ---- upgrade.c ---- */

/* Whether a connection may become a WebSocket. 0: yes; 1: a refusal was sent. */
int aur_upgrade_check(struct aur_server *server, struct lws *wsi, const char *protocol);
/* What an upgrade that was let through asked for; while its headers are there, up to the session's opening. hub: NULL if
 * the channel has gone meanwhile, or is to be made. */
struct aur_wish {
    enum aur_format format;
    struct aur_hub *hub;
    bool own;          /* a channel of its own */
    uint64_t from;     /* AUR_HUB_NEW: nowhere in particular */
    uint64_t depth_ms; /* 0: as the server likes */
};
struct aur_wish aur_upgrade_wish(const struct aur_server *server, struct lws *wsi);

/* ---- listener.c ---- */

int aur_listener_open(struct aur_server *server, struct aur_connection *connection, struct lws *wsi);
void aur_listener_free(struct aur_connection *connection);
/* Nonzero: close. */
int aur_listener_receive(struct aur_listener *listener, const void *data, size_t len);
int aur_listener_timer(struct aur_listener *listener);
/* The client's close frame. Nonzero: it is not as it should be, and the session ends with a code that says so. */
int aur_listener_goodbye(struct aur_listener *listener, const void *data, size_t len);
void aur_listener_alive(struct aur_listener *listener);
/* Closes everyone with 1001. */
void aur_listeners_dismiss(struct aur_server *server);

/* ---- listener_private.c ---- */

/* A session that is to get a channel of its own is open; while its headers are there. */
void aur_private_begin(struct aur_listener *listener);
/* The scripts worker has answered. */
void aur_private_opened(struct aur_server *server, struct aur_errand *errand);
/* The session goes while its channel is being made. */
void aur_private_gone(struct aur_listener *listener);
/* A listener left the hub. */
void aur_private_left(struct aur_server *server, struct aur_hub *hub);
/* Ends no more channels: the context is about to go. */
void aur_private_end(struct aur_server *server);

/* ---- listener_write.c ---- */

/* The pipe is free. Nonzero: close. */
int aur_listener_writable(struct aur_listener *listener);
/* Sends what the hubs' updates brought to everyone whose pipe is free. */
void aur_listeners_send(struct aur_server *server);

#endif
