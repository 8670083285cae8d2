/* The formats that a channel offers: their rings of messages, made with the channel, and how a chunk becomes each. Making is for
 * the encoder worker that holds the claim; only Opus carries state from chunk to chunk.
 *
 * The Opus stream runs on while chunks come in order. Where one is missing, because nobody listened or the encoder was overrun,
 * it begins anew with the chunk before fed first, so that its filters are warm. */
#include <stdlib.h>
#include <string.h>

#include "channel/internal.h"
#include "wire/pcm.h"

static size_t message_size(const struct aur_channel *ch, enum aur_format format)
{
    switch (format) {
    case AUR_FORMAT_JSON:
        return aur_msg_audio_size(ch->chunk_frames);
    case AUR_FORMAT_PCM:
        return AUR_FRAME_HEAD + (size_t)ch->chunk_frames * 4;
    case AUR_FORMAT_FLAC:
        return AUR_FRAME_HEAD + aur_flac_size(ch->chunk_frames);
    default:
        return AUR_FRAME_HEAD + aur_opus_size(ch->rate_hz, ch->chunk_frames);
    }
}

static int make_ring(struct aur_channel *ch, enum aur_format format)
{
    struct aur_format_side *side = &ch->encode.formats[format];
    size_t size = (AUR_CHANNEL_FRAMING + message_size(ch, format) + 1 + 63) / 64 * 64;
    side->slots = calloc(ch->n_chunks, sizeof *side->slots);
    side->memory = calloc(ch->n_chunks, size);
    if (!side->slots || !side->memory)
        return AUR_ENOMEM;
    for (uint32_t i = 0; i < ch->n_chunks; i++)
        side->slots[i].data = side->memory + i * size + AUR_CHANNEL_FRAMING;
    return 0;
}

int aur_channel_formats_make(struct aur_channel *ch, unsigned formats)
{
    struct aur_encode_side *e = &ch->encode;
    size_t samples = (size_t)ch->chunk_frames * 2;
    ch->formats = formats;
    e->pcm = calloc(samples, sizeof *e->pcm);
    e->samples = calloc(samples, sizeof *e->samples);
    int rc = e->pcm && e->samples ? 0 : AUR_ENOMEM;
    for (int f = 0; rc == 0 && f < AUR_FORMATS; f++)
        if (formats & 1u << f)
            rc = make_ring(ch, (enum aur_format)f);
    if (rc == 0)
        rc = aur_meter_new(&e->meter, ch->rate_hz);
    if (rc == 0 && formats & 1u << AUR_FORMAT_FLAC)
        rc = aur_flac_new(&e->flac, ch->rate_hz, ch->chunk_frames);
    if (rc == 0 && formats & 1u << AUR_FORMAT_OPUS)
        rc = aur_opus_new(&e->opus, ch->rate_hz, ch->chunk_frames);
    return rc;
}

void aur_channel_formats_free(struct aur_channel *ch)
{
    struct aur_encode_side *e = &ch->encode;
    for (int f = 0; f < AUR_FORMATS; f++) {
        free(e->formats[f].slots);
        free(e->formats[f].memory);
    }
    free(e->pcm);
    free(e->samples);
    aur_meter_free(e->meter);
    aur_flac_free(e->flac);
    aur_opus_free(e->opus);
}

unsigned aur_channel_formats(const struct aur_channel *ch)
{
    return ch->formats;
}

size_t aur_channel_codec(const struct aur_channel *ch, unsigned char *out, enum aur_format format, uint64_t chunk_index)
{
    struct aur_frame frame = {.format = format, .flags = AUR_FRAME_CODEC, .chunk_index = chunk_index};
    if (format == AUR_FORMAT_FLAC) {
        frame.rate_hz = ch->rate_hz;
        frame.payload = AUR_FLAC_HEADER;
        aur_flac_header(out + AUR_FRAME_HEAD, ch->rate_hz, ch->chunk_frames);
    } else if (format == AUR_FORMAT_OPUS) {
        frame.rate_hz = AUR_OPUS_RATE;
        frame.payload = AUR_OPUS_HEADER;
        aur_opus_header(out + AUR_FRAME_HEAD, ch->encode.opus);
    } else {
        return 0;
    }
    aur_frame_head(out, &frame);
    return AUR_FRAME_HEAD + frame.payload;
}

/* ---- encoder worker ---- */

