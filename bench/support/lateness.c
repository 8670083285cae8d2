/* Every arrival is kept, so that percentiles are exact. */
#include "support/lateness.h"

#include <stdio.h>
#include <stdlib.h>

int64_t lateness_first(struct lateness *lateness, uint64_t index, int64_t now_ns)
{
    int64_t *first = &lateness->first[index % LATENESS_CHUNKS];
    if (!*first)
        *first = now_ns;
    return *first;
}

static bool grow(struct lateness *lateness)
{
    size_t room = lateness->room ? lateness->room * 2 : 1 << 16;
    int64_t *late = realloc(lateness->late_ns, room * sizeof *late);
    if (late)
        lateness->late_ns = late;
    int64_t *spread = late ? realloc(lateness->spread_ns, room * sizeof *spread) : NULL;
    if (!spread)
        return false;
    lateness->spread_ns = spread;
    lateness->room = room;
    return true;
}

bool lateness_add(struct lateness *lateness, int64_t late_ns, int64_t spread_ns)
{
    if (lateness->n == lateness->room && !grow(lateness))
        return false;
    lateness->late_ns[lateness->n] = late_ns;
    lateness->spread_ns[lateness->n++] = spread_ns;
    return true;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double ms(int64_t ns)
{
    return 1e-6 * (double)ns;
}

static void print(const char *name, int64_t *times, size_t n, int64_t zero)
{
    printf(",\"%s\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name, ms(times[n / 2] - zero),
           ms(times[n * 99 / 100] - zero), ms(times[n - 1] - zero));
}

int64_t lateness_print(struct lateness *lateness)
{
    if (!lateness->n)
        return 0;
    qsort(lateness->late_ns, lateness->n, sizeof *lateness->late_ns, by_size);
    qsort(lateness->spread_ns, lateness->n, sizeof *lateness->spread_ns, by_size);
    int64_t zero = lateness->late_ns[0];
    print("late_ms", lateness->late_ns, lateness->n, zero);
    print("spread_ms", lateness->spread_ns, lateness->n, 0);
    return zero;
}

void lateness_deinit(struct lateness *lateness)
{
    free(lateness->late_ns);
    free(lateness->spread_ns);
}
