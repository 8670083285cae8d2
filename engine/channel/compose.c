/* The composer's side of a channel, run by the composer worker that holds the claim (and by aur_station_add for the first
 * phrase): when to compose, the repeat that stands in for a late or failed phrase, and freeing what the synth has passed.
 * Who composes is swap.c's.
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
        if (!c->all[i].phrase)
            return i;
    return -1;
}

static void mark_back(struct aur_compose_side *c, const struct aur_phrase *phrase)
{
    for (int i = 0; i < AUR_CHANNEL_PHRASES; i++)
        if (c->all[i].phrase == phrase)
            c->all[i].back = true;
}

/* Frees what came back, but for the phrase that sounds, which others may ask for, and those after it: the next repeat is
 * made from the last. */
static void drain_retired(struct aur_channel *ch)
{
    struct aur_compose_side *c = &ch->compose;
    const struct aur_phrase *phrase;
    while ((phrase = aur_retire_take(ch->retired)) != NULL) {
        if (phrase == c->spare)
            c->spare_back = true; /* taken, played and passed before any composer came */
        else
            mark_back(c, phrase);
    }
    uint64_t sounding = atomic_load_explicit(&ch->sounding, memory_order_relaxed);
    aur_lock_take(&ch->lock);
    for (int i = 0; i < AUR_CHANNEL_PHRASES; i++) {
        struct aur_phrase_entry *entry = &c->all[i];
        if (!entry->back || entry->phrase == c->last || entry->phrase->number >= sounding)
            continue;
        aur_phrase_free(entry->phrase);
        *entry = (struct aur_phrase_entry){0};
    }
    aur_lock_drop(&ch->lock);
}

/* ---- what others see: under the lock ---- */

static struct aur_phrase_record *record_of(struct aur_channel *ch, uint64_t number)
{
    return &ch->shared.records[number % AUR_CHANNEL_RECORDS];
}

/* piece: that composed it. */
static void record(struct aur_channel *ch, const struct aur_phrase *phrase, const struct aur_piece *piece)
{
    struct aur_phrase_record *r = record_of(ch, phrase->number);
    struct aur_piece *old = r->piece;
    *r = (struct aur_phrase_record){
        .number = phrase->number,
        .start_frame = phrase->start_frame,
        .length_frames = phrase->length_frames,
        .controls = phrase->controls,
        .bars = phrase->bars,
        .piece = piece ? aur_piece_ref(piece) : NULL,
    };
    aur_piece_free(old);
}

/* The phrase before ends where this one begins. */
static void cut(struct aur_channel *ch, const struct aur_phrase *phrase)
{
    struct aur_phrase_record *r = record_of(ch, phrase->number - 1);
    int bars;
    if (phrase->number == 0 || r->number != phrase->number - 1 || !r->piece ||
        r->start_frame + r->length_frames <= phrase->start_frame)
        return;
    uint64_t length = phrase->start_frame - r->start_frame;
    int64_t beats = aur_piece_describe(r->piece)->meter[0];
    for (bars = 1; aur_tempo_frames(bars * beats * AUR_BEAT_ONE, r->controls.bpm, ch->rate_hz) < length;)
        bars++;
    r->length_frames = length;
    r->bars = bars;
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
    aur_lock_take(&ch->lock);
    session->next_frame = at - at % AUR_BLOCK_FRAMES + AUR_BLOCK_FRAMES;
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
    const struct aur_phrase_record *last = record_of(ch, c->last->number);
    record(ch, spare, last->number == c->last->number ? last->piece : c->session.piece);
    c->spare = spare;
    aur_lock_drop(&ch->lock);
    atomic_store_explicit(slot_of(ch, number), spare, memory_order_release);
}

