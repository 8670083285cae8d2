/* News for everyone on a channel: a bounded queue under the channel's lock. Composer and encoder workers put, the network
 * thread takes. When nobody takes, the oldest news is dropped: what is old is also in the status. */
#include <stdio.h>
#include <string.h>

#include "channel/internal.h"

void aur_channel_event_put(struct aur_channel *ch, const struct aur_channel_event *event)
{
    struct aur_shared_side *s = &ch->shared;
    if (s->n_events == AUR_CHANNEL_EVENTS) {
        s->first_event++;
        s->n_events--;
    }
    if (event->type == AUR_EVENT_SCRIPT)
        atomic_fetch_add_explicit(&ch->stats.edits[event->script_state], 1, memory_order_relaxed);
    s->events[(s->first_event + s->n_events++) % AUR_CHANNEL_EVENTS] = *event;
    s->news = true;
    aur_record_event(ch, event);
}

/* Version of the text that sounds. */
static void name_playing(const struct aur_channel *ch, struct aur_channel_event *event)
{
    const struct aur_piece *heard = ch->shared.heard;
    if (heard)
        strcpy(event->playing_version, aur_piece_marks(heard)->version);
}

void aur_channel_event_script(struct aur_channel *ch, enum aur_script_state state, const char *script,
                              const char *version, const struct aur_msg_phrase *phrase, const struct aur_error *err)
{
    struct aur_channel_event event = {
        .type = AUR_EVENT_SCRIPT, .script_state = state, .chunk_index = aur_cast_head(ch->audio), .phrase = *phrase};
    snprintf(event.script, sizeof event.script, "%s", script);
    snprintf(event.script_version, sizeof event.script_version, "%s", version);
    name_playing(ch, &event);
    if (err)
        event.error = *err;
    aur_channel_event_put(ch, &event);
}

/* Another piece sounds from this chunk on. */
static void tell_playing(struct aur_channel *ch, const struct aur_phrase_record *r,
                         const struct aur_channel_event *phrase)
{
    struct aur_piece *old = ch->shared.heard;
    if (!r->piece || r->piece == old)
        return;
    ch->shared.heard = aur_piece_ref(r->piece);
    if (old) {
        struct aur_channel_event event = *phrase;
        event.type = AUR_EVENT_SCRIPT;
        event.script_state = AUR_SCRIPT_PLAYING;
        snprintf(event.script, sizeof event.script, "%s", aur_piece_name(r->piece));
        strcpy(event.script_version, aur_piece_marks(r->piece)->version);
        name_playing(ch, &event);
        aur_channel_event_put(ch, &event);
    }
    aur_piece_free(old);
}

void aur_channel_event_phrase(struct aur_channel *ch, uint64_t number, uint64_t chunk_index)
{
    const struct aur_phrase_record *r = &ch->shared.records[number % AUR_CHANNEL_RECORDS];
    if (r->number != number || !r->piece)
        return;
    uint64_t at = chunk_index * ch->chunk_frames, end = r->start_frame + r->length_frames;
    struct aur_channel_event event = {.type = AUR_EVENT_PHRASE, .chunk_index = chunk_index};
    const struct aur_piece_info *info = aur_piece_describe(r->piece);
    event.phrase = (struct aur_msg_phrase){
        .phrase = number,
        .controls = r->controls,
        .bars = r->bars,
        .next_phrase_in_ms = aur_channel_frames_ms(ch, end > at ? end - at : 0),
        .specs = info->controls,
    };
    memcpy(event.phrase.title, info->title, sizeof event.phrase.title);
    event.phrase.controls.level = ch->shared.controls.level;
    event.phrase.controls.brightness = ch->shared.controls.brightness;
    aur_channel_event_put(ch, &event);
    tell_playing(ch, r, &event);
}

int aur_channel_event(struct aur_channel *ch, struct aur_channel_event *out)
{
    struct aur_shared_side *s = &ch->shared;
    aur_lock_take(&ch->lock);
    int any = s->n_events > 0;
    if (any) {
        *out = s->events[s->first_event++ % AUR_CHANNEL_EVENTS];
        s->n_events--;
    }
    aur_lock_drop(&ch->lock);
    return any;
}

void aur_channel_event_piece(struct aur_channel *ch, enum aur_script_state state, const struct aur_piece *piece,
                             const struct aur_msg_phrase *phrase, const struct aur_error *err)
{
    aur_channel_event_script(ch, state, aur_piece_name(piece), aur_piece_marks(piece)->version, phrase, err);
}

void aur_channel_wake(struct aur_channel *ch)
{
    if (ch->encoders)
        aur_pool_wake(ch->encoders);
    if (ch->composers)
        aur_pool_wake(ch->composers);
}
