/* Reading branches back. Main thread, at start; no state.
 *
 * A branch is what its last phrase left: piece, state, seed and place in the music, with the controls as they were set last
 * while it was the current one. Sessions are gone through from the newest to the oldest, so what is found first is where a
 * branch stands and what is found last is where it began. */
#include "app/former.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle.h"

#define PIECES_MAX (AUR_BRANCHES_MAX + AUR_CHECKPOINTS_MAX)

struct where { /* a phrase */
    char session[AUR_SESSION_ID_SIZE];
    uint64_t number;
};

struct found {
    uint32_t id, parent;
    bool told; /* parent and follows are known */
    char follows[AUR_BRANCH_SCRIPT];
    struct where first, last;
    char *controls; /* as set last; NULL: nobody set any */
};

struct reading {
    struct aur_archive *archive;
    const struct aur_stage *stage;
    char session[AUR_SESSION_ID_SIZE]; /* that is looked through */
    struct found found[AUR_BRANCHES_MAX];
    size_t n_found;
    struct where places[AUR_CHECKPOINTS_MAX]; /* the newest first */
    size_t n_places;
    struct {
        char hash[AUR_JOURNAL_HASH];
        struct aur_piece *piece; /* NULL: it cannot be had */
    } pieces[PIECES_MAX];
    size_t n_pieces;
    uint32_t current; /* while events are read */
    uint64_t first, last;
    bool any, curious, failed;
};

static struct found *find(struct reading *r, uint32_t id)
{
    for (size_t i = 0; i < r->n_found; i++)
        if (r->found[i].id == id)
            return &r->found[i];
    return NULL;
}

/* ---- what is there ---- */

static int take_span(void *user, const struct aur_branch_span *span)
{
    struct reading *r = user;
    struct found *found = find(r, span->branch);
    if (!r->any || span->first < r->first) {
        r->first = span->first;
        r->current = span->branch;
    }
    r->last = r->any ? r->last : span->last;
    r->any = true;
    if (!found && r->n_found < AUR_BRANCHES_MAX) {
        found = &r->found[r->n_found++];
        *found = (struct found){.id = span->branch, .told = span->branch == 0, .last = {.number = span->last}};
        memcpy(found->last.session, r->session, sizeof r->session);
        r->curious = true;
    }
    if (!found)
        return 0;
    r->curious |= !found->told;
    found->first.number = span->first;
    memcpy(found->first.session, r->session, sizeof r->session);
    return 0;
}

static void take_places(struct reading *r)
{
    for (uint64_t number = r->last + 1; number > r->first && r->n_places < AUR_CHECKPOINTS_MAX; number--) {
        struct where *place = &r->places[r->n_places++];
        place->number = number - 1;
        memcpy(place->session, r->session, sizeof r->session);
    }
}

static void take_turn(struct reading *r, const json_t *detail)
{
    const char *script = json_string_value(json_object_get(detail, "script"));
    r->current = (uint32_t)json_number_value(json_object_get(detail, "branch"));
    struct found *found = find(r, r->current);
    if (!found || found->told)
        return;
    found->parent = (uint32_t)json_number_value(json_object_get(detail, "parent"));
    snprintf(found->follows, sizeof found->follows, "%s", script ? script : "");
    found->told = true;
}

/* Of a branch that stands in this session. */
static void take_controls(struct reading *r, const json_t *detail)
{
    const char *controls = json_string_value(json_object_get(detail, "controls"));
    struct found *found = find(r, r->current);
    if (!controls || !found || strcmp(found->last.session, r->session) != 0)
        return;
    free(found->controls);
    found->controls = strdup(controls);
    r->failed |= !found->controls;
}

static int take_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct reading *r = user;
    bool turn = strcmp(kind, "branch") == 0 || strcmp(kind, "switch") == 0;
    (void)frame;
    (void)at_ms;
    if (!turn && strcmp(kind, "control") != 0)
        return 0;
    json_t *root = json_loads(detail, JSON_DECODE_INT_AS_REAL, NULL); /* seeds have 64 bits */
    if (turn && root)
        take_turn(r, root);
    else if (root)
        take_controls(r, root);
    json_decref(root);
    return 0;
}

/* One session; *next: the one that it goes on from, or "". */
static int look_through(struct reading *r, const char **next, struct aur_error *err)
{
    struct aur_session_info info;
    r->any = r->curious = false;
    int rc = aur_archive_session(r->archive, &info, r->session, err);
    if (rc == AUR_OK)
        rc = aur_archive_branches(r->archive, r->session, take_span, r);
    if (rc == AUR_OK && r->any)
        take_places(r);
    if (rc == AUR_OK && r->curious)
        rc = aur_archive_events(r->archive, r->session, 0, UINT64_MAX, take_event, r);
    *next = rc == AUR_OK ? info.head.resumed_from : "";
    return rc;
}

