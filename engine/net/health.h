/* Whether the server is well, and why not: of each channel what it says itself, what its listeners get and what its sound is
 * like, and of the server what all share. Network thread. */
#ifndef AUR_NET_HEALTH_H
#define AUR_NET_HEALTH_H

#include "net/exchange.h"
#include "net/hubs.h"

/* The reply of GET /api/v1/health. only: this channel alone; NULL: all. */
void aur_health_write(struct aur_reply *reply, const struct aur_hubs *hubs, const struct aur_hub *only);

#endif
