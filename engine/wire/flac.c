/* FLAC by libFLAC, on an encoder worker. The library hands out a frame only once it has seen the first sample of the next, which
 * would cost a chunk of delay; so each chunk is a stream of its own, finished at once, and its only frame gets the number that
 * it has in the endless one. The header's layout and both checksums are those of RFC 9639, section 9. */
#include "wire/flac.h"

#include <FLAC/stream_encoder.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL       5
#define NUMBER_MAX  6  /* bytes of a frame's number */
#define NUMBER_AT   4  /* behind sync, block size, rate, channels */
#define VERBATIM    4  /* bytes of a frame of stereo samples */
#define FRAME_EXTRA 64 /* header, subframe headers, footer */

struct aur_flac {
    FLAC__StreamEncoder *encoder;
    uint32_t rate_hz, frames;
    FLAC__int32 *samples;
    unsigned char *frame; /* as the library wrote it: number 0 */
    size_t len, size;
};

/* ---- the stream's header ---- */

void aur_flac_header(unsigned char *out, uint32_t rate_hz, uint32_t frames)
{
    const unsigned char head[] = {'f', 'L', 'a', 'C', 0x80, 0, 0, 34}; /* the last metadata block, STREAMINFO */
    memset(out, 0, AUR_FLAC_HEADER); /* unknown: sizes of frames, length, checksum of the samples */
    memcpy(out, head, sizeof head);
    out[8] = out[10] = (unsigned char)(frames >> 8);
    out[9] = out[11] = (unsigned char)frames;
    out[18] = (unsigned char)(rate_hz >> 12);
    out[19] = (unsigned char)(rate_hz >> 4);
    out[20] = (unsigned char)((rate_hz & 15) << 4 | (2 - 1) << 1 | (16 - 1) >> 4);
    out[21] = (unsigned char)(((16 - 1) & 15) << 4);
}

size_t aur_flac_size(uint32_t frames)
{
    return (size_t)frames * VERBATIM + FRAME_EXTRA + NUMBER_MAX;
}

/* ---- numbering ---- */

static unsigned crc8(const unsigned char *data, size_t n)
{
    unsigned crc = 0;
    for (size_t i = 0; i < n; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1 ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
    }
    return crc;
}

/* By half bytes: polynomial 0x8005, each entry that of its index. */
static unsigned crc16(const unsigned char *data, size_t n)
{
    static const uint16_t table[16] = {0x0000, 0x8005, 0x800f, 0x000a, 0x801b, 0x001e, 0x0014, 0x8011,
                                       0x8033, 0x0036, 0x003c, 0x8039, 0x0028, 0x802d, 0x8027, 0x0022};
    unsigned crc = 0;
    for (size_t i = 0; i < n; i++) {
        crc = (crc << 4 & 0xffff) ^ table[(crc >> 12 ^ data[i] >> 4) & 15];
        crc = (crc << 4 & 0xffff) ^ table[(crc >> 12 ^ data[i]) & 15];
    }
    return crc;
}

/* The number as UTF-8 codes a character, in up to 31 bits. Returns its bytes. */
static size_t put_number(unsigned char *out, uint32_t number)
{
    size_t n = 1;
    if (number < 0x80) {
        out[0] = (unsigned char)number;
        return 1;
    }
    while (n < NUMBER_MAX && number >> (5 * n + 1))
        n++;
    for (size_t i = n; --i > 0; number >>= 6)
        out[i] = (unsigned char)(0x80 | (number & 0x3f));
    out[0] = (unsigned char)(0xff << (8 - n) | number);
    return n;
}

/* How long block size and rate are behind the number, where the codes of byte 2 say that they stand there. */
static size_t trailing(unsigned codes)
{
    unsigned block = codes >> 4, rate = codes & 15;
    return (block == 6 ? 1 : block == 7 ? 2 : 0) + (rate == 12 ? 1 : rate == 13 || rate == 14 ? 2 : 0);
}

