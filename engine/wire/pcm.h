/* Samples to integers, the one place for stream and file. Pure; any thread, render workers too.
 *
 * Rounding is to nearest, ties to even, decided on exact values: it does not depend on the floating-point environment.
 * NaN gives 0, anything beyond full scale is clipped to it. Results are in host order (the wire is little-endian). */
#ifndef AUR_WIRE_PCM_H
#define AUR_WIRE_PCM_H

#include <stddef.h>
#include <stdint.h>

/* n samples: clip to [-1, 1], x 32767. */
void aur_pcm_s16(int16_t *out, const float *in, size_t n);

/* The same with triangular dither of one step added before rounding. Sample i draws numbers 2 (first + i) and
 * 2 (first + i) + 1 of the random stream `key` (base/hash.h), so any split into calls gives the same result. */
void aur_pcm_s16_dither(int16_t *out, const float *in, size_t n, uint64_t key, uint64_t first);

/* n samples: clip to [-1, 1], x 8388607; 24 significant bits. */
void aur_pcm_s24(int32_t *out, const float *in, size_t n);

#endif
