/* Threads are started with all signals blocked, so that SIGTERM and SIGINT reach the thread that waits for them. The
 * render mark is thread-local: tests wrap malloc and friends and ask for it. Waiting is by POSIX semaphores, whose post
 * takes no lock, which is why a render worker may wake the others. */
#include "rt/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static _Thread_local bool render_thread;

struct start {
    struct aur_thread_config config;
    char name[16];
};

static void *thread_main(void *arg)
{
    struct start start = *(struct start *)arg;
    free(arg);
    pthread_setname_np(pthread_self(), start.name);
    render_thread = start.config.render;
    start.config.run(start.config.user);
    render_thread = false;
    return NULL;
}

int aur_thread_start(struct aur_thread *out, const struct aur_thread_config *config, struct aur_error *err)
{
    struct start *start = malloc(sizeof *start);
    if (!start)
        return aur_error_set(err, AUR_ENOMEM, "cannot start thread %s: out of memory", config->name);
    start->config = *config;
    snprintf(start->name, sizeof start->name, "%s", config->name);
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&out->handle, NULL, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    out->started = rc == 0;
    if (rc != 0) {
        free(start);
        return aur_error_set(err, AUR_EIO, "cannot start thread %s: %s", config->name, strerror(rc));
    }
    return 0;
}

void aur_thread_join(struct aur_thread *thread)
{
    if (thread->started)
        pthread_join(thread->handle, NULL);
    thread->started = false;
}

bool aur_rt_is_render(void)
{
    return render_thread;
}

void aur_rt_mark_render(bool render)
{
    render_thread = render;
}

void aur_lock_init(struct aur_lock *lock)
{
    pthread_mutex_init(&lock->mutex, NULL);
}

void aur_lock_deinit(struct aur_lock *lock)
{
    pthread_mutex_destroy(&lock->mutex);
}

void aur_lock_take(struct aur_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
}

void aur_lock_drop(struct aur_lock *lock)
{
    pthread_mutex_unlock(&lock->mutex);
}

void aur_wake_init(struct aur_wake *wake)
{
    sem_init(&wake->sem, 0, 0);
}

void aur_wake_deinit(struct aur_wake *wake)
{
    sem_destroy(&wake->sem);
}

void aur_wake_post(struct aur_wake *wake)
{
    sem_post(&wake->sem);
}

void aur_wake_wait(struct aur_wake *wake)
{
    while (sem_wait(&wake->sem) != 0 && errno == EINTR)
        ;
}

void aur_wake_wait_until(struct aur_wake *wake, uint64_t at_ns)
{
    struct timespec at = {.tv_sec = (time_t)(at_ns / 1000000000u), .tv_nsec = (long)(at_ns % 1000000000u)};
    while (sem_clockwait(&wake->sem, CLOCK_MONOTONIC, &at) != 0 && errno == EINTR)
        ;
}
