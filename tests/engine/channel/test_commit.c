/* A channel stepped by hand: when controls take hold, live controls, failing and late scripts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hand.h"
#include "support/unit.h"

#define SECOND RATE

static struct aur_controls with_bpm(struct hand *h, int bpm)
{
    struct aur_controls controls;
    aur_channel_controls(h->ch, &controls, NULL);
    controls.bpm = bpm;
    return controls;
}

static int bpm_of(struct hand *h, uint64_t number)
{
    const struct aur_phrase_record *r = &h->ch->shared.records[number % AUR_CHANNEL_RECORDS];
    assert_int_equal(r->number, number);
    return r->controls.bpm;
}

/* ---- structural controls ---- */

static void a_control_before_the_commit_point_sounds_at_the_boundary(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    h.no_composer = true;
    hand_until(&h, TWO_BARS - SECOND - CHUNK); /* the last chunk before the commit point */
    while (aur_channel_compose_step(h.ch))
        ;
    assert_true(hand_frames(&h) < TWO_BARS - SECOND);
    struct aur_controls controls = with_bpm(&h, 90);
    struct aur_msg_phrase reply;
    aur_channel_control(h.ch, &reply, &controls, NULL);
    assert_int_equal(reply.phrase, 1);
    assert_int_equal(reply.controls.bpm, 90);
    assert_true(reply.sounds_in_ms == (double)(TWO_BARS - hand_frames(&h)) * 1000 / RATE);
    assert_true(reply.next_phrase_in_ms == reply.sounds_in_ms);
    h.no_composer = false;
    hand_until(&h, TWO_BARS + CHUNK);
    assert_int_equal(h.ch->sounding, 1);
    assert_int_equal(bpm_of(&h, 0), 70);
    assert_int_equal(bpm_of(&h, 1), 90);
    hand_close(&h);
}

static void a_control_after_the_commit_point_sounds_one_phrase_later(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_until(&h, TWO_BARS - SECOND);
    struct aur_controls controls = with_bpm(&h, 90);
    struct aur_msg_phrase reply;
    aur_channel_control(h.ch, &reply, &controls, NULL);
    assert_int_equal(reply.phrase, 2);
    assert_true(reply.sounds_in_ms == (double)(2 * TWO_BARS - hand_frames(&h)) * 1000 / RATE);
    assert_true(reply.next_phrase_in_ms == (double)(TWO_BARS - hand_frames(&h)) * 1000 / RATE);

    struct aur_msg_status status;
    aur_channel_status(h.ch, &status);
    assert_int_equal(status.pending.phrase, 2);
    assert_int_equal(status.pending.controls.bpm, 90);
    assert_int_equal(status.current.controls.bpm, 70);

    hand_until(&h, 2 * TWO_BARS + CHUNK);
    assert_int_equal(bpm_of(&h, 1), 70);
    assert_int_equal(bpm_of(&h, 2), 90);
    struct aur_channel_event event;
    static const int bpms[] = {70, 70, 90};
    for (int i = 0; i < 3; i++) {
        assert_true(hand_event(&h, &event, AUR_EVENT_PHRASE));
        assert_int_equal(event.phrase.controls.bpm, bpms[i]);
    }
    hand_close(&h);
}

struct while_composing {
    struct hand *h;
    struct aur_msg_phrase reply;
    struct aur_msg_status status;
    int bpm, calls;
};

static void set_control(void *user)
{
    struct while_composing *w = user;
    w->calls++;
    struct aur_controls controls = with_bpm(w->h, w->bpm);
    aur_channel_control(w->h->ch, &w->reply, &controls, NULL);
    aur_channel_status(w->h->ch, &w->status);
    w->h->piece.during = NULL;
}

static void a_control_while_composing_sounds_one_phrase_later(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    struct while_composing w = {.h = &h, .bpm = 100};
    h.piece.user = &w;
    h.piece.during = set_control;
    hand_until(&h, TWO_BARS - SECOND);
    assert_int_equal(w.calls, 1);
    assert_int_equal(w.reply.phrase, 2);
    assert_int_equal(w.status.pending.phrase, 2);
    assert_true(w.reply.sounds_in_ms > w.reply.next_phrase_in_ms + 1000);
    hand_until(&h, 2 * TWO_BARS + CHUNK);
    assert_int_equal(bpm_of(&h, 1), 70);
    assert_int_equal(bpm_of(&h, 2), 100);
    hand_close(&h);
}

