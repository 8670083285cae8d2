/* What the voices sound like, measured: pitch, filter, envelopes, clicks, DC, loudness. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"
#include "support/unit.h"
#include "tone.h"

#define RATE 44100

static uint16_t plain(struct rig *rig, uint32_t rate, enum aur_voice voice)
{
    rig_init(rig, rate);
    uint16_t patch = rig_patch(rig, "it", voice);
    if (voice == AUR_VOICE_PAD) {
        rig_set(rig, patch, "detune", 0);
        rig_set(rig, patch, "sub", 0);
        rig_set(rig, patch, "width", 0);
        rig_set(rig, patch, "lfo_depth", 0);
        rig_set(rig, patch, "attack", 0.05);
        rig_set(rig, patch, "sustain", 1);
    } else if (voice == AUR_VOICE_LEAD) {
        rig_set(rig, patch, "vibrato_depth", 0);
    } else if (voice == AUR_VOICE_KICK) {
        rig_set(rig, patch, "decay", 4);
        rig_set(rig, patch, "sweep", 0);
    }
    return patch;
}

static void pitch_is_true(void **state)
{
    (void)state;
    static const enum aur_voice voices[] = {AUR_VOICE_PAD, AUR_VOICE_LEAD, AUR_VOICE_KICK};
    static const uint32_t rates[] = {44100, 48000, 96000};
    static struct rig rig;
    for (int r = 0; r < 3; r++)
        for (int v = 0; v < 3; v++)
            for (double pitch = 24; pitch <= 100; pitch += 9.5) {
                rig_note(&rig, plain(&rig, rates[r], voices[v]), 0, 4, pitch, 0.6);
                struct audio a = rig_render(&rig, false, 2);
                double cents = tone_cents_off(&a, tone_hz(pitch), 0.5, 0.9);
                if (!(fabs(cents) < 0.2))
                    fail_msg("%s at %u Hz, note %g: %g cents off", aur_voices[voices[v]].name, rates[r], pitch, cents);
                tone_free(&a);
            }
}

static double filter_db(double hz, double cutoff, double q)
{
    double w = tan(M_PI * hz / RATE) / tan(M_PI * cutoff / RATE);
    return -10 * log10((1 - w * w) * (1 - w * w) + w * w / (q * q));
}

/* Voices with many harmonic partials, everything but the filter standing still. */
static uint16_t rich(struct rig *rig, enum aur_voice voice)
{
    static const struct {
        const char *name;
        double value;
    } still[] = {
        {"detune", 0},         {"sub", 0},
        {"width", 0},          {"lfo_depth", 0},
        {"attack", 0.05},      {"sustain", 1},
        {"tone", 0.95},        {"sweep", 0},
        {"keytrack", 0},       {"place", 1},
        {"level1", 0},         {"level2", 1},
        {"shape", 0},          {"noise", 0},
        {"env1_to_level1", 0}, {"env1_to_level2", 1},
        {"env1_attack", 0.05}, {"env1_decay", 0},
        {"env1_sustain", 1},   {"tune2", 0},
        {"env2_to_level2", 0}, {"lfo2_to_level2", 0},
        {"lfo1_to_pitch2", 0}, {"lfo2_to_pitch2", 0},
        {"env2_to_noise", 0},  {"env1_to_cutoff", 0},
        {"env2_to_cutoff", 0}, {"lfo2_to_cutoff", 0},
    };
    rig_init(rig, RATE);
    uint16_t patch = rig_patch(rig, "it", voice);
    for (size_t i = 0; i < sizeof still / sizeof *still; i++)
        if (aur_param_find(&aur_voices[voice], still[i].name) >= 0)
            rig_set(rig, patch, still[i].name, still[i].value);
    return patch;
}

