/* The render side of a channel, run by the render worker that holds the channel's claim: no allocation, lock, log, I/O.
 *
 * The clock of the piece is the count of rendered frames. Chunk k is due at epoch + k chunks and rendered a lead before.
 * A chunk that comes after it was due is an underrun: the epoch moves by the delay, so the stream goes on where it was
 * and the lead fills up again by the next chunks. A phrase is taken from its slot only when its boundary is reached:
 * until then the composer may still exchange the repeat that lies there for the real one. With a backend that renders
 * voices ahead it is taken a little before, and a chunk whose voices are not back yet is left for a millisecond, as long
 * as there is time. */
#include <string.h>

#include "channel/internal.h"

#define RETRY_NS  2000000u /* nothing to play yet, but time left: look again */
#define DEVICE_NS 1000000u /* voices are not back yet */
#define EMA_SHIFT 4        /* latency: 1/16 of each new value */

uint64_t aur_channel_due_ns(const struct aur_channel *ch, uint64_t index)
{
    return ch->render.epoch_ns + aur_channel_frames_ns(ch, index * ch->chunk_frames);
}

/* The next phrase is neither here nor in its slot although this chunk needs it. */
static bool starved(const struct aur_channel *ch)
{
    const struct aur_render_side *r = &ch->render;
    return r->committed_end < r->frame + ch->chunk_frames && !r->held &&
           !atomic_load_explicit(&ch->slots[r->next_number % AUR_CHANNEL_SLOTS], memory_order_relaxed);
}

static void apply_live(struct aur_channel *ch)
{
    struct aur_live live;
    bool any = false;
    while (aur_ring_pop(ch->live, &live))
        any = true;
    if (any)
        aur_record_live(ch, &live, aur_synth_live(ch->render.synth, &live));
}

/* Phrases that begin before this frame are told. */
static void tell_starts(struct aur_render_side *r, struct aur_chunk *chunk, uint64_t before)
{
    while (r->n_starts > 0 && r->starts[0].frame < before) {
        if (chunk->n_started < AUR_CHANNEL_STARTS)
            chunk->started[chunk->n_started++] = r->starts[0].number;
        memmove(r->starts, r->starts + 1, --r->n_starts * sizeof *r->starts);
    }
}

/* What the synth has passed goes to the composer to be freed. The queue has room for every phrase in existence. */
static void give_back(struct aur_channel *ch)
{
    while (aur_retire_has_room(ch->retired)) {
        const struct aur_phrase *phrase = aur_synth_retired(ch->render.synth);
        if (!phrase)
            break;
        aur_retire_put(ch->retired, phrase);
        ch->render.gave_back = true;
    }
}

/* At a boundary, or before it with a backend: commits the next phrase, if there is one. One that should have begun before
 * is dropped. */
static void next_phrase(struct aur_channel *ch)
{
    struct aur_render_side *r = &ch->render;
    for (;;) {
        if (!r->held) {
            r->held =
                atomic_exchange_explicit(&ch->slots[r->next_number % AUR_CHANNEL_SLOTS], NULL, memory_order_acq_rel);
            if (!r->held)
                return;
            r->next_number++;
        }
        if (r->held->start_frame > r->frame + r->ahead || r->n_starts == AUR_SYNTH_PHRASES_MAX)
            return;
        const struct aur_phrase *phrase = r->held;
        uint64_t number = phrase->number, end = phrase->start_frame + phrase->length_frames;
        give_back(ch); /* a chunk may hold more phrases than the synth's queue */
        int rc = phrase->start_frame >= r->frame ? aur_synth_commit(r->synth, phrase) : AUR_EINVAL;
        if (rc == AUR_EBUSY && r->ahead)
            return;
        r->held = NULL;
        if (rc == AUR_OK) {
            aur_record_committed(ch, phrase, phrase->start_frame < r->committed_end);
            r->committed = number;
            r->committed_start = phrase->start_frame;
            r->committed_end = end;
            r->starts[r->n_starts].frame = phrase->start_frame;
            r->starts[r->n_starts++].number = number;
            return;
        }
        aur_record_dropped(ch, phrase);
        aur_retire_put(ch->retired, phrase);
        r->gave_back = true;
    }
}

/* Where the phrase committed last ends, and the next one is looked for: earlier than it said if another piece takes over
 * at a bar line. */
static uint64_t phrase_end(struct aur_channel *ch)
{
    const struct aur_render_side *r = &ch->render;
    uint64_t cut = atomic_load(&ch->cut_at);
    return cut > r->committed_start && cut < r->committed_end ? cut : r->committed_end;
}

static void fill(struct aur_channel *ch, struct aur_chunk *chunk)
{
    struct aur_render_side *r = &ch->render;
    uint64_t first = r->frame, end = first + ch->chunk_frames;
    while (r->frame < end) {
        if (r->frame + r->ahead >= phrase_end(ch))
            next_phrase(ch);
        uint64_t to = end, over = phrase_end(ch);
        bool silent = r->frame >= r->committed_end;
        if (!silent && over > r->frame && over < end)
            to = over;
        else if (!silent && r->committed_end < end)
            to = r->committed_end;
        else if (silent && r->held && r->held->start_frame < end)
            to = r->held->start_frame;
        tell_starts(r, chunk, to);
        if (r->committed_start == r->frame)
            aur_record_boundary(ch, r->frame, r->committed);
        aur_synth_render(r->synth, chunk->samples + (r->frame - first) * 2, to - r->frame);
        aur_record_samples(ch, chunk->samples + (r->frame - first) * 2, r->frame, to - r->frame);
        if (silent)
            chunk->silent_frames += (uint32_t)(to - r->frame);
        r->frame = to;
    }
}

