/* See peer.h. */
#include "peer.h"

#include "support/unit.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 10000

void peer_connect(struct peer *peer, int port, int receive_bytes)
{
    *peer = (struct peer){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (receive_bytes)
        setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(peer->fd, (struct sockaddr *)&address, sizeof address), 0);
}

void peer_close(struct peer *peer)
{
    close(peer->fd);
    free(peer->in);
    *peer = (struct peer){.fd = -1};
}

void peer_send(struct peer *peer, const void *data, size_t len)
{
    const char *at = data;
    while (len) {
        ssize_t n = send(peer->fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the other end closed: what it said last is still to be read */
        at += n;
        len -= (size_t)n;
    }
}

void peer_text(struct peer *peer, const char *text)
{
    peer_send(peer, text, strlen(text));
}

/* Waits for more bytes; false at the end of the stream. */
static bool receive(struct peer *peer)
{
    struct pollfd poll_for = {.fd = peer->fd, .events = POLLIN};
    assert_int_equal(poll(&poll_for, 1, WAIT_MS), 1);
    if (peer->cap - peer->n < 65536) {
        peer->cap = peer->n + 65536;
        peer->in = realloc(peer->in, peer->cap + 1);
        assert_non_null(peer->in);
    }
    ssize_t n = recv(peer->fd, peer->in + peer->n, 65536, 0);
    if (n <= 0)
        return false;
    peer->n += (size_t)n;
    peer->in[peer->n] = '\0';
    return true;
}

static bool have(struct peer *peer, size_t n)
{
    while (peer->n < n)
        if (!receive(peer))
            return false;
    return true;
}

static void consume(struct peer *peer, size_t n)
{
    memmove(peer->in, peer->in + n, peer->n - n + 1);
    peer->n -= n;
}

const char *peer_header(const struct peer_reply *reply, const char *name)
{
    static char value[1024];
    size_t length = strlen(name);
    for (const char *line = strstr(reply->head, "\r\n"); line && line[2]; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':')
            continue;
        const char *at = line + 3 + length + strspn(line + 3 + length, " ");
        snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
        return value;
    }
    return NULL;
}

void peer_reply(struct peer *peer, struct peer_reply *reply, bool head_only)
{
    char *end;
    while (peer->n == 0 || !(end = strstr(peer->in, "\r\n\r\n")))
        assert_true(receive(peer));
    size_t head = (size_t)(end - peer->in) + 4;
    memset(reply, 0, sizeof *reply);
    assert_true(head < sizeof reply->head);
    memcpy(reply->head, peer->in, head - 2);
    consume(peer, head);
    assert_int_equal(sscanf(reply->head, "HTTP/1.%*d %d", &reply->status), 1);
    const char *length = peer_header(reply, "content-length");
    reply->body_len = length && !head_only ? (size_t)atol(length) : 0;
    assert_true(have(peer, reply->body_len));
    reply->body = calloc(1, reply->body_len + 1);
    assert_non_null(reply->body);
    if (reply->body_len) {
        memcpy(reply->body, peer->in, reply->body_len);
        consume(peer, reply->body_len);
    }
}

void peer_http(struct peer *peer, struct peer_reply *reply, const char *request)
{
    peer_text(peer, request);
    peer_reply(peer, reply, strncmp(request, "HEAD", 4) == 0);
}

