/* Patches and effects as plain data: which voice, with which parameters.
 *
 * One table per voice and per effect gives every parameter's name, unit, range and default; validation, the synth, the
 * docs and the browser read it. The tables are immutable; any thread. */
#ifndef AUR_SCORE_PATCH_H
#define AUR_SCORE_PATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "score/table.h"

#define AUR_PARAMS_MAX      96
#define AUR_PATCHES_MAX     16
#define AUR_PATCH_NAME_SIZE 32

struct aur_param {
    const char *name;
    const char *unit; /* "s", "Hz", "dB", "semitones", "cents", "beats", "" for a ratio */
    float min, max, def;
    const char *about;
};

enum aur_voice {
    AUR_VOICE_PAD,
    AUR_VOICE_LEAD,
    AUR_VOICE_KICK,
    AUR_VOICE_SWELL,
    AUR_VOICE_BELL,
    AUR_VOICE_BASS,
    AUR_VOICE_PLUCK,
    AUR_VOICE_TICK,
    AUR_VOICE_GRAIN,
    AUR_VOICE_MODULAR,
    AUR_VOICE_WAVE,
    AUR_VOICES
};
enum aur_effect {
    AUR_EFFECT_REVERB,
    AUR_EFFECT_DELAY,
    AUR_EFFECT_MASTER,
    AUR_EFFECT_CHORUS,
    AUR_EFFECT_TILT,
    AUR_EFFECTS
};

struct aur_param_table {
    const char *name; /* "pad", "reverb" */
    const struct aur_param *params;
    size_t n_params; /* at most AUR_PARAMS_MAX */
};

extern const struct aur_param_table aur_voices[AUR_VOICES];
extern const struct aur_param_table aur_effects[AUR_EFFECTS];

/* The modular voice's parameters after the common ones, in the order of its table: six envelopes of attack, decay,
 * sustain, release, curve (1, 2, amount of LFO 1, 2, rate of LFO 1, 2); two LFOs of rate, bend, phase, sine, triangle,
 * saw, reverse, square; how the sources (envelope 1, 2, LFO 1, 2) move each of the destinations (pitch 1, level 1, pitch
 * 2, level 2, noise, cutoff); what is left. */
#define AUR_COMMON_PARAMS 5
enum {
    AUR_MODULAR_ENVELOPES = AUR_COMMON_PARAMS,
    AUR_MODULAR_LFOS = AUR_MODULAR_ENVELOPES + 6 * 5,
    AUR_MODULAR_MATRIX = AUR_MODULAR_LFOS + 2 * 8,
    AUR_MODULAR_TUNE_1 = AUR_MODULAR_MATRIX + 6 * 4,
    AUR_MODULAR_PHASE_1,
    AUR_MODULAR_LEVEL_1,
    AUR_MODULAR_TUNE_2,
    AUR_MODULAR_PHASE_2,
    AUR_MODULAR_LEVEL_2,
    AUR_MODULAR_SHAPE,
    AUR_MODULAR_NOISE,
    AUR_MODULAR_CUTOFF,
    AUR_MODULAR_RESONANCE,
    AUR_MODULAR_KEYTRACK,
    AUR_MODULAR_PARAMS
};

struct aur_patch {
    char name[AUR_PATCH_NAME_SIZE]; /* the script's name for it: [a-z0-9_]+ */
    enum aur_voice voice;
    float params[AUR_PARAMS_MAX]; /* by index into aur_voices[voice].params */
    struct aur_table table;       /* of the wave voice */
};

struct aur_effect_settings {
    float params[AUR_EFFECTS][AUR_PARAMS_MAX];
};

/* Defaults of every parameter. */
void aur_patch_default(struct aur_patch *out, const char *name, enum aur_voice voice);
void aur_effect_default(struct aur_effect_settings *out);

/* Index by name, or -1. */
int aur_voice_find(const char *name);
int aur_effect_find(const char *name);
int aur_param_find(const struct aur_param_table *table, const char *name);

/* Sets a parameter after checking its range; NaN is refused. AUR_EINVAL names field ("pad.attack"), value and range. */
AUR_MUST_USE int aur_param_set(float *params, const struct aur_param_table *table, const char *name, double value,
                               struct aur_error *err);

#endif
