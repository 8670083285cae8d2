/* Memory of synths and tables: made once, used for long. Threads that make them.
 *
 * calloc knows whether what it got from the system is zero, and does not write zeros there again: of a synth's four
 * megabytes that is a quarter of what it takes to be made. It knows no alignment, so the stretch begins inside of what it
 * gave, and behind a pointer to that. */
#include "synth/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 << 20)
#define SMALL_PAGE 4096

void *aur_memory_new(size_t bytes, bool whole)
{
    const size_t unit = bytes < LARGE_PAGE ? 64 : LARGE_PAGE;
    bytes = (bytes + unit - 1) / unit * unit;
    char *given = calloc(1, bytes + unit + sizeof(void *));
    if (!given)
        return NULL;
    char *memory = given + sizeof(void *);
    memory += (unit - (uintptr_t)memory % unit) % unit;
    memcpy(memory - sizeof(void *), &given, sizeof given);
    if (unit == LARGE_PAGE && madvise(memory, bytes, MADV_HUGEPAGE))
        errno = 0; /* in small ones, then */
    for (size_t at = 0; whole && at < bytes; at += SMALL_PAGE)
        *(volatile char *)(memory + at) = 0;
    return memory;
}

void aur_memory_free(void *memory)
{
    void *given = NULL;
    if (memory)
        memcpy(&given, (char *)memory - sizeof(void *), sizeof given);
    free(given);
}
