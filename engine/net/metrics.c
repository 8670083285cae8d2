/* The families of the page, by table. On the network thread.
 *
 * Channels are told apart by name, so their number bounds the page; private ones, whose names are secrets and come and go,
 * are told together as "private", with what those counted that are gone. Counts thus never go down. */
#include "net/metrics.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/exposition.h"
#include "net/hubs.h"
#include "net/process.h"

#define PREFIX "auralis_"
#define SIZE   64

static const struct aur_label no_label = {NULL, NULL};

/* ---- players ---- */

#define MS(x) ((x)*1000000ull)
static const struct aur_histogram_bounds jitter_bounds = {
    1000000000, 10, {MS(1), MS(2), MS(5), MS(10), MS(20), MS(50), MS(100), MS(200), MS(500), MS(1000)}};
static const struct aur_histogram_bounds buffer_bounds = {
    1000000000, 10, {MS(50), MS(100), MS(200), MS(300), MS(400), MS(600), MS(800), MS(1200), MS(2000), MS(5000)}};
static const char *const tiers[AUR_TIERS] = {"minimal", "normal", "stable", "defensive", "other"};

#define LONGEST_MS   600000.0 /* a player may say anything */
#define MOST_AT_ONCE 1000.0

enum aur_tier aur_tier_find(const char *name)
{
    for (int i = 0; i < AUR_TIER_OTHER; i++)
        if (strcmp(tiers[i], name) == 0)
            return (enum aur_tier)i;
    return AUR_TIER_OTHER;
}

void aur_players_init(struct aur_players *players)
{
    memset(players, 0, sizeof *players);
    for (int i = 0; i < AUR_TIERS; i++) {
        aur_histogram_init(&players->jitter[i], &jitter_bounds);
        aur_histogram_init(&players->buffer[i], &buffer_bounds);
    }
}

static double within(double value, double most)
{
    return value >= 0 ? value < most ? value : most : 0; /* NaN: 0 */
}

void aur_players_report(struct aur_players *players, const char *tier, double jitter_ms, double buffer_ms,
                        double underruns)
{
    enum aur_tier t = aur_tier_find(tier);
    aur_histogram_add(&players->jitter[t], (uint64_t)(within(jitter_ms, LONGEST_MS) * 1e6));
    aur_histogram_add(&players->buffer[t], (uint64_t)(within(buffer_ms, LONGEST_MS) * 1e6));
    players->underruns[t] += (uint64_t)within(underruns, MOST_AT_ONCE);
}

/* ---- families of channels ---- */

enum kind { COUNTER, GAUGE, HISTOGRAM };

static const char *const kinds[] = {"counter", "gauge", "histogram"};

struct row { /* a channel, or the private ones together */
    const char *name;
    bool together; /* gauges would say nothing */
    struct aur_hub_tally tally;
    struct aur_channel_gauges gauges;
    double listeners[AUR_FORMATS];
};

static const char *const formats[AUR_FORMATS] = {"json", "pcm", "flac", "opus"};
static const char *const renderers[] = {"device", "cpu"};
static const char *const failures[AUR_FAILURES] = {"error", "limit", "memory", "late"};
static const char *const edits[AUR_EDITS] = {"armed", "playing", "refused", "rolled_back"};
static const char *const kinds_of_phrase[] = {"composed", "repeated"};
static const char *const windows[] = {"momentary", "short_term", "integrated"};
static const char *const sides[] = {"left", "right"};

_Static_assert(offsetof(struct aur_channel_tally, cpu_blocks) ==
                   offsetof(struct aur_channel_tally, device_blocks) + sizeof(uint64_t),
               "renderers are read as an array");
_Static_assert(offsetof(struct aur_channel_tally, repeats) ==
                   offsetof(struct aur_channel_tally, phrases) + sizeof(uint64_t),
               "kinds of phrases are read as an array");
_Static_assert(offsetof(struct aur_channel_gauges, integrated_lufs) ==
                   offsetof(struct aur_channel_gauges, momentary_lufs) + 2 * sizeof(double),
               "windows are read as an array");

struct family {
    const char *name;
    enum kind kind;
    const char *about;
    size_t at; /* in struct row: uint64_t of counters, double of gauges, struct aur_histogram_copy */
    const char *label;
    const char *const *values;
    size_t n; /* of values; 0: no label but the channel's */
};

#define TALLY(member)  offsetof(struct row, tally.channel.member)
#define HUB(member)    offsetof(struct row, tally.member)
#define NOW(member)    offsetof(struct row, gauges.member)
#define BY(name, list) name, list, sizeof(list) / sizeof *(list)
#define PLAIN          NULL, NULL, 0

