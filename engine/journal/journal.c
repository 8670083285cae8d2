/* The journal's life: opening and closing the database and its writer. Not on a render worker. */
#include "journal/journal.h"

int aur_journal_open(struct aur_journal **out, const struct aur_journal_config *config, struct aur_error *err)
{
    *out = NULL;
    return aur_error_set(err, AUR_ENOTSUP, "%s: the journal is not written yet", config->path);
}

void aur_journal_close(struct aur_journal *journal)
{
    (void)journal;
}

const char *aur_journal_path(const struct aur_journal *journal)
{
    (void)journal;
    return "";
}

void aur_journal_health(struct aur_journal *journal, struct aur_journal_health *out)
{
    (void)journal;
    *out = (struct aur_journal_health){.ok = false};
}

int aur_recorder_new(struct aur_recorder **out, struct aur_journal *journal, const struct aur_session_head *head,
                     size_t keyframe_bytes)
{
    (void)journal;
    (void)head;
    (void)keyframe_bytes;
    *out = NULL;
    return AUR_ENOMEM;
}

void aur_recorder_free(struct aur_recorder *recorder, uint64_t frames)
{
    (void)recorder;
    (void)frames;
}

const char *aur_recorder_id(const struct aur_recorder *recorder)
{
    (void)recorder;
    return "";
}

void aur_recorder_piece(struct aur_recorder *recorder, const struct aur_bundle *bundle)
{
    (void)recorder;
    (void)bundle;
}

void aur_recorder_phrase(struct aur_recorder *recorder, const struct aur_recorded_phrase *phrase)
{
    (void)recorder;
    (void)phrase;
}

void aur_recorder_event(struct aur_recorder *recorder, uint64_t frame, const char *kind, const char *detail)
{
    (void)recorder;
    (void)frame;
    (void)kind;
    (void)detail;
}

void aur_recorder_broken(struct aur_recorder *recorder, uint64_t frame, const char *why)
{
    (void)recorder;
    (void)frame;
    (void)why;
}

void aur_recorder_fact(struct aur_recorder *recorder, const struct aur_fact *fact)
{
    (void)recorder;
    (void)fact;
}

void *aur_recorder_keyframe(struct aur_recorder *recorder)
{
    (void)recorder;
    return NULL;
}

void aur_recorder_keyframe_done(struct aur_recorder *recorder, const struct aur_keyframe_head *head, size_t bytes)
{
    (void)recorder;
    (void)head;
    (void)bytes;
}

int aur_journal_take_put(struct aur_journal *journal, const struct aur_take *take, struct aur_error *err)
{
    (void)journal;
    (void)take;
    return aur_error_set(err, AUR_ENOTSUP, "the journal is not written yet");
}

int aur_journal_take_delete(struct aur_journal *journal, const char *id, struct aur_error *err)
{
    (void)journal;
    return aur_error_set(err, AUR_ENOTFOUND, "there is no take %s", id);
}

int aur_journal_preset_put(struct aur_journal *journal, const char *name, const char *json, struct aur_error *err)
{
    (void)journal;
    (void)name;
    (void)json;
    return aur_error_set(err, AUR_ENOTSUP, "the journal is not written yet");
}

int aur_journal_preset_delete(struct aur_journal *journal, const char *name, struct aur_error *err)
{
    (void)journal;
    return aur_error_set(err, AUR_ENOTFOUND, "there is no preset %s", name);
}

int aur_journal_session_name(struct aur_journal *journal, const char *id, const char *name, struct aur_error *err)
{
    (void)journal;
    (void)name;
    return aur_error_set(err, AUR_ENOTFOUND, "there is no session %s", id);
}

int aur_journal_session_delete(struct aur_journal *journal, const char *id, struct aur_error *err)
{
    (void)journal;
    return aur_error_set(err, AUR_ENOTFOUND, "there is no session %s", id);
}

int aur_journal_session_import(struct aur_journal *journal, const char *path, char id[AUR_SESSION_ID_SIZE],
                               struct aur_error *err)
{
    (void)journal;
    id[0] = '\0';
    return aur_error_set(err, AUR_ENOTSUP, "%s: the journal is not written yet", path);
}

int aur_journal_flush(struct aur_journal *journal, uint32_t timeout_ms)
{
    (void)journal;
    (void)timeout_ms;
    return AUR_EIO;
}
