/* Memory of synths and tables: made once, touched whole, used for long. Threads that make them. */
#include "synth/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 << 20)

void *aur_memory_new(size_t bytes)
{
    const size_t unit = bytes < LARGE_PAGE ? 64 : LARGE_PAGE;
    bytes = (bytes + unit - 1) / unit * unit;
    void *memory = aligned_alloc(unit, bytes);
    if (memory && unit == LARGE_PAGE && madvise(memory, bytes, MADV_HUGEPAGE))
        return memory; /* in small ones, then */
    return memory;
}
