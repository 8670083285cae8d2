/* What the server counts of its own doings: one table says each count's place on the metrics page, one call counts. Any
 * thread; never waits. */
#ifndef AUR_NET_COUNTS_H
#define AUR_NET_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>

/* A count of the same family differs from its neighbours by a label alone; aur_count_table has one row each. */
enum aur_count {
    /* WebSocket sessions that did not come about */
    AUR_COUNT_REFUSED_CLIENTS,   /* too many in all */
    AUR_COUNT_REFUSED_ADDRESS,   /* too many of one address */
    AUR_COUNT_REFUSED_ORIGIN,    /* origin not allowed */
    AUR_COUNT_REFUSED_HANDSHAKE, /* not a WebSocket handshake that is understood */
    AUR_COUNT_REFUSED_PATH,
    AUR_COUNT_REFUSED_PARAMETER, /* unknown or wrong parameter, format included */
    AUR_COUNT_REFUSED_CHANNEL,   /* no such channel */
    AUR_COUNT_REFUSED_PRIVATE,   /* no private channel to be had */
    AUR_COUNT_REFUSED_DRAINING,  /* the server shuts down */
    /* sessions that the server ended */
    AUR_COUNT_CLOSED_TIMEOUT, /* silent for too long */
    AUR_COUNT_CLOSED_SIZE,    /* a message over 1 MiB */
    AUR_COUNT_CLOSED_TEXT,    /* not UTF-8 */
    AUR_COUNT_CLOSED_MEMORY,
    AUR_COUNT_CLOSED_SLOW,     /* takes no data */
    AUR_COUNT_CLOSED_ABUSE,    /* a flood of messages */
    AUR_COUNT_CLOSED_PROTOCOL, /* not WebSocket as RFC 6455 has it */
    /* messages of clients */
    AUR_COUNT_MESSAGE_CONTROL, /* accepted controls */
    AUR_COUNT_MESSAGE_INVALID,
    AUR_COUNT_MESSAGE_RATE, /* more than a connection may send */
    /* HTTP */
    AUR_COUNT_HTTP_OK,           /* answered with less than 400 */
    AUR_COUNT_HTTP_CLIENT_ERROR, /* 4xx */
    AUR_COUNT_HTTP_SERVER_ERROR, /* 5xx */
    /* requests refused or cut by a limit; those that were answered are among the classes above too */
    AUR_COUNT_CUT_RATE,    /* 429: controls or edits */
    AUR_COUNT_CUT_ADDRESS, /* 429: too many connections of one address */
    AUR_COUNT_CUT_TOTAL,   /* 503: too many connections in all */
    AUR_COUNT_CUT_SIZE,    /* 413 */
    AUR_COUNT_CUT_ORIGIN,  /* 403: origin not allowed */
    AUR_COUNT_CUT_TOKEN,   /* 401 */
    AUR_COUNT_CUT_PLAIN,   /* 400: plain HTTP to a port that speaks TLS */
    AUR_COUNT_CUT_HEADERS, /* headers that took too long */
    AUR_COUNT_CUT_BODY,    /* 408: a body that took too long */
    AUR_COUNT_CUT_READER,  /* a reply that was read too slowly */
    /* connections closed before they said what they want */
    AUR_COUNT_DROPPED_DESCRIPTORS, /* no file descriptor left */
    AUR_COUNT_DROPPED_ADDRESS,     /* far too many of one address */
    AUR_COUNT_DROPPED_TOTAL,       /* far too many in all */
    AUR_COUNT_DROPPED_WAITING,     /* made room for another */
    AUR_COUNT_DROPPED_SILENT,      /* said nothing for too long */
    AUR_COUNT_DROPPED_UNREADABLE,  /* what it said is no request that the library could read */
    AUR_COUNTS
};

struct aur_counts {
    _Atomic uint64_t n[AUR_COUNTS];
};

struct aur_count_row {
    const char *family; /* metric name without the prefix auralis_ */
    const char *about;  /* of the family: the same in all its rows */
    const char *label;  /* "reason" */
    const char *value;  /* "clients" */
};
extern const struct aur_count_row aur_count_table[AUR_COUNTS];

static inline void aur_count(struct aur_counts *counts, enum aur_count which)
{
    atomic_fetch_add_explicit(&counts->n[which], 1, memory_order_relaxed);
}

static inline uint64_t aur_counted(const struct aur_counts *counts, enum aur_count which)
{
    return atomic_load_explicit(&counts->n[which], memory_order_relaxed);
}

#endif
