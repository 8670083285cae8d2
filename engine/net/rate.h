/* A limit on how often something may happen: a bucket of one second's (or minute's) worth that refills steadily. The struct is the
 * caller's, zeroed to start with; time is given, so it may be any clock. One thread. */
#ifndef AUR_NET_RATE_H
#define AUR_NET_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct aur_rate {
    uint64_t free_at_ns; /* when the bucket will be full again */
};

/* True, and counts it, if one more is within per_second; false changes nothing. */
bool aur_rate_take(struct aur_rate *rate, uint32_t per_second, uint64_t now_ns);
/* The same within `count` a minute, with a bucket of a minute's worth. */
bool aur_rate_take_minute(struct aur_rate *rate, uint32_t count, uint64_t now_ns);

#endif
