/* A score that has something of every voice, for comparing and timing who renders it. Allocates; not on a render
 * thread. */
#ifndef AUR_SYNTH_SCORE_TEST_H
#define AUR_SYNTH_SCORE_TEST_H

#include "synth/synth.h"

struct aur_backend;

/* Renders it: the hash of its samples and the seconds it took. backend: NULL for the CPU alone. */
AUR_MUST_USE int aur_score_test(uint64_t *hash, double *seconds, struct aur_backend *backend, uint32_t rate_hz,
                                enum aur_isa isa, struct aur_error *err);

#endif
