/* What a listener is sent. On the network thread. It waits in three places, in this order: the listener's own small messages
 * (answers, errors), the news that belong ahead of the next chunk, the chunk itself, which nobody copies.
 *
 * Whoever has room in its pipe is sent a new chunk at once, from the loop over all listeners: asking the library to call
 * for each costs two system calls a message more. Only where the pipe is full the library calls when it is free again. A
 * close code is sent from that call alone, or the client never sees it. */
#include "net/listener.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SENDS_AT_ONCE 16 /* then it is another's turn */

enum sent { SENT_NOTHING, SENT_ONE, SENT_FAILED };

/* The head of a server's frame, into the bytes before the message. Returns its length. */
static size_t put_head(unsigned char *data, size_t len, bool binary)
{
    size_t head = len < 126 ? 2 : len < 65536 ? 4 : 10;
    data -= head;
    data[0] = binary ? 0x82 : 0x81;
    data[1] = (unsigned char)(head == 2 ? len : head == 4 ? 126 : 127);
    for (size_t i = 2; i < head; i++)
        data[i] = (unsigned char)(len >> 8 * (head - 1 - i));
    return head;
}

/* Past the library, which takes as long again: the whole frame in one call. What the socket does not take is the library's to
 * send, byte by byte, before anything else that it is given or sends of its own. */
static enum sent send_direct(struct aur_listener *l, unsigned char *data, size_t len, bool binary)
{
    size_t head = put_head(data, len, binary);
    ssize_t sent = send(l->socket, data - head, head + len, MSG_NOSIGNAL);
    if (sent == (ssize_t)(head + len))
        return SENT_ONE;
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return SENT_FAILED;
    size_t done = sent < 0 ? 0 : (size_t)sent;
    return lws_write(l->wsi, data - head + done, head + len - done, LWS_WRITE_RAW) < 0 ? SENT_FAILED : SENT_ONE;
}

/* data: behind LWS_PRE bytes of room. Only while the library has nothing left to send: its frames would be torn. */
static enum sent send_message(struct aur_listener *l, unsigned char *data, size_t len, bool binary)
{
    if (l->socket >= 0)
        return send_direct(l, data, len, binary);
    return lws_write(l->wsi, data, len, binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT) < 0 ? SENT_FAILED : SENT_ONE;
}

static enum sent send_ping(struct aur_listener *l)
{
    /* with a payload: the library tells nothing of an empty pong */
    unsigned char ping[LWS_PRE + 4] = {[LWS_PRE] = 'a', 'u', 'r', 'a'};
    l->ping_due = false;
    return lws_write(l->wsi, ping + LWS_PRE, 4, LWS_WRITE_PING) < 0 ? SENT_FAILED : SENT_ONE;
}

static enum sent send_own(struct aur_listener *l)
{
    struct aur_outgoing *out = l->first;
    l->first = out->next;
    if (!l->first)
        l->last = &l->first;
    l->queued_bytes -= out->len;
    enum sent sent = send_message(l, out->data + LWS_PRE, out->len, out->binary);
    free(out);
    if (l->paused && l->queued_bytes < AUR_QUEUE_LOW_BYTES) {
        l->paused = false;
        lws_rx_flow_control(l->wsi, 1);
    }
    return sent;
}

static void skip_to(struct aur_listener *l, uint64_t chunk)
{
    uint64_t skipped = chunk - l->cursor;
    char message[128];
    snprintf(message, sizeof message, "too slow: %" PRIu64 " chunks skipped, the next is %" PRIu64, skipped, chunk);
    l->cursor = chunk;
    l->limit = l->server->config.queue_chunks;
    l->chunks_dropped += skipped;
    l->hub->formats[l->format].dropped += skipped;
    aur_listener_say_error(l, "BUFFER_OVERRUN", message, NULL);
    aur_log(l->server->config.log, AUR_LOG_DEBUG, "net", "%s %s", l->peer, message);
}

static enum sent send_chunk(struct aur_listener *l, uint64_t behind)
{
    struct aur_hub *hub = l->hub;
    const unsigned char *data;
    size_t len;
    uint64_t next = 0;
    int rc = aur_channel_message(hub->channel, l->format, &data, &len, &next, l->cursor);
    if (rc == AUR_ENOTFOUND && next > l->cursor) {
        skip_to(l, next);
        return send_own(l);
    }
    if (rc != AUR_OK)
        return SENT_NOTHING;
    /* of what it is to begin with some may still be in the making */
    uint64_t due = l->fresh > l->cursor ? l->fresh - l->cursor : 0;
    uint64_t room = (behind > due ? behind : due) - 1 + l->server->config.queue_chunks;
    l->limit = room < l->limit ? room : l->limit;
    l->cursor++;
    l->chunks_sent++;
    hub->formats[l->format].sent++;
    hub->formats[l->format].bytes += len;
    return send_message(l, (unsigned char *)(uintptr_t)data, len, l->format != AUR_FORMAT_JSON);
}

/* Whatever is next in turn. */
static enum sent send_next(struct aur_listener *l)
{
    struct aur_hub *hub = l->hub;
    if (l->ping_due)
        return send_ping(l);
    if (!l->joined)
        return l->first ? send_own(l) : SENT_NOTHING;
    uint64_t head = hub->formats[l->format].head, behind = head > l->cursor ? head - l->cursor : 0;
    if (behind > l->limit)
        skip_to(l, head - l->server->config.queue_chunks);
    if (l->first)
        return send_own(l);
    const struct aur_news *news = aur_hub_news(hub, &l->news, l->fresh);
    if (news && news->chunk <= l->cursor) {
        l->news++;
        return send_message(l, news->data + hub->framing, news->len, false);
    }
    return behind ? send_chunk(l, behind) : SENT_NOTHING;
}

static int send_close(struct aur_listener *l)
{
    char text[64];
    snprintf(text, sizeof text, "%s", l->close_text);
    lws_close_reason(l->wsi, (enum lws_close_status)l->close_code, (unsigned char *)text, strlen(text));
    return -1;
}

void aur_listener_ask(struct aur_listener *l)
{
    l->waiting = true;
    lws_callback_on_writable(l->wsi);
}

/* Sends until nothing is left or the pipe is full; then the library is asked to call. false: the connection is broken. */
static bool send_all(struct aur_listener *l)
{
    for (int i = 0; i < SENDS_AT_ONCE && !lws_partial_buffered(l->wsi); i++) {
        enum sent sent = send_next(l);
        if (sent == SENT_FAILED)
            return false;
        if (sent == SENT_NOTHING)
            return true;
        if (l->close_code && !l->first)
            break;
    }
    aur_listener_ask(l);
    return true;
}

int aur_listener_writable(struct aur_listener *l)
{
    l->waiting = false;
    l->took = true;
    if (l->broken)
        return -1;
    if (l->close_code && !l->first)
        return send_close(l);
    l->broken = !send_all(l);
    return l->broken ? -1 : 0;
}

static void send_fresh(struct aur_listener *first)
{
    for (struct aur_listener *l = first; l; l = l->next_joined) {
        __builtin_prefetch(l->next_joined);
        if (l->waiting || l->broken || l->close_code || send_all(l))
            continue;
        l->broken = true;
        lws_set_timeout(l->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    }
}

void aur_listeners_send(struct aur_server *server)
{
    for (size_t i = 0; i < server->hubs.n; i++) {
        struct aur_hub *hub = server->hubs.items[i];
        for (int f = 0; f < AUR_FORMATS; f++) {
            if (hub->formats[f].fresh)
                send_fresh(hub->formats[f].first);
            hub->formats[f].fresh = false;
        }
    }
}
