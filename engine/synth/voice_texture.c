/* Voices for textures: grain and wave. Render thread. */
#include <math.h>
#include <string.h>

#include "base/real.h"
#include "synth/voice_parts.h"
#include "synth/wavetable.h"

/* Grains begin a quarter of a length apart, as if they had been sounding. */
static void start_grains(struct aur_group *g, int i, const struct aur_voice_note *n, double length)
{
    struct aur_grains *x = &g->more.grains;
    for (int q = 0; q < AUR_GRAINS; q++) {
        double end = floor(length);
        x->end[q][i] = (float)end;
        x->inv_end[q][i] = (float)(1 / end);
        x->t[q][i] =
            q == 0 ? (float)end : (float)floor(end * (q + 0.3 * aur_voice_draw(n, 4 + (uint64_t)q)) / AUR_GRAINS);
        x->phase[q][i] = 0;
        x->inc[q][i] = aur_voice_increment(n->hz / n->rate < 0.45 ? n->hz / n->rate : 0.45);
        x->l[q][i] = x->r[q][i] = (float)sqrt(0.5);
        x->gl[q][i] = x->gr[q][i] = 0;
    }
}

double aur_voice_grain(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    struct aur_grains *x = &g->more.grains;
    double length = aur_voice_at_least((double)p->length * n->blocks, 16);
    aur_voice_envelope(g, i, n, held);
    aur_voice_gain(g, i, n, pan, 1);
    aur_voice_filter(g, i, n, (double)p->cutoff, (double)p->resonance);
    aur_voice_lfo(g, i, n, (double)p->lfo_rate);
    start_grains(g, i, n, length);
    g->base[i] = (float)(n->hz / n->rate * AUR_CYCLE);
    g->p1[i] = (uint32_t)n->key;
    x->seed[i] = (uint32_t)(n->key >> 32);
    x->length[i] = (float)length;
    x->spread[i] = p->spread / 1200;
    x->scatter[i] = p->scatter;
    x->width[i] = p->width;
    x->air[i] = p->air;
    return aur_voice_released(n, held);
}

double aur_voice_wave(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    struct aur_wave_lanes *x = &g->more.wave;
    const float last = (float)(p->table.shapes ? p->table.shapes : AUR_WAVE_SHAPES) - 1;
    double apart = aur_exp2((double)p->detune / 1200), high = n->hz * apart / n->rate;
    aur_voice_envelope(g, i, n, held);
    aur_voice_gain(g, i, n, pan, 1);
    aur_voice_filter(g, i, n, (double)p->cutoff, (double)p->resonance);
    g->lfo_depth[i] = 0;
    aur_voice_lfo(g, i, n, (double)p->lfo_rate);
    g->p1[i] = 0;
    g->p2[i] = aur_voice_increment(0.2 * aur_voice_draw(n, 0));
    g->i1[i] = aur_voice_increment(high < 0.49 ? high : 0.49);
    g->i2[i] = aur_voice_increment(n->hz / apart / n->rate < 0.49 ? n->hz / apart / n->rate : 0.49);
    x->level[i] = p->table.at + aur_wavetable_level(n->hz * apart, n->rate);
    x->most[i] = last - 1;
    x->place[i] = p->place * last;
    x->depth[i] = p->lfo_depth * last;
    x->now[i] = p->place * last;
    return aur_voice_released(n, held);
}
