/* From one piece to another while the music plays: who composes the next phrase, and the way back. Composer worker; arming and
 * asking are arm.c's and branch.c's.
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

/* ---- composing ---- */

/* What the attempt is made with, taken at its start. */
struct taken {
    struct aur_turn turn;    /* piece NULL: none; else nothing is armed */
    struct aur_piece *armed; /* a reference, or NULL */
    enum aur_swap swap;
    struct aur_controls controls; /* of the session's piece */
};

static struct taken take(struct aur_channel *ch, bool armed_only)
{
    struct aur_shared_side *s = &ch->shared;
    struct taken taken = {.armed = NULL};
    aur_lock_take(&ch->lock);
    s->composing_controls = *aur_channel_next_controls(ch);
    taken.controls = s->controls;
    memset(&s->turning, 0, sizeof s->turning);
    if (s->turn.at.piece && !armed_only) {
        taken.turn = s->turning = s->turn;
        memset(&s->turn, 0, sizeof s->turn);
    } else {
        taken.armed = s->armed;
        taken.swap = s->armed_swap;
        s->armed = NULL;
    }
    s->composing = true;
    aur_lock_drop(&ch->lock);
    return taken;
}

/* The session with its state copied, so that a phrase that does not come to sound leaves no trace: with the state given, which
 * it takes, and what the caller has set in out->after. */
static int compose_with(struct aur_channel *ch, struct aur_attempt *out, char *state, uint64_t start_frame,
                        const struct aur_controls *controls, struct aur_error *err)
{
    out->branch = ch->compose.branch;
    out->after.state = state;
    out->after.next_frame = start_frame;
    out->before = state ? strdup(state) : NULL;
    uint64_t began = ch->clock(ch->clock_user);
    int rc = state && !out->before ? aur_error_set(err, AUR_ENOMEM, "out of memory")
                                   : aur_session_next(&out->after, &out->phrase, controls, err);
    aur_stats_composed(&ch->stats, &ch->compose.usage, rc, ch->clock(ch->clock_user) - began);
    if (rc < 0) {
        aur_session_deinit(&out->after);
        free(out->before);
        out->before = NULL;
    }
    return rc;
}

/* A copy of the state; NULL for NULL. False: out of memory. */
static bool copy_state(char **out, const char *state, struct aur_error *err)
{
    *out = state ? strdup(state) : NULL;
    if (state && !*out)
        aur_error_set(err, AUR_ENOMEM, "out of memory");
    return *out || !state;
}

static int compose_as_before(struct aur_channel *ch, struct aur_attempt *out, uint64_t start_frame,
                             const struct aur_controls *controls, struct aur_error *err)
{
    char *state;
    if (!copy_state(&state, ch->compose.session.state, err))
        return AUR_ENOMEM;
    out->after = ch->compose.session;
    return compose_with(ch, out, state, start_frame, controls, err);
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
    if (rc < 0)
        return rc;
    out->after = *session;
    out->after.piece = taken->armed;
    return compose_with(ch, out, state, start_frame, &controls, err);
}

/* Somewhere else in the music. */
static int compose_turn(struct aur_channel *ch, struct aur_attempt *out, uint64_t start_frame,
                        const struct aur_standing *at, struct aur_error *err)
{
    char *state;
    if (!copy_state(&state, at->state, err))
        return AUR_ENOMEM;
    out->after = ch->compose.session;
    out->after.piece = at->piece;
    out->after.seed = at->seed;
    out->after.next_ordinal = at->ordinal;
    return compose_with(ch, out, state, start_frame, &at->controls, err);
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
    aur_channel_event_piece(ch, AUR_SCRIPT_ROLLED_BACK, failed, &phrase, why);
    aur_lock_drop(&ch->lock);
    aur_log(ch->log, AUR_LOG_ERROR, ch->name,
            "phrase %llu: %s of version %s failed, version %s goes on from its own state: %s",
            (unsigned long long)c->session.next_number, aur_piece_name(failed), aur_piece_marks(failed)->version,
            aur_piece_marks(c->session.piece)->version, why->message);
    aur_piece_free(failed);
    free(state);
    aur_channel_wake(ch);
}

static void refuse(struct aur_channel *ch, const struct aur_piece *piece, const struct aur_error *why)
{
    aur_channel_refuse(ch, aur_piece_name(piece), aur_piece_marks(piece)->version, why);
}

int aur_channel_attempt(struct aur_channel *ch, struct aur_attempt *out, uint64_t start_frame, bool armed_only,
                        struct aur_error *err)
{
    struct taken taken = take(ch, armed_only);
    memset(out, 0, sizeof *out);
    if (taken.turn.at.piece) {
        if (compose_turn(ch, out, start_frame, &taken.turn.at, err) == AUR_OK) {
            out->turn = taken.turn;
            out->branch = taken.turn.branch;
            out->meanwhile = taken.controls;
            return AUR_OK;
        }
        refuse(ch, taken.turn.at.piece, err);
        aur_lock_take(&ch->lock);
        memset(&ch->shared.turning, 0, sizeof ch->shared.turning);
        struct aur_piece *edit = aur_branch_drop_edit(ch, taken.turn.follows, aur_branch_script(ch));
        aur_record_asked(ch);
        aur_lock_drop(&ch->lock);
        aur_piece_free(edit);
        aur_turn_deinit(&taken.turn);
        memset(out, 0, sizeof *out);
    }
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
    if (c->n_before == AUR_BRANCH_BEFORE) {
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
    if (attempt->turn.at.piece) {
        aur_branch_adopt(ch, attempt);
    } else if (attempt->piece) {
        struct aur_controls controls;
        aur_controls_default(&controls, specs_of(attempt->piece));
        aur_controls_carry(&controls, specs_of(attempt->piece), &s->controls, specs_of(c->session.piece));
        push_checkpoint(ch, old);
        s->controls = controls;
    } else {
        old->state = c->session.state;
    }
    c->session = attempt->after;
    if (attempt->piece)
        aur_record_all_controls(ch);
    memset(attempt, 0, sizeof *attempt);
}

void aur_channel_drop_attempt(struct aur_channel *ch, struct aur_attempt *attempt)
{
    struct aur_piece *piece = attempt->piece;
    struct aur_turn *turn = &attempt->turn;
    aur_lock_take(&ch->lock);
    memset(&ch->shared.turning, 0, sizeof ch->shared.turning);
    if (turn->at.piece && !ch->shared.turn.at.piece) {
        ch->shared.turn = *turn;
        memset(turn, 0, sizeof *turn);
    }
    if (piece && !ch->shared.armed) {
        ch->shared.armed = piece;
        ch->shared.armed_swap = attempt->swap;
        piece = NULL;
    }
    aur_lock_drop(&ch->lock);
    aur_piece_free(piece);
    aur_turn_deinit(turn);
    aur_phrase_free(attempt->phrase);
    free(attempt->before);
    aur_session_deinit(&attempt->after);
    memset(attempt, 0, sizeof *attempt);
}
