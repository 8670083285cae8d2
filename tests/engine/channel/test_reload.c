/* A channel stepped by hand on fakes: edits armed at a phrase and at a bar; what they do to state, controls and
 * status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duo.h"
#include "support/unit.h"

/* ---- taking over ---- */

static void an_edit_takes_over_at_the_boundary(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    hand_until(&d.h, SECOND);
    struct aur_msg_phrase reply = duo_arm(&d, AUR_SWAP_PHRASE);
    assert_int_equal(reply.phrase, 1);
    assert_true(reply.sounds_in_ms == (double)(PHRASE - hand_frames(&d.h)) * 1000 / RATE);
    assert_string_equal(reply.title, "Next");
    struct aur_channel_event event = duo_expect(&d, AUR_SCRIPT_ARMED, 'b');
    assert_int_equal(event.phrase.phrase, 1);
    hand_until(&d.h, PHRASE - CHUNK);
    assert_string_equal(duo_status(&d).current.title, "Fake");
    assert_int_equal(duo_status(&d).script_version[0], 'a');
    hand_until(&d.h, PHRASE + CHUNK);
    event = duo_expect(&d, AUR_SCRIPT_PLAYING, 'b');
    assert_int_equal(event.playing_version[0], 'b');
    assert_int_equal(event.phrase.phrase, 1);
    assert_string_equal(duo_status(&d).current.title, "Next");
    assert_int_equal(duo_status(&d).script_version[0], 'b');
    assert_string_equal(d.next.seen_state, "after 0 to b"); /* the state of then, migrated */
    assert_true(hand_right(&d.h, PHRASE - 1) == fake_right(0) && hand_right(&d.h, PHRASE) == fake_right(1));
    hand_until(&d.h, 2 * PHRASE + CHUNK);
    assert_string_equal(d.next.seen_state, "after 1"); /* migrated once */
    assert_int_equal(d.h.piece.composed, 1);
    duo_close(&d);
}

static void after_the_commit_point_it_is_one_phrase_later(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    hand_until(&d.h, PHRASE - SECOND);
    assert_int_equal(duo_arm(&d, AUR_SWAP_PHRASE).phrase, 2);
    hand_until(&d.h, 2 * PHRASE + CHUNK);
    assert_int_equal(d.h.piece.composed, 2);
    assert_int_equal(d.next.composed, 1);
    duo_close(&d);
}

static void of_two_edits_the_newer_one_counts(void **state)
{
    (void)state;
    struct duo d;
    struct aur_piece third;
    struct aur_msg_phrase reply;
    duo_open(&d);
    fake_piece_init(&third, PHRASE);
    fake_piece_mark(&third, 'c');
    duo_arm(&d, AUR_SWAP_PHRASE);
    aur_channel_arm(d.h.ch, &reply, &third, AUR_SWAP_PHRASE);
    assert_int_equal(d.next.references, 0);
    hand_until(&d.h, PHRASE + CHUNK);
    assert_int_equal(d.next.composed, 0);
    assert_int_equal(third.composed, 1);
    duo_close(&d);
    assert_int_equal(third.references, 0);
}

static void an_edit_can_be_taken_back(void **state)
{
    (void)state;
    struct duo d;
    char armed[AUR_PIECE_HASH_SIZE], composing[AUR_PIECE_HASH_SIZE];
    duo_open(&d);
    assert_false(aur_channel_disarm(d.h.ch));
    duo_arm(&d, AUR_SWAP_PHRASE);
    aur_channel_hashes(d.h.ch, armed, composing);
    assert_int_equal(armed[0], 'b');
    assert_int_equal(composing[0], 'a');
    duo_expect(&d, AUR_SCRIPT_ARMED, 'b');
    assert_true(aur_channel_disarm(d.h.ch));
    duo_expect(&d, AUR_SCRIPT_PLAYING, 'a');
    hand_until(&d.h, PHRASE + CHUNK);
    assert_int_equal(d.next.composed, 0);
    duo_close(&d);
}

/* ---- at a bar ---- */