static void pending_is_the_phrase_that_carries_the_controls(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    struct aur_controls controls = with_bpm(&h, 90);
    struct aur_msg_phrase reply;
    struct aur_msg_status status;
    aur_channel_control(h.ch, &reply, &controls, NULL);
    hand_until(&h, TWO_BARS - SECOND); /* phrase 1 is composed with it */
    aur_channel_status(h.ch, &status);
    assert_int_equal(status.pending.phrase, 1);
    assert_int_equal(status.pending.controls.bpm, 90);
    hand_until(&h, TWO_BARS + CHUNK);
    aur_channel_status(h.ch, &status);
    assert_int_equal(status.current.phrase, 1);
    assert_int_equal(status.current.controls.bpm, 90);
    assert_int_equal(status.pending.phrase, 2);
    hand_close(&h);
}

/* ---- live controls ---- */

static void live_controls_act_at_the_next_chunk(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    struct aur_synth *synth = h.ch->render.synth;
    assert_int_equal(synth->n_lives, 1); /* before the first block: without smoothing */
    assert_true(synth->lives[0].live.level == 1 && synth->lives[0].live.brightness == 0.5f);
    hand_chunks(&h, 7);
    struct aur_controls controls = with_bpm(&h, 70);
    struct aur_msg_phrase reply;
    controls.level = 0.25;
    aur_channel_control(h.ch, &reply, &controls, NULL);
    assert_int_equal(reply.phrase, 0);
    assert_true(reply.sounds_in_ms == 0);
    assert_true(reply.controls.level == 0.25);
    controls.brightness = 0.75;
    aur_channel_control(h.ch, &reply, &controls, NULL); /* two before one chunk: the last counts */
    assert_int_equal(synth->n_lives, 1);
    hand_chunk(&h);
    assert_int_equal(synth->n_lives, 2);
    assert_int_equal(synth->lives[1].frame, 7 * CHUNK);
    assert_true(synth->lives[1].live.level == 0.25f && synth->lives[1].live.brightness == 0.75f);
    struct aur_msg_status status;
    aur_channel_status(h.ch, &status);
    assert_true(status.current.controls.level == 0.25);

    controls.intensity = 0.9; /* both halves: at once, and in the next phrase */
    aur_channel_control(h.ch, &reply, &controls, NULL);
    assert_int_equal(reply.phrase, 1);
    assert_true(reply.sounds_in_ms > 0);
    hand_chunk(&h);
    assert_int_equal(synth->n_lives, 3);
    assert_true(synth->lives[2].live.intensity == 0.9f);
    hand_chunks(&h, 10);
    assert_int_equal(synth->n_lives, 3); /* structural ones do not reach it */
    hand_close(&h);
}

/* More live controls between two chunks than the ring holds: the last one wins all the same. */
static void the_last_live_control_is_never_lost(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_chunks(&h, 3);
    struct aur_controls controls = with_bpm(&h, 70);
    struct aur_msg_phrase reply;
    for (int i = 0; i < 1000; i++) {
        controls.level = i / 1000.0;
        aur_channel_control(h.ch, &reply, &controls, NULL);
    }
    hand_chunks(&h, 2);
    struct aur_synth *synth = h.ch->render.synth;
    assert_true(synth->lives[synth->n_lives - 1].live.level == 0.999f);
    hand_close(&h);
}

/* ---- scripts that fail or take too long ---- */