/* The phrase that sounds at the next boundary is settled: `phrase` and, if it was composed, the attempt it came from. */
static void move_on(struct aur_channel *ch, struct aur_phrase *phrase, struct aur_attempt *attempt)
{
    struct aur_compose_side *c = &ch->compose;
    struct aur_checkpoint old = {0};
    struct aur_standing forgotten = {0};
    aur_stats_phrase(ch, phrase, !attempt);
    if (attempt)
        aur_record_composed(ch, attempt);
    else
        aur_record_repeated(ch, phrase);
    aur_lock_take(&ch->lock);
    c->all[free_entry(c)] = (struct aur_phrase_entry){phrase, phrase == c->spare && c->spare_back};
    c->last = phrase;
    c->original = attempt ? phrase->number : c->original;
    ch->shared.phrases_generated += attempt != NULL;
    aur_branch_settled(ch, phrase, attempt, &forgotten);
    if (attempt)
        aur_channel_adopt(ch, attempt, &old);
    else
        aur_session_skip(&c->session, phrase);
    c->spare = NULL;
    c->spare_back = false;
    publish_session(ch);
    ch->shared.composing = false;
    aur_lock_drop(&ch->lock);
    aur_checkpoint_deinit(&old);
    aur_standing_deinit(&forgotten);
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
/* Exchanges the repeat for the phrase. False: the render worker has taken the repeat, or it will not look at the cut in
 * time. */
static bool hand_over(struct aur_channel *ch, const struct aur_attempt *attempt)
{
    struct aur_phrase *phrase = attempt->phrase, *spare = ch->compose.spare, *expected = spare;
    bool cuts = ch->compose.last && phrase->start_frame < ch->compose.session.next_frame;
    if (cuts)
        atomic_store(&ch->cut_at, phrase->start_frame);
    if (cuts && atomic_load(&ch->reach) > phrase->start_frame) {
        atomic_store(&ch->cut_at, 0);
        return false;
    }
    aur_lock_take(&ch->lock);
    bool in_time = atomic_compare_exchange_strong(slot_of(ch, phrase->number), &expected, phrase);
    if (in_time) {
        cut(ch, phrase);
        record(ch, phrase, attempt->after.piece);
        ch->compose.spare = NULL;
    }
    aur_lock_drop(&ch->lock);
    if (in_time)
        aur_phrase_free(spare);
    return in_time;
}

static void not_composing(struct aur_channel *ch)
{
    aur_lock_take(&ch->lock);
    ch->shared.composing = false;
    aur_lock_drop(&ch->lock);
}

/* The repeat sounds, or where there is none (out of memory) silence until a phrase can be made again. */
static void fall_back(struct aur_channel *ch, const struct aur_error *err)
{
    failed(ch, err);
    if (ch->compose.spare)
        move_on(ch, ch->compose.spare, NULL);
    else
        not_composing(ch);
}

static void compose_next(struct aur_channel *ch)
{
    struct aur_error err = {0};
    struct aur_attempt attempt;
    int rc = aur_channel_attempt(ch, &attempt, ch->compose.session.next_frame, false, &err);
    if (rc < 0) {
        err.code = rc;
        fall_back(ch, &err);
        return;
    }
    if (hand_over(ch, &attempt)) {
        move_on(ch, attempt.phrase, &attempt);
        worked(ch);
        return;
    }
    aur_channel_drop_attempt(ch, &attempt);
    aur_error_set(&err, AUR_ELIMIT, LATE_TEXT);
    aur_stats_failed(&ch->stats, AUR_FAILURE_LATE);
    fall_back(ch, &err);
}

/* A piece armed for a bar takes over inside the phrase handed over last. False: there is none, or no bar line in reach. */
static bool compose_at_bar(struct aur_channel *ch)
{
    struct aur_compose_side *c = &ch->compose;
    struct aur_error err = {0};
    struct aur_attempt attempt;
    uint64_t bar = 0, cut_at = atomic_load(&ch->cut_at);
    int bars;
    aur_lock_take(&ch->lock);
    const struct aur_phrase_record *last = c->last ? record_of(ch, c->last->number) : NULL;
    bool waits = ch->shared.armed && ch->shared.armed_swap == AUR_SWAP_BAR && !ch->shared.turn.at.piece;
    if (waits && last && last->number == c->last->number)
        bar = aur_channel_bar_line(ch, last, &bars);
    aur_lock_drop(&ch->lock);
    bool pending = cut_at > aur_channel_published(ch); /* one cut after the other */
    atomic_store_explicit(&ch->look_at, waits && pending ? cut_at : UINT64_MAX, memory_order_relaxed);
    if (pending)
        return false;
    if (!bar || !c->spare)
        return false;
    if (aur_channel_attempt(ch, &attempt, bar, true, &err) < 0) {
        not_composing(ch);
        return false;
    }
    if (!hand_over(ch, &attempt)) {
        aur_channel_drop_attempt(ch, &attempt);
        not_composing(ch);
        return false; /* with the next chunk it is tried again, or at the boundary */
    }
    move_on(ch, attempt.phrase, &attempt);
    return true;
}

bool aur_channel_compose_step(struct aur_channel *ch)
{
    struct aur_compose_side *c = &ch->compose;
    drain_retired(ch);
    make_spare(ch);
    if (free_entry(c) < 0)
        return false;
    struct aur_phrase *there = atomic_load(slot_of(ch, c->session.next_number));
    bool early = aur_channel_published(ch) < atomic_load_explicit(&ch->commit_at, memory_order_relaxed);
    if (early)
        return there == c->spare && compose_at_bar(ch);
    if (there != c->spare && there)
        return false;        /* a phrase of eight boundaries ago */
    if (there != c->spare) { /* no composer came before the boundary did */
        struct aur_error err = {0};
        aur_error_set(&err, AUR_ELIMIT, LATE_TEXT);
        aur_stats_failed(&ch->stats, AUR_FAILURE_LATE);
        fall_back(ch, &err);
        return true;
    }
    uint64_t number = c->session.next_number;
    compose_next(ch);
    return c->session.next_number != number;
}

int aur_channel_compose_first(struct aur_channel *ch, const struct aur_channel_config *config, struct aur_error *err)
{
    struct aur_attempt attempt;
    int rc = aur_channel_attempt(ch, &attempt, 0, false, err);
    if (rc < 0)
        return rc;
    rc = aur_record_begin(ch, config, err); /* a piece that makes no phrase leaves no session behind */
    if (rc == AUR_OK && !hand_over(ch, &attempt))
        rc = aur_error_set(err, AUR_EBUSY, "the first phrase is there already");
    if (rc < 0) {
        aur_channel_drop_attempt(ch, &attempt);
        return rc;
    }
    move_on(ch, attempt.phrase, &attempt);
    return 0;
}

/* ---- asked by others ---- */

/* A copy of a phrase with this number, if there is one; under the lock. */
static int copy(struct aur_channel *ch, struct aur_channel_phrase *out, uint64_t number, bool spare)
{
    const struct aur_compose_side *c = &ch->compose;
    const struct aur_phrase *found = spare && c->spare && c->spare->number == number ? c->spare : NULL;
    const struct aur_phrase_record *r = record_of(ch, number);
    memset(out, 0, sizeof *out);
    for (int i = 0; i < AUR_CHANNEL_PHRASES && !found; i++)
        if (c->all[i].phrase && c->all[i].phrase->number == number)
            found = c->all[i].phrase;
    if (!found)
        return AUR_OK;
    if (r->number == number && r->piece) {
        snprintf(out->script, sizeof out->script, "%s", aur_piece_name(r->piece));
        strcpy(out->script_version, aur_piece_marks(r->piece)->version);
    }
    return aur_phrase_new(&out->phrase, found, found->patches, found->notes, found->chords);
}

int aur_channel_phrases(struct aur_channel *ch, struct aur_channel_phrase *current, struct aur_channel_phrase *next,
                        struct aur_error *err)
{
    uint64_t sounding = atomic_load_explicit(&ch->sounding, memory_order_relaxed);
    aur_lock_take(&ch->lock);
    int rc = copy(ch, current, sounding, true);
    memset(next, 0, sizeof *next);
    if (rc == AUR_OK && sounding + 1 < ch->compose.session.next_number)
        rc = copy(ch, next, sounding + 1, false);
    aur_lock_drop(&ch->lock);
    if (rc == AUR_OK)
        return AUR_OK;
    aur_phrase_free(current->phrase);
    aur_phrase_free(next->phrase);
    return aur_error_set(err, rc, "out of memory");
}
