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
    /* what a chunk's sending looks at comes first, and close together */
    struct aur_listener *next_joined; /* on the same channel in the same format */
    struct aur_server *server;
    struct aur_hub *hub; /* of its channel; NULL while it is being made, and in a session that is being closed */
    struct lws *wsi;
    int socket; /* the library's, where it sends what it is given as it is; -1 under TLS */
    enum aur_format format;
    bool joined;
    bool waiting; /* the library was asked to call when the pipe is free */
    bool broken;  /* nothing more is sent; the library will close it */
    bool paused;  /* not read until the queue is short again */
    bool ping_due;
    int close_code;  /* 0: stays */
    uint64_t cursor; /* the next chunk to send */
    uint64_t limit;  /* how many chunks it may be behind: the burst's at first, then the queue's */
    uint64_t news;   /* the next news to send */
    uint64_t fresh;  /* news of chunks before this one were in its first status */
    uint64_t chunks_sent, chunks_dropped;
    struct aur_outgoing *first, **last;
    size_t queued_bytes;

    struct aur_listener *next, *prev; /* all of the server's */
    struct aur_listener **link;       /* what points here as next_joined; NULL: nothing */
    char peer[64];
    const char *close_text;

    struct aur_buf message; /* being received */
    size_t message_bytes;
    struct aur_rate controls, messages, frames; /* what it sends */
    bool goodbye;                               /* its close frame came: nothing is read after it */
    bool told;                                  /* that it sends too many messages, since the last that was heard */

    bool took; /* its pipe was free since the timer's last look */
    uint64_t heard_ns, ping_ns,
        took_ns; /* last frame from it, last ping to it, when it was last seen to take something */

    struct aur_wish wish;
    struct aur_errand *errand; /* its channel is being made; NULL: not */

    double jitter_ms, underruns, buffer_ms; /* as it reports */
    char tier[16];
};

/* Its hub is there: it listens from now on. */
void aur_listener_join(struct aur_listener *l);
/* Has the library call when the pipe is free. */
void aur_listener_ask(struct aur_listener *l);
/* Ends the session with this code once its own messages are out. text: borrowed. */
void aur_listener_close(struct aur_listener *l, int code, const char *text);
/* Queues a message of its own; the text is emptied. */
void aur_listener_say(struct aur_listener *l, struct aur_buf *text);
void aur_listener_say_error(struct aur_listener *l, const char *code, const char *message, const struct aur_error *err);
/* Returns the newest chunk that the status tells of. */
uint64_t aur_listener_say_status(struct aur_listener *l);

#endif
