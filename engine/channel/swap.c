/* From one piece to another while the music plays: what is armed, who composes the next phrase, and the way back. Composer
 * worker, but for arming and asking, which any thread but a render worker may do under the lock.
 *
 * A new piece composes on a copy of the state, and the old one stays what it was until the new one's phrase is really the
 * one that will sound; from then on it waits as a checkpoint, with the state that its own last phrase left. So whenever a
 * piece fails, there is one that works and knows where it was, and the phrase it composes is ready in the same step, still
 * a second before the boundary.
 *
 * At a bar swap the new piece's phrase begins at a bar line inside the phrase that sounds. `cut_at` tells the render side
 * to look into the slot there instead of at the phrase's end. It is set before the phrase is put into the slot, and then
 * compared with `reach`, up to where the render side has decided: either it sees the cut in time, or the composer sees
 * that it does not, and takes a later bar. */
#include <stdlib.h>
#include <string.h>

#include "channel/internal.h"

void aur_checkpoint_deinit(struct aur_checkpoint *checkpoint)
{
    aur_piece_free(checkpoint->piece);
    free(checkpoint->state);
    memset(checkpoint, 0, sizeof *checkpoint);
}

static const struct aur_control_specs *specs_of(const struct aur_piece *piece)
{
    return &aur_piece_describe(piece)->controls;
}

static void wake(struct aur_channel *ch)
{
    if (ch->encoders)
        aur_pool_wake(ch->encoders);
    if (ch->composers)
        aur_pool_wake(ch->composers);
}

static void tell(struct aur_channel *ch, enum aur_script_state state, const struct aur_piece *piece,
                 const struct aur_msg_phrase *phrase, const struct aur_error *err)
{
    aur_channel_event_script(ch, state, aur_piece_name(piece), aur_piece_marks(piece)->version, phrase, err);
}

/* ---- composing ---- */

/* What the attempt is made with, taken at its start. */
struct taken {
    struct aur_piece *armed; /* a reference, or NULL */
    enum aur_swap swap;
    struct aur_controls controls; /* of the session's piece */
};

static struct taken take(struct aur_channel *ch)
{
    struct aur_shared_side *s = &ch->shared;
    aur_lock_take(&ch->lock);
    struct taken taken = {.armed = s->armed, .swap = s->armed_swap, .controls = s->controls};
    s->armed = NULL;
    s->composing = true;
    s->composing_controls = s->controls;
    aur_lock_drop(&ch->lock);
    return taken;
}

/* The session with its state copied, so that a phrase that does not come to sound leaves no trace. */
static int compose_with(struct aur_channel *ch, struct aur_attempt *out, const struct aur_piece *piece, char *state,
                        uint64_t start_frame, const struct aur_controls *controls, struct aur_error *err)
{
    out->after = ch->compose.session;
    out->after.piece = piece;
    out->after.state = state;
    out->after.next_frame = start_frame;
    out->branch = ch->compose.branch;
    out->before = state ? strdup(state) : NULL;
    if (state && !out->before) {
        aur_session_deinit(&out->after);
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    }
    uint64_t began = ch->clock(ch->clock_user);
    int rc = aur_session_next(&out->after, &out->phrase, controls, err);
    aur_stats_composed(&ch->stats, &ch->compose.usage, rc, ch->clock(ch->clock_user) - began);
    if (rc < 0) {
        aur_session_deinit(&out->after);
        free(out->before);
        out->before = NULL;
    }
    return rc;
}

static int compose_as_before(struct aur_channel *ch, struct aur_attempt *out, uint64_t start_frame,
                             const struct aur_controls *controls, struct aur_error *err)
{
    const struct aur_session *session = &ch->compose.session;
    char *state = session->state ? strdup(session->state) : NULL;
    if (session->state && !state)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    return compose_with(ch, out, session->piece, state, start_frame, controls, err);
}

static int compose_anew(struct aur_channel *ch, struct aur_attempt *out, uint64_t start_frame,
                        const struct taken *taken, struct aur_error *err)
{
    const struct aur_session *session = &ch->compose.session;
    struct aur_controls controls;
    char *state;
    aur_controls_default(&controls, specs_of(taken->armed));
    aur_controls_carry(&controls, specs_of(taken->armed), &taken->controls, specs_of(session->piece));
    int rc = aur_piece_migrate(taken->armed, &state, session->state, err);
    return rc < 0 ? rc : compose_with(ch, out, taken->armed, state, start_frame, &controls, err);
}

