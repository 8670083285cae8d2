/* Random input for the kernels, from one seed: ordinary values, awkward ones, groups with few voices. */
#ifndef AUR_TESTS_KERNELS_INPUTS_H
#define AUR_TESTS_KERNELS_INPUTS_H

#include "kernels/kernels.h"

enum input { ORDINARY, AWKWARD, SPARSE, INPUTS };

extern uint64_t inputs_seed; /* set it before the first draw */

double inputs_unit(void); /* in [0, 1) */
float inputs_between(double low, double high);
/* In the range or, one in four, something awkward: zeros of both signs, denormal, tiny, huge (with finite sums). */
float inputs_awkward(double low, double high);
void inputs_fill(float *x, size_t n, double low, double high, enum input input);
void inputs_bits(uint32_t x[AUR_LANES]);
void inputs_group(struct aur_group *g, enum input input);

#endif
