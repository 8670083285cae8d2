/* What bell, bass, pluck, tick, grain, modular and wave sound like, measured: pitch, aliasing, loudness, decay, clicks. */
#include <math.h>
#include <stdio.h>

#include "rig.h"
#include "support/unit.h"
#include "tone.h"

#define RATE 44100

struct setting {
    const char *param;
    double value;
};

/* A patch of a voice with what moves its pitch off, and the settings (up to one without a name). */
static uint16_t patch_with(struct rig *rig, uint32_t rate, enum aur_voice voice, const struct setting *settings)
{
    static const struct setting still[] = {
        {"detune", 0},         {"spread", 0}, {"scatter", 0}, {"lfo1_to_pitch1", 0}, {"lfo1_to_pitch2", 0},
        {"lfo2_to_pitch2", 0}, {"noise", 0},  {"air", 0},     {"tune2", 0}};
    rig_init(rig, rate);
    uint16_t patch = rig_patch(rig, "it", voice);
    for (size_t i = 0; i < sizeof still / sizeof *still; i++)
        if (aur_param_find(&aur_voices[voice], still[i].param) >= 0)
            rig_set(rig, patch, still[i].param, still[i].value);
    for (; settings && settings->param; settings++)
        rig_set(rig, patch, settings->param, settings->value);
    return patch;
}

/* Grains are short, so their phase does not tell their pitch: their strongest frequency does, well enough. */
static void pitch_is_true(void **state)
{
    (void)state;
    static const enum aur_voice voices[] = {AUR_VOICE_BELL, AUR_VOICE_BASS, AUR_VOICE_PLUCK, AUR_VOICE_MODULAR,
                                            AUR_VOICE_WAVE};
    static const struct setting none[] = {{NULL, 0}}, bass[] = {{"sub", 0}, {NULL, 0}};
    static const uint32_t rates[] = {44100, 48000, 96000};
    static struct rig rig;
    for (size_t v = 0; v < sizeof voices / sizeof *voices; v++)
        for (int r = 0; r < 3; r++)
            for (double pitch = 24; pitch <= 100; pitch += 15.2) {
                const struct setting *settings = voices[v] == AUR_VOICE_BASS ? bass : none;
                struct aur_note *note =
                    rig_note(&rig, patch_with(&rig, rates[r], voices[v], settings), 0, 4, pitch, 0.6);
                double hz = tone_hz((double)note->pitch_q16 / AUR_Q16_ONE);
                struct audio a = rig_render(&rig, false, 2);
                double cents = tone_cents_off(&a, hz, 0.5, 0.9);
                if (!(fabs(cents) < 0.2))
                    fail_msg("%s at %u Hz, note %g: %g cents off", aur_voices[voices[v]].name, rates[r], pitch, cents);
                tone_free(&a);
            }
}

static void grains_have_the_pitch(void **state)
{
    (void)state;
    static const struct setting long_grains[] = {{"length", 1}, {NULL, 0}};
    static struct rig rig;
    for (double pitch = 45; pitch <= 93; pitch += 12) {
        rig_note(&rig, patch_with(&rig, RATE, AUR_VOICE_GRAIN, long_grains), 0, 8, pitch, 0.6);
        struct audio a = rig_render(&rig, false, 6);
        double hz = tone_hz(pitch), got = audio_dominant_hz(&a, 30, 8000);
        if (!(fabs(1200 * log2(got / hz)) < 2))
            fail_msg("grain, note %g: %g Hz, want %g", pitch, got, hz);
        tone_free(&a);
    }
}

/* SuperCollider's Saw at the same notes, as bench/aliases.c measures it: no oscillator may be less clean. */
enum { ALIAS_NOTES = 4 };
static const double alias_hz[ALIAS_NOTES] = {261.6, 1000, 2500, 5000},
                    saw_db[ALIAS_NOTES] = {-51.9, -56.2, -57.6, -53.4};

struct oscillator {
    const char *what;
    enum aur_voice voice;
    struct setting settings[12];
    double most_db[ALIAS_NOTES];
};

#define ALL(db)                                                                                                        \
    {                                                                                                                  \
        db, db, db, db                                                                                                 \
    }
#define OPEN                                                                                                           \
    {"cutoff", 16000},                                                                                                 \
    {                                                                                                                  \
        "keytrack", 0                                                                                                  \
    }
#define SAW(shape)                                                                                                     \
    {"level1", 0}, {"level2", 1}, {"shape", shape},                                                                    \
    {                                                                                                                  \
        "lfo2_to_level2", 0                                                                                            \
    }
#define STILL                                                                                                          \
    {"lfo2_to_cutoff", 0}, {"env1_to_cutoff", 0},                                                                      \
    {                                                                                                                  \
        "env2_to_cutoff", 0                                                                                            \
    }
#define PAD                                                                                                            \
    {"detune", 0}, {"sub", 0}, {"lfo_depth", 0}, {"attack", 0.05},                                                     \
    {                                                                                                                  \
        "sustain", 1                                                                                                   \
    }

