/* Out of memory: making a channel fails cleanly at every allocation, and a running one plays on through each failure. */
#include "hand.h"
#include "support/failing_alloc.h"
#include "support/unit.h"

static void making_one_fails_cleanly(void **state)
{
    (void)state;
    struct hand h = {0};
    struct aur_channel_config config;
    fake_piece_init(&h.piece, TWO_BARS);
    hand_config(&h, &config);
    long nth = 0;
    for (;; nth++) {
        failing_alloc_arm(nth);
        int rc = aur_channel_new(&h.ch, &config, NULL, hand_clock, &h, NULL);
        bool failed = failing_alloc_disarm();
        if (rc == 0)
            aur_channel_free(h.ch); /* the repeat that lies ready may be lacking */
        else
            assert_int_equal(rc, AUR_ENOMEM);
        if (!failed)
            break;
    }
    assert_true(nth > 10);
}

static void a_running_one_plays_on(void **state)
{
    (void)state;
    for (long nth = 0; nth < 40; nth++) {
        struct hand h;
        hand_open(&h, TWO_BARS);
        hand_until(&h, TWO_BARS - 2 * RATE);
        failing_alloc_arm(nth);
        hand_until(&h, 4 * TWO_BARS);
        failing_alloc_disarm();
        for (uint64_t frame = hand_frames(&h) - 10 * CHUNK; frame < 4 * TWO_BARS; frame += 64)
            assert_true(hand_right(&h, frame) == fake_right(3));
        hand_close(&h);
    }
}

static void rendering_allocates_nothing(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    h.no_composer = h.no_encoder = true;
    hand_chunk(&h);
    unsigned long calls = failing_alloc_calls();
    hand_until(&h, 2 * TWO_BARS + 10 * CHUNK); /* a phrase, its repeat, silence */
    assert_int_equal(failing_alloc_calls(), calls);
    hand_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making_one_fails_cleanly),
        cmocka_unit_test(a_running_one_plays_on),
        cmocka_unit_test(rendering_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
