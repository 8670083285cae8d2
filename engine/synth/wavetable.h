/* The built-in wavetables: shapes whose partials are cut off an octave apart, so that no pitch folds back. */
#ifndef AUR_SYNTH_WAVETABLE_H
#define AUR_SYNTH_WAVETABLE_H

#include "kernels/kernels.h"

/* Fills AUR_WAVE_FLOATS; about a millisecond. The same bytes on every machine. */
void aur_wavetable_fill(float *tables);

/* The level with as many partials as a note has room for, as an offset into the tables. */
uint32_t aur_wavetable_level(double hz, double rate);

#endif
