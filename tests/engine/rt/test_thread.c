/* Thread start, the render mark, wake-ups and the worker pool. */
#include "rt/thread.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "rt/pool.h"
#include "support/unit.h"

struct seen {
    bool render, term_blocked;
    char name[16];
};

static void look(void *user)
{
    struct seen *seen = user;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    seen->term_blocked = sigismember(&mask, SIGTERM);
    seen->render = aur_rt_is_render();
    pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
}

static void starts_marked_and_named(void **state)
{
    (void)state;
    for (int render = 0; render < 2; render++) {
        struct seen seen = {0};
        struct aur_thread thread;
        struct aur_thread_config config = {
            .name = "a-name-far-too-long", .run = look, .user = &seen, .render = render != 0};
        assert_int_equal(aur_thread_start(&thread, &config, NULL), 0);
        aur_thread_join(&thread);
        aur_thread_join(&thread); /* harmless */
        assert_int_equal(seen.render, render);
        assert_true(seen.term_blocked);
        assert_string_equal(seen.name, "a-name-far-too-");
    }
    assert_false(aur_rt_is_render());
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_false(sigismember(&mask, SIGTERM));
}

static void wait_until_ends_by_post_or_by_time(void **state)
{
    (void)state;
    struct aur_wake wake;
    aur_wake_init(&wake);
    aur_wake_post(&wake);
    aur_wake_wait_until(&wake, UINT64_MAX / 2); /* returns at once, or the test never ends */
    aur_wake_wait_until(&wake, aur_clock_mono_ns());
    aur_wake_post(&wake);
    aur_wake_wait(&wake);
    aur_wake_deinit(&wake);
}

struct job {
    _Atomic int calls;
    struct aur_wake done;
};

static void work(void *user)
{
    struct job *job = user;
    atomic_fetch_add(&job->calls, 1);
    aur_wake_post(&job->done);
}

static void each_wake_is_served(void **state)
{
    (void)state;
    struct job job = {0};
    aur_wake_init(&job.done);
    struct aur_pool *pool = NULL;
    assert_int_equal(aur_pool_new(&pool, "pool", 3, work, &job, NULL), 0);
    for (int i = 0; i < 100; i++)
        aur_pool_wake(pool);
    for (int i = 0; i < 100; i++)
        aur_wake_wait(&job.done);
    assert_int_equal(job.calls, 100);
    aur_pool_free(pool);
    aur_pool_free(NULL);
    aur_wake_deinit(&job.done);
}

static void starts_and_stops_many_times(void **state)
{
    (void)state;
    struct job job = {0};
    aur_wake_init(&job.done);
    for (int i = 0; i < 50; i++) {
        struct aur_pool *pool = NULL;
        assert_int_equal(aur_pool_new(&pool, "pool", 2, work, &job, NULL), 0);
        aur_pool_wake(pool);
        aur_pool_free(pool);
    }
    aur_wake_deinit(&job.done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_marked_and_named),
        cmocka_unit_test(wait_until_ends_by_post_or_by_time),
        cmocka_unit_test(each_wake_is_served),
        cmocka_unit_test(starts_and_stops_many_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