static void at_a_bar_it_cuts_the_phrase(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    hand_until(&d.h, SECOND);
    struct aur_msg_phrase reply = duo_arm(&d, AUR_SWAP_BAR);
    assert_int_equal(reply.phrase, 1);
    assert_true(reply.sounds_in_ms == (double)(BAR - hand_frames(&d.h)) * 1000 / RATE);
    hand_chunk(&d.h);
    assert_true(duo_status(&d).current.next_phrase_in_ms == (double)(BAR - hand_frames(&d.h)) * 1000 / RATE);
    hand_until(&d.h, BAR + CHUNK);
    assert_true(hand_right(&d.h, BAR - 1) == fake_right(0) && hand_right(&d.h, BAR) == fake_right(1));
    duo_expect(&d, AUR_SCRIPT_ARMED, 'b');
    assert_int_equal(duo_expect(&d, AUR_SCRIPT_PLAYING, 'b').phrase.phrase, 1);
    hand_until(&d.h, BAR + PHRASE + CHUNK); /* its own length from there */
    assert_true(hand_right(&d.h, BAR + PHRASE - 1) == fake_right(1) && hand_right(&d.h, BAR + PHRASE) == fake_right(2));
    assert_int_equal(d.h.ch->sounding, 2);
    duo_close(&d);
}

static void with_no_bar_in_reach_it_waits_for_the_phrase(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    hand_until(&d.h, BAR - SECOND / 2);
    struct aur_msg_phrase reply = duo_arm(&d, AUR_SWAP_BAR);
    assert_true(reply.sounds_in_ms == (double)(PHRASE - hand_frames(&d.h)) * 1000 / RATE);
    hand_until(&d.h, PHRASE + CHUNK);
    assert_true(hand_right(&d.h, PHRASE - 1) == fake_right(0) && hand_right(&d.h, PHRASE) == fake_right(1));
    assert_int_equal(d.next.composed, 1);
    duo_close(&d);
}

static void broken_at_the_bar_the_phrase_goes_on(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    d.next.fails = true;
    hand_until(&d.h, SECOND);
    duo_arm(&d, AUR_SWAP_BAR);
    hand_until(&d.h, PHRASE + CHUNK);
    duo_expect(&d, AUR_SCRIPT_ARMED, 'b');
    assert_string_equal(duo_expect(&d, AUR_SCRIPT_REFUSED, 'b').error.message, "script.lua:7: boom\ntraceback");
    assert_true(hand_right(&d.h, PHRASE - 1) == fake_right(0) && hand_right(&d.h, PHRASE) == fake_right(1));
    assert_int_equal(d.h.piece.composed, 2);
    duo_close(&d);
}

/* A render worker that has decided about the bar already. */
static void too_late_for_the_bar_it_takes_a_later_one(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    hand_until(&d.h, SECOND);
    duo_arm(&d, AUR_SWAP_BAR);
    atomic_store(&d.h.ch->reach, BAR + 64);
    assert_false(aur_channel_compose_step(d.h.ch));
    char armed[AUR_PIECE_HASH_SIZE];
    aur_channel_hashes(d.h.ch, armed, NULL);
    assert_int_equal(armed[0], 'b'); /* waits again */
    hand_until(&d.h, PHRASE + CHUNK);
    assert_true(d.next.composed >= 1);
    assert_false(duo_status(&d).script_version[0] == 'a');
    duo_close(&d);
}

/* ---- controls ---- */

static void controls_are_carried_by_name(void **state)
{
    (void)state;
    struct duo d;
    struct aur_controls controls, now;
    struct aur_control_specs specs;
    struct aur_msg_phrase reply;
    duo_open(&d);
    d.next.info.controls.n = 2;
    d.next.info.controls.items[0] = (struct aur_control_spec){"air", "Air", 0, 10, 3};
    d.next.info.controls.items[1] = (struct aur_control_spec){"density", "Density", 0, 0.5, 0.1};
    aur_channel_controls(d.h.ch, &controls, &specs);
    controls.piece[0] = 0.9;
    controls.bpm = 70;
    controls.level = 0.5;
    aur_channel_control(d.h.ch, &reply, &controls, &specs);
    reply = duo_arm(&d, AUR_SWAP_PHRASE);
    assert_true(reply.controls.piece[0] == 3 && reply.controls.piece[1] == 0.5 && reply.controls.level == 0.5);
    hand_until(&d.h, PHRASE - SECOND + CHUNK); /* it composes, and does not sound yet */
    assert_string_equal(duo_status(&d).current.specs.items[0].name, "density");
    assert_true(duo_status(&d).current.controls.piece[0] == 0.4);
    assert_string_equal(duo_status(&d).pending.specs.items[0].name, "air");
    struct aur_control_specs settable; /* what status lists is what is accepted */
    aur_channel_controls(d.h.ch, &now, &settable);
    assert_string_equal(settable.items[0].name, "air");
    aur_channel_control(d.h.ch, &reply, &controls, &specs); /* from one who has the old list */
    assert_true(reply.controls.piece[0] == 3 && reply.controls.piece[1] == 0.5);
    hand_until(&d.h, PHRASE + CHUNK);
    assert_string_equal(duo_status(&d).current.specs.items[0].name, "air");
    assert_true(duo_status(&d).current.controls.piece[0] == 3);
    d.next.fails = true; /* and back: what only the old one knows is as it was */
    hand_until(&d.h, 2 * PHRASE + CHUNK);
    assert_true(duo_status(&d).current.controls.piece[0] == 0.5);
    assert_true(duo_status(&d).current.controls.level == 0.5);
    duo_close(&d);
}

