/* A channel stepped by hand: frames, boundaries, pacing, stalls. */
#include <string.h>

#include "hand.h"
#include "support/unit.h"

static void paces_by_the_lead(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    uint64_t lead = h.ch->lead_ns;
    assert_int_equal(lead, 200 * MS);
    uint64_t next = aur_channel_render_step(h.ch, h.now); /* chunk 0 at once */
    assert_int_equal(hand_frames(&h), CHUNK);
    assert_int_equal(next, HAND_START + 100 * MS);
    for (uint64_t k = 1; k < 50; k++) {
        h.now = next - 1;
        assert_int_equal(aur_channel_render_step(h.ch, h.now), next);
        assert_int_equal(hand_frames(&h), k * CHUNK);
        h.now = next;
        next = aur_channel_render_step(h.ch, h.now);
        assert_int_equal(hand_frames(&h), (k + 1) * CHUNK);
        assert_int_equal(next, HAND_START + (k + 1) * 100 * MS);
        while (aur_channel_compose_step(h.ch))
            ;
        struct aur_msg_status status;
        aur_channel_status(h.ch, &status);
        assert_true(status.buffer_depth_ms == 300); /* just rendered: the lead and one chunk */
        h.now += 99 * MS;
        aur_channel_status(h.ch, &status);
        assert_true(status.buffer_depth_ms == 201);
    }
    hand_close(&h);
}

/* 1,000 chunks without a frame lost, and a new phrase at each boundary to the frame. */
static void frames_and_boundaries_are_exact(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    struct aur_channel_event event;
    for (uint64_t number = 0; number < 25; number++) {
        uint64_t boundary = number * TWO_BARS;
        hand_until(&h, boundary + CHUNK);
        assert_true(hand_right(&h, boundary) == fake_right(number));
        if (number > 0)
            assert_true(hand_right(&h, boundary - 1) == fake_right(number - 1));
        assert_true(hand_event(&h, &event, AUR_EVENT_PHRASE));
        assert_int_equal(event.phrase.phrase, number);
        assert_int_equal(event.chunk_index, boundary / CHUNK);
        assert_true(event.phrase.sounds_in_ms == 0);
        double left = (double)(boundary + TWO_BARS - event.chunk_index * CHUNK) * 1000 / RATE;
        assert_true(event.phrase.next_phrase_in_ms == left);
        assert_string_equal(event.phrase.title, "Fake");
        assert_int_equal(event.phrase.bars, 2);
        assert_false(hand_event(&h, &event, AUR_EVENT_PHRASE));
    }
    struct aur_msg_status status;
    aur_channel_status(h.ch, &status);
    assert_int_equal(status.underruns, 0);
    assert_int_equal(status.chunk_index, hand_frames(&h) / CHUNK - 1);
    assert_int_equal(h.notified, 25);
    hand_close(&h);
}

/* The shortest phrase there can be, one beat at 200 bpm, and chunks that hold several of them. */
static void short_phrases_have_no_gaps(void **state)
{
    (void)state;
    static const uint32_t chunks[] = {441, 4410, 44100};
    for (size_t c = 0; c < 3; c++) {
        struct hand h = {0};
        struct aur_channel_config config;
        fake_piece_init(&h.piece, 13248);
        hand_config(&h, &config);
        config.chunk_frames = chunks[c];
        hand_open_with(&h, &config);
        uint64_t frame = 0;
        for (int i = 0; i < 100; i++) {
            hand_chunk(&h);
            for (; frame < hand_frames(&h); frame += 32)
                if (hand_right(&h, frame) != fake_right(frame / 13248))
                    fail_msg("chunks of %u: frame %llu", chunks[c], (unsigned long long)frame);
        }
        hand_close(&h);
    }
}

static void small_delays_are_caught_up(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_chunks(&h, 10);
    uint64_t epoch = h.ch->epoch_ns;
    h.now += 299 * MS; /* the next chunk is wanted in 100 ms and due 200 ms after that */
    for (int i = 0; i < 2; i++) {
        uint64_t before = h.now;
        hand_chunk(&h);
        assert_true(h.now == before); /* at once: the lead is filled up again */
    }
    assert_int_equal(h.ch->underruns, 0);
    assert_int_equal(h.ch->epoch_ns, epoch);
    hand_close(&h);
}

