/* A patch as the synth uses it: parameters by name instead of by index. Pure; any thread. */
#ifndef AUR_SYNTH_PLAN_H
#define AUR_SYNTH_PLAN_H

#include "score/patch.h"

/* Parameters a voice does not have are 0. Units as in the tables of score/patch.c. */
struct aur_plan {
    enum aur_voice voice;
    const float *params; /* all of the patch's, which must live as long as the plan is used */
    struct aur_table table;
    float level, pan, reverb, delay, chorus;
    float attack, decay, sustain, release;
    float detune, sub, width;
    float cutoff, resonance, keytrack, sweep;
    float lfo_rate, lfo_depth;
    float tone, vibrato_rate, vibrato_depth, vibrato_delay, sweep_time;
    float ratio, index, index_decay, tail;
    float damping, position, length, spread, scatter, air, place;
};

void aur_plan_init(struct aur_plan *out, const struct aur_patch *patch);

/* A parameter of an effect by name; 0 if it has none of that name. */
float aur_plan_effect(const struct aur_effect_settings *settings, enum aur_effect effect, const char *name);

/* 10^(db / 20). */
float aur_plan_gain(float db);

#endif