static const struct family families[] = {
    {"synthesis_seconds", HISTOGRAM, "Time that rendering a chunk took.", TALLY(render_seconds), PLAIN},
    {"synthesis_realtime_factor", HISTOGRAM, "How many times faster than it plays a chunk was rendered.",
     TALLY(realtime), PLAIN},
    {"chunks_rendered_total", COUNTER, "Chunks rendered.", TALLY(chunks), PLAIN},
    {"render_underruns_total", COUNTER, "Chunks rendered after their time.", TALLY(underruns), PLAIN},
    {"render_lead_seconds", GAUGE, "How far rendering leads the clock.", NOW(buffer_s), PLAIN},
    {"render_lead_target_seconds", GAUGE, "How far rendering is to lead the clock.", NOW(buffer_aim_s), PLAIN},
    {"voice_blocks_total", COUNTER, "Blocks of 64 frames by who rendered their voices.", TALLY(device_blocks),
     BY("renderer", renderers)},
    {"device_replaced_total", COUNTER, "Jobs of the device that this CPU rendered instead.", TALLY(replaced), PLAIN},
    {"chunks_encoded_total", COUNTER, "Messages made, one a chunk and format.", TALLY(encoded), BY("format", formats)},
    {"encoder_overruns_total", COUNTER, "Chunks that the encoder came too late for.", TALLY(encoder_overruns), PLAIN},
    {"listeners", GAUGE, "Listeners now.", offsetof(struct row, listeners), BY("format", formats)},
    {"chunks_sent_total", COUNTER, "Chunks sent, counted for each listener.", HUB(sent), BY("format", formats)},
    {"chunks_dropped_total", COUNTER, "Chunks that listeners were too slow for.", HUB(dropped), BY("format", formats)},
    {"chunk_bytes_sent_total", COUNTER, "Bytes of the chunks sent.", HUB(bytes), BY("format", formats)},
    {"phrases_total", COUNTER, "Phrases composed, and played again for want of a new one.", TALLY(phrases),
     BY("kind", kinds_of_phrase)},
    {"script_seconds", HISTOGRAM, "Time that the script took for a phrase.", TALLY(compose_seconds), PLAIN},
    {"script_failures_total", COUNTER, "Phrases that the script did not deliver.", TALLY(failures),
     BY("reason", failures)},
    {"reloads_total", COUNTER, "Edits of scripts by what became of them.", TALLY(edits), BY("result", edits)},
    {"lua_memory_bytes", GAUGE, "Most memory that Lua had at once for the newest phrase.", NOW(lua_bytes), PLAIN},
    {"lua_collections_total", COUNTER, "Garbage collections of Lua while it composed.", TALLY(collections), PLAIN},
    {"notes_total", COUNTER, "Notes of all phrases.", TALLY(notes), PLAIN},
    {"notes_outside_key_total", COUNTER, "Notes that are no tone of the key's scale.", TALLY(outside_key), PLAIN},
    {"notes_chorded_total", COUNTER, "Notes at a moment with a known chord.", TALLY(chorded), PLAIN},
    {"notes_outside_chord_total", COUNTER, "Those of them that are no tone of the chord.", TALLY(outside_chord), PLAIN},
    {"phrase_outside_key_ratio", GAUGE, "Share of the newest phrase's notes outside the key.", NOW(outside_key), PLAIN},
    {"phrase_outside_chord_ratio", GAUGE, "Share of the newest phrase's notes outside the chord.", NOW(outside_chord),
     PLAIN},
    {"sound_loudness_lufs", GAUGE, "Loudness by EBU R 128.", NOW(momentary_lufs), BY("window", windows)},
    {"sound_peak_ratio", GAUGE, "Highest sample of the last 15 s; 1 is full scale.", NOW(peak), PLAIN},
    {"sound_dc_offset_ratio", GAUGE, "Mean of the samples of the last 15 s.", NOW(dc), BY("side", sides)},
    {"sound_silence_seconds", GAUGE, "How long it has been silent (below -60 dBFS) by now.", NOW(silent_s), PLAIN},
    {"sound_silences_total", COUNTER, "Silences of 5 s and longer.", TALLY(silences), PLAIN},
    {"sound_clipped_samples_total", COUNTER, "Samples at full scale.", TALLY(clipped), PLAIN},
    {"sound_nonfinite_samples_total", COUNTER, "Samples that were no finite number.", TALLY(not_finite), PLAIN},
};

static void put_value(struct aur_buf *out, const char *name, const struct family *f, const struct row *row,
                      struct aur_label own, size_t i)
{
    const struct aur_label channel = {"channel", row->name};
    const char *at = (const char *)row + f->at;
    if (f->kind == COUNTER)
        aur_put_count(out, name, channel, own, ((const uint64_t *)(const void *)at)[i]);
    else if (f->kind == HISTOGRAM)
        aur_put_histogram(out, name, channel, own, (const struct aur_histogram_copy *)(const void *)at);
    else if (!isnan(((const double *)(const void *)at)[i]))
        aur_put_gauge(out, name, channel, own, ((const double *)(const void *)at)[i]);
}

