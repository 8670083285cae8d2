/* What a channel on fakes counts: chunks and how fast they were made, failures, edits, what its sound is like. */
#include "channel/tally.h"

#include <math.h>

#include "duo.h"
#include "support/unit.h"

static struct aur_channel_tally tally_of(const struct hand *h)
{
    struct aur_channel_tally tally = {0};
    aur_channel_tally(h->ch, &tally);
    return tally;
}

static struct aur_channel_gauges gauges_of(const struct hand *h)
{
    struct aur_channel_gauges gauges;
    aur_channel_gauges(h->ch, &gauges);
    return gauges;
}

static void every_chunk_is_timed(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    h.render_ns = 20 * MS; /* the clock moves by half of it whenever it is read: 10 ms for a chunk of 100 */
    hand_chunks(&h, 30);
    struct aur_channel_tally t = tally_of(&h);
    assert_int_equal(t.chunks, 30);
    assert_int_equal(aur_histogram_count(&t.render_seconds), 30);
    assert_int_equal(aur_histogram_count(&t.realtime), 30);
    assert_int_equal(t.render_seconds.sum, 30 * 10 * MS);
    assert_int_equal(t.realtime.sum, 30 * 10 * t.realtime.bounds->one);
    assert_int_equal(aur_histogram_count(&t.compose_seconds), h.piece.composed);
    assert_int_equal(t.phrases, h.piece.composed);
    assert_int_equal(t.underruns + t.repeats, 0);
    assert_true(gauges_of(&h).buffer_s > 0 && gauges_of(&h).buffer_aim_s == 0.2);
    hand_close(&h);
}

static void late_chunks_are_counted(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_chunks(&h, 5);
    h.now += 1000 * MS;
    hand_chunk(&h);
    assert_int_equal(tally_of(&h).underruns, 1);
    hand_close(&h);
}

static void failures_and_what_they_lead_to(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    h.piece.fails = true;
    hand_until(&h, 2 * TWO_BARS);
    struct aur_channel_tally t = tally_of(&h);
    assert_int_equal(t.failures[AUR_FAILURE_ERROR], 2);
    assert_int_equal(t.repeats, 2);
    assert_int_equal(t.phrases, 1);
    assert_int_equal(aur_histogram_count(&t.compose_seconds), 3);
    h.no_composer = true; /* nobody comes: the repeat sounds */
    hand_until(&h, 4 * TWO_BARS);
    h.no_composer = false;
    hand_chunk(&h);
    assert_true(tally_of(&h).failures[AUR_FAILURE_LATE] > 0);
    hand_close(&h);
}

static void edits_are_counted_by_what_became_of_them(void **state)
{
    (void)state;
    struct duo d;
    struct aur_error err;
    duo_open(&d);
    (void)!aur_error_set(&err, AUR_ESCRIPT, "next.lua:1: no");
    aur_channel_refuse(d.h.ch, "next.lua", "", &err);
    aur_channel_refuse(d.h.ch, "next.lua", "", &err);
    duo_arm(&d, AUR_SWAP_PHRASE);
    hand_until(&d.h, PHRASE + CHUNK);
    struct aur_channel_tally t = tally_of(&d.h);
    assert_int_equal(t.edits[AUR_SCRIPT_REFUSED], 2);
    assert_int_equal(t.edits[AUR_SCRIPT_ARMED], 1);
    assert_int_equal(t.edits[AUR_SCRIPT_PLAYING], 1);
    assert_int_equal(t.edits[AUR_SCRIPT_ROLLED_BACK], 0);
    d.next.fails = true;
    hand_until(&d.h, 2 * PHRASE + CHUNK);
    t = tally_of(&d.h);
    assert_int_equal(t.edits[AUR_SCRIPT_ROLLED_BACK], 1);
    assert_int_equal(t.failures[AUR_FAILURE_ERROR], 1);
    assert_int_equal(t.repeats, 0);
    duo_close(&d);
}

/* Left is a ramp from 0 to 1, again and again. */
static void sound_is_measured_whether_anyone_listens_or_not(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_chunks(&h, 5);
    assert_true(isnan(gauges_of(&h).momentary_lufs) && isnan(gauges_of(&h).silent_s));
    hand_chunks(&h, 100);
    struct aur_channel_gauges g = gauges_of(&h);
    assert_true(g.peak > 0.999 && g.peak < 1);
    assert_true(fabs(g.dc[0] - 0.5) < 0.02 && g.dc[1] > 0);
    assert_true(isfinite(g.momentary_lufs) && isfinite(g.short_term_lufs) && isfinite(g.integrated_lufs));
    assert_true(g.silent_s < 0.001);
    assert_false(g.notes_due); /* the fake's phrases are empty */
    struct aur_channel_tally t = tally_of(&h);
    assert_true(t.clipped > 0); /* the ramp's top */
    assert_int_equal(t.silences + t.not_finite, 0);
    hand_close(&h);
}

static void tallies_of_channels_add_up(void **state)
{
    (void)state;
    struct hand a, b;
    struct aur_channel_tally both = {0};
    hand_open(&a, TWO_BARS);
    hand_open(&b, TWO_BARS);
    hand_chunks(&a, 3);
    hand_chunks(&b, 4);
    aur_channel_tally(a.ch, &both);
    aur_channel_tally(b.ch, &both);
    assert_int_equal(both.chunks, 7);
    assert_int_equal(aur_histogram_count(&both.render_seconds), 7);
    hand_close(&a);
    hand_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chunk_is_timed),
        cmocka_unit_test(late_chunks_are_counted),
        cmocka_unit_test(failures_and_what_they_lead_to),
        cmocka_unit_test(edits_are_counted_by_what_became_of_them),
        cmocka_unit_test(sound_is_measured_whether_anyone_listens_or_not),
        cmocka_unit_test(tallies_of_channels_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
