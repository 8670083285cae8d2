/* session: the recorded sessions of a database, listed, shown, named, deleted, and carried to another machine. Reading works
 * while a server records; what changes the database is the server's while one runs. Main thread. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/playback.h"
#include "app/recorded.h"
#include "base/clock.h"
#include "journal/journal.h"
#include "wire/json.h"

struct session_args {
    char channel[64];
    bool json, force;
};

#define AT(member) AUR_MEMBER(struct session_args, member)

static const struct aur_option session_table[] = {
    {"--db", "FILE", "where sessions are recorded", "AURALIS_DB", {0}, false, NULL},
    {"--channel", "NAME", "list: of this channel only", NULL, {AUR_FIELD_TEXT, AT(channel)}, false, NULL},
    {"--json", NULL, "list, show: print JSON", NULL, {AUR_FIELD_FLAG, AT(json)}, false, NULL},
    {"--force", NULL, "export: overwrite the file", NULL, {AUR_FIELD_FLAG, AT(force)}, false, NULL},
    {0},
};

struct job {
    const struct aur_settings *settings;
    const struct session_args *args;
    const char *const *operands; /* after the verb */
    struct aur_error *err;
};

/* ---- what is told of a session ---- */

static double seconds_of(const struct aur_session_info *s, uint64_t frames)
{
    return s->head.rate_hz ? (double)frames / s->head.rate_hz : 0;
}

static uint64_t replayable(const struct aur_session_info *s)
{
    return s->broken_at < s->frames ? s->broken_at : s->frames;
}

static void put_time(struct aur_buf *out, const char *key, int64_t ms)
{
    char time[AUR_ISO8601_SIZE];
    aur_clock_iso8601_of(time, ms > 0 ? (uint64_t)ms * 1000 : 0);
    aur_json_key(out, key);
    aur_buf_printf(out, ms > 0 ? "\"%s\"" : "null", time);
}

/* The same members as the REST interface tells, but for the closing brace. */
static void put_json(struct aur_buf *out, const struct aur_session_info *s)
{
    aur_buf_text(out, "{");
    aur_json_text(out, "id", s->id);
    aur_json_text(out, "channel", s->head.channel);
    aur_json_text(out, "title", s->head.title);
    aur_json_text(out, "name", s->name);
    put_time(out, "started_at", s->head.started_at);
    put_time(out, "ended_at", s->ended_at);
    aur_json_real(out, "seconds", seconds_of(s, s->frames));
    aur_json_count(out, "seed", s->head.seed);
    aur_json_count(out, "rate", s->head.rate_hz);
    aur_json_bool(out, "exact", s->broken_at == UINT64_MAX);
    aur_json_real(out, "replayable_s", seconds_of(s, replayable(s)));
    aur_json_text(out, "broken_why", s->broken_why);
    aur_json_text(out, "resumed_from", s->head.resumed_from);
    aur_json_count(out, "sound_revision", s->head.sound_revision);
    aur_json_bool(out, "recording", s->ended_at == 0);
}

/* 2025-01-15 10:30:45 */
static const char *moment(char out[AUR_ISO8601_SIZE], int64_t ms)
{
    aur_clock_iso8601_of(out, ms > 0 ? (uint64_t)ms * 1000 : 0);
    out[10] = ' ';
    out[19] = '\0';
    return out;
}

static const char *state_of(const struct aur_session_info *s)
{
    return s->ended_at == 0 ? "recording" : s->broken_at < s->frames ? "not to the end" : "";
}

static int print(struct aur_buf *out, struct aur_error *err)
{
    bool ok = aur_buf_ok(out) && (!out->len || fwrite(out->data, out->len, 1, stdout) == 1) && fflush(stdout) == 0;
    aur_buf_deinit(out);
    return ok ? AUR_OK : aur_error_set(err, AUR_EIO, "session: what was found could not be printed");
}

/* ---- list ---- */

struct listing {
    struct aur_buf text;
    bool json;
};

