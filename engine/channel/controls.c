/* Controls in, status out: what other threads than the workers ask of a channel. All under the channel's lock, which no
 * render worker takes; what the render side has to say is read from its atomics.
 *
 * Times are counted from the end of the newest published chunk, because that is where every listener's queue ends: one
 * who has b ms buffered hears a boundary b ms later than it is told here. */
#include <stdio.h>
#include <string.h>

#include "channel/internal.h"
#include "synth/backend.h"

#define STILL_NS 1000000000u /* no chunk for this long: the stream stands still */

/* Of the piece that composes next, which the controls as last set belong to; under the lock. */
static const struct aur_control_specs *own_specs(const struct aur_channel *ch)
{
    return &aur_piece_describe(aur_channel_next_piece(ch))->controls;
}

const char *aur_channel_name(const struct aur_channel *ch)
{
    return ch->name;
}

bool aur_channel_unlisted(const struct aur_channel *ch)
{
    return ch->unlisted;
}

void aur_channel_controls(struct aur_channel *ch, struct aur_controls *out, struct aur_control_specs *specs)
{
    aur_lock_take(&ch->lock);
    *out = *aur_channel_next_controls(ch);
    if (specs)
        *specs = *own_specs(ch);
    aur_lock_drop(&ch->lock);
}

/* Both halves: what a phrase is composed with, and what acts at once. Intensity is in both. */
static bool same_structure(const struct aur_channel *ch, const struct aur_controls *a, const struct aur_controls *b)
{
    for (size_t i = 0; i < own_specs(ch)->n; i++)
        if (a->piece[i] != b->piece[i])
            return false;
    return strcmp(a->key.name, b->key.name) == 0 && a->bpm == b->bpm && a->intensity == b->intensity &&
           a->melody_complexity == b->melody_complexity;
}

static bool same_live(const struct aur_controls *a, const struct aur_controls *b)
{
    return a->level == b->level && a->brightness == b->brightness && a->intensity == b->intensity;
}

void aur_channel_live_push(struct aur_channel *ch)
{
    const struct aur_controls *c = &ch->shared.controls;
    struct aur_live live = {(float)c->level, (float)c->brightness, (float)c->intensity};
    ch->shared.live_waits = !aur_ring_push(ch->live, &live);
}

/* ---- which phrase, and when: under the lock ---- */

static double ms_until(const struct aur_channel *ch, uint64_t frame)
{
    uint64_t published = aur_channel_published(ch);
    return frame > published ? aur_channel_frames_ms(ch, frame - published) : 0;
}

static const struct aur_phrase_record *record_of(const struct aur_channel *ch, uint64_t number)
{
    return &ch->shared.records[number % AUR_CHANNEL_RECORDS];
}

static uint64_t sounding_number(const struct aur_channel *ch)
{
    return atomic_load_explicit(&ch->sounding, memory_order_relaxed);
}

/* Where the phrase after the one that is being composed will start: its length is not known before, so the length of
 * as many bars as the last one had stands for it. */
static uint64_t frame_after_composing(const struct aur_channel *ch)
{
    const struct aur_shared_side *s = &ch->shared;
    int64_t bar = aur_piece_describe(ch->compose.session.piece)->meter[0];
    int64_t beats = record_of(ch, sounding_number(ch))->bars * bar * AUR_BEAT_ONE;
    return s->next_frame + aur_tempo_frames(beats, s->composing_controls.bpm, ch->rate_hz);
}

static void name_piece(struct aur_msg_phrase *out, const struct aur_piece *piece)
{
    const struct aur_piece_info *info = aur_piece_describe(piece);
    memcpy(out->title, info->title, sizeof out->title);
    out->specs = info->controls;
}

struct aur_msg_phrase aur_channel_current(const struct aur_channel *ch)
{
    const struct aur_phrase_record *r = record_of(ch, sounding_number(ch));
    struct aur_msg_phrase out = {.phrase = r->number, .controls = r->controls, .bars = r->bars};
    out.controls.level = ch->shared.controls.level;
    out.controls.brightness = ch->shared.controls.brightness;
    out.next_phrase_in_ms = ms_until(ch, r->start_frame + r->length_frames);
    name_piece(&out, r->piece ? r->piece : ch->compose.session.piece);
    return out;
}

struct aur_msg_phrase aur_channel_coming(const struct aur_channel *ch, const struct aur_piece *piece,
                                         const struct aur_controls *controls, uint64_t number, uint64_t frame)
{
    struct aur_msg_phrase out = aur_channel_current(ch);
    out.phrase = number;
    out.controls = *controls;
    out.sounds_in_ms = ms_until(ch, frame);
    name_piece(&out, piece);
    return out;
}

/* A phrase of the piece that composes, with the controls as last set. */
static struct aur_msg_phrase coming(const struct aur_channel *ch, uint64_t number, uint64_t frame)
{
    const struct aur_shared_side *s = &ch->shared;
    const struct aur_controls *controls = s->turn.at.piece ? &s->turn.at.controls : &s->controls;
    return aur_channel_coming(ch, aur_channel_next_piece(ch), controls, number, frame);
}

struct aur_msg_phrase aur_channel_open(const struct aur_channel *ch)
{
    const struct aur_shared_side *s = &ch->shared;
    return s->composing ? coming(ch, s->next_number + 1, frame_after_composing(ch))
                        : coming(ch, s->next_number, s->next_frame);
}

