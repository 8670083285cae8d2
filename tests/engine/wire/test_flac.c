/* FLAC frames against libFLAC's decoder: lossless, one frame a chunk, numbered on, decodable from any chunk. */
#include "wire/flac.h"

#include <FLAC/stream_decoder.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

struct player { /* a decoder's surroundings */
    const unsigned char *data;
    size_t len, at;
    int16_t *pcm;
    size_t n, blocks, errors;
    uint64_t first;
};

static FLAC__StreamDecoderReadStatus give(const FLAC__StreamDecoder *decoder, FLAC__byte out[], size_t *bytes,
                                          void *user)
{
    struct player *p = user;
    (void)decoder;
    *bytes = *bytes < p->len - p->at ? *bytes : p->len - p->at;
    memcpy(out, p->data + p->at, *bytes);
    p->at += *bytes;
    return *bytes ? FLAC__STREAM_DECODER_READ_STATUS_CONTINUE : FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
}

static FLAC__StreamDecoderWriteStatus take(const FLAC__StreamDecoder *decoder, const FLAC__Frame *frame,
                                           const FLAC__int32 *const samples[], void *user)
{
    struct player *p = user;
    (void)decoder;
    if (p->blocks++ == 0)
        p->first = frame->header.number.sample_number;
    for (uint32_t i = 0; i < frame->header.blocksize; i++)
        for (int c = 0; c < 2; c++)
            p->pcm[p->n++] = (int16_t)samples[c][i];
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static void trouble(const FLAC__StreamDecoder *decoder, FLAC__StreamDecoderErrorStatus status, void *user)
{
    (void)decoder;
    (void)status;
    ((struct player *)user)->errors++;
}

static void decode(struct player *p)
{
    FLAC__StreamDecoder *decoder = FLAC__stream_decoder_new();
    assert_int_equal(FLAC__stream_decoder_init_stream(decoder, give, NULL, NULL, NULL, NULL, take, NULL, trouble, p),
                     FLAC__STREAM_DECODER_INIT_STATUS_OK);
    assert_true(FLAC__stream_decoder_process_until_end_of_stream(decoder));
    FLAC__stream_decoder_delete(decoder);
}

/* kind 0: tones, 1: silence, 2: noise at full scale, which does not compress. */
static void fill(int16_t *pcm, size_t frames, uint64_t from, int kind)
{
    for (size_t i = 0; i < frames; i++) {
        double t = (double)(from + i);
        uint32_t noise = (uint32_t)(from + i) * 2654435761u;
        pcm[2 * i] = kind == 0 ? (int16_t)(9000 * sin(t * 0.031)) : kind == 1 ? 0 : (int16_t)(noise >> 16);
        pcm[2 * i + 1] = kind == 0   ? (int16_t)(9000 * cos(t * 0.0173))
                         : kind == 1 ? 0
                                     : (int16_t)((noise * 48271u) >> 16);
    }
}

static void check(uint32_t rate, uint32_t frames, uint64_t first, int kind)
{
    enum { CHUNKS = 3 };
    struct aur_flac *flac;
    assert_int_equal(aur_flac_new(&flac, rate, frames), 0);
    size_t size = aur_flac_size(frames), samples = (size_t)frames * 2;
    int16_t *pcm = calloc(CHUNKS * samples, sizeof *pcm);
    unsigned char *stream = malloc(AUR_FLAC_HEADER + CHUNKS * size);
    struct player p = {.data = stream, .len = AUR_FLAC_HEADER, .pcm = calloc(CHUNKS * samples, sizeof *pcm)};
    aur_flac_header(stream, rate, frames);
    for (size_t k = 0; k < CHUNKS; k++) {
        size_t len = 0;
        fill(pcm + k * samples, frames, k * frames, kind);
        assert_int_equal(aur_flac_chunk(flac, stream + p.len, &len, pcm + k * samples, first + k), 0);
        assert_true(len > 0 && len <= size);
        p.len += len;
    }
    decode(&p);
    assert_int_equal(p.errors, 0);
    assert_int_equal(p.blocks, CHUNKS);
    assert_int_equal(p.first, (first & 0x7fffffff) * frames);
    assert_int_equal(p.n, CHUNKS * samples);
    assert_memory_equal(p.pcm, pcm, p.n * sizeof *pcm);
    if (kind < 2)
        assert_true(p.len < CHUNKS * samples * sizeof *pcm * 7 / 10);
    free(p.pcm);
    free(pcm);
    free(stream);
    aur_flac_free(flac);
}

static void lossless_wherever_it_begins(void **state)
{
    (void)state;
    static const uint64_t firsts[] = {0,      1,       127,      126,        2046,           65534,
                                      123456, 2097150, 67108862, 0x7ffffff0, 0x100000000 + 5};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
        check(44100, 4410, firsts[i], 0);
    for (int kind = 0; kind < 3; kind++)
        check(44100, 4410, 7, kind);
}

static void lossless_at_other_rates_and_lengths(void **state)
{
    (void)state;
    static const uint32_t cases[][2] = {{48000, 4800}, {96000, 9600},  {22050, 2205},  {8000, 160},   {44100, 16},
                                        {44100, 256},  {48000, 24000}, {96000, 65535}, {44100, 4608}, {11000, 1100}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i][0], cases[i][1], 1000, (int)i % 3);
}

static void the_same_chunk_gives_the_same_bytes(void **state)
{
    (void)state;
    enum { FRAMES = 4410 };
    static int16_t pcm[FRAMES * 2], other[FRAMES * 2];
    static unsigned char one[FRAMES * 4 + 100], two[FRAMES * 4 + 100];
    size_t n = 0, m = 0;
    struct aur_flac *a, *b;
    fill(pcm, FRAMES, 5, 0);
    fill(other, FRAMES, 5, 2);
    assert_int_equal(aur_flac_new(&a, 44100, FRAMES), 0);
    assert_int_equal(aur_flac_new(&b, 44100, FRAMES), 0);
    assert_int_equal(aur_flac_chunk(a, one, &n, other, 41), 0); /* whatever came before */
    assert_int_equal(aur_flac_chunk(a, one, &n, pcm, 42), 0);
    assert_int_equal(aur_flac_chunk(b, two, &m, pcm, 42), 0);
    assert_int_equal(n, m);
    assert_memory_equal(one, two, n);
    aur_flac_free(a);
    aur_flac_free(b);
}

static void refuses_what_the_format_does_not_hold(void **state)
{
    (void)state;
    struct aur_flac *flac;
    assert_int_equal(aur_flac_new(&flac, 44100, 15), AUR_EINVAL);
    assert_int_equal(aur_flac_new(&flac, 44100, 65536), AUR_EINVAL);
    assert_int_equal(aur_flac_new(&flac, 0x100000, 4410), AUR_EINVAL);
    aur_flac_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lossless_wherever_it_begins),
        cmocka_unit_test(lossless_at_other_rates_and_lengths),
        cmocka_unit_test(the_same_chunk_gives_the_same_bytes),
        cmocka_unit_test(refuses_what_the_format_does_not_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
