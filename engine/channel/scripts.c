/* The scripts worker: one thread that waits for requests and for files to change, and does both in turn. A burst of
 * changes (an editor that writes a file in parts, a checkout that touches many) is looked at once, when it is over. */
#include "channel/scripts.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "channel/scripts_worker.h"

#define QUIET_NS 60000000u  /* a burst is over when nothing has changed for so long, */
#define BURST_NS 400000000u /* or has lasted so long */
#define MS_NS    1000000u

/* ---- requests ---- */

static bool take_job(struct aur_scripts_worker *w, struct aur_scripts_job *out)
{
    aur_lock_take(&w->lock);
    bool any = w->n > 0;
    if (any) {
        *out = w->queue[w->first];
        w->first = (w->first + 1) % AUR_SCRIPTS_QUEUE;
        w->n--;
    }
    aur_lock_drop(&w->lock);
    return any;
}

static void finish(struct aur_scripts_job *job, struct aur_scripts_reply *reply)
{
    job->done(job->user, reply);
    aur_buf_deinit(&reply->body);
    free(job->request.text);
    aur_opening_free(job->request.opening);
}

static bool answer_one(struct aur_scripts *scripts)
{
    struct aur_scripts_job job;
    struct aur_scripts_reply reply = {.code = AUR_OK};
    if (!take_job(scripts->worker, &job))
        return false;
    aur_buf_init(&reply.body);
    aur_scripts_answer(scripts, &job.request, &reply);
    finish(&job, &reply);
    return true;
}

static void refuse_all(struct aur_scripts *scripts)
{
    struct aur_scripts_job job;
    while (take_job(scripts->worker, &job)) {
        struct aur_scripts_reply reply = {.code = AUR_EBUSY};
        aur_buf_init(&reply.body);
        finish(&job, &reply);
    }
}

