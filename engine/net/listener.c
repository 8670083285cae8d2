/* A WebSocket session: one listener, a cursor into its channel's chunks. This file: how it comes and goes, what it says,
 * its heartbeat. On the network thread. */
#include "net/listener.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/tls.h"

#define NS_PER_MS UINT64_C(1000000)

/* ---- saying ---- */

void aur_listener_close(struct aur_listener *l, int code, const char *text)
{
    if (l->close_code)
        return;
    l->close_code = code;
    l->close_text = text;
    aur_listener_ask(l);
}

/* Queues a message of its own; data NULL: there was no memory for it. */
static void queue(struct aur_listener *l, const void *data, size_t len, bool binary)
{
    struct aur_outgoing *out = data ? malloc(sizeof *out + LWS_PRE + len) : NULL;
    if (out) {
        out->next = NULL;
        out->len = len;
        out->binary = binary;
        memcpy(out->data + LWS_PRE, data, len);
        *l->last = out;
        l->last = &out->next;
        l->queued_bytes += out->len;
        aur_listener_ask(l);
    } else {
        if (!l->close_code)
            aur_server_count(l->server, AUR_COUNT_CLOSED_MEMORY);
        aur_listener_close(l, 1011, "out of memory");
    }
    if (l->queued_bytes > AUR_QUEUE_HIGH_BYTES && !l->paused) {
        l->paused = true;
        lws_rx_flow_control(l->wsi, 0);
    }
}

void aur_listener_say(struct aur_listener *l, struct aur_buf *text)
{
    queue(l, aur_buf_ok(text) ? text->data : NULL, text->len, false);
    aur_buf_deinit(text);
}

void aur_listener_say_error(struct aur_listener *l, const char *code, const char *message, const struct aur_error *err)
{
    struct aur_buf text;
    aur_buf_init(&text);
    aur_msg_error_write(&text, code, message, err);
    aur_listener_say(l, &text);
}

uint64_t aur_listener_say_status(struct aur_listener *l)
{
    struct aur_msg_status status;
    struct aur_buf text;
    aur_buf_init(&text);
    struct aur_msg_listener about = {l->chunks_sent, l->chunks_dropped, aur_format_name(l->format)};
    aur_hub_status(l->hub, &status);
    status.listener = l->joined ? &about : NULL;
    aur_msg_status_write(&text, &status, true);
    aur_listener_say(l, &text);
    return status.chunk_index;
}

static void drop_queue(struct aur_listener *l)
{
    while (l->first) {
        struct aur_outgoing *out = l->first;
        l->first = out->next;
        free(out);
    }
    l->last = &l->first;
    l->queued_bytes = 0;
}

/* ---- coming and going ---- */

static void arm_timer(struct aur_listener *l, uint64_t now)
{
    const struct aur_server_config *config = &l->server->config;
    uint64_t ping = l->ping_ns + config->ping_ms * NS_PER_MS, cut = l->heard_ns + config->timeout_ms * NS_PER_MS;
    uint64_t at = ping < cut ? ping : cut;
    lws_set_timer_usecs(l->wsi, at > now + NS_PER_MS ? (lws_usec_t)((at - now) / 1000) : 1000);
}

static void link_joined(struct aur_listener *l)
{
    l->link = &l->hub->formats[l->format].first;
    l->next_joined = *l->link;
    if (l->next_joined)
        l->next_joined->link = &l->next_joined;
    *l->link = l;
}

static void unlink_joined(struct aur_listener *l)
{
    if (l->next_joined)
        l->next_joined->link = l->link;
    *l->link = l->next_joined;
}

/* What a decoder needs before the first chunk. */
static void say_codec(struct aur_listener *l)
{
    unsigned char frame[AUR_FRAME_HEAD + AUR_CODEC_HEADER_MAX];
    size_t len = aur_channel_codec(l->hub->channel, frame, l->format, l->cursor);
    if (len)
        queue(l, frame, len, true);
}

void aur_listener_join(struct aur_listener *l)
{
    const struct aur_wish *wish = &l->wish;
    const struct aur_server_config *config = &l->server->config;
    uint64_t depth = (wish->depth_ms + config->chunk_ms - 1) / config->chunk_ms;
    uint32_t burst = depth ? (uint32_t)depth : config->burst_chunks;
    l->hub->idle_since_ns = 0;
    l->cursor = aur_hub_join(l->hub, l->format, burst, wish->from);
    l->joined = true;
    link_joined(l);
    l->fresh = aur_listener_say_status(l) + 1;
    uint64_t behind = l->fresh > l->cursor ? l->fresh - l->cursor : 0;
    l->limit = (behind > burst ? behind : burst) + config->queue_chunks;
    say_codec(l);
    aur_log(config->log, AUR_LOG_INFO, "net",
            "%s listens to %s in %s from chunk %" PRIu64 " (%" PRIu64 " of %" PRIu32 ")", l->peer,
            aur_channel_name(l->hub->channel), aur_format_name(l->format), l->cursor,
            aur_hubs_listeners(&l->server->hubs), config->max_clients);
}

static void refuse(struct aur_listener *l, int code, const char *text, enum aur_count count)
{
    aur_server_count(l->server, count);
    aur_listener_close(l, code, text);
}