/* The piece composing fails: the one before goes on from its own checkpoint. */
static void roll_back(struct aur_channel *ch, struct taken *taken, const struct aur_error *why)
{
    struct aur_compose_side *c = &ch->compose;
    struct aur_shared_side *s = &ch->shared;
    struct aur_piece *failed = (struct aur_piece *)(uintptr_t)c->session.piece; /* the channel's reference */
    char *state = c->session.state;
    aur_lock_take(&ch->lock);
    struct aur_checkpoint *before = &c->before[--c->n_before];
    c->session.piece = before->piece;
    c->session.state = before->state;
    aur_controls_carry(&before->controls, specs_of(before->piece), &s->controls, specs_of(failed));
    taken->controls = s->controls = s->composing_controls = before->controls;
    memset(before, 0, sizeof *before);
    struct aur_msg_phrase phrase =
        aur_channel_coming(ch, c->session.piece, &s->controls, c->session.next_number, c->session.next_frame);
    tell(ch, AUR_SCRIPT_ROLLED_BACK, failed, &phrase, why);
    aur_lock_drop(&ch->lock);
    aur_log(ch->log, AUR_LOG_ERROR, ch->name,
            "phrase %llu: %s of version %s failed, version %s goes on from its own state: %s",
            (unsigned long long)c->session.next_number, aur_piece_name(failed), aur_piece_marks(failed)->version,
            aur_piece_marks(c->session.piece)->version, why->message);
    aur_piece_free(failed);
    free(state);
    wake(ch);
}

static void refuse(struct aur_channel *ch, const struct aur_piece *piece, const struct aur_error *why)
{
    aur_channel_refuse(ch, aur_piece_name(piece), aur_piece_marks(piece)->version, why);
}

int aur_channel_attempt(struct aur_channel *ch, struct aur_attempt *out, uint64_t start_frame, bool armed_only,
                        struct aur_error *err)
{
    struct taken taken = take(ch);
    memset(out, 0, sizeof *out);
    if (taken.armed) {
        int rc = compose_anew(ch, out, start_frame, &taken, err);
        out->piece = taken.armed;
        out->swap = taken.swap;
        if (rc == AUR_OK)
            return AUR_OK;
        refuse(ch, taken.armed, err);
        aur_piece_free(taken.armed);
        memset(out, 0, sizeof *out);
    }
    if (armed_only)
        return AUR_EBUSY;
    int rc = compose_as_before(ch, out, start_frame, &taken.controls, err);
    while ((rc == AUR_ESCRIPT || rc == AUR_ELIMIT) && ch->compose.n_before > 0) {
        err->code = rc;
        roll_back(ch, &taken, err);
        rc = compose_as_before(ch, out, start_frame, &taken.controls, err);
    }
    return rc;
}

static void push_checkpoint(struct aur_channel *ch, struct aur_checkpoint *old)
{
    struct aur_compose_side *c = &ch->compose;
    if (c->n_before == AUR_CHANNEL_BEFORE) {
        *old = c->before[0];
        memmove(c->before, c->before + 1, --c->n_before * sizeof *c->before);
    }
    c->before[c->n_before++] =
        (struct aur_checkpoint){(struct aur_piece *)(uintptr_t)c->session.piece, c->session.state, ch->shared.controls};
}

void aur_channel_adopt(struct aur_channel *ch, struct aur_attempt *attempt, struct aur_checkpoint *old)
{
    struct aur_compose_side *c = &ch->compose;
    struct aur_shared_side *s = &ch->shared;
    memset(old, 0, sizeof *old);
    if (attempt->piece) {
        struct aur_controls controls;
        aur_controls_default(&controls, specs_of(attempt->piece));
        aur_controls_carry(&controls, specs_of(attempt->piece), &s->controls, specs_of(c->session.piece));
        push_checkpoint(ch, old);
        s->controls = controls;
    } else {
        old->state = c->session.state;
    }
    c->session = attempt->after;
    free(attempt->before);
    memset(attempt, 0, sizeof *attempt);
}

void aur_channel_drop_attempt(struct aur_channel *ch, struct aur_attempt *attempt)
{
    struct aur_piece *piece = attempt->piece;
    aur_lock_take(&ch->lock);
    if (piece && !ch->shared.armed) {
        ch->shared.armed = piece;
        ch->shared.armed_swap = attempt->swap;
        piece = NULL;
    }
    aur_lock_drop(&ch->lock);
    aur_piece_free(piece);
    aur_phrase_free(attempt->phrase);
    free(attempt->before);
    aur_session_deinit(&attempt->after);
    memset(attempt, 0, sizeof *attempt);
}

/* ---- where a bar swap can be: under the lock ---- */

uint64_t aur_channel_bar_line(const struct aur_channel *ch, const struct aur_phrase_record *record, int *bars)
{
    uint64_t from = aur_channel_published(ch) + (uint64_t)ch->rate_hz * AUR_COMMIT_LEAD_SECONDS;
    if (!record->piece)
        return 0;
    int64_t beats = aur_piece_describe(record->piece)->meter[0];
    for (*bars = 1; *bars < record->bars; ++*bars) {
        uint64_t at =
            record->start_frame + aur_tempo_frames(*bars * beats * AUR_BEAT_ONE, record->controls.bpm, ch->rate_hz);
        if (at >= from)
            return at < record->start_frame + record->length_frames ? at : 0;
    }
    return 0;
}

/* The next bar line that a piece armed for a bar can take; 0: none. */
static uint64_t next_bar(const struct aur_channel *ch, enum aur_swap swap)
{
    const struct aur_session *session = &ch->compose.session;
    const struct aur_phrase_record *last = &ch->shared.records[(session->next_number - 1) % AUR_CHANNEL_RECORDS];
    int bars;
    return swap == AUR_SWAP_BAR && !ch->shared.composing ? aur_channel_bar_line(ch, last, &bars) : 0;
}