static void wake(struct aur_scripts_worker *w)
{
    uint64_t one = 1;
    while (write(w->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

int aur_scripts_ask(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                    void (*done)(void *user, struct aur_scripts_reply *reply), void *user)
{
    struct aur_scripts_worker *w = scripts->worker;
    aur_lock_take(&w->lock);
    bool room = w->n < AUR_SCRIPTS_QUEUE && !atomic_load(&w->stop);
    if (room)
        w->queue[(w->first + w->n++) % AUR_SCRIPTS_QUEUE] = (struct aur_scripts_job){*request, done, user};
    aur_lock_drop(&w->lock);
    if (!room)
        return AUR_EBUSY;
    wake(w);
    return AUR_OK;
}

/* ---- files ---- */

static size_t count(struct aur_scripts_worker *w)
{
    aur_lock_take(&w->lock);
    size_t n = w->n_follows;
    aur_lock_drop(&w->lock);
    return n;
}

static bool is_in(const char *path, const char *folder, const char *name)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && path[n] == '/' && strcmp(path + n + 1, name) == 0;
}

static void note_change(struct aur_scripts_worker *w)
{
    w->last_ns = aur_clock_mono_ns();
    if (!w->first_ns)
        w->first_ns = w->last_ns;
}

/* Anything in a watched folder may matter: a new file may take the place of a library module. */
static void on_change(void *user, const char *folder, const char *name)
{
    struct aur_scripts *scripts = user;
    struct aur_scripts_worker *w = scripts->worker;
    size_t n = count(w);
    note_change(w);
    for (size_t i = 0; i < n; i++) {
        aur_scripts_turn(scripts, &w->follows[i]);
        w->follows[i].changed = true;
        w->follows[i].saved |= is_in(w->follows[i].path, folder, name);
    }
}

void aur_scripts_look_again(struct aur_scripts *scripts, struct aur_follow *follow)
{
    note_change(scripts->worker);
    follow->changed = true;
}

static void look(struct aur_scripts *scripts)
{
    struct aur_scripts_worker *w = scripts->worker;
    w->first_ns = 0;
    size_t n = count(w);
    for (size_t i = 0; i < n; i++)
        if (w->follows[i].changed)
            aur_scripts_look(scripts, &w->follows[i]);
}

/* Looks at what changed if the burst is over; returns for how long there is nothing to do, in ms, or -1. */
static int look_when_quiet(struct aur_scripts *scripts)
{
    struct aur_scripts_worker *w = scripts->worker;
    if (!w->first_ns)
        return -1;
    uint64_t now = aur_clock_mono_ns(), quiet = w->last_ns + QUIET_NS, most = w->first_ns + BURST_NS;
    uint64_t at = quiet < most ? quiet : most;
    if (now < at)
        return (int)((at - now + MS_NS - 1) / MS_NS);
    look(scripts);
    return w->first_ns ? (int)(QUIET_NS / MS_NS) : -1; /* something changed meanwhile */
}

/* A channel that has begun to follow a file: it may be another already than the one that was loaded. */
static void look_at_new(struct aur_scripts *scripts)
{
    struct aur_scripts_worker *w = scripts->worker;
    for (size_t n = count(w); w->n_looked < n; w->n_looked++)
        aur_scripts_begin(scripts, &w->follows[w->n_looked]);
}

void aur_scripts_step(struct aur_scripts *scripts)
{
    aur_watch_read(scripts->worker->watch, on_change, scripts);
    look_at_new(scripts);
    look(scripts);
    while (answer_one(scripts))
        ;
}

static void run(void *user)
{
    struct aur_scripts *scripts = user;
    struct aur_scripts_worker *w = scripts->worker;
    int timeout = -1;
    while (!atomic_load(&w->stop)) {
        struct pollfd fds[] = {{.fd = w->wake_fd, .events = POLLIN}, {.fd = aur_watch_fd(w->watch), .events = POLLIN}};
        uint64_t wakes;
        if (poll(fds, 2, timeout) < 0 && errno != EINTR)
            break;
        if (fds[0].revents && read(w->wake_fd, &wakes, sizeof wakes) < 0 && errno != EAGAIN)
            break;
        aur_watch_read(w->watch, on_change, scripts);
        look_at_new(scripts);
        timeout = look_when_quiet(scripts);
        if (answer_one(scripts))
            timeout = 0; /* there may be more */
    }
    refuse_all(scripts);
}

/* ---- life ---- */

static int make_worker(struct aur_scripts *scripts, struct aur_error *err)
{
    struct aur_scripts_worker *w = calloc(1, sizeof *w);
    if (!w)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    scripts->worker = w;
    aur_lock_init(&w->lock);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->wake_fd < 0)
        return aur_error_set(err, AUR_EIO, "eventfd: %s", strerror(errno));
    int rc = aur_watch_new(&w->watch, err);
    if (rc == AUR_OK)
        rc = aur_watch_folder(w->watch, scripts->folder, err);
    if (rc == AUR_OK && *scripts->lib_dir)
        rc = aur_watch_folder(w->watch, scripts->lib_dir, err);
    return rc;
}

static void free_follow(struct aur_follow *follow)
{
    for (size_t k = 0; k < follow->n_files; k++)
        free(follow->files[k]);
    free(follow->path);
    free(follow->own_path);
}

static void free_worker(struct aur_scripts_worker *w)
{
    if (!w)
        return;
    atomic_store(&w->stop, true);
    if (w->wake_fd >= 0)
        wake(w);
    aur_thread_join(&w->thread);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    aur_watch_free(w->watch);
    for (size_t i = 0; i < w->n_follows; i++)
        free_follow(&w->follows[i]);
    aur_lock_deinit(&w->lock);
    free(w);
}

int aur_scripts_make(struct aur_scripts **out, const struct aur_scripts_config *config, struct aur_error *err)
{
    struct aur_scripts *scripts = calloc(1, sizeof *scripts);
    if (!scripts)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    scripts->limits = config->limits;
    scripts->tables = config->tables;
    scripts->swap = config->swap;
    scripts->log = config->log;
    scripts->station = config->station;
    scripts->opening = config->opening;
    scripts->folder = realpath(config->folder, NULL);
    scripts->lib_dir = config->lib_dir ? realpath(config->lib_dir, NULL) : NULL;
    int rc = scripts->folder ? AUR_OK : aur_error_set(err, AUR_EIO, "%s: %s", config->folder, strerror(errno));
    if (rc == AUR_OK && !scripts->lib_dir && !(scripts->lib_dir = strdup("")))
        rc = aur_error_set(err, AUR_ENOMEM, "out of memory");
    if (rc == AUR_OK)
        rc = aur_scripts_desk_new(&scripts->desk, scripts, config->versions_dir,
                                  config->versions ? config->versions : AUR_SCRIPTS_KEPT, err);
    if (rc == AUR_OK)
        rc = make_worker(scripts, err);
    if (rc < 0) {
        aur_scripts_free(scripts);
        return rc;
    }
    *out = scripts;
    return AUR_OK;
}

void aur_scripts_free(struct aur_scripts *scripts)
{
    if (!scripts)
        return;
    free_worker(scripts->worker);
    aur_scripts_desk_free(scripts->desk);
    free(scripts->folder);
    free(scripts->lib_dir);
    free(scripts);
}

int aur_scripts_new(struct aur_scripts **out, const struct aur_scripts_config *config, struct aur_error *err)
{
    struct aur_scripts *scripts;
    int rc = aur_scripts_make(&scripts, config, err);
    if (rc < 0)
        return rc;
    struct aur_thread_config thread = {.name = "aur_scripts", .run = run, .user = scripts};
    rc = aur_thread_start(&scripts->worker->thread, &thread, err);
    if (rc < 0) {
        aur_scripts_free(scripts);
        return rc;
    }
    *out = scripts;
    return AUR_OK;
}

/* ---- who follows what ---- */

char *aur_scripts_path(const struct aur_scripts *scripts, const char *name)
{
    struct aur_buf path;
    aur_buf_init(&path);
    aur_buf_printf(&path, "%s%s%s", *name == '/' ? "" : scripts->folder, *name == '/' ? "" : "/", name);
    return aur_buf_take(&path);
}

int aur_scripts_call(char out[AUR_SCRIPTS_NAME_SIZE], const char *folder, const char *path, struct aur_error *err)
{
    char real_folder[PATH_MAX], above[PATH_MAX], real_above[PATH_MAX];
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    snprintf(above, sizeof above, "%.*s", slash == path ? 1 : slash ? (int)(slash - path) : 1, slash ? path : ".");
    if (!realpath(folder, real_folder) || !realpath(above, real_above))
        return aur_error_set(err, AUR_EIO, "%s: %s", path, strerror(errno));
    size_t n = strlen(real_folder);
    const char *within = real_above + n;
    int length;
    if (strcmp(real_above, real_folder) == 0)
        length = snprintf(out, AUR_SCRIPTS_NAME_SIZE, "%s", last);
    else if (strncmp(real_above, real_folder, n) == 0 && *within == '/')
        length = snprintf(out, AUR_SCRIPTS_NAME_SIZE, "%s/%s", within + 1, last);
    else
        length = snprintf(out, AUR_SCRIPTS_NAME_SIZE, ".../%s", last);
    return length < AUR_SCRIPTS_NAME_SIZE ? AUR_OK : aur_error_set(err, AUR_ELIMIT, "%s: the name is too long", path);
}

int aur_scripts_find(const struct aur_scripts *scripts, char **path, char called[AUR_SCRIPTS_NAME_SIZE],
                     const char *name, struct aur_error *err)
{
    bool elsewhere = false;
    snprintf(called, AUR_SCRIPTS_NAME_SIZE, "%s", name);
    if (*name == '/') {
        int rc = aur_scripts_call(called, scripts->folder, name, err);
        if (rc < 0)
            return rc;
        elsewhere = called[0] == '.';
    }
    *path = aur_scripts_path(scripts, elsewhere ? name : called);
    return *path ? AUR_OK : aur_error_set(err, AUR_ENOMEM, "out of memory");
}

int aur_scripts_follow(struct aur_scripts *scripts, struct aur_channel *channel, const char *name,
                       struct aur_error *err)
{
    struct aur_scripts_worker *w = scripts->worker;
    char called[AUR_SCRIPTS_NAME_SIZE], *path, *own;
    int rc = aur_scripts_find(scripts, &path, called, name, err);
    if (rc < 0)
        return rc;
    if (!(own = strdup(path))) {
        free(path);
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    }
    aur_lock_take(&w->lock);
    bool room = w->n_follows < AUR_SCRIPTS_CHANNELS_MAX;
    if (room) {
        struct aur_follow *follow = &w->follows[w->n_follows];
        *follow = (struct aur_follow){.channel = channel, .path = path, .own_path = own};
        memcpy(follow->name, called, sizeof follow->name);
        memcpy(follow->own_name, called, sizeof follow->own_name);
        w->n_follows++;
    }
    aur_lock_drop(&w->lock);
    if (!room) {
        free(path);
        free(own);
        return aur_error_set(err, AUR_ELIMIT, "more than %d channels", AUR_SCRIPTS_CHANNELS_MAX);
    }
    wake(w);
    return AUR_OK;
}

void aur_scripts_unfollow(struct aur_scripts *scripts, const struct aur_channel *channel)
{
    struct aur_scripts_worker *w = scripts->worker;
    struct aur_follow old = {.channel = NULL};
    aur_lock_take(&w->lock);
    for (size_t i = 0; i < w->n_follows && !old.channel; i++) {
        if (w->follows[i].channel != channel)
            continue;
        old = w->follows[i];
        w->n_looked -= i < w->n_looked;
        w->n_follows--;
        memmove(&w->follows[i], &w->follows[i + 1], (w->n_follows - i) * sizeof w->follows[0]);
    }
    aur_lock_drop(&w->lock);
    free_follow(&old);
}

size_t aur_scripts_channels(struct aur_scripts *scripts, struct aur_channel *out[AUR_SCRIPTS_CHANNELS_MAX])
{
    size_t n = count(scripts->worker);
    for (size_t i = 0; i < n; i++)
        out[i] = scripts->worker->follows[i].channel;
    return n;
}