/* most: as many as there are, everywhere or at its address. */
static void turn_away(struct aur_listener *l, uint32_t most, const char *where, enum aur_count count)
{
    char message[96];
    snprintf(message, sizeof message, "there are %" PRIu32 " listeners%s already; try again later", most, where);
    aur_listener_say_error(l, "SERVER_OVERLOAD", message, NULL);
    refuse(l, 1013, "too many listeners", count);
    aur_door_done(l->server, l->wsi);
    if (aur_rate_take(&l->server->complaints, 1, l->heard_ns))
        aur_log(l->server->config.log, AUR_LOG_WARNING, "net", "%s turned away: %s", l->peer, message);
}

int aur_listener_open(struct aur_server *server, struct aur_connection *connection, struct lws *wsi)
{
    struct aur_listener *l = connection->listener = calloc(1, sizeof *l);
    if (!l)
        return -1;
    l->server = server;
    l->wsi = wsi;
    l->socket = lws_is_ssl(wsi) ? -1 : lws_get_socket_fd(wsi);
    l->wish = aur_upgrade_wish(server, wsi);
    l->format = l->wish.format;
    l->hub = l->wish.hub;
    l->last = &l->first;
    aur_buf_init(&l->message);
    lws_get_peer_simple(wsi, l->peer, sizeof l->peer);
    l->next = server->listeners;
    if (l->next)
        l->next->prev = l;
    server->listeners = l;
    l->heard_ns = l->ping_ns = l->took_ns = aur_clock_mono_ns();
    arm_timer(l, l->heard_ns);
    if (server->draining)
        refuse(l, 1001, "the server shuts down", AUR_COUNT_REFUSED_DRAINING);
    else if (!l->hub && !l->wish.own)
        refuse(l, 1013, "the channel is gone", AUR_COUNT_REFUSED_CHANNEL);
    else if (aur_hubs_listeners(&server->hubs) + server->waiting >= server->config.max_clients)
        turn_away(l, server->config.max_clients, "", AUR_COUNT_REFUSED_CLIENTS);
    else if (!aur_door_listens(server, wsi))
        turn_away(l, server->config.max_per_address, " at this address", AUR_COUNT_REFUSED_ADDRESS);
    else if (l->wish.own)
        aur_private_begin(l);
    else
        aur_listener_join(l);
    return 0;
}

/* Whether the library ends it, for frames that it cannot answer with a close frame. */
static bool is_hung_up_on(const struct aur_listener *l)
{
    return !l->goodbye && !l->broken && !aur_tls_peer_ended(lws_get_ssl(l->wsi)) &&
           aur_sockets_peer_stays(lws_get_socket_fd(l->wsi));
}

void aur_listener_free(struct aur_connection *connection)
{
    struct aur_listener *l = connection->listener;
    connection->listener = NULL;
    if (!l)
        return;
    if (!l->close_code && (lws_get_close_length(l->wsi) > 0 || is_hung_up_on(l))) /* for its frames */
        aur_server_count(l->server, AUR_COUNT_CLOSED_PROTOCOL);
    if (l->joined) {
        unlink_joined(l);
        aur_hub_leave(l->hub, l->format);
        aur_private_left(l->server, l->hub);
        aur_log(l->server->config.log, AUR_LOG_INFO, "net", "%s left: %" PRIu64 " chunks sent, %" PRIu64 " dropped",
                l->peer, l->chunks_sent, l->chunks_dropped);
    }
    aur_private_gone(l);
    if (l->next)
        l->next->prev = l->prev;
    *(l->prev ? &l->prev->next : &l->server->listeners) = l->next;
    drop_queue(l);
    aur_buf_deinit(&l->message);
    free(l);
}

/* A client that does not read can neither be pinged nor told why. */
static int cut(struct aur_listener *l, const char *why, enum aur_count count)
{
    aur_server_count(l->server, count);
    aur_log(l->server->config.log, AUR_LOG_INFO, "net", "%s cut: %s for %" PRIu32 " ms", l->peer, why,
            l->server->config.timeout_ms);
    l->broken = true;
    lws_set_timeout(l->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    return 0;
}

int aur_listener_timer(struct aur_listener *l)
{
    const struct aur_server_config *config = &l->server->config;
    uint64_t now = aur_clock_mono_ns();
    if (!l->waiting || l->took)
        l->took_ns = now;
    l->took = false;
    if (now - l->took_ns >= config->timeout_ms * NS_PER_MS)
        return cut(l, "took nothing", AUR_COUNT_CLOSED_SLOW);
    if (now - l->heard_ns >= config->timeout_ms * NS_PER_MS)
        return cut(l, "silent", AUR_COUNT_CLOSED_TIMEOUT);
    if (now - l->ping_ns >= config->ping_ms * NS_PER_MS) {
        l->ping_ns = now;
        l->ping_due = true;
        aur_listener_ask(l);
    }
    arm_timer(l, now);
    return 0;
}

void aur_listeners_dismiss(struct aur_server *server)
{
    for (struct aur_listener *l = server->listeners; l; l = l->next) {
        drop_queue(l);
        aur_listener_close(l, 1001, "the server shuts down");
    }
}
