/* Renders: exact length, the same bytes again, the same samples in every format and however they are pulled. */
#include "bounce/bounce.h"

#include <jansson.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "compose/session.h"
#include "fixture.h"
#include "support/analysis.h"
#include "wire/pcm.h"

static struct wav render(const struct fixture *f, const char *name, struct aur_bounce_request request)
{
    request.out_path = fixture_path(f, name);
    request.force = true;
    fixture_render(&request);
    return fixture_read(request.out_path);
}

static void same_samples(const float *a, const float *b, size_t frames)
{
    for (size_t i = 0; i < 2 * frames; i++)
        if (memcmp(&a[i], &b[i], sizeof *a))
            fail_msg("frame %zu: %.9g and %.9g", i / 2, (double)a[i], (double)b[i]);
}

static void length_is_exact(void **state)
{
    static const struct {
        double seconds;
        size_t frames;
    } lengths[] = {{0.1, 4410}, {1, 44100}, {1.00001, 44100}, {1.000012, 44101}, {0.00001, 0}, {4.5, 198450}};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct aur_bounce_request request = fixture_request(*state, NULL);
        request.duration_s = lengths[i].seconds;
        struct wav wav = render(*state, "length.wav", request);
        assert_int_equal(wav.frames, lengths[i].frames);
        assert_int_equal(wav.rate, RATE);
        fixture_drop(&wav);
    }
}

static void the_same_bytes_again(void **state)
{
    static const struct {
        const char *name;
        enum aur_bounce_bits bits;
        bool dither;
        int format;
    } kinds[] = {
        {".wav", AUR_BITS_16, false, SF_FORMAT_WAV | SF_FORMAT_PCM_16},
        {".wav", AUR_BITS_16, true, SF_FORMAT_WAV | SF_FORMAT_PCM_16},
        {".wav", AUR_BITS_24, false, SF_FORMAT_WAV | SF_FORMAT_PCM_24},
        {".wav", AUR_BITS_FLOAT, false, SF_FORMAT_WAV | SF_FORMAT_FLOAT},
        {".flac", AUR_BITS_16, false, SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
        {".flac", AUR_BITS_24, false, SF_FORMAT_FLAC | SF_FORMAT_PCM_24},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char a[32], b[32];
        snprintf(a, sizeof a, "a%s", kinds[i].name);
        snprintf(b, sizeof b, "b%s", kinds[i].name);
        struct aur_bounce_request request = fixture_request(*state, NULL);
        request.bits = kinds[i].bits;
        request.dither = kinds[i].dither;
        struct wav first = render(*state, a, request), second = render(*state, b, request);
        assert_int_equal(first.format, kinds[i].format);
        assert_int_equal(first.frames, 2 * RATE);
        assert_true(fixture_same(fixture_path(*state, a), fixture_path(*state, b)));
        fixture_drop(&first);
        fixture_drop(&second);
    }
}

static void another_seed_sounds_different(void **state)
{
    struct aur_bounce_request request = fixture_request(*state, NULL);
    struct wav one = render(*state, "one.wav", request);
    request.seed = 2;
    struct wav two = render(*state, "two.wav", request);
    assert_memory_not_equal(one.ints, two.ints, 2 * RATE * sizeof *one.ints);
    fixture_drop(&one);
    fixture_drop(&two);
}

static void integers_are_the_quantised_floats(void **state)
{
    struct aur_bounce_request request = fixture_request(*state, NULL);
    const size_t n = 4 * RATE;
    request.bits = AUR_BITS_FLOAT;
    struct wav floats = render(*state, "float.wav", request);
    int16_t *s16 = calloc(n, sizeof *s16);
    int32_t *s24 = calloc(n, sizeof *s24);
    aur_pcm_s16(s16, floats.floats, n);
    aur_pcm_s24(s24, floats.floats, n);
    static const char *const endings[] = {"x.wav", "x.flac"};
    for (int e = 0; e < 2; e++) {
        request.bits = AUR_BITS_16;
        struct wav sixteen = render(*state, endings[e], request);
        request.bits = AUR_BITS_24;
        struct wav twentyfour = render(*state, endings[e], request);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(sixteen.ints[i] / 65536, s16[i]);
            assert_int_equal(twentyfour.ints[i] / 256, s24[i]);
        }
        fixture_drop(&sixteen);
        fixture_drop(&twentyfour);
    }
    struct audio a = {floats.floats, floats.frames, RATE};
    struct audio_levels l;
    audio_measure(&l, &a);
    assert_true(l.finite && l.rms_db > -60); /* there is sound in it */
    free(s16);
    free(s24);
    fixture_drop(&floats);
}

