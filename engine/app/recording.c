/* Opening the journal for a server. Main thread; no state. */
#include "app/recording.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/recorded.h"
#include "app/resume.h"

/* What a session was started with, besides what the journal has fields for: nothing that is this machine's alone. */
static char *settings_text(const struct aur_stage *stage)
{
    const struct aur_settings *s = &stage->settings;
    const char *slash = strrchr(stage->script, '/');
    json_t *root = json_pack("{s:s, s:s, s:s, s:{s:i, s:i, s:i, s:i, s:i}}", "script",
                             slash ? slash + 1 : stage->script, "swap", s->swap, "device", s->device, "limits",
                             "instructions", s->script_instructions, "memory_mb", s->script_memory_mb, "events",
                             s->script_events, "source_kb", s->script_source_kb, "watchdog_ms", s->script_watchdog_ms);
    char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(root);
    return text;
}

void aur_recording_open(struct aur_recording *out, const struct aur_stage *stage, bool resume)
{
    const struct aur_settings *s = &stage->settings;
    struct aur_error err = {0};
    const char *why;
    memset(out, 0, sizeof *out);
    if (!aur_db_path(out->path, &why, s)) {
        aur_log(stage->log, resume ? AUR_LOG_WARNING : AUR_LOG_INFO, "journal", "nothing is recorded: %s", why);
        return;
    }
    struct aur_journal_config config = {
        .path = out->path, .log = stage->log, .keep_days = s->keep_days, .keep_bytes = (uint64_t)s->keep_mb << 20};
    int rc = aur_journal_open(&out->journal, &config, &err);
    if (rc == AUR_OK && resume)
        rc = aur_archive_open(&out->former, out->path, &err);
    out->settings = settings_text(stage);
    if (out->journal && rc < 0)
        aur_log(stage->log, AUR_LOG_WARNING, "journal", "nothing can be resumed: %s", err.message);
    else if (rc < 0)
        snprintf(out->trouble, sizeof out->trouble, "%.*s", (int)sizeof out->trouble - 1, err.message);
    if (!out->journal)
        aur_log(stage->log, AUR_LOG_WARNING, "journal", "nothing is recorded: %s", out->trouble);
}

void aur_recording_close(struct aur_recording *recording)
{
    aur_archive_close(recording->former);
    if (recording->journal)
        aur_journal_close(recording->journal);
    free(recording->settings);
    memset(recording, 0, sizeof *recording);
}

void aur_recording_set(const struct aur_recording *recording, struct aur_channel_config *config)
{
    config->journal = recording->journal;
    config->no_journal = recording->trouble[0] ? recording->trouble : NULL;
    config->settings = recording->settings;
}

bool aur_recording_last_piece(struct aur_piece **out, const struct aur_stage *stage)
{
    char path[AUR_PATH_SIZE];
    const char *why;
    struct aur_archive *archive;
    struct aur_resumed resumed;
    struct aur_error err;
    if (!aur_db_path(path, &why, &stage->settings) || aur_archive_open(&archive, path, &err) < 0)
        return false;
    bool found = aur_resume(&resumed, archive, "main", stage, &err) == AUR_OK;
    if (found) {
        *out = aur_piece_ref(resumed.at->piece);
        aur_resumed_deinit(&resumed);
    }
    aur_archive_close(archive);
    return found;
}
