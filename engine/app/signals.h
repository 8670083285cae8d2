/* SIGINT, SIGTERM and, unless it is ignored, SIGHUP as a call on a thread of their own, so that what ends a program needs
 * no signal handler and no global. Start it before any other thread: the signals are blocked in the caller and in every
 * thread made after it. */
#ifndef AUR_APP_SIGNALS_H
#define AUR_APP_SIGNALS_H

#include <stdint.h>

#include "base/error.h"
#include "rt/thread.h"

#define AUR_SIGNAL_REPEAT_MS 300 /* a sensible repeat_ms */

struct aur_signals {
    struct aur_thread thread;
    void (*on_stop)(void *user); /* the first signal; on the thread of signals */
    void *user;
    uint32_t repeat_ms;         /* signals within this time after the first are the same wish sent twice */
    uint32_t deadline_ms;       /* after the first signal: the process ends itself then, with late_exit; 0: never */
    int late_exit, forced_exit; /* exit codes at the deadline, and at a second signal */
};

/* Fill in all but `thread`; the struct stays until aur_signals_end. */
AUR_MUST_USE int aur_signals_start(struct aur_signals *signals, struct aur_error *err);
void aur_signals_end(struct aur_signals *signals);

#endif
