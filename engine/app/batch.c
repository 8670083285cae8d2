/* Batches on the command line: settings into a run. The main thread prepares it and waits while workers render; it and they tell
 * about it one at a time, under the run's lock. */
#include "app/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/batch_report.h"
#include "app/command.h"
#include "app/output.h"
#include "app/signals.h"
#include "app/stage.h"
#include "batch/run.h"
#include "batch/script.h"
#include "synth/backend.h"

#define PIECES "scripts" /* of the data folder */

struct app {
    const struct aur_batch_call *call;
    struct aur_stage stage;
    struct aur_batch_list list;
    struct aur_shelf shelf;
    struct aur_task *tasks;
    size_t n_tasks;
    struct aur_manifest *manifest;
    struct aur_batch_run run;
    char folder[AUR_PATH_SIZE], pieces[AUR_PATH_SIZE + 16], dir[AUR_PATH_SIZE], device[160];
    int interrupted;
    struct aur_batch_report report;
};

/* ---- what is to be rendered ---- */

/* A name against a pattern with * for anything. */
static bool matches(const char *pattern, const char *name)
{
    for (; *pattern != '*'; pattern++, name++)
        if (*pattern != *name || !*name)
            return *pattern == *name;
    for (;; name++) {
        if (matches(pattern + 1, name))
            return true;
        if (!*name)
            return false;
    }
}

static bool is_wanted(const struct aur_text_list *only, const char *name)
{
    bool wanted = only->n == 0;
    for (size_t i = 0; i < only->n; i++)
        wanted = wanted || matches(only->items[i], name);
    return wanted;
}

static int check_only(const struct app *app, struct aur_error *err)
{
    const struct aur_text_list *only = &app->call->args->only;
    for (size_t i = 0; i < only->n; i++) {
        bool found = false;
        for (size_t k = 0; k < app->list.n; k++)
            found = found || matches(only->items[i], app->list.items[k].name);
        if (!found)
            return aur_error_value(err, "--only", only->items[i], "the name of an entry, * standing for anything");
    }
    return AUR_OK;
}

static int load_piece(void *user, struct aur_piece **out, const char *path, struct aur_error *err)
{
    const struct app *app = user;
    return aur_stage_load(out, &app->stage, path, false, err);
}

static int prepare(struct app *app, struct aur_error *err)
{
    int rc = check_only(app, err);
    app->tasks = calloc(app->list.n + 1, sizeof *app->tasks);
    if (rc == AUR_OK && !app->tasks)
        rc = aur_error_set(err, AUR_ENOMEM, "out of memory");
    for (size_t i = 0; rc == AUR_OK && i < app->list.n; i++) {
        struct aur_task *task = &app->tasks[app->n_tasks];
        if (!is_wanted(&app->call->args->only, app->list.items[i].name))
            continue;
        if (!aur_task_prepare(task, &app->list.items[i], &app->shelf, &app->run.task))
            rc = aur_error_set(err, AUR_ENOMEM, "out of memory");
        aur_batch_decide(task, app->manifest, app->dir, app->call->force);
        app->n_tasks++;
    }
    return rc;
}

/* ---- the run ---- */

static unsigned processors(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 && n < AUR_BATCH_WORKERS_MAX ? (unsigned)n : 1;
}

static void interrupt(void *user)
{
    struct app *app = user;
    __atomic_store_n(&app->interrupted, 1, __ATOMIC_RELAXED);
}

static const char *name_at(void *user, size_t i)
{
    const struct app *app = user;
    return app->list.items[i].name;
}

static int run_tasks(struct app *app, struct aur_error *err)
{
    struct aur_signals signals = {
        .on_stop = interrupt, .user = app, .repeat_ms = AUR_SIGNAL_REPEAT_MS, .forced_exit = AUR_EXIT_INTERRUPTED};
    int rc = aur_device_open(&app->run.task.synth, app->device, sizeof app->device, &app->stage, err);
    if (rc == AUR_OK)
        rc = aur_signals_start(&signals, err);
    if (rc == AUR_OK) {
        rc = aur_batch_run(app->tasks, app->n_tasks, &app->run, err);
        aur_signals_end(&signals);
        aur_batch_report_end(&app->report, app->dir, app->device, rc == AUR_EBUSY);
    }
    aur_backend_free(app->run.task.synth.backend);
    struct aur_error untidy;
    int tidied = app->manifest ? aur_manifest_tidy(app->manifest, name_at, app->list.n, app, &untidy) : AUR_OK;
    if (rc == AUR_OK && tidied != AUR_OK) {
        *err = untidy;
        rc = tidied;
    }
    return rc;
}

/* What need not be rendered is told at once. */
static void tell_decided(struct app *app, bool all)
{
    for (size_t i = 0; i < app->n_tasks; i++) {
        const enum aur_task_state state = app->tasks[i].state;
        if (all || state == AUR_TASK_SKIPPED || state == AUR_TASK_FAILED)
            aur_batch_report_task(&app->report, &app->tasks[i]);
    }
}

static int dry_run(struct app *app)
{
    tell_decided(app, app->call->json);
    for (size_t i = 0; !app->call->json && i < app->n_tasks; i++)
        aur_batch_report_plan(&app->tasks[i]);
    return app->report.count[AUR_TASK_FAILED] ? AUR_EXIT_SCRIPT : AUR_EXIT_OK;
}

