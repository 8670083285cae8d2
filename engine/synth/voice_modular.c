/* The modular voice: its table of parameters to lanes. Render thread. */
#include <math.h>

#include "base/real.h"
#include "synth/voice_parts.h"

static void start_envelope(struct aur_modular *x, int i, int q, const float *p, double blocks)
{
    double attack = aur_voice_at_least((double)p[0] * blocks, 1);
    x->attack[q][i] = (float)attack;
    x->inv_attack[q][i] = (float)(1 / attack);
    x->inv_decay[q][i] = (float)(1 / aur_voice_at_least((double)p[1] * blocks, 1));
    x->sustain[q][i] = p[2];
    x->inv_release[q][i] = (float)(1 / aur_voice_at_least((double)p[3] * blocks, 1));
    x->steep[q][i] = p[4] > 0 ? p[4] : 0;
    x->round[q][i] = p[4] < 0 ? -p[4] : 0;
}

/* The shape's shares add up to one; the reverse saw is a saw turned over. */
static void start_lfo(struct aur_modular *x, int i, int q, const float *p, double blocks)
{
    float sum = p[3] + p[4] + p[5] + p[6] + p[7], share = sum > 1 ? 1 / sum : 1;
    x->rate[q][i] = (float)((double)p[0] / blocks * AUR_CYCLE);
    x->bend[q][i] = p[1];
    x->phase[q][i] = aur_voice_increment((double)p[2] * 0.999999);
    x->sine[q][i] = p[3] * share;
    x->triangle[q][i] = p[4] * share;
    x->saw[q][i] = (p[5] - p[6]) * share;
    x->square[q][i] = p[7] * share;
}

/* Pitches in octaves; levels of the three sounds are part of what moves them. */
static void start_matrix(struct aur_modular *x, int i, const float *p)
{
    const float shape = p[AUR_MODULAR_SHAPE];
    const float scale[AUR_DESTINATIONS] = {1.0f / 12,
                                           p[AUR_MODULAR_LEVEL_1],
                                           1.0f / 12,
                                           p[AUR_MODULAR_LEVEL_2] * (1 - 0.35f * shape) * 0x1p-31f,
                                           p[AUR_MODULAR_NOISE] * 0x1p-31f,
                                           1};
    for (int to = 0; to < AUR_DESTINATIONS; to++)
        for (int from = 0; from < AUR_SOURCES; from++)
            x->matrix[to][from][i] = p[AUR_MODULAR_MATRIX + to * AUR_SOURCES + from] * scale[to];
}

static void start_oscillators(struct aur_group *g, int i, const struct aur_voice_note *n, const float *p)
{
    static const int tune[2] = {AUR_MODULAR_TUNE_1, AUR_MODULAR_TUNE_2};
    struct aur_modular *x = &g->more.modular;
    double hz_of_inc = n->rate / AUR_CYCLE, cycles[2];
    for (int q = 0; q < 2; q++) {
        cycles[q] = n->hz / n->rate * aur_exp2((double)p[tune[q]] / 12);
        cycles[q] = cycles[q] < 0.45 ? cycles[q] : 0.45;
        x->base[q][i] = (float)(cycles[q] * AUR_CYCLE);
    }
    g->i1[i] = aur_voice_increment(cycles[0]);
    g->i2[i] = aur_voice_increment(cycles[1]);
    g->p1[i] = aur_voice_increment((double)p[AUR_MODULAR_PHASE_1] * 0.999999);
    g->p2[i] = aur_voice_increment((double)p[AUR_MODULAR_PHASE_2] * 0.999999);
    g->p3[i] = (uint32_t)n->key;
    x->width[i] = (float)(hz_of_inc * AUR_SMOOTH_SAW_S);
    x->widen[i] = (float)(hz_of_inc * AUR_SMOOTH_SAW_S * hz_of_inc / AUR_SMOOTH_SAW_HZ);
    double hz = cycles[1] * n->rate, width = hz * AUR_SMOOTH_SAW_S * (1 + hz / AUR_SMOOTH_SAW_HZ);
    x->near_k[i] = (float)(1 / AUR_CYCLE / (width < 0.5 ? width : 0.5));
    x->amp[0][i] = x->amp[1][i] = x->amp[2][i] = 0;
    x->shape[i] = p[AUR_MODULAR_SHAPE];
}

/* The envelopes are the patch's own; the common one takes off what they leave when the longest of them has ended. */
double aur_voice_modular(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    const float *p = n->plan->params;
    struct aur_modular *x = &g->more.modular;
    double longest = 1;
    for (int q = 0; q < AUR_ENVELOPES; q++) {
        const float *envelope = p + AUR_MODULAR_ENVELOPES + 5 * q;
        start_envelope(x, i, q, envelope, n->blocks);
        if (q < 4)
            longest = aur_voice_at_least((double)envelope[3] * n->blocks, longest);
    }
    for (int q = 0; q < 2; q++)
        start_lfo(x, i, q, p + AUR_MODULAR_LFOS + 8 * q, n->blocks);
    start_matrix(x, i, p);
    start_oscillators(g, i, n, p);
    aur_voice_envelope(g, i, n, held);
    g->attack[i] = g->inv_attack[i] = g->inv_decay[i] = g->sustain[i] = 1;
    g->inv_release[i] = (float)(1 / (longest + 1));
    aur_voice_gain(g, i, n, pan, 1);
    aur_voice_filter(g, i, n, (double)p[AUR_MODULAR_CUTOFF], (double)p[AUR_MODULAR_RESONANCE]);
    return held + longest + 2;
}
