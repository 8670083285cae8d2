/* Single tones, measured. For tests of synth/. */
#ifndef AUR_TESTS_SYNTH_TONE_H
#define AUR_TESTS_SYNTH_TONE_H

#include "support/analysis.h"

/* Of what rig_render gave. */
void tone_free(struct audio *a);

double tone_pitch(double hz);
double tone_hz(double pitch);

/* The component at hz of a Hann-windowed stretch: amplitude and phase at its middle. Left channel. */
double tone_component(double *phase, const struct audio *a, double hz, size_t from, size_t frames);

/* How far the fundamental is from hz, in cents, from the phase it gains between two half seconds. */
double tone_cents_off(const struct audio *a, double hz, double from_s, double apart_s);

#endif
