/* Workload A of bench/workload.md for the engine: many pads at once through the public synth. */
#ifndef AUR_BENCH_PADS_H
#define AUR_BENCH_PADS_H

#include "synth/synth.h"

#define PADS_RATE 44100
#define PADS_MAX  1024 /* voices of one synth */

/* The workload's pad. */
void pads_patch(struct aur_patch *out);
/* The patch of this name that a piece declares, e.g. the pad that scripts/ambient.lua plays. Exits if there is none. */
void pads_patch_of(struct aur_patch *out, const char *script, const char *name);

/* `voices` notes from frame 0 on, released after 55/60 of `seconds`; free with aur_phrase_free. Exits without memory. */
struct aur_phrase *pads_phrase(const struct aur_patch *patch, int voices, double seconds);

/* A synth that plays the phrase; NULL for silence. Effects or not. Exits with a message where it cannot be. */
struct aur_synth *pads_synth(const struct aur_phrase *phrase, enum aur_isa isa, bool effects);

/* The instruction set of this name; exits with what there is. */
enum aur_isa pads_isa(const char *name);

_Noreturn void pads_quit(const char *what);

#endif
