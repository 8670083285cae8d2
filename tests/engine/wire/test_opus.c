/* Opus packets against libopus's decoder: length, level and pitch, where they lie in time, and beginning in mid-stream. */
#include "wire/opus.h"

#include <math.h>
#include <opus.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#define CHUNKS 20
#define HZ     440.0
#define LEVEL  0.5

struct stream {
    uint32_t rate, frames; /* of a chunk */
    float *pcm;            /* decoded, at 48 kHz */
    size_t n, bytes;
    int pre_skip;
};

static void decode(struct stream *s, OpusDecoder *decoder, const unsigned char *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t n = data[at] | (size_t)data[at + 1] << 8;
        assert_true(n > 0 && at + 2 + n <= len);
        assert_int_equal(opus_decode_float(decoder, data + at + 2, (opus_int32)n, s->pcm + s->n * 2, 5760, 0),
                         AUR_OPUS_PACKET);
        s->n += AUR_OPUS_PACKET;
        at += 2 + n;
    }
}

/* Encodes a sine from chunk 0, decodes from chunk `join` on. */
static void play(struct stream *s, int join)
{
    struct aur_opus *opus;
    OpusDecoder *decoder = opus_decoder_create(48000, 2, NULL);
    unsigned char head[AUR_OPUS_HEADER], *out = malloc(aur_opus_size(s->rate, s->frames));
    float *chunk = calloc((size_t)s->frames * 2, sizeof *chunk);
    s->pcm = calloc((size_t)(CHUNKS + 2) * 48000 / 5, sizeof *s->pcm);
    s->n = s->bytes = 0;
    assert_int_equal(aur_opus_new(&opus, s->rate, s->frames), 0);
    aur_opus_header(head, opus);
    s->pre_skip = head[10] | head[11] << 8;
    for (int k = 0; k < CHUNKS; k++) {
        size_t len = 0;
        uint32_t frames = 0;
        for (uint32_t i = 0; i < s->frames; i++) {
            double t = (double)(k * (double)s->frames + i) / s->rate;
            chunk[2 * i] = (float)(LEVEL * sin(2 * M_PI * HZ * t));
            chunk[2 * i + 1] = 0.5f * chunk[2 * i];
        }
        size_t before = s->n;
        assert_int_equal(aur_opus_chunk(opus, out, &len, &frames, chunk), 0);
        assert_true(len <= aur_opus_size(s->rate, s->frames));
        if (k < join)
            continue;
        decode(s, decoder, out, len);
        assert_int_equal(s->n - before, frames);
        s->bytes += len;
    }
    opus_decoder_destroy(decoder);
    aur_opus_free(opus);
    free(chunk);
    free(out);
}

/* Amplitude, and phase in seconds at frame 0, of the sine in a channel, after the first 100 ms. */
static double fit(const struct stream *s, int channel, double *delay)
{
    double a = 0, b = 0;
    size_t from = 4800 + (size_t)s->pre_skip, n = (s->n - from) / 1200 * 1200; /* whole periods: 11 in 1200 frames */
    for (size_t i = 0; i < n; i++) {
        double w = 2 * M_PI * HZ * (double)(from - (size_t)s->pre_skip + i) / 48000,
               x = s->pcm[2 * (from + i) + (size_t)channel];
        a += 2 * x * sin(w) / (double)n;
        b += 2 * x * cos(w) / (double)n;
    }
    *delay = -atan2(b, a) / (2 * M_PI * HZ);
    return sqrt(a * a + b * b);
}

static void length_level_pitch_and_place(void **state)
{
    (void)state;
    static const uint32_t rates[] = {44100, 48000, 96000, 22050};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct stream s = {.rate = rates[i], .frames = rates[i] / 10};
        double delay;
        play(&s, 0);
        assert_in_range(s.n, CHUNKS * 4800 - AUR_OPUS_PACKET, CHUNKS * 4800);
        assert_in_range(s.pre_skip, 1, AUR_OPUS_PACKET - 1);
        assert_true(fabs(fit(&s, 0, &delay) - LEVEL) < 0.02 * LEVEL);
        assert_true(fabs(delay) < 0.0001); /* the pre-skip dropped, sound lies where it was */
        assert_true(fabs(fit(&s, 1, &delay) - LEVEL / 2) < 0.02 * LEVEL);
        double seconds = (double)s.n / 48000;
        assert_true((double)s.bytes * 8 / seconds < 1.3 * AUR_OPUS_BITRATE);
        free(s.pcm);
    }
}

static void a_decoder_may_begin_anywhere(void **state)
{
    (void)state;
    struct stream s = {.rate = 44100, .frames = 4410};
    double delay;
    play(&s, 7);
    assert_int_equal(s.n, (CHUNKS - 7) * 4800); /* from then on five packets a chunk */
    assert_true(fabs(fit(&s, 0, &delay) - LEVEL) < 0.02 * LEVEL);
    free(s.pcm);
}

static void reset_forgets(void **state)
{
    (void)state;
    enum { FRAMES = 4410 };
    struct aur_opus *fresh, *used;
    size_t size = aur_opus_size(44100, FRAMES), n = 0, m = 0;
    unsigned char *one = malloc(size), *two = malloc(size);
    static float loud[FRAMES * 2], soft[FRAMES * 2];
    uint32_t frames, again;
    for (int i = 0; i < FRAMES * 2; i++) {
        loud[i] = i % 50 < 25 ? 0.9f : -0.9f;
        soft[i] = 0.1f * (float)sin(i * 0.02);
    }
    assert_int_equal(aur_opus_new(&fresh, 44100, FRAMES), 0);
    assert_int_equal(aur_opus_new(&used, 44100, FRAMES), 0);
    assert_int_equal(aur_opus_chunk(used, two, &m, &again, loud), 0);
    aur_opus_reset(used);
    assert_int_equal(aur_opus_chunk(used, two, &m, &again, soft), 0);
    assert_int_equal(aur_opus_chunk(fresh, one, &n, &frames, soft), 0);
    assert_int_equal(n, m);
    assert_int_equal(frames, again);
    assert_memory_equal(one, two, n);
    free(one);
    free(two);
    aur_opus_free(fresh);
    aur_opus_free(used);
}

static void chunks_that_packets_do_not_divide(void **state)
{
    (void)state;
    struct aur_opus *opus;
    static float samples[441 * 2];
    unsigned char out[8192];
    size_t len, total = 0;
    uint32_t frames;
    assert_int_equal(aur_opus_new(&opus, 44100, 441), 0); /* 10 ms: every second brings none */
    assert_true(aur_opus_size(44100, 441) <= sizeof out);
    for (int k = 0; k < 100; k++) {
        assert_int_equal(aur_opus_chunk(opus, out, &len, &frames, samples), 0);
        assert_true(frames % AUR_OPUS_PACKET == 0 && (frames > 0) == (len > 0));
        total += frames;
    }
    assert_in_range(total, 48000 - 2 * AUR_OPUS_PACKET, 48000);
    aur_opus_free(opus);
    assert_int_equal(aur_opus_new(&opus, 0, 441), AUR_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_level_pitch_and_place),
        cmocka_unit_test(a_decoder_may_begin_anywhere),
        cmocka_unit_test(reset_forgets),
        cmocka_unit_test(chunks_that_packets_do_not_divide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
