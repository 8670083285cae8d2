/* The list of a channel's branches: how it begins, with those of an earlier session or without, who makes room in it for whom,
 * and what it looks like from outside. Under the channel's lock, but where no worker has the channel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/branch.h"
#include "channel/internal.h"

/* ---- places ---- */

void aur_standing_deinit(struct aur_standing *standing)
{
    aur_piece_free(standing->piece);
    free(standing->state);
    memset(standing, 0, sizeof *standing);
}

bool aur_standing_copy(struct aur_standing *out, const struct aur_standing *from)
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

/* ---- life ---- */

static void branch_deinit(struct aur_branch_entry *entry)
{
    aur_standing_deinit(&entry->at);
    for (uint32_t i = 0; i < entry->n_before; i++)
        aur_checkpoint_deinit(&entry->before[i]);
    memset(entry, 0, sizeof *entry);
}

/* What the branch is rolled back to. */
static bool restore_before(struct aur_checkpoint *before, uint32_t *n, const struct aur_former_branch *was)
{
    for (size_t i = 0; i < was->n_before; i++) {
        struct aur_standing copy;
        if (!aur_standing_copy(&copy, &was->before[i]))
            return false;
        before[(*n)++] = (struct aur_checkpoint){copy.piece, copy.state, copy.controls};
    }
    return true;
}

/* The last one is the current one, and stands where the session does. */
static bool restore_branches(struct aur_compose_side *c, const struct aur_former *former)
{
    for (size_t i = 0; i < former->n_branches; i++) {
        const struct aur_former_branch *was = &former->branches[i];
        struct aur_branch_entry *entry = &c->branches[i];
        *entry = (struct aur_branch_entry){.used = true,
                                           .id = was->id,
                                           .parent = was->parent,
                                           .from_number = was->from_number,
                                           .ordinal = was->ordinal,
                                           .left = i};
        memcpy(entry->session, was->session, sizeof entry->session);
        memcpy(entry->follows, was->follows, sizeof entry->follows);
        c->branch = was->id;
        if (c->next_branch <= was->id)
            c->next_branch = was->id + 1;
        bool current = i + 1 == former->n_branches;
        if (!current && !aur_standing_copy(&entry->at, &was->at))
            return false;
        if (!restore_before(current ? c->before : entry->before, current ? &c->n_before : &entry->n_before, was))
            return false;
    }
    c->n_left = former->n_branches;
    return true;
}

static bool restore_places(struct aur_compose_side *c, const struct aur_former *former)
{
    c->n_former = former->n_places;
    for (size_t i = 0; i < former->n_places; i++) {
        const struct aur_former_place *was = &former->places[i];
        if (!was->at.piece)
            continue;
        if (!aur_standing_copy(&c->from[i].at, &was->at))
            return false;
        c->from[i].place = i;
        c->from[i].branch = was->branch;
    }
    return true;
}

/* It waits as it did. */
static bool restore_turn(struct aur_channel *ch, const struct aur_former_turn *was)
{
    struct aur_turn turn = {.branch = was->branch, .parent = was->parent, .fresh = was->fresh};
    struct aur_standing back = {.piece = NULL};
    if (!was->at.piece)
        return true;
    if (!aur_standing_copy(&turn.at, &was->at))
        return false;
    if (was->back.piece && !aur_standing_copy(&back, &was->back)) {
        aur_standing_deinit(&turn.at);
        return false;
    }
    turn.back = (struct aur_checkpoint){back.piece, back.state, back.controls};
    memcpy(turn.follows, was->follows, sizeof turn.follows);
    ch->shared.turn = turn;
    if (ch->compose.next_branch <= turn.branch)
        ch->compose.next_branch = turn.branch + 1;
    aur_log(ch->log, AUR_LOG_INFO, ch->name, "branch %u, which was asked for, takes over", (unsigned)turn.branch);
    return true;
}

int aur_branches_begin(struct aur_channel *ch, const struct aur_former *former, struct aur_error *err)
{
    struct aur_compose_side *c = &ch->compose;
    for (int i = 0; i < AUR_CHECKPOINTS_MAX; i++)
        c->from[i].place = UINT64_MAX;
    c->branches[0] = (struct aur_branch_entry){.used = true, .ordinal = c->session.next_ordinal};
    c->next_branch = 1;
    if (former && (!restore_branches(c, former) || !restore_places(c, former) || !restore_turn(ch, &former->turn)))
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    return AUR_OK;
}

