/* The encoder's side of a channel, run by the encoder worker that holds the claim, and the listener's side, run by the
 * network thread.
 *
 * The messages of each format lie in a ring of their own, one slot a chunk, tagged with the chunk they hold: a new listener may ask for chunks
 * from before anyone listened, and each is made once whoever asks. The slot of chunk i is written again only after `head`
 * has passed i + n, and readers are refused n - 3 chunks back, the rule of rt/cast.h. */
#include "channel/internal.h"

#include <stdio.h>

#define FALLBACK_QUIET 100 /* chunks */

static uint64_t kept(const struct aur_channel *ch)
{
    return ch->n_chunks - AUR_CAST_MARGIN;
}

/* ---- news ---- */

static void tell_late(struct aur_channel *ch, const struct aur_chunk *chunk, uint64_t index)
{
    struct aur_channel_event event = {.type = AUR_EVENT_UNDERRUN, .chunk_index = index};
    aur_error_set(&event.error, AUR_EBUSY, "chunk %llu came %llu ms late", (unsigned long long)index,
                  (unsigned long long)(chunk->late_ns / 1000000));
    aur_lock_take(&ch->lock);
    aur_channel_event_put(ch, &event);
    aur_lock_drop(&ch->lock);
    aur_log(ch->log, AUR_LOG_WARNING, ch->name, "underrun: %s", event.error.message);
}

static void tell_silent(struct aur_channel *ch, const struct aur_chunk *chunk, uint64_t index)
{
    bool silent = chunk->silent_frames > 0;
    if (silent == ch->encode.silent)
        return;
    ch->encode.silent = silent;
    if (!silent) {
        aur_log(ch->log, AUR_LOG_INFO, ch->name, "music again from chunk %llu", (unsigned long long)index);
        return;
    }
    struct aur_channel_event event = {.type = AUR_EVENT_SYNTHESIS, .chunk_index = index, .silence = true};
    aur_error_set(&event.error, AUR_EBUSY, "there is no phrase to play: silence from chunk %llu",
                  (unsigned long long)index);
    aur_lock_take(&ch->lock);
    aur_channel_event_put(ch, &event);
    aur_lock_drop(&ch->lock);
    aur_log(ch->log, AUR_LOG_CRITICAL, ch->name, "%s", event.error.message);
}

/* Voices that the device did not bring: nothing is missing from the sound. One trouble is told once, however many chunks it
 * takes: again only after FALLBACK_QUIET chunks without any. All are counted. */
static void tell_fallback(struct aur_channel *ch, const struct aur_chunk *chunk, uint64_t index)
{
    struct aur_channel_event event = {.type = AUR_EVENT_SYNTHESIS, .chunk_index = index};
    if (!chunk->fell_back)
        return;
    const bool told = index < ch->encode.quiet;
    ch->encode.quiet = index + FALLBACK_QUIET;
    if (told)
        return;
    aur_error_set(&event.error, AUR_EBUSY, "the device failed or was late for chunk %llu: this CPU rendered it",
                  (unsigned long long)index);
    aur_lock_take(&ch->lock);
    aur_channel_event_put(ch, &event);
    aur_lock_drop(&ch->lock);
    aur_log(ch->log, AUR_LOG_WARNING, ch->name, "%s", event.error.message);
}

/* What a chunk brings, told before it can be heard. */
static void tell(struct aur_channel *ch, uint64_t index)
{
    const void *slot;
    if (aur_cast_read(ch->audio, &slot, index) < 0) {
        aur_record_device(ch, index); /* it is gone, and may have been the device's */
        return;
    }
    const struct aur_chunk *chunk = slot;
    if (chunk->stall)
        tell_late(ch, chunk, index);
    tell_fallback(ch, chunk, index);
    if (chunk->by_device)
        aur_record_device(ch, index);
    tell_silent(ch, chunk, index);
    aur_record_held_controls(ch, false);
    if (chunk->n_started == 0)
        return;
    aur_lock_take(&ch->lock);
    for (uint32_t i = 0; i < chunk->n_started; i++)
        aur_channel_event_phrase(ch, chunk->started[i], index);
    aur_lock_drop(&ch->lock);
}

/* ---- messages ---- */

struct order { /* what one step has to do */
    bool listened[AUR_FORMATS];
    uint64_t from[AUR_FORMATS], first; /* first: of any */
};

/* A new listener of the format may want chunks from before those that are next. */
static void order_format(struct order *order, struct aur_shared_side *s, enum aur_format format, uint64_t next,
                         uint64_t oldest)
{
    uint64_t from = s->want_from[format] < next ? s->want_from[format] : next;
    s->want_from[format] = UINT64_MAX;
    order->listened[format] = s->listeners[format] > 0;
    order->from[format] = from > oldest ? from : oldest;
    if (order->listened[format] && order->from[format] < order->first)
        order->first = order->from[format];
}

