/* Finding in the journal where a channel's music stood. Main thread, at start; no state. */
#include "app/resume.h"

#include <stdio.h>
#include <string.h>

#include "app/former.h"

#define FOUND 1

static int take_session(void *user, const struct aur_session_info *session)
{
    struct aur_resumed *out = user;
    if (session->phrases == 0 || session->imported_at) /* what somebody sent is not where this server was */
        return 0;
    snprintf(out->session, sizeof out->session, "%s", session->id);
    return FOUND;
}

int aur_resume(struct aur_resumed *out, struct aur_archive *archive, const char *channel, const struct aur_stage *stage,
               struct aur_error *err)
{
    memset(out, 0, sizeof *out);
    int rc = aur_archive_sessions(archive, channel, take_session, out);
    if (rc == AUR_OK)
        return aur_error_set(err, AUR_ENOTFOUND, "no session of channel %s is recorded", channel);
    if (rc < 0)
        return aur_error_set(err, rc, "channel %s: %s", channel, aur_err_text(rc));
    rc = aur_former_read(&out->former, archive, out->session, stage, err);
    if (rc < 0)
        return rc;
    out->at = &out->former->branches[out->former->n_branches - 1].at;
    out->start = (struct aur_channel_start){
        .session = out->session, .state = out->at->state, .ordinal = out->at->ordinal, .former = out->former};
    return AUR_OK;
}

void aur_resumed_deinit(struct aur_resumed *resumed)
{
    aur_former_free(resumed->former);
    memset(resumed, 0, sizeof *resumed);
}
