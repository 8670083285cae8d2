/* Counting what a channel does, and telling it. Each function's header says which worker calls it; the render worker's only
 * adds to atomics. Who asks gets copies. */
#include "channel/stats.h"

#include <math.h>
#include <stdio.h>

#include "channel/internal.h"
#include "synth/backend.h"

#define SECONDS       1000000000 /* parts: nanoseconds */
#define US(x)         ((x)*1000ull)
#define MS(x)         ((x)*1000000ull)
#define TIMES         1000 /* parts */
#define TIMES_MOST    1000000
#define NOTES_DUE_S   AUR_METER_SILENCE_S
#define LEVEL_AUDIBLE 0.01

static const struct aur_histogram_bounds render_bounds = {
    SECONDS,
    13,
    {US(100), US(250), US(500), MS(1), US(2500), MS(5), MS(10), MS(25), MS(50), MS(100), MS(250), MS(500), MS(1000)}};
static const struct aur_histogram_bounds realtime_bounds = {
    TIMES, 12, {500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000}};
static const struct aur_histogram_bounds compose_bounds = {
    SECONDS, 11, {MS(1), US(2500), MS(5), MS(10), MS(25), MS(50), MS(100), MS(250), MS(500), MS(1000), MS(2500)}};

static void add(_Atomic uint64_t *count, uint64_t n)
{
    atomic_fetch_add_explicit(count, n, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

void aur_stats_init(struct aur_channel_stats *stats)
{
    aur_histogram_init(&stats->render_seconds, &render_bounds);
    aur_histogram_init(&stats->realtime, &realtime_bounds);
    aur_histogram_init(&stats->compose_seconds, &compose_bounds);
}

void aur_stats_rendered(struct aur_channel_stats *stats, uint64_t audio_ns, uint64_t took_ns)
{
    uint64_t most = (uint64_t)TIMES * TIMES_MOST, times = took_ns ? audio_ns * TIMES / took_ns : most;
    aur_histogram_add(&stats->render_seconds, took_ns);
    aur_histogram_add(&stats->realtime, times < most ? times : most);
}

/* ---- composer worker ---- */

void aur_stats_failed(struct aur_channel_stats *stats, enum aur_failure why)
{
    add(&stats->failures[why], 1);
}

void aur_stats_composed(struct aur_channel_stats *stats, const struct aur_compose_usage *usage, int code,
                        uint64_t took_ns)
{
    aur_histogram_add(&stats->compose_seconds, took_ns);
    add(&stats->collections, usage->collections);
    atomic_store_explicit(&stats->lua_bytes, usage->memory_bytes, memory_order_relaxed);
    if (code < 0)
        aur_stats_failed(stats, code == AUR_ELIMIT   ? AUR_FAILURE_LIMIT
                                : code == AUR_ENOMEM ? AUR_FAILURE_MEMORY
                                                     : AUR_FAILURE_ERROR);
}

void aur_stats_phrase(struct aur_channel *ch, const struct aur_phrase *phrase, bool again)
{
    struct aur_channel_stats *stats = &ch->stats;
    struct aur_harmony_watch watch;
    aur_harmony_watch(&watch, phrase);
    add(&stats->repeats, again);
    add(&stats->notes, watch.notes);
    add(&stats->outside_key, watch.outside_key);
    add(&stats->chorded, watch.chorded);
    add(&stats->outside_chord, watch.outside_chord);
    aur_lock_take(&ch->lock);
    stats->watch = watch;
    stats->repeating = again;
    aur_lock_drop(&ch->lock);
}

/* ---- encoder worker ---- */

void aur_stats_heard(struct aur_channel *ch, const float *samples, size_t frames)
{
    struct aur_meter_reading reading;
    uint64_t second = ch->encode.metered / ch->rate_hz;
    aur_meter_add(ch->encode.meter, samples, frames);
    ch->encode.metered += frames;
    if (ch->encode.metered / ch->rate_hz == second)
        return;
    aur_meter_read(ch->encode.meter, &reading);
    aur_lock_take(&ch->lock);
    if (reading.clipped > ch->stats.reading.clipped)
        ch->stats.clipped_frame = reading.frames;
    if (reading.not_finite > ch->stats.reading.not_finite)
        ch->stats.bad_frame = reading.frames;
    ch->stats.reading = reading;
    aur_lock_drop(&ch->lock);
}

/* ---- whoever asks ---- */

/* Under the lock. */
static void tally_shared(const struct aur_channel *ch, struct aur_channel_tally *io)
{
    io->encoder_overruns += ch->shared.overruns;
    io->phrases += ch->shared.phrases_generated;
    io->silences += ch->stats.reading.silences;
    io->clipped += ch->stats.reading.clipped;
    io->not_finite += ch->stats.reading.not_finite;
}

static void tally_all(uint64_t *io, const _Atomic uint64_t *counts, int n)
{
    for (int i = 0; i < n; i++)
        io[i] += get(&counts[i]);
}

void aur_channel_tally(struct aur_channel *ch, struct aur_channel_tally *io)
{
    const struct aur_channel_stats *stats = &ch->stats;
    aur_histogram_tally(&stats->render_seconds, &io->render_seconds);
    aur_histogram_tally(&stats->realtime, &io->realtime);
    aur_histogram_tally(&stats->compose_seconds, &io->compose_seconds);
    io->chunks += aur_cast_head(ch->audio);
    io->underruns += get(&ch->underruns);
    for (int f = 0; f < AUR_FORMATS; f++)
        io->encoded[f] += get(&ch->encode.formats[f].encoded);
    io->device_blocks += get(&ch->backend_blocks);
    io->cpu_blocks += get(&ch->cpu_blocks);
    io->replaced += get(&ch->fallbacks);
    io->repeats += get(&stats->repeats);
    tally_all(io->failures, stats->failures, AUR_FAILURES);
    tally_all(io->edits, stats->edits, AUR_EDITS);
    io->collections += get(&stats->collections);
    io->notes += get(&stats->notes);
    io->outside_key += get(&stats->outside_key);
    io->chorded += get(&stats->chorded);
    io->outside_chord += get(&stats->outside_chord);
    aur_lock_take(&ch->lock);
    tally_shared(ch, io);
    aur_lock_drop(&ch->lock);
}

static bool sounds_within(const struct aur_phrase *phrase, uint64_t from, uint64_t to)
{
    for (uint32_t i = 0; phrase && i < phrase->n_notes; i++)
        if (phrase->notes[i].on_frame < to && phrase->notes[i].off_frame > from && phrase->notes[i].velocity_q16 > 0)
            return true;
    return false;
}

/* Whether a phrase has notes in the last seconds; under the lock. */
static bool notes_due(const struct aur_channel *ch)
{
    uint64_t to = aur_channel_published(ch), window = (uint64_t)ch->rate_hz * NOTES_DUE_S;
    uint64_t from = to > window ? to - window : 0;
    bool due = sounds_within(ch->compose.spare, from, to);
    for (int i = 0; i < AUR_CHANNEL_PHRASES && !due; i++)
        due = sounds_within(ch->compose.all[i].phrase, from, to);
    return due && ch->shared.controls.level >= LEVEL_AUDIBLE;
}

static double share(uint32_t part, uint32_t whole)
{
    return whole ? (double)part / whole : NAN;
}

static double ago(const struct aur_channel *ch, uint64_t frame)
{
    return frame ? (double)(ch->stats.reading.frames - frame) / ch->rate_hz : NAN;
}

static void gauge_sound(const struct aur_meter_reading *r, struct aur_channel_gauges *out)
{
    bool any = r->frames > 0;
    out->momentary_lufs = any ? r->momentary_lufs : NAN;
    out->short_term_lufs = any ? r->short_term_lufs : NAN;
    out->integrated_lufs = any ? r->integrated_lufs : NAN;
    out->peak = any ? r->peak : NAN;
    out->dc[0] = any ? r->dc[0] : NAN;
    out->dc[1] = any ? r->dc[1] : NAN;
    out->silent_s = any ? r->silent_s : NAN;
}

void aur_channel_gauges(struct aur_channel *ch, struct aur_channel_gauges *out)
{
    const struct aur_channel_stats *stats = &ch->stats;
    *out = (struct aur_channel_gauges){.buffer_s = aur_channel_buffer_ms(ch) / 1000,
                                       .buffer_aim_s = (double)ch->lead_ns / 1e9,
                                       .lua_bytes = (double)get(&stats->lua_bytes)};
    aur_lock_take(&ch->lock);
    gauge_sound(&stats->reading, out);
    out->outside_key = share(stats->watch.outside_key, stats->watch.notes);
    out->outside_chord = share(stats->watch.outside_chord, stats->watch.chorded);
    out->clipped_ago_s = ago(ch, stats->clipped_frame);
    out->not_finite_ago_s = ago(ch, stats->bad_frame);
    out->repeating = stats->repeating;
    out->notes_due = out->silent_s >= AUR_METER_SILENCE_S && notes_due(ch);
    aur_lock_drop(&ch->lock);
}

bool aur_channel_device(struct aur_channel *ch, struct aur_device_tally *out)
{
    struct aur_backend_report report;
    *out = (struct aur_device_tally){.name = ""};
    if (!ch->backend)
        return false;
    aur_backend_tell(ch->backend, &report);
    snprintf(out->name, sizeof out->name, "%s", report.device ? report.device : "");
    out->bytes = report.bytes;
    out->launches = report.launches;
    out->jobs = report.jobs;
    out->late = report.late;
    out->failed = report.failed;
    out->renders = report.state == AUR_BACKEND_READY;
    out->failed_for_good = report.state == AUR_BACKEND_FAILED;
    return true;
}
