/* Batches on the command line: settings into a run, and what is told about it: a line for each entry on stderr and a bar on a
 * terminal, or JSON events. The main thread waits while workers render; it and they print one at a time, under the run's lock. */
#include "app/batch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/output.h"
#include "app/signals.h"
#include "app/stage.h"
#include "base/clock.h"
#include "batch/run.h"
#include "batch/script.h"
#include "synth/backend.h"

#define PROGRESS_NS 200000000u
#define PIECES      "scripts" /* of the data folder */

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
    bool terminal;
    int interrupted;
    uint64_t start_ns, shown_ns;
    size_t count[AUR_TASK_STATES];
    double seconds;
};

/* ---- what is told ---- */

static void clear_line(const struct app *app)
{
    if (app->terminal)
        fprintf(stderr, "\r%70s\r", "");
}

/* "album.lua:12: 01-rain: why"; what has a place of its own goes first as it is. */
static void print_failure(const struct app *app, const struct aur_task *task)
{
    const char *why = task->err ? task->err->message : "out of memory";
    if (task->entry->line)
        fprintf(stderr, "%s:%d: %s: %s\n", app->call->args->script, task->entry->line, task->entry->name, why);
    else
        fprintf(stderr, "%s: %s\n", task->entry->name, why);
}

static void print_task(const struct app *app, const struct aur_task *task)
{
    clear_line(app);
    if (task->state == AUR_TASK_FAILED)
        print_failure(app, task);
    else if (task->state == AUR_TASK_DONE && task->measured)
        fprintf(stderr, "%s: %.1f s, %.1f LUFS made %.1f (%+.2f dB%s)\n", task->entry->name, task->seconds,
                task->loudness.lufs, task->entry->loudness_lufs, task->gain_db, task->limited ? ", limited" : "");
    else if (task->state == AUR_TASK_DONE)
        fprintf(stderr, "%s: %.1f s\n", task->entry->name, task->seconds);
}

static void print_task_json(const struct aur_task *task)
{
    json_t *event =
        json_pack("{ss ss ss}", "event", "task", "name", task->entry->name, "state", aur_task_state_names[task->state]);
    if (event && task->entry->line)
        json_object_set_new(event, "line", json_integer(task->entry->line));
    if (event && task->state == AUR_TASK_DONE)
        json_object_set_new(event, "seconds", json_real(task->seconds));
    if (event && task->state == AUR_TASK_DONE && task->measured) {
        json_object_set_new(event, "measured_lufs", json_real(task->loudness.lufs));
        json_object_set_new(event, "measured_dbtp", json_real(task->loudness.peak_dbtp));
        json_object_set_new(event, "gain_db", json_real(task->gain_db));
        json_object_set_new(event, "limited", json_boolean(task->limited));
    }
    if (event && task->state == AUR_TASK_FAILED)
        json_object_set_new(event, "message", json_string(task->err ? task->err->message : "out of memory"));
    aur_print_json(event);
}

static void tell_task(const struct app *app, const struct aur_task *task)
{
    if (app->call->json)
        print_task_json(task);
    else
        print_task(app, task);
}

static void on_task(void *user, const struct aur_task *task)
{
    struct app *app = user;
    app->count[task->state]++;
    if (task->state == AUR_TASK_DONE)
        app->seconds += task->seconds;
    tell_task(app, task);
}

static double elapsed_s(const struct app *app)
{
    return (double)(aur_clock_mono_ns() - app->start_ns) / 1e9;
}

static void show_bar(const struct app *app, double part)
{
    static const char full[] = "########################################";
    const int width = (int)sizeof full - 1, filled = (int)(part * width);
    const unsigned left_s = part > 0 ? (unsigned)ceil(elapsed_s(app) * (1 - part) / part) : 0;
    fprintf(stderr, "\r[%.*s%*s] %3.0f %%  %zu done  %u:%02u:%02u left ", filled, full, width - filled, "", 100 * part,
            app->count[AUR_TASK_DONE], left_s / 3600, left_s / 60 % 60, left_s % 60);
}

static void on_part(void *user, double part)
{
    struct app *app = user;
    const uint64_t now = aur_clock_mono_ns();
    if (now - app->shown_ns < PROGRESS_NS)
        return;
    app->shown_ns = now;
    if (app->call->json)
        aur_print_json(
            json_pack("{ss sf sI}", "event", "progress", "part", part, "done", (json_int_t)app->count[AUR_TASK_DONE]));
    else if (app->terminal)
        show_bar(app, part);
}

static void report(const struct app *app, bool interrupted)
{
    const double took = elapsed_s(app);
    clear_line(app);
    if (app->call->json)
        aur_print_json(json_pack("{ss ss sI sI sI sb sf sf ss}", "event", "done", "dir", app->dir, "rendered",
                                 (json_int_t)app->count[AUR_TASK_DONE], "skipped",
                                 (json_int_t)app->count[AUR_TASK_SKIPPED], "failed",
                                 (json_int_t)app->count[AUR_TASK_FAILED], "interrupted", interrupted, "seconds",
                                 app->seconds, "took_seconds", took, "device", app->device));
    else
        fprintf(stderr,
                "%s: %zu rendered, %zu skipped, %zu failed%s: %.1f s of music in %.1f s (%.0f x real time, %s)\n",
                app->dir, app->count[AUR_TASK_DONE], app->count[AUR_TASK_SKIPPED], app->count[AUR_TASK_FAILED],
                interrupted ? ", interrupted" : "", app->seconds, took, app->seconds / fmax(took, 1e-3), app->device);
}

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
        report(app, rc == AUR_EBUSY);
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
            on_task(app, &app->tasks[i]);
    }
}

static void print_plan(const struct app *app)
{
    static const char *const beside[AUR_BATCH_BESIDE] = {"stems", "midi", "events", "chords"};
    for (size_t i = 0; i < app->n_tasks; i++) {
        const struct aur_batch_entry *entry = app->tasks[i].entry;
        printf("%-10s %s: %s, seed %llu, ", aur_task_state_names[app->tasks[i].state], entry->name, entry->piece,
               (unsigned long long)entry->seed);
        if (entry->phrases)
            printf("%d phrases:", entry->phrases);
        else
            printf("%g s:", entry->duration_s);
        for (int k = 0; k < AUR_BATCH_FORMATS; k++)
            if (entry->formats[k])
                printf(" %s", aur_batch_format_names[k]);
        for (int k = 0; k < AUR_BATCH_BESIDE; k++)
            if (entry->beside[k])
                printf(" %s", beside[k]);
        printf("\n");
    }
}

static int dry_run(struct app *app)
{
    tell_decided(app, app->call->json);
    if (!app->call->json)
        print_plan(app);
    return app->count[AUR_TASK_FAILED] ? AUR_EXIT_SCRIPT : AUR_EXIT_OK;
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
    app->run.on_task = on_task;
    app->run.on_part = on_part;
    app->run.user = app;
    app->shelf.folder = app->folder;
    app->shelf.load = load_piece;
    app->shelf.user = app;
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
        return aur_fail(&err);
    return app->count[AUR_TASK_FAILED] ? AUR_EXIT_SCRIPT : AUR_EXIT_OK;
}

static int begin(struct app *app, const struct aur_batch_call *call, struct aur_error *err)
{
    app->call = call;
    app->terminal = !call->json && isatty(STDERR_FILENO);
    app->start_ns = aur_clock_mono_ns();
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
    const int code = rc == AUR_OK ? run(app, true) : aur_fail(&err);
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
    const int code = rc == AUR_OK ? run(app, false) : aur_fail(&err);
    end(app);
    return code;
}
