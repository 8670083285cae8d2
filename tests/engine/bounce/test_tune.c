/* The measures over notes find what was put in. */
#include "support/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#define RATE 44100
#define BEAT 32768 /* frames; what the tempo is does not matter here */

static const struct aur_key a_minor = {
    "A", "minor", "A minor", 9, 57, {0, 2, 3, 5, 7, 8, 10},
};
static const struct aur_patch patches[] = {
    {.name = "pad", .voice = AUR_VOICE_PAD},
    {.name = "lead", .voice = AUR_VOICE_LEAD},
    {.name = "bell", .voice = AUR_VOICE_LEAD},
};
enum { PAD, LEAD, BELL };

struct event {
    int patch;
    double at, beats;
    int pitch;
    enum aur_harmony harmony;
};

static void add(struct tune *tune, int bars, const struct event *events, size_t n, const int *chord_bars, int n_chords)
{
    struct aur_note notes[256];
    struct aur_chord chords[16];
    enum aur_harmony harmony[256];
    for (size_t i = 0; i < n; i++) {
        uint64_t on = tune->frames + (uint64_t)(events[i].at * BEAT);
        notes[i] = (struct aur_note){.on_frame = on,
                                     .off_frame = on + (uint64_t)(events[i].beats * BEAT),
                                     .at_q20 = (int64_t)(events[i].at * (double)AUR_BEAT_ONE),
                                     .pitch_q16 = events[i].pitch * AUR_Q16_ONE,
                                     .patch = (uint16_t)events[i].patch};
        harmony[i] = events[i].harmony;
    }
    for (int i = 0; i < n_chords; i++) {
        uint64_t on = tune->frames + (uint64_t)chord_bars[i] * 4 * BEAT;
        chords[i] = (struct aur_chord){.on_frame = on, .off_frame = on + 4 * BEAT};
    }
    const struct aur_phrase phrase = {.start_frame = tune->frames,
                                      .length_frames = (uint64_t)bars * 4 * BEAT,
                                      .rate_hz = RATE,
                                      .bars = bars,
                                      .meter = {4, 4},
                                      .controls.key = a_minor,
                                      .n_patches = 3,
                                      .n_notes = (uint32_t)n,
                                      .n_chords = (uint32_t)n_chords,
                                      .patches = patches,
                                      .notes = notes,
                                      .chords = chords};
    tune_add(tune, &phrase, harmony);
}

static void add_run(struct tune *tune, const int *pitches, int n)
{
    struct event events[64];
    for (int i = 0; i < n; i++)
        events[i] = (struct event){LEAD, i * 0.5, 0.5, pitches[i], AUR_HARMONY_CHORD};
    add(tune, 8, events, (size_t)n, NULL, 0);
}

static void near(double got, double want)
{
    if (fabs(got - want) > 1e-9)
        fail_msg("got %.9g, wanted %.9g", got, want);
}

static void shares_and_density(void **state)
{
    (void)state;
    struct tune tune = {0};
    const struct event events[] = {
        {PAD, 0, 16, 57, AUR_HARMONY_CHORD},     {LEAD, 0, 1, 69, AUR_HARMONY_CHORD},
        {LEAD, 1, 1, 71, AUR_HARMONY_SCALE},     {LEAD, 2.01, 1, 70, AUR_HARMONY_CHROMATIC},
        {LEAD, 15.99, 1, 72, AUR_HARMONY_CHORD}, {BELL, 8, 1, 72, AUR_HARMONY_CHORD},
    };
    add(&tune, 8, events, 6, NULL, 0);
    struct tune_shares lead, all;
    tune_share(&lead, &tune, TUNE_LEAD);
    tune_share(&all, &tune, TUNE_ALL);
    assert_int_equal(lead.notes, 4); /* a patch named lead keeps other lead voices out */
    near(lead.chord, 0.5);
    near(lead.scale, 0.25);
    near(lead.chromatic, 0.25);
    assert_int_equal(all.notes, 6);
    near(tune_onsets_per_bar(&tune, TUNE_LEAD), 0.5);
    near(tune_empty_bars(&tune, TUNE_LEAD), 6.0 / 8); /* the last note leans back from bar 4 */
    assert_int_equal(tune.notes[4].bar, 4);
    assert_int_equal(tune.notes[4].quarter_beats, 0);
    tune_deinit(&tune);
}

