/* How a listener gets a channel of its own, and what becomes of it when everyone has left. On the network thread. The channel
 * is made and ended by the scripts worker; meanwhile its listener is a session without a channel, which is not read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/listener.h"

#define IDLE_MS   30000
#define NS_PER_MS UINT64_C(1000000)
#define RETRY_NS  UINT64_C(1000000000)
#define FOREVER   1 /* idle since then: it goes at once */

/* ---- ending ---- */

static uint64_t idle_ns(const struct aur_server *server)
{
    uint32_t ms = server->hubs.private.config.idle_ms;
    return (ms ? ms : IDLE_MS) * NS_PER_MS;
}

/* Tells the scripts worker, whose queue may be full: then it is told later. */
static void end_channels(struct aur_server *server)
{
    struct aur_sweep *sweep = &server->sweep;
    while (sweep->n_ending > 0) {
        struct aur_scripts_request ask = {.ask = AUR_SCRIPTS_CLOSE, .channel = sweep->ending[sweep->n_ending - 1]};
        struct aur_errand *errand;
        if (aur_errand_send(&errand, &server->errands, server->hubs.scripts, &ask, NULL) < 0)
            return;
        sweep->n_ending--;
        server->hubs.private.open--;
    }
}

/* False: too many end already. */
static bool end_channel(struct aur_server *server, struct aur_channel *channel)
{
    struct aur_sweep *sweep = &server->sweep;
    if (sweep->n_ending == AUR_ENDING_MAX)
        return false;
    sweep->ending[sweep->n_ending++] = channel;
    return true;
}

/* Ends those that have been idle long enough; returns when the next one will have been, or 0. */
static uint64_t end_idle(struct aur_server *server, uint64_t now)
{
    uint64_t next = 0;
    for (size_t i = server->hubs.n; i-- > 0;) {
        struct aur_hub *hub = server->hubs.items[i];
        if (!hub->idle_since_ns)
            continue;
        uint64_t at = hub->idle_since_ns + idle_ns(server);
        if (at <= now && end_channel(server, hub->channel)) {
            aur_hubs_drop(&server->hubs, hub);
            continue;
        }
        at = at > now ? at : now + RETRY_NS;
        next = !next || at < next ? at : next;
    }
    end_channels(server);
    return server->sweep.n_ending ? now + RETRY_NS : next;
}

static void sweep(struct aur_server *server, uint64_t in_ns);

static void on_sweep(lws_sorted_usec_list_t *sul)
{
    struct aur_server *server = ((struct aur_sweep *)(void *)sul)->server;
    uint64_t now = aur_clock_mono_ns(), next = end_idle(server, now);
    if (next)
        sweep(server, next - now);
}

/* Never at once: whoever calls may be on its way through the hubs. */
static void sweep(struct aur_server *server, uint64_t in_ns)
{
    server->sweep.server = server;
    lws_sul_schedule(server->context, 0, &server->sweep.sul, on_sweep, (lws_usec_t)(in_ns / 1000 + 1));
}

void aur_private_left(struct aur_server *server, struct aur_hub *hub)
{
    if (hub->listeners || !aur_channel_unlisted(hub->channel))
        return;
    hub->idle_since_ns = aur_clock_mono_ns();
    if (!server->draining)
        sweep(server, 0);
}

void aur_private_end(struct aur_server *server)
{
    lws_sul_schedule(server->context, 0, &server->sweep.sul, NULL, LWS_SET_TIMER_USEC_CANCEL);
}

/* ---- beginning ---- */

static void refuse(struct aur_listener *l, const char *code, int close_code, const char *reason,
                   const struct aur_error *err)
{
    aur_server_count(l->server, AUR_COUNT_REFUSED_PRIVATE);
    aur_listener_say_error(l, code, reason, err);
    aur_listener_close(l, close_code, close_code == 1008 ? "the parameters are not allowed" : "no private channel");
    aur_log(l->server->config.log, AUR_LOG_INFO, "net", "%s gets no private channel: %s", l->peer, reason);
}

static void refuse_error(struct aur_listener *l, const struct aur_error *err)
{
    if (err->code == AUR_EINVAL)
        refuse(l, "INVALID_CONTROL", 1008, err->message, err);
    else
        refuse(l, "SERVER_OVERLOAD", 1013, err->message, NULL);
}

static int send_for(struct aur_listener *l, struct aur_opening *opening)
{
    struct aur_server *server = l->server;
    struct aur_scripts_request ask = {.ask = AUR_SCRIPTS_OPEN, .opening = opening};
    int rc = aur_errand_send(&l->errand, &server->errands, server->hubs.scripts, &ask, l);
    if (rc < 0)
        return rc;
    server->hubs.private.open++;
    server->waiting++;
    lws_rx_flow_control(l->wsi, 0);
    return AUR_OK;
}

void aur_private_begin(struct aur_listener *l)
{
    struct aur_server *server = l->server;
    struct aur_request request = {.method = AUR_GET};
    struct aur_opening *opening;
    struct aur_error err = {0};
    char reason[160];
    if (!server->hubs.scripts || !server->hubs.n) {
        refuse(l, "SERVER_OVERLOAD", 1013, "this server has no private channels", NULL);
    } else if (!aur_private_available(&server->hubs.private, reason, sizeof reason)) {
        refuse(l, "SERVER_OVERLOAD", 1013, reason, NULL);
    } else if (!aur_http_read(&request, server, l->wsi)) {
        refuse(l, "SERVER_OVERLOAD", 1013, "the address is too long", NULL);
    } else {
        int rc = aur_private_read(&opening, &server->hubs, &request.query, &err);
        if (rc == AUR_OK && send_for(l, opening) < 0)
            rc = aur_error_set(&err, AUR_EBUSY, "too many requests wait for the scripts worker");
        if (rc < 0)
            refuse_error(l, &err);
    }
}

/* The channel is there. */
static void take_in(struct aur_server *server, struct aur_listener *l, struct aur_channel *channel)
{
    struct aur_hub *hub;
    bool wanted = l && !l->close_code;
    if (aur_hubs_add(&server->hubs, &hub, channel) < 0) {
        (void)end_channel(server, channel); /* else it plays on for nobody until the server stops */
        sweep(server, 0);
        if (wanted)
            refuse(l, "SERVER_OVERLOAD", 1013, "out of memory", NULL);
        return;
    }
    if (wanted) {
        l->hub = hub;
        aur_listener_join(l);
    } else {
        hub->idle_since_ns = FOREVER;
        sweep(server, 0);
    }
}

void aur_private_opened(struct aur_server *server, struct aur_errand *errand)
{
    struct aur_listener *l = errand->asker;
    int code = errand->reply.code;
    const char *why = errand->reply.body.len ? errand->reply.body.data : aur_err_text(code);
    bool script = code == AUR_ESCRIPT || code == AUR_ELIMIT;
    if (l) {
        l->errand = NULL;
        server->waiting--;
        lws_rx_flow_control(l->wsi, 1);
    }
    if (errand->reply.channel) {
        take_in(server, l, errand->reply.channel);
        return;
    }
    server->hubs.private.open--;
    if (l && !l->close_code)
        refuse(l, script ? "GENERATION_ERROR" : "SERVER_OVERLOAD", script ? 1011 : 1013, why, NULL);
}

void aur_private_gone(struct aur_listener *l)
{
    if (!l->errand)
        return;
    l->errand->asker = NULL; /* the channel comes back to nobody */
    l->errand = NULL;
    l->server->waiting--;
}
