/* A session's store of wavetables: the built-in shapes, and behind them those that users bring.
 *
 * It only grows: notes of a piece that was replaced ring on with its tables, so nothing is moved or freed before the
 * store. Floats of a table are written before its reference leaves aur_tables_add; whoever got the reference reads them
 * without a lock, render workers and devices too. A table is found by the hash of the cycles it was made of.
 *
 * The store must outlive every synth and backend that reads it. Memory that no table has used is not touched. */
#ifndef AUR_SYNTH_TABLES_H
#define AUR_SYNTH_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/kernels.h"
#include "score/table.h"

#define AUR_TABLES_SHAPES 256 /* that users can bring: 38 MB */
#define AUR_TABLES_FLOATS ((AUR_WAVE_SHAPES + AUR_TABLES_SHAPES) * AUR_WAVE_SHAPE_FLOATS)

/* Single cycles of one file, resampled. */
struct aur_cycles {
    const float *frames; /* AUR_WAVE_FRAMES of each */
    uint32_t n;          /* 1 to AUR_TABLE_CYCLES_MAX */
    uint32_t partials;   /* what lies above is no part of them; at least 1 */
};

struct aur_tables;

/* Not on a render worker. Errors: AUR_ENOMEM. The built-in shapes are not there yet: see aur_tables_builtin. */
AUR_MUST_USE int aur_tables_new(struct aur_tables **out, struct aur_error *err);
void aur_tables_free(struct aur_tables *tables);

/* Works out the built-in shapes, unless they are there. It takes a millisecond, which pieces without the wave voice need not
 * spend; so whoever hands on a patch or a keyframe that reads them asks for them. aur_tables_add does too. Any thread but
 * a render worker. */
void aur_tables_builtin(struct aur_tables *tables);
/* Whether they are there. [render] */
bool aur_tables_have_builtin(const struct aur_tables *tables);

/* Makes tables of these cycles, or finds those made of the same before: each cycle without DC, scaled to the power of a
 * sine of amplitude 1, as levels of 1, 2, 4, ... partials. The floats are the same on every machine for the same cycles.
 * `source` is the caller's key for what the cycles came from. A single cycle takes the room of two. Errors: AUR_EINVAL (a
 * cycle that is silent, or holds what is not a number), AUR_ELIMIT (full), AUR_ENOMEM. Any thread but a render worker. */
AUR_MUST_USE int aur_tables_add(struct aur_tables *tables, struct aur_table *out, uint64_t source,
                                const struct aur_cycles *cycles, struct aur_error *err);
/* The table made of what has this key, so that an unchanged file costs no second look. False: none. */
bool aur_tables_find_source(struct aur_tables *tables, struct aur_table *out, uint64_t source);
/* The table of this hash and the cycles it was made of, which stay the store's. False: none. */
bool aur_tables_find(struct aur_tables *tables, struct aur_table *out, struct aur_cycles *cycles, uint64_t hash);

/* AUR_TABLES_FLOATS, the built-in shapes first, which are silent until they are there. [render] */
const float *aur_tables_values(const struct aur_tables *tables);

#endif