static void put_families(struct aur_buf *out, const struct row *rows, size_t n)
{
    for (size_t k = 0; k < sizeof families / sizeof *families; k++) {
        const struct family *f = &families[k];
        char name[SIZE];
        snprintf(name, sizeof name, PREFIX "%s", f->name);
        aur_put_family(out, name, kinds[f->kind], f->about);
        for (size_t r = 0; r < n; r++)
            for (size_t i = 0; i < (f->n ? f->n : 1); i++)
                put_value(out, name, f, &rows[r], f->n ? (struct aur_label){f->label, f->values[i]} : no_label, i);
    }
}

/* ---- rows ---- */

/* Gauges of several channels in one: none. */
static void no_gauges(struct aur_channel_gauges *out)
{
    *out = (struct aur_channel_gauges){.buffer_s = NAN,
                                       .buffer_aim_s = NAN,
                                       .momentary_lufs = NAN,
                                       .short_term_lufs = NAN,
                                       .integrated_lufs = NAN,
                                       .peak = NAN,
                                       .dc = {NAN, NAN},
                                       .silent_s = NAN,
                                       .outside_key = NAN,
                                       .outside_chord = NAN,
                                       .lua_bytes = NAN};
}

static void add_hub(struct row *row, const struct aur_hub *hub)
{
    aur_hub_tally(hub, &row->tally);
    for (int f = 0; f < AUR_FORMATS; f++)
        row->listeners[f] += (double)hub->formats[f].listeners;
}

/* The last row is that of the private channels. Returns the number of rows. */
static size_t make_rows(struct row *rows, const struct aur_hubs *hubs)
{
    size_t n = 0;
    struct row *together = &rows[hubs->n];
    together->name = "private";
    together->tally = hubs->gone;
    no_gauges(&together->gauges);
    for (size_t i = 0; i < hubs->n; i++) {
        const struct aur_hub *hub = hubs->items[i];
        struct row *row = aur_channel_unlisted(hub->channel) ? together : &rows[n++];
        add_hub(row, hub);
        if (row == together)
            continue;
        row->name = aur_channel_name(hub->channel);
        aur_channel_gauges(hub->channel, &row->gauges);
    }
    rows[n] = *together;
    return n + (together->tally.channel.chunks > 0);
}

/* ---- families of the server ---- */

static void put_one(struct aur_buf *out, const char *name, enum kind kind, const char *about, double value)
{
    aur_put_family(out, name, kinds[kind], about);
    aur_put_gauge(out, name, no_label, no_label, value);
}

static void put_counts(struct aur_buf *out, const struct aur_counts *counts)
{
    for (int i = 0; i < AUR_COUNTS; i++) {
        const struct aur_count_row *row = &aur_count_table[i];
        char name[SIZE];
        snprintf(name, sizeof name, PREFIX "%s", row->family);
        if (i == 0 || strcmp(row->family, row[-1].family) != 0)
            aur_put_family(out, name, kinds[COUNTER], row->about);
        aur_put_count(out, name, (struct aur_label){row->label, row->value}, no_label,
                      aur_counted(counts, (enum aur_count)i));
    }
}

static void put_player_histogram(struct aur_buf *out, const char *name, const char *about,
                                 const struct aur_histogram *histograms)
{
    aur_put_family(out, name, kinds[HISTOGRAM], about);
    for (int i = 0; i < AUR_TIERS; i++) {
        struct aur_histogram_copy copy = {.bounds = NULL};
        aur_histogram_tally(&histograms[i], &copy);
        aur_put_histogram(out, name, (struct aur_label){"tier", tiers[i]}, no_label, &copy);
    }
}

static void put_players(struct aur_buf *out, const struct aur_metrics_sources *s)
{
    put_player_histogram(out, PREFIX "client_jitter_seconds", "Jitter that players report.", s->players->jitter);
    put_player_histogram(out, PREFIX "client_buffer_seconds", "Audio buffered in players, as they report it.",
                         s->players->buffer);
    aur_put_family(out, PREFIX "client_underruns_total", "counter", "Underruns that players report.");
    for (int i = 0; i < AUR_TIERS; i++)
        aur_put_count(out, PREFIX "client_underruns_total", (struct aur_label){"tier", tiers[i]}, no_label,
                      s->players->underruns[i]);
    aur_put_family(out, PREFIX "client_tier_listeners", "gauge", "Listeners whose player has reported, by its tier.");
    for (int i = 0; i < AUR_TIERS; i++)
        aur_put_gauge(out, PREFIX "client_tier_listeners", (struct aur_label){"tier", tiers[i]}, no_label,
                      (double)s->listeners_by_tier[i]);
}