static void a_stall_shifts_the_pace_and_skips_nothing(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_chunks(&h, 10);
    char reason[100];
    assert_true(aur_channel_healthy(h.ch, reason, sizeof reason));
    uint64_t epoch = h.ch->epoch_ns, head = hand_frames(&h);
    h.now += 60000 * MS;
    assert_false(aur_channel_healthy(h.ch, reason, sizeof reason));
    assert_string_equal(reason, "no audio was rendered for more than a second");
    hand_chunk(&h);
    assert_true(aur_channel_healthy(h.ch, reason, sizeof reason));
    assert_int_equal(hand_frames(&h), head + CHUNK); /* one chunk on, not sixty seconds */
    assert_int_equal(h.ch->underruns, 1);
    assert_int_equal(h.ch->epoch_ns, epoch + (60000 - 300) * (uint64_t)MS);
    struct aur_channel_event event;
    assert_true(hand_event(&h, &event, AUR_EVENT_UNDERRUN));
    assert_int_equal(event.chunk_index, 10);

    uint64_t resumed = h.now;
    hand_chunks(&h, 2);
    assert_true(h.now == resumed); /* the lead fills up again at once */
    hand_chunks(&h, 1);
    assert_true(h.now == resumed + 100 * MS);
    hand_chunks(&h, 200); /* hand_chunk looks at every frame */
    assert_int_equal(h.ch->underruns, 1);
    assert_true(aur_channel_healthy(h.ch, reason, sizeof reason));
    hand_close(&h);
}

/* Rendering slower than real time: each chunk is late, all frames still come, listeners are told once. */
static void overload_counts_every_chunk_and_tells_once(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_chunks(&h, 5);
    h.render_ns = 150 * MS;
    hand_chunks(&h, 50);
    uint64_t underruns = h.ch->underruns;
    assert_true(underruns > 30);
    struct aur_channel_event event;
    assert_true(hand_event(&h, &event, AUR_EVENT_UNDERRUN));
    assert_false(hand_event(&h, &event, AUR_EVENT_UNDERRUN));
    struct aur_msg_status status;
    h.render_ns = 0;
    aur_channel_status(h.ch, &status);
    assert_true(status.synthesis_latency_ms > 60);
    hand_chunks(&h, 100);
    assert_int_equal(h.ch->underruns, underruns);
    aur_channel_status(h.ch, &status);
    assert_true(status.synthesis_latency_ms < 2);
    hand_close(&h);
}

static void status_names_the_stream(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    struct aur_msg_status status;
    aur_channel_status(h.ch, &status);
    assert_true(status.buffer_depth_ms == 0);
    assert_int_equal(status.current.phrase, 0);
    hand_chunks(&h, 3);
    aur_channel_status(h.ch, &status);
    assert_string_equal(status.channel, "main");
    assert_string_equal(status.device, "fake");
    assert_int_equal(status.seed, 7);
    assert_int_equal(status.sample_rate, RATE);
    assert_int_equal(status.chunk_frames, CHUNK);
    assert_int_equal(status.chunk_index, 2);
    assert_int_equal(status.phrases_generated, 1);
    assert_string_equal(status.current.specs.items[0].name, "density");
    assert_string_equal(status.current.controls.key.name, "A minor");
    assert_int_equal(status.pending.phrase, 1);
    assert_true(status.current.next_phrase_in_ms == (TWO_BARS - 3 * CHUNK) * 1000.0 / RATE);
    assert_true(status.pending.sounds_in_ms == status.current.next_phrase_in_ms);
    assert_string_equal(aur_channel_name(h.ch), "main");
    hand_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paces_by_the_lead),
        cmocka_unit_test(frames_and_boundaries_are_exact),
        cmocka_unit_test(short_phrases_have_no_gaps),
        cmocka_unit_test(small_delays_are_caught_up),
        cmocka_unit_test(a_stall_shifts_the_pace_and_skips_nothing),
        cmocka_unit_test(overload_counts_every_chunk_and_tells_once),
        cmocka_unit_test(status_names_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