static size_t renumber(unsigned char *out, const unsigned char *frame, size_t len, uint32_t number)
{
    size_t more = trailing(frame[2]),
           body = NUMBER_AT + 1 + more + 1; /* its own number takes a byte, the checksum another */
    memcpy(out, frame, NUMBER_AT);
    size_t at = NUMBER_AT + put_number(out + NUMBER_AT, number);
    memcpy(out + at, frame + NUMBER_AT + 1, more);
    at += more;
    out[at] = (unsigned char)crc8(out, at);
    at++;
    memcpy(out + at, frame + body, len - body - 2);
    at += len - body - 2;
    unsigned crc = crc16(out, at);
    out[at++] = (unsigned char)(crc >> 8);
    out[at++] = (unsigned char)crc;
    return at;
}

/* ---- encoding ---- */

static FLAC__StreamEncoderWriteStatus keep(const FLAC__StreamEncoder *encoder, const FLAC__byte *data, size_t bytes,
                                           uint32_t samples, uint32_t number, void *user)
{
    struct aur_flac *flac = user;
    (void)encoder;
    (void)number;
    if (samples == 0)
        return FLAC__STREAM_ENCODER_WRITE_STATUS_OK; /* the header, which listeners have */
    if (bytes > flac->size - flac->len)
        return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
    memcpy(flac->frame + flac->len, data, bytes);
    flac->len += bytes;
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

int aur_flac_new(struct aur_flac **out, uint32_t rate_hz, uint32_t frames)
{
    if (frames < FLAC__MIN_BLOCK_SIZE || frames > FLAC__MAX_BLOCK_SIZE || !FLAC__format_sample_rate_is_valid(rate_hz))
        return AUR_EINVAL;
    struct aur_flac *flac = calloc(1, sizeof *flac);
    if (!flac)
        return AUR_ENOMEM;
    flac->rate_hz = rate_hz;
    flac->frames = frames;
    flac->size = aur_flac_size(frames) - NUMBER_MAX;
    flac->encoder = FLAC__stream_encoder_new();
    flac->samples = calloc((size_t)frames * 2, sizeof *flac->samples);
    flac->frame = malloc(flac->size);
    if (!flac->encoder || !flac->samples || !flac->frame) {
        aur_flac_free(flac);
        return AUR_ENOMEM;
    }
    *out = flac;
    return 0;
}

void aur_flac_free(struct aur_flac *flac)
{
    if (!flac)
        return;
    if (flac->encoder)
        FLAC__stream_encoder_delete(flac->encoder);
    free(flac->samples);
    free(flac->frame);
    free(flac);
}

static bool begin(struct aur_flac *flac)
{
    FLAC__StreamEncoder *e = flac->encoder; /* finishing set everything back */
    return FLAC__stream_encoder_set_channels(e, 2) && FLAC__stream_encoder_set_bits_per_sample(e, 16) &&
           FLAC__stream_encoder_set_sample_rate(e, flac->rate_hz) &&
           FLAC__stream_encoder_set_compression_level(e, LEVEL) &&
           FLAC__stream_encoder_set_streamable_subset(e, false) &&
           FLAC__stream_encoder_set_blocksize(e, flac->frames) &&
           FLAC__stream_encoder_init_stream(e, keep, NULL, NULL, NULL, flac) == FLAC__STREAM_ENCODER_INIT_STATUS_OK;
}

int aur_flac_chunk(struct aur_flac *flac, unsigned char *out, size_t *len, const int16_t *pcm, uint64_t index)
{
    for (size_t i = 0; i < (size_t)flac->frames * 2; i++)
        flac->samples[i] = pcm[i];
    flac->len = 0;
    bool done = begin(flac) && FLAC__stream_encoder_process_interleaved(flac->encoder, flac->samples, flac->frames);
    done = FLAC__stream_encoder_finish(flac->encoder) && done;
    if (!done || flac->len < NUMBER_AT + 8)
        return AUR_ENOMEM;
    *len = renumber(out, flac->frame, flac->len, (uint32_t)(index & 0x7fffffff));
    return 0;
}
