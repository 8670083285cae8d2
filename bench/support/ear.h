/* One listener's side of a stream, without its socket: bytes in, chunks out. It checks nothing but what it needs to tell
 * chunks apart, so that a load generator has time for thousands. Any one thread. */
#ifndef BENCH_EAR_H
#define BENCH_EAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ear_kind {
    EAR_JSON,    /* WebSocket, audio messages in JSON with a chunk_index */
    EAR_BINARY,  /* WebSocket, binary messages with Auralis' head */
    EAR_COUNTED, /* WebSocket, whatever comes is a chunk: messages that nobody unpacks */
    EAR_OGG,     /* HTTP, pages of an Ogg stream */
    EAR_KINDS
};

#define EAR_HEAD 64 /* of a body */
#define EAR_TAIL 128

struct ear {
    enum ear_kind kind;
    int phase;
    unsigned char head[EAR_HEAD + 288]; /* a frame's or page's head and the first bytes after it */
    unsigned char tail[EAR_TAIL];       /* the last bytes of a message so far */
    size_t head_n, head_len, tail_n;
    uint64_t left; /* of the frame's or page's body */
    uint64_t count;
    int status; /* of the HTTP response; 0: not complete yet */
};

struct ear_event {
    enum { EAR_CHUNK, EAR_PING, EAR_CLOSE } type;
    uint64_t index;    /* a chunk's: rises by one */
    int64_t due_ns;    /* a chunk's, on the stream's own clock */
    const void *bytes; /* a ping's, a close's */
    size_t len;
};

void ear_init(struct ear *ear, enum ear_kind kind);
/* The request to open a stream with. Returns its length. */
size_t ear_request(char *out, size_t size, enum ear_kind kind, const char *path, int port);
/* Takes in bytes; calls `heard` for what they complete. false: this is not what it should be. */
bool ear_feed(struct ear *ear, const unsigned char *data, size_t len,
              void (*heard)(void *user, const struct ear_event *event), void *user);

#endif