static void dither_is_only_on_request(void **state)
{
    struct aur_bounce_request request = fixture_request(*state, NULL);
    request.bits = AUR_BITS_16;
    struct wav plain = render(*state, "plain.wav", request);
    request.dither = true;
    struct wav dithered = render(*state, "dithered.wav", request);
    size_t different = 0;
    for (size_t i = 0; i < 2 * plain.frames; i++) {
        int d = abs(plain.ints[i] / 65536 - dithered.ints[i] / 65536);
        assert_true(d <= 1);
        different += d != 0;
    }
    assert_true(different > plain.frames / 4);
    fixture_drop(&plain);
    fixture_drop(&dithered);
}

static void no_peak_chunk(void **state)
{
    struct aur_bounce_request request = fixture_request(*state, NULL);
    request.bits = AUR_BITS_FLOAT;
    struct wav wav = render(*state, "float.wav", request);
    struct aur_buf file;
    aur_buf_init(&file);
    assert_int_equal(aur_buf_read_file(&file, fixture_path(*state, "float.wav"), 1 << 28, NULL), 0);
    assert_null(memmem(file.data, 200, "PEAK", 4)); /* it carries a time stamp */
    aur_buf_deinit(&file);
    fixture_drop(&wav);
}

/* A shorter render is the start of a longer one, across a phrase's boundary. */
static void a_hard_end_is_a_prefix(void **state)
{
    struct aur_bounce_request request = fixture_request(*state, NULL);
    request.bits = AUR_BITS_FLOAT;
    request.duration_s = 6;
    struct wav whole = render(*state, "long.wav", request);
    request.duration_s = 4.3;
    struct wav part = render(*state, "short.wav", request);
    same_samples(whole.floats, part.floats, part.frames);
    fixture_drop(&whole);
    fixture_drop(&part);
}

struct heard {
    float *data;
    size_t frames;
};

static void hear(void *user, const float *interleaved, size_t frames)
{
    struct heard *heard = user;
    memcpy(heard->data + 2 * heard->frames, interleaved, 2 * frames * sizeof *interleaved);
    heard->frames += frames;
}

/* As a stream does it: phrases committed as soon as the queue takes them, chunks of 4410 frames. */
static void render_as_a_stream(float *out, size_t chunks, const struct aur_bounce_request *request)
{
    struct aur_session session;
    struct aur_synth *synth;
    struct aur_phrase *phrases[16] = {NULL};
    const struct aur_live live = {(float)request->controls.level, (float)request->controls.brightness,
                                  (float)request->controls.intensity};
    assert_int_equal(aur_synth_new(&synth, &request->synth, NULL), 0);
    aur_synth_live(synth, &live);
    aur_session_init(&session, request->piece, request->seed, RATE);
    for (size_t i = 0, n = 0; i < chunks; i++) {
        if (session.next_frame < (i + 1) * 4410 + RATE * 3 / 2) {
            assert_int_equal(aur_session_next(&session, &phrases[n], &request->controls, NULL), 0);
            assert_int_equal(aur_synth_commit(synth, phrases[n++]), 0);
        }
        aur_synth_render(synth, out + 2 * 4410 * i, 4410);
        while (aur_synth_retired(synth))
            continue;
    }
    aur_synth_free(synth);
    for (size_t n = 0; n < 16; n++)
        aur_phrase_free(phrases[n]);
    aur_session_deinit(&session);
}