void aur_branches_free(struct aur_channel *ch)
{
    for (int i = 0; i < AUR_CHECKPOINTS_MAX; i++)
        aur_standing_deinit(&ch->compose.from[i].at);
    for (int i = 0; i < AUR_BRANCHES_MAX; i++)
        branch_deinit(&ch->compose.branches[i]);
    aur_turn_deinit(&ch->shared.turn);
}

/* ---- entries ---- */

struct aur_branch_entry *aur_branch_find(struct aur_channel *ch, uint32_t id)
{
    for (int i = 0; i < AUR_BRANCHES_MAX; i++)
        if (ch->compose.branches[i].used && ch->compose.branches[i].id == id)
            return &ch->compose.branches[i];
    return NULL;
}

struct aur_branch_entry *aur_branch_make_room(struct aur_channel *ch)
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

/* ---- from outside ---- */

/* The one that waits, or is being composed with. */
static const struct aur_turn *turn_of(const struct aur_channel *ch)
{
    const struct aur_shared_side *s = &ch->shared;
    if (s->turn.at.piece)
        return &s->turn;
    return s->composing && s->turning.at.piece ? &s->turning : NULL;
}

static void tell(const struct aur_channel *ch, struct aur_branch *out, const struct aur_branch_entry *entry)
{
    const struct aur_session *session = &ch->compose.session;
    const struct aur_turn *turn = turn_of(ch);
    bool current = entry->id == ch->compose.branch;
    const struct aur_piece *piece = current ? session->piece : entry->at.piece;
    *out = (struct aur_branch){.id = entry->id,
                               .parent = entry->parent,
                               .from_number = entry->from_number,
                               .ordinal = entry->ordinal,
                               .at_ordinal = current ? session->next_ordinal : entry->at.ordinal,
                               .seed = current ? session->seed : entry->at.seed,
                               .current = current,
                               .armed = turn && turn->branch == entry->id};
    snprintf(out->session, sizeof out->session, "%s", *entry->session ? entry->session : aur_channel_session(ch));
    snprintf(out->script, sizeof out->script, "%s", aur_piece_name(piece));
    strcpy(out->version, aur_piece_marks(piece)->version);
}

/* By id. */
static size_t list(const struct aur_channel *ch, const struct aur_branch_entry **out)
{
    size_t n = 0;
    for (int i = 0; i < AUR_BRANCHES_MAX; i++) {
        const struct aur_branch_entry *entry = &ch->compose.branches[i];
        size_t at = n;
        if (!entry->used)
            continue;
        for (n++; at > 0 && out[at - 1]->id > entry->id; at--)
            out[at] = out[at - 1];
        out[at] = entry;
    }
    return n;
}

size_t aur_channel_branches(struct aur_channel *ch, struct aur_branch *out, size_t max)
{
    const struct aur_branch_entry *listed[AUR_BRANCHES_LISTED];
    struct aur_branch_entry coming;
    aur_lock_take(&ch->lock);
    const struct aur_turn *turn = turn_of(ch);
    size_t n = list(ch, listed);
    if (turn && turn->fresh) {
        coming = (struct aur_branch_entry){
            .id = turn->branch, .parent = turn->parent, .ordinal = turn->at.ordinal, .at = turn->at};
        listed[n++] = &coming;
    }
    for (size_t i = 0; i < n && i < max; i++)
        tell(ch, &out[i], listed[i]);
    aur_lock_drop(&ch->lock);
    return n;
}

const char *aur_branch_script(struct aur_channel *ch)
{
    const struct aur_turn *turn = turn_of(ch);
    return turn ? turn->follows : aur_branch_find(ch, ch->compose.branch)->follows;
}

void aur_channel_follows(struct aur_channel *ch, char out[AUR_BRANCH_SCRIPT])
{
    aur_lock_take(&ch->lock);
    memcpy(out, aur_branch_script(ch), AUR_BRANCH_SCRIPT);
    aur_lock_drop(&ch->lock);
}

bool aur_channel_knows(struct aur_channel *ch, const char *hash)
{
    bool known = false;
    aur_lock_take(&ch->lock);
    for (int i = 0; i < AUR_BRANCHES_MAX; i++) {
        const struct aur_piece *piece = ch->compose.branches[i].at.piece;
        known |= piece && strcmp(aur_piece_marks(piece)->hash, hash) == 0;
    }
    aur_lock_drop(&ch->lock);
    return known;
}
