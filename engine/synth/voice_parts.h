/* What the starts of voices share, and the starts themselves: each sets what its kernel needs of a lane. [render]
 *
 * A start gets the blocks the note is held and its place from left to right, and returns the blocks until the voice has
 * fallen silent. */
#ifndef AUR_SYNTH_VOICE_PARTS_H
#define AUR_SYNTH_VOICE_PARTS_H

#include "kernels/kernels.h"
#include "synth/plan.h"

#define AUR_CYCLE 4294967296.0
#define AUR_FULL  2147483648.0 /* a saw of the kernels */

/* Half width of a smooth saw's rounded step in seconds, times 1 + frequency / AUR_SMOOTH_SAW_HZ. */
#define AUR_SMOOTH_SAW_S  (2.6 / 44100)
#define AUR_SMOOTH_SAW_HZ 5000

struct aur_voice_note {
    const struct aur_plan *plan;
    double rate, blocks; /* frames and blocks a second */
    double hz, pitch, velocity;
    uint64_t key; /* of this note's random draws */
};

typedef double aur_voice_start_fn(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan);

aur_voice_start_fn aur_voice_bell, aur_voice_bass, aur_voice_pluck, aur_voice_tick, aur_voice_grain, aur_voice_modular,
    aur_voice_wave;

/* In [0, 1), the same for the same note and counter. */
double aur_voice_draw(const struct aur_voice_note *n, uint64_t counter);
/* Cycles, at least 0 and less than 1, in 2^-32. */
uint32_t aur_voice_increment(double cycles);
/* Factor a block of what falls by 60 dB in so many. */
double aur_voice_db_60(double blocks);
double aur_voice_at_least(double x, double low);

/* ADSR of the plan. */
void aur_voice_envelope(struct aur_group *g, int i, const struct aur_voice_note *n, double held);
/* Attack, a fall by 60 dB in `decay` blocks, the plan's release; what is left at 1.3 times the decay is closed. Returns
 * what a start returns. */
double aur_voice_ring(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double decay);
/* Gains of both sides; kernels without a filter, which would double, have a scale twice as large. */
void aur_voice_gain(struct aur_group *g, int i, const struct aur_voice_note *n, double pan, double scale);
void aur_voice_filter(struct aur_group *g, int i, const struct aur_voice_note *n, double cutoff, double q);
void aur_voice_lfo(struct aur_group *g, int i, const struct aur_voice_note *n, double hz);
double aur_voice_released(const struct aur_voice_note *n, double held);
/* The largest r whose partials (each r times the one before) are 90 dB down where they would fold back into hearing. */
double aur_voice_partials(double hz, double rate);

#endif
