/* A channel as listeners see it. On the network thread, woken whenever the channel published something. Nothing is
 * encoded here and no chunk is copied: a chunk is one message in the channel's ring, and a listener is an index into it. */
#include "net/hub.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "wire/script.h"

#define MINUTE_NS UINT64_C(60000000000)

static void name_run(struct aur_hub *hub)
{
    struct {
        char now[AUR_ISO8601_SIZE];
        uint64_t mono_ns, place;
    } moment = {.mono_ns = aur_clock_mono_ns(), .place = (uint64_t)(uintptr_t)hub};
    aur_clock_iso8601(moment.now);
    snprintf(hub->run, sizeof hub->run, "%016" PRIx64, aur_hash64(&moment, sizeof moment, AUR_HASH_START));
}

void aur_hub_init(struct aur_hub *hub, struct aur_channel *channel, struct aur_log *log, size_t framing)
{
    memset(hub, 0, sizeof *hub);
    hub->channel = channel;
    hub->log = log;
    hub->framing = framing;
    name_run(hub);
}

void aur_hub_deinit(struct aur_hub *hub)
{
    for (size_t i = 0; i < AUR_NEWS_KEPT; i++)
        free(hub->news[i].data);
}

/* ---- news ---- */

static void add_news(struct aur_hub *hub, const struct aur_buf *text, uint64_t chunk)
{
    unsigned char *data = aur_buf_ok(text) ? malloc(hub->framing + text->len) : NULL;
    if (!data) {
        aur_log(hub->log, AUR_LOG_ERROR, "net", "out of memory: listeners miss a message");
        return;
    }
    memcpy(data + hub->framing, text->data, text->len);
    struct aur_news *slot = &hub->news[hub->news_n++ % AUR_NEWS_KEPT];
    free(slot->data);
    *slot = (struct aur_news){data, text->len, chunk};
    for (int f = 0; f < AUR_FORMATS; f++)
        hub->formats[f].fresh = true;
}

static void note_trouble(struct aur_hub *hub, enum aur_trouble trouble)
{
    uint64_t now = aur_clock_mono_ns();
    if (now - hub->troubles[trouble].last_ns >= MINUTE_NS)
        hub->troubles[trouble].count = 0;
    hub->troubles[trouble].count++;
    hub->troubles[trouble].last_ns = now;
}

static const char *script_state(enum aur_script_state state)
{
    static const char *const names[] = {[AUR_SCRIPT_ARMED] = "armed",
                                        [AUR_SCRIPT_PLAYING] = "playing",
                                        [AUR_SCRIPT_REFUSED] = "refused",
                                        [AUR_SCRIPT_ROLLED_BACK] = "rolled_back"};
    return names[state];
}

/* What is not tied to a chunk goes out ahead of the next one that will be published: everyone who listens now is before
 * it, and who comes later finds it in the status. */
static void take_script(struct aur_hub *hub, const struct aur_channel_event *event)
{
    struct aur_msg_status status;
    struct aur_diagnostic diagnostic;
    struct aur_buf text;
    bool failed = event->error.message[0] != '\0';
    struct aur_msg_script script = {.state = script_state(event->script_state),
                                    .name = event->script,
                                    .version = event->script_version,
                                    .playing_version = event->playing_version,
                                    .phrase = event->phrase.phrase,
                                    .sounds_in_ms = event->phrase.sounds_in_ms,
                                    .has_phrase = event->script_state != AUR_SCRIPT_REFUSED,
                                    .diagnostics = &diagnostic,
                                    .n_diagnostics = failed ? 1 : 0};
    if (failed)
        aur_diagnostic_read(&diagnostic, &event->error, NULL);
    if (failed && !diagnostic.file[0])
        snprintf(diagnostic.file, sizeof diagnostic.file, "%s", event->script);
    aur_buf_init(&text);
    aur_msg_script_write(&text, &script);
    uint64_t chunk = event->chunk_index;
    aur_channel_status(hub->channel, &status);
    if (event->script_state != AUR_SCRIPT_PLAYING && chunk <= status.chunk_index)
        chunk = status.chunk_index + 1;
    add_news(hub, &text, chunk);
    aur_buf_deinit(&text);
    if (event->script_state == AUR_SCRIPT_ROLLED_BACK)
        note_trouble(hub, AUR_TROUBLE_SCRIPT);
}

static void take_event(struct aur_hub *hub, const struct aur_channel_event *event)
{
    static const struct {
        const char *code, *message;
        enum aur_trouble trouble;
    } errors[] = {
        [AUR_EVENT_UNDERRUN] = {"BUFFER_UNDERRUN", "the server was late; the music goes on where it was",
                                AUR_TROUBLE_UNDERRUN},
        [AUR_EVENT_GENERATION_ERROR] = {"GENERATION_ERROR", "the script failed", AUR_TROUBLE_SCRIPT},
        [AUR_EVENT_SYNTHESIS] = {"SYNTHESIS_FAILED", "a block could not be rendered", AUR_TROUBLE_SYNTHESIS},
    };
    struct aur_buf text;
    if (event->type == AUR_EVENT_SCRIPT) {
        take_script(hub, event);
        return;
    }
    aur_buf_init(&text);
    if (event->type == AUR_EVENT_PHRASE) {
        aur_msg_phrase_write(&text, &event->phrase);
    } else {
        const char *message = event->error.message[0] ? event->error.message : errors[event->type].message;
        aur_msg_error_write(&text, errors[event->type].code, message, NULL);
        note_trouble(hub, errors[event->type].trouble);
    }
    add_news(hub, &text, event->chunk_index);
    aur_buf_deinit(&text);
}