/* Partials through the filter against the same through an open one. */
static void filter_of(enum aur_voice voice, double cutoff, double q)
{
    static struct rig rig;
    double hz = tone_hz(60), phase, open_cutoff = 16000;
    struct audio a[2];
    for (int open = 0; open < 2; open++) {
        uint16_t patch = rich(&rig, voice);
        rig_set(&rig, patch, "cutoff", open ? open_cutoff : cutoff);
        rig_set(&rig, patch, "resonance", open ? 0.7 : q);
        rig_note(&rig, patch, 0, 8, 60, 0.6);
        a[open] = rig_render(&rig, false, 2);
    }
    for (int partial = 1; partial < 20; partial++) {
        double f = hz * partial, open = tone_component(&phase, &a[1], f, RATE, RATE / 2);
        double got = tone_component(&phase, &a[0], f, RATE, RATE / 2) / open;
        double want = filter_db(f, cutoff, q) - filter_db(f, open_cutoff, 0.7);
        if (!(fabs(20 * log10(got) - want) < 0.3))
            fail_msg("%s, cutoff %g, Q %g, %g Hz: %g dB, want %g", aur_voices[voice].name, cutoff, q, f,
                     20 * log10(got), want);
    }
    tone_free(&a[0]);
    tone_free(&a[1]);
}

static void filter_follows_its_formula(void **state)
{
    (void)state;
    static const enum aur_voice voices[] = {AUR_VOICE_PAD, AUR_VOICE_BASS, AUR_VOICE_MODULAR, AUR_VOICE_WAVE};
    static const double cutoffs[] = {300, 900, 4000}, qs[] = {0.7, 4};
    for (int v = 0; v < 4; v++)
        for (int c = 0; c < 3; c++)
            for (int k = 0; k < 2; k++)
                filter_of(voices[v], cutoffs[c], qs[k]);
}

static void swell_lies_in_its_band(void **state)
{
    (void)state;
    static struct rig rig;
    uint16_t swell = plain(&rig, RATE, AUR_VOICE_SWELL);
    rig_set(&rig, swell, "attack", 0.5);
    rig_set(&rig, swell, "lfo_depth", 0);
    rig_set(&rig, swell, "resonance", 4);
    rig_note(&rig, swell, 0, 8, 60, 0.6);
    struct audio a = rig_render(&rig, false, 6), steady = audio_slice(&a, RATE, 5 * RATE);
    double in = audio_band_db(&steady, 900, 1500);
    assert_true(in > audio_band_db(&steady, 300, 900) + 6);
    assert_true(in > audio_band_db(&steady, 1500, 4500) + 6);
    assert_true(in > audio_band_db(&steady, 6000, 20000) + 40);
    struct audio_correlation c;
    audio_correlate(&c, &steady);
    assert_true(fabs(c.overall) < 0.2);
    tone_free(&a);
}

/* At velocity 0.6, dry, each voice alone; the pad's guide is -30 LUFS or a little less without its reverb. */
static void voices_are_about_as_loud(void **state)
{
    (void)state;
    static const struct {
        enum aur_voice voice;
        double pitch, low, high;
    } cases[] = {
        {AUR_VOICE_PAD, 48, -33, -27},  {AUR_VOICE_PAD, 57, -33, -27},   {AUR_VOICE_PAD, 69, -33, -27},
        {AUR_VOICE_LEAD, 69, -34, -28}, {AUR_VOICE_SWELL, 60, -36, -29},
    };
    static struct rig rig;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_init(&rig, RATE);
        uint16_t patch = rig_patch(&rig, "it", cases[i].voice);
        rig_note(&rig, patch, 0, 12, cases[i].pitch, 0.6);
        struct audio a = rig_render(&rig, false, 10), steady = audio_slice(&a, 4 * RATE, 6 * RATE);
        struct audio_levels levels;
        audio_measure(&levels, &steady);
        printf("%s, note %g: %.1f LUFS\n", aur_voices[cases[i].voice].name, cases[i].pitch, levels.loudness_lufs);
        if (levels.loudness_lufs < cases[i].low || levels.loudness_lufs > cases[i].high)
            fail_msg("%s, note %g: %g LUFS", aur_voices[cases[i].voice].name, cases[i].pitch, levels.loudness_lufs);
        assert_true(fabs(levels.dc[0]) < 1e-4 && fabs(levels.dc[1]) < 1e-4);
        tone_free(&a);
    }
}

static double level_at(enum aur_voice voice, const char *param, double value, double velocity)
{
    static struct rig rig;
    uint16_t patch = plain(&rig, RATE, voice);
    if (param)
        rig_set(&rig, patch, param, value);
    rig_note(&rig, patch, 0, 6, 60, velocity);
    struct audio a = rig_render(&rig, false, 4), steady = audio_slice(&a, 2 * RATE, 2 * RATE);
    struct audio_levels levels;
    audio_measure(&levels, &steady);
    tone_free(&a);
    return levels.rms_db;
}

