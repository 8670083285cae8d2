/* HTTP and WebSocket, on one service thread: the page, REST, /ws/stream. Only passes pointers to published messages.
 *
 * aur_server_new, _run and _free are called by one thread; aur_server_stop and aur_server_notify by any. */
#ifndef AUR_NET_SERVER_H
#define AUR_NET_SERVER_H

#include "base/log.h"
#include "channel/scripts.h"
#include "keep/keep.h"
#include "net/private.h"

struct aur_server;

struct aur_server_config {
    const char *host;
    int port;                 /* 0: any free one */
    const char *client_dir;   /* the page's files */
    const char *cors_origins; /* comma separated; a same-origin or absent Origin always passes */
    bool ssl;
    const char *ssl_cert_path, *ssl_key_path;
    uint32_t max_clients;         /* 0: 10 */
    uint32_t max_connections;     /* of any kind; 0: max_clients and 256 more */
    uint32_t max_per_address;     /* listeners of one address, see gate.h; 0: any number */
    bool spare_loopback;          /* addresses of this machine are not limited */
    uint32_t header_ms, body_ms;  /* until a request's headers, its body is there; 0: 10000, 30000 */
    uint32_t reply_ms;            /* until a reply is taken, */
    uint32_t pace_bytes;          /* and a second more for each so many of it; 0: 30000, 8192 */
    uint32_t queue_chunks;        /* a listener farther behind skips forward; 0: 5 */
    uint32_t burst_chunks;        /* sent at once on connect, where a listener asks for no other depth; 0: 5 */
    uint32_t chunk_ms;            /* 0: 100 */
    uint32_t ping_ms, timeout_ms; /* 0: 30000, 60000 */
    uint32_t drain_ms;            /* at shutdown; 0: 2000 */
    uint32_t control_rate;        /* control messages a second a connection; 0: 20 */
    uint32_t message_rate;        /* messages a second a connection; ten times as many end it; 0: 100 */
    int metrics_port;             /* of the metrics page, on 127.0.0.1; 0: none */
    const char *isa;              /* that voices are rendered with, for the metrics page; static */
    const char *edit_token;       /* who has it may change scripts; NULL or "": nobody but this machine */
    size_t script_bytes;          /* of a script's text; 0: 1 MiB */
    struct aur_log *log;
};

/* Binds and listens. AUR_EIO names host, port and the reason. Channels may be added later, before _run. */
AUR_MUST_USE int aur_server_new(struct aur_server **out, const struct aur_server_config *config, struct aur_error *err);
/* Offers a channel, the first where a client names none. Before _run; the channels outlive it. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_server_add_channel(struct aur_server *server, struct aur_channel *channel, struct aur_error *err);
/* Before _run; freed (so that its worker has ended) before the server is. */
void aur_server_set_scripts(struct aur_server *server, struct aur_scripts *scripts);
/* Takes, sessions and the presets that people keep, which are offered from now on. Before _run; freed before the server is.
 * Errors: those of aur_keep_offers. */
AUR_MUST_USE int aur_server_set_keep(struct aur_server *server, struct aur_keep *keep, struct aur_error *err);
/* Private channels, which need scripts and a first channel, and presets. Before _run; else there are none. */
void aur_server_set_private(struct aur_server *server, const struct aur_private_config *config);
int aur_server_port(const struct aur_server *server);
/* Serves until aur_server_stop; then closes every connection with 1001 and returns within drain_ms. */
AUR_MUST_USE int aur_server_run(struct aur_server *server);
void aur_server_stop(struct aur_server *server); /* any thread; async-signal-safe */
void aur_server_notify(void *server);            /* any thread: something was published */
void aur_server_free(struct aur_server *server);

#endif
