/* FLAC: each chunk of 16-bit stereo is one frame of a stream with a fixed block size, which any decoder that has the stream's
 * header can begin with. The bytes of a frame depend on nothing but its samples and its number. One thread at a time. */
#ifndef AUR_WIRE_FLAC_H
#define AUR_WIRE_FLAC_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define AUR_FLAC_HEADER 42 /* bytes: "fLaC" and STREAMINFO */

struct aur_flac;

/* frames: of a chunk, 16 to 65535. Errors: AUR_ENOMEM, AUR_EINVAL. */
AUR_MUST_USE int aur_flac_new(struct aur_flac **out, uint32_t rate_hz, uint32_t frames);
void aur_flac_free(struct aur_flac *flac);

/* Any thread: the stream's header, AUR_FLAC_HEADER bytes. */
void aur_flac_header(unsigned char *out, uint32_t rate_hz, uint32_t frames);
/* Bytes that no frame of a chunk exceeds. */
size_t aur_flac_size(uint32_t frames);

/* Chunk `index` (numbered modulo 2^31, as far as the format counts), into out of at least aur_flac_size; *len: bytes. Errors:
 * AUR_ENOMEM. */
AUR_MUST_USE int aur_flac_chunk(struct aur_flac *flac, unsigned char *out, size_t *len, const int16_t *pcm,
                                uint64_t index);

#endif
