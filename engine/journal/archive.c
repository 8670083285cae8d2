/* Reading sessions. Each archive belongs to one thread. */
#include "journal/archive.h"

int aur_archive_open(struct aur_archive **out, const char *path, struct aur_error *err)
{
    *out = NULL;
    return aur_error_set(err, AUR_EIO, "%s: the journal is not read yet", path);
}

void aur_archive_close(struct aur_archive *archive)
{
    (void)archive;
}

int aur_archive_sessions(struct aur_archive *archive, const char *channel, aur_archive_session_fn *fn, void *user)
{
    (void)archive;
    (void)channel;
    (void)fn;
    (void)user;
    return AUR_OK;
}

int aur_archive_session(struct aur_archive *archive, struct aur_session_info *out, const char *id,
                        struct aur_error *err)
{
    (void)archive;
    (void)out;
    return aur_error_set(err, AUR_ENOTFOUND, "there is no session %s", id ? id : "");
}

int aur_archive_phrases(struct aur_archive *archive, const char *session, uint64_t from_frame, uint64_t to_frame,
                        aur_archive_phrase_fn *fn, void *user)
{
    (void)archive;
    (void)session;
    (void)from_frame;
    (void)to_frame;
    (void)fn;
    (void)user;
    return AUR_OK;
}

int aur_archive_facts(struct aur_archive *archive, const char *session, enum aur_fact_type type, uint64_t from_frame,
                      uint64_t to_frame, aur_archive_fact_fn *fn, void *user)
{
    (void)archive;
    (void)session;
    (void)type;
    (void)from_frame;
    (void)to_frame;
    (void)fn;
    (void)user;
    return AUR_OK;
}

int aur_archive_events(struct aur_archive *archive, const char *session, uint64_t from_frame, uint64_t to_frame,
                       aur_archive_event_fn *fn, void *user)
{
    (void)archive;
    (void)session;
    (void)from_frame;
    (void)to_frame;
    (void)fn;
    (void)user;
    return AUR_OK;
}

int aur_archive_bundle(struct aur_archive *archive, struct aur_bundle **out, const char *piece, struct aur_error *err)
{
    (void)archive;
    *out = NULL;
    return aur_error_set(err, AUR_ENOTFOUND, "there is no piece %s", piece);
}

void aur_bundle_free(struct aur_bundle *bundle)
{
    (void)bundle;
}

int aur_archive_keyframe(struct aur_archive *archive, const char *session, uint64_t layout, uint64_t at_or_before,
                         struct aur_keyframe_head *head, void **bytes, size_t *len)
{
    (void)archive;
    (void)session;
    (void)layout;
    (void)at_or_before;
    (void)head;
    *bytes = NULL;
    *len = 0;
    return AUR_ENOTFOUND;
}

int aur_archive_takes(struct aur_archive *archive, aur_archive_take_fn *fn, void *user)
{
    (void)archive;
    (void)fn;
    (void)user;
    return AUR_OK;
}

int aur_archive_presets(struct aur_archive *archive, aur_archive_preset_fn *fn, void *user)
{
    (void)archive;
    (void)fn;
    (void)user;
    return AUR_OK;
}

int aur_archive_export(struct aur_archive *archive, const char *session, const char *path, bool force,
                       struct aur_error *err)
{
    (void)archive;
    (void)path;
    (void)force;
    return aur_error_set(err, AUR_ENOTFOUND, "there is no session %s", session);
}
