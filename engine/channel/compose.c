/* The composer's side of a channel, run by the composer worker that holds the claim (and by aur_station_add for the first
 * phrase): composing, the repeat that stands in for a late or failed phrase, and freeing what the synth has passed.
 *
 * Composing runs on a copy of the session, which replaces it only once the phrase is really the one that will sound: if
 * the render worker took the repeat meanwhile, the script's state stays where it was and the next phrase goes on from it. */
#include "channel/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LATE_TEXT "composing took too long: the last phrase plays again"

static _Atomic(struct aur_phrase *) *slot_of(struct aur_channel *ch, uint64_t number)
{
    return &ch->slots[number % AUR_CHANNEL_SLOTS];
}

/* ---- ownership ---- */

static int free_entry(const struct aur_compose_side *c)
{
    for (int i = 0; i < AUR_CHANNEL_PHRASES; i++)
        if (!c->all[i])
            return i;
    return -1;
}

static void forget(struct aur_compose_side *c, const struct aur_phrase *phrase)
{
    for (int i = 0; i < AUR_CHANNEL_PHRASES; i++) {
        if (c->all[i] != phrase)
            continue;
        aur_phrase_free(c->all[i]);
        c->all[i] = NULL;
        return;
    }
}

static void drain_retired(struct aur_channel *ch)
{
    struct aur_compose_side *c = &ch->compose;
    const struct aur_phrase *phrase;
    while ((phrase = aur_retire_take(ch->retired)) != NULL) {
        if (phrase == c->last)
            c->last_back = true; /* the next repeat is made from it */
        else if (phrase == c->spare)
            c->spare_back = true; /* taken, played and passed before any composer came */
        else
            forget(c, phrase);
    }
}

static void make_last(struct aur_compose_side *c, struct aur_phrase *phrase, bool back)
{
    if (c->last && c->last_back)
        forget(c, c->last);
    c->all[free_entry(c)] = phrase; /* checked before composing */
    c->last = phrase;
    c->last_back = back;
}

/* ---- what others see ---- */

static void record(struct aur_channel *ch, const struct aur_phrase *phrase)
{
    ch->shared.records[phrase->number % AUR_CHANNEL_RECORDS] = (struct aur_phrase_record){
        .number = phrase->number,
        .start_frame = phrase->start_frame,
        .length_frames = phrase->length_frames,
        .controls = phrase->controls,
        .bars = phrase->bars,
    };
}

static void publish_session(struct aur_channel *ch)
{
    const struct aur_session *session = &ch->compose.session;
    uint64_t lead = (uint64_t)ch->rate_hz * AUR_COMMIT_LEAD_SECONDS;
    ch->shared.next_number = session->next_number;
    ch->shared.next_frame = session->next_frame;
    atomic_store_explicit(&ch->commit_at, session->next_frame > lead ? session->next_frame - lead : 0,
                          memory_order_relaxed);
}

/* ---- the repeat that lies ready ---- */

/* Nothing lay ready (no composer for a whole phrase, or no memory) and the boundary is past: the next phrase starts a little
 * later, after silence. */
static void rebase(struct aur_channel *ch)
{
    struct aur_session *session = &ch->compose.session;
    uint64_t published = aur_channel_published(ch);
    if (published < session->next_frame)
        return;
    uint64_t at = published + 2 * (uint64_t)ch->chunk_frames;
    session->next_frame = at - at % AUR_BLOCK_FRAMES + AUR_BLOCK_FRAMES;
    aur_lock_take(&ch->lock);
    publish_session(ch);
    aur_lock_drop(&ch->lock);
}

static void make_spare(struct aur_channel *ch)
{
    struct aur_compose_side *c = &ch->compose;
    uint64_t number = c->session.next_number;
    if (c->spare || !c->last || atomic_load(slot_of(ch, number)))
        return;
    rebase(ch);
    struct aur_phrase *spare;
    if (aur_phrase_repeat(&spare, c->last, number, c->session.next_frame) < 0)
        return; /* tried again at the next step; until then the boundary has no net */
    aur_lock_take(&ch->lock);
    record(ch, spare);
    aur_lock_drop(&ch->lock);
    c->spare = spare;
    atomic_store_explicit(slot_of(ch, number), spare, memory_order_release);
}

/* The phrase that sounds at the next boundary is settled: `phrase` and, if it was composed, the session after it. */
static void move_on(struct aur_channel *ch, struct aur_phrase *phrase, struct aur_session *after)
{
    struct aur_compose_side *c = &ch->compose;
    make_last(c, phrase, phrase == c->spare && c->spare_back);
    if (after) {
        aur_session_deinit(&c->session);
        c->session = *after;
    } else {
        aur_session_skip(&c->session, phrase);
    }
    c->spare = NULL;
    c->spare_back = false;
    aur_lock_take(&ch->lock);
    publish_session(ch);
    ch->shared.composing = false;
    ch->shared.phrases_generated += after != NULL;
    aur_lock_drop(&ch->lock);
    make_spare(ch);
}

/* ---- failing and recovering ---- */

