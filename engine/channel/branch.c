/* Branches: places in the music that can be gone back to, and ways of it that can be switched between. What is asked for
 * waits as a turn until the composer takes it at its commit point, like an armed edit; everything here is under the channel's
 * lock, but for the script that a rewind with another piece runs. */
#include "channel/branch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/internal.h"

void aur_turn_deinit(struct aur_turn *turn)
{
    aur_standing_deinit(&turn->at);
    aur_checkpoint_deinit(&turn->back);
    memset(turn, 0, sizeof *turn);
}

/* ---- under the lock ---- */

const struct aur_piece *aur_channel_next_piece(const struct aur_channel *ch)
{
    return ch->shared.turn.at.piece ? ch->shared.turn.at.piece : ch->compose.session.piece;
}

struct aur_controls *aur_channel_next_controls(struct aur_channel *ch)
{
    return ch->shared.turn.at.piece ? &ch->shared.turn.at.controls : &ch->shared.controls;
}

/* ---- composer worker, under the lock ---- */

void aur_branch_settled(struct aur_channel *ch, const struct aur_phrase *phrase, struct aur_attempt *attempt,
                        struct aur_standing *old)
{
    struct aur_compose_side *c = &ch->compose;
    const uint64_t place = c->n_former + phrase->number;
    struct aur_composed_from *from = &c->from[place % AUR_CHECKPOINTS_MAX];
    *old = from->at;
    from->place = place;
    if (attempt) {
        from->branch = attempt->branch;
        from->at = (struct aur_standing){aur_piece_ref(attempt->after.piece), attempt->before, phrase->controls,
                                         attempt->after.seed, phrase->ordinal};
        attempt->before = NULL;
        return;
    }
    struct aur_standing here = {(struct aur_piece *)(uintptr_t)c->session.piece, c->session.state, ch->shared.controls,
                                c->session.seed, c->session.next_ordinal};
    from->branch = c->branch;
    if (!aur_standing_copy(&from->at, &here))
        from->place = UINT64_MAX; /* out of memory: it cannot be gone back to */
}

/* What was set while the turn's phrase was being composed is set in the branch too; level and brightness are nobody's. */
static void keep_up(struct aur_controls *io, const struct aur_control_specs *specs, const struct aur_controls *before,
                    const struct aur_controls *now, const struct aur_control_specs *now_specs)
{
    struct aur_controls own = *io;
    aur_controls_carry(&own, specs, now, now_specs);
    for (size_t i = 0; i < specs->n; i++)
        for (size_t k = 0; k < now_specs->n; k++)
            if (strcmp(specs->items[i].name, now_specs->items[k].name) == 0 && before->piece[k] != now->piece[k])
                io->piece[i] = own.piece[i];
    if (strcmp(before->key.name, now->key.name) != 0)
        io->key = now->key;
    io->bpm = before->bpm == now->bpm ? io->bpm : now->bpm;
    io->intensity = before->intensity == now->intensity ? io->intensity : now->intensity;
    io->melody_complexity =
        before->melody_complexity == now->melody_complexity ? io->melody_complexity : now->melody_complexity;
    io->level = now->level;
    io->brightness = now->brightness;
}

/* The branch that composed until now stays where it stands. */
static void leave(struct aur_channel *ch)
{
    struct aur_compose_side *c = &ch->compose;
    struct aur_branch_entry *entry = aur_branch_find(ch, c->branch);
    entry->left = c->n_left++;
    entry->at = (struct aur_standing){(struct aur_piece *)(uintptr_t)c->session.piece, c->session.state,
                                      ch->shared.controls, c->session.seed, c->session.next_ordinal};
    memcpy(entry->before, c->before, sizeof entry->before);
    entry->n_before = c->n_before;
    memset(c->before, 0, sizeof c->before);
    c->n_before = 0;
}

static void enter(struct aur_channel *ch, const struct aur_attempt *attempt)
{
    struct aur_compose_side *c = &ch->compose;
    const struct aur_turn *turn = &attempt->turn;
    struct aur_branch_entry *entry = turn->fresh ? NULL : aur_branch_find(ch, turn->branch);
    c->branch = turn->branch;
    if (!entry) {
        entry = aur_branch_make_room(ch);
        *entry = (struct aur_branch_entry){.used = true,
                                           .id = turn->branch,
                                           .parent = turn->parent,
                                           .from_number = attempt->phrase->number,
                                           .ordinal = attempt->phrase->ordinal};
        memcpy(entry->follows, turn->follows, sizeof entry->follows);
    }
    memcpy(c->before, entry->before, sizeof c->before);
    c->n_before = entry->n_before;
    entry->n_before = 0;
    aur_standing_deinit(&entry->at);
    if (turn->back.piece)
        c->before[c->n_before++] = turn->back;
}

