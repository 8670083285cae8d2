/* News for everyone on a channel: a bounded queue under the channel's lock. Composer and encoder workers put, the network
 * thread takes. When nobody takes, the oldest news is dropped: what is old is also in the status. */
#include <string.h>

#include "channel/internal.h"

void aur_channel_event_put(struct aur_channel *ch, const struct aur_channel_event *event)
{
    struct aur_shared_side *s = &ch->shared;
    if (s->n_events == AUR_CHANNEL_EVENTS) {
        s->first_event++;
        s->n_events--;
    }
    s->events[(s->first_event + s->n_events++) % AUR_CHANNEL_EVENTS] = *event;
    s->news = true;
}

void aur_channel_event_phrase(struct aur_channel *ch, uint64_t number, uint64_t chunk_index)
{
    const struct aur_phrase_record *r = &ch->shared.records[number % AUR_CHANNEL_RECORDS];
    if (r->number != number)
        return;
    uint64_t at = chunk_index * ch->chunk_frames, end = r->start_frame + r->length_frames;
    struct aur_channel_event event = {.type = AUR_EVENT_PHRASE, .chunk_index = chunk_index};
    event.phrase = (struct aur_msg_phrase){
        .phrase = number,
        .controls = r->controls,
        .bars = r->bars,
        .next_phrase_in_ms = aur_channel_frames_ms(ch, end > at ? end - at : 0),
        .specs = ch->info->controls,
    };
    memcpy(event.phrase.title, ch->info->title, sizeof event.phrase.title);
    event.phrase.controls.level = ch->shared.controls.level;
    event.phrase.controls.brightness = ch->shared.controls.brightness;
    aur_channel_event_put(ch, &event);
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
