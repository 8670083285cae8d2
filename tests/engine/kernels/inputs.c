/* See inputs.h. */
#include "inputs.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"

uint64_t inputs_seed;
static uint64_t draws;

double inputs_unit(void)
{
    return aur_rand_unit(inputs_seed, draws++);
}

float inputs_between(double low, double high)
{
    return (float)(low + (high - low) * inputs_unit());
}

float inputs_awkward(double low, double high)
{
    static const float odd[] = {0.0f, -0.0f, 1e-40f, -3e-42f, 1e-30f, -1e-25f, 1e15f, -3e12f, 1.0f};
    return inputs_unit() < 0.25 ? odd[(size_t)(inputs_unit() * 9)] : inputs_between(low, high);
}

void inputs_fill(float *x, size_t n, double low, double high, enum input input)
{
    for (size_t i = 0; i < n; i++)
        x[i] = input == AWKWARD ? inputs_awkward(low, high) : inputs_between(low, high);
}

void inputs_bits(uint32_t x[AUR_LANES])
{
    for (int i = 0; i < AUR_LANES; i++)
        x[i] = (uint32_t)aur_rand_at(inputs_seed, draws++);
}

static void random_filter(struct aur_group *g, enum input input)
{
    inputs_fill(g->cut, 16, -12, 1, ORDINARY);
    inputs_fill(g->lfo_depth, 16, 0, 3, ORDINARY);
    inputs_fill(g->sweep, 16, -4, 4, ORDINARY);
    inputs_fill(g->damp, 16, 0.05, 2, ORDINARY);
    inputs_fill(g->a1, 16, 0, 1, ORDINARY);
    inputs_fill(g->a2, 16, 0, 0.5, ORDINARY);
    inputs_fill(g->a3, 16, 0, 0.9, ORDINARY);
    inputs_fill(g->z1l, 16, -1, 1, input);
    inputs_fill(g->z2l, 16, -1, 1, input);
    inputs_fill(g->z1r, 16, -1, 1, input);
    inputs_fill(g->z2r, 16, -1, 1, input);
    inputs_fill(g->y1l, 16, -1, 1, input);
    inputs_fill(g->y2r, 16, -1, 1, input);
}

static void random_envelope(struct aur_group *g, enum input input)
{
    for (int i = 0; i < AUR_LANES; i++) {
        g->t[i] = floorf(inputs_between(0, 100));
        g->off[i] = floorf(inputs_between(0, 200));
        g->fade_step[i] = inputs_unit() < 0.3 ? 0.25f : 0.0f;
        g->fade[i] = 1;
    }
    inputs_fill(g->attack, 16, 1, 50, ORDINARY);
    inputs_fill(g->inv_attack, 16, 0.02, 1, ORDINARY);
    inputs_fill(g->inv_decay, 16, 0.001, 1, ORDINARY);
    inputs_fill(g->sustain, 16, 0, 1, ORDINARY);
    inputs_fill(g->inv_release, 16, 0.001, 1, ORDINARY);
    inputs_fill(g->fall, 16, 0, 1, input == AWKWARD ? ORDINARY : input);
    inputs_fill(g->fall_mul, 16, 0.5, 1, ORDINARY);
    inputs_fill(g->pl, 16, -1, 1, input);
    inputs_fill(g->pr, 16, -1, 1, input);
    inputs_fill(g->gl, 16, -1, 1, input);
    inputs_fill(g->gr, 16, -1, 1, input);
}

