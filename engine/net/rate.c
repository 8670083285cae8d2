/* A token bucket kept as one number, the time at which it is full: each event moves that time on by its share of the period
 * (a second, or a minute), and one that would move it more than a period ahead is refused. On the network thread. */
#include "net/rate.h"

#define SECOND_NS UINT64_C(1000000000)

static bool take(struct aur_rate *rate, uint64_t count, uint64_t period_ns, uint64_t now_ns)
{
    uint64_t from = rate->free_at_ns > now_ns ? rate->free_at_ns : now_ns;
    uint64_t to = from + period_ns / count;
    if (to > now_ns + period_ns)
        return false;
    rate->free_at_ns = to;
    return true;
}

bool aur_rate_take(struct aur_rate *rate, uint32_t per_second, uint64_t now_ns)
{
    return take(rate, per_second, SECOND_NS, now_ns);
}

bool aur_rate_take_minute(struct aur_rate *rate, uint32_t count, uint64_t now_ns)
{
    return take(rate, count, 60 * SECOND_NS, now_ns);
}
