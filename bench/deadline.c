/* How many pads one core plays in time, 64 frames at a time: deadline ISA [BLOCKS]
 *
 * Synths of 1024 voices each, with effects, render one block of 64 frames (1.451 ms at 44.1 kHz) after the other. A number
 * of voices is in time if no more than one block of a thousand takes longer. Blocks are timed on the thread's own CPU
 * clock: what the machine does for others meanwhile is not the synths' doing. Voices double until it breaks, then the
 * place is searched to 256 voices. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/pads.h"

#define SYNTHS  64
#define STEP    256
#define SECONDS 600 /* the notes last longer than any trial */

struct trial {
    int voices;
    double median_ms, late; /* share of blocks over the deadline */
};

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void summarise(struct trial *t, double *ms, int blocks)
{
    const double deadline_ms = 1e3 * 64 / PADS_RATE;
    int late = 0;
    qsort(ms, (size_t)blocks, sizeof *ms, by_size);
    for (int i = 0; i < blocks; i++)
        late += ms[i] > deadline_ms;
    t->median_ms = ms[blocks / 2];
    t->late = (double)late / blocks;
}

static struct trial try(int voices, enum aur_isa isa, int blocks)
{
    struct trial t = {.voices = voices};
    struct aur_synth *synths[SYNTHS];
    struct aur_phrase *phrases[SYNTHS];
    struct aur_patch patch;
    float out[128];
    double *ms = calloc((size_t)blocks, sizeof *ms);
    int n = 0;
    pads_patch(&patch);
    for (int left = voices; left > 0; left -= PADS_MAX, n++) {
        phrases[n] = pads_phrase(&patch, left < PADS_MAX ? left : PADS_MAX, SECONDS);
        synths[n] = pads_synth(phrases[n], isa, true);
    }
    if (!ms)
        pads_quit("no memory");
    for (int block = -20; block < blocks; block++) { /* the first ones start the notes */
        double start = cpu_ms();
        for (int i = 0; i < n; i++)
            aur_synth_render(synths[i], out, 64);
        if (block >= 0)
            ms[block] = cpu_ms() - start;
    }
    summarise(&t, ms, blocks);
    for (int i = 0; i < n; i++) {
        aur_synth_free(synths[i]);
        aur_phrase_free(phrases[i]);
    }
    free(ms);
    return t;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3)
        pads_quit("usage: deadline ISA [BLOCKS]");
    enum aur_isa isa = pads_isa(argv[1]);
    int blocks = argc == 3 ? atoi(argv[2]) : 1000, low = 0, high = STEP;
    struct trial best = {0};
    for (struct trial t; high <= SYNTHS * PADS_MAX; high *= 2) {
        t = try(high, isa, blocks);
        if (t.late > 0.001)
            break;
        best = t;
        low = high;
    }
    if (high > SYNTHS * PADS_MAX)
        high = low;
    while (high - low > STEP) {
        struct trial t = try((low + high) / 2 / STEP * STEP, isa, blocks);
        if (t.late > 0.001) {
            high = t.voices;
        } else {
            low = t.voices;
            best = t;
        }
    }
    printf("{\"isa\": \"%s\", \"voices\": %d, \"median_ms\": %.4f}\n", aur_isa_name(isa), best.voices, best.median_ms);
    return 0;
}
