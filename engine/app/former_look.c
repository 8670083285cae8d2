/* What there is to be read back: which branches, where each began and stands, what was set in it, which phrases can be gone back
 * to. Main thread, at start.
 *
 * Sessions are gone through from the newest to the oldest, so what is found first is where a branch stands and what is found last
 * is where it began. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/former_inner.h"

static struct aur_former_found *find(struct aur_former_reading *r, uint32_t id)
{
    for (size_t i = 0; i < r->n_found; i++)
        if (r->found[i].id == id)
            return &r->found[i];
    return NULL;
}

static int take_span(void *user, const struct aur_branch_span *span)
{
    struct aur_former_reading *r = user;
    struct aur_former_found *found = find(r, span->branch);
    if (!r->any || span->first < r->first) {
        r->first = span->first;
        r->current = span->branch;
    }
    r->last = r->any ? r->last : span->last;
    r->any = true;
    if (!found && r->n_found < AUR_BRANCHES_MAX) {
        found = &r->found[r->n_found++];
        *found =
            (struct aur_former_found){.id = span->branch, .told = span->branch == 0, .last = {.number = span->last}};
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

static void take_places(struct aur_former_reading *r)
{
    for (uint64_t number = r->last + 1; number > r->first && r->n_places < AUR_CHECKPOINTS_MAX; number--) {
        struct aur_former_where *place = &r->places[r->n_places++];
        place->number = number - 1;
        memcpy(place->session, r->session, sizeof r->session);
    }
}

static void forget_asked(struct aur_former_asked *asked)
{
    free(asked->controls);
    memset(asked, 0, sizeof *asked);
}

static void copy_text(char *out, size_t size, const json_t *detail, const char *key)
{
    const char *text = json_string_value(json_object_get(detail, key));
    snprintf(out, size, "%s", text ? text : "");
}

static void take_asked(struct aur_former_reading *r, const json_t *detail)
{
    struct aur_former_asked *asked = &r->asked;
    const json_t *branch = json_object_get(detail, "branch");
    const char *controls = json_string_value(json_object_get(detail, "controls"));
    char seed[24];
    forget_asked(asked);
    if (!json_is_number(branch) || !controls)
        return;
    *asked = (struct aur_former_asked){.fresh = json_is_true(json_object_get(detail, "fresh")),
                                       .branch = (uint32_t)json_number_value(branch),
                                       .parent = (uint32_t)json_number_value(json_object_get(detail, "parent")),
                                       .ordinal = (uint64_t)json_number_value(json_object_get(detail, "ordinal"))};
    copy_text(seed, sizeof seed, detail, "seed");
    asked->seed = strtoull(seed, NULL, 10);
    copy_text(asked->follows, sizeof asked->follows, detail, "script");
    copy_text(asked->piece, sizeof asked->piece, detail, "piece");
    asked->controls = strdup(controls);
    r->failed |= !asked->controls;
}

/* It began. */
static void settle_asked(struct aur_former_reading *r)
{
    if (r->asked.controls && r->asked.branch == r->current)
        forget_asked(&r->asked);
}

static void take_turn(struct aur_former_reading *r, const json_t *detail)
{
    const char *script = json_string_value(json_object_get(detail, "script"));
    r->current = (uint32_t)json_number_value(json_object_get(detail, "branch"));
    struct aur_former_found *found = find(r, r->current);
    if (r->newest)
        settle_asked(r);
    if (!found || found->told)
        return;
    found->parent = (uint32_t)json_number_value(json_object_get(detail, "parent"));
    snprintf(found->follows, sizeof found->follows, "%s", script ? script : "");
    found->told = true;
}

/* Of a branch that stands in this session. */
static void take_controls(struct aur_former_reading *r, const json_t *detail)
{
    const char *controls = json_string_value(json_object_get(detail, "controls"));
    struct aur_former_found *found = find(r, r->current);
    if (!controls || !found || strcmp(found->last.session, r->session) != 0)
        return;
    free(found->controls);
    found->controls = strdup(controls);
    r->failed |= !found->controls;
}

