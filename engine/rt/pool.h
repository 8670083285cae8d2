/* A pool of ordinary workers (never render workers): each wake-up makes one of them call `work` once. */
#ifndef AUR_RT_POOL_H
#define AUR_RT_POOL_H

#include "base/error.h"

struct aur_pool;

/* Starts `threads` workers named `name`. work(user) may run on several of them at once. Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_pool_new(struct aur_pool **out, const char *name, unsigned threads, void (*work)(void *user),
                              void *user, struct aur_error *err);
/* Any thread; [render] allowed. Every wake-up is followed by a call of work that starts after it. */
void aur_pool_wake(struct aur_pool *pool);
/* Lets running calls finish, drops wake-ups not yet served, joins. NULL is legal. */
void aur_pool_free(struct aur_pool *pool);

#endif