static int list_one(void *user, const struct aur_session_info *s)
{
    struct listing *list = user;
    char at[AUR_ISO8601_SIZE], length[AUR_PLAYBACK_TIME_SIZE];
    if (list->json) {
        if (!aur_json_ends_with(&list->text, '['))
            aur_buf_text(&list->text, ",");
        put_json(&list->text, s);
        aur_json_count(&list->text, "phrases", s->phrases);
        aur_buf_text(&list->text, "}");
        return AUR_OK;
    }
    aur_playback_time(length, s->frames, s->head.rate_hz);
    length[strlen(length) - 4] = '\0'; /* whole seconds */
    aur_buf_printf(&list->text, "%s  %s  %-12s %9s  %s%s%s\n", s->id, moment(at, s->head.started_at), s->head.channel,
                   length, *s->name ? s->name : s->head.title, *state_of(s) ? "  # " : "", state_of(s));
    return AUR_OK;
}

static int open_database(struct aur_archive **out, char path[AUR_PATH_SIZE], const struct job *job)
{
    const char *why;
    if (!aur_db_path(path, &why, job->settings))
        return aur_error_set(job->err, AUR_EINVAL, "there is no database: %s", why);
    return out ? aur_archive_open(out, path, job->err) : AUR_OK;
}

static int run_list(const struct job *job)
{
    char path[AUR_PATH_SIZE];
    struct aur_archive *archive;
    struct listing list = {.json = job->args->json};
    int rc = open_database(&archive, path, job);
    if (rc < 0)
        return rc;
    if (list.json)
        aur_buf_text(&list.text, "{\"sessions\":[");
    rc = aur_archive_sessions(archive, *job->args->channel ? job->args->channel : NULL, list_one, &list);
    if (list.json)
        aur_buf_text(&list.text, "]}\n");
    aur_archive_close(archive);
    if (rc == AUR_OK)
        return print(&list.text, job->err);
    aur_buf_deinit(&list.text);
    return aur_error_set(job->err, rc, "%s: %s", path, aur_err_text(rc));
}

/* ---- show ---- */

struct showing {
    struct aur_buf text;
    const struct aur_session_info *session;
};

static int show_phrase(void *user, const struct aur_recorded_phrase *p)
{
    struct showing *show = user;
    struct aur_buf *out = &show->text;
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_count(out, "number", p->number);
    aur_json_count(out, "ordinal", p->ordinal);
    aur_json_real(out, "at_s", seconds_of(show->session, p->start_frame));
    aur_json_real(out, "seconds", seconds_of(show->session, p->length_frames));
    aur_json_text(out, "kind", p->kind == AUR_PHRASE_REPEATED ? "repeated" : "composed");
    aur_json_count(out, "branch", p->branch);
    aur_json_text(out, "piece", p->piece);
    aur_json_text(out, "controls", p->controls);
    aur_buf_text(out, "}");
    return AUR_OK;
}

static int show_event_json(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct showing *show = user;
    struct aur_buf *out = &show->text;
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_real(out, "at_s", seconds_of(show->session, frame));
    put_time(out, "at", at_ms);
    aur_json_text(out, "kind", kind);
    aur_json_key(out, "detail");
    aur_buf_text(out, *detail ? detail : "{}");
    aur_buf_text(out, "}");
    return AUR_OK;
}

static int show_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct showing *show = user;
    char time[AUR_PLAYBACK_TIME_SIZE];
    (void)at_ms;
    aur_buf_printf(&show->text, "%15s  %s  %s\n", aur_playback_time(time, frame, show->session->head.rate_hz), kind,
                   detail);
    return AUR_OK;
}

static int show_json(struct showing *show, struct aur_archive *archive)
{
    const struct aur_session_info *s = show->session;
    struct aur_buf *out = &show->text;
    put_json(out, s);
    aur_json_text(out, "device", s->head.device);
    aur_json_text(out, "engine", s->head.engine);
    aur_json_key(out, "settings");
    aur_buf_text(out, *s->head.settings ? s->head.settings : "{}");
    aur_json_key(out, "phrases");
    aur_buf_text(out, "[");
    int rc = aur_archive_phrases(archive, s->id, 0, UINT64_MAX, show_phrase, show);
    aur_buf_text(out, "]");
    aur_json_key(out, "events");
    aur_buf_text(out, "[");
    if (rc == AUR_OK)
        rc = aur_archive_events(archive, s->id, 0, UINT64_MAX, show_event_json, show);
    aur_buf_text(out, "]}\n");
    return rc;
}

