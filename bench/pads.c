/* What pads cost through the public synth, without effects: pads ISA VOICES SECONDS [PIECE PATCH]
 *
 * Without PIECE it is workload A of bench/workload.md; with it, the same notes on a patch that a piece declares. Prints the
 * CPU time of the rendering alone and the loudness: bench/run subtracts the time of no voices. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/pads.h"

#define CHUNK 4410

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 6)
        pads_quit("usage: pads ISA VOICES SECONDS [PIECE PATCH]");
    int voices = atoi(argv[2]);
    double seconds = atof(argv[3]), squares = 0;
    struct aur_patch patch;
    if (argc == 6)
        pads_patch_of(&patch, argv[4], argv[5]);
    else
        pads_patch(&patch);
    struct aur_phrase *phrase = voices ? pads_phrase(&patch, voices, seconds) : NULL;
    struct aur_synth *synth = pads_synth(phrase, pads_isa(argv[1]), false);
    size_t chunks = (size_t)(seconds * PADS_RATE / CHUNK);
    float *out = aligned_alloc(64, (chunks * CHUNK * 2 * sizeof *out + 63) / 64 * 64);
    if (!out)
        pads_quit("no memory");
    memset(out, 0, chunks * CHUNK * 2 * sizeof *out);
    double start = cpu_now();
    for (size_t i = 0; i < chunks; i++)
        aur_synth_render(synth, out + i * CHUNK * 2, CHUNK);
    double took = cpu_now() - start;
    for (size_t i = 0; i < chunks * CHUNK * 2; i++)
        squares += (double)(out[i] * out[i]);
    printf("{\"cpu_s\": %.9f, \"rms\": %.6f}\n", took, sqrt(squares / (double)(chunks * CHUNK * 2)));
    free(out);
    aur_synth_free(synth);
    aur_phrase_free(phrase);
    return 0;
}
