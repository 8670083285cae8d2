/* Reading branches back. Main thread, at start; no state.
 *
 * A branch is what its last phrase left: piece, state, seed and place in the music, with the controls as they were set last
 * while it was the current one. */
#include "app/former.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/former_inner.h"
#include "bundle/bundle.h"

static int load_piece(struct aur_former_reading *r, struct aur_piece **out, const char *hash, struct aur_error *err)
{
    struct aur_script_limits limits = aur_stage_limits(&r->stage->settings, true);
    struct aur_bundle *bundle;
    int rc = aur_archive_bundle(r->archive, &bundle, hash, err);
    if (rc < 0)
        return rc;
    rc = aur_bundle_load(out, bundle, r->stage->tables, &limits, r->stage->log, err);
    aur_bundle_free(bundle);
    return rc;
}

/* A reference; each piece is loaded once. */
int aur_former_piece(struct aur_former_reading *r, struct aur_piece **out, const char *hash, struct aur_error *err)
{
    size_t i = 0;
    int rc = AUR_OK;
    while (i < r->n_pieces && strcmp(r->pieces[i].hash, hash) != 0)
        i++;
    if (i == r->n_pieces && r->n_pieces < AUR_FORMER_PIECES) {
        snprintf(r->pieces[i].hash, sizeof r->pieces[i].hash, "%s", hash);
        r->n_pieces++;
        rc = load_piece(r, &r->pieces[i].piece, hash, err);
    }
    struct aur_piece *piece = i < AUR_FORMER_PIECES ? r->pieces[i].piece : NULL;
    *out = piece ? aur_piece_ref(piece) : NULL;
    if (rc == AUR_OK && !piece)
        rc = aur_error_set(err, AUR_ENOTFOUND, "piece %s cannot be had", hash);
    return rc;
}

/* What was set last, over what the phrase had: a piece that came after it may have controls of its own. */
static int read_controls(struct aur_standing *at, const char *of_phrase, const char *set, struct aur_error *err)
{
    struct aur_buf text;
    aur_buf_init(&text);
    aur_buf_text(&text, of_phrase);
    aur_buf_text(&text, set ? set : "");
    int rc = aur_buf_ok(&text) ? AUR_OK : aur_error_set(err, AUR_ENOMEM, "out of memory");
    if (rc == AUR_OK)
        rc = aur_controls_parse(&at->controls, &aur_piece_describe(at->piece)->controls, text.data ? text.data : "",
                                err);
    aur_buf_deinit(&text);
    return rc;
}

struct standing { /* to be made of a phrase */
    struct aur_former_reading *r;
    struct aur_standing *out;
    const char *set;
    bool after; /* where it left off; else where it began */
    struct aur_error *err;
    int rc;
};

static int take_standing(void *user, const struct aur_recorded_phrase *phrase)
{
    struct standing *s = user;
    const char *state = s->after ? phrase->state_after : phrase->state_before;
    *s->out = (struct aur_standing){.seed = phrase->seed, .ordinal = phrase->ordinal + s->after};
    s->out->state = state ? strdup(state) : NULL;
    s->rc = state && !s->out->state ? aur_error_set(s->err, AUR_ENOMEM, "out of memory")
                                    : aur_former_piece(s->r, &s->out->piece, phrase->piece, s->err);
    if (s->rc == AUR_OK)
        s->rc = read_controls(s->out, phrase->controls, s->set, s->err);
    return 0;
}

int aur_former_standing(struct aur_former_reading *r, struct aur_standing *out, const struct aur_former_where *where,
                        bool after, const char *set, struct aur_error *err)
{
    struct standing s = {r, out, set, after, err, AUR_ENOTFOUND};
    aur_error_set(err, AUR_ENOTFOUND, "session %s has no phrase %llu", where->session,
                  (unsigned long long)where->number);
    int rc = aur_archive_phrase(r->archive, where->session, where->number, take_standing, &s);
    if (rc == AUR_OK)
        rc = s.rc;
    if (rc < 0)
        aur_standing_deinit(out);
    return rc;
}

/* ---- what it is rolled back to ---- */

static void drop_before(struct aur_former_branch *out, size_t n)
{
    while (out->n_before > n)
        aur_standing_deinit(&out->before[--out->n_before]);
}

static bool same_piece(const struct aur_standing *a, const struct aur_standing *b)
{
    return strcmp(aur_piece_marks(a->piece)->hash, aur_piece_marks(b->piece)->hash) == 0;
}

bool aur_former_origin(struct aur_former_reading *r, struct aur_former_where *out, const char *session, uint32_t branch,
                       uint64_t ordinal)
{
    struct aur_session_info info = {.head = {.resumed_from = session}};
    for (int i = 0; i < AUR_FORMER_SESSIONS && *info.head.resumed_from; i++) {
        if (aur_archive_session(r->archive, &info, info.head.resumed_from, NULL) != AUR_OK ||
            aur_archive_ordinal(r->archive, info.id, branch, ordinal, &out->number) != AUR_OK)
            return false;
        memcpy(out->session, info.id, sizeof out->session);
        if (out->number != UINT64_MAX)
            return true;
    }
    return false;
}

/* A rewind that brought another script can be rolled back to the one of then. */
static int read_origin(struct aur_former_reading *r, struct aur_former_branch *out,
                       const struct aur_former_found *found, struct aur_error *err)
{
    struct aur_former_where origin;
    struct aur_standing first, then;
    if (!*found->follows || !aur_former_origin(r, &origin, found->first.session, found->parent, out->ordinal))
        return AUR_OK;
    int rc = aur_former_standing(r, &first, &found->first, false, NULL, err);
    if (rc == AUR_OK && (rc = aur_former_standing(r, &then, &origin, false, NULL, err)) < 0)
        aur_standing_deinit(&first);
    if (rc == AUR_OK) {
        if (same_piece(&first, &then))
            aur_standing_deinit(&then);
        else
            out->before[out->n_before++] = then;
        aur_standing_deinit(&first);
    }
    return rc == AUR_ENOMEM ? rc : AUR_OK;
}

