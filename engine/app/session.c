/* session: the recorded sessions of a database, listed, shown, named, deleted, and carried to another machine. Reading works
 * while a server records; what changes the database is the server's while one runs. Main thread. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/recorded.h"
#include "app/session_tell.h"
#include "app/verbs.h"
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

/* ---- what reads ---- */

static int run_list(const struct aur_verb_job *job)
{
    const struct session_args *args = job->args;
    struct aur_archive *archive;
    struct aur_buf text;
    aur_buf_init(&text);
    int rc = aur_verb_read(&archive, job);
    if (rc < 0)
        return rc;
    rc = aur_session_list(&text, archive, *args->channel ? args->channel : NULL, args->json);
    aur_archive_close(archive);
    if (rc == AUR_OK)
        return aur_verb_print(&text, job->err);
    aur_buf_deinit(&text);
    return aur_error_set(job->err, rc, "the sessions could not be read: %s", aur_err_text(rc));
}

static int run_show(const struct aur_verb_job *job)
{
    const struct session_args *args = job->args;
    struct aur_archive *archive;
    struct aur_session_info info;
    struct aur_buf text;
    aur_buf_init(&text);
    int rc = aur_recorded_open(&archive, &info, job->operands[0], job->settings, job->err);
    if (rc < 0)
        return rc;
    rc = aur_session_show(&text, archive, &info, args->json);
    aur_archive_close(archive);
    if (rc == AUR_OK)
        return aur_verb_print(&text, job->err);
    aur_buf_deinit(&text);
    return aur_error_set(job->err, rc, "session %s: %s", info.id, aur_err_text(rc));
}

/* ---- what changes the database ---- */

/* The whole id of what was asked for, in the database. */
static int find_id(char id[AUR_SESSION_ID_SIZE], const struct aur_verb_job *job)
{
    struct aur_archive *archive;
    struct aur_session_info info;
    int rc = aur_verb_read(&archive, job);
    if (rc < 0)
        return rc;
    rc = aur_archive_session(archive, &info, strcmp(job->operands[0], "last") ? job->operands[0] : "", job->err);
    if (rc == AUR_OK)
        memcpy(id, info.id, AUR_SESSION_ID_SIZE);
    aur_archive_close(archive);
    return rc;
}

static int run_name(const struct aur_verb_job *job)
{
    char id[AUR_SESSION_ID_SIZE];
    struct aur_journal *journal;
    if (strlen(job->operands[1]) > 128 || !aur_json_is_utf8(job->operands[1], strlen(job->operands[1])))
        return aur_error_value(job->err, "NAME", job->operands[1], "UTF-8 of at most 128 bytes");
    int rc = find_id(id, job);
    if (rc == AUR_OK)
        rc = aur_verb_take(&journal, job);
    if (rc < 0)
        return rc;
    rc = aur_journal_session_name(journal, id, job->operands[1], job->err);
    aur_journal_close(journal);
    return rc;
}

static int run_delete(const struct aur_verb_job *job)
{
    char id[AUR_SESSION_ID_SIZE];
    struct aur_journal *journal;
    int rc = find_id(id, job);
    if (rc == AUR_OK)
        rc = aur_verb_take(&journal, job);
    if (rc < 0)
        return rc;
    rc = aur_journal_session_delete(journal, id, job->err);
    aur_journal_close(journal);
    return rc;
}

static int run_import(const struct aur_verb_job *job)
{
    char id[AUR_SESSION_ID_SIZE];
    struct aur_journal *journal;
    if (access(job->operands[0], R_OK) != 0) /* before a database is made for it */
        return aur_error_set(job->err, AUR_EIO, "%s: %s", job->operands[0], strerror(errno));
    int rc = aur_verb_take(&journal, job);
    if (rc < 0)
        return rc;
    rc = aur_journal_session_import(journal, job->operands[0], id, job->err);
    aur_journal_close(journal);
    if (rc == AUR_OK)
        printf("%s\n", id);
    return rc == AUR_EINVAL ? AUR_EIO : rc; /* the fault is the file's, not the command line's */
}

static int run_export(const struct aur_verb_job *job)
{
    const struct session_args *args = job->args;
    struct aur_archive *archive;
    struct aur_session_info info;
    int rc = aur_recorded_open(&archive, &info, job->operands[0], job->settings, job->err);
    if (rc < 0)
        return rc;
    rc = aur_archive_export(archive, info.id, job->operands[1], args->whole ? AUR_EXPORT_WHOLE : AUR_EXPORT_LEAN,
                            args->force, job->err);
    aur_archive_close(archive);
    return rc;
}

/* ---- the command ---- */

static const struct aur_verb verbs[] = {
    {"list", "", 0, 0, run_list},
    {"show", "SESSION", 1, 1, run_show},
    {"name", "SESSION NAME", 2, 2, run_name},
    {"delete", "SESSION", 1, 1, run_delete},
    {"export", "SESSION FILE", 2, 2, run_export},
    {"import", "FILE", 1, 1, run_import},
    {0},
};

const struct aur_options aur_session_options = {
    "session", session_table,
    "list | show SESSION | name SESSION NAME | delete SESSION | export SESSION FILE | import FILE", -1};

int aur_run_session(const struct aur_command *command, int argc, char **argv)
{
    struct session_args args = {0};
    return aur_run_verbs(command, verbs, &args, argc, argv);
}
