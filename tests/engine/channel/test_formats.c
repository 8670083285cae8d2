/* A channel stepped by hand and listened to in several formats: each encoded once and only while listened to, all holding the
 * same samples, the Opus stream unbroken. */
#include <opus.h>
#include <stdlib.h>
#include <string.h>

#include "hand.h"
#include "support/unit.h"
#include "wire/pcm.h"

struct frame {
    const unsigned char *data; /* the payload */
    size_t len;
    uint32_t frames;
};

static uint64_t encoded(const struct hand *h, enum aur_format format)
{
    return h->ch->encode.formats[format].encoded;
}

static int read_chunk(struct hand *h, enum aur_format format, uint64_t index)
{
    const unsigned char *data;
    size_t len;
    uint64_t next;
    return aur_channel_message(h->ch, format, &data, &len, &next, index);
}

/* A chunk's frame, whose head must be what it should be. */
static struct frame frame_of(struct hand *h, enum aur_format format, uint64_t index)
{
    const unsigned char *data = NULL;
    size_t len = 0;
    uint64_t next;
    assert_int_equal(aur_channel_message(h->ch, format, &data, &len, &next, index), 0);
    assert_true(len >= AUR_FRAME_HEAD);
    struct aur_frame want = {.format = format,
                             .frames = data[6] | (uint32_t)data[7] << 8,
                             .chunk_index = index,
                             .rate_hz = format == AUR_FORMAT_OPUS ? 48000 : RATE,
                             .payload = (uint32_t)(len - AUR_FRAME_HEAD)};
    unsigned char head[AUR_FRAME_HEAD];
    aur_frame_head(head, &want);
    assert_memory_equal(data, head, sizeof head);
    return (struct frame){data + AUR_FRAME_HEAD, len - AUR_FRAME_HEAD, want.frames};
}

static void each_format_is_encoded_once_while_it_is_listened_to(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    assert_int_equal(aur_channel_formats(h.ch), AUR_FORMATS_ALL);
    hand_chunks(&h, 30);
    for (int f = 0; f < AUR_FORMATS; f++)
        assert_int_equal(encoded(&h, (enum aur_format)f), 0);
    for (int i = 0; i < 50; i++)
        assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_FLAC, 5), 25);
    hand_chunks(&h, 10);
    assert_int_equal(encoded(&h, AUR_FORMAT_FLAC), 15);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_OPUS, 5), 35);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_PCM, 8), 32);
    hand_chunks(&h, 10);
    assert_int_equal(encoded(&h, AUR_FORMAT_JSON), 0);
    assert_int_equal(encoded(&h, AUR_FORMAT_PCM), 18);
    assert_int_equal(encoded(&h, AUR_FORMAT_FLAC), 25);
    assert_int_equal(encoded(&h, AUR_FORMAT_OPUS), 15);
    for (int i = 0; i < 50; i++)
        aur_channel_leave(h.ch, AUR_FORMAT_FLAC);
    aur_channel_leave(h.ch, AUR_FORMAT_OPUS);
    hand_chunks(&h, 10);
    assert_int_equal(encoded(&h, AUR_FORMAT_FLAC), 25);
    assert_int_equal(encoded(&h, AUR_FORMAT_OPUS), 15);
    assert_int_equal(encoded(&h, AUR_FORMAT_PCM), 28);
    hand_close(&h);
}

static void pcm_holds_the_samples(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    aur_channel_join(h.ch, AUR_FORMAT_PCM, 5);
    for (uint64_t k = 0; k < 40; k++) {
        hand_chunk(&h);
        struct frame frame = frame_of(&h, AUR_FORMAT_PCM, k);
        assert_int_equal(frame.frames, CHUNK);
        assert_int_equal(frame.len, CHUNK * 4);
        for (uint32_t i = 0; i < CHUNK; i++) {
            float want[2] = {fake_left(k * CHUNK + i), fake_right((k * CHUNK + i) / TWO_BARS)};
            int16_t s16[2];
            aur_pcm_s16(s16, want, 2);
            assert_memory_equal(frame.data + (size_t)i * 4, s16, sizeof s16);
        }
    }
    hand_close(&h);
}

