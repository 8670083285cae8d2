/* Copying one session from an archive into a store, row by row in a fixed order, through the same functions that record a
 * session. On the writer's thread (import) or the caller's (export). */
#include <string.h>

#include "journal/overview.h"
#include "journal/transfer.h"

struct copying {
    struct aur_store *to;
    int64_t key;
    struct aur_archive *from;
    struct aur_error *err;
    enum aur_fact_type type;
};

static int explain(const struct copying *c, int rc)
{
    return rc < 0 ? aur_error_set(c->err, rc, "%s: %s", c->from->path, c->to->why) : AUR_OK;
}

static int copy_piece(void *user, const char *hash)
{
    struct copying *c = user;
    struct aur_bundle *bundle;
    int rc = aur_archive_bundle(c->from, &bundle, hash, c->err);
    if (rc < 0)
        return rc;
    rc = explain(c, aur_store_piece(c->to, c->key, bundle));
    aur_bundle_free(bundle);
    return rc;
}

static int copy_phrase(void *user, const struct aur_recorded_phrase *phrase)
{
    struct copying *c = user;
    return explain(c, aur_store_phrase(c->to, c->key, phrase));
}

static int copy_fact(void *user, const struct aur_fact *fact)
{
    struct copying *c = user;
    return explain(c, aur_store_fact(c->to, c->key, fact));
}

static int copy_overview(void *user, const struct aur_overview *overview)
{
    struct copying *c = user;
    return explain(c, aur_store_overview(c->to, c->key, overview));
}

static int copy_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct copying *c = user;
    return explain(c, aur_store_event(c->to, c->key, frame, at_ms, kind, detail));
}

/* Walking failed for itself: the callbacks explain their own errors. */
static int explain_walk(const struct copying *c, int rc)
{
    if (rc < 0 && (!c->err || c->err->code == AUR_OK))
        return aur_archive_fail(c->from, c->err);
    return rc;
}

int aur_session_copy(struct aur_store *to, int64_t key, struct aur_archive *from,
                     const struct aur_session_info *session, struct aur_error *err)
{
    static const enum aur_fact_type types[] = {AUR_FACT_LIVE, AUR_FACT_DROPPED, AUR_FACT_CUT, AUR_FACT_MINUTE,
                                               AUR_FACT_UNDERRUN};
    struct aur_error own = {0};
    struct copying c = {.to = to, .key = key, .from = from, .err = err ? err : &own};
    memset(c.err, 0, sizeof *c.err);
    struct aur_session_head head = session->head;
    if (head.unlisted) /* its name is what lets somebody listen */
        head.channel = "private";
    int rc = explain(&c, aur_store_session(to, key, session->id, &head));
    if (rc == AUR_OK && *session->name)
        rc = explain(&c, aur_store_name(to, key, session->name));
    if (rc == AUR_OK)
        rc = explain_walk(&c, aur_archive_pieces(from, session->id, copy_piece, &c));
    if (rc == AUR_OK)
        rc = explain_walk(&c, aur_archive_all_phrases(from, session->id, copy_phrase, &c));
    for (size_t i = 0; rc == AUR_OK && i < sizeof types / sizeof *types; i++)
        rc = explain_walk(&c, aur_archive_facts(from, session->id, types[i], 0, UINT64_MAX, copy_fact, &c));
    if (rc == AUR_OK)
        rc = explain_walk(&c, aur_archive_overviews(from, session->id, copy_overview, &c));
    if (rc == AUR_OK)
        rc = explain_walk(&c, aur_archive_events(from, session->id, 0, UINT64_MAX, copy_event, &c));
    if (rc == AUR_OK && session->broken_at != UINT64_MAX)
        rc = explain(&c, aur_store_broken(to, key, session->broken_at, session->broken_why));
    /* One that is still recorded ends, for the copy, where it is known to be. */
    const int64_t played_ms = (int64_t)(session->frames * 1000 / (session->head.rate_hz ? session->head.rate_hz : 1));
    const int64_t ended_at = session->ended_at ? session->ended_at : session->head.started_at + played_ms;
    if (rc == AUR_OK)
        rc = explain(&c, aur_store_end(to, key, session->frames, ended_at));
    return rc;
}