/* Of voices that have lanes of their own. */
static void random_more(struct aur_group *g, enum input input)
{
    inputs_fill(g->fm_fall, 16, 0, 3e8, ORDINARY);
    inputs_fill(g->fm_stay, 16, 0, 3e8, ORDINARY);
    inputs_fill(g->fm_mul, 16, 0.5, 1, ORDINARY);
    inputs_fill(g->fm_most, 16, 0, 1e9, ORDINARY);
    inputs_fill(g->fm, 16, 0, 3e8, input == AWKWARD ? ORDINARY : input);
    inputs_fill(g->r, 16, 0, 0.97, ORDINARY);
    inputs_fill(g->r_fall, 16, 0, 0.97, input == AWKWARD ? ORDINARY : input);
    inputs_fill(g->r_mul, 16, 0.5, 1, ORDINARY);
    inputs_fill(g->r_most, 16, 0, 0.97, ORDINARY);
    inputs_fill((float *)(void *)&g->more, sizeof g->more / sizeof(float), 0, 1, input == AWKWARD ? ORDINARY : input);
    for (int i = 0; i < AUR_LANES; i++) {
        const uint32_t first = (uint32_t)(inputs_unit() * (AUR_WAVE_SHAPES - 1)), most = AUR_WAVE_SHAPES - 2 - first;
        g->more.wave.level[i] =
            first * AUR_WAVE_SHAPE_FLOATS + (uint32_t)(inputs_unit() * AUR_WAVE_LEVELS) * AUR_WAVE_STRIDE;
        g->more.wave.most[i] = floorf((float)(inputs_unit() * (most + 1)));
        g->more.wave.now[i] *= g->more.wave.most[i] + 1;
    }
}

static void random_pad(struct aur_group *g, enum input input)
{
    g->smooth = inputs_unit() < 0.5 ? 0xffff : 0;
    for (int i = 0; i < AUR_LANES; i++) {
        const float edge = inputs_between(1e6, 0x1p31), slope = 0x1p31f / edge;
        g->edge[i] = edge;
        g->e1[i] = slope * inputs_between(1, 2);
        g->e2[i] = -slope / edge * inputs_between(0, 1);
        g->e3[i] = g->smooth ? -slope / edge / edge * inputs_between(0, 2) : 0;
        g->e5[i] = g->smooth ? slope / edge / edge / edge / edge * inputs_between(0.3, 1) : 0;
    }
    inputs_fill(g->near, 16, 0, 1, input);
    inputs_fill(g->far, 16, 0, 1, input);
    g->wide = (uint32_t)aur_rand_at(inputs_seed, draws++) & 0xffff;
    if (inputs_unit() < 0.4)
        g->wide = 0;
    for (int i = 0; i < AUR_LANES; i++) {
        g->near[i] *= 0x1p-31f;
        g->far[i] = g->wide >> i & 1 ? g->far[i] * 0x1p-31f : g->near[i];
    }
    inputs_fill(g->sub, 16, 0, 1, input);
    inputs_fill(g->sub_step, 16, -0.1, 0.1, input);
    inputs_fill(g->sub_turn, 16, 0, 1, ORDINARY);
}

void inputs_group(struct aur_group *g, enum input input)
{
    memset(g, 0, sizeof *g);
    inputs_bits(g->p1);
    inputs_bits(g->p2);
    inputs_bits(g->p3);
    inputs_bits(g->i2);
    inputs_bits(g->i3);
    inputs_bits(g->lfo);
    inputs_bits(g->lfo_inc);
    for (int i = 0; i < AUR_LANES; i++) {
        g->i1[i] = (uint32_t)inputs_between(0, 1e9);
        g->base[i] = inputs_between(1e4, 3e9);
    }
    random_pad(g, input);
    inputs_fill(g->h1, 16, -1, 1, input);
    inputs_fill(g->h3, 16, -1, 1, input);
    inputs_fill(g->h5, 16, -1, 1, input);
    inputs_fill(g->h7, 16, -1, 1, input);
    inputs_fill(g->vib_depth, 16, 0, 0.1, ORDINARY);
    inputs_fill(g->vib_fade, 16, 0, 1, ORDINARY);
    inputs_fill(g->bend, 16, 0, 4, ORDINARY);
    inputs_fill(g->bend_mul, 16, 0, 1, ORDINARY);
    random_more(g, input);
    random_filter(g, input);
    random_envelope(g, input);
    static const uint32_t few[] = {0xf, 0xff, 0xffff}; /* voices in the first lanes may take another way */
    g->active = input == SPARSE ? (uint32_t)aur_rand_at(inputs_seed, draws++) & few[(int)(inputs_unit() * 3)] : 0xffff;
    for (int lane = 0; lane < AUR_LANES; lane++)
        if (!(g->active >> lane & 1))
            for (size_t field = 0; field < offsetof(struct aur_group, active) / (4 * AUR_LANES); field++)
                ((uint32_t *)(void *)g)[field * AUR_LANES + (size_t)lane] = 0;
}
