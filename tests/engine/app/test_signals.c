/* Signals: the first asks for an orderly end; the deadline and a second signal end the process. The ends are watched in
 * child processes. */
#include "app/signals.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/unit.h"

struct watch {
    struct aur_wake wake;
    int calls;
    bool again; /* sends the signal once more */
};

static void on_stop(void *user)
{
    struct watch *watch = user;
    watch->calls++;
    if (watch->again)
        kill(getpid(), SIGINT);
    aur_wake_post(&watch->wake);
}

static void no_signal_no_call(void **state)
{
    struct watch watch = {0};
    struct aur_signals signals = {.on_stop = on_stop, .user = &watch};
    (void)state;
    aur_wake_init(&watch.wake);
    assert_int_equal(aur_signals_start(&signals, NULL), AUR_OK);
    aur_signals_end(&signals);
    assert_int_equal(watch.calls, 0);
    aur_wake_deinit(&watch.wake);
}

static void first_signal_calls_once(void **state)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    (void)state;
    signal(SIGHUP, SIG_DFL); /* however the tests were started */
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct watch watch = {0};
        struct aur_signals signals = {.on_stop = on_stop, .user = &watch, .repeat_ms = AUR_SIGNAL_REPEAT_MS};
        aur_wake_init(&watch.wake);
        assert_int_equal(aur_signals_start(&signals, NULL), AUR_OK);
        kill(getpid(), numbers[i]);
        aur_wake_wait(&watch.wake);
        aur_signals_end(&signals);
        assert_int_equal(watch.calls, 1);
        aur_wake_deinit(&watch.wake);
    }
}

/* As under nohup. */
static void an_ignored_hangup_stays_ignored(void **state)
{
    struct watch watch = {0};
    struct aur_signals signals = {.on_stop = on_stop, .user = &watch};
    sigset_t all, before;
    (void)state;
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    pthread_sigmask(SIG_UNBLOCK, &all, &before);
    signal(SIGHUP, SIG_IGN);
    assert_int_equal(aur_signals_start(&signals, NULL), AUR_OK);
    kill(getpid(), SIGHUP);
    pthread_sigmask(SIG_SETMASK, NULL, &all);
    assert_int_equal(sigismember(&all, SIGHUP), 0); /* a blocked one would be queued, ignored or not */
    assert_int_equal(sigismember(&all, SIGTERM), 1);
    aur_signals_end(&signals);
    assert_int_equal(watch.calls, 0);
    signal(SIGHUP, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The exit code of a child that gets SIGTERM and never ends by itself. */
static int exit_of_child(struct aur_signals signals, bool again)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct watch watch = {.again = again};
        aur_wake_init(&watch.wake);
        signals.on_stop = on_stop;
        signals.user = &watch;
        if (aur_signals_start(&signals, NULL) < 0)
            _exit(99);
        kill(getpid(), SIGTERM);
        for (;;)
            pause();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void deadline_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(exit_of_child((struct aur_signals){.deadline_ms = 1, .late_exit = 7, .forced_exit = 9}, false), 7);
}

static void second_signal_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(exit_of_child((struct aur_signals){.late_exit = 7, .forced_exit = 9}, true), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadline_ends_the_process), cmocka_unit_test(second_signal_ends_the_process),
        cmocka_unit_test(no_signal_no_call),         cmocka_unit_test(an_ignored_hangup_stays_ignored),
        cmocka_unit_test(first_signal_calls_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
