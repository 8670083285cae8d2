/* Reading from the journal where a channel's music stood. Main thread, at start; no state. */
#include "app/resume.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle.h"

#define FOUND 1

static int take_session(void *user, const struct aur_session_info *session)
{
    struct aur_resumed *out = user;
    if (session->phrases == 0 || session->imported_at) /* what somebody sent is not where this server was */
        return 0;
    snprintf(out->session, sizeof out->session, "%s", session->id);
    return FOUND;
}

struct last { /* of what the session holds */
    struct aur_resumed *out;
    char piece[AUR_JOURNAL_HASH];
    char *phrase;  /* controls that the last phrase was composed with */
    char *control; /* as set last; NULL: nobody set any */
    bool any, failed;
};

static bool keep(char **text, const char *value)
{
    free(*text);
    *text = value ? strdup(value) : NULL;
    return *text || !value;
}

static int take_phrase(void *user, const struct aur_recorded_phrase *phrase)
{
    struct last *last = user;
    last->any = true;
    last->out->seed = phrase->seed;
    last->out->start.ordinal = phrase->ordinal + 1;
    snprintf(last->piece, sizeof last->piece, "%s", phrase->piece);
    last->failed |= !keep(&last->out->state, phrase->state_after) || !keep(&last->phrase, phrase->controls);
    return 0;
}

static int take_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct last *last = user;
    (void)frame;
    (void)at_ms;
    if (strcmp(kind, "control") != 0)
        return 0;
    json_t *root = json_loads(detail, 0, NULL);
    const char *controls = json_string_value(json_object_get(root, "controls"));
    if (controls)
        last->failed |= !keep(&last->control, controls);
    json_decref(root);
    return 0;
}

/* What was set last, over what the last phrase had: a piece that came after it may have controls of its own. */
static int read_controls(struct aur_resumed *out, const struct last *last, struct aur_error *err)
{
    struct aur_buf text;
    aur_buf_init(&text);
    aur_buf_text(&text, last->phrase ? last->phrase : "");
    aur_buf_text(&text, last->control ? last->control : "");
    int rc = aur_buf_ok(&text) ? AUR_OK : aur_error_set(err, AUR_ENOMEM, "out of memory");
    if (rc == AUR_OK)
        rc = aur_controls_parse(&out->controls, &aur_piece_describe(out->piece)->controls, text.data ? text.data : "",
                                err);
    aur_buf_deinit(&text);
    return rc;
}

static int load_piece(struct aur_resumed *out, struct aur_archive *archive, const char *hash,
                      const struct aur_stage *stage, struct aur_error *err)
{
    struct aur_script_limits limits = aur_stage_limits(&stage->settings, true);
    struct aur_bundle *bundle;
    int rc = aur_archive_bundle(archive, &bundle, hash, err);
    if (rc < 0)
        return rc;
    rc = aur_bundle_load(&out->piece, bundle, stage->tables, &limits, stage->log, err);
    aur_bundle_free(bundle);
    return rc;
}

int aur_resume(struct aur_resumed *out, struct aur_archive *archive, const char *channel, const struct aur_stage *stage,
               struct aur_error *err)
{
    memset(out, 0, sizeof *out);
    struct last last = {.out = out};
    int rc = aur_archive_sessions(archive, channel, take_session, out);
    if (rc == AUR_OK)
        return aur_error_set(err, AUR_ENOTFOUND, "no session of channel %s is recorded", channel);
    if (rc == FOUND)
        rc = aur_archive_phrases(archive, out->session, 0, UINT64_MAX, take_phrase, &last);
    if (rc == AUR_OK)
        rc = aur_archive_events(archive, out->session, 0, UINT64_MAX, take_event, &last);
    if (rc < 0)
        aur_error_set(err, rc, "session %s: %s", out->session, aur_err_text(rc));
    else if (last.failed)
        rc = aur_error_set(err, AUR_ENOMEM, "out of memory");
    else if (!last.any)
        rc = aur_error_set(err, AUR_ENOTFOUND, "no phrase of channel %s is recorded", channel);
    if (rc == AUR_OK)
        rc = load_piece(out, archive, last.piece, stage, err);
    if (rc == AUR_OK)
        rc = read_controls(out, &last, err);
    free(last.phrase);
    free(last.control);
    out->start.session = out->session;
    out->start.state = out->state;
    if (rc < 0)
        aur_resumed_deinit(out);
    return rc;
}

void aur_resumed_deinit(struct aur_resumed *resumed)
{
    aur_piece_free(resumed->piece);
    free(resumed->state);
    memset(resumed, 0, sizeof *resumed);
}