static void put_device(struct aur_buf *out, const struct aur_hubs *hubs)
{
    struct aur_device_tally device = {.name = ""};
    if (hubs->n)
        (void)aur_channel_device(hubs->items[0]->channel, &device);
    const struct {
        const char *result;
        uint64_t n;
    } jobs[] = {{"given", device.jobs}, {"late", device.late}, {"failed", device.failed}};
    put_one(out, PREFIX "device_memory_bytes", GAUGE, "Memory of the device that is allocated.", (double)device.bytes);
    put_one(out, PREFIX "device_rendering", GAUGE, "1 while a device renders voices.", device.renders);
    put_one(out, PREFIX "device_launches_total", COUNTER, "Launches on the device.", (double)device.launches);
    aur_put_family(out, PREFIX "device_jobs_total", "counter",
                   "Jobs given to the device, and what went wrong of them.");
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        aur_put_count(out, PREFIX "device_jobs_total", (struct aur_label){"result", jobs[i].result}, no_label,
                      jobs[i].n);
}

static void put_journal(struct aur_buf *out, const struct aur_hubs *hubs)
{
    struct aur_journal_tally j = {.ok = false};
    if (!hubs->n || !aur_channel_journal(hubs->items[0]->channel, &j))
        return;
    put_one(out, PREFIX "journal_ok", GAUGE, "1 while all that happens is recorded.", j.ok);
    put_one(out, PREFIX "journal_facts_written_total", COUNTER, "Facts that are on disk.", (double)j.written);
    put_one(out, PREFIX "journal_facts_waiting", GAUGE, "Facts that are not on disk yet.", (double)j.waiting);
    put_one(out, PREFIX "journal_facts_lost_total", COUNTER, "Facts that no longer fitted in memory.", (double)j.lost);
    put_one(out, PREFIX "journal_bytes", GAUGE, "Size of the database, its log included.", (double)j.bytes);
}

static void put_process(struct aur_buf *out)
{
    struct aur_process p;
    aur_process_read(&p);
    const struct {
        const char *name, *about;
        enum kind kind;
        double value;
    } rows[] = {
        {"process_cpu_seconds_total", "CPU time of user and system.", COUNTER, p.cpu_s},
        {"process_start_time_seconds", "When the process began, since 1970.", GAUGE, p.start_s},
        {"process_resident_memory_bytes", "Memory of the process in RAM.", GAUGE, p.resident_bytes},
        {"process_virtual_memory_bytes", "Address space of the process.", GAUGE, p.virtual_bytes},
        {"process_open_fds", "Open file descriptors.", GAUGE, p.open_fds},
        {"process_max_fds", "File descriptors that may be open.", GAUGE, p.max_fds},
        {"process_threads", "Threads.", GAUGE, p.threads},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!isnan(rows[i].value))
            put_one(out, rows[i].name, rows[i].kind, rows[i].about, rows[i].value);
}

static void put_build(struct aur_buf *out, const char *isa)
{
    aur_put_family(out, PREFIX "build_info", "gauge", "1; the labels say which program runs.");
    aur_buf_printf(out, PREFIX "build_info{version=\"" AURALIS_VERSION "\",sound_revision=\"%d\",isa=\"%s\"} 1\n",
                   AUR_SOUND_REVISION, isa ? isa : "");
}

static double open_private(const struct aur_hubs *hubs)
{
    double n = 0;
    for (size_t i = 0; i < hubs->n; i++)
        n += aur_channel_unlisted(hubs->items[i]->channel);
    return n;
}

void aur_metrics_write(struct aur_buf *out, const struct aur_metrics_sources *s)
{
    struct row *rows = calloc(s->hubs->n + 1, sizeof *rows);
    if (!rows) {
        out->failed = true;
        return;
    }
    put_build(out, s->isa);
    put_process(out);
    put_one(out, PREFIX "channels", GAUGE, "Public channels.", (double)s->hubs->n - open_private(s->hubs));
    put_one(out, PREFIX "private_channels_open", GAUGE, "Private channels open now.", open_private(s->hubs));
    if (s->hubs->private.config.margin)
        put_one(out, PREFIX "render_margin_ratio", GAUGE, "Share of the render workers' time that is free.",
                s->hubs->private.config.margin(s->hubs->private.config.user));
    put_one(out, PREFIX "connections", GAUGE, "Connections of any kind, but for those to this page.",
            (double)s->connections);
    put_one(out, PREFIX "websocket_connections", GAUGE,
            "WebSocket connections, refused ones included until they are closed.", (double)s->websockets);
    put_families(out, rows, make_rows(rows, s->hubs));
    put_device(out, s->hubs);
    put_journal(out, s->hubs);
    put_players(out, s);
    put_counts(out, s->counts);
    free(rows);
}