static void a_failing_script_repeats_the_last_phrase(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_until(&h, TWO_BARS + CHUNK); /* phrase 1 is good */
    h.piece.fails = true;
    struct aur_controls controls = with_bpm(&h, 120);
    struct aur_msg_phrase reply;
    aur_channel_control(h.ch, &reply, &controls, NULL);
    hand_until(&h, 4 * TWO_BARS + CHUNK); /* 2, 3 and 4 are repeats */
    char reason[100];
    assert_true(aur_channel_healthy(h.ch, reason, sizeof reason)); /* the music goes on */
    struct aur_channel_event event;
    for (int i = 0; i < 3; i++) {
        assert_true(hand_event(&h, &event, AUR_EVENT_GENERATION_ERROR));
        assert_int_equal(event.error.code, AUR_ESCRIPT);
        assert_string_equal(event.error.message, "script.lua:7: boom\ntraceback");
        assert_true(hand_event(&h, &event, AUR_EVENT_PHRASE));
        assert_int_equal(event.phrase.phrase, 2 + i);
        assert_int_equal(event.phrase.controls.bpm, 70); /* what sounds, not what was asked for */
    }
    assert_true(hand_right(&h, 4 * TWO_BARS) == fake_right(4));
    struct aur_msg_status status;
    aur_channel_status(h.ch, &status);
    assert_int_equal(status.phrases_generated, 2);

    h.piece.fails = false;
    hand_until(&h, 5 * TWO_BARS + CHUNK);
    assert_string_equal(h.piece.seen_state, "after 1"); /* of the last phrase that came out well */
    assert_int_equal(bpm_of(&h, 5), 120);
    assert_true(hand_right(&h, 5 * TWO_BARS) == fake_right(5));
    hand_close(&h);
}

/* ---- what the log says ---- */

static int lines_with(const char *path, const char *text)
{
    char line[512];
    int n = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        n += strstr(line, text) != NULL;
    fclose(file);
    return n;
}

static void a_failure_is_logged_once(void **state)
{
    (void)state;
    struct hand h;
    char path[] = "test_commit.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    hand_open(&h, TWO_BARS);
    assert_int_equal(aur_log_new(&h.ch->log, AUR_LOG_INFO, path, NULL), 0);
    h.piece.fails = true;
    hand_until(&h, 4 * TWO_BARS);
    assert_int_equal(lines_with(path, "boom"), 1);
    h.piece.fails = false;
    hand_until(&h, 6 * TWO_BARS);
    assert_int_equal(lines_with(path, "works again"), 1);
    h.piece.fails = true;
    hand_until(&h, 8 * TWO_BARS);
    assert_int_equal(lines_with(path, "boom"), 2); /* news again after it worked */
    aur_log_free(h.ch->log);
    hand_close(&h);
    unlink(path);
}

static void a_broken_script_is_refused_at_the_start(void **state)
{
    (void)state;
    struct hand h = {0};
    struct aur_channel_config config;
    struct aur_error err = {0};
    fake_piece_init(&h.piece, TWO_BARS);
    h.piece.fails = true;
    hand_config(&h, &config);
    assert_int_equal(aur_channel_new(&h.ch, &config, NULL, hand_clock, &h, &err), AUR_ESCRIPT);
    assert_string_equal(err.message, "script.lua:7: boom\ntraceback");
    assert_null(h.ch);
}

/* Renders on while the script is still at it. */
struct slow {
    struct hand *h;
    uint64_t until;
};

static void take_time(void *user)
{
    struct slow *slow = user;
    slow->h->piece.during = NULL;
    slow->h->no_composer = true;
    hand_until(slow->h, slow->until);
    slow->h->no_composer = false;
}

static void a_slow_script_is_in_time_up_to_the_boundary(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    struct slow slow = {&h, TWO_BARS - CHUNK};
    h.piece.user = &slow;
    h.piece.during = take_time;
    hand_until(&h, TWO_BARS + CHUNK);
    struct aur_channel_event event;
    assert_false(hand_event(&h, &event, AUR_EVENT_GENERATION_ERROR));
    assert_string_equal(h.ch->compose.session.state, "after 1");
    hand_close(&h);
}

