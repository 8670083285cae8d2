/* Branches: places in the music that can be gone back to, and ways of it that can be switched between. What is asked for
 * waits as a turn until the composer takes it at its commit point, like an armed edit; everything here is under the channel's
 * lock, but for the script that a rewind with another piece runs. */
#include "channel/branch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/internal.h"

void aur_standing_deinit(struct aur_standing *standing)
{
    aur_piece_free(standing->piece);
    free(standing->state);
    memset(standing, 0, sizeof *standing);
}

void aur_turn_deinit(struct aur_turn *turn)
{
    aur_standing_deinit(&turn->at);
    aur_checkpoint_deinit(&turn->back);
    memset(turn, 0, sizeof *turn);
}

static void branch_deinit(struct aur_branch_entry *entry)
{
    aur_standing_deinit(&entry->at);
    for (uint32_t i = 0; i < entry->n_before; i++)
        aur_checkpoint_deinit(&entry->before[i]);
    memset(entry, 0, sizeof *entry);
}

void aur_branches_begin(struct aur_channel *ch)
{
    struct aur_compose_side *c = &ch->compose;
    c->branches[0] = (struct aur_branch_entry){.used = true, .ordinal = c->session.next_ordinal};
    c->next_branch = 1;
}

void aur_branches_free(struct aur_channel *ch)
{
    for (int i = 0; i < AUR_CHECKPOINTS_MAX; i++)
        aur_standing_deinit(&ch->compose.from[i].at);
    for (int i = 0; i < AUR_BRANCHES_MAX; i++)
        branch_deinit(&ch->compose.branches[i]);
    aur_turn_deinit(&ch->shared.turn);
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

static struct aur_branch_entry *find(struct aur_channel *ch, uint32_t id)
{
    for (int i = 0; i < AUR_BRANCHES_MAX; i++)
        if (ch->compose.branches[i].used && ch->compose.branches[i].id == id)
            return &ch->compose.branches[i];
    return NULL;
}

/* A free place, or that of the branch left longest ago. */
static struct aur_branch_entry *make_room(struct aur_channel *ch)
{
    struct aur_compose_side *c = &ch->compose;
    struct aur_branch_entry *oldest = NULL;
    for (int i = 0; i < AUR_BRANCHES_MAX; i++) {
        struct aur_branch_entry *entry = &c->branches[i];
        if (!entry->used)
            return entry;
        if (entry->id != c->branch && (!oldest || entry->left < oldest->left))
            oldest = entry;
    }
    branch_deinit(oldest);
    return oldest;
}

/* Another reference to the piece and a copy of the state; false: out of memory, and nothing is held. */
static bool copy(struct aur_standing *out, const struct aur_standing *from)
{
    *out = *from;
    out->state = from->state ? strdup(from->state) : NULL;
    if (from->state && !out->state) {
        memset(out, 0, sizeof *out);
        return false;
    }
    out->piece = aur_piece_ref(from->piece);
    return true;
}

/* ---- composer worker, under the lock ---- */

void aur_branch_settled(struct aur_channel *ch, const struct aur_phrase *phrase, struct aur_attempt *attempt,
                        struct aur_standing *old)
{
    struct aur_compose_side *c = &ch->compose;
    struct aur_composed_from *from = &c->from[phrase->number % AUR_CHECKPOINTS_MAX];
    *old = from->at;
    from->number = phrase->number;
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
    if (!copy(&from->at, &here))
        from->number = UINT64_MAX; /* out of memory: it cannot be gone back to */
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
static void leave(struct aur_channel *ch, uint64_t number)
{
    struct aur_compose_side *c = &ch->compose;
    struct aur_branch_entry *entry = find(ch, c->branch);
    entry->left = number;
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
    struct aur_branch_entry *entry = turn->fresh ? NULL : find(ch, turn->branch);
    c->branch = turn->branch;
    if (!entry) {
        entry = make_room(ch);
        *entry = (struct aur_branch_entry){.used = true,
                                           .id = turn->branch,
                                           .parent = turn->parent,
                                           .from_number = attempt->phrase->number,
                                           .ordinal = attempt->phrase->ordinal};
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
    leave(ch, attempt->phrase->number);
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

/* Under the lock. What waited before is in *old. */
static void put_turn(struct aur_channel *ch, struct aur_msg_phrase *reply, struct aur_turn *old,
                     const struct aur_turn *turn)
{
    *old = ch->shared.turn;
    ch->shared.turn = *turn;
    ch->shared.turn.at.controls.level = ch->shared.controls.level;
    ch->shared.turn.at.controls.brightness = ch->shared.controls.brightness;
    *reply = aur_channel_open(ch);
}

/* Copies where the phrase of this many before was composed from. Under the lock. */
static int find_place(struct aur_channel *ch, struct aur_turn *turn, uint32_t phrases, struct aur_error *err)
{
    uint64_t next = atomic_load_explicit(&ch->sounding, memory_order_relaxed) + 1, oldest = next;
    const struct aur_composed_from *from = ch->compose.from;
    char value[16], allowed[48];
    while (oldest > 0 && from[(oldest - 1) % AUR_CHECKPOINTS_MAX].number == oldest - 1)
        oldest--;
    if (phrases < 1 || phrases > next - oldest) {
        snprintf(value, sizeof value, "%u", phrases);
        snprintf(allowed, sizeof allowed, "a whole number from 1 to %llu", (unsigned long long)(next - oldest));
        return aur_error_value(err, "phrases", value, allowed);
    }
    from = &ch->compose.from[(next - phrases) % AUR_CHECKPOINTS_MAX];
    turn->parent = from->branch;
    turn->fresh = true;
    return copy(&turn->at, &from->at) ? AUR_OK : aur_error_set(err, AUR_ENOMEM, "out of memory");
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
    aur_piece_ref(piece);
    return AUR_OK;
}

int aur_channel_rewind(struct aur_channel *ch, struct aur_msg_phrase *reply, uint32_t *branch, uint32_t phrases,
                       const uint64_t *seed, struct aur_piece *piece, struct aur_error *err)
{
    struct aur_turn turn = {.fresh = false}, old;
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
    aur_lock_take(&ch->lock);
    *branch = turn.branch = ch->compose.next_branch++;
    put_turn(ch, reply, &old, &turn);
    aur_lock_drop(&ch->lock);
    aur_log(ch->log, AUR_LOG_INFO, ch->name, "branch %u goes back to ordinal %llu with phrase %llu in %.1f s", *branch,
            (unsigned long long)turn.at.ordinal, (unsigned long long)reply->phrase, reply->sounds_in_ms / 1000);
    aur_turn_deinit(&old);
    aur_channel_wake(ch);
    return AUR_OK;
}

int aur_channel_switch(struct aur_channel *ch, struct aur_msg_phrase *reply, uint32_t branch, struct aur_error *err)
{
    struct aur_turn turn = {.branch = branch}, old = {.fresh = false};
    int rc = AUR_OK;
    aur_lock_take(&ch->lock);
    struct aur_branch_entry *entry = find(ch, branch);
    if (entry && branch == ch->compose.branch) {
        old = ch->shared.turn;
        memset(&ch->shared.turn, 0, sizeof ch->shared.turn);
        *reply = aur_channel_open(ch);
    } else if (entry && copy(&turn.at, &entry->at)) {
        turn.parent = entry->parent;
        put_turn(ch, reply, &old, &turn);
    } else {
        rc = entry ? AUR_ENOMEM : AUR_ENOTFOUND;
    }
    aur_lock_drop(&ch->lock);
    aur_turn_deinit(&old);
    if (rc < 0)
        return aur_error_set(err, rc, entry ? "out of memory" : "there is no branch %u", branch);
    aur_log(ch->log, AUR_LOG_INFO, ch->name, "branch %u goes on with phrase %llu in %.1f s", branch,
            (unsigned long long)reply->phrase, reply->sounds_in_ms / 1000);
    aur_channel_wake(ch);
    return AUR_OK;
}

static void tell(const struct aur_channel *ch, struct aur_branch *out, const struct aur_branch_entry *entry)
{
    const struct aur_session *session = &ch->compose.session;
    bool current = entry->id == ch->compose.branch;
    const struct aur_piece *piece = current ? session->piece : entry->at.piece;
    *out = (struct aur_branch){.id = entry->id,
                               .parent = entry->parent,
                               .from_number = entry->from_number,
                               .ordinal = entry->ordinal,
                               .at_ordinal = current ? session->next_ordinal : entry->at.ordinal,
                               .seed = current ? session->seed : entry->at.seed,
                               .current = current,
                               .armed = ch->shared.turn.at.piece && ch->shared.turn.branch == entry->id};
    snprintf(out->script, sizeof out->script, "%s", aur_piece_name(piece));
    strcpy(out->version, aur_piece_marks(piece)->version);
}

size_t aur_channel_branches(struct aur_channel *ch, struct aur_branch *out, size_t max)
{
    size_t n = 0;
    aur_lock_take(&ch->lock);
    for (uint32_t id = 0; id < ch->compose.next_branch; id++) {
        const struct aur_branch_entry *entry = find(ch, id);
        if (!entry)
            continue;
        if (n < max)
            tell(ch, &out[n], entry);
        n++;
    }
    const struct aur_turn *turn = &ch->shared.turn;
    if (turn->at.piece && turn->fresh && n++ < max) {
        const struct aur_branch_entry coming = {
            .id = turn->branch, .parent = turn->parent, .ordinal = turn->at.ordinal, .at = turn->at};
        tell(ch, &out[n - 1], &coming);
    }
    aur_lock_drop(&ch->lock);
    return n;
}
