/* A stereo delay line whose time can change without a click, and simple filters along time. [render] */
#ifndef AUR_SYNTH_LINE_H
#define AUR_SYNTH_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* One side's position behind the writing point; a change is a cross-fade over AUR_TAP_BLOCKS. */
#define AUR_TAP_BLOCKS 48

struct aur_tap {
    uint32_t now, next; /* frames, at least 64 when read before its block is written */
    uint32_t left;      /* blocks of the cross-fade still to come */
};

struct aur_line {
    float *l, *r;
    uint32_t frames; /* in use, a multiple of 64: twice the longest time so far, so that the cache holds it */
    uint32_t most;   /* of each side */
    uint32_t at;     /* where the next block is written */
    struct aur_tap tap[2];
};

/* Memory: 2 * frames floats, zero; frames is a multiple of 64. */
void aur_line_init(struct aur_line *line, float *memory, uint32_t frames);
/* Times of left and right, in frames, at most frames - 64; at once if asked for, else as soon as no fade is under way. A
 * time that is suddenly more than twice the longest so far finds silence where it goes back beyond that, and then what was written, softly. */
void aur_line_time(struct aur_line *line, uint32_t left, uint32_t right, int at_once);
/* The block that sounds now. Call once a block. */
void aur_line_read(struct aur_line *line, struct aur_stereo *out);
/* Both times are 0: what is read is what was written just before, and need not be. */
bool aur_line_at_once(const struct aur_line *line);
/* Writes this block and moves on. A tap of less than 64 frames needs writing first: aur_line_write, aur_line_read,
 * aur_line_next. */
void aur_line_write(struct aur_line *line, const struct aur_stereo *in);
void aur_line_next(struct aur_line *line);

/* Whether a block is not silent; mostly its last frame tells. */
static inline bool aur_line_fed(const struct aur_kernels *kernels, const struct aur_stereo *in)
{
    const float last = in->l[AUR_BLOCK - 1];
    return last > 0 || last < 0 || kernels->loudest(in) > 0;
}

/* One-pole filters for both sides. High keeps what low takes away. All return the largest |sample|, see loudest. */
struct aur_onepole {
    struct aur_pole pole;
    float y[2];
};

void aur_onepole_set(struct aur_onepole *f, double hz, double rate);
float aur_onepole_low(struct aur_onepole *f, const struct aur_kernels *kernels, struct aur_stereo *x);
float aur_onepole_high(struct aur_onepole *f, const struct aur_kernels *kernels, struct aur_stereo *x);
/* Two in a row. */
float aur_onepole_low_high(struct aur_onepole *low, struct aur_onepole *high, const struct aur_kernels *kernels,
                           struct aur_stereo *x);
float aur_onepole_high_twice(struct aur_onepole f[2], const struct aur_kernels *kernels, struct aur_stereo *x);

#endif
