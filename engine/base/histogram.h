/* Histograms with fixed buckets that any thread adds to without waiting: counts are atomic, nothing is allocated, so a
 * render worker may too.
 *
 * Values are unsigned integers in parts of the unit that is told: nanoseconds, 10^9 of them, where seconds are. Their sum must
 * not pass 2^64. Buckets do not overlap here: counts[i] has the values over bound i - 1 and up to bound i, the last those
 * over all bounds. */
#ifndef AUR_BASE_HISTOGRAM_H
#define AUR_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define AUR_HISTOGRAM_BOUNDS_MAX 16

struct aur_histogram_bounds {
    uint64_t one;                          /* parts of the unit */
    uint32_t n;                            /* at most AUR_HISTOGRAM_BOUNDS_MAX */
    uint64_t at[AUR_HISTOGRAM_BOUNDS_MAX]; /* ascending; a value equal to a bound is under it */
};

struct aur_histogram {
    const struct aur_histogram_bounds *bounds; /* static */
    _Atomic uint64_t counts[AUR_HISTOGRAM_BOUNDS_MAX + 1];
    _Atomic uint64_t sum;
};

/* What it held at one moment, or what several held together. */
struct aur_histogram_copy {
    const struct aur_histogram_bounds *bounds; /* NULL: nothing was added yet */
    uint64_t counts[AUR_HISTOGRAM_BOUNDS_MAX + 1];
    uint64_t sum;
};

void aur_histogram_init(struct aur_histogram *histogram, const struct aur_histogram_bounds *bounds);
/* [render] Any number of threads at once. */
void aur_histogram_add(struct aur_histogram *histogram, uint64_t value);
/* Adds what it holds now to io, whose bounds are the same or none. While others add, sum may be of a few values more or
 * fewer than the counts; neither ever goes down. */
void aur_histogram_tally(const struct aur_histogram *histogram, struct aur_histogram_copy *io);
uint64_t aur_histogram_count(const struct aur_histogram_copy *copy);

#endif
