/* A value that reaches its target in a line, one step a block. The struct is the caller's. [render] */
#ifndef AUR_SYNTH_GLIDE_H
#define AUR_SYNTH_GLIDE_H

#include <stdbool.h>
#include <stdint.h>

struct aur_glide {
    float now, target, step;
    uint32_t left; /* blocks */
};

static inline void aur_glide_set(struct aur_glide *g, float value)
{
    g->now = g->target = value;
    g->step = 0;
    g->left = 0;
}

/* Towards value in `blocks` blocks; at once if 0. A target that is already being reached changes nothing. */
static inline void aur_glide_to(struct aur_glide *g, float value, uint32_t blocks)
{
    if (blocks == 0)
        aur_glide_set(g, value);
    if (value == g->target)
        return;
    g->target = value;
    g->step = (value - g->now) / (float)blocks;
    g->left = blocks;
}

/* The next block's value; true if it moved. */
static inline bool aur_glide_next(struct aur_glide *g)
{
    if (g->left == 0)
        return false;
    g->now = --g->left == 0 ? g->target : g->now + g->step;
    return true;
}

#endif
