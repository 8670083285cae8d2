/* A channel stepped by hand on fakes: edits that fail at once, phrases later, or do not come back; who plays then, and from
 * which state. */
#include "duo.h"
#include "support/unit.h"

static void broken_at_the_commit_point_the_old_piece_composes(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    d.next.migrate_fails = true;
    duo_arm(&d, AUR_SWAP_PHRASE);
    hand_until(&d.h, PHRASE + CHUNK);
    duo_expect(&d, AUR_SCRIPT_ARMED, 'b');
    struct aur_channel_event event = duo_expect(&d, AUR_SCRIPT_REFUSED, 'b');
    assert_string_equal(event.error.message, "script.lua:9: migrate");
    assert_int_equal(event.playing_version[0], 'a');
    assert_int_equal(d.h.piece.composed, 2);
    assert_string_equal(d.h.piece.seen_state, "after 0");
    assert_int_equal(duo_status(&d).phrases_generated, 2); /* no repeat */
    hand_until(&d.h, 3 * PHRASE);
    assert_int_equal(d.next.composed, 0); /* not tried again */
    duo_close(&d);
}

static void broken_three_phrases_later_it_rolls_back(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    d.next.fails_from = 4;
    duo_arm(&d, AUR_SWAP_PHRASE);
    hand_until(&d.h, 4 * PHRASE + CHUNK);
    assert_int_equal(d.next.composed, 3);
    duo_expect(&d, AUR_SCRIPT_ARMED, 'b');
    duo_expect(&d, AUR_SCRIPT_PLAYING, 'b');
    struct aur_channel_event event = duo_expect(&d, AUR_SCRIPT_ROLLED_BACK, 'b');
    assert_int_equal(event.phrase.phrase, 4);
    assert_string_equal(event.error.message, "script.lua:7: boom\ntraceback");
    assert_int_equal(duo_expect(&d, AUR_SCRIPT_PLAYING, 'a').phrase.phrase, 4);
    assert_string_equal(d.h.piece.seen_state, "after 0"); /* its own checkpoint */
    assert_true(hand_right(&d.h, 4 * PHRASE) == fake_right(4));
    assert_int_equal(duo_status(&d).phrases_generated, 5); /* no repeat */
    hand_until(&d.h, 6 * PHRASE);
    assert_int_equal(d.next.composed, 3);
    duo_close(&d);
}

static void where_both_fail_the_last_phrase_plays_again(void **state)
{
    (void)state;
    struct duo d;
    struct aur_channel_event event;
    duo_open(&d);
    d.next.fails_from = 2;
    d.h.piece.fails_from = 2;
    duo_arm(&d, AUR_SWAP_PHRASE);
    hand_until(&d.h, 2 * PHRASE + CHUNK);
    assert_true(hand_event(&d.h, &event, AUR_EVENT_GENERATION_ERROR));
    assert_int_equal(duo_status(&d).phrases_generated, 2);
    assert_false(d.h.ch->silent);
    d.h.piece.fails_from = 0; /* it recovers, from its own state */
    hand_until(&d.h, 4 * PHRASE);
    assert_string_equal(d.h.piece.seen_state, "after 3");
    duo_close(&d);
}

/* While it composes, so much is played; then the watchdog ends it. */
struct endless {
    struct duo *d;
    uint64_t frames;
};

static void take_long(void *user)
{
    struct endless *endless = user;
    struct hand *h = &endless->d->h;
    uint64_t until = hand_frames(h) + endless->frames;
    if (endless->d->next.composed < 1)
        return;
    h->no_composer = true;
    hand_until(h, until);
    h->no_composer = false;
    endless->d->next.fails = true;
}

static void one_that_takes_too_long_is_rolled_back_in_time(void **state)
{
    (void)state;
    struct duo d;
    struct endless endless = {&d, SECOND / 2};
    duo_open(&d);
    d.next.during = take_long;
    d.next.user = &endless;
    duo_arm(&d, AUR_SWAP_PHRASE);
    hand_until(&d.h, 2 * PHRASE + CHUNK);
    duo_expect(&d, AUR_SCRIPT_ARMED, 'b');
    duo_expect(&d, AUR_SCRIPT_PLAYING, 'b');
    assert_int_equal(duo_expect(&d, AUR_SCRIPT_ROLLED_BACK, 'b').phrase.phrase, 2);
    duo_expect(&d, AUR_SCRIPT_PLAYING, 'a');
    assert_int_equal(duo_status(&d).phrases_generated, 3); /* no repeat */
    assert_string_equal(d.h.piece.seen_state, "after 0");
    duo_close(&d);
}

/* Longer than the second there is: the last phrase plays again, and then the piece before goes on. */
static void one_that_takes_longer_than_that_leaves_no_gap(void **state)
{
    (void)state;
    struct duo d;
    struct aur_channel_event event;
    struct endless endless = {&d, 2 * SECOND};
    duo_open(&d);
    d.next.during = take_long;
    d.next.user = &endless;
    duo_arm(&d, AUR_SWAP_PHRASE);
    hand_until(&d.h, 2 * PHRASE + CHUNK);
    duo_expect(&d, AUR_SCRIPT_ARMED, 'b');
    duo_expect(&d, AUR_SCRIPT_PLAYING, 'b');
    duo_expect(&d, AUR_SCRIPT_ROLLED_BACK, 'b');
    assert_true(hand_event(&d.h, &event, AUR_EVENT_GENERATION_ERROR));
    assert_true(hand_right(&d.h, 2 * PHRASE) == fake_right(2));
    assert_false(d.h.ch->silent);
    hand_until(&d.h, 3 * PHRASE + CHUNK);
    duo_expect(&d, AUR_SCRIPT_PLAYING, 'a');
    assert_string_equal(d.h.piece.seen_state, "after 0");
    assert_int_equal(duo_status(&d).underruns, 0);
    assert_int_equal(duo_status(&d).script_version[0], 'a');
    duo_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_at_the_commit_point_the_old_piece_composes),
        cmocka_unit_test(broken_three_phrases_later_it_rolls_back),
        cmocka_unit_test(where_both_fail_the_last_phrase_plays_again),
        cmocka_unit_test(one_that_takes_too_long_is_rolled_back_in_time),
        cmocka_unit_test(one_that_takes_longer_than_that_leaves_no_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