static void a_late_phrase_is_replaced_by_the_last(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_until(&h, TWO_BARS + CHUNK);
    struct slow slow = {&h, 2 * TWO_BARS + 3 * CHUNK};
    h.piece.user = &slow;
    h.piece.during = take_time;
    hand_until(&h, 3 * TWO_BARS - SECOND);
    struct aur_channel_event event;
    assert_true(hand_event(&h, &event, AUR_EVENT_GENERATION_ERROR));
    assert_int_equal(event.error.code, AUR_ELIMIT);
    assert_false(hand_event(&h, &event, AUR_EVENT_GENERATION_ERROR));
    /* Phrase 2 was composed too late and thrown away: phrase 3 was composed from the state after 1. */
    assert_string_equal(h.piece.seen_state, "after 1");
    hand_until(&h, 3 * TWO_BARS + CHUNK);
    for (uint64_t frame = hand_frames(&h) - 10 * CHUNK; frame < hand_frames(&h); frame += 16)
        assert_true(hand_right(&h, frame) == fake_right(frame / TWO_BARS));
    char reason[100];
    assert_true(aur_channel_healthy(h.ch, reason, sizeof reason));
    struct aur_msg_status status;
    aur_channel_status(h.ch, &status);
    assert_int_equal(status.phrases_generated, 3);
    hand_close(&h);
}

/* No composer at all: one phrase comes again, then there is silence that still counts, then music again. */
static void without_a_composer_there_is_silence_that_counts(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    h.no_composer = true;
    hand_until(&h, 2 * TWO_BARS - CHUNK);
    assert_true(hand_right(&h, hand_frames(&h) - 1) == fake_right(1)); /* the repeat that lay ready */
    hand_until(&h, 2 * TWO_BARS + 30 * CHUNK);
    assert_true(hand_right(&h, hand_frames(&h) - 1) == 0);
    char reason[100];
    assert_false(aur_channel_healthy(h.ch, reason, sizeof reason));
    assert_string_equal(reason, "there is no phrase to play");
    struct aur_channel_event event;
    assert_true(hand_event(&h, &event, AUR_EVENT_SYNTHESIS));
    assert_int_equal(event.chunk_index, 2 * TWO_BARS / CHUNK);
    assert_false(hand_event(&h, &event, AUR_EVENT_SYNTHESIS));

    h.no_composer = false;
    hand_chunks(&h, 8);
    assert_true(hand_right(&h, hand_frames(&h) - 1) == fake_right(2));
    hand_until(&h, hand_frames(&h) + 3 * TWO_BARS);
    assert_true(hand_right(&h, hand_frames(&h) - 1) == fake_right(h.ch->sounding));
    assert_true(aur_channel_healthy(h.ch, reason, sizeof reason));
    assert_true(strcmp(h.piece.seen_state, "new") != 0);
    hand_close(&h);
}

/* Again and again: every phrase that came back is freed (run it under ASan), and there is always room for the next. */
static void starving_often_uses_nothing_up(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, 13248);
    for (int i = 0; i < 2 * AUR_CHANNEL_PHRASES; i++) {
        h.no_composer = true;
        hand_chunks(&h, 40);
        assert_true(hand_right(&h, hand_frames(&h) - 1) == 0);
        h.no_composer = false;
        hand_chunks(&h, 40);
        assert_true(hand_right(&h, hand_frames(&h) - 1) != 0);
        int n = 0;
        for (int k = 0; k < AUR_CHANNEL_PHRASES; k++)
            n += h.ch->compose.all[k].phrase != NULL;
        assert_true(n <= AUR_CHANNEL_SLOTS);
    }
    hand_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_control_before_the_commit_point_sounds_at_the_boundary),
        cmocka_unit_test(a_control_after_the_commit_point_sounds_one_phrase_later),
        cmocka_unit_test(a_control_while_composing_sounds_one_phrase_later),
        cmocka_unit_test(pending_is_the_phrase_that_carries_the_controls),
        cmocka_unit_test(live_controls_act_at_the_next_chunk),
        cmocka_unit_test(the_last_live_control_is_never_lost),
        cmocka_unit_test(a_failing_script_repeats_the_last_phrase),
        cmocka_unit_test(a_failure_is_logged_once),
        cmocka_unit_test(a_broken_script_is_refused_at_the_start),
        cmocka_unit_test(a_slow_script_is_in_time_up_to_the_boundary),
        cmocka_unit_test(a_late_phrase_is_replaced_by_the_last),
        cmocka_unit_test(without_a_composer_there_is_silence_that_counts),
        cmocka_unit_test(starving_often_uses_nothing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