/* The newest session must be there; older ones may be gone. */
static int look_back(struct reading *r, const char *session, struct aur_error *err)
{
    const char *next = session;
    for (int i = 0; i < AUR_FORMER_SESSIONS && *next; i++) {
        snprintf(r->session, sizeof r->session, "%s", next);
        int rc = look_through(r, &next, err);
        if (rc < 0 && (i == 0 || rc != AUR_ENOTFOUND))
            return aur_error_set(err, rc, "session %s: %s", r->session, aur_err_text(rc));
        if (i == 0 && r->n_found == 0)
            return aur_error_set(err, AUR_ENOTFOUND, "session %s has no phrase", session);
    }
    return r->failed ? aur_error_set(err, AUR_ENOMEM, "out of memory") : AUR_OK;
}

/* ---- what it was made of ---- */

static int load_piece(struct reading *r, struct aur_piece **out, const char *hash, struct aur_error *err)
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
static int get_piece(struct reading *r, struct aur_piece **out, const char *hash, struct aur_error *err)
{
    size_t i = 0;
    int rc = AUR_OK;
    while (i < r->n_pieces && strcmp(r->pieces[i].hash, hash) != 0)
        i++;
    if (i == r->n_pieces && r->n_pieces < PIECES_MAX) {
        snprintf(r->pieces[i].hash, sizeof r->pieces[i].hash, "%s", hash);
        r->n_pieces++;
        rc = load_piece(r, &r->pieces[i].piece, hash, err);
    }
    struct aur_piece *piece = i < PIECES_MAX ? r->pieces[i].piece : NULL;
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
    struct reading *r;
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
                                    : get_piece(s->r, &s->out->piece, phrase->piece, s->err);
    if (s->rc == AUR_OK)
        s->rc = read_controls(s->out, phrase->controls, s->set, s->err);
    return 0;
}

static int read_standing(struct reading *r, struct aur_standing *out, const struct where *where, bool after,
                         const char *set, struct aur_error *err)
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

static int take_ordinal(void *user, const struct aur_recorded_phrase *phrase)
{
    *(uint64_t *)user = phrase->ordinal;
    return 0;
}

static int read_branch(struct reading *r, struct aur_former_branch *out, const struct found *found,
                       struct aur_error *err)
{
    *out = (struct aur_former_branch){.id = found->id, .parent = found->parent, .from_number = found->first.number};
    memcpy(out->session, found->first.session, sizeof out->session);
    memcpy(out->follows, found->follows, sizeof out->follows);
    int rc = read_standing(r, &out->at, &found->last, true, found->controls, err);
    if (rc == AUR_OK)
        rc = aur_archive_phrase(r->archive, found->first.session, found->first.number, take_ordinal, &out->ordinal);
    return rc;
}

/* The one that was found last was left first. */
static int read_branches(struct reading *r, struct aur_former *out, struct aur_error *err)
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

static int read_places(struct reading *r, struct aur_former *out, struct aur_error *err)
{
    for (size_t i = r->n_places; i-- > 0;) {
        struct aur_former_place *place = &out->places[out->n_places++];
        int rc = aur_archive_phrase(r->archive, r->places[i].session, r->places[i].number, take_branch, &place->branch);
        if (rc == AUR_OK)
            rc = read_standing(r, &place->at, &r->places[i], false, NULL, err);
        if (rc == AUR_ENOMEM)
            return rc;
    }
    return AUR_OK;
}

int aur_former_read(struct aur_former **out, struct aur_archive *archive, const char *session,
                    const struct aur_stage *stage, struct aur_error *err)
{
    struct reading *r = calloc(1, sizeof *r);
    *out = calloc(1, sizeof **out);
    int rc = r && *out ? AUR_OK : aur_error_set(err, AUR_ENOMEM, "out of memory");
    if (rc == AUR_OK) {
        r->archive = archive;
        r->stage = stage;
        rc = look_back(r, session, err);
    }
    if (rc == AUR_OK)
        rc = read_branches(r, *out, err);
    if (rc == AUR_OK)
        rc = read_places(r, *out, err);
    for (size_t i = 0; r && i < r->n_found; i++)
        free(r->found[i].controls);
    for (size_t i = 0; r && i < r->n_pieces; i++)
        aur_piece_free(r->pieces[i].piece);
    free(r);
    if (rc < 0) {
        aur_former_free(*out);
        *out = NULL;
    }
    return rc;
}

void aur_former_free(struct aur_former *former)
{
    for (size_t i = 0; former && i < former->n_branches; i++)
        aur_standing_deinit(&former->branches[i].at);
    for (size_t i = 0; former && i < former->n_places; i++)
        aur_standing_deinit(&former->places[i].at);
    free(former);
}
