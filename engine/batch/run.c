/* Workers that take the next task from a list under a lock. They hold the lock for the moment in which a task begins or ends, and
 * while the manifest gets its line, never while they render. */
#include "batch/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bounce/outfile.h"
#include "rt/thread.h"

/* ---- what is to be done ---- */

static bool is_there(const char *dir, const char *file)
{
    char path[8192];
    struct stat about;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    return lstat(path, &about) == 0;
}

/* The first file that is there and is not the task's own; NULL: none. Stems lie in a folder of their own. */
static const char *in_the_way(const struct aur_task *task, const struct aur_task_files *files,
                              const struct aur_manifest *manifest, const char *dir)
{
    const char *name = task->entry->name;
    for (int i = 0; i < AUR_BATCH_FORMATS + AUR_BATCH_BESIDE; i++) {
        const char *file = i < AUR_BATCH_FORMATS ? files->audio[i] : files->beside[i - AUR_BATCH_FORMATS];
        if (*file && is_there(dir, file) && !(manifest && aur_manifest_owns(manifest, name, file)))
            return file;
    }
    return NULL;
}

void aur_batch_decide(struct aur_task *task, const struct aur_manifest *manifest, const char *dir, bool force)
{
    const json_t *line = manifest ? aur_manifest_find(manifest, task->entry->name) : NULL;
    const char *state = json_string_value(json_object_get(line, "state"));
    const char *print = json_string_value(json_object_get(line, "fingerprint"));
    const bool same = print && strcmp(print, task->fingerprint) == 0;
    struct aur_task_files files;
    struct aur_error err;
    if (task->state == AUR_TASK_FAILED)
        return;
    task->state = !line ? AUR_TASK_NEW : AUR_TASK_CHANGED;
    if (line && same) {
        const bool done = state && strcmp(state, "done") == 0 && aur_manifest_whole(manifest, line);
        task->state = done && !force ? AUR_TASK_SKIPPED : AUR_TASK_INCOMPLETE;
    }
    aur_task_files(&files, task->entry);
    const char *other = force || task->state == AUR_TASK_SKIPPED ? NULL : in_the_way(task, &files, manifest, dir);
    if (other) {
        (void)!aur_error_set(&err, AUR_EIO, "%s/%s: exists already and is not overwritten without --force", dir, other);
        aur_task_fail(task, &err);
    }
}

/* A batch that was killed while it made this leaves part files, which are hidden. */
static void sweep(const struct aur_task *task, const struct aur_manifest *manifest, const char *dir)
{
    const json_t *line = manifest ? aur_manifest_find(manifest, task->entry->name) : NULL;
    const char *state = json_string_value(json_object_get(line, "state"));
    const char *slash = strrchr(task->entry->name, '/'), *name = slash ? slash + 1 : task->entry->name;
    struct aur_task_files files;
    char folder[8192];
    if (!state || strcmp(state, "begun") != 0)
        return;
    aur_task_files(&files, task->entry);
    snprintf(folder, sizeof folder, "%s/%.*s", dir, (int)(name - task->entry->name), task->entry->name);
    for (int i = 0; i < AUR_BATCH_FORMATS + AUR_BATCH_BESIDE; i++) {
        const char *file = i < AUR_BATCH_FORMATS ? files.audio[i] : files.beside[i - AUR_BATCH_FORMATS];
        if (*file)
            aur_outfile_sweep(folder, file + (name - task->entry->name));
    }
    if (*files.beside[AUR_BATCH_STEMS]) {
        snprintf(folder, sizeof folder, "%s/%s", dir, files.beside[AUR_BATCH_STEMS]);
        aur_outfile_sweep(folder, NULL);
    }
}

/* ---- the manifest's lines ---- */

static json_t *begin_line(const struct aur_task *task, const char *state)
{
    json_t *line = json_pack("{ss ss ss s[]}", "name", task->entry->name, "state", state, "fingerprint",
                             task->fingerprint, "files");
    return line;
}