const struct aur_news *aur_hub_news(const struct aur_hub *hub, uint64_t *n, uint64_t from_chunk)
{
    if (hub->news_n > AUR_NEWS_KEPT && *n < hub->news_n - AUR_NEWS_KEPT)
        *n = hub->news_n - AUR_NEWS_KEPT;
    while (*n < hub->news_n && hub->news[*n % AUR_NEWS_KEPT].chunk < from_chunk)
        ++*n;
    return *n < hub->news_n ? &hub->news[*n % AUR_NEWS_KEPT] : NULL;
}

/* ---- the stream ---- */

static void move_head(struct aur_hub *hub, enum aur_format format)
{
    const unsigned char *data;
    size_t len;
    uint64_t next = 0, *head = &hub->formats[format].head;
    for (;; hub->formats[format].fresh = true) {
        int rc = aur_channel_message(hub->channel, format, &data, &len, &next, *head);
        if (rc == AUR_OK)
            ++*head;
        else if (rc == AUR_ENOTFOUND && next > *head)
            *head = next;
        else
            return;
    }
}

static struct aur_hub_pace pace_now(const struct aur_hub *hub)
{
    struct aur_hub_pace now = {0, 0};
    for (int f = 0; f < AUR_FORMATS; f++) {
        now.sent += hub->formats[f].sent;
        now.dropped += hub->formats[f].dropped;
    }
    return now;
}

static void note_pace(struct aur_hub *hub)
{
    uint64_t now = aur_clock_mono_ns();
    if (now < hub->next_pace_ns)
        return;
    hub->next_pace_ns = now + AUR_PACE_S * UINT64_C(1000000000);
    hub->paces[hub->n_paces++ % AUR_PACES] = pace_now(hub);
}

void aur_hub_pace(const struct aur_hub *hub, struct aur_hub_pace *out)
{
    struct aur_hub_pace now = pace_now(hub), before = {0, 0};
    if (hub->n_paces)
        before = hub->paces[hub->n_paces < AUR_PACES ? 0 : hub->n_paces % AUR_PACES];
    *out = (struct aur_hub_pace){now.sent - before.sent, now.dropped - before.dropped};
}

void aur_hub_update(struct aur_hub *hub)
{
    note_pace(hub);
    struct aur_channel_event event;
    while (aur_channel_event(hub->channel, &event) == 1)
        take_event(hub, &event);
    for (int f = 0; f < AUR_FORMATS; f++)
        if (hub->formats[f].listeners)
            move_head(hub, (enum aur_format)f);
}

uint64_t aur_hub_join(struct aur_hub *hub, enum aur_format format, uint32_t burst_chunks, uint64_t from)
{
    uint64_t start = from;
    if (from == AUR_HUB_NEW || !aur_channel_rejoin(hub->channel, format, from))
        start = aur_channel_join(hub->channel, format, burst_chunks);
    hub->listeners++;
    if (hub->formats[format].listeners++ == 0)
        hub->formats[format].head = start;
    move_head(hub, format);
    return start;
}

void aur_hub_leave(struct aur_hub *hub, enum aur_format format)
{
    hub->listeners--;
    hub->formats[format].listeners--;
    aur_channel_leave(hub->channel, format);
}

/* ---- reports ---- */

void aur_hub_tally(const struct aur_hub *hub, struct aur_hub_tally *io)
{
    aur_channel_tally(hub->channel, &io->channel);
    for (int f = 0; f < AUR_FORMATS; f++) {
        io->sent[f] += hub->formats[f].sent;
        io->dropped[f] += hub->formats[f].dropped;
        io->bytes[f] += hub->formats[f].bytes;
    }
}

void aur_hub_status(struct aur_hub *hub, struct aur_msg_status *out)
{
    aur_channel_status(hub->channel, out);
    out->run = hub->run;
    out->active_clients = hub->listeners;
    struct aur_hub_pace all = pace_now(hub);
    out->chunks_sent = all.sent;
    out->chunks_dropped = all.dropped;
}

bool aur_hub_trouble(const struct aur_hub *hub, enum aur_trouble trouble, uint64_t now_ns, char *out, size_t size)
{
    static const char *const names[AUR_TROUBLES] = {"late chunk(s)", "failed phrase(s)", "failed block(s)"};
    uint64_t count = hub->troubles[trouble].count, last = hub->troubles[trouble].last_ns;
    if (!count || now_ns - last >= MINUTE_NS)
        return false;
    snprintf(out, size, "%" PRIu64 " %s, the last %" PRIu64 " s ago", count, names[trouble],
             (now_ns - last) / UINT64_C(1000000000));
    return true;
}