/* What is not a harmonic, against the whole, with filters open: aliases. Pads above 500 Hz have smooth saws. */
static const struct oscillator oscillators[] = {
    {"pad", AUR_VOICE_PAD, {PAD, {"width", 0}, OPEN}, {-56, -66, -64, -64}},
    {"wide pad", AUR_VOICE_PAD, {PAD, {"width", 1}, OPEN}, {-56, -66, -64, -64}},
    {"lead", AUR_VOICE_LEAD, {{"tone", 1}, {"vibrato_depth", 0}, OPEN}, ALL(-80)},
    {"bell", AUR_VOICE_BELL, {{"ratio", 2}, {"index", 10}, {"index_decay", 30}, {"tail", 1}, {"decay", 30}}, ALL(-80)},
    {"bass", AUR_VOICE_BASS, {{"tone", 0.95}, {"sub", 0}, {"cutoff", 16000}, {"sweep", 0}}, ALL(-80)},
    {"pluck", AUR_VOICE_PLUCK, {{"tone", 0.97}, {"damping", 30}, {"decay", 30}, {"keytrack", 0}}, ALL(-80)},
    {"modular sine", AUR_VOICE_MODULAR, {{"level2", 0}, STILL, OPEN}, ALL(-80)},
    {"modular saw", AUR_VOICE_MODULAR, {SAW(0), STILL, OPEN}, {-68, -66, -66, -70}},
    {"modular square-saw", AUR_VOICE_MODULAR, {SAW(0.5), STILL, OPEN}, {-68, -66, -66, -70}},
    {"modular square", AUR_VOICE_MODULAR, {SAW(1), STILL, OPEN}, {-68, -66, -66, -70}},
    {"wave sine", AUR_VOICE_WAVE, {{"place", 0}, {"lfo_depth", 0}, OPEN}, ALL(-80)},
    {"wave reed", AUR_VOICE_WAVE, {{"place", 1}, {"lfo_depth", 0}, OPEN}, ALL(-80)},
    {"wave choir", AUR_VOICE_WAVE, {{"place", 0.75}, {"lfo_depth", 0}, OPEN}, ALL(-80)},
};

static void oscillators_do_not_alias(void **state)
{
    (void)state;
    bool bad = false;
    static struct rig rig;
    for (size_t i = 0; i < sizeof oscillators / sizeof *oscillators; i++)
        for (int k = 0; k < ALIAS_NOTES; k++) {
            const struct oscillator *o = &oscillators[i];
            uint16_t patch = patch_with(&rig, RATE, o->voice, o->settings);
            struct aur_note *note = rig_note(&rig, patch, 0, 12, tone_pitch(alias_hz[k]), 0.6);
            struct audio a = rig_render(&rig, false, 8), steady = audio_slice(&a, 5 * RATE, 2 * RATE);
            double db = audio_off_harmonics_db(&steady, tone_hz((double)note->pitch_q16 / AUR_Q16_ONE));
            printf("aliases of %s at %.0f Hz: %.1f dB\n", o->what, alias_hz[k], db);
            if (!(db < o->most_db[k] && db < saw_db[k]))
                bad = true, print_error("%s at %g Hz: %g dB\n", o->what, alias_hz[k], db);
            tone_free(&a);
        }
    assert_false(bad);
}

/* At velocity 0.6, dry: held voices over their steady part, ringing ones struck twice a second. */
static void voices_are_about_as_loud(void **state)
{
    (void)state;
    static const struct {
        enum aur_voice voice;
        double pitch, low, high;
    } cases[] = {
        {AUR_VOICE_BELL, 60, -33, -27},  {AUR_VOICE_BELL, 79, -33, -27},    {AUR_VOICE_BASS, 36, -33, -27},
        {AUR_VOICE_PLUCK, 48, -33, -27}, {AUR_VOICE_PLUCK, 67, -33, -27},   {AUR_VOICE_TICK, 60, -46, -34},
        {AUR_VOICE_GRAIN, 60, -33, -27}, {AUR_VOICE_MODULAR, 57, -33, -27}, {AUR_VOICE_WAVE, 60, -33, -27},
    };
    static struct rig rig;
    bool bad = false;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_init(&rig, RATE);
        const enum aur_voice voice = cases[i].voice;
        const bool rings = voice == AUR_VOICE_BELL || voice == AUR_VOICE_PLUCK || voice == AUR_VOICE_TICK;
        uint16_t patch = rig_patch(&rig, "it", voice);
        for (int k = 0; k < (rings ? 20 : 1); k++)
            rig_note(&rig, patch, 0.5 * k, rings ? 0.4 : 12, cases[i].pitch, 0.6);
        struct audio a = rig_render(&rig, false, 10), steady = audio_slice(&a, 4 * RATE, 6 * RATE);
        struct audio_levels levels;
        audio_measure(&levels, &steady);
        printf("%s, note %g: %.1f LUFS\n", aur_voices[voice].name, cases[i].pitch, levels.loudness_lufs);
        if (levels.loudness_lufs < cases[i].low || levels.loudness_lufs > cases[i].high)
            print_error("%s, note %g: %g LUFS\n", aur_voices[voice].name, cases[i].pitch, levels.loudness_lufs),
                bad = true;
        assert_true(fabs(levels.dc[0]) < 1e-4 && fabs(levels.dc[1]) < 1e-4);
        tone_free(&a);
    }
    assert_false(bad);
}

