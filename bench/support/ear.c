/* Takes a stream apart: HTTP head, then WebSocket frames or Ogg pages. Bodies are looked at where the index stands, in the
 * first or the last bytes, and passed over otherwise. */
#include "support/ear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_NS INT64_C(100000000)
#define OGG_HEAD 27

enum phase { HTTP, HEAD, BODY };

void ear_init(struct ear *ear, enum ear_kind kind)
{
    memset(ear, 0, sizeof *ear);
    ear->kind = kind;
}

size_t ear_request(char *out, size_t size, enum ear_kind kind, const char *path, int port)
{
    static const char *const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const char *more = kind == EAR_OGG ? "" : upgrade;
    const char *deflate = kind == EAR_COUNTED ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "";
    int n = snprintf(out, size, "GET %s HTTP/1.%d\r\nHost: 127.0.0.1:%d\r\n%s%s\r\n", path, kind != EAR_OGG, port, more,
                     deflate);
    return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

static uint64_t little(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    while (bytes-- > 0)
        value = value << 8 | at[bytes];
    return value;
}

/* The answer's status and its end. */
static size_t take_answer(struct ear *ear, const unsigned char *data, size_t len)
{
    static const char end[] = "\r\n\r\n";
    for (size_t i = 0; i < len; i++) {
        if (ear->head_len < 12)
            ear->head[ear->head_len++] = data[i];
        ear->head_n = data[i] == (unsigned char)end[ear->head_n] ? ear->head_n + 1 : data[i] == '\r';
        if (ear->head_n < 4)
            continue;
        ear->head[12] = '\0';
        ear->status = atoi((const char *)ear->head + 9);
        ear->phase = HEAD;
        ear->head_n = ear->head_len = 0;
        return i + 1;
    }
    return len;
}

/* How long the head is, as far as what there is of it tells. */
static size_t head_length(const struct ear *ear)
{
    const unsigned char *head = ear->head;
    if (ear->kind == EAR_OGG)
        return ear->head_n < OGG_HEAD ? OGG_HEAD : OGG_HEAD + (size_t)head[OGG_HEAD - 1];
    if (ear->head_n < 2 || (head[1] & 127) < 126)
        return 2;
    return (head[1] & 127) == 126 ? 4 : 10;
}

static uint64_t body_length(const struct ear *ear)
{
    const unsigned char *head = ear->head;
    uint64_t length = 0;
    if (ear->kind == EAR_OGG) {
        for (size_t i = OGG_HEAD; i < ear->head_len; i++)
            length += head[i];
        return length;
    }
    if (ear->head_len == 2)
        return head[1] & 127;
    for (size_t i = 2; i < ear->head_len; i++)
        length = length << 8 | head[i];
    return length;
}

static bool head_is_good(const struct ear *ear)
{
    if (ear->kind == EAR_OGG)
        return memcmp(ear->head, "OggS", 4) == 0;
    return (ear->head[0] & 0x80) && !(ear->head[1] & 0x80); /* whole messages, never masked */
}

/* The number behind "chunk_index": in the last bytes. */
static bool json_index(const struct ear *ear, uint64_t *index)
{
    static const char name[] = "\"chunk_index\":";
    const unsigned char *at = memmem(ear->tail, ear->tail_n, name, sizeof name - 1);
    if (!at)
        return false;
    *index = 0;
    for (at += sizeof name - 1; at < ear->tail + ear->tail_n && *at >= '0' && *at <= '9'; at++)
        *index = *index * 10 + (*at - '0');
    return true;
}

static bool frame_index(const struct ear *ear, int opcode, uint64_t *index)
{
    const unsigned char *body = ear->head + ear->head_len;
    size_t n = ear->head_n - ear->head_len;
    if (ear->kind == EAR_JSON)
        return opcode == 1 && n > 14 && memcmp(body, "{\"type\":\"audio\"", 15) == 0 && json_index(ear, index);
    if (ear->kind == EAR_BINARY) {
        if (opcode != 2 || n < 24 || memcmp(body, "AUR1", 4) != 0 || body[5] != 0)
            return false;
        *index = little(body + 8, 8);
        return true;
    }
    return opcode == 1 || opcode == 2;
}

static bool whole_page(struct ear *ear, struct ear_event *event)
{
    uint64_t granule = little(ear->head + 6, 8);
    *event = (struct ear_event){EAR_CHUNK, little(ear->head + 18, 4), (int64_t)(granule * 1000000 / 48), NULL, 0};
    return granule > 0; /* else it is of the stream's head */
}

static bool whole_frame(struct ear *ear, struct ear_event *event)
{
    int opcode = ear->head[0] & 15;
    *event = (struct ear_event){EAR_CHUNK, ear->count, 0, ear->head + ear->head_len, ear->head_n - ear->head_len};
    if (opcode == 8 || opcode == 9) {
        event->type = opcode == 9 ? EAR_PING : EAR_CLOSE;
        return true;
    }
    if (!frame_index(ear, opcode, &event->index))
        return false;
    ear->count++;
    event->due_ns = (int64_t)event->index * CHUNK_NS;
    return true;
}

static void keep_tail(struct ear *ear, const unsigned char *data, size_t len)
{
    size_t keep = len < EAR_TAIL ? EAR_TAIL - len : 0;
    if (keep < ear->tail_n) {
        memmove(ear->tail, ear->tail + ear->tail_n - keep, keep);
        ear->tail_n = keep;
    }
    if (len > EAR_TAIL)
        data += len - EAR_TAIL, len = EAR_TAIL;
    memcpy(ear->tail + ear->tail_n, data, len);
    ear->tail_n += len;
}

/* Part of a head: returns what it took. */
static size_t take_head(struct ear *ear, const unsigned char *data, size_t len)
{
    size_t n = head_length(ear) - ear->head_n;
    n = n < len ? n : len;
    memcpy(ear->head + ear->head_n, data, n);
    ear->head_n += n;
    if (ear->head_n == head_length(ear)) {
        ear->head_len = ear->head_n;
        ear->left = body_length(ear);
        ear->tail_n = 0;
        ear->phase = BODY;
    }
    return n;
}

static size_t take_body(struct ear *ear, const unsigned char *data, size_t len)
{
    size_t n = ear->left < len ? (size_t)ear->left : len, first = ear->head_len + EAR_HEAD - ear->head_n;
    first = first < n ? first : n;
    memcpy(ear->head + ear->head_n, data, first);
    ear->head_n += first;
    if (ear->kind == EAR_JSON)
        keep_tail(ear, data, n);
    ear->left -= n;
    return n;
}

bool ear_feed(struct ear *ear, const unsigned char *data, size_t len,
              void (*heard)(void *user, const struct ear_event *event), void *user)
{
    while (len) {
        size_t n = ear->phase == HTTP   ? take_answer(ear, data, len)
                   : ear->phase == HEAD ? take_head(ear, data, len)
                                        : take_body(ear, data, len);
        data += n;
        len -= n;
        if (ear->phase == BODY && !head_is_good(ear))
            return false;
        if (ear->phase != BODY || ear->left)
            continue;
        struct ear_event event;
        if (ear->kind == EAR_OGG ? whole_page(ear, &event) : whole_frame(ear, &event))
            heard(user, &event);
        ear->phase = HEAD;
        ear->head_n = ear->head_len = 0;
    }
    return true;
}
