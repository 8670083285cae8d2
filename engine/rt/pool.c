/* Workers that sleep on one counted wake-up. Work is found by the callback, not queued: nothing can overflow, and a
 * render worker wakes the pool without a lock or an allocation. */
#include "rt/pool.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "rt/thread.h"

struct aur_pool {
    struct aur_wake wake;
    _Atomic bool stop; /* aur_pool_free writes, workers read */
    void (*work)(void *user);
    void *user;
    unsigned n;
    struct aur_thread threads[];
};

static void worker(void *arg)
{
    struct aur_pool *pool = arg;
    for (;;) {
        aur_wake_wait(&pool->wake);
        if (atomic_load(&pool->stop))
            return;
        pool->work(pool->user);
    }
}

int aur_pool_new(struct aur_pool **out, const char *name, unsigned threads, void (*work)(void *user), void *user,
                 struct aur_error *err)
{
    struct aur_pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->threads[0]);
    if (!pool)
        return aur_error_set(err, AUR_ENOMEM, "cannot start %s workers: out of memory", name);
    aur_wake_init(&pool->wake);
    atomic_init(&pool->stop, false);
    pool->work = work;
    pool->user = user;
    struct aur_thread_config config = {.name = name, .run = worker, .user = pool};
    for (pool->n = 0; pool->n < threads; pool->n++) {
        int rc = aur_thread_start(&pool->threads[pool->n], &config, err);
        if (rc < 0) {
            aur_pool_free(pool);
            return rc;
        }
    }
    *out = pool;
    return 0;
}

void aur_pool_wake(struct aur_pool *pool)
{
    aur_wake_post(&pool->wake);
}

void aur_pool_free(struct aur_pool *pool)
{
    if (!pool)
        return;
    atomic_store(&pool->stop, true);
    for (unsigned i = 0; i < pool->n; i++)
        aur_wake_post(&pool->wake);
    for (unsigned i = 0; i < pool->n; i++)
        aur_thread_join(&pool->threads[i]);
    aur_wake_deinit(&pool->wake);
    free(pool);
}