bool aur_channel_load(struct aur_channel *ch, uint64_t index)
{
    struct aur_encode_side *e = &ch->encode;
    size_t n = (size_t)ch->chunk_frames * 2;
    const void *slot;
    if (e->loaded == index + 1)
        return true;
    if (aur_cast_read(ch->audio, &slot, index) < 0)
        return false;
    e->loaded = 0;
    memcpy(e->samples, ((const struct aur_chunk *)slot)->samples, n * sizeof *e->samples);
    if (aur_cast_read(ch->audio, &slot, index) < 0)
        return false; /* this worker was so slow that the samples may be mixed */
    aur_pcm_s16(e->pcm, e->samples, n);
    e->loaded = index + 1;
    return true;
}

static size_t put_json(struct aur_channel *ch, unsigned char *out, uint64_t index)
{
    return aur_msg_audio((char *)out, ch->encode.pcm, ch->chunk_frames, index, ch->rate_hz);
}

/* The head before a payload that is there already. A payload of none stands for a chunk that could not be encoded. */
static size_t put_head(unsigned char *out, enum aur_format format, uint32_t rate_hz, uint64_t index, uint32_t frames,
                       size_t payload)
{
    struct aur_frame frame = {
        .format = format, .frames = frames, .chunk_index = index, .rate_hz = rate_hz, .payload = (uint32_t)payload};
    aur_frame_head(out, &frame);
    return AUR_FRAME_HEAD + payload;
}

static size_t put_pcm(struct aur_channel *ch, unsigned char *out, uint64_t index)
{
    size_t bytes = (size_t)ch->chunk_frames * 4;
    memcpy(out + AUR_FRAME_HEAD, ch->encode.pcm, bytes); /* little-endian, as wire/message.c asserts */
    return put_head(out, AUR_FORMAT_PCM, ch->rate_hz, index, ch->chunk_frames, bytes);
}

static size_t put_flac(struct aur_channel *ch, unsigned char *out, uint64_t index)
{
    size_t bytes = 0;
    int rc = aur_flac_chunk(ch->encode.flac, out + AUR_FRAME_HEAD, &bytes, ch->encode.pcm, index);
    return put_head(out, AUR_FORMAT_FLAC, ch->rate_hz, index, rc == 0 ? ch->chunk_frames : 0, rc == 0 ? bytes : 0);
}

/* What came before the stream's beginning is thrown away. */
static void begin_opus(struct aur_channel *ch, unsigned char *scratch, uint64_t index)
{
    size_t bytes;
    uint32_t frames;
    aur_opus_reset(ch->encode.opus);
    if (index > 0 && aur_channel_load(ch, index - 1))
        (void)!aur_opus_chunk(ch->encode.opus, scratch, &bytes, &frames, ch->encode.samples);
}

static size_t put_opus(struct aur_channel *ch, unsigned char *out, uint64_t index)
{
    struct aur_encode_side *e = &ch->encode;
    size_t bytes = 0;
    uint32_t frames = 0;
    if (index > e->opus_next)
        begin_opus(ch, out + AUR_FRAME_HEAD, index);
    if (index >= e->opus_next && aur_channel_load(ch, index)) {
        e->opus_next = index + 1;
        if (aur_opus_chunk(e->opus, out + AUR_FRAME_HEAD, &bytes, &frames, e->samples) < 0)
            bytes = frames = 0;
    }
    return put_head(out, AUR_FORMAT_OPUS, AUR_OPUS_RATE, index, frames, bytes);
}

bool aur_channel_format_put(struct aur_channel *ch, enum aur_format format, uint64_t index)
{
    static size_t (*const puts[AUR_FORMATS])(struct aur_channel *, unsigned char *,
                                             uint64_t) = {[AUR_FORMAT_JSON] = put_json,
                                                          [AUR_FORMAT_PCM] = put_pcm,
                                                          [AUR_FORMAT_FLAC] = put_flac,
                                                          [AUR_FORMAT_OPUS] = put_opus};
    struct aur_format_side *side = &ch->encode.formats[format];
    struct aur_message_slot *message = &side->slots[index % ch->n_chunks];
    if (atomic_load_explicit(&message->tag, memory_order_relaxed) == index + 1)
        return false; /* made for an earlier listener */
    if (!aur_channel_load(ch, index))
        return false;
    atomic_store_explicit(&message->tag, 0, memory_order_relaxed);
    message->len = puts[format](ch, message->data, index);
    message->data[message->len] = '\0';
    atomic_store_explicit(&message->tag, index + 1, memory_order_release);
    atomic_fetch_add_explicit(&side->encoded, 1, memory_order_relaxed);
    return true;
}
