/* Playing a piece and measuring it. Sound goes through aur_bounce, so it is what render writes and serve streams. */
#include "support/music.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounce/bounce.h"
#include "compose/session.h"

#define RATE_HZ      44100
#define CLICKS_SHOWN 8
#define STEP_HEIGHT  0.03f
#define STEPS        20

static void quit(const struct aur_error *err)
{
    fprintf(stderr, "measure_music: %s\n", err->message);
    exit(3);
}

struct aur_piece *music_load(const char *script)
{
    struct aur_piece_source source = {.path = script, .lib_dir = AURALIS_SOURCE_DIR "/scripts/lib"};
    struct aur_piece *piece;
    struct aur_error err;
    if (aur_piece_load(&piece, &source, &err))
        quit(&err);
    return piece;
}

/* ---- playing ---- */

static void keep_phrase(void *user, const struct aur_phrase *phrase)
{
    struct take *take = user;
    enum aur_harmony *harmony = calloc(phrase->n_notes + 1, sizeof *harmony);
    if (!harmony)
        abort();
    for (uint32_t i = 0; i < phrase->n_notes; i++)
        harmony[i] = aur_harmony_of(phrase, &phrase->notes[i]);
    tune_add(&take->tune, phrase, harmony);
    free(harmony);
}

static void keep_audio(void *user, const float *interleaved, size_t frames)
{
    struct take *take = user;
    if (take->frames + frames > take->cap) {
        take->cap = 2 * (take->frames + frames);
        take->data = realloc(take->data, take->cap * 2 * sizeof *take->data);
        if (!take->data)
            abort();
    }
    memcpy(take->data + 2 * take->frames, interleaved, 2 * frames * sizeof *interleaved);
    take->frames += frames;
}

struct audio music_play(struct take *take, const struct aur_piece *piece, enum aur_isa isa, uint64_t seed,
                        const struct aur_controls *controls, double seconds)
{
    memset(take, 0, sizeof *take);
    const struct aur_bounce_request request = {.piece = piece,
                                               .seed = seed,
                                               .controls = *controls,
                                               .synth = {.rate_hz = RATE_HZ, .isa = isa, .effects = true},
                                               .duration_s = seconds,
                                               .on_phrase = keep_phrase,
                                               .on_audio = keep_audio,
                                               .user = take};
    struct aur_error err;
    if (aur_bounce(&request, &err))
        quit(&err);
    return (struct audio){take->data, take->frames, RATE_HZ};
}

void music_compose(struct take *take, const struct aur_piece *piece, uint64_t seed, const struct aur_controls *controls,
                   double seconds)
{
    struct aur_session session;
    memset(take, 0, sizeof *take);
    aur_session_init(&session, piece, seed, RATE_HZ);
    while (session.next_frame < seconds * RATE_HZ) {
        struct aur_phrase *phrase;
        struct aur_error err;
        if (aur_session_next(&session, &phrase, controls, &err))
            quit(&err);
        keep_phrase(take, phrase);
        aur_phrase_free(phrase);
    }
    aur_session_deinit(&session);
}

void music_drop(struct take *take)
{
    tune_deinit(&take->tune);
    free(take->data);
}

/* ---- measures of sound ---- */

static void measure_clicks(struct report *r, const struct audio *a, const struct tune *tune)
{
    size_t n_onsets, at[CLICKS_SHOWN], steps;
    uint64_t *onsets = tune_onsets(&n_onsets, tune, a->frames);
    size_t found = audio_click_check(&steps, a, onsets, n_onsets, STEPS, STEP_HEIGHT);
    size_t clicks = audio_clicks(at, CLICKS_SHOWN, a, onsets, n_onsets);
    report_add(r, "clicks away from onsets", "", (double)clicks, 0, 0);
    for (size_t i = 0; i < clicks && i < CLICKS_SHOWN; i++)
        report_tell(r, "  click at", "s", (double)at[i] / a->rate);
    /* Loud noise masks some of them; a detector that finds half would find what recurs. */
    report_add(r, "  injected 3 % steps that the detector finds", "%",
               steps ? 100.0 * (double)found / (double)steps : 0, 50, 100);
    free(onsets);
}

