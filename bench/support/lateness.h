/* How late chunks arrive at many listeners. A chunk is late by arrival - due, where due is its time on the stream's own clock,
 * set against ours by the earliest of all; its spread is the time since its first arrival anywhere. Any one thread. */
#ifndef BENCH_LATENESS_H
#define BENCH_LATENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LATENESS_CHUNKS (1 << 16) /* whose first arrival is kept */

struct lateness {
    int64_t first[LATENESS_CHUNKS]; /* 0: has not come yet */
    int64_t *late_ns, *spread_ns;   /* late: arrival - due as it is, on two clocks */
    size_t n, room;
};

/* The time of a chunk's first arrival, which may be this one. */
int64_t lateness_first(struct lateness *lateness, uint64_t index, int64_t now_ns);
/* false: out of memory. */
bool lateness_add(struct lateness *lateness, int64_t late_ns, int64_t spread_ns);
/* Sorts what was added and prints `,"late_ms":{"p50":…,"p99":…,"max":…},"spread_ms":{…}`. Returns the earliest late_ns, which
 * is the zero of all others. */
int64_t lateness_print(struct lateness *lateness);
void lateness_deinit(struct lateness *lateness);

#endif