/* A text failed, and with this phrase the one before went on. */
static void take_rollback(struct aur_former_reading *r, const json_t *detail)
{
    const char *state = json_string_value(json_object_get(detail, "state"));
    uint64_t phrase = (uint64_t)json_number_value(json_object_get(detail, "phrase"));
    struct aur_former_found *found = find(r, r->current);
    if (!found || !state || strcmp(state, "rolled_back") != 0)
        return;
    for (size_t i = 0; i < found->n_changes; i++) {
        struct aur_former_change *change = &found->changes[i];
        change->n_back += change->after.number == phrase && strcmp(change->after.session, r->session) == 0;
    }
}

static int take_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct aur_former_reading *r = user;
    bool turn = strcmp(kind, "branch") == 0 || strcmp(kind, "switch") == 0, script = strcmp(kind, "script") == 0;
    bool asked = strcmp(kind, "asked") == 0 && r->newest;
    (void)frame;
    (void)at_ms;
    if (!turn && !script && !asked && strcmp(kind, "control") != 0)
        return 0;
    json_t *root = json_loads(detail, JSON_DECODE_INT_AS_REAL, NULL); /* seeds have 64 bits */
    if (turn && root)
        take_turn(r, root);
    else if (asked && root)
        take_asked(r, root);
    else if (script && root)
        take_rollback(r, root);
    else if (root)
        take_controls(r, root);
    json_decref(root);
    return 0;
}

static int take_change(void *user, uint64_t before, uint64_t number)
{
    struct aur_former_reading *r = user;
    struct aur_former_change *change = &r->changing->changes[r->changing->n_changes++];
    r->curious = true;
    change->before.number = before;
    change->after.number = number;
    memcpy(change->before.session, r->session, sizeof r->session);
    memcpy(change->after.session, r->session, sizeof r->session);
    return 0;
}

/* Of the branches that this session has. */
static int look_for_changes(struct aur_former_reading *r)
{
    int rc = AUR_OK;
    for (size_t i = 0; rc == AUR_OK && i < r->n_found; i++) {
        struct aur_former_found *found = &r->found[i];
        r->changing = found;
        if (strcmp(found->first.session, r->session) == 0 && found->n_changes < AUR_FORMER_CHANGES)
            rc = aur_archive_changes(r->archive, r->session, found->id, (int)(AUR_FORMER_CHANGES - found->n_changes),
                                     take_change, r);
    }
    return rc;
}

/* One session; *next: the one that it goes on from, or "". */
static int look_through(struct aur_former_reading *r, const char **next, struct aur_error *err)
{
    struct aur_session_info info;
    r->any = r->curious = false;
    int rc = aur_archive_session(r->archive, &info, r->session, err);
    if (rc == AUR_OK)
        rc = aur_archive_branches(r->archive, r->session, take_span, r);
    if (rc == AUR_OK && r->any)
        take_places(r);
    if (rc == AUR_OK)
        rc = look_for_changes(r);
    if (rc == AUR_OK && r->curious)
        rc = aur_archive_events(r->archive, r->session, 0, UINT64_MAX, take_event, r);
    *next = rc == AUR_OK ? info.head.resumed_from : "";
    return rc;
}

int aur_former_look(struct aur_former_reading *r, const char *session, struct aur_error *err)
{
    const char *next = session;
    snprintf(r->newest_session, sizeof r->newest_session, "%s", session);
    for (int i = 0; i < AUR_FORMER_SESSIONS && *next; i++) {
        snprintf(r->session, sizeof r->session, "%s", next);
        r->newest = i == 0;
        int rc = look_through(r, &next, err);
        if (rc < 0 && (i == 0 || rc != AUR_ENOTFOUND))
            return aur_error_set(err, rc, "session %s: %s", r->session, aur_err_text(rc));
        if (i == 0 && r->n_found == 0)
            return aur_error_set(err, AUR_ENOTFOUND, "session %s has no phrase", session);
    }
    return r->failed ? aur_error_set(err, AUR_ENOMEM, "out of memory") : AUR_OK;
}
