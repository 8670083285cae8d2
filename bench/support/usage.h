/* What a process has used of the processor, from outside, to the nanosecond. Any thread. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdbool.h>
#include <stdint.h>

struct usage {
    uint64_t all_ns, main_ns; /* all its threads that live; its first thread */
};

/* false: no such process, or this kernel does not tell. */
bool usage_read(struct usage *out, int pid);

#endif
