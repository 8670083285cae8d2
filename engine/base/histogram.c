/* Fixed buckets, atomic counts. Any thread; there are few bounds, so looking through them from below costs less than
 * anything clever. */
#include "base/histogram.h"

#include <string.h>

void aur_histogram_init(struct aur_histogram *histogram, const struct aur_histogram_bounds *bounds)
{
    memset(histogram, 0, sizeof *histogram);
    histogram->bounds = bounds;
}

void aur_histogram_add(struct aur_histogram *histogram, uint64_t value)
{
    const struct aur_histogram_bounds *bounds = histogram->bounds;
    uint32_t i = 0;
    while (i < bounds->n && value > bounds->at[i])
        i++;
    atomic_fetch_add_explicit(&histogram->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum, value, memory_order_relaxed);
}

void aur_histogram_tally(const struct aur_histogram *histogram, struct aur_histogram_copy *io)
{
    io->bounds = histogram->bounds;
    for (uint32_t i = 0; i <= histogram->bounds->n; i++)
        io->counts[i] += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
    io->sum += atomic_load_explicit(&histogram->sum, memory_order_relaxed);
}

uint64_t aur_histogram_count(const struct aur_histogram_copy *copy)
{
    uint64_t n = 0;
    for (int i = 0; i <= AUR_HISTOGRAM_BOUNDS_MAX; i++)
        n += copy->counts[i];
    return n;
}
