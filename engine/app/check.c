/* check: rehearses a script without playing it: four phrases with the controls it starts with, then with each control at
 * its ends. Main thread. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/stage.h"
#include "compose/session.h"

#define REHEARSED_PHRASES 4
#define REHEARSAL_SEED    1

struct check_args {
    bool json;
};

static const struct aur_option check_table[] = {
    {"--json", NULL, "print JSON", NULL, {AUR_FIELD_FLAG, AUR_MEMBER(struct check_args, json)}, false, NULL},
    {0},
};
const struct aur_options aur_check_options = {"check", check_table, "SCRIPT", 1};

/* Composes phrases with these controls; adds what they hold to `phrases` if it is not NULL. */
static int rehearse(const struct aur_stage *stage, const struct aur_controls *controls, json_t *phrases,
                    struct aur_error *err)
{
    struct aur_session session;
    aur_session_init(&session, stage->piece, REHEARSAL_SEED, (uint32_t)stage->settings.sample_rate);
    int rc = AUR_OK;
    for (int i = 0; rc == AUR_OK && i < REHEARSED_PHRASES; i++) {
        struct aur_phrase *phrase = NULL;
        rc = aur_session_next(&session, &phrase, controls, err);
        if (rc == AUR_OK && phrases)
            json_array_append_new(phrases, json_pack("{sI si sI}", "number", (json_int_t)phrase->number, "bars",
                                                     phrase->bars, "notes", (json_int_t)phrase->n_notes));
        aur_phrase_free(phrase);
    }
    aur_session_deinit(&session);
    return rc;
}

/* Rehearses with one control at `value`, the others as they start; an error says which control it was. */
static int rehearse_at(const struct aur_stage *stage, const struct aur_controls *start, const char *name, double value,
                       struct aur_error *err)
{
    struct aur_controls controls = *start;
    int rc = aur_controls_set(&controls, &aur_piece_describe(stage->piece)->controls, name, value, err);
    if (rc == AUR_OK)
        rc = rehearse(stage, &controls, NULL, err);
    if (rc == AUR_ESCRIPT || rc == AUR_ELIMIT) {
        char with[AUR_CONTROL_NAME_SIZE + 48];
        snprintf(with, sizeof with, " (with %s = %g)", name, value);
        size_t line = strcspn(err->message, "\n");
        if (line + strlen(with) < sizeof err->message)
            memcpy(err->message + line, with, strlen(with) + 1);
    }
    return rc;
}

static int rehearse_all(const struct aur_stage *stage, json_t *phrases, struct aur_error *err)
{
    const struct aur_control_specs *specs = &aur_piece_describe(stage->piece)->controls;
    struct aur_controls start;
    int rc = aur_stage_controls(&start, stage, err);
    if (rc == AUR_OK)
        rc = rehearse(stage, &start, phrases, err);
    for (const struct aur_control_builtin *b = aur_control_builtins; rc == AUR_OK && b->name; b++) {
        rc = rehearse_at(stage, &start, b->name, b->min, err);
        if (rc == AUR_OK)
            rc = rehearse_at(stage, &start, b->name, b->max, err);
    }
    for (size_t i = 0; rc == AUR_OK && i < specs->n; i++) {
        rc = rehearse_at(stage, &start, specs->items[i].name, specs->items[i].min, err);
        if (rc == AUR_OK)
            rc = rehearse_at(stage, &start, specs->items[i].name, specs->items[i].max, err);
    }
    return rc;
}

/* "file:line: text" taken apart, without the traceback below it; line is 0 where the message has none. */
static json_t *describe_error(const char *script, const char *message)
{
    size_t len = strcspn(message, "\n");
    for (const char *colon = message; (colon = strchr(colon, ':')) && colon < message + len; colon++) {
        char *end;
        long line = strtol(colon + 1, &end, 10);
        if (end == colon + 1 || *end != ':')
            continue;
        end += 1 + strspn(end + 1, " ");
        return json_pack("{ss% si ss%}", "file", message, (size_t)(colon - message), "line", (int)line, "message", end,
                         (size_t)(message + len - end));
    }
    return json_pack("{ss si ss%}", "file", script, "line", 0, "message", message, len);
}

static void list_tables(json_t *tables, const struct aur_piece_info *info)
{
    for (uint32_t i = 0; i < info->n_tables; i++) {
        char hash[17];
        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)info->tables[i].table.hash);
        json_array_append_new(tables,
                              json_pack("{ss ss si ss}", "name", info->tables[i].name, "file", info->tables[i].file,
                                        "cycles", (int)info->tables[i].cycles, "hash", hash));
    }
}

static void print_json(const char *script, json_t *phrases, json_t *tables, int rc, const struct aur_error *err)
{
    json_t *errors = json_array();
    if (rc < 0)
        json_array_append_new(errors, describe_error(script, err->message));
    json_t *root =
        json_pack("{sb so sO sO}", "ok", rc == AUR_OK, "errors", errors, "phrases", phrases, "tables", tables);
    char *line = json_dumps(root, JSON_COMPACT);
    printf("%s\n", line ? line : "");
    free(line);
    json_decref(root);
}

int aur_run_check(const struct aur_command *command, int argc, char **argv)
{
    struct check_args args = {0};
    struct aur_parsed parsed;
    struct aur_stage stage;
    struct aur_error err = {0};
    int exit_code;
    if (!aur_command_parse(command, &parsed, &args, argc, argv, &exit_code))
        return exit_code;
    if (aur_command_settings(&stage.settings, &parsed, &err) < 0)
        return aur_fail(&err);
    json_t *phrases = json_array(), *tables = json_array();
    int rc = aur_stage_init(&stage, parsed.operands[0], false, &err);
    if (rc == AUR_OK) {
        list_tables(tables, aur_piece_describe(stage.piece));
        rc = rehearse_all(&stage, phrases, &err);
        aur_stage_deinit(&stage);
    }
    if (args.json)
        print_json(parsed.operands[0], phrases, tables, rc, &err);
    else if (rc == AUR_OK)
        printf("%s is fine\n", parsed.operands[0]);
    json_decref(phrases);
    json_decref(tables);
    if (rc < 0 && !args.json)
        return aur_fail(&err);
    return aur_exit_of(rc);
}
