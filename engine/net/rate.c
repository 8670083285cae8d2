/* A token bucket kept as one number, the time at which it is full: each event moves that time on by its share of a second,
 * and one that would move it more than a second ahead is refused. On the network thread. */
#include "net/rate.h"

#define SECOND_NS UINT64_C(1000000000)

bool aur_rate_take(struct aur_rate *rate, uint32_t per_second, uint64_t now_ns)
{
    uint64_t from = rate->free_at_ns > now_ns ? rate->free_at_ns : now_ns;
    uint64_t to = from + SECOND_NS / per_second;
    if (to > now_ns + SECOND_NS)
        return false;
    rate->free_at_ns = to;
    return true;
}