/* Takes what an edit took over from, which waits in case it fails. */
static void push_before(struct aur_former_branch *out, const struct aur_standing *was)
{
    if (out->n_before == AUR_BRANCH_BEFORE) {
        aur_standing_deinit(&out->before[0]);
        memmove(out->before, out->before + 1, --out->n_before * sizeof *out->before);
    }
    out->before[out->n_before++] = *was;
}

static int read_before(struct aur_former_reading *r, struct aur_former_branch *out,
                       const struct aur_former_found *found, struct aur_error *err)
{
    for (size_t i = found->n_changes; i-- > 0;) {
        const struct aur_former_change *change = &found->changes[i];
        struct aur_standing was;
        if (change->n_back) {
            drop_before(out, out->n_before > change->n_back ? out->n_before - change->n_back : 0);
            continue;
        }
        int rc = aur_former_standing(r, &was, &change->before, true, NULL, err);
        if (rc == AUR_ENOMEM)
            return rc;
        if (rc == AUR_OK)
            push_before(out, &was);
        else
            drop_before(out, 0); /* nobody knows what it was */
    }
    return AUR_OK;
}

/* ---- all of it ---- */

static int take_ordinal(void *user, const struct aur_recorded_phrase *phrase)
{
    *(uint64_t *)user = phrase->ordinal;
    return 0;
}

static int read_branch(struct aur_former_reading *r, struct aur_former_branch *out,
                       const struct aur_former_found *found, struct aur_error *err)
{
    *out = (struct aur_former_branch){.id = found->id, .parent = found->parent, .from_number = found->first.number};
    memcpy(out->session, found->first.session, sizeof out->session);
    memcpy(out->follows, found->follows, sizeof out->follows);
    int rc = aur_former_standing(r, &out->at, &found->last, true, found->controls, err);
    if (rc == AUR_OK)
        rc = aur_archive_phrase(r->archive, found->first.session, found->first.number, take_ordinal, &out->ordinal);
    if (rc == AUR_OK)
        rc = read_origin(r, out, found, err);
    if (rc == AUR_OK)
        rc = read_before(r, out, found, err);
    if (rc < 0) {
        aur_standing_deinit(&out->at);
        drop_before(out, 0);
    }
    return rc;
}

/* The one that was found last was left first. */
static int read_branches(struct aur_former_reading *r, struct aur_former *out, struct aur_error *err)
{
    for (size_t i = r->n_found; i-- > 0;) {
        int rc = read_branch(r, &out->branches[out->n_branches], &r->found[i], err);
        if (rc == AUR_OK)
            out->n_branches++;
        else if (i == 0 || rc == AUR_ENOMEM)
            return rc;
        else
            aur_log(r->stage->log, AUR_LOG_WARNING, "serve", "branch %u is gone: %s", (unsigned)r->found[i].id,
                    err->message);
    }
    return AUR_OK;
}

static int take_branch(void *user, const struct aur_recorded_phrase *phrase)
{
    *(uint32_t *)user = phrase->branch;
    return 0;
}

static int read_places(struct aur_former_reading *r, struct aur_former *out, struct aur_error *err)
{
    for (size_t i = r->n_places; i-- > 0;) {
        struct aur_former_place *place = &out->places[out->n_places++];
        int rc = aur_archive_phrase(r->archive, r->places[i].session, r->places[i].number, take_branch, &place->branch);
        if (rc == AUR_OK)
            rc = aur_former_standing(r, &place->at, &r->places[i], false, NULL, err);
        if (rc == AUR_ENOMEM)
            return rc;
    }
    return AUR_OK;
}

int aur_former_read(struct aur_former **out, struct aur_archive *archive, const char *session,
                    const struct aur_stage *stage, struct aur_error *err)
{
    struct aur_former_reading *r = calloc(1, sizeof *r);
    *out = calloc(1, sizeof **out);
    int rc = r && *out ? AUR_OK : aur_error_set(err, AUR_ENOMEM, "out of memory");
    if (rc == AUR_OK) {
        r->archive = archive;
        r->stage = stage;
        rc = aur_former_look(r, session, err);
    }
    if (rc == AUR_OK)
        rc = read_branches(r, *out, err);
    if (rc == AUR_OK)
        rc = read_places(r, *out, err);
    if (rc == AUR_OK)
        rc = aur_former_turn(r, *out, err);
    for (size_t i = 0; r && i < r->n_found; i++)
        free(r->found[i].controls);
    for (size_t i = 0; r && i < r->n_pieces; i++)
        aur_piece_free(r->pieces[i].piece);
    free(r ? r->asked.controls : NULL);
    free(r);
    if (rc < 0) {
        aur_former_free(*out);
        *out = NULL;
    }
    return rc;
}

void aur_former_free(struct aur_former *former)
{
    for (size_t i = 0; former && i < former->n_branches; i++) {
        aur_standing_deinit(&former->branches[i].at);
        drop_before(&former->branches[i], 0);
    }
    for (size_t i = 0; former && i < former->n_places; i++)
        aur_standing_deinit(&former->places[i].at);
    if (former) {
        aur_standing_deinit(&former->turn.at);
        aur_standing_deinit(&former->turn.back);
    }
    free(former);
}