static void failed(struct aur_channel *ch, const struct aur_error *err)
{
    struct aur_compose_side *c = &ch->compose;
    char kind[sizeof c->failing];
    snprintf(kind, sizeof kind, "%d %.*s", err->code, (int)strcspn(err->message, "\n"), err->message);
    if (strcmp(kind, c->failing) != 0)
        aur_log(ch->log, AUR_LOG_ERROR, ch->name, "phrase %llu: %s", (unsigned long long)c->session.next_number,
                err->message);
    memcpy(c->failing, kind, sizeof kind);

    struct aur_channel_event event = {
        .type = AUR_EVENT_GENERATION_ERROR, .chunk_index = aur_cast_head(ch->audio), .error = *err};
    aur_lock_take(&ch->lock);
    aur_channel_event_put(ch, &event);
    aur_lock_drop(&ch->lock);
    if (ch->encoders)
        aur_pool_wake(ch->encoders);
}

static void worked(struct aur_channel *ch)
{
    struct aur_compose_side *c = &ch->compose;
    if (!c->failing[0])
        return;
    aur_log(ch->log, AUR_LOG_INFO, ch->name, "phrase %llu: composing works again",
            (unsigned long long)c->session.next_number - 1);
    c->failing[0] = '\0';
}

/* ---- composing ---- */

/* The commit point: from here on, controls belong to the phrase after this one. */
static struct aur_controls take_controls(struct aur_channel *ch)
{
    aur_lock_take(&ch->lock);
    struct aur_controls controls = ch->shared.controls;
    ch->shared.composing = true;
    ch->shared.composing_controls = controls;
    aur_lock_drop(&ch->lock);
    return controls;
}

static int compose(struct aur_channel *ch, struct aur_phrase **out, struct aur_session *after, struct aur_error *err)
{
    struct aur_controls controls = take_controls(ch);
    *after = ch->compose.session;
    if (after->state && !(after->state = strdup(after->state)))
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    int rc = aur_session_next(after, out, &controls, err);
    if (rc < 0)
        aur_session_deinit(after);
    return rc;
}

/* Exchanges the repeat for the phrase. False: the render worker has taken the repeat. */
static bool hand_over(struct aur_channel *ch, struct aur_phrase *phrase)
{
    struct aur_phrase *expected = ch->compose.spare;
    aur_lock_take(&ch->lock);
    bool in_time = atomic_compare_exchange_strong(slot_of(ch, phrase->number), &expected, phrase);
    if (in_time)
        record(ch, phrase);
    aur_lock_drop(&ch->lock);
    if (in_time)
        aur_phrase_free(ch->compose.spare);
    return in_time;
}

/* The repeat sounds, or where there is none (out of memory) silence until a phrase can be made again. */
static void fall_back(struct aur_channel *ch, const struct aur_error *err)
{
    failed(ch, err);
    if (ch->compose.spare) {
        move_on(ch, ch->compose.spare, NULL);
        return;
    }
    aur_lock_take(&ch->lock);
    ch->shared.composing = false;
    aur_lock_drop(&ch->lock);
}

static void compose_next(struct aur_channel *ch)
{
    struct aur_error err = {0};
    struct aur_phrase *phrase;
    struct aur_session after;
    int rc = compose(ch, &phrase, &after, &err);
    if (rc < 0) {
        err.code = rc;
        fall_back(ch, &err);
        return;
    }
    if (hand_over(ch, phrase)) {
        move_on(ch, phrase, &after);
        worked(ch);
        return;
    }
    aur_phrase_free(phrase);
    aur_session_deinit(&after);
    aur_error_set(&err, AUR_ELIMIT, LATE_TEXT);
    fall_back(ch, &err);
}

bool aur_channel_compose_step(struct aur_channel *ch)
{
    struct aur_compose_side *c = &ch->compose;
    drain_retired(ch);
    make_spare(ch);
    if (aur_channel_published(ch) < atomic_load_explicit(&ch->commit_at, memory_order_relaxed) || free_entry(c) < 0)
        return false;
    struct aur_phrase *there = atomic_load(slot_of(ch, c->session.next_number));
    if (there != c->spare && there)
        return false;        /* a phrase of eight boundaries ago */
    if (there != c->spare) { /* no composer came before the boundary did */
        struct aur_error err = {0};
        aur_error_set(&err, AUR_ELIMIT, LATE_TEXT);
        fall_back(ch, &err);
        return true;
    }
    uint64_t number = c->session.next_number;
    compose_next(ch);
    return c->session.next_number != number;
}

int aur_channel_compose_first(struct aur_channel *ch, struct aur_error *err)
{
    struct aur_phrase *phrase;
    struct aur_session after;
    int rc = compose(ch, &phrase, &after, err);
    if (rc < 0)
        return rc;
    if (!hand_over(ch, phrase)) {
        aur_phrase_free(phrase);
        aur_session_deinit(&after);
        return aur_error_set(err, AUR_EBUSY, "the first phrase is there already");
    }
    move_on(ch, phrase, &after);
    return 0;
}