static void equals_the_stream(void **state)
{
    struct aur_bounce_request request = fixture_request(*state, NULL);
    struct heard heard = {calloc(2 * 9 * RATE, sizeof(float)), 0};
    float *stream = calloc(2 * 9 * RATE, sizeof *stream);
    request.duration_s = 9; /* three phrases */
    request.on_audio = hear;
    request.user = &heard;
    fixture_render(&request); /* no file */
    assert_int_equal(heard.frames, 9 * RATE);
    assert_int_equal(fixture_files(*state), 0);
    render_as_a_stream(stream, 90, &request);
    same_samples(heard.data, stream, heard.frames);
    free(stream);
    free(heard.data);
}

static void phrases_end_at_the_boundary(void **state)
{
    struct aur_bounce_request request = fixture_request(*state, NULL);
    request.phrases = 2;
    request.duration_s = 0;
    request.bits = AUR_BITS_FLOAT;
    struct wav two = render(*state, "two.wav", request);
    assert_int_equal(two.frames, 2 * 2756 * 64); /* 4 s are 2756.25 blocks */
    request.tail_s = 1.5;
    struct wav tail = render(*state, "tail.wav", request);
    assert_int_equal(tail.frames, two.frames + 1.5 * RATE);
    same_samples(tail.floats, two.floats, two.frames);
    fixture_drop(&two);
    fixture_drop(&tail);
}

static void a_tail_rings_out(void **state)
{
    struct aur_bounce_request request = fixture_request(*state, NULL);
    request.bits = AUR_BITS_FLOAT;
    struct wav hard = render(*state, "hard.wav", request);
    request.tail_s = 6;
    struct wav tail = render(*state, "tail.wav", request);
    assert_int_equal(tail.frames, 8 * RATE);
    same_samples(hard.floats, tail.floats, hard.frames);
    struct audio all = {tail.floats, tail.frames, RATE};
    struct audio early = audio_slice(&all, 2 * RATE, RATE), late = audio_slice(&all, 7 * RATE, RATE);
    struct audio_levels le, ll;
    audio_measure(&le, &early);
    audio_measure(&ll, &late);
    assert_true(le.rms_db > -60);
    assert_true(ll.rms_db < le.rms_db - 20); /* nothing new was played */
    fixture_drop(&hard);
    fixture_drop(&tail);
}

static void a_fade_reaches_zero(void **state)
{
    struct aur_bounce_request request = fixture_request(*state, NULL);
    request.bits = AUR_BITS_FLOAT;
    struct wav hard = render(*state, "hard.wav", request);
    request.fade_s = 0.5;
    struct wav faded = render(*state, "faded.wav", request);
    assert_int_equal(faded.frames, hard.frames);
    same_samples(hard.floats, faded.floats, RATE * 3 / 2);
    double last = 1;
    for (size_t i = RATE * 3 / 2; i < faded.frames; i++)
        if (fabsf(hard.floats[2 * i]) > 0.01f) {
            double gain = (double)faded.floats[2 * i] / (double)hard.floats[2 * i];
            assert_true(gain >= 0 && gain <= last + 1e-5);
            last = gain;
        }
    assert_true(fabsf(faded.floats[2 * faded.frames - 2]) < 1e-5f);
    request.fade_s = 100; /* longer than all: the whole file */
    struct wav all = render(*state, "all.wav", request);
    assert_int_equal(all.frames, hard.frames);
    fixture_drop(&hard);
    fixture_drop(&faded);
    fixture_drop(&all);
}