void aur_branch_adopt(struct aur_channel *ch, struct aur_attempt *attempt)
{
    struct aur_shared_side *s = &ch->shared;
    struct aur_turn *turn = &attempt->turn;
    const struct aur_piece *old = ch->compose.session.piece;
    leave(ch);
    enter(ch, attempt);
    keep_up(&turn->at.controls, &aur_piece_describe(turn->at.piece)->controls, &attempt->meanwhile, &s->controls,
            &aur_piece_describe(old)->controls);
    bool lean = turn->at.controls.intensity != s->controls.intensity;
    s->controls = turn->at.controls;
    ch->compose.session = attempt->after; /* with the turn's reference to the piece */
    if (lean)
        aur_channel_live_push(ch);
    aur_record_branch(ch, turn->fresh ? "branch" : "switch", attempt->phrase->number);
    aur_record_all_controls(ch);
    free(turn->at.state);
}

/* ---- asking ---- */

/* What gives way to a turn. */
struct given_up {
    struct aur_turn turn;
    struct aur_piece *edit;
};

static void given_up_deinit(struct given_up *old)
{
    aur_turn_deinit(&old->turn);
    aur_piece_free(old->edit);
}

struct aur_piece *aur_branch_drop_edit(struct aur_channel *ch, const char *from, const char *to)
{
    struct aur_piece *edit = ch->shared.armed;
    if (!edit || strcmp(from, to) == 0)
        return NULL;
    ch->shared.armed = NULL;
    struct aur_msg_phrase current = aur_channel_current(ch);
    aur_channel_event_piece(ch, AUR_SCRIPT_PLAYING, ch->compose.session.piece, &current, NULL);
    return edit;
}

/* Under the lock. */
static void put_turn(struct aur_channel *ch, struct aur_msg_phrase *reply, struct given_up *old,
                     const struct aur_turn *turn)
{
    old->edit = aur_branch_drop_edit(ch, aur_branch_script(ch), turn->follows);
    old->turn = ch->shared.turn;
    ch->shared.turn = *turn;
    ch->shared.turn.at.controls.level = ch->shared.controls.level;
    ch->shared.turn.at.controls.brightness = ch->shared.controls.brightness;
    aur_record_asked(ch);
    *reply = aur_channel_open(ch);
}

/* Copies where the phrase of this many before was composed from. Under the lock. */
static int find_place(struct aur_channel *ch, struct aur_turn *turn, uint32_t phrases, struct aur_error *err)
{
    const struct aur_composed_from *from = ch->compose.from;
    uint64_t next = ch->compose.n_former + atomic_load_explicit(&ch->sounding, memory_order_relaxed) + 1, oldest = next;
    char value[16], allowed[48];
    while (oldest > 0 && from[(oldest - 1) % AUR_CHECKPOINTS_MAX].place == oldest - 1)
        oldest--;
    if (phrases < 1 || phrases > next - oldest) {
        snprintf(value, sizeof value, "%u", phrases);
        snprintf(allowed, sizeof allowed, "a whole number from 1 to %llu", (unsigned long long)(next - oldest));
        return aur_error_value(err, "phrases", value, allowed);
    }
    from = &ch->compose.from[(next - phrases) % AUR_CHECKPOINTS_MAX];
    const struct aur_branch_entry *parent = aur_branch_find(ch, from->branch);
    if (parent)
        memcpy(turn->follows, parent->follows, sizeof turn->follows);
    turn->parent = from->branch;
    turn->fresh = true;
    return aur_standing_copy(&turn->at, &from->at) ? AUR_OK : aur_error_set(err, AUR_ENOMEM, "out of memory");
}

/* Whether the piece makes the phrase that it would be. */
static int rehearse(const struct aur_channel *ch, const struct aur_standing *at, struct aur_error *err)
{
    struct aur_phrase *phrase;
    struct aur_session session;
    aur_session_init(&session, at->piece, at->seed, ch->rate_hz);
    session.next_ordinal = at->ordinal;
    session.state = at->state ? strdup(at->state) : NULL;
    int rc = aur_session_next(&session, &phrase, &at->controls, err);
    if (rc == AUR_OK)
        aur_phrase_free(phrase);
    aur_session_deinit(&session);
    return rc;
}