static int show_text(struct showing *show, struct aur_archive *archive)
{
    const struct aur_session_info *s = show->session;
    struct aur_buf *out = &show->text;
    char started[AUR_ISO8601_SIZE], ended[AUR_ISO8601_SIZE], length[AUR_PLAYBACK_TIME_SIZE];
    aur_buf_printf(out, "session   %s\nchannel   %s\ntitle     %s\n", s->id, s->head.channel, s->head.title);
    if (*s->name)
        aur_buf_printf(out, "name      %s\n", s->name);
    aur_buf_printf(out, "started   %s UTC\nended     %s\n", moment(started, s->head.started_at),
                   s->ended_at ? moment(ended, s->ended_at) : "it is being recorded");
    aur_buf_printf(out, "length    %s, %" PRIu64 " phrases\n", aur_playback_time(length, s->frames, s->head.rate_hz),
                   s->phrases);
    if (s->broken_at < s->frames)
        aur_buf_printf(out, "replay    until %s: %s\n", aur_playback_time(length, s->broken_at, s->head.rate_hz),
                       s->broken_why);
    if (*s->head.resumed_from)
        aur_buf_printf(out, "resumed   from %s\n", s->head.resumed_from);
    aur_buf_printf(out, "seed      %" PRIu64 "\nmade by   Auralis %s, sound revision %u, %s, %u frames a second\n",
                   s->head.seed, s->head.engine, (unsigned)s->head.sound_revision, s->head.device,
                   (unsigned)s->head.rate_hz);
    return aur_archive_events(archive, s->id, 0, UINT64_MAX, show_event, show);
}

static int run_show(const struct job *job)
{
    struct aur_archive *archive;
    struct aur_session_info info;
    struct showing show = {.session = &info};
    int rc = aur_recorded_open(&archive, &info, job->operands[0], job->settings, job->err);
    if (rc < 0)
        return rc;
    rc = job->args->json ? show_json(&show, archive) : show_text(&show, archive);
    aur_archive_close(archive);
    if (rc == AUR_OK)
        return print(&show.text, job->err);
    aur_buf_deinit(&show.text);
    return aur_error_set(job->err, rc, "session %s: %s", info.id, aur_err_text(rc));
}

/* ---- what changes the database ---- */

/* The database, taken for as long as this takes. AUR_EBUSY: a server has it. */
static int take_database(struct aur_journal **out, const struct job *job)
{
    char path[AUR_PATH_SIZE];
    int rc = open_database(NULL, path, job);
    const struct aur_journal_config config = {.path = path};
    return rc == AUR_OK ? aur_journal_open(out, &config, job->err) : rc;
}

/* The whole id of what was asked for, in the database. */
static int find_id(char id[AUR_SESSION_ID_SIZE], const struct job *job)
{
    char path[AUR_PATH_SIZE];
    struct aur_archive *archive;
    struct aur_session_info info;
    int rc = open_database(&archive, path, job);
    if (rc < 0)
        return rc;
    rc = aur_archive_session(archive, &info, strcmp(job->operands[0], "last") ? job->operands[0] : "", job->err);
    if (rc == AUR_OK)
        memcpy(id, info.id, AUR_SESSION_ID_SIZE);
    aur_archive_close(archive);
    return rc;
}