static void ringing_decays_as_asked(void **state)
{
    (void)state;
    static const enum aur_voice voices[] = {AUR_VOICE_BELL, AUR_VOICE_PLUCK};
    static struct rig rig;
    for (int v = 0; v < 2; v++) {
        static const struct setting plain[] = {{"decay", 2}, {NULL, 0}};
        uint16_t patch = patch_with(&rig, RATE, voices[v], plain);
        rig_set(&rig, patch, voices[v] == AUR_VOICE_BELL ? "index" : "tone", 0);
        rig_note(&rig, patch, 0.1, 10, 60, 0.6);
        struct audio a = rig_render(&rig, false, 8), tail = audio_slice(&a, RATE / 5, 6 * RATE);
        double t60 = audio_t60_s(&tail);
        if (!(fabs(t60 - 2) < 0.1))
            fail_msg("%s: falls by 60 dB in %g s", aur_voices[voices[v]].name, t60);
        struct audio end = audio_slice(&a, 5 * RATE, RATE);
        struct audio_levels levels;
        audio_measure(&levels, &end);
        assert_true(levels.peak < 1e-7);
        tone_free(&a);
    }
}

static void pluck_grows_darker(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init(&rig, RATE);
    rig_note(&rig, rig_patch(&rig, "it", AUR_VOICE_PLUCK), 0, 6, 48, 0.6);
    struct audio a = rig_render(&rig, false, 4),
                 parts[2] = {audio_slice(&a, 2000, RATE / 2), audio_slice(&a, 2 * RATE, RATE)};
    double bright[2];
    for (int i = 0; i < 2; i++)
        bright[i] = audio_band_db(&parts[i], 800, 8000) - audio_band_db(&parts[i], 50, 400);
    assert_true(bright[1] < bright[0] - 12);
    tone_free(&a);
}

/* Every new voice, with overlapping notes, notes cut short and shortest envelopes: with no onset excused but for those
 * that are meant to be heard. */
static void nothing_clicks(void **state)
{
    (void)state;
    static const enum aur_voice voices[] = {AUR_VOICE_BASS, AUR_VOICE_GRAIN, AUR_VOICE_MODULAR, AUR_VOICE_WAVE};
    static struct rig rig;
    for (size_t v = 0; v < sizeof voices / sizeof *voices; v++) {
        rig_init(&rig, RATE);
        uint16_t patch = rig_patch(&rig, "it", voices[v]);
        for (int i = 0; i < 30; i++)
            rig_note(&rig, patch, 0.1 + 0.17 * i, i % 3 ? 0.5 : 0.05, 45 + (i * 7) % 24, 0.4);
        struct audio a = rig_render(&rig, false, 8);
        size_t at[4] = {0}, n = audio_clicks(at, 4, &a, NULL, 0);
        if (n)
            fail_msg("%s: %zu clicks, first at %.3f s", aur_voices[voices[v]].name, n, (double)at[0] / RATE);
        size_t places, found = audio_click_check(&places, &a, NULL, 0, 20, 0.03f);
        assert_true(places > 5 && found * 10 >= places * 8);
        tone_free(&a);
    }
}

/* All extremes of all parameters at once, low and high: what comes out is finite, and ends. */
static void extremes_are_finite(void **state)
{
    (void)state;
    static struct rig rig;
    for (int voice = 0; voice < AUR_VOICES; voice++)
        for (int high = 0; high < 2; high++) {
            rig_init(&rig, RATE);
            uint16_t patch = rig_patch(&rig, "it", (enum aur_voice)voice);
            for (size_t i = AUR_COMMON_PARAMS; i < aur_voices[voice].n_params; i++)
                rig.patches[patch].params[i] = high ? aur_voices[voice].params[i].max : aur_voices[voice].params[i].min;
            for (int i = 0; i < 12; i++)
                rig_note(&rig, patch, 0.1 * i, 0.3, i * 11.5, 1);
            struct audio a = rig_render(&rig, false, 3);
            struct audio_levels levels;
            audio_measure(&levels, &a);
            if (!levels.finite || levels.peak > 1)
                fail_msg("%s: peak %g", aur_voices[voice].name, levels.peak);
            tone_free(&a);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pitch_is_true),
        cmocka_unit_test(grains_have_the_pitch),
        cmocka_unit_test(oscillators_do_not_alias),
        cmocka_unit_test(voices_are_about_as_loud),
        cmocka_unit_test(ringing_decays_as_asked),
        cmocka_unit_test(pluck_grows_darker),
        cmocka_unit_test(nothing_clicks),
        cmocka_unit_test(extremes_are_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