static void levels_are_decibels(void **state)
{
    (void)state;
    double base = level_at(AUR_VOICE_PAD, "level", 0, 0.6);
    assert_true(fabs(level_at(AUR_VOICE_PAD, "level", -12, 0.6) - (base - 12)) < 0.05);
    assert_true(fabs(level_at(AUR_VOICE_LEAD, "level", 6, 0.6) - level_at(AUR_VOICE_LEAD, NULL, 0, 0.6) - 6) < 0.05);
    double soft = level_at(AUR_VOICE_PAD, NULL, 0, 0.3);
    assert_true(base - soft > 8 && base - soft < 12); /* 9 by the velocity, the rest by the filter */
    assert_true(level_at(AUR_VOICE_PAD, NULL, 0, 0) == AUDIO_FLOOR_DB);
}

static void pan_keeps_power(void **state)
{
    (void)state;
    static struct rig rig;
    double power[3];
    for (int i = 0; i < 3; i++) {
        uint16_t lead = plain(&rig, RATE, AUR_VOICE_LEAD);
        rig_note(&rig, lead, 0, 3, 69, 0.6)->pan_q16 = (i - 1) * AUR_Q16_ONE;
        struct audio a = rig_render(&rig, false, 2);
        double l = 0, r = 0;
        for (size_t n = RATE; n < a.frames; n++) {
            l += (double)(a.data[2 * n] * a.data[2 * n]);
            r += (double)(a.data[2 * n + 1] * a.data[2 * n + 1]);
        }
        power[i] = l + r;
        if (i == 0)
            assert_true(r < 1e-9 * l);
        else if (i == 2)
            assert_true(l < 1e-9 * r);
        else
            assert_true(fabs(l - r) < 1e-6 * l);
        tone_free(&a);
    }
    assert_true(fabs(power[0] / power[1] - 1) < 1e-3 && fabs(power[2] / power[1] - 1) < 1e-3);
}

/* The same music at each rate: loudness and tone. */
static void rates_agree(void **state)
{
    (void)state;
    static const uint32_t rates[] = {44100, 48000, 96000};
    static struct rig rig;
    double db[3], centre[3];
    for (int r = 0; r < 3; r++) {
        rig_init(&rig, rates[r]);
        uint16_t pad = rig_patch(&rig, "pad", AUR_VOICE_PAD), swell = rig_patch(&rig, "s", AUR_VOICE_SWELL);
        uint16_t lead = rig_patch(&rig, "lead", AUR_VOICE_LEAD), kick = rig_patch(&rig, "kick", AUR_VOICE_KICK);
        rig_note(&rig, pad, 0, 8, 57, 0.6);
        rig_note(&rig, pad, 0, 8, 64, 0.6);
        rig_note(&rig, lead, 2, 1, 76, 0.6);
        rig_note(&rig, kick, 3, 1, 36, 0.6);
        rig_note(&rig, swell, 4, 2, 60, 0.6);
        struct audio a = rig_render(&rig, true, 12);
        struct audio_levels levels;
        audio_measure(&levels, &a);
        db[r] = levels.loudness_lufs;
        struct audio_centroid c;
        audio_centroid(&c, NULL, 0, &a, 12);
        centre[r] = c.mean_hz;
        printf("%u Hz: %.2f LUFS, centroid %.0f Hz\n", rates[r], db[r], centre[r]);
        tone_free(&a);
    }
    for (int r = 1; r < 3; r++)
        assert_true(fabs(db[r] - db[0]) < 0.5);
    assert_true(fabs(centre[1] / centre[0] - 1) < 0.2);
}

static size_t clicks_in(const struct audio *a, const char *what)
{
    size_t at[8] = {0}, n = audio_clicks(at, 8, a, NULL, 0), places, found;
    if (n)
        printf("%s: %zu clicks, first at %.3f s\n", what, n, (double)at[0] / a->rate);
    found = audio_click_check(&places, a, NULL, 0, 20, 0.03f);
    assert_true(places > 5 && found * 10 >= places * 8); /* it would have found some */
    return n;
}

