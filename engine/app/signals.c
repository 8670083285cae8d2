/* Waits for SIGINT, SIGTERM and SIGHUP (a terminal that is closed) on a thread of its own. The first one asks for an
 * orderly end; a second one, or the deadline, ends the process at once. Signals right after the first are the same wish (a
 * shell and a timeout tool both pass theirs on). SIGUSR1, sent by aur_signals_end, ends the thread. */
#include "app/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define NS_PER_MS  1000000u
#define FOREVER_MS 86400000u

/* As nohup leaves it to the program. A signal that is blocked is queued even so. */
static bool is_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void fill_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    if (!is_ignored(SIGHUP))
        sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
}

/* The next signal, or 0 after ms. */
static int next_signal(uint64_t ms)
{
    sigset_t set;
    struct timespec wait = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000 * NS_PER_MS)};
    fill_set(&set);
    int number = sigtimedwait(&set, NULL, &wait);
    return number > 0 ? number : 0;
}

static void end_now(const char *why, int code)
{
    fprintf(stderr, "auralis: %s\n", why);
    _exit(code);
}

/* After the first signal: returns when the program has ended in order. */
static void watch_end(const struct aur_signals *signals)
{
    uint64_t start = aur_clock_mono_ns() / NS_PER_MS;
    uint64_t deadline = start + (signals->deadline_ms ? signals->deadline_ms : FOREVER_MS);
    for (;;) {
        uint64_t now = aur_clock_mono_ns() / NS_PER_MS;
        int number = now < deadline ? next_signal(deadline - now) : 0;
        now = aur_clock_mono_ns() / NS_PER_MS;
        if (number == SIGUSR1)
            return;
        if (number && now - start >= signals->repeat_ms)
            end_now("second signal, ending at once", signals->forced_exit);
        if (!number && signals->deadline_ms && now >= deadline)
            end_now("an orderly end takes too long, ending at once", signals->late_exit);
    }
}

static void run(void *user)
{
    const struct aur_signals *signals = user;
    int number;
    while (!(number = next_signal(FOREVER_MS)))
        continue;
    if (number == SIGUSR1)
        return;
    signals->on_stop(signals->user);
    watch_end(signals);
}

int aur_signals_start(struct aur_signals *signals, struct aur_error *err)
{
    sigset_t set;
    fill_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct aur_thread_config config = {.name = "signals", .run = run, .user = signals};
    return aur_thread_start(&signals->thread, &config, err);
}

void aur_signals_end(struct aur_signals *signals)
{
    pthread_kill(signals->thread.handle, SIGUSR1);
    aur_thread_join(&signals->thread);
}