static void flac_is_the_codec_of_the_pcm(void **state)
{
    (void)state;
    struct hand h;
    struct aur_flac *flac;
    static unsigned char want[CHUNK * 4 + 128];
    static int16_t pcm[CHUNK * 2];
    assert_int_equal(aur_flac_new(&flac, RATE, CHUNK), 0);
    hand_open(&h, TWO_BARS);
    aur_channel_join(h.ch, AUR_FORMAT_PCM, 5);
    aur_channel_join(h.ch, AUR_FORMAT_FLAC, 5);
    for (uint64_t k = 0; k < 10; k++) {
        size_t len = 0;
        hand_chunk(&h);
        memcpy(pcm, frame_of(&h, AUR_FORMAT_PCM, k).data, sizeof pcm);
        assert_int_equal(aur_flac_chunk(flac, want, &len, pcm, k), 0);
        struct frame got = frame_of(&h, AUR_FORMAT_FLAC, k);
        assert_int_equal(got.frames, CHUNK);
        assert_int_equal(got.len, len);
        assert_memory_equal(got.data, want, len);
    }
    aur_flac_free(flac);
    hand_close(&h);
}

/* Takes the packets of a chunk apart; returns how many there are. */
static int packets_of(OpusDecoder *decoder, struct frame frame)
{
    static float out[5760 * 2];
    int n = 0;
    for (size_t at = 0; at < frame.len; n++) {
        size_t bytes = frame.data[at] | (size_t)frame.data[at + 1] << 8;
        assert_true(bytes > 0 && at + 2 + bytes <= frame.len);
        assert_int_equal(opus_decode_float(decoder, frame.data + at + 2, (opus_int32)bytes, out, 5760, 0),
                         AUR_OPUS_PACKET);
        at += 2 + bytes;
    }
    assert_int_equal(frame.frames, n * AUR_OPUS_PACKET);
    return n;
}

static void opus_goes_on_from_chunk_to_chunk(void **state)
{
    (void)state;
    struct hand h;
    OpusDecoder *decoder = opus_decoder_create(48000, 2, NULL);
    hand_open(&h, TWO_BARS);
    hand_chunks(&h, 30);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_OPUS, 5), 25);
    hand_chunks(&h, 1);
    for (uint64_t k = 25; k < 31; k++)
        assert_int_equal(packets_of(decoder, frame_of(&h, AUR_FORMAT_OPUS, k)),
                         5); /* the first too: 24 was fed before */
    aur_channel_leave(h.ch, AUR_FORMAT_OPUS);
    hand_chunks(&h, 2);
    uint64_t next = h.ch->encode.opus_next;
    assert_int_equal(next, 31);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_OPUS, 5), 28); /* 28 to 30 are there, 31 and 32 follow */
    aur_channel_encode_step(h.ch);
    assert_int_equal(encoded(&h, AUR_FORMAT_OPUS), 8);
    for (uint64_t k = 28; k < 33; k++)
        assert_int_equal(packets_of(decoder, frame_of(&h, AUR_FORMAT_OPUS, k)), 5);
    aur_channel_leave(h.ch, AUR_FORMAT_OPUS);
    hand_chunks(&h, 50);
    assert_true(aur_channel_rejoin(h.ch, AUR_FORMAT_OPUS, 70)); /* all of it anew: never made while nobody listened */
    aur_channel_encode_step(h.ch);
    for (uint64_t k = 70; k < 83; k++)
        assert_int_equal(packets_of(decoder, frame_of(&h, AUR_FORMAT_OPUS, k)), 5);
    aur_channel_leave(h.ch, AUR_FORMAT_OPUS);
    hand_chunks(&h, 10);
    assert_true(aur_channel_rejoin(h.ch, AUR_FORMAT_OPUS, 83)); /* the encoder goes on as if it had never stopped */
    assert_int_equal(h.ch->encode.opus_next, 83);
    aur_channel_encode_step(h.ch);
    for (uint64_t k = 83; k < 93; k++)
        assert_int_equal(packets_of(decoder, frame_of(&h, AUR_FORMAT_OPUS, k)), 5);
    aur_channel_leave(h.ch, AUR_FORMAT_OPUS);
    hand_chunks(&h, 50);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_OPUS, 5), 138); /* long after: a stream that begins anew */
    aur_channel_encode_step(h.ch);
    for (uint64_t k = 138; k < 143; k++)
        assert_int_equal(packets_of(decoder, frame_of(&h, AUR_FORMAT_OPUS, k)), 5);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_OPUS, 8), 135); /* deeper than the first: nobody is held up */
    aur_channel_encode_step(h.ch);
    for (uint64_t k = 135; k < 138; k++)
        assert_int_equal(packets_of(decoder, frame_of(&h, AUR_FORMAT_OPUS, k)), 0);
    assert_int_equal(read_chunk(&h, AUR_FORMAT_OPUS, 142), 0);
    opus_decoder_destroy(decoder);
    hand_close(&h);
}