/* The first phrase that a piece armed now would compose. */
static struct aur_msg_phrase first_phrase(const struct aur_channel *ch, const struct aur_piece *piece,
                                          enum aur_swap swap)
{
    const struct aur_session *session = &ch->compose.session;
    struct aur_msg_phrase open = aur_channel_open(ch);
    struct aur_controls controls;
    aur_controls_default(&controls, specs_of(piece));
    aur_controls_carry(&controls, specs_of(piece), &ch->shared.controls, specs_of(session->piece));
    struct aur_msg_phrase out = aur_channel_coming(ch, piece, &controls, open.phrase, 0);
    out.sounds_in_ms = open.sounds_in_ms;
    uint64_t bar = next_bar(ch, swap);
    if (bar)
        out.sounds_in_ms = aur_channel_frames_ms(ch, bar - aur_channel_published(ch));
    return out;
}

/* ---- any thread but a render worker ---- */

void aur_channel_arm(struct aur_channel *ch, struct aur_msg_phrase *reply, struct aur_piece *piece, enum aur_swap swap)
{
    struct aur_shared_side *s = &ch->shared;
    aur_lock_take(&ch->lock);
    struct aur_piece *old = s->armed;
    s->armed = aur_piece_ref(piece);
    s->armed_swap = swap;
    *reply = first_phrase(ch, piece, swap);
    tell(ch, AUR_SCRIPT_ARMED, piece, reply, NULL);
    aur_lock_drop(&ch->lock);
    aur_log(ch->log, AUR_LOG_INFO, ch->name, "%s of version %s takes over with phrase %llu in %.1f s",
            aur_piece_name(piece), aur_piece_marks(piece)->version, (unsigned long long)reply->phrase,
            reply->sounds_in_ms / 1000);
    aur_piece_free(old);
    wake(ch);
}

bool aur_channel_disarm(struct aur_channel *ch)
{
    aur_lock_take(&ch->lock);
    struct aur_piece *old = ch->shared.armed;
    ch->shared.armed = NULL;
    if (old) {
        struct aur_msg_phrase current = aur_channel_current(ch);
        tell(ch, AUR_SCRIPT_PLAYING, ch->compose.session.piece, &current, NULL);
    }
    aur_lock_drop(&ch->lock);
    if (old)
        aur_log(ch->log, AUR_LOG_INFO, ch->name, "the waiting edit is taken back");
    bool any = old != NULL;
    aur_piece_free(old);
    wake(ch);
    return any;
}

void aur_channel_refuse(struct aur_channel *ch, const char *script, const char *version, const struct aur_error *err)
{
    aur_log(ch->log, AUR_LOG_ERROR, ch->name, "%s%s%s is refused: %s", script, *version ? " of version " : "", version,
            err->message);
    aur_lock_take(&ch->lock);
    struct aur_msg_phrase current = aur_channel_current(ch);
    aur_channel_event_script(ch, AUR_SCRIPT_REFUSED, script, version, &current, err);
    aur_lock_drop(&ch->lock);
    wake(ch);
}

void aur_channel_hashes(struct aur_channel *ch, char armed[AUR_PIECE_HASH_SIZE], char composing[AUR_PIECE_HASH_SIZE])
{
    aur_lock_take(&ch->lock);
    if (armed)
        strcpy(armed, ch->shared.armed ? aur_piece_marks(ch->shared.armed)->hash : "");
    if (composing)
        strcpy(composing, aur_piece_marks(ch->compose.session.piece)->hash);
    aur_lock_drop(&ch->lock);
}

int aur_channel_place(struct aur_channel *ch, struct aur_channel_place *out, struct aur_error *err)
{
    const struct aur_session *session = &ch->compose.session;
    const struct aur_shared_side *s = &ch->shared;
    aur_lock_take(&ch->lock);
    uint64_t bar = s->armed ? next_bar(ch, s->armed_swap) : 0;
    *out = (struct aur_channel_place){
        .piece = aur_piece_ref(session->piece),
        .armed = s->armed && !s->composing ? aur_piece_ref(s->armed) : NULL,
        .armed_frame = bar ? bar : session->next_frame,
        .state = session->state ? strdup(session->state) : NULL,
        .seed = session->seed,
        .number = session->next_number,
        .start_frame = session->next_frame,
        .rate_hz = session->rate_hz,
        .controls = ch->shared.controls,
    };
    bool failed = session->state && !out->state;
    aur_lock_drop(&ch->lock);
    if (!failed)
        return AUR_OK;
    aur_channel_place_deinit(out);
    return aur_error_set(err, AUR_ENOMEM, "out of memory");
}

void aur_channel_place_deinit(struct aur_channel_place *place)
{
    aur_piece_free(place->piece);
    aur_piece_free(place->armed);
    free(place->state);
    memset(place, 0, sizeof *place);
}
