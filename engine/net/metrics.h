/* The metrics page: what the server, its channels and its listeners' players count, in Prometheus' text format, at /metrics of
 * a port of its own on 127.0.0.1. Network thread. */
#ifndef AUR_NET_METRICS_H
#define AUR_NET_METRICS_H

#include "base/buf.h"
#include "base/histogram.h"
#include "channel/tally.h"
#include "net/counts.h"

struct aur_hubs;
struct lws;
struct lws_context;
struct lws_vhost;

enum aur_tier { AUR_TIER_MINIMAL, AUR_TIER_NORMAL, AUR_TIER_STABLE, AUR_TIER_DEFENSIVE, AUR_TIER_OTHER, AUR_TIERS };

/* "minimal", ...; AUR_TIER_OTHER for any other name. */
enum aur_tier aur_tier_find(const char *name);

/* What players report of themselves, by the tier of buffering that they report. */
struct aur_players {
    struct aur_histogram jitter[AUR_TIERS], buffer[AUR_TIERS];
    uint64_t underruns[AUR_TIERS];
};
void aur_players_init(struct aur_players *players);
/* A report; underruns: that came since the player's last one. */
void aur_players_report(struct aur_players *players, const char *tier, double jitter_ms, double buffer_ms,
                        double underruns);

/* Everything that the page tells. */
struct aur_metrics_sources {
    const struct aur_hubs *hubs;
    const struct aur_counts *counts;
    const struct aur_players *players;
    uint64_t listeners_by_tier[AUR_TIERS];
    uint64_t connections; /* of any kind, but for those to this page */
    uint64_t websockets;  /* of them, not closed yet */
    const char *isa;      /* "avx2" */
};
void aur_metrics_write(struct aur_buf *out, const struct aur_metrics_sources *sources);

/* ---- door: the page's own socket ---- */

struct aur_metrics_door {
    int fd; /* listens; -1: none */
    uint32_t open;
    struct lws_vhost *vhost;
};

/* Listens on 127.0.0.1. 0: no page. A port that is taken, or anything else that fails, is a warning in the log: the server goes
 * on without the page. The context belongs to a server. */
struct aur_server;
void aur_metrics_open(struct aur_server *server, int port);
/* Whether this socket is the page's: then its next connection is taken in. */
bool aur_metrics_accept(struct aur_server *server, int listening);
void aur_metrics_close(struct aur_server *server);

#endif