static void meter_and_tempo_may_change(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    d.next.info.meter[0] = 3;
    d.next.length_frames = 2 * 113344; /* 6 beats at 70 */
    duo_arm(&d, AUR_SWAP_PHRASE);
    hand_until(&d.h, PHRASE + CHUNK);
    assert_true(duo_status(&d).current.next_phrase_in_ms ==
                (double)(PHRASE + 2 * 113344 - hand_frames(&d.h)) * 1000 / RATE);
    hand_until(&d.h, PHRASE + 2 * 113344 + CHUNK);
    assert_true(hand_right(&d.h, PHRASE + 2 * 113344) == fake_right(2));
    duo_close(&d);
}

/* ---- asked by others ---- */

static void a_place_is_where_the_composer_stands(void **state)
{
    (void)state;
    struct duo d;
    struct aur_channel_place place;
    struct aur_channel_phrase current, next;
    duo_open(&d);
    assert_int_equal(aur_channel_place(d.h.ch, &place, NULL), 0);
    assert_ptr_equal(place.piece, &d.h.piece);
    assert_string_equal(place.state, "after 0");
    assert_int_equal(place.number, 1);
    assert_int_equal(place.start_frame, PHRASE);
    assert_null(place.armed);
    aur_channel_place_deinit(&place);
    duo_arm(&d, AUR_SWAP_BAR);
    assert_int_equal(aur_channel_place(d.h.ch, &place, NULL), 0);
    assert_ptr_equal(place.armed, &d.next);
    assert_int_equal(place.armed_frame, BAR);
    aur_channel_place_deinit(&place);
    assert_true(aur_channel_disarm(d.h.ch));
    hand_until(&d.h, SECOND);
    assert_int_equal(aur_channel_phrases(d.h.ch, &current, &next, NULL), 0);
    assert_int_equal(current.phrase->number, 0);
    assert_null(next.phrase); /* the repeat that lies ready does not count */
    aur_phrase_free(current.phrase);
    hand_until(&d.h, PHRASE - SECOND / 2);
    assert_int_equal(aur_channel_phrases(d.h.ch, &current, &next, NULL), 0);
    assert_int_equal(current.phrase->number, 0);
    assert_int_equal(next.phrase->number, 1);
    assert_int_equal(next.script_version[0], 'a');
    aur_phrase_free(current.phrase);
    aur_phrase_free(next.phrase);
    duo_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edit_takes_over_at_the_boundary),
        cmocka_unit_test(after_the_commit_point_it_is_one_phrase_later),
        cmocka_unit_test(of_two_edits_the_newer_one_counts),
        cmocka_unit_test(an_edit_can_be_taken_back),
        cmocka_unit_test(at_a_bar_it_cuts_the_phrase),
        cmocka_unit_test(with_no_bar_in_reach_it_waits_for_the_phrase),
        cmocka_unit_test(broken_at_the_bar_the_phrase_goes_on),
        cmocka_unit_test(too_late_for_the_bar_it_takes_a_later_one),
        cmocka_unit_test(controls_are_carried_by_name),
        cmocka_unit_test(meter_and_tempo_may_change),
        cmocka_unit_test(a_place_is_where_the_composer_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