static void an_overrun_leaves_every_format_in_step(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    for (int f = 0; f < AUR_FORMATS; f++)
        aur_channel_join(h.ch, (enum aur_format)f, 5);
    hand_chunks(&h, 20);
    h.no_encoder = true;
    hand_chunks(&h, 40);
    h.no_encoder = false;
    aur_channel_encode_step(h.ch);
    assert_int_equal(h.ch->shared.overruns, 60 - 17 - 20); /* chunks, whatever the formats */
    for (int f = 0; f < AUR_FORMATS; f++) {
        const unsigned char *data;
        size_t len;
        uint64_t next = 0;
        assert_int_equal(aur_channel_message(h.ch, (enum aur_format)f, &data, &len, &next, 20), AUR_ENOTFOUND);
        assert_int_equal(next, 60 - 17);
        for (; next < 60; next++)
            assert_int_equal(read_chunk(&h, (enum aur_format)f, next), 0);
    }
    hand_close(&h);
}

static void codec_headers(void **state)
{
    (void)state;
    struct hand h;
    unsigned char out[AUR_FRAME_HEAD + AUR_CODEC_HEADER_MAX];
    hand_open(&h, TWO_BARS);
    assert_int_equal(aur_channel_codec(h.ch, out, AUR_FORMAT_JSON, 9), 0);
    assert_int_equal(aur_channel_codec(h.ch, out, AUR_FORMAT_PCM, 9), 0);
    assert_int_equal(aur_channel_codec(h.ch, out, AUR_FORMAT_FLAC, 9), AUR_FRAME_HEAD + AUR_FLAC_HEADER);
    assert_memory_equal(out, "AUR1\2\1\0\0\11\0\0\0\0\0\0\0\104\254\0\0\52\0\0\0fLaC", 28);
    assert_int_equal(aur_channel_codec(h.ch, out, AUR_FORMAT_OPUS, 9), AUR_FRAME_HEAD + AUR_OPUS_HEADER);
    assert_memory_equal(out, "AUR1\3\1\0\0\11\0\0\0\0\0\0\0\200\273\0\0\23\0\0\0OpusHead\1\2", 34);
    hand_close(&h);
}

static void what_is_not_offered_takes_no_memory(void **state)
{
    (void)state;
    struct hand h;
    struct aur_channel_config config;
    memset(&h, 0, sizeof h);
    fake_piece_init(&h.piece, TWO_BARS);
    hand_config(&h, &config);
    config.formats = 1u << AUR_FORMAT_JSON | 1u << AUR_FORMAT_FLAC;
    hand_open_with(&h, &config);
    assert_int_equal(aur_channel_formats(h.ch), config.formats);
    assert_null(h.ch->encode.opus);
    assert_null(h.ch->encode.formats[AUR_FORMAT_OPUS].memory);
    assert_null(h.ch->encode.formats[AUR_FORMAT_PCM].memory);
    aur_channel_join(h.ch, AUR_FORMAT_FLAC, 5);
    hand_chunks(&h, 3);
    assert_int_equal(encoded(&h, AUR_FORMAT_FLAC), 3);
    hand_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_is_encoded_once_while_it_is_listened_to),
        cmocka_unit_test(pcm_holds_the_samples),
        cmocka_unit_test(flac_is_the_codec_of_the_pcm),
        cmocka_unit_test(opus_goes_on_from_chunk_to_chunk),
        cmocka_unit_test(an_overrun_leaves_every_format_in_step),
        cmocka_unit_test(codec_headers),
        cmocka_unit_test(what_is_not_offered_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
