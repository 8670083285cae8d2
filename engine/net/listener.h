/* The inside of a listener, shared by listener.c (coming, going, what it says), listener_read.c and listener_write.c.
 * Network thread. */
#ifndef AUR_NET_LISTENER_H
#define AUR_NET_LISTENER_H

#include "net/net.h"

#define AUR_QUEUE_HIGH_BYTES (256 << 10) /* answers not yet sent: read no further */
#define AUR_QUEUE_LOW_BYTES  (64 << 10)

struct aur_outgoing { /* one of the listener's own messages */
    struct aur_outgoing *next;
    size_t len;
    bool binary;          /* else text */
    unsigned char data[]; /* LWS_PRE bytes, then the message */
};

struct aur_listener {
    struct aur_server *server;
    struct aur_hub *hub; /* of its channel; NULL only in a session that is being closed */
    struct lws *wsi;
    struct aur_listener *next, *prev;
    char peer[64];

    enum aur_format format;
    bool joined;
    uint64_t cursor; /* the next chunk to send */
    uint64_t limit;  /* how many chunks it may be behind: the burst's at first, then the queue's */
    uint64_t news;   /* the next news to send */
    uint64_t fresh;  /* news of chunks before this one were in its first status */
    uint64_t chunks_sent, chunks_dropped;

    struct aur_outgoing *first, **last;
    size_t queued_bytes;
    bool paused; /* not read until the queue is short again */

    struct aur_buf message; /* being received */
    size_t message_bytes;
    struct aur_rate rate;

    uint64_t heard_ns, ping_ns; /* last frame from it, last ping to it */
    bool ping_due;
    int close_code; /* 0: stays */
    const char *close_text;

    double jitter_ms, underruns, buffer_ms; /* as it reports */
    char tier[16];
};

/* Ends the session with this code once its own messages are out. text: borrowed. */
void aur_listener_close(struct aur_listener *l, int code, const char *text);
/* Queues a message of its own; the text is emptied. */
void aur_listener_say(struct aur_listener *l, struct aur_buf *text);
void aur_listener_say_error(struct aur_listener *l, const char *code, const char *message, const struct aur_error *err);
/* Returns the newest chunk that the status tells of. */
uint64_t aur_listener_say_status(struct aur_listener *l);

#endif
