/* The branch that was asked for and had not begun when its session ended, made again of what was told of it: where it goes back to,
 * and what was set for it. Main thread, at start; no state. */
#include <stdlib.h>
#include <string.h>

#include "app/former_inner.h"

/* Another script from there, as the rewind had it (channel/branch.c). */
static int take_piece(struct aur_former_turn *out, struct aur_piece *piece, struct aur_error *err)
{
    const struct aur_control_specs *specs = &aur_piece_describe(piece)->controls;
    out->back = out->at;
    out->at = (struct aur_standing){.piece = piece};
    aur_controls_default(&out->at.controls, specs);
    aur_controls_carry(&out->at.controls, specs, &out->back.controls, &aur_piece_describe(out->back.piece)->controls);
    return aur_piece_migrate(piece, &out->at.state, out->back.state, err);
}

static int read_rewind(struct aur_former_reading *r, struct aur_former_turn *out, struct aur_error *err)
{
    const struct aur_former_asked *asked = &r->asked;
    struct aur_former_where origin;
    struct aur_piece *piece = NULL;
    if (!aur_former_origin(r, &origin, r->newest_session, asked->parent, asked->ordinal))
        return aur_error_set(err, AUR_ENOTFOUND, "the phrase that it goes back to is not recorded any more");
    int rc = aur_former_piece(r, &piece, asked->piece, err);
    if (rc == AUR_OK)
        rc = aur_former_standing(r, &out->at, &origin, false, NULL, err);
    if (rc == AUR_OK && strcmp(aur_piece_marks(out->at.piece)->hash, asked->piece) != 0)
        rc = take_piece(out, aur_piece_ref(piece), err);
    aur_piece_free(piece);
    out->at.seed = asked->seed;
    out->at.ordinal = asked->ordinal;
    return rc;
}

/* Where the branch stands; the current one cannot be asked for. */
static int read_switch(struct aur_former_reading *r, struct aur_former_turn *out, const struct aur_former *former,
                       struct aur_error *err)
{
    for (size_t i = 0; i + 1 < former->n_branches; i++) {
        const struct aur_standing *at = &former->branches[i].at;
        if (former->branches[i].id != r->asked.branch)
            continue;
        out->at = *at;
        out->at.state = at->state ? strdup(at->state) : NULL;
        if (at->state && !out->at.state) {
            out->at.piece = NULL;
            return aur_error_set(err, AUR_ENOMEM, "out of memory");
        }
        aur_piece_ref(at->piece);
        return AUR_OK;
    }
    return aur_error_set(err, AUR_ENOTFOUND, "it is not there any more");
}

int aur_former_turn(struct aur_former_reading *r, struct aur_former *io, struct aur_error *err)
{
    const struct aur_former_asked *asked = &r->asked;
    struct aur_former_turn *out = &io->turn;
    if (!asked->controls)
        return AUR_OK;
    *out = (struct aur_former_turn){.branch = asked->branch, .parent = asked->parent, .fresh = asked->fresh};
    memcpy(out->follows, asked->follows, sizeof out->follows);
    int rc = asked->fresh ? read_rewind(r, out, err) : read_switch(r, out, io, err);
    if (rc == AUR_OK)
        rc = aur_controls_parse(&out->at.controls, &aur_piece_describe(out->at.piece)->controls, asked->controls, err);
    if (rc == AUR_OK || rc == AUR_ENOMEM)
        return rc;
    aur_log(r->stage->log, AUR_LOG_WARNING, "serve", "branch %u, which was asked for, is gone: %s",
            (unsigned)asked->branch, err->message);
    aur_standing_deinit(&out->at);
    aur_standing_deinit(&out->back);
    return AUR_OK;
}