/* Starts, ends, repeats of one pitch, voices stolen, phrases that change every setting: with no onset excused. */
static void nothing_clicks(void **state)
{
    (void)state;
    static struct rig rig;
    struct aur_synth *synth;
    struct aur_synth_config config = {.rate_hz = RATE, .isa = aur_isa_best(), .effects = true, .max_voices = 12};
    assert_int_equal(aur_synth_new(&synth, &config, NULL), 0);
    struct aur_phrase *phrases[3];
    for (int p = 0; p < 3; p++) {
        rig_init(&rig, RATE);
        rig.head.start_frame = (uint64_t)p * 4 * RATE / 64 * 64;
        rig.head.controls.bpm = 60 + 30 * p;
        uint16_t pad = rig_patch(&rig, "pad", AUR_VOICE_PAD), lead = rig_patch(&rig, "lead", AUR_VOICE_LEAD);
        rig_set(&rig, pad, "attack", 0.1);
        rig_set(&rig, pad, "release", 1);
        rig_set(&rig, pad, "level", p == 1 ? -12 : 0);
        rig_set(&rig, pad, "cutoff", p == 2 ? 3000 : 700);
        rig_set(&rig, lead, "reverb", p == 1 ? 1 : 0);
        rig_effect(&rig, AUR_EFFECT_REVERB, "predelay", 0.02 + 0.05 * p);
        rig_effect(&rig, AUR_EFFECT_REVERB, "decay", 2 + 4 * p);
        rig_effect(&rig, AUR_EFFECT_REVERB, "modulation", 0.5 * p);
        rig_effect(&rig, AUR_EFFECT_DELAY, "beats", 0.5 + 0.25 * p);
        rig_effect(&rig, AUR_EFFECT_DELAY, "feedback", 0.3 * p);
        for (int i = 0; i < 40; i++) {
            rig_note(&rig, pad, 0.1 * i, 0.7, 45 + (i * 7) % 24, 0.3);
            rig_note(&rig, lead, 0.1 * i, 0.05, 69, 0.4);
        }
        phrases[p] = rig_phrase(&rig);
        assert_int_equal(aur_synth_commit(synth, phrases[p]), 0);
    }
    struct audio a = rig_more(synth, RATE, 14 * RATE);
    assert_int_equal(clicks_in(&a, "stealing and settings"), 0);
    tone_free(&a);
    aur_synth_free(synth);
    for (int p = 0; p < 3; p++)
        aur_phrase_free(phrases[p]);
}

/* The envelope is smooth: no 64-frame step of the amplitude of a steady tone stands out, and it ends at zero. */
static void envelopes_are_soft(void **state)
{
    (void)state;
    static struct rig rig;
    uint16_t lead = plain(&rig, RATE, AUR_VOICE_LEAD);
    rig_set(&rig, lead, "attack", 0.002);
    rig_set(&rig, lead, "release", 0.01);
    rig_set(&rig, lead, "decay", 0.01);
    for (int i = 0; i < 10; i++)
        rig_note(&rig, lead, 0.1 + 0.4 * i, 0.2, 57, 0.6);
    struct audio a = rig_render(&rig, false, 5);
    assert_int_equal(clicks_in(&a, "shortest envelopes"), 0);
    tone_free(&a);
}

static void kick_falls(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init(&rig, RATE);
    uint16_t kick = rig_patch(&rig, "kick", AUR_VOICE_KICK);
    rig_set(&rig, kick, "decay", 0.8);
    rig_note(&rig, kick, 0.1, 0.05, 36, 0.8);
    struct audio a = rig_render(&rig, false, 3);
    struct audio tail = audio_slice(&a, (size_t)(0.2 * RATE), 2 * RATE);
    assert_true(fabs(audio_t60_s(&tail) - 0.8) < 0.08);
    double phase;
    double first = tone_component(&phase, &a, tone_hz(36), (size_t)(0.3 * RATE), RATE / 10);
    assert_true(first > 0.01);
    struct audio end = audio_slice(&a, 2 * RATE, RATE);
    struct audio_levels levels;
    audio_measure(&levels, &end);
    assert_true(levels.peak < 1e-6);
    tone_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pitch_is_true),
        cmocka_unit_test(filter_follows_its_formula),
        cmocka_unit_test(swell_lies_in_its_band),
        cmocka_unit_test(voices_are_about_as_loud),
        cmocka_unit_test(levels_are_decibels),
        cmocka_unit_test(pan_keeps_power),
        cmocka_unit_test(rates_agree),
        cmocka_unit_test(nothing_clicks),
        cmocka_unit_test(envelopes_are_soft),
        cmocka_unit_test(kick_falls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
