/* The event loop under the server: libev (epoll), which libwebsockets drives through a plugin. All on the network thread,
 * except that a loop may be made by the thread that makes the server. */
#ifndef AUR_NET_LOOP_H
#define AUR_NET_LOOP_H

#include <libwebsockets.h>

#include "base/error.h"

struct aur_loop {
    lws_sorted_usec_list_t beat; /* first: the library hands back its address */
    struct lws_context *context;
    struct ev_loop *ev;
};

/* Errors: AUR_EIO. A loop of zeros may be deinitialised too. */
AUR_MUST_USE int aur_loop_init(struct aur_loop *loop, struct aur_error *err);
void aur_loop_deinit(struct aur_loop *loop);

/* Makes the library's context on this loop; NULL: it refuses. The caller destroys it before the loop, after
 * aur_loop_stop. */
struct lws_context *aur_loop_context(struct aur_loop *loop, struct lws_context_creation_info *info);
/* From here on the library's timers go off, 50 ms late at most; once something has happened in the loop. */
void aur_loop_start(struct aur_loop *loop);
void aur_loop_stop(struct aur_loop *loop);
/* Waits until something happens, 50 ms at most, and handles it. */
void aur_loop_turn(struct aur_loop *loop);

#endif
