/* Opus by libopus, resampled by libsamplerate, on an encoder worker. Both carry state from chunk to chunk; a stream that begins
 * anew is fed the chunk before, if there is one, by the caller, so that a listener does not hear the filters fill. */
#include "wire/opus.h"

#include <opus.h>
#include <samplerate.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_MAX 1275 /* bytes: RFC 6716 section 3.4 */
#define COMPLEXITY 10
#define SLACK      1024 /* frames that the resampler may bring beyond the ratio */

struct aur_opus {
    OpusEncoder *encoder;
    SRC_STATE *resampler; /* NULL at 48 kHz */
    uint32_t rate_hz, frames;
    float *waiting; /* stereo frames at 48 kHz */
    size_t n_waiting, room;
    int pre_skip;
};

static size_t frames_at_48k(uint32_t rate_hz, uint32_t frames)
{
    return ((size_t)frames * AUR_OPUS_RATE + rate_hz - 1) / rate_hz;
}

size_t aur_opus_size(uint32_t rate_hz, uint32_t frames)
{
    size_t packets = (frames_at_48k(rate_hz, frames) + SLACK + AUR_OPUS_PACKET) / AUR_OPUS_PACKET;
    return packets * (2 + PACKET_MAX);
}

static int make(struct aur_opus *opus)
{
    int rc = 0;
    opus->encoder = opus_encoder_create(AUR_OPUS_RATE, 2, OPUS_APPLICATION_AUDIO, &rc);
    if (rc == OPUS_OK && opus->rate_hz != AUR_OPUS_RATE)
        opus->resampler = src_new(SRC_SINC_MEDIUM_QUALITY, 2, &rc);
    if (rc != 0 || !opus->encoder)
        return AUR_ENOMEM;
    rc = opus_encoder_ctl(opus->encoder, OPUS_SET_BITRATE(AUR_OPUS_BITRATE));
    if (rc == OPUS_OK)
        rc = opus_encoder_ctl(opus->encoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
    if (rc == OPUS_OK)
        rc = opus_encoder_ctl(opus->encoder, OPUS_GET_LOOKAHEAD(&opus->pre_skip));
    return rc == OPUS_OK ? 0 : AUR_EINVAL;
}

int aur_opus_new(struct aur_opus **out, uint32_t rate_hz, uint32_t frames)
{
    if (rate_hz == 0 || frames == 0)
        return AUR_EINVAL;
    struct aur_opus *opus = calloc(1, sizeof *opus);
    if (!opus)
        return AUR_ENOMEM;
    opus->rate_hz = rate_hz;
    opus->frames = frames;
    opus->room = frames_at_48k(rate_hz, frames) + SLACK + AUR_OPUS_PACKET;
    opus->waiting = calloc(opus->room * 2, sizeof *opus->waiting);
    int rc = opus->waiting ? make(opus) : AUR_ENOMEM;
    if (rc < 0)
        aur_opus_free(opus);
    else
        *out = opus;
    return rc;
}

void aur_opus_free(struct aur_opus *opus)
{
    if (!opus)
        return;
    if (opus->encoder)
        opus_encoder_destroy(opus->encoder);
    if (opus->resampler)
        src_delete(opus->resampler);
    free(opus->waiting);
    free(opus);
}

void aur_opus_header(unsigned char *out, const struct aur_opus *opus)
{
    static const char magic[8] = {'O', 'p', 'u', 's', 'H', 'e', 'a', 'd'};
    memset(out, 0, AUR_OPUS_HEADER); /* no gain, mapping family 0 */
    memcpy(out, magic, sizeof magic);
    out[8] = 1; /* version */
    out[9] = 2; /* channels */
    out[10] = (unsigned char)opus->pre_skip;
    out[11] = (unsigned char)(opus->pre_skip >> 8);
    for (int i = 0; i < 4; i++)
        out[12 + i] = (unsigned char)(opus->rate_hz >> 8 * i);
}

void aur_opus_reset(struct aur_opus *opus)
{
    opus->n_waiting = 0;
    opus_encoder_ctl(opus->encoder, OPUS_RESET_STATE);
    if (opus->resampler)
        src_reset(opus->resampler);
}

/* Adds the chunk to what waits. */
static int take(struct aur_opus *opus, const float *samples)
{
    if (!opus->resampler) {
        memcpy(opus->waiting + opus->n_waiting * 2, samples, (size_t)opus->frames * 2 * sizeof *samples);
        opus->n_waiting += opus->frames;
        return 0;
    }
    SRC_DATA data = {.data_in = samples,
                     .input_frames = opus->frames,
                     .src_ratio = (double)AUR_OPUS_RATE / opus->rate_hz,
                     .data_out = opus->waiting + opus->n_waiting * 2,
                     .output_frames = (long)(opus->room - opus->n_waiting)};
    if (src_process(opus->resampler, &data) != 0 || data.input_frames_used != data.input_frames)
        return AUR_EIO;
    opus->n_waiting += (size_t)data.output_frames_gen;
    return 0;
}

int aur_opus_chunk(struct aur_opus *opus, unsigned char *out, size_t *len, uint32_t *frames, const float *samples)
{
    unsigned char *at = out;
    size_t done = 0;
    int rc = take(opus, samples);
    for (; rc == 0 && opus->n_waiting - done >= AUR_OPUS_PACKET; done += AUR_OPUS_PACKET) {
        opus_int32 n = opus_encode_float(opus->encoder, opus->waiting + done * 2, AUR_OPUS_PACKET, at + 2, PACKET_MAX);
        if (n < 0) {
            rc = n == OPUS_ALLOC_FAIL ? AUR_ENOMEM : AUR_EIO;
            break;
        }
        at[0] = (unsigned char)n;
        at[1] = (unsigned char)(n >> 8);
        at += 2 + n;
    }
    opus->n_waiting -= done;
    memmove(opus->waiting, opus->waiting + done * 2, opus->n_waiting * 2 * sizeof *opus->waiting);
    *len = (size_t)(at - out);
    *frames = (uint32_t)done;
    return rc;
}
