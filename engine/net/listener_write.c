/* What a listener is sent. On the network thread, from the writable callback only: a close code must be, or the client
 * never sees it. It waits in three places, in this order: the listener's own small messages (answers, errors), the news
 * that belong ahead of the next chunk, the chunk itself, which nobody copies. */
#include "net/listener.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENDS_AT_ONCE 16 /* then it is another's turn */

enum sent { SENT_NOTHING, SENT_ONE, SENT_FAILED };

static enum sent send_message(struct aur_listener *l, unsigned char *data, size_t len, bool binary)
{
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
    l->hub->chunks_dropped += skipped;
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
    uint64_t room = behind - 1 + l->server->config.queue_chunks;
    l->limit = room < l->limit ? room : l->limit;
    l->cursor++;
    l->chunks_sent++;
    hub->chunks_sent++;
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

int aur_listener_writable(struct aur_listener *l)
{
    if (l->close_code && !l->first)
        return send_close(l);
    for (int i = 0; i < SENDS_AT_ONCE; i++) {
        enum sent sent = send_next(l);
        if (sent == SENT_FAILED)
            return -1;
        if (sent == SENT_NOTHING)
            return 0;
        if ((l->close_code && !l->first) || lws_send_pipe_choked(l->wsi))
            break;
    }
    lws_callback_on_writable(l->wsi);
    return 0;
}
