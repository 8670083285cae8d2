/* How clean an oscillator is: energy away from the harmonics against all energy, in dB, of a steady note.
 *
 *     aliases HZ            the engine's oscillators and, to compare, saws with a two-point polyBLEP
 *     aliases HZ FILE.wav   what a file holds from its second second on
 *
 * Each voice plays one oscillator with its filter open as far as it goes; voices whose sound is not harmonic (noise,
 * grains, kicks) are left out. */
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/analysis.h"
#include "support/pads.h"

#define SECONDS 4
#define FRAMES  ((size_t)SECONDS * PADS_RATE)

struct setting {
    const char *name;
    float value;
};

/* Steady, plain, open; a voice ignores what it does not have. */
static const struct setting steady[] = {
    {"attack", 0.05f},     {"sustain", 1},        {"detune", 0},         {"sub", 0},
    {"width", 0},          {"cutoff", 16000},     {"resonance", 0.7f},   {"keytrack", 0},
    {"sweep", 0},          {"lfo_depth", 0},      {"vibrato_depth", 0},  {"tone", 1},
    {"damping", 30},       {"decay", 30},         {"index", 10},         {"index_decay", 30},
    {"tail", 1},           {"ratio", 2},          {"noise", 0},          {"tune2", 0},
    {"env1_decay", 0},     {"env1_sustain", 1},   {"env2_sustain", 1},   {"env2_to_level2", 0},
    {"lfo1_to_pitch1", 0}, {"lfo1_to_pitch2", 0}, {"lfo2_to_pitch2", 0}, {"lfo2_to_level2", 0},
    {"env1_to_cutoff", 0}, {"env2_to_cutoff", 0}, {"lfo2_to_cutoff", 0},
};

static const struct {
    const char *name, *voice;
    struct setting own[3]; /* up to one without a name */
} oscillators[] = {
    {"pad", "pad", {{0}}},
    {"lead", "lead", {{0}}},
    {"bass", "bass", {{0}}},
    {"pluck", "pluck", {{0}}},
    {"bell", "bell", {{0}}},
    {"modular sine", "modular", {{"level1", 1}, {"level2", 0}}},
    {"modular saw", "modular", {{"level1", 0}, {"level2", 1}, {"shape", 0}}},
    {"modular square", "modular", {{"level1", 0}, {"level2", 1}, {"shape", 1}}},
    {"wave triangle", "wave", {{"place", 0.25f}}},
    {"wave organ", "wave", {{"place", 0.5f}}},
    {"wave choir", "wave", {{"place", 0.75f}}},
    {"wave reed", "wave", {{"place", 1}}},
};

static double pitch_of(double hz)
{
    return 69 + 12 * log2(hz / 440);
}

static void measure(const char *name, const float *interleaved, size_t frames, double hz)
{
    struct audio all = {interleaved, frames, PADS_RATE}, later = audio_slice(&all, PADS_RATE, frames - PADS_RATE);
    printf("{\"oscillator\": \"%s\", \"hz\": %.1f, \"db\": %.1f}\n", name, hz, audio_off_harmonics_db(&later, hz));
}

static void set(struct aur_patch *patch, const struct setting *settings, size_t n)
{
    const struct aur_param_table *table = &aur_voices[patch->voice];
    for (size_t i = 0; i < n && settings[i].name; i++) {
        int param = aur_param_find(table, settings[i].name);
        if (param >= 0)
            patch->params[param] = fminf(settings[i].value, table->params[param].max);
    }
}

static void measure_voice(size_t oscillator, double hz)
{
    static struct aur_patch patch;
    static float out[2 * FRAMES];
    aur_patch_default(&patch, "tone", (enum aur_voice)aur_voice_find(oscillators[oscillator].voice));
    set(&patch, steady, sizeof steady / sizeof *steady);
    set(&patch, oscillators[oscillator].own, 3);
    struct aur_note note = {.off_frame = FRAMES / 64 * 64,
                            .pitch_q16 = (int32_t)lround(pitch_of(hz) * AUR_Q16_ONE),
                            .velocity_q16 = (int32_t)(0.6 * AUR_Q16_ONE)};
    struct aur_phrase head = {.rate_hz = PADS_RATE,
                              .length_frames = FRAMES / 64 * 64,
                              .bars = 1,
                              .meter = {4, 4},
                              .n_patches = 1,
                              .n_notes = 1};
    aur_controls_default(&head.controls, NULL);
    aur_effect_default(&head.effects);
    struct aur_phrase *phrase;
    if (aur_phrase_new(&phrase, &head, &patch, &note, NULL))
        pads_quit("no memory for a note");
    struct aur_synth *synth = pads_synth(phrase, aur_isa_best(), false);
    aur_synth_render(synth, out, FRAMES);
    measure(oscillators[oscillator].name, out, FRAMES, 440 * exp2(((double)note.pitch_q16 / AUR_Q16_ONE - 69) / 12));
    aur_synth_free(synth);
    aur_phrase_free(phrase);
}

/* Two-point polyBLEP over so many frames to each side of the step. */
static void measure_blep(const char *name, double hz, double frames)
{
    static float out[2 * FRAMES];
    double step = hz / PADS_RATE, wide = fmin(step * frames, 0.5), p = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        double x = 2 * p - 1, before = (p - 1) / wide, after = p / wide;
        if (after < 1)
            x -= after + after - after * after - 1;
        else if (before > -1)
            x -= before * before + before + before + 1;
        out[2 * i] = out[2 * i + 1] = (float)(0.3 * x);
        p += step;
        p -= floor(p);
    }
    measure(name, out, FRAMES, hz);
}

static void measure_file(const char *path, double hz)
{
    static float out[2 * FRAMES];
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    if (!file || info.channels != 2)
        pads_quit("no stereo file");
    sf_count_t frames = sf_readf_float(file, out, (sf_count_t)FRAMES);
    sf_close(file);
    if (frames < 3 * PADS_RATE)
        pads_quit("the file is too short");
    measure("file", out, (size_t)frames, hz);
}

int main(int argc, char **argv)
{
    double hz = argc > 1 ? atof(argv[1]) : 0;
    if (hz <= 0 || argc > 3)
        pads_quit("usage: aliases HZ [FILE.wav]");
    if (argc == 3) {
        measure_file(argv[2], hz);
        return 0;
    }
    for (size_t i = 0; i < sizeof oscillators / sizeof *oscillators; i++)
        measure_voice(i, hz);
    measure_blep("polyBLEP", hz, 1);
    measure_blep("polyBLEP, as wide as a low pad's", hz, 2 * (1 + hz / 3000));
    return 0;
}
