/* How clean an oscillator is: energy away from the harmonics against all energy, in dB, of a steady note.
 *
 *     aliases HZ            the engine's voices and, to compare, a saw with the two-point polyBLEP of bench/workload.md
 *     aliases HZ FILE.wav   what a file holds from its second second on
 *
 * Each voice plays one oscillator with its filter open as far as it goes; a voice whose sound is not harmonic is left out. */
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/analysis.h"
#include "support/pads.h"

#define SECONDS 4
#define FRAMES  ((size_t)SECONDS * PADS_RATE)

/* Steady, plain, open; a voice ignores what it does not have. */
static const struct {
    const char *name;
    float value;
} steady[] = {{"attack", 0.05f}, {"sustain", 1},    {"detune", 0},        {"sub", 0},
              {"width", 0},      {"cutoff", 16000}, {"resonance", 0.7f},  {"keytrack", 0},
              {"sweep", 0},      {"lfo_depth", 0},  {"vibrato_depth", 0}, {"tone", 1}};

static const char *const voices[] = {"pad", "lead", "bass"};

static double pitch_of(double hz)
{
    return 69 + 12 * log2(hz / 440);
}

static void measure(const char *name, const float *interleaved, size_t frames, double hz)
{
    struct audio all = {interleaved, frames, PADS_RATE}, later = audio_slice(&all, PADS_RATE, frames - PADS_RATE);
    printf("{\"oscillator\": \"%s\", \"hz\": %.1f, \"db\": %.1f}\n", name, hz, audio_off_harmonics_db(&later, hz));
}

static void measure_voice(const char *name, double hz)
{
    static struct aur_patch patch;
    static float out[2 * FRAMES];
    int voice = aur_voice_find(name);
    if (voice < 0)
        return;
    aur_patch_default(&patch, "tone", (enum aur_voice)voice);
    for (size_t i = 0; i < sizeof steady / sizeof *steady; i++) {
        int param = aur_param_find(&aur_voices[voice], steady[i].name);
        if (param >= 0)
            patch.params[param] = fminf(steady[i].value, aur_voices[voice].params[param].max);
    }
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
    measure(name, out, FRAMES, 440 * exp2(((double)note.pitch_q16 / AUR_Q16_ONE - 69) / 12));
    aur_synth_free(synth);
    aur_phrase_free(phrase);
}

/* Two-point polyBLEP. */
static void measure_blep(double hz)
{
    static float out[2 * FRAMES];
    double step = hz / PADS_RATE, p = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        double x = 2 * p - 1, before = (p - 1) / step, after = p / step;
        if (after < 1)
            x -= after + after - after * after - 1;
        else if (before > -1)
            x -= before * before + before + before + 1;
        out[2 * i] = out[2 * i + 1] = (float)(0.3 * x);
        p += step;
        p -= floor(p);
    }
    measure("polyBLEP", out, FRAMES, hz);
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
    for (size_t i = 0; i < sizeof voices / sizeof *voices; i++)
        measure_voice(voices[i], hz);
    measure_blep(hz);
    return 0;
}
