/* The least that the pads of bench/workload.md cost when nothing but speed counts: the reference that the engine's own
 * kernels are measured against. Not an engine: no notes but these, no stealing, samples that differ between processors.
 *
 *     prototype avx2|avx512 VOICES SECONDS
 *
 * Compiled by bench/run, -O3 -march=native -ffast-math. */
#include <immintrin.h>
#include <string.h>

#include "workload.h"

#define W 8
#include "pad.inc"
#undef W
#ifdef __AVX512F__
#define W 16
#include "pad.inc"
#undef W
#endif

int main(int argc, char **argv)
{
    if (argc != 4)
        return fprintf(stderr, "usage: prototype avx2|avx512 VOICES SECONDS\n"), 2;
    _mm_setcsr(_mm_getcsr() | 0x8040); /* tiny numbers are zero */
    double seconds = atof(argv[3]);
    long frames = grid(seconds);
    float *out = audio_new(frames);
    double cpu_s = -1;
    if (strcmp(argv[1], "avx2") == 0)
        cpu_s = render8(out, frames, atoi(argv[2]), seconds);
#ifdef __AVX512F__
    else if (strcmp(argv[1], "avx512") == 0)
        cpu_s = render16(out, frames, atoi(argv[2]), seconds);
#endif
    if (cpu_s < 0)
        return fprintf(stderr, "prototype: this processor has no %s\n", argv[1]), 2;
    report(cpu_s, out, frames);
    free(out);
    return 0;
}
