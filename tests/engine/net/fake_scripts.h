/* A scripts worker under the test's control, in place of the real one at link time: it holds each request until the test
 * replies to it, on a thread of its own if it likes. */
#ifndef FAKE_SCRIPTS_H
#define FAKE_SCRIPTS_H

#include "channel/scripts.h"

/* Forgets everything; `room` requests can wait. */
void fake_scripts_reset(size_t room);
struct aur_scripts *fake_scripts(void);
size_t fake_scripts_waiting(void);
/* Waits until a request has come; a copy, whose text lasts until it is replied to. */
struct aur_scripts_request fake_scripts_next(void);
/* Replies to the oldest. */
void fake_scripts_reply(int code, const char *body, const char *version, const char *playing);
void fake_scripts_reply_stale(const char *body);
/* Replies to all with AUR_EBUSY and no body, as the worker does when it ends. */
void fake_scripts_end(void);

#endif