void music_measure_sound(struct report *r, struct audio_levels *l, struct audio_centroid *c, const struct audio *a,
                         const struct tune *tune)
{
    struct audio_correlation corr;
    audio_measure(l, a);
    audio_correlate(&corr, a);
    audio_centroid(c, NULL, 0, a, 10);
    report_add(r, "integrated loudness", "LUFS", l->loudness_lufs, -23, -17);
    report_add(r, "loudness range", "LU", l->range_lu, 3, 12);
    report_add(r, "true peak", "dBTP", l->true_peak_db, -INFINITY, -1);
    report_add(r, "DC left", "", l->dc[0], -0.001, 0.001);
    report_add(r, "DC right", "", l->dc[1], -0.001, 0.001);
    report_add(r, "stereo correlation", "", corr.overall, 0.2, 0.9);
    report_add(r, "stereo correlation, worst second", "", corr.worst_second, -0.2, INFINITY);
    report_tell(r, "  at", "s", corr.worst_at_s);
    report_add(r, "spectral centroid", "Hz", c->mean_hz, 300, 2000);
    report_add(r, "  movement over 10 s windows", "%", c->mean_hz > 0 ? 100 * c->sd_hz / c->mean_hz : 0, 8, INFINITY);
    report_tell(r, "longest stretch below -60 dB", "s", audio_longest_silence_s(a, -60, NULL));
    report_tell(r, "level below 150 Hz", "dB", audio_band_db(a, 0, 150));
    report_tell(r, "level above 10 kHz", "dB", audio_band_db(a, 10000, 22050));
    measure_clicks(r, a, tune);
}

/* ---- measures of the score ---- */

void music_measure_shares(struct report *r, const struct tune *tune, const struct shares *shares, const char *when)
{
    const struct {
        const char *what;
        size_t offset;
        double want;
    } rows[] = {{"chord tones", offsetof(struct tune_shares, chord), shares->chord},
                {"scale tones", offsetof(struct tune_shares, scale), shares->scale},
                {"chromatic", offsetof(struct tune_shares, chromatic), shares->chromatic}};
    struct tune_shares lead;
    tune_share(&lead, tune, TUNE_LEAD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && lead.notes; i++) {
        char name[64];
        double value = 100 * *(const double *)((const char *)&lead + rows[i].offset);
        snprintf(name, sizeof name, "lead: %s%s", rows[i].what, when);
        report_add(r, name, "%", value, rows[i].want - 3, rows[i].want + 3);
    }
}

static void measure_lead(struct report *r, const struct tune *tune)
{
    struct tune_ngrams grams;
    tune_ngram(&grams, tune);
    report_tell(r, "lead onsets per bar", "", tune_onsets_per_bar(tune, TUNE_LEAD));
    report_add(r, "bars without an onset of the lead", "%", 100 * tune_empty_bars(tune, TUNE_LEAD), 15, 100);
    report_add(r, "8-bar passages that return", "", (double)tune_returns(tune, 8), 0, 0);
    report_add(r, "8-note runs that return after 5 min", "%", 100 * grams.far, 0, 5);
    report_add(r, "8-note runs that return within 2 min", "%", 100 * grams.near, 10, 100);
    report_tell(r, "  4-note motifs that return within 2 min", "%", 100 * grams.motif);
}

void music_measure_score(struct report *r, const struct tune *tune, const struct shares *shares)
{
    struct tune_shares all, lead;
    size_t changes;
    tune_share(&all, tune, TUNE_ALL);
    tune_share(&lead, tune, TUNE_LEAD);
    report_tell(r, "notes per bar", "", tune_onsets_per_bar(tune, TUNE_ALL));
    report_add(r, "notes inside chord or scale", "%", 100 * (all.chord + all.scale), 95, 100);
    report_add(r, "declared chords", "", (double)tune->n_chords, 1, INFINITY);
    music_measure_shares(r, tune, shares, "");
    if (lead.notes)
        measure_lead(r, tune);
    double step = tune_voicing_step(tune, &changes);
    if (changes)
        report_add(r, "step of a voice between chords", "semitones", step, 0, 3);
}