static void fill_run(struct app *app)
{
    const struct aur_batch_call *call = app->call;
    app->run.task.dir = app->dir;
    app->run.task.synth = aur_stage_synth(&app->stage);
    app->run.task.force = call->force;
    app->run.task.interrupted = &app->interrupted;
    app->run.workers = call->args->jobs ? (unsigned)call->args->jobs : processors();
    app->run.manifest = app->manifest;
    app->run.on_task = aur_batch_report_task;
    app->run.on_part = aur_batch_report_part;
    app->run.user = &app->report;
    app->shelf.folder = app->folder;
    app->shelf.load = load_piece;
    app->shelf.user = app;
}

/* The end of the run is its last event, with a failure or without. */
static int fail(const struct app *app, const struct aur_error *err)
{
    return aur_output_fail(err, app->call->json && !app->report.ended);
}

/* The list is filled. */
static int run(struct app *app, bool with_manifest)
{
    struct aur_error err = {0};
    char inside[AUR_PATH_SIZE + 2];
    const bool dry = app->call->args->dry_run;
    int rc = aur_stage_wanted(&app->run.task.wanted, &app->stage, &err);
    snprintf(inside, sizeof inside, "%s/x", app->dir);
    if (rc == AUR_OK && !dry)
        rc = aur_task_folders(inside, &err);
    if (rc == AUR_OK && with_manifest)
        rc = aur_manifest_open(&app->manifest, app->dir, !dry, &err);
    if (rc == AUR_OK) {
        fill_run(app);
        rc = prepare(app, &err);
    }
    if (rc == AUR_OK && dry)
        return dry_run(app);
    if (rc == AUR_OK) {
        tell_decided(app, false);
        rc = run_tasks(app, &err);
    }
    if (rc < 0)
        return fail(app, &err);
    return app->report.count[AUR_TASK_FAILED] ? AUR_EXIT_SCRIPT : AUR_EXIT_OK;
}

static int begin(struct app *app, const struct aur_batch_call *call, struct aur_error *err)
{
    app->call = call;
    aur_batch_report_begin(&app->report, call->args->script, call->json);
    app->stage.settings = *call->settings;
    return aur_stage_set(&app->stage, NULL, err);
}

static void end(struct app *app)
{
    for (size_t i = 0; i < app->n_tasks; i++)
        aur_task_deinit(&app->tasks[i]);
    free(app->tasks);
    aur_manifest_close(app->manifest);
    aur_shelf_deinit(&app->shelf);
    aur_batch_list_deinit(&app->list);
    aur_stage_deinit(&app->stage);
    free(app);
}

/* "songs/album.lua" -> "album". */
static void stem_of(char *out, size_t size, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    snprintf(out, size, "%.*s", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
}

static int read_script(struct app *app, struct aur_error *err)
{
    const struct aur_batch_call *call = app->call;
    const char *path = call->args->script, *slash = strrchr(path, '/');
    const struct aur_script_limits limits = aur_stage_limits(&app->stage.settings, false);
    const struct aur_batch_source source = {.path = path,
                                            .lib_dir = app->stage.lib_dir,
                                            .instructions = limits.instructions,
                                            .memory_bytes = limits.memory_bytes,
                                            .source_bytes = limits.source_bytes,
                                            .log = app->stage.log};
    snprintf(app->folder, sizeof app->folder, "%.*s", slash ? (int)(slash - path) : 0, path);
    snprintf(app->pieces, sizeof app->pieces, "%s/%s", app->stage.data_dir, PIECES);
    app->shelf.pieces_dir = app->pieces;
    if (*call->dir)
        snprintf(app->dir, sizeof app->dir, "%s", call->dir);
    else
        stem_of(app->dir, sizeof app->dir, path);
    return aur_batch_script_run(&app->list, &source, err);
}

int aur_app_batch(const struct aur_batch_call *call)
{
    struct aur_error err = {0};
    struct app *app = calloc(1, sizeof *app);
    if (!app)
        return AUR_EXIT_IO;
    int rc = begin(app, call, &err);
    if (rc == AUR_OK)
        rc = read_script(app, &err);
    const int code = rc == AUR_OK ? run(app, true) : fail(app, &err);
    end(app);
    return code;
}

static int add_scripts(struct app *app, const char *const *scripts, int n_scripts, const struct aur_batch_entry *like,
                       struct aur_error *err)
{
    int rc = AUR_OK, line;
    for (int i = 0; rc == AUR_OK && i < n_scripts; i++) {
        char name[AUR_PATH_SIZE];
        struct aur_batch_entry entry = *like;
        stem_of(name, sizeof name, scripts[i]);
        entry.piece = scripts[i];
        entry.name = aur_batch_keep(&app->list, name);
        rc = entry.name ? aur_batch_entry_check(&entry, err) : aur_error_set(err, AUR_ENOMEM, "out of memory");
        if (rc == AUR_OK)
            rc = aur_batch_add(&app->list, &entry, err);
    }
    return rc == AUR_OK ? aur_batch_names_check(&app->list, &line, err) : rc;
}

int aur_app_several(const struct aur_batch_call *call, const char *const *scripts, int n_scripts,
                    const struct aur_batch_entry *like)
{
    struct aur_error err = {0};
    struct app *app = calloc(1, sizeof *app);
    if (!app)
        return AUR_EXIT_IO;
    int rc = begin(app, call, &err);
    snprintf(app->dir, sizeof app->dir, "%s", call->dir);
    for (size_t n = strlen(app->dir); n > 1 && app->dir[n - 1] == '/'; n--)
        app->dir[n - 1] = '\0';
    if (rc == AUR_OK)
        rc = add_scripts(app, scripts, n_scripts, like, &err);
    const int code = rc == AUR_OK ? run(app, false) : fail(app, &err);
    end(app);
    return code;
}
