/* Health, from the channels' gauges and what hubs noted in the last minute. On the network thread.
 *
 * Unhealthy is a server that sends no music: whoever watches it may start it anew. Everything else that is wrong degrades
 * it, for music goes on. A private channel, whose piece and controls are its listener's affair, makes no server unhealthy. */
#include "net/health.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "net/private.h"
#include "wire/json.h"

#define RECENT_S    60
#define SILENCE_S   5
#define MARGIN_LOW  0.1
#define SKIPPED_BAD 0.01 /* of the chunks that were due */
#define SKIPPED_MIN 10

struct judgement {
    const struct aur_hubs *hubs;
    struct aur_buf reasons;
    bool alive;
};

/* hub NULL: about the server. */
static void say(struct judgement *j, const struct aur_hub *hub, const char *reason)
{
    char named[400];
    const char *name = !hub                                 ? "server"
                       : aur_channel_unlisted(hub->channel) ? AUR_PRIVATE_NAME
                                                            : aur_channel_name(hub->channel);
    aur_buf_text(&j->reasons, aur_json_ends_with(&j->reasons, '[') ? "" : ",");
    snprintf(named, sizeof named, "%s: %s", name, reason);
    aur_json_string(&j->reasons, j->hubs->n > 1 ? named : reason);
}

/* NAN is no time ago. */
static bool recent(double ago_s)
{
    return ago_s < RECENT_S;
}

static void judge_sound(struct judgement *j, const struct aur_hub *hub)
{
    struct aur_channel_gauges g;
    char reason[128];
    aur_channel_gauges(hub->channel, &g);
    if (g.silent_s >= SILENCE_S && g.notes_due) {
        snprintf(reason, sizeof reason, "silent for %.0f s although the script plays notes", g.silent_s);
        say(j, hub, reason);
    }
    if (recent(g.not_finite_ago_s))
        say(j, hub, "samples that are no numbers in the last minute");
    if (recent(g.clipped_ago_s))
        say(j, hub, "clipped samples in the last minute");
    if (g.repeating)
        say(j, hub, "the script delivers nothing new: its last phrase plays again");
}

static void judge_listeners(struct judgement *j, const struct aur_hub *hub)
{
    struct aur_hub_pace pace;
    char reason[128];
    aur_hub_pace(hub, &pace);
    if (pace.dropped < SKIPPED_MIN || (double)pace.dropped < SKIPPED_BAD * (double)(pace.sent + pace.dropped))
        return;
    snprintf(reason, sizeof reason, "listeners were too slow for %" PRIu64 " of %" PRIu64 " chunks in the last minute",
             pace.dropped, pace.sent + pace.dropped);
    say(j, hub, reason);
}

static void judge_channel(struct judgement *j, const struct aur_hub *hub)
{
    char reason[256];
    if (!aur_channel_healthy(hub->channel, reason, sizeof reason)) {
        say(j, hub, reason);
        j->alive = j->alive && aur_channel_unlisted(hub->channel);
    }
    for (int i = 0; i < AUR_TROUBLES; i++)
        if (aur_hub_trouble(hub, (enum aur_trouble)i, aur_clock_mono_ns(), reason, sizeof reason))
            say(j, hub, reason);
    judge_sound(j, hub);
    judge_listeners(j, hub);
}

static void judge_server(struct judgement *j)
{
    const struct aur_private_config *config = &j->hubs->private.config;
    struct aur_device_tally device;
    struct aur_journal_tally journal;
    double margin = config->margin ? config->margin(config->user) : 1;
    char reason[128];
    if (margin < MARGIN_LOW) {
        snprintf(reason, sizeof reason, "rendering has %.0f %% of its time left", 100 * margin);
        say(j, NULL, reason);
    }
    if (aur_channel_device(j->hubs->items[0]->channel, &device) && device.failed_for_good)
        say(j, NULL, "the OpenCL device failed: this CPU renders instead");
    if (aur_channel_journal(j->hubs->items[0]->channel, &journal) && !journal.ok)
        say(j, NULL, journal.reason);
}

void aur_health_write(struct aur_reply *reply, const struct aur_hubs *hubs, const struct aur_hub *only)
{
    struct judgement j = {.hubs = hubs, .alive = hubs->n > 0};
    aur_buf_init(&j.reasons);
    aur_buf_text(&j.reasons, "[");
    if (!hubs->n)
        aur_json_string(&j.reasons, "no channel plays");
    for (size_t i = 0; i < hubs->n; i++)
        if (!only || hubs->items[i] == only)
            judge_channel(&j, hubs->items[i]);
    if (hubs->n)
        judge_server(&j);
    bool well = aur_json_ends_with(&j.reasons, '[');
    reply->status = j.alive ? 200 : 503;
    aur_buf_printf(&reply->body, "{\"status\":\"%s\",\"service\":\"auralis\",\"reasons\":%s]}",
                   !j.alive ? "unhealthy"
                   : !well  ? "degraded"
                            : "healthy",
                   aur_buf_ok(&j.reasons) ? j.reasons.data : "[");
    aur_buf_deinit(&j.reasons);
}
