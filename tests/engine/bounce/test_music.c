/* The default piece, roughly: bench/measure_music.c has the full table over longer stretches and several seeds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/session.h"
#include "fixture.h"
#include "support/analysis.h"
#include "support/tune.h"

#define SECONDS 90

struct music {
    struct aur_piece *piece;
    struct aur_controls controls;
    struct tune tune;
    struct audio audio;
    float *data;
};

static void keep_phrase(void *user, const struct aur_phrase *phrase)
{
    enum aur_harmony *harmony = calloc(phrase->n_notes + 1, sizeof *harmony);
    assert_non_null(harmony);
    for (uint32_t i = 0; i < phrase->n_notes; i++)
        harmony[i] = aur_harmony_of(phrase, &phrase->notes[i]);
    tune_add(user, phrase, harmony);
    free(harmony);
}

static void on_phrase(void *user, const struct aur_phrase *phrase)
{
    keep_phrase(&((struct music *)user)->tune, phrase);
}

static void on_audio(void *user, const float *interleaved, size_t frames)
{
    struct music *m = user;
    memcpy(m->data + 2 * m->audio.frames, interleaved, 2 * frames * sizeof *interleaved);
    m->audio.frames += frames;
}

static int setup(void **state)
{
    struct music *m = calloc(1, sizeof *m);
    assert_non_null(m);
    const struct aur_piece_source source = {.path = AURALIS_SOURCE_DIR "/scripts/ambient.lua",
                                            .lib_dir = AURALIS_SOURCE_DIR "/scripts/lib"};
    struct aur_error err;
    if (aur_piece_load(&m->piece, &source, &err))
        fail_msg("%s", err.message);
    aur_controls_default(&m->controls, &aur_piece_describe(m->piece)->controls);
    m->data = calloc(2 * SECONDS * RATE, sizeof *m->data);
    assert_non_null(m->data);
    const struct aur_bounce_request request = {.piece = m->piece,
                                               .seed = 1,
                                               .controls = m->controls,
                                               .synth = {.rate_hz = RATE, .isa = aur_isa_best(), .effects = true},
                                               .duration_s = SECONDS,
                                               .on_phrase = on_phrase,
                                               .on_audio = on_audio,
                                               .user = m};
    m->audio = (struct audio){m->data, 0, RATE};
    fixture_render(&request);
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    struct music *m = *state;
    tune_deinit(&m->tune);
    aur_piece_free(m->piece);
    free(m->data);
    free(m);
    return 0;
}

static void within(const char *what, double value, double min, double max)
{
    if (!(value >= min && value <= max))
        fail_msg("%s: %.6g, wanted %.6g to %.6g", what, value, min, max);
}

static void level_is_that_of_quiet_music(void **state)
{
    const struct music *m = *state;
    struct audio_levels l;
    audio_measure(&l, &m->audio);
    assert_true(l.finite);
    within("integrated loudness", l.loudness_lufs, -25, -15);
    within("true peak", l.true_peak_db, -40, -1);
    within("DC left", l.dc[0], -0.001, 0.001);
    within("DC right", l.dc[1], -0.001, 0.001);
}

static void starts_soon_and_never_stops(void **state)
{
    const struct music *m = *state;
    within("first sound, s", (double)audio_first_sound(&m->audio, 0.001f) / RATE, 0, 2);
    within("longest silence, s", audio_longest_silence_s(&m->audio, -60, NULL), 0, 4);
}

static void nothing_clicks(void **state)
{
    const struct music *m = *state;
    size_t n, steps, at[1] = {0};
    uint64_t *onsets = tune_onsets(&n, &m->tune, m->audio.frames);
    size_t found = audio_click_check(&steps, &m->audio, onsets, n, 10, 0.03f);
    size_t clicks = audio_clicks(at, 1, &m->audio, onsets, n);
    free(onsets);
    if (clicks)
        fail_msg("%zu clicks, the first at %.3f s", clicks, (double)at[0] / RATE);
    assert_true(steps >= 5);
    within("share of injected steps found", (double)found / (double)steps, 0.6, 1); /* the detector hears */
}

static void colour_and_width(void **state)
{
    const struct music *m = *state;
    struct audio_correlation corr;
    struct audio_centroid c;
    audio_correlate(&corr, &m->audio);
    within("stereo correlation", corr.overall, 0.1, 0.95);
    within("worst second's correlation", corr.worst_second, -0.3, 1);
    audio_centroid(&c, NULL, 0, &m->audio, 10);
    within("spectral centroid", c.mean_hz, 250, 2200);
    assert_true(c.sd_hz > 1);
}

static struct tune compose(const struct music *m, uint64_t seed, double complexity, double seconds)
{
    struct aur_session session;
    struct aur_controls controls = m->controls;
    struct tune tune = {0};
    controls.melody_complexity = complexity;
    aur_session_init(&session, m->piece, seed, RATE);
    while (session.next_frame < seconds * RATE) {
        struct aur_phrase *phrase;
        struct aur_error err;
        if (aur_session_next(&session, &phrase, &controls, &err))
            fail_msg("%s", err.message);
        keep_phrase(&tune, phrase);
        aur_phrase_free(phrase);
    }
    aur_session_deinit(&session);
    return tune;
}

static void notes_fit_the_harmony(void **state)
{
    static const double complexities[] = {0, 0.5, 1};
    for (int i = 0; i < 3; i++) {
        struct tune tune = compose(*state, 1, complexities[i], 1800);
        struct tune_shares all, lead;
        tune_share(&all, &tune, TUNE_ALL);
        tune_share(&lead, &tune, TUNE_LEAD);
        assert_true(tune.n_chords > 0 && all.notes > 100 && lead.notes > 50);
        within("notes inside chord or scale", all.chord + all.scale, 0.95, 1);
        within("chord tones of the lead", lead.chord, 0.64, 0.76);
        within("scale tones of the lead", lead.scale, 0.19, 0.31);
        within("chromatic tones of the lead", lead.chromatic, 0.01, 0.09);
        within("bars without a lead", tune_empty_bars(&tune, TUNE_LEAD), 0.1, 0.95);
        tune_deinit(&tune);
    }
}

static void every_seed_is_another_piece(void **state)
{
    struct tune one = compose(*state, 1, 0.5, 600), again = compose(*state, 1, 0.5, 600);
    struct tune two = compose(*state, 2, 0.5, 600);
    within("the same seed", tune_overlap(&one, &again, TUNE_ALL), 1, 1);
    within("another seed's lead", tune_overlap(&one, &two, TUNE_LEAD), 0, 0.3);
    within("another seed", tune_overlap(&one, &two, TUNE_ALL), 0, 0.6);
    assert_int_equal(tune_returns(&one, 8), 0);
    tune_deinit(&one);
    tune_deinit(&again);
    tune_deinit(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_is_that_of_quiet_music),
        cmocka_unit_test(starts_soon_and_never_stops),
        cmocka_unit_test(nothing_clicks),
        cmocka_unit_test(colour_and_width),
        cmocka_unit_test(notes_fit_the_harmony),
        cmocka_unit_test(every_seed_is_another_piece),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
