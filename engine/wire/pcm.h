/* Samples to bytes, the one function for stream and file. Pure; any thread, render workers too. */
#ifndef AUR_WIRE_PCM_H
#define AUR_WIRE_PCM_H

#include <stddef.h>
#include <stdint.h>

/* n samples: clip to [-1, 1], x 32767, round to nearest even; NaN gives 0. Host order (the wire is little-endian). */
void aur_pcm_s16(int16_t *out, const float *in, size_t n);

#endif