static void other_rates_keep_length_and_pitch(void **state)
{
    static const uint32_t rates[] = {22050, 48000, 96000};
    struct aur_bounce_request request = fixture_request(*state, NULL);
    struct wav native = render(*state, "native.wav", request);
    struct audio a = {native.floats, native.frames, RATE};
    const double hz = audio_dominant_hz(&a, 90, 130);
    for (int i = 0; i < 3; i++) {
        request.file_rate_hz = rates[i];
        request.duration_s = 2.00003;
        struct wav wav = render(*state, "other.flac", request);
        assert_int_equal(wav.rate, rates[i]);
        assert_int_equal(wav.frames, llround(2.00003 * rates[i]));
        struct audio b = {wav.floats, wav.frames, rates[i]};
        struct audio_levels la, lb;
        audio_measure(&la, &a);
        audio_measure(&lb, &b);
        assert_true(fabs(la.rms_db - lb.rms_db) < 0.1);
        assert_true(fabs(audio_dominant_hz(&b, 90, 130) - hz) < 1.5);
        assert_true(fixture_files(*state) == 2);
        fixture_drop(&wav);
    }
    fixture_drop(&native);
}

static void seen(void *user, const struct aur_phrase *phrase)
{
    json_t *all = user;
    for (uint32_t i = 0; i < phrase->n_notes; i++)
        json_array_append_new(all, json_integer((json_int_t)phrase->notes[i].on_frame));
}

static double real_at(json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static void check_note(json_t *note, json_t *on_frame)
{
    double at = real_at(note, "at") * 1048576;
    assert_true(json_equal(json_object_get(note, "on_frame"), on_frame));
    assert_true(fabs(at - rint(at)) < 1e-3); /* all digits of the quantum */
    assert_true(real_at(note, "off_frame") > real_at(note, "on_frame"));
    assert_true(real_at(note, "line") > 0 && real_at(note, "velocity") > 0 && real_at(note, "beats") > 0);
    const char *patch = json_string_value(json_object_get(note, "patch"));
    if (strcmp(patch, "lead") == 0)
        assert_true(real_at(note, "pan") == -0.25 && real_at(note, "pitch") >= 69);
}

static void events_are_the_phrases(void **state)
{
    json_t *frames = json_array();
    struct aur_bounce_request request = fixture_request(*state, NULL);
    request.events_path = fixture_path(*state, "events.json");
    request.duration_s = 5;
    request.on_phrase = seen;
    request.user = frames;
    fixture_render(&request);
    json_t *events = json_load_file(request.events_path, 0, NULL);
    assert_non_null(events);
    assert_string_equal(json_string_value(json_object_get(events, "title")), "A \"test\"");
    assert_true(real_at(events, "seed") == 1 && real_at(events, "sample_rate") == RATE);
    json_t *phrases = json_object_get(events, "phrases"), *phrase, *note;
    size_t i, k, n = 0;
    assert_int_equal(json_array_size(phrases), 2);
    json_array_foreach(phrases, i, phrase)
    {
        assert_int_equal(real_at(phrase, "number"), i);
        assert_int_equal(real_at(phrase, "bars"), 2);
        assert_int_equal(real_at(phrase, "bpm"), 120);
        assert_string_equal(json_string_value(json_object_get(phrase, "key")), "A minor");
        assert_int_equal(json_array_size(json_object_get(phrase, "notes")), 12);
        json_array_foreach(json_object_get(phrase, "notes"), k, note) check_note(note, json_array_get(frames, n++));
        json_t *chord = json_array_get(json_object_get(phrase, "chords"), 0);
        assert_string_equal(json_string_value(json_object_get(chord, "name")), "i7");
        assert_int_equal(json_array_size(json_object_get(chord, "pitches")), 4);
    }
    assert_int_equal(n, json_array_size(frames));
    json_decref(events);
    json_decref(frames);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(length_is_exact),
        TEST(the_same_bytes_again),
        TEST(another_seed_sounds_different),
        TEST(integers_are_the_quantised_floats),
        TEST(dither_is_only_on_request),
        TEST(no_peak_chunk),
        TEST(a_hard_end_is_a_prefix),
        TEST(equals_the_stream),
        TEST(phrases_end_at_the_boundary),
        TEST(a_tail_rings_out),
        TEST(a_fade_reaches_zero),
        TEST(other_rates_keep_length_and_pitch),
        TEST(events_are_the_phrases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