static int run_name(const struct job *job)
{
    char id[AUR_SESSION_ID_SIZE];
    struct aur_journal *journal;
    if (strlen(job->operands[1]) > 128 || !aur_json_is_utf8(job->operands[1], strlen(job->operands[1])))
        return aur_error_value(job->err, "NAME", job->operands[1], "UTF-8 of at most 128 bytes");
    int rc = find_id(id, job);
    if (rc == AUR_OK)
        rc = take_database(&journal, job);
    if (rc < 0)
        return rc;
    rc = aur_journal_session_name(journal, id, job->operands[1], job->err);
    aur_journal_close(journal);
    return rc;
}

static int run_delete(const struct job *job)
{
    char id[AUR_SESSION_ID_SIZE];
    struct aur_journal *journal;
    int rc = find_id(id, job);
    if (rc == AUR_OK)
        rc = take_database(&journal, job);
    if (rc < 0)
        return rc;
    rc = aur_journal_session_delete(journal, id, job->err);
    aur_journal_close(journal);
    return rc;
}

static int run_import(const struct job *job)
{
    char id[AUR_SESSION_ID_SIZE];
    struct aur_journal *journal;
    if (access(job->operands[0], R_OK) != 0) /* before a database is made for it */
        return aur_error_set(job->err, AUR_EIO, "%s: %s", job->operands[0], strerror(errno));
    int rc = take_database(&journal, job);
    if (rc < 0)
        return rc;
    rc = aur_journal_session_import(journal, job->operands[0], id, job->err);
    aur_journal_close(journal);
    if (rc == AUR_OK)
        printf("%s\n", id);
    return rc == AUR_EINVAL ? AUR_EIO : rc; /* the fault is the file's, not the command line's */
}

static int run_export(const struct job *job)
{
    struct aur_archive *archive;
    struct aur_session_info info;
    int rc = aur_recorded_open(&archive, &info, job->operands[0], job->settings, job->err);
    if (rc < 0)
        return rc;
    rc = aur_archive_export(archive, info.id, job->operands[1], job->args->force, job->err);
    aur_archive_close(archive);
    return rc;
}

/* ---- the command ---- */

static const struct verb {
    const char *name, *operands;
    int n_operands;
    int (*run)(const struct job *job);
} verbs[] = {
    {"list", "", 0, run_list},
    {"show", "SESSION", 1, run_show},
    {"name", "SESSION NAME", 2, run_name},
    {"delete", "SESSION", 1, run_delete},
    {"export", "SESSION FILE", 2, run_export},
    {"import", "FILE", 1, run_import},
};
#define N_VERBS (sizeof verbs / sizeof *verbs)

const struct aur_options aur_session_options = {
    "session", session_table,
    "list | show SESSION | name SESSION NAME | delete SESSION | export SESSION FILE | import FILE", -1};

static const struct verb *find_verb(const struct aur_parsed *parsed, struct aur_error *err)
{
    const char *name = parsed->n_operands ? parsed->operands[0] : "";
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strcmp(name, verbs[i].name) != 0)
            continue;
        if (parsed->n_operands - 1 == verbs[i].n_operands)
            return &verbs[i];
        aur_error_set(err, AUR_EINVAL, "session %s: takes %s; see 'auralis session --help'", name,
                      verbs[i].n_operands ? verbs[i].operands : "nothing more");
        return NULL;
    }
    aur_error_value(err, "session", *name ? name : "\"\"", "list, show, name, delete, export, import");
    return NULL;
}

int aur_run_session(const struct aur_command *command, int argc, char **argv)
{
    struct session_args args = {0};
    struct aur_parsed parsed;
    struct aur_settings settings;
    struct aur_error err = {0};
    int exit_code;
    if (!aur_command_parse(command, &parsed, &args, argc, argv, &exit_code))
        return exit_code;
    const struct verb *verb = find_verb(&parsed, &err);
    if (!verb || aur_command_settings(&settings, &parsed, &err) < 0)
        return aur_fail(&err);
    const struct job job = {&settings, &args, parsed.operands + 1, &err};
    int rc = verb->run(&job);
    if (rc == AUR_OK)
        return AUR_EXIT_OK;
    err.code = rc;
    aur_fail(&err);
    return rc == AUR_EBUSY ? AUR_EXIT_IO : (int)aur_exit_of(rc);
}
