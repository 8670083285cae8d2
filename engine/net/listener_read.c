/* What a listener sends us. On the network thread. Messages come in pieces; each is put together up to the size allowed,
 * counted beyond it, and answered when its last piece is in. */
#include "net/listener.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "wire/json.h"

#define MESSAGE_MAX 65536     /* a longer one is refused */
#define MESSAGE_CUT (1 << 20) /* a longer one ends the session */
#define FLOOD       10        /* times the messages it may send: so many frames end the session */

static void end(struct aur_listener *l, int code, const char *text, enum aur_count count)
{
    if (!l->close_code)
        aur_server_count(l->server, count);
    aur_listener_close(l, code, text);
}

static void say_invalid(struct aur_listener *l, const struct aur_error *err)
{
    aur_server_count(l->server, AUR_COUNT_MESSAGE_INVALID);
    aur_listener_say_error(l, "INVALID_CONTROL", err->message, err);
}

static void refuse(struct aur_listener *l, const char *field, const char *value, const char *allowed)
{
    struct aur_error err;
    (void)!aur_error_value(&err, field, value, allowed);
    say_invalid(l, &err);
}

/* what: of which there are too many. */
static void say_too_many(struct aur_listener *l, uint32_t rate, const char *what)
{
    struct aur_error err;
    char allowed[64];
    snprintf(allowed, sizeof allowed, "at most %" PRIu32 " %s a second", rate, what);
    (void)!aur_error_value(&err, "rate", "more", allowed);
    aur_listener_say_error(l, "INVALID_CONTROL", err.message, &err);
}

/* Whether it may have one more message heard. Those beyond are not looked at; only the first in a row is answered. */
static bool may_speak(struct aur_listener *l)
{
    uint32_t rate = l->server->config.message_rate;
    if (aur_rate_take(&l->messages, rate, l->heard_ns)) {
        l->told = false;
        return true;
    }
    aur_server_count(l->server, AUR_COUNT_MESSAGE_RATE);
    if (!l->told)
        say_too_many(l, rate, "messages");
    l->told = true;
    return false;
}

static void do_control(struct aur_listener *l, const struct aur_msg_client *message,
                       const struct aur_control_specs *specs)
{
    const struct aur_server_config *config = &l->server->config;
    struct aur_channel *channel = l->hub->channel;
    if (!aur_rate_take(&l->controls, config->control_rate, aur_clock_mono_ns())) {
        say_too_many(l, config->control_rate, "control messages");
        aur_server_count(l->server, AUR_COUNT_MESSAGE_RATE);
        return;
    }
    struct aur_msg_phrase reply;
    struct aur_buf text;
    aur_buf_init(&text);
    aur_channel_control(channel, &reply, &message->controls, specs);
    aur_server_count(l->server, AUR_COUNT_MESSAGE_CONTROL);
    aur_msg_phrase_write(&text, &reply);
    aur_listener_say(l, &text);
}

static void do_ping(struct aur_listener *l, const struct aur_msg_client *message, const struct aur_control_specs *specs)
{
    (void)specs;
    struct aur_buf text;
    aur_buf_init(&text);
    aur_msg_pong_write(&text, message->client_time);
    aur_listener_say(l, &text);
}

static void do_status(struct aur_listener *l, const struct aur_msg_client *message,
                      const struct aur_control_specs *specs)
{
    (void)specs;
    (void)message;
    (void)aur_listener_say_status(l);
}

static void do_stats(struct aur_listener *l, const struct aur_msg_client *message,
                     const struct aur_control_specs *specs)
{
    (void)specs;
    double more = message->underruns - (message->underruns < l->underruns ? 0 : l->underruns); /* it may begin anew */
    aur_players_report(&l->server->players, message->tier, message->jitter_ms, message->buffer_ms, more);
    l->jitter_ms = message->jitter_ms;
    l->underruns = message->underruns;
    l->buffer_ms = message->buffer_ms;
    memcpy(l->tier, message->tier, sizeof l->tier);
    aur_log(l->server->config.log, AUR_LOG_DEBUG, "net", "%s: jitter %.1f ms, %.0f underruns, buffer %.0f ms, tier %s",
            l->peer, l->jitter_ms, l->underruns, l->buffer_ms, l->tier);
}