static void returning_passages(void **state)
{
    (void)state;
    struct tune tune = {0};
    const int first[] = {69, 71, 72, 74}, second[] = {69, 71, 72, 76};
    add_run(&tune, first, 4);
    add_run(&tune, second, 4);
    assert_int_equal(tune_returns(&tune, 8), 0);
    add_run(&tune, first, 4);
    assert_true(tune_returns(&tune, 8) > 0);
    tune_deinit(&tune);
    for (int i = 0; i < 4; i++) /* silence is no passage */
        add(&tune, 8, NULL, 0, NULL, 0);
    assert_int_equal(tune_returns(&tune, 8), 0);
    tune_deinit(&tune);
}

static void runs_near_and_far(void **state)
{
    (void)state;
    struct tune tune = {0};
    const int motif[] = {69, 72, 71, 74, 72, 76, 74, 77};
    const int transposed[] = {71, 74, 72, 76, 74, 77, 76, 79}; /* a step up in A minor */
    const int other[] = {81, 69, 80, 68, 79, 67, 78, 66};
    struct tune_ngrams grams;
    add_run(&tune, motif, 8);
    add_run(&tune, transposed, 8); /* 24 s later */
    tune_ngram(&grams, &tune);
    assert_int_equal(grams.n, 9);
    near(grams.near, 1.0 / 9);
    near(grams.far, 0);
    assert_true(grams.motif > 0.3);
    for (int i = 0; i < 12; i++) /* 285 s of something else */
        add_run(&tune, other, i == 0 ? 8 : 1);
    add_run(&tune, motif, 8);
    tune_ngram(&grams, &tune);
    assert_true(grams.far > 0);
    tune_deinit(&tune);
}

static void voicings_step(void **state)
{
    (void)state;
    struct tune tune = {0};
    const int bars[] = {0, 1, 2};
    const struct event events[] = {
        {PAD, 0, 12, 57, AUR_HARMONY_CHORD}, {PAD, 0, 4, 60, AUR_HARMONY_CHORD}, {PAD, 0, 4, 64, AUR_HARMONY_CHORD},
        {PAD, 4, 4, 62, AUR_HARMONY_CHORD},  {PAD, 4, 4, 65, AUR_HARMONY_CHORD}, /* 0, 2, 1 */
        {PAD, 8, 4, 65, AUR_HARMONY_CHORD},                                      /* to two voices: 0, 0 */
    };
    add(&tune, 3, events, 6, bars, 3);
    size_t changes;
    near(tune_voicing_step(&tune, &changes), 0.5);
    assert_int_equal(changes, 2);
    tune_deinit(&tune);
}

static void overlap_of_two(void **state)
{
    (void)state;
    struct tune a = {0}, b = {0};
    const int x[] = {69, 71, 72, 74}, y[] = {69, 71, 60, 61};
    add_run(&a, x, 4);
    add_run(&b, y, 4);
    near(tune_overlap(&a, &b, TUNE_ALL), 0.5);
    near(tune_overlap(&a, &a, TUNE_LEAD), 1);
    size_t n;
    uint64_t *onsets = tune_onsets(&n, &a, BEAT);
    assert_int_equal(n, 2);
    assert_int_equal(onsets[1], BEAT / 2);
    free(onsets);
    tune_deinit(&a);
    tune_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_and_density), cmocka_unit_test(returning_passages), cmocka_unit_test(runs_near_and_far),
        cmocka_unit_test(voicings_step),      cmocka_unit_test(overlap_of_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