/* For people and for tools that read data sets. */
static bool describe(json_t *line, const struct aur_task *task)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)task->entry->seed);
    const struct aur_controls *controls = &task->controls;
    json_t *about = json_pack("{ss ss ss si sf sf sf}", "piece", aur_piece_name(task->piece->piece), "seed", seed,
                              "key", controls->key.name, "bpm", controls->bpm, "intensity", controls->intensity,
                              "melody_complexity", controls->melody_complexity, "seconds", task->seconds);
    const struct aur_control_specs *specs = &aur_piece_describe(task->piece->piece)->controls;
    json_t *set = json_object();
    for (size_t i = 0; i < specs->n; i++)
        json_object_set_new(set, specs->items[i].name, json_real(controls->piece[i]));
    bool ok = about && json_object_update(line, about) == 0 && json_object_set(line, "set", set) == 0;
    if (ok && task->measured)
        ok = json_object_set_new(line, "measured_lufs", json_real(round(task->loudness.lufs * 100) / 100)) == 0 &&
             json_object_set_new(line, "measured_dbtp", json_real(round(task->loudness.peak_dbtp * 100) / 100)) == 0 &&
             json_object_set_new(line, "gain_db", json_real(task->gain_db)) == 0 &&
             json_object_set_new(line, "limited", json_boolean(task->limited)) == 0 &&
             json_object_set_new(line, "lufs", json_real(round(task->lufs * 100) / 100)) == 0;
    json_decref(about);
    json_decref(set);
    return ok;
}

static bool put_files(const struct aur_manifest *manifest, json_t *line, const struct aur_task *task, bool begun)
{
    struct aur_task_files files;
    bool ok = true;
    aur_task_files(&files, task->entry);
    for (int i = 0; ok && i < AUR_BATCH_FORMATS + AUR_BATCH_BESIDE; i++) {
        const char *file = i < AUR_BATCH_FORMATS ? files.audio[i] : files.beside[i - AUR_BATCH_FORMATS];
        if (!*file)
            continue;
        if (i == AUR_BATCH_FORMATS + AUR_BATCH_STEMS && !begun)
            for (char **stem = task->stems; ok && stem && *stem; stem++)
                ok = aur_manifest_put_file(manifest, line, *stem);
        else if (begun)
            ok = json_array_append_new(json_object_get(line, "files"), json_pack("{ss}", "file", file)) == 0;
        else
            ok = aur_manifest_put_file(manifest, line, file);
    }
    return ok;
}

static int note(struct aur_manifest *manifest, const struct aur_task *task, bool begun, struct aur_error *err)
{
    if (!manifest)
        return AUR_OK;
    json_t *line = begin_line(task, begun ? "begun" : "done"),
           *former = aur_manifest_former(manifest, task->entry->name);
    const bool ok = line && former && (begun ? json_object_set(line, "former", former) == 0 : describe(line, task)) &&
                    put_files(manifest, line, task, begun);
    int rc = AUR_ENOMEM;
    if (ok)
        rc = aur_manifest_add(manifest, line, err);
    else
        (void)!aur_error_set(err, AUR_ENOMEM, "out of memory");
    if (!ok)
        json_decref(line);
    else if (rc == AUR_OK && !begun)
        aur_manifest_drop(manifest, task->entry->name, former);
    json_decref(former);
    return rc;
}

/* ---- workers ---- */

struct crew;

struct worker {
    struct crew *crew;
    struct aur_thread thread;
    double part; /* of the task it is at */
};

struct crew {
    const struct aur_batch_run *run;
    struct aur_task *tasks;
    size_t n, next, todo, ended;
    struct aur_lock lock; /* of all that follows, and of next and ended */
    struct worker *workers;
    unsigned n_workers;
    struct aur_error failed; /* code 0: nothing that ends the batch */
};

static bool is_todo(const struct aur_task *task)
{
    return task->state == AUR_TASK_NEW || task->state == AUR_TASK_CHANGED || task->state == AUR_TASK_INCOMPLETE;
}

static bool interrupted(const struct crew *crew)
{
    const int *flag = crew->run->task.interrupted;
    return flag && __atomic_load_n(flag, __ATOMIC_RELAXED);
}

static void tell(const struct crew *crew, const struct aur_task *task)
{
    if (crew->run->on_task)
        crew->run->on_task(crew->run->user, task);
}

