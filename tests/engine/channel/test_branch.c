/* A channel stepped by hand on fakes: back in the music and on another way, from one branch to another, with edits, rollbacks and
 * controls in between. */
#include "channel/branch.h"

#include <string.h>

#include "duo.h"
#include "support/unit.h"

static struct aur_msg_phrase rewind_by(struct duo *d, uint32_t phrases, const uint64_t *seed, struct aur_piece *piece,
                                       uint32_t expected)
{
    struct aur_msg_phrase reply;
    struct aur_error err = {0};
    uint32_t branch = 0;
    if (aur_channel_rewind(d->h.ch, &reply, &branch, phrases, seed, piece, &err) != AUR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(branch, expected);
    return reply;
}

static struct aur_msg_phrase switch_to(struct duo *d, uint32_t branch)
{
    struct aur_msg_phrase reply;
    assert_int_equal(aur_channel_switch(d->h.ch, &reply, branch, NULL), AUR_OK);
    return reply;
}

static struct aur_branch branch_of(struct duo *d, uint32_t id)
{
    struct aur_branch all[AUR_BRANCHES_LISTED];
    size_t n = aur_channel_branches(d->h.ch, all, AUR_BRANCHES_LISTED);
    for (size_t i = 0; i < n; i++)
        if (all[i].id == id)
            return all[i];
    fail_msg("there is no branch %u", id);
    return (struct aur_branch){0};
}

static void set_bpm_and_level(struct duo *d, int bpm, double level)
{
    struct aur_controls controls;
    struct aur_msg_phrase reply;
    aur_channel_controls(d->h.ch, &controls, NULL);
    controls.bpm = bpm;
    controls.level = level;
    aur_channel_control(d->h.ch, &reply, &controls, NULL);
}

static void back_to_the_state_controls_and_seed_of_then(void **state)
{
    (void)state;
    struct duo d;
    const uint64_t other = 99;
    duo_open(&d);
    hand_until(&d.h, PHRASE + CHUNK); /* 1 sounds */
    set_bpm_and_level(&d, 100, 0.5);
    hand_until(&d.h, 4 * PHRASE + CHUNK); /* 4 sounds, composed at 100 */
    assert_int_equal(d.h.piece.seen_controls.bpm, 100);
    struct aur_msg_phrase reply = rewind_by(&d, 4, &other, NULL, 1); /* 4, 3, 2, 1 */
    assert_int_equal(reply.phrase, 5);
    assert_int_equal(reply.controls.bpm, 70);
    assert_true(reply.controls.level == 0.5);
    assert_true(reply.sounds_in_ms > 0);
    assert_int_equal(branch_of(&d, 0).at_ordinal, 5);
    assert_true(branch_of(&d, 0).current);
    assert_true(branch_of(&d, 1).armed && !branch_of(&d, 1).current);
    assert_int_equal(branch_of(&d, 1).ordinal, 1);
    hand_until(&d.h, 5 * PHRASE + CHUNK);
    assert_string_equal(d.h.piece.seen_state, "after 0");
    assert_int_equal(d.h.piece.seen_seed, 99);
    assert_int_equal(d.h.piece.seen_controls.bpm, 70);
    assert_true(d.h.piece.seen_controls.level == 0.5);
    assert_true(hand_right(&d.h, 5 * PHRASE) == fake_right(5)); /* numbers go on */
    struct aur_branch now = branch_of(&d, 1), was = branch_of(&d, 0);
    assert_true(now.current && !was.current);
    assert_int_equal(now.parent, 0);
    assert_int_equal(now.from_number, 5);
    assert_int_equal(now.ordinal, 1);
    assert_int_equal(now.at_ordinal, 2);
    assert_int_equal(now.seed, 99);
    assert_int_equal(was.at_ordinal, 5);
    assert_int_equal(was.seed, 7);
    assert_string_equal(now.script, "fake.lua");
    assert_int_equal(duo_status(&d).seed, 99);
    duo_close(&d);
}

static void both_branches_stay_and_can_be_switched(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    hand_until(&d.h, 3 * PHRASE + CHUNK);
    rewind_by(&d, 2, NULL, NULL, 1);
    hand_until(&d.h, 6 * PHRASE + CHUNK); /* 4, 5, 6 are of branch 1: ordinals 2, 3, 4 */
    assert_string_equal(d.h.piece.seen_state, "after 3");
    set_bpm_and_level(&d, 90, 1);
    hand_until(&d.h, 7 * PHRASE - SECOND / 2);
    assert_int_equal(switch_to(&d, 0).phrase, 8); /* 7 is composed */
    assert_int_equal(aur_channel_switch(d.h.ch, &(struct aur_msg_phrase){0}, 5, NULL), AUR_ENOTFOUND);
    hand_until(&d.h, 8 * PHRASE + CHUNK);
    assert_string_equal(d.h.piece.seen_state, "after 3"); /* where branch 0 stood */
    assert_int_equal(d.h.piece.seen_controls.bpm, 70);
    assert_true(branch_of(&d, 0).current);
    assert_int_equal(branch_of(&d, 0).at_ordinal, 5);
    assert_int_equal(branch_of(&d, 1).at_ordinal, 6);
    switch_to(&d, 1);
    switch_to(&d, 0); /* thought better of it */
    hand_until(&d.h, 9 * PHRASE + CHUNK);
    assert_string_equal(d.h.piece.seen_state, "after 4");
    switch_to(&d, 1);
    hand_until(&d.h, 10 * PHRASE + CHUNK);
    assert_string_equal(d.h.piece.seen_state, "after 5");
    assert_int_equal(d.h.piece.seen_controls.bpm, 90);
    duo_close(&d);
}

static void another_piece_from_there(void **state)
{
    (void)state;
    struct duo d;
    struct aur_msg_phrase reply;
    struct aur_error err;
    uint32_t branch;
    duo_open(&d);
    hand_until(&d.h, 3 * PHRASE + CHUNK);
    d.next.migrate_fails = true;
    assert_int_equal(aur_channel_rewind(d.h.ch, &reply, &branch, 2, NULL, &d.next, &err), AUR_ESCRIPT);
    d.next.migrate_fails = false;
    d.next.fails = true;
    assert_int_equal(aur_channel_rewind(d.h.ch, &reply, &branch, 2, NULL, &d.next, &err), AUR_ESCRIPT);
    d.next.fails = false;
    assert_int_equal(d.next.references, 0);
    d.next.fails_from = 4;
    rewind_by(&d, 2, NULL, &d.next, 1);
    hand_until(&d.h, 4 * PHRASE + CHUNK);
    assert_string_equal(d.next.seen_state, "after 1 to b");
    assert_int_equal(branch_of(&d, 1).version[0], 'b');
    hand_until(&d.h, 6 * PHRASE + CHUNK); /* ordinal 4 fails: the piece of then goes on from there */
    assert_int_equal(branch_of(&d, 1).version[0], 'a');
    assert_string_equal(d.h.piece.seen_state, "after 1");
    assert_int_equal(branch_of(&d, 0).version[0], 'a');
    duo_close(&d);
}

static void edits_and_rollbacks_are_of_their_branch(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    duo_arm(&d, AUR_SWAP_PHRASE);
    hand_until(&d.h, 3 * PHRASE + CHUNK); /* b from phrase 1 on */
    rewind_by(&d, 4, NULL, NULL, 1);      /* to phrase 0, of a */
    struct aur_msg_phrase armed = duo_arm(&d, AUR_SWAP_PHRASE);
    assert_int_equal(armed.phrase, 5); /* after the branch's first */
    hand_until(&d.h, 4 * PHRASE + CHUNK);
    assert_string_equal(d.h.piece.seen_state, "new");
    assert_int_equal(branch_of(&d, 1).version[0], 'a');
    hand_until(&d.h, 5 * PHRASE + CHUNK);
    assert_string_equal(d.next.seen_state, "after 0 to b");
    d.next.fails = true; /* in branch 1: back to a */
    hand_until(&d.h, 6 * PHRASE + CHUNK);
    assert_int_equal(branch_of(&d, 1).version[0], 'a');
    assert_string_equal(d.h.piece.seen_state, "after 0");
    switch_to(&d, 0); /* still fails there: back to a, where it was before the edit */
    hand_until(&d.h, 7 * PHRASE + CHUNK);
    assert_true(branch_of(&d, 1).current); /* its first phrase failed */
    d.next.fails = false;
    switch_to(&d, 0);
    hand_until(&d.h, 8 * PHRASE + CHUNK);
    assert_true(branch_of(&d, 0).current);
    d.next.fails = true;
    hand_until(&d.h, 9 * PHRASE + CHUNK);
    assert_true(branch_of(&d, 0).current);
    assert_int_equal(branch_of(&d, 0).version[0], 'a');
    assert_int_equal(duo_status(&d).phrases_generated, 10); /* never a repeat */
    duo_close(&d);
}

static void only_so_far(void **state)
{
    (void)state;
    struct duo d;
    struct aur_msg_phrase reply;
    struct aur_error err;
    uint32_t branch;
    duo_open(&d);
    hand_until(&d.h, 2 * PHRASE + CHUNK);
    assert_int_equal(aur_channel_rewind(d.h.ch, &reply, &branch, 0, NULL, NULL, &err), AUR_EINVAL);
    assert_string_equal(err.field, "phrases");
    assert_int_equal(aur_channel_rewind(d.h.ch, &reply, &branch, 4, NULL, NULL, &err), AUR_EINVAL);
    assert_string_equal(err.allowed, "a whole number from 1 to 3");
    rewind_by(&d, 3, NULL, NULL, 1);
    rewind_by(&d, 3, NULL, NULL, 2); /* instead */
    hand_until(&d.h, 3 * PHRASE + CHUNK);
    assert_string_equal(d.h.piece.seen_state, "new");
    assert_int_equal(aur_channel_branches(d.h.ch, NULL, 0), 2);
    assert_true(branch_of(&d, 2).current);
    duo_close(&d);
}

/* Many more than are kept. */
static void the_branch_left_longest_ago_goes(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    d.h.piece.length_frames = 64 * 2000; /* from phrase 2 on */
    for (uint32_t i = 1; i <= 40; i++) {
        uint64_t n = d.h.ch->compose.session.next_number;
        rewind_by(&d, 1, NULL, NULL, i);
        while (d.h.ch->compose.session.next_number == n)
            hand_chunk(&d.h);
    }
    assert_int_equal(aur_channel_branches(d.h.ch, NULL, 0), AUR_BRANCHES_MAX);
    assert_int_equal(aur_channel_switch(d.h.ch, &(struct aur_msg_phrase){0}, 0, NULL), AUR_ENOTFOUND);
    assert_true(branch_of(&d, 40).current);
    rewind_by(&d, 1, NULL, NULL, 41);
    assert_int_equal(aur_channel_branches(d.h.ch, NULL, 0), AUR_BRANCHES_LISTED);
    assert_true(branch_of(&d, 41).armed); /* one more than is kept */
    assert_int_equal(branch_of(&d, 9).id, 9);
    switch_to(&d, 9);
    hand_chunks(&d.h, 60);
    assert_true(branch_of(&d, 9).current);
    duo_close(&d);
}

/* Also while its phrase is being composed. */
static void look_while_composing(void *user)
{
    struct duo *d = user;
    char script[AUR_BRANCH_SCRIPT];
    d->h.piece.during = NULL;
    assert_int_equal(aur_channel_branches(d->h.ch, NULL, 0), 2);
    assert_true(branch_of(d, 1).armed && branch_of(d, 0).current);
    aur_channel_follows(d->h.ch, script);
    assert_string_equal(script, "");
}

static void the_one_that_comes_is_seen_all_the_time(void **state)
{
    (void)state;
    struct duo d;
    duo_open(&d);
    hand_until(&d.h, 2 * PHRASE + CHUNK);
    rewind_by(&d, 1, NULL, NULL, 1);
    d.h.piece.during = look_while_composing;
    d.h.piece.user = &d;
    hand_until(&d.h, 3 * PHRASE + CHUNK);
    assert_null(d.h.piece.during);
    assert_true(branch_of(&d, 1).current && !branch_of(&d, 1).armed);
    d.h.piece.fails = true; /* a branch that does not begin is none */
    rewind_by(&d, 1, NULL, NULL, 2);
    hand_until(&d.h, 4 * PHRASE + CHUNK);
    assert_int_equal(aur_channel_branches(d.h.ch, NULL, 0), 2);
    duo_close(&d);
}

/* Controls that come while the turn waits, and while its phrase is composed, are those of the branch. */
static void set_while_composing(void *user)
{
    struct duo *d = user;
    d->h.piece.during = NULL;
    set_bpm_and_level(d, 123, 0.25);
}

static void controls_meanwhile(void **state)
{
    (void)state;
    struct duo d;
    struct aur_controls controls;
    duo_open(&d);
    hand_until(&d.h, 2 * PHRASE + CHUNK);
    rewind_by(&d, 2, NULL, NULL, 1);
    set_bpm_and_level(&d, 80, 0.75);
    d.h.piece.during = set_while_composing;
    d.h.piece.user = &d;
    hand_until(&d.h, 3 * PHRASE + CHUNK);
    assert_int_equal(d.h.piece.seen_controls.bpm, 80);
    aur_channel_controls(d.h.ch, &controls, NULL);
    assert_int_equal(controls.bpm, 123);
    assert_true(controls.level == 0.25);
    hand_until(&d.h, 4 * PHRASE + CHUNK);
    assert_int_equal(d.h.piece.seen_controls.bpm, 123);
    duo_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(back_to_the_state_controls_and_seed_of_then),
        cmocka_unit_test(both_branches_stay_and_can_be_switched),
        cmocka_unit_test(another_piece_from_there),
        cmocka_unit_test(edits_and_rollbacks_are_of_their_branch),
        cmocka_unit_test(only_so_far),
        cmocka_unit_test(the_branch_left_longest_ago_goes),
        cmocka_unit_test(the_one_that_comes_is_seen_all_the_time),
        cmocka_unit_test(controls_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