/* Paces: a chunk after its time moves the epoch. */
static void settle(struct aur_channel *ch, struct aur_chunk *chunk, uint64_t due_ns, uint64_t began_ns, uint64_t now_ns)
{
    struct aur_render_side *r = &ch->render;
    chunk->late_ns = now_ns > due_ns ? now_ns - due_ns : 0;
    chunk->stall = chunk->late_ns && !r->late;
    r->late = chunk->late_ns != 0;
    if (chunk->stall)
        aur_record_late(ch, r->frame - ch->chunk_frames, chunk->late_ns);
    if (chunk->late_ns) {
        r->epoch_ns += chunk->late_ns;
        atomic_fetch_add_explicit(&ch->underruns, 1, memory_order_relaxed);
    }
    uint64_t took = now_ns - began_ns;
    aur_stats_rendered(&ch->stats, aur_channel_frames_ns(ch, ch->chunk_frames), took);
    uint64_t mean = atomic_load_explicit(&ch->latency_ns, memory_order_relaxed);
    mean = mean == 0 ? took : mean - (mean >> EMA_SHIFT) + (took >> EMA_SHIFT);
    atomic_store_explicit(&ch->latency_ns, mean, memory_order_relaxed);
    atomic_store_explicit(&ch->epoch_ns, r->epoch_ns, memory_order_relaxed);
    atomic_store_explicit(&ch->published_ns, now_ns, memory_order_relaxed);
    atomic_store_explicit(&ch->silent, chunk->silent_frames > 0, memory_order_relaxed);
}

static void wake_others(struct aur_channel *ch)
{
    if (ch->encoders)
        aur_pool_wake(ch->encoders);
    uint64_t commit_at = atomic_load_explicit(&ch->commit_at, memory_order_relaxed);
    uint64_t look_at = atomic_load_explicit(&ch->look_at, memory_order_relaxed);
    bool wanted = ch->render.frame >= (commit_at < look_at ? commit_at : look_at);
    if (ch->composers && (wanted || ch->render.gave_back))
        aur_pool_wake(ch->composers);
    ch->render.gave_back = false;
}

static void begin(struct aur_channel *ch, uint64_t now_ns)
{
    ch->render.started = true;
    ch->render.epoch_ns = now_ns + ch->lead_ns;
    atomic_store_explicit(&ch->epoch_ns, ch->render.epoch_ns, memory_order_relaxed);
    atomic_store_explicit(&ch->published_ns, now_ns, memory_order_relaxed);
}

/* The next phrase is committed before its voices are rendered ahead. */
static bool ahead(struct aur_channel *ch)
{
    struct aur_render_side *r = &ch->render;
    for (uint64_t end = UINT64_MAX; r->ahead && r->frame + r->ahead >= phrase_end(ch) && end != phrase_end(ch);) {
        end = phrase_end(ch);
        next_phrase(ch);
    }
    return r->ahead > 0;
}

static void count(struct aur_channel *ch, struct aur_chunk *chunk)
{
    struct aur_synth_counts counts;
    aur_synth_counts(ch->render.synth, &counts);
    chunk->fell_back = (uint32_t)(counts.fallbacks - atomic_load_explicit(&ch->fallbacks, memory_order_relaxed));
    chunk->by_device = counts.backend_blocks > atomic_load_explicit(&ch->backend_blocks, memory_order_relaxed);
    atomic_store_explicit(&ch->backend_blocks, counts.backend_blocks, memory_order_relaxed);
    atomic_store_explicit(&ch->cpu_blocks, counts.cpu_blocks, memory_order_relaxed);
    atomic_store_explicit(&ch->fallbacks, counts.fallbacks, memory_order_relaxed);
}

uint64_t aur_channel_render_step(struct aur_channel *ch, uint64_t now_ns)
{
    if (!ch->render.started)
        begin(ch, now_ns);
    uint64_t index = aur_cast_head(ch->audio), due = aur_channel_due_ns(ch, index);
    if (now_ns + ch->lead_ns < due)
        return due - ch->lead_ns;
    uint64_t give_up = due - ch->lead_ns / 4;
    if (now_ns < give_up && starved(ch))
        return give_up - now_ns < RETRY_NS ? give_up : now_ns + RETRY_NS;

    atomic_store(&ch->reach, ch->render.frame + ch->chunk_frames + ch->render.ahead);
    if (ahead(ch) && now_ns < give_up && !aur_synth_ready(ch->render.synth, ch->chunk_frames))
        return give_up - now_ns < DEVICE_NS ? give_up : now_ns + DEVICE_NS;

    uint64_t began = ch->clock(ch->clock_user);
    struct aur_chunk *chunk = aur_cast_begin(ch->audio);
    chunk->n_started = 0;
    chunk->silent_frames = 0;
    chunk->fell_back = 0;
    apply_live(ch);
    fill(ch, chunk);
    count(ch, chunk);
    settle(ch, chunk, due, began, ch->clock(ch->clock_user));
    if (chunk->n_started)
        atomic_store_explicit(&ch->sounding, chunk->started[chunk->n_started - 1], memory_order_relaxed);
    aur_cast_publish(ch->audio);
    aur_record_reached(ch, ch->render.frame);
    give_back(ch);
    wake_others(ch);
    return aur_channel_due_ns(ch, index + 1) - ch->lead_ns;
}
