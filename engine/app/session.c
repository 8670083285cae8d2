/* session: the recorded sessions of a database, listed, shown, named, deleted, and carried to another machine. Reading works
 * while a server records; what changes the database is the server's while one runs. Main thread. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/recorded.h"
#include "app/session_tell.h"
#include "journal/journal.h"
#include "wire/json.h"

struct session_args {
    char channel[64];
    bool json, force, whole;
};

#define AT(member) AUR_MEMBER(struct session_args, member)

static const struct aur_option session_table[] = {
    {"--db", "FILE", "where sessions are recorded", "AURALIS_DB", {0}, false, NULL},
    {"--channel", "NAME", "list: of this channel only", NULL, {AUR_FIELD_TEXT, AT(channel)}, false, NULL},
    {"--json", NULL, "list, show: print JSON", NULL, {AUR_FIELD_FLAG, AT(json)}, false, NULL},
    {"--whole", NULL, "export: with the texts that come with Auralis", NULL, {AUR_FIELD_FLAG, AT(whole)}, false, NULL},
    {"--force", NULL, "export: overwrite the file", NULL, {AUR_FIELD_FLAG, AT(force)}, false, NULL},
    {0},
};

struct job {
    const struct aur_settings *settings;
    const struct session_args *args;
    const char *const *operands; /* after the verb */
    struct aur_error *err;
};

/* ---- what reads ---- */

static int print(struct aur_buf *out, struct aur_error *err)
{
    bool ok = aur_buf_ok(out) && (!out->len || fwrite(out->data, out->len, 1, stdout) == 1) && fflush(stdout) == 0;
    aur_buf_deinit(out);
    return ok ? AUR_OK : aur_error_set(err, AUR_EIO, "session: what was found could not be printed");
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
    struct aur_buf text;
    aur_buf_init(&text);
    int rc = open_database(&archive, path, job);
    if (rc < 0)
        return rc;
    rc = aur_session_list(&text, archive, *job->args->channel ? job->args->channel : NULL, job->args->json);
    aur_archive_close(archive);
    if (rc == AUR_OK)
        return print(&text, job->err);
    aur_buf_deinit(&text);
    return aur_error_set(job->err, rc, "%s: %s", path, aur_err_text(rc));
}

static int run_show(const struct job *job)
{
    struct aur_archive *archive;
    struct aur_session_info info;
    struct aur_buf text;
    aur_buf_init(&text);
    int rc = aur_recorded_open(&archive, &info, job->operands[0], job->settings, job->err);
    if (rc < 0)
        return rc;
    rc = aur_session_show(&text, archive, &info, job->args->json);
    aur_archive_close(archive);
    if (rc == AUR_OK)
        return print(&text, job->err);
    aur_buf_deinit(&text);
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
    rc = aur_archive_export(archive, info.id, job->operands[1], job->args->whole ? AUR_EXPORT_WHOLE : AUR_EXPORT_LEAN,
                            job->args->force, job->err);
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
