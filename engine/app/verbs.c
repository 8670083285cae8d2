/* What commands about the database share. No state. */
#include "app/verbs.h"

#include <stdio.h>
#include <string.h>

#include "app/recorded.h"

int aur_verb_path(char out[AUR_PATH_SIZE], const struct aur_verb_job *job)
{
    const char *why;
    return aur_db_path(out, &why, job->settings) ? AUR_OK
                                                 : aur_error_set(job->err, AUR_EINVAL, "there is no database: %s", why);
}

int aur_verb_read(struct aur_archive **out, const struct aur_verb_job *job)
{
    char path[AUR_PATH_SIZE];
    int rc = aur_verb_path(path, job);
    return rc == AUR_OK ? aur_archive_open(out, path, job->err) : rc;
}

static int take(struct aur_journal **out, const struct aur_verb_job *job, bool beside)
{
    char path[AUR_PATH_SIZE];
    int rc = aur_verb_path(path, job);
    const struct aur_journal_config config = {.path = path, .beside = beside};
    return rc == AUR_OK ? aur_journal_open(out, &config, job->err) : rc;
}

int aur_verb_take(struct aur_journal **out, const struct aur_verb_job *job)
{
    return take(out, job, false);
}

int aur_verb_take_presets(struct aur_journal **out, const struct aur_verb_job *job)
{
    return take(out, job, true);
}

int aur_verb_print(struct aur_buf *text, struct aur_error *err)
{
    bool ok = aur_buf_ok(text) && (!text->len || fwrite(text->data, text->len, 1, stdout) == 1) && fflush(stdout) == 0;
    aur_buf_deinit(text);
    return ok ? AUR_OK : aur_error_set(err, AUR_EIO, "what was found could not be printed");
}

void aur_verb_clean(struct aur_buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        unsigned char *c = (unsigned char *)text->data + i;
        if ((*c < ' ' && *c != '\n') || *c == 0x7f)
            *c = '?';
        else if (*c == 0xc2 && i + 1 < text->len && c[1] >= 0x80 && c[1] <= 0x9f)
            c[0] = c[1] = '?';
    }
}

static void refuse_name(const char *command, const struct aur_verb *verbs, const char *name, struct aur_error *err)
{
    char list[200] = "";
    for (size_t used = 0; verbs->name && used < sizeof list; verbs++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", verbs->name);
    if (*name)
        (void)!aur_error_value(err, command, name, list);
    else
        aur_error_set(err, AUR_EINVAL, "%s: what to do is missing; allowed: %s", command, list);
}

static const struct aur_verb *find_verb(const char *command, const struct aur_verb *verbs,
                                        const struct aur_parsed *parsed, struct aur_error *err)
{
    const char *name = parsed->n_operands ? parsed->operands[0] : "";
    const int n = parsed->n_operands - 1;
    const struct aur_verb *verb = verbs;
    while (verb->name && strcmp(name, verb->name) != 0)
        verb++;
    if (!verb->name)
        refuse_name(command, verbs, name, err);
    else if (n < verb->least || n > verb->most)
        aur_error_set(err, AUR_EINVAL, "%s %s: takes %s; see 'auralis %s --help'", command, name,
                      *verb->operands ? verb->operands : "nothing more", command);
    else
        return verb;
    return NULL;
}

int aur_run_verbs(const struct aur_command *command, const struct aur_verb *verbs, void *args, int argc, char **argv)
{
    struct aur_parsed parsed;
    struct aur_settings settings;
    struct aur_error err = {0};
    int exit_code;
    if (!aur_command_parse(command, &parsed, args, argc, argv, &exit_code))
        return exit_code;
    const struct aur_verb *verb = find_verb(command->name, verbs, &parsed, &err);
    if (!verb || aur_command_settings(&settings, &parsed, &err) < 0)
        return aur_fail(&err);
    const struct aur_verb_job job = {&parsed, &settings, args, parsed.operands + 1, parsed.n_operands - 1, &err};
    const int rc = verb->run(&job);
    if (rc == AUR_OK)
        return AUR_EXIT_OK;
    err.code = rc;
    aur_fail(&err);
    return rc == AUR_EBUSY ? AUR_EXIT_IO : (int)aur_exit_of(rc);
}
