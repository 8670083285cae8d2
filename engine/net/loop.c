/* libwebsockets' own loop hands all sockets to poll(), which takes half a millisecond for 5,000 of them, whatever happened.
 *
 * Its plugin for libev has one timer for everything that the library waits for, and a wait that is shorter than the running
 * one does not shorten it. So there is always a short one: the beat. */
#include "net/loop.h"

#include <ev.h>
#include <string.h>

#define BEAT_US (50 * LWS_US_PER_MS)

int aur_loop_init(struct aur_loop *loop, struct aur_error *err)
{
    memset(loop, 0, sizeof *loop);
    loop->ev = ev_loop_new(EVFLAG_NOENV);
    return loop->ev ? AUR_OK : aur_error_set(err, AUR_EIO, "cannot set up the network: libev makes no loop");
}

void aur_loop_deinit(struct aur_loop *loop)
{
    if (loop->ev)
        ev_loop_destroy(loop->ev);
    loop->ev = NULL;
}

struct lws_context *aur_loop_context(struct aur_loop *loop, struct lws_context_creation_info *info)
{
    void *loops[] = {loop->ev};
    info->options |= LWS_SERVER_OPTION_LIBEV;
    info->foreign_loops = loops;
    loop->context = lws_create_context(info);
    info->foreign_loops = NULL;
    return loop->context;
}

static void beat(lws_sorted_usec_list_t *sul)
{
    struct aur_loop *loop = (struct aur_loop *)(void *)sul;
    lws_sul_schedule(loop->context, 0, sul, beat, BEAT_US);
}

void aur_loop_start(struct aur_loop *loop)
{
    beat(&loop->beat);
}

void aur_loop_stop(struct aur_loop *loop)
{
    lws_sul_schedule(loop->context, 0, &loop->beat, NULL, LWS_SET_TIMER_USEC_CANCEL);
}

void aur_loop_turn(struct aur_loop *loop)
{
    ev_run(loop->ev, EVRUN_ONCE);
}