static void on_part(void *user, double part)
{
    struct worker *worker = user;
    struct crew *crew = worker->crew;
    aur_lock_take(&crew->lock);
    worker->part = part;
    double sum = (double)crew->ended;
    for (unsigned i = 0; i < crew->n_workers; i++)
        sum += crew->workers[i].part;
    if (crew->run->on_part)
        crew->run->on_part(crew->run->user, sum / (double)crew->todo);
    aur_lock_drop(&crew->lock);
}

/* The next task, begun; NULL: no more. */
static struct aur_task *take_task(struct crew *crew, bool *replace)
{
    struct aur_task *task = NULL;
    aur_lock_take(&crew->lock);
    while (crew->next < crew->n && !is_todo(&crew->tasks[crew->next]))
        crew->next++;
    if (crew->next < crew->n && !crew->failed.code && !interrupted(crew)) {
        task = &crew->tasks[crew->next++];
        *replace = task->state != AUR_TASK_NEW || crew->run->task.force;
        sweep(task, crew->run->manifest, crew->run->task.dir);
        if (note(crew->run->manifest, task, true, &crew->failed) == AUR_OK) {
            task->state = AUR_TASK_RUNNING;
            tell(crew, task);
        } else {
            task = NULL;
        }
    }
    aur_lock_drop(&crew->lock);
    return task;
}

static void end_task(struct worker *worker, struct aur_task *task, int rc, const struct aur_error *err)
{
    struct crew *crew = worker->crew;
    aur_lock_take(&crew->lock);
    worker->part = 0;
    crew->ended++;
    if (rc == AUR_OK)
        rc = note(crew->run->manifest, task, false, &crew->failed);
    if (rc == AUR_OK)
        task->state = AUR_TASK_DONE;
    else if (rc == AUR_EBUSY && interrupted(crew))
        task->state = AUR_TASK_INTERRUPTED;
    else
        aur_task_fail(task, crew->failed.code ? &crew->failed : err);
    tell(crew, task);
    aur_lock_drop(&crew->lock);
}

static void work(void *user)
{
    struct worker *worker = user;
    struct crew *crew = worker->crew;
    struct aur_task *task;
    bool replace;
    while ((task = take_task(crew, &replace))) {
        struct aur_error err = {0};
        int rc = aur_task_render(task, &crew->run->task, replace, on_part, worker, &err);
        end_task(worker, task, rc, &err);
    }
}

/* Starts as many as can be; one is enough. */
static int start(struct crew *crew, unsigned n, struct aur_error *err)
{
    int rc = AUR_OK;
    aur_lock_take(&crew->lock);
    while (rc == AUR_OK && crew->n_workers < n) {
        struct worker *worker = &crew->workers[crew->n_workers];
        worker->crew = crew;
        rc = aur_thread_start(&worker->thread, &(struct aur_thread_config){"batch", work, worker, false}, err);
        crew->n_workers += rc == AUR_OK;
    }
    aur_lock_drop(&crew->lock);
    return crew->n_workers ? AUR_OK : rc;
}

int aur_batch_run(struct aur_task *tasks, size_t n, const struct aur_batch_run *run, struct aur_error *err)
{
    struct crew crew = {.run = run, .tasks = tasks, .n = n};
    for (size_t i = 0; i < n; i++)
        crew.todo += is_todo(&tasks[i]);
    if (!crew.todo)
        return AUR_OK;
    const unsigned workers = run->workers < crew.todo ? run->workers : (unsigned)crew.todo;
    crew.workers = calloc(workers, sizeof *crew.workers);
    if (!crew.workers)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    aur_lock_init(&crew.lock);
    int rc = start(&crew, workers, err);
    for (unsigned i = 0; i < crew.n_workers; i++)
        aur_thread_join(&crew.workers[i].thread);
    aur_lock_deinit(&crew.lock);
    free(crew.workers);
    if (rc == AUR_OK && crew.failed.code) {
        *err = crew.failed;
        rc = crew.failed.code;
    }
    if (rc == AUR_OK && interrupted(&crew))
        rc = aur_error_set(err, AUR_EBUSY, "interrupted");
    return rc;
}