/* Another piece from there; the one of then is what it falls back to. */
static int take_piece(const struct aur_channel *ch, struct aur_turn *turn, struct aur_piece *piece,
                      struct aur_error *err)
{
    const struct aur_control_specs *specs = &aur_piece_describe(piece)->controls;
    struct aur_standing at = {.piece = piece, .seed = turn->at.seed, .ordinal = turn->at.ordinal};
    int rc = aur_piece_migrate(piece, &at.state, turn->at.state, err);
    aur_controls_default(&at.controls, specs);
    aur_controls_carry(&at.controls, specs, &turn->at.controls, &aur_piece_describe(turn->at.piece)->controls);
    if (rc == AUR_OK)
        rc = rehearse(ch, &at, err);
    if (rc < 0) {
        free(at.state);
        return rc;
    }
    turn->back = (struct aur_checkpoint){turn->at.piece, turn->at.state, turn->at.controls};
    turn->at = at;
    snprintf(turn->follows, sizeof turn->follows, "%s", aur_piece_name(piece));
    aur_piece_ref(piece);
    return AUR_OK;
}

int aur_channel_rewind(struct aur_channel *ch, struct aur_msg_phrase *reply, uint32_t *branch, uint32_t phrases,
                       const uint64_t *seed, struct aur_piece *piece, struct aur_error *err)
{
    struct aur_turn turn = {.fresh = false};
    struct given_up old;
    aur_lock_take(&ch->lock);
    int rc = find_place(ch, &turn, phrases, err);
    aur_lock_drop(&ch->lock);
    turn.at.seed = seed ? *seed : turn.at.seed;
    if (rc == AUR_OK && piece && piece != turn.at.piece)
        rc = take_piece(ch, &turn, piece, err);
    if (rc < 0) {
        aur_turn_deinit(&turn);
        return rc;
    }
    if (turn.back.piece)
        aur_record_piece(ch, turn.at.piece);
    aur_lock_take(&ch->lock);
    *branch = turn.branch = ch->compose.next_branch++;
    put_turn(ch, reply, &old, &turn);
    aur_lock_drop(&ch->lock);
    aur_log(ch->log, AUR_LOG_INFO, ch->name, "branch %u goes back to ordinal %llu with phrase %llu in %.1f s", *branch,
            (unsigned long long)turn.at.ordinal, (unsigned long long)reply->phrase, reply->sounds_in_ms / 1000);
    given_up_deinit(&old);
    aur_channel_wake(ch);
    return AUR_OK;
}

int aur_channel_switch(struct aur_channel *ch, struct aur_msg_phrase *reply, uint32_t branch, struct aur_error *err)
{
    struct aur_turn turn = {.branch = branch};
    struct given_up old = {.edit = NULL};
    int rc = AUR_OK;
    aur_lock_take(&ch->lock);
    struct aur_branch_entry *entry = aur_branch_find(ch, branch);
    if (entry && branch == ch->compose.branch) {
        old.edit = aur_branch_drop_edit(ch, aur_branch_script(ch), entry->follows);
        old.turn = ch->shared.turn;
        memset(&ch->shared.turn, 0, sizeof ch->shared.turn);
        aur_record_asked(ch);
        *reply = aur_channel_open(ch);
    } else if (entry && aur_standing_copy(&turn.at, &entry->at)) {
        turn.parent = entry->parent;
        memcpy(turn.follows, entry->follows, sizeof turn.follows);
        put_turn(ch, reply, &old, &turn);
    } else {
        rc = entry ? AUR_ENOMEM : AUR_ENOTFOUND;
    }
    aur_lock_drop(&ch->lock);
    given_up_deinit(&old);
    if (rc < 0)
        return aur_error_set(err, rc, entry ? "out of memory" : "there is no branch %u", branch);
    aur_log(ch->log, AUR_LOG_INFO, ch->name, "branch %u goes on with phrase %llu in %.1f s", branch,
            (unsigned long long)reply->phrase, reply->sounds_in_ms / 1000);
    aur_channel_wake(ch);
    return AUR_OK;
}
