/* Opus at 48 kHz, 128 kbit/s, in packets of 20 ms. Packets are cut on a grid of their own: what a chunk brings is those that its
 * samples complete, and the sound of its packets begins up to 20 ms before the chunk. One thread at a time. */
#ifndef AUR_WIRE_OPUS_H
#define AUR_WIRE_OPUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define AUR_OPUS_RATE    48000
#define AUR_OPUS_PACKET  960 /* frames */
#define AUR_OPUS_HEADER  19  /* bytes: OpusHead, RFC 7845 section 5.1 */
#define AUR_OPUS_BITRATE 128000

struct aur_opus;

/* frames: of a chunk, at rate_hz. Errors: AUR_ENOMEM, AUR_EINVAL. */
AUR_MUST_USE int aur_opus_new(struct aur_opus **out, uint32_t rate_hz, uint32_t frames);
void aur_opus_free(struct aur_opus *opus);

/* OpusHead, AUR_OPUS_HEADER bytes. Its pre-skip is the encoder's delay: who drops so many frames once, at the packet it begins
 * with, hears each packet's own 20 ms. */
void aur_opus_header(unsigned char *out, const struct aur_opus *opus);
/* Bytes that no chunk's packets exceed. */
size_t aur_opus_size(uint32_t rate_hz, uint32_t frames);

/* Forgets what came before: the next chunk does not follow it. */
void aur_opus_reset(struct aur_opus *opus);
/* The next chunk: frames x 2 samples. Into out (of at least aur_opus_size) go the packets that are complete now, each behind its
 * length as u16 little-endian; *len: bytes; *frames: at 48 kHz, 960 a packet. Errors: AUR_ENOMEM, AUR_EIO. */
AUR_MUST_USE int aur_opus_chunk(struct aur_opus *opus, unsigned char *out, size_t *len, uint32_t *frames,
                                const float *samples);

#endif