void peer_listen(struct peer *peer, int port)
{
    struct peer_reply reply;
    peer_connect(peer, port, 0);
    peer_http(peer, &reply,
              "GET /ws/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    assert_int_equal(reply.status, 101);
    assert_string_equal(peer_header(&reply, "sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_null(peer_header(&reply, "sec-websocket-extensions"));
    free(reply.body);
}

void peer_frame_send(struct peer *peer, int opcode, bool final, const void *data, size_t len)
{
    static const unsigned char mask[4] = {0x12, 0x34, 0x56, 0x78};
    unsigned char *frame = malloc(len + 14), *at = frame;
    assert_non_null(frame);
    *at++ = (unsigned char)((final ? 0x80 : 0) | opcode);
    if (len < 126) {
        *at++ = (unsigned char)(0x80 | len);
    } else if (len < 65536) {
        *at++ = 0x80 | 126;
        *at++ = (unsigned char)(len >> 8);
        *at++ = (unsigned char)len;
    } else {
        *at++ = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8)
            *at++ = (unsigned char)((uint64_t)len >> shift);
    }
    memcpy(at, mask, 4);
    at += 4;
    for (size_t i = 0; i < len; i++)
        at[i] = ((const unsigned char *)data)[i] ^ mask[i % 4];
    peer_send(peer, frame, (size_t)(at - frame) + len);
    free(frame);
}

void peer_say(struct peer *peer, const char *text)
{
    peer_frame_send(peer, PEER_TEXT, true, text, strlen(text));
}

void peer_frame_read(struct peer *peer, struct peer_frame *frame)
{
    *frame = (struct peer_frame){.opcode = PEER_END};
    if (!have(peer, 2))
        return;
    const unsigned char *head = (const unsigned char *)peer->in;
    size_t len = head[1] & 127, used = 2;
    if (len == 126) {
        assert_true(have(peer, 4));
        head = (const unsigned char *)peer->in;
        len = (size_t)head[2] << 8 | head[3];
        used = 4;
    }
    assert_int_not_equal(len, 127);
    if (!have(peer, used + len))
        return;
    frame->opcode = peer->in[0] & 15;
    frame->len = len;
    frame->data = calloc(1, len + 1);
    assert_non_null(frame->data);
    memcpy(frame->data, peer->in + used, len);
    consume(peer, used + len);
    if (frame->opcode == PEER_CLOSE && len >= 2)
        frame->close_code = (unsigned char)frame->data[0] << 8 | (unsigned char)frame->data[1];
}

char *peer_message(struct peer *peer)
{
    for (;;) {
        struct peer_frame frame;
        peer_frame_read(peer, &frame);
        if (frame.opcode == PEER_TEXT)
            return frame.data;
        assert_int_equal(frame.opcode, PEER_PING);
        peer_frame_send(peer, PEER_PONG, true, frame.data, frame.len);
        free(frame.data);
    }
}

char *peer_message_of(struct peer *peer, const char *type)
{
    char start[64];
    snprintf(start, sizeof start, "{\"type\":\"%s\"", type);
    for (;;) {
        char *text = peer_message(peer);
        if (strncmp(text, start, strlen(start)) == 0)
            return text;
        free(text);
    }
}

int peer_close_code(struct peer *peer)
{
    for (;;) {
        struct peer_frame frame;
        peer_frame_read(peer, &frame);
        free(frame.data);
        if (frame.opcode == PEER_CLOSE) {
            unsigned char code[2] = {(unsigned char)(frame.close_code >> 8), (unsigned char)frame.close_code};
            peer_frame_send(peer, PEER_CLOSE, true, code, 2);
            return frame.close_code;
        }
        if (frame.opcode == PEER_END)
            return PEER_END;
    }
}

long peer_number(const char *json, const char *key)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *at = strstr(json, pattern);
    assert_non_null(at);
    return strtol(at + strlen(pattern), NULL, 10);
}

long peer_chunk(struct peer *peer)
{
    char *text = peer_message_of(peer, "audio");
    long index = peer_number(text, "chunk_index");
    free(text);
    return index;
}

void peer_assert_error(struct peer *peer, const char *code, const char *field)
{
    char *text = peer_message_of(peer, "error");
    char want[80];
    snprintf(want, sizeof want, "\"code\":\"%s\"", code);
    if (!strstr(text, want))
        fail_msg("expected %s in %s", want, text);
    snprintf(want, sizeof want, "\"field\":\"%s\"", field ? field : "");
    if (field && !strstr(text, want))
        fail_msg("expected %s in %s", want, text);
    free(text);
}
