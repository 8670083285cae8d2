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

const char *aur_channel_name(const struct aur_channel *ch)
{
    return ch->name;
}

void aur_channel_controls(struct aur_channel *ch, struct aur_controls *out, struct aur_control_specs *specs)
{
    if (specs)
        *specs = ch->info->controls;
    aur_lock_take(&ch->lock);
    *out = ch->shared.controls;
    aur_lock_drop(&ch->lock);
}

/* Both halves: what a phrase is composed with, and what acts at once. Intensity is in both. */
static bool same_structure(const struct aur_channel *ch, const struct aur_controls *a, const struct aur_controls *b)
{
    for (size_t i = 0; i < ch->info->controls.n; i++)
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
    int64_t beats = (int64_t)record_of(ch, sounding_number(ch))->bars * ch->info->meter[0] * AUR_BEAT_ONE;
    return s->next_frame + aur_tempo_frames(beats, s->composing_controls.bpm, ch->rate_hz);
}

static struct aur_msg_phrase current_phrase(const struct aur_channel *ch)
{
    const struct aur_phrase_record *r = record_of(ch, sounding_number(ch));
    struct aur_msg_phrase out = {.phrase = r->number, .controls = r->controls, .bars = r->bars};
    out.controls.level = ch->shared.controls.level;
    out.controls.brightness = ch->shared.controls.brightness;
    out.next_phrase_in_ms = ms_until(ch, r->start_frame + r->length_frames);
    memcpy(out.title, ch->info->title, sizeof out.title);
    out.specs = ch->info->controls;
    return out;
}

static struct aur_msg_phrase coming_phrase(const struct aur_channel *ch, uint64_t number, uint64_t frame)
{
    struct aur_msg_phrase out = current_phrase(ch);
    out.phrase = number;
    out.controls = ch->shared.controls;
    out.sounds_in_ms = ms_until(ch, frame);
    return out;
}

/* The first phrase whose controls are still open. */
static struct aur_msg_phrase open_phrase(const struct aur_channel *ch)
{
    const struct aur_shared_side *s = &ch->shared;
    return s->composing ? coming_phrase(ch, s->next_number + 1, frame_after_composing(ch))
                        : coming_phrase(ch, s->next_number, s->next_frame);
}

/* The first phrase after the current one that carries the controls as last set. */
static struct aur_msg_phrase pending_phrase(const struct aur_channel *ch)
{
    const struct aur_shared_side *s = &ch->shared;
    for (uint64_t n = sounding_number(ch) + 1; n < s->next_number; n++) {
        const struct aur_phrase_record *r = record_of(ch, n);
        if (r->number == n && same_structure(ch, &r->controls, &s->controls))
            return coming_phrase(ch, n, r->start_frame);
    }
    if (s->composing && same_structure(ch, &s->composing_controls, &s->controls))
        return coming_phrase(ch, s->next_number, s->next_frame);
    return open_phrase(ch);
}

void aur_channel_control(struct aur_channel *ch, struct aur_msg_phrase *reply, const struct aur_controls *controls,
                         const struct aur_control_specs *specs)
{
    (void)specs;
    struct aur_shared_side *s = &ch->shared;
    aur_lock_take(&ch->lock);
    bool live = !same_live(&s->controls, controls);
    bool structure = !same_structure(ch, &s->controls, controls);
    s->controls = *controls;
    if (live)
        aur_channel_live_push(ch);
    *reply = live && !structure ? current_phrase(ch) : open_phrase(ch);
    aur_lock_drop(&ch->lock);
}

/* ---- status ---- */

static double buffer_depth_ms(const struct aur_channel *ch)
{
    double rendered = aur_channel_frames_ms(ch, aur_channel_published(ch));
    uint64_t epoch = atomic_load_explicit(&ch->epoch_ns, memory_order_relaxed);
    uint64_t now = ch->clock(ch->clock_user);
    if (epoch == 0)
        return 0;
    double clock_ms = now >= epoch ? (double)(now - epoch) / 1e6 : -(double)(epoch - now) / 1e6;
    return rendered > clock_ms ? rendered - clock_ms : 0;
}

/* The device's own name while it is what renders. */
static const char *device_name(struct aur_channel *ch)
{
    struct aur_backend_report report;
    if (!ch->backend || !atomic_load_explicit(&ch->backend_blocks, memory_order_relaxed))
        return ch->device;
    aur_backend_tell(ch->backend, &report);
    return report.device ? report.device : ch->device;
}

void aur_channel_counts(struct aur_channel *ch, struct aur_synth_counts *out)
{
    out->backend_blocks = atomic_load_explicit(&ch->backend_blocks, memory_order_relaxed);
    out->cpu_blocks = atomic_load_explicit(&ch->cpu_blocks, memory_order_relaxed);
    out->fallbacks = atomic_load_explicit(&ch->fallbacks, memory_order_relaxed);
}

void aur_channel_status(struct aur_channel *ch, struct aur_msg_status *out)
{
    uint64_t head = aur_cast_head(ch->audio);
    *out = (struct aur_msg_status){
        .buffer_depth_ms = buffer_depth_ms(ch),
        .synthesis_latency_ms = (double)atomic_load_explicit(&ch->latency_ns, memory_order_relaxed) / 1e6,
        .underruns = atomic_load_explicit(&ch->underruns, memory_order_relaxed),
        .sample_rate = ch->rate_hz,
        .chunk_frames = ch->chunk_frames,
        .chunk_index = head ? head - 1 : 0,
        .channel = ch->name,
        .device = device_name(ch),
        .seed = ch->seed,
    };
    aur_lock_take(&ch->lock);
    out->phrases_generated = ch->shared.phrases_generated;
    out->current = current_phrase(ch);
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