static struct order take_order(struct aur_channel *ch)
{
    struct aur_shared_side *s = &ch->shared;
    struct order order = {.first = UINT64_MAX};
    uint64_t oldest = aur_cast_oldest(ch->audio), next = ch->encode.next;
    aur_lock_take(&ch->lock);
    for (int f = 0; f < AUR_FORMATS; f++)
        order_format(&order, s, (enum aur_format)f, next, oldest);
    if (order.first != UINT64_MAX && next < oldest)
        s->overruns += oldest - next;
    if (s->live_waits)
        aur_channel_live_push(ch);
    aur_lock_drop(&ch->lock);
    return order;
}

/* One chunk in every format that is listened to. */
static bool encode(struct aur_channel *ch, const struct order *order, uint64_t index)
{
    bool made = false;
    for (int f = 0; f < AUR_FORMATS; f++)
        if (order->listened[f] && index >= order->from[f])
            made |= aur_channel_format_put(ch, (enum aur_format)f, index);
    return made;
}

/* The meters come last: nobody waits for them. */
static void measure(struct aur_channel *ch, uint64_t head)
{
    struct aur_encode_side *e = &ch->encode;
    for (; e->heard < head; e->heard++)
        if (aur_channel_load(ch, e->heard)) {
            aur_stats_heard(ch, e->samples, ch->chunk_frames);
            aur_record_heard(ch, e->samples, e->heard * ch->chunk_frames, ch->chunk_frames);
        }
}

static bool take_news(struct aur_channel *ch)
{
    aur_lock_take(&ch->lock);
    bool news = ch->shared.news;
    ch->shared.news = false;
    aur_lock_drop(&ch->lock);
    return news;
}

void aur_channel_encode_step(struct aur_channel *ch)
{
    struct aur_encode_side *e = &ch->encode;
    struct order order = take_order(ch);
    uint64_t head = aur_cast_head(ch->audio);
    for (; e->seen < head; e->seen++)
        tell(ch, e->seen);
    bool published = false;
    for (int f = 0; f < AUR_FORMATS; f++)
        if (order.listened[f])
            atomic_store_explicit(&e->formats[f].head, head, memory_order_release);
    for (uint64_t i = order.first; i < head; i++)
        published |= encode(ch, &order, i);
    e->next = head;
    if ((take_news(ch) || published) && ch->notify)
        ch->notify(ch->user);
    measure(ch, head);
    aur_cast_done(ch->audio);
}

/* ---- listeners: network thread ---- */

uint64_t aur_channel_join(struct aur_channel *ch, enum aur_format format, uint32_t depth_chunks)
{
    struct aur_shared_side *s = &ch->shared;
    uint64_t head = aur_cast_head(ch->audio), most = kept(ch) - 1; /* one less: the head moves on meanwhile */
    uint64_t depth = depth_chunks < most ? depth_chunks : most;
    uint64_t start = head > depth ? head - depth : 0;
    aur_lock_take(&ch->lock);
    s->listeners[format]++;
    if (start < s->want_from[format])
        s->want_from[format] = start;
    aur_lock_drop(&ch->lock);
    if (ch->encoders)
        aur_pool_wake(ch->encoders);
    return start;
}

bool aur_channel_rejoin(struct aur_channel *ch, enum aur_format format, uint64_t from)
{
    struct aur_shared_side *s = &ch->shared;
    uint64_t head = aur_cast_head(ch->audio);
    if (from > head || head - from > kept(ch) - 1)
        return false;
    aur_lock_take(&ch->lock);
    s->listeners[format]++;
    if (from < s->want_from[format])
        s->want_from[format] = from;
    aur_lock_drop(&ch->lock);
    if (ch->encoders)
        aur_pool_wake(ch->encoders);
    return true;
}

void aur_channel_leave(struct aur_channel *ch, enum aur_format format)
{
    aur_lock_take(&ch->lock);
    if (ch->shared.listeners[format] > 0)
        ch->shared.listeners[format]--;
    aur_lock_drop(&ch->lock);
}

int aur_channel_message(struct aur_channel *ch, enum aur_format format, const unsigned char **data, size_t *len,
                        uint64_t *next, uint64_t index)
{
    const struct aur_format_side *side = &ch->encode.formats[format];
    uint64_t head = atomic_load_explicit(&side->head, memory_order_acquire);
    if (index + kept(ch) < head) {
        *next = head - kept(ch);
        return AUR_ENOTFOUND;
    }
    const struct aur_message_slot *message = &side->slots[index % ch->n_chunks];
    if (atomic_load_explicit(&message->tag, memory_order_acquire) != index + 1)
        return AUR_EBUSY;
    *data = message->data;
    *len = message->len;
    return 0;
}
