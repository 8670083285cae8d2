/* check: rehearses a script without playing it: four phrases with the controls it starts with, then with each control at
 * its ends. Main thread. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/stage.h"
#include "compose/rehearsal.h"

#define REHEARSED_PHRASES 4
#define REHEARSAL_SEED    1
#define SOURCE_BYTES      ((size_t)16 << 20)
#define SLOWER            20 /* a machine that checks may be so much slower than the one that plays, by the watchdog's time */

struct check_args {
    bool json;
};

static const struct aur_option check_table[] = {
    {"--json", NULL, "print JSON", NULL, {AUR_FIELD_FLAG, AUR_MEMBER(struct check_args, json)}, false, NULL},
    {0},
};
const struct aur_options aur_check_options = {"check", check_table, "SCRIPT", 1};

struct report {
    bool json;
    json_t *phrases, *warnings;
};

static void on_phrase(void *user, const struct aur_phrase *phrase)
{
    struct report *report = user;
    json_array_append_new(report->phrases, json_pack("{sI si sI}", "number", (json_int_t)phrase->number, "bars",
                                                     phrase->bars, "notes", (json_int_t)phrase->n_notes));
}

static json_t *describe(const struct aur_diagnostic *d)
{
    return json_pack("{ss si si ss ss ss}", "file", d->file, "line", d->line, "column", d->column, "severity",
                     aur_severity_name(d->severity), "message", d->message, "traceback", d->traceback);
}

static void on_warning(void *user, const struct aur_diagnostic *d)
{
    struct report *report = user;
    if (report->json)
        json_array_append_new(report->warnings, describe(d));
    else
        fprintf(stderr, "%s:%d: warning: %s\n", d->file, d->line, d->message);
}

static int rehearse(const struct aur_stage *stage, struct report *report, struct aur_error *err)
{
    struct aur_controls start;
    struct aur_rehearsal rehearsal = {
        .piece = stage->piece,
        .controls = &start,
        .rate_hz = (uint32_t)stage->settings.sample_rate,
        .phrases = REHEARSED_PHRASES,
        .seed = REHEARSAL_SEED,
        .on_phrase = on_phrase,
        .on_warning = on_warning,
        .user = report,
    };
    int rc = aur_stage_controls(&start, stage, err);
    return rc == AUR_OK ? aur_rehearse(&rehearsal, err) : rc;
}

/* What an error names as its file is the script's word: nothing but scripts is read for a column. */
static bool is_lua(const char *file)
{
    size_t n = strlen(file);
    return n > 4 && strcmp(file + n - 4, ".lua") == 0;
}

static json_t *describe_error(const char *script, const struct aur_error *err)
{
    struct aur_diagnostic d;
    struct aur_buf text;
    aur_buf_init(&text);
    aur_diagnostic_read(&d, err, NULL);
    if (!*d.file)
        snprintf(d.file, sizeof d.file, "%s", script);
    else if (is_lua(d.file) && aur_buf_read_file(&text, d.file, SOURCE_BYTES, NULL) == AUR_OK && text.data)
        aur_diagnostic_read(&d, err, text.data);
    aur_buf_deinit(&text);
    return describe(&d);
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

static void print_json(const char *script, const struct report *report, json_t *tables, int rc,
                       const struct aur_error *err)
{
    json_t *errors = json_array();
    if (rc < 0)
        json_array_append_new(errors, describe_error(script, err));
    json_t *root = json_pack("{sb so sO sO sO}", "ok", rc == AUR_OK, "errors", errors, "warnings", report->warnings,
                             "phrases", report->phrases, "tables", tables);
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
    struct report report = {args.json, json_array(), json_array()};
    json_t *tables = json_array();
    stage.settings.script_watchdog_ms *= SLOWER;
    int rc = aur_stage_init(&stage, parsed.operands[0], true, &err);
    if (rc == AUR_OK) {
        list_tables(tables, aur_piece_describe(stage.piece));
        rc = rehearse(&stage, &report, &err);
        aur_stage_deinit(&stage);
    }
    if (args.json)
        print_json(parsed.operands[0], &report, tables, rc, &err);
    else if (rc == AUR_OK)
        printf("%s is fine\n", parsed.operands[0]);
    json_decref(report.phrases);
    json_decref(report.warnings);
    json_decref(tables);
    if (rc < 0 && !args.json)
        return aur_fail(&err);
    return aur_exit_of(rc);
}