/* The first phrase after the current one that carries the controls as last set. */
static struct aur_msg_phrase pending_phrase(const struct aur_channel *ch)
{
    const struct aur_shared_side *s = &ch->shared;
    if (s->turn.at.piece)
        return aur_channel_open(ch);
    for (uint64_t n = sounding_number(ch) + 1; n < s->next_number; n++) {
        const struct aur_phrase_record *r = record_of(ch, n);
        if (r->number == n && r->piece == ch->compose.session.piece && same_structure(ch, &r->controls, &s->controls))
            return coming(ch, n, r->start_frame);
    }
    if (s->composing && same_structure(ch, &s->composing_controls, &s->controls))
        return coming(ch, s->next_number, s->next_frame);
    return aur_channel_open(ch);
}

void aur_channel_control(struct aur_channel *ch, struct aur_msg_phrase *reply, const struct aur_controls *controls,
                         const struct aur_control_specs *specs)
{
    struct aur_shared_side *s = &ch->shared;
    aur_lock_take(&ch->lock);
    struct aur_controls *set = aur_channel_next_controls(ch), next = *set;
    const struct aur_controls before = s->controls;
    aur_controls_carry(&next, own_specs(ch), controls, specs ? specs : own_specs(ch));
    bool live = !same_live(set, &next);
    bool structure = !same_structure(ch, set, &next);
    *set = next;
    if (live) {
        s->controls.level = next.level;
        s->controls.brightness = next.brightness;
        s->controls.intensity = next.intensity;
        aur_channel_live_push(ch);
    }
    aur_record_controls(ch, &before);
    *reply = live && !structure ? aur_channel_current(ch) : aur_channel_open(ch);
    aur_lock_drop(&ch->lock);
}

/* ---- status ---- */

double aur_channel_buffer_ms(const struct aur_channel *ch)
{
    double rendered = aur_channel_frames_ms(ch, aur_channel_published(ch));
    uint64_t epoch = atomic_load_explicit(&ch->epoch_ns, memory_order_relaxed);
    uint64_t now = ch->clock(ch->clock_user);
    if (epoch == 0)
        return 0;
    double clock_ms = now >= epoch ? (double)(now - epoch) / 1e6 : -(double)(epoch - now) / 1e6;
    return rendered > clock_ms ? rendered - clock_ms : 0;
}

void aur_channel_counts(struct aur_channel *ch, struct aur_synth_counts *out)
{
    out->backend_blocks = atomic_load_explicit(&ch->backend_blocks, memory_order_relaxed);
    out->cpu_blocks = atomic_load_explicit(&ch->cpu_blocks, memory_order_relaxed);
    out->fallbacks = atomic_load_explicit(&ch->fallbacks, memory_order_relaxed);
}

/* The device's own name while it is what renders. */
static void tell_device(struct aur_channel *ch, struct aur_msg_status *out)
{
    struct aur_synth_counts counts;
    struct aur_backend_report report;
    aur_channel_counts(ch, &counts);
    out->device = ch->device;
    out->voices = (struct aur_msg_voices){
        .device_blocks = counts.backend_blocks, .cpu_blocks = counts.cpu_blocks, .replaced = counts.fallbacks};
    if (!ch->backend)
        return;
    aur_backend_tell(ch->backend, &report);
    out->voices.launches = report.launches;
    out->voices.jobs = report.jobs;
    out->voices.late = report.late;
    out->voices.failed = report.failed;
    out->inexact = counts.backend_blocks > 0 && !report.exact;
    if (counts.backend_blocks > 0 && report.device)
        out->device = report.device;
}

static double published_ms_ago(const struct aur_channel *ch)
{
    uint64_t published = atomic_load_explicit(&ch->published_ns, memory_order_relaxed), now = ch->clock(ch->clock_user);
    return now > published ? (double)(now - published) / 1e6 : 0;
}

void aur_channel_status(struct aur_channel *ch, struct aur_msg_status *out)
{
    uint64_t head = aur_cast_head(ch->audio);
    *out = (struct aur_msg_status){
        .buffer_depth_ms = aur_channel_buffer_ms(ch),
        .synthesis_latency_ms = (double)atomic_load_explicit(&ch->latency_ns, memory_order_relaxed) / 1e6,
        .underruns = atomic_load_explicit(&ch->underruns, memory_order_relaxed),
        .sample_rate = ch->rate_hz,
        .chunk_frames = ch->chunk_frames,
        .chunk_index = head ? head - 1 : 0,
        .published_ms_ago = published_ms_ago(ch),
        .channel = ch->name,
        .formats = ch->formats,
        .swap = ch->swap == AUR_SWAP_BAR ? "bar" : "phrase",
    };
    tell_device(ch, out);
    aur_lock_take(&ch->lock);
    const struct aur_piece *sounds = record_of(ch, sounding_number(ch))->piece;
    if (sounds) {
        snprintf(out->script, sizeof out->script, "%s", aur_piece_name(sounds));
        strcpy(out->script_version, aur_piece_marks(sounds)->version);
    }
    out->seed = ch->compose.session.seed;
    out->phrases_generated = ch->shared.phrases_generated;
    out->current = aur_channel_current(ch);
    out->pending = pending_phrase(ch);
    aur_lock_drop(&ch->lock);
}

/* ---- health ---- */

bool aur_channel_healthy(struct aur_channel *ch, char *reason, size_t size)
{
    uint64_t published = atomic_load_explicit(&ch->published_ns, memory_order_relaxed), now = ch->clock(ch->clock_user);
    const char *text = "";
    if (published && now > published && now - published > STILL_NS)
        text = "no audio was rendered for more than a second";
    else if (atomic_load_explicit(&ch->silent, memory_order_relaxed))
        text = "there is no phrase to play";
    if (size)
        snprintf(reason, size, "%s", text);
    return text[0] == '\0';
}
