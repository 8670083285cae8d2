/* The other end of a connection: HTTP and WebSocket spoken by hand over a blocking socket, so that tests can also speak
 * them wrongly. Every wait ends after ten seconds with a failed assertion. */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>

struct peer {
    int fd;
    char *in; /* received and not consumed */
    size_t n, cap;
};

struct peer_reply {
    int status;
    char head[4096];
    char *body; /* free() */
    size_t body_len;
};

enum { PEER_TEXT = 1, PEER_BINARY = 2, PEER_CLOSE = 8, PEER_PING = 9, PEER_PONG = 10, PEER_END = -1 };

struct peer_frame {
    int opcode; /* PEER_END: the connection ended */
    char *data; /* NUL-terminated; free() */
    size_t len;
    int close_code;
};

/* receive_bytes: SO_RCVBUF, 0 for the default. */
void peer_connect(struct peer *peer, int port, int receive_bytes);
void peer_close(struct peer *peer);
void peer_send(struct peer *peer, const void *data, size_t len);
void peer_text(struct peer *peer, const char *text);
/* One HTTP request as written (with all its line ends) and the reply to it. */
void peer_http(struct peer *peer, struct peer_reply *reply, const char *request);
void peer_reply(struct peer *peer, struct peer_reply *reply, bool head_only);
/* Value of a header, or NULL; valid until the next call. */
const char *peer_header(const struct peer_reply *reply, const char *name);
/* Connects and upgrades. */
void peer_listen(struct peer *peer, int port);
void peer_frame_send(struct peer *peer, int opcode, bool final, const void *data, size_t len);
void peer_say(struct peer *peer, const char *text);
void peer_frame_read(struct peer *peer, struct peer_frame *frame);
/* The next text message, answering pings; fails the test at anything else. free() it. */
char *peer_message(struct peer *peer);
/* The next text message of this type, skipping others. */
char *peer_message_of(struct peer *peer, const char *type);
/* Skips messages until the close frame; its code, or PEER_END if none came. */
int peer_close_code(struct peer *peer);
/* The whole number behind a key. */
long peer_number(const char *json, const char *key);
/* The index of the next audio message. */
long peer_chunk(struct peer *peer);
/* The next error message has this code and, unless NULL, this field. */
void peer_assert_error(struct peer *peer, const char *code, const char *field);

#endif