static void take_text(struct aur_listener *l, const char *text, size_t len)
{
    static void (*const actions[])(struct aur_listener *, const struct aur_msg_client *,
                                   const struct aur_control_specs *) = {
        [AUR_MSG_CONTROL] = do_control,
        [AUR_MSG_PING] = do_ping,
        [AUR_MSG_STATUS_REQUEST] = do_status,
        [AUR_MSG_CLIENT_STATS] = do_stats,
    };
    struct aur_channel *channel = l->hub->channel;
    struct aur_msg_client message;
    struct aur_controls now;
    struct aur_control_specs specs;
    struct aur_error err = {0};
    aur_channel_controls(channel, &now, &specs);
    int rc = aur_msg_read(&message, text, len, &now, &specs, &err);
    if (rc == AUR_OK)
        actions[message.type](l, &message, &specs);
    else if (rc == AUR_ENOMEM)
        end(l, 1011, "out of memory", AUR_COUNT_CLOSED_MEMORY);
    else
        say_invalid(l, &err);
    aur_msg_client_deinit(&message);
}

static void take_message(struct aur_listener *l)
{
    const char *text = l->message.data ? l->message.data : "";
    if (!may_speak(l))
        return;
    if (lws_frame_is_binary(l->wsi))
        refuse(l, "message", "a binary frame", "a text frame");
    else if (l->message_bytes > MESSAGE_MAX)
        refuse(l, "message", "a longer message", "at most 65536 bytes");
    else if (!aur_buf_ok(&l->message))
        end(l, 1011, "out of memory", AUR_COUNT_CLOSED_MEMORY);
    else if (!aur_json_is_utf8(text, l->message.len))
        end(l, 1007, "not UTF-8", AUR_COUNT_CLOSED_TEXT);
    else
        take_text(l, text, l->message.len);
}

int aur_listener_receive(struct aur_listener *l, const void *data, size_t len)
{
    l->heard_ns = aur_clock_mono_ns();
    if (l->close_code || l->goodbye)
        return 0;
    if (lws_is_first_fragment(l->wsi)) {
        aur_buf_clear(&l->message);
        l->message_bytes = 0;
    }
    l->message_bytes += len;
    if (l->message_bytes > MESSAGE_CUT)
        end(l, 1009, "a message over 1 MiB", AUR_COUNT_CLOSED_SIZE);
    else if (lws_remaining_packet_payload(l->wsi) == 0 &&
             !aur_rate_take(&l->frames, FLOOD * l->server->config.message_rate, l->heard_ns))
        end(l, 1008, "too many messages", AUR_COUNT_CLOSED_ABUSE);
    else if (l->message_bytes <= MESSAGE_MAX)
        aur_buf_add(&l->message, data, len);
    else
        aur_buf_deinit(&l->message);
    if (!l->close_code && lws_is_final_fragment(l->wsi)) {
        take_message(l);
        if (l->message.cap > 4096)
            aur_buf_deinit(&l->message);
    }
    return 0;
}

/* The library answers with what it got: a code that nobody may send would come back. */
int aur_listener_goodbye(struct aur_listener *l, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    int code = len >= 2 ? bytes[0] << 8 | bytes[1] : 1000, answer = 0;
    l->goodbye = true;
    if (len == 1 || code < 1000 || code >= 5000)
        answer = 1002;
    else if (len > 2 && !aur_json_is_utf8((const char *)bytes + 2, len - 2))
        answer = 1007;
    if (!answer || l->close_code)
        return 0;
    l->close_code = answer;
    aur_server_count(l->server, answer == 1002 ? AUR_COUNT_CLOSED_PROTOCOL : AUR_COUNT_CLOSED_TEXT);
    lws_close_reason(l->wsi, (enum lws_close_status)answer, NULL, 0);
    return -1;
}

void aur_listener_alive(struct aur_listener *l)
{
    l->heard_ns = aur_clock_mono_ns();
}
