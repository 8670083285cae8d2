/* Threads, locks and wake-ups: the only wrappers of pthread and semaphore calls. */
#ifndef AUR_RT_THREAD_H
#define AUR_RT_THREAD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* ---- threads ---- */

struct aur_thread_config {
    const char *name; /* at most 15 characters are shown */
    void (*run)(void *user);
    void *user;
    bool render; /* marks the thread as a render worker for its whole life */
};

struct aur_thread {
    pthread_t handle;
    bool started;
};

/* Starts a thread that takes no signals (the main thread keeps them). Not on a render worker. Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_thread_start(struct aur_thread *out, const struct aur_thread_config *config,
                                  struct aur_error *err);
/* Waits for its end; nothing if it was never started. Not on a render worker. */
void aur_thread_join(struct aur_thread *thread);

/* Any thread: whether the caller is a render worker, where allocating, locking, logging and I/O are forbidden. */
bool aur_rt_is_render(void);
/* Marks or unmarks the calling thread, for tests and benchmarks that step a channel by hand. */
void aur_rt_mark_render(bool render);

/* ---- a lock, never taken by a render worker ---- */

struct aur_lock {
    pthread_mutex_t mutex;
};

void aur_lock_init(struct aur_lock *lock);
void aur_lock_deinit(struct aur_lock *lock);
void aur_lock_take(struct aur_lock *lock);
void aur_lock_drop(struct aur_lock *lock);

/* ---- a wake-up: posts are counted, each wakes one waiter ---- */

struct aur_wake {
    sem_t sem;
};

void aur_wake_init(struct aur_wake *wake);
void aur_wake_deinit(struct aur_wake *wake);
void aur_wake_post(struct aur_wake *wake); /* any thread; [render] allowed: no lock, at most one futex call */
void aur_wake_wait(struct aur_wake *wake);
/* Returns when posted or when the monotonic clock reaches at_ns; [render] allowed. */
void aur_wake_wait_until(struct aur_wake *wake, uint64_t at_ns);

#endif
