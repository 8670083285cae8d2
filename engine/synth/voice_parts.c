/* What starts of voices have in common. Render thread; doubles through base/real.h, rounded once to what a lane holds, so a
 * note sounds the same everywhere. */
#include "synth/voice_parts.h"

#include <math.h>

#include "base/hash.h"
#include "base/real.h"

#define PI 3.14159265358979323846

/* Gains that make a note of velocity 0.6 at level 0 dB of every voice about equally loud. */
static const double voice_gain[AUR_VOICES] = {
    [AUR_VOICE_PAD] = 0.3,    [AUR_VOICE_LEAD] = 0.13,   [AUR_VOICE_KICK] = 0.4,   [AUR_VOICE_SWELL] = 0.11,
    [AUR_VOICE_BELL] = 0.12,  [AUR_VOICE_BASS] = 0.2,    [AUR_VOICE_PLUCK] = 0.16, [AUR_VOICE_TICK] = 0.17,
    [AUR_VOICE_GRAIN] = 0.15, [AUR_VOICE_MODULAR] = 0.2, [AUR_VOICE_WAVE] = 0.15,
};

double aur_voice_draw(const struct aur_voice_note *n, uint64_t counter)
{
    return aur_rand_unit(n->key, counter);
}

uint32_t aur_voice_increment(double cycles)
{
    return (uint32_t)(cycles * AUR_CYCLE + 0.5);
}

double aur_voice_db_60(double blocks) /* factor a block that falls by 60 dB in so many */
{
    return aur_exp2(-9.965784284662087 / blocks);
}

double aur_voice_at_least(double x, double low)
{
    return x > low ? x : low;
}

void aur_voice_envelope(struct aur_group *g, int i, const struct aur_voice_note *n, double held)
{
    const struct aur_plan *p = n->plan;
    double attack = aur_voice_at_least((double)p->attack * n->blocks, 1);
    g->t[i] = 0;
    g->attack[i] = (float)attack;
    g->inv_attack[i] = (float)(1 / attack);
    g->inv_decay[i] = (float)(1 / aur_voice_at_least((double)p->decay * n->blocks, 1));
    g->sustain[i] = p->sustain;
    g->off[i] = (float)held;
    g->inv_release[i] = (float)(1 / aur_voice_at_least((double)p->release * n->blocks, 1));
    g->fade[i] = 1;
    g->fade_step[i] = 0;
    g->fall[i] = 1;
    g->fall_mul[i] = 1;
    g->gl[i] = g->gr[i] = 0;
}

/* Equal power from left to right; the louder a note, the more by half than in proportion. The filter
 * doubles, hence a half. */
void aur_voice_gain(struct aur_group *g, int i, const struct aur_voice_note *n, double pan, double scale)
{
    double both = 0.5 * n->velocity * sqrt(n->velocity) * scale * voice_gain[n->plan->voice];
    pan += (double)n->plan->pan;
    pan = pan < -1 ? -1 : pan > 1 ? 1 : pan;
    double angle = (pan + 1) * (PI / 4);
    g->pl[i] = (float)(aur_cos(angle) * both);
    g->pr[i] = (float)(aur_sin(angle) * both);
}

/* Cutoff in octaves relative to rate / pi; harder notes are a little brighter. */
void aur_voice_filter(struct aur_group *g, int i, const struct aur_voice_note *n, double cutoff, double q)
{
    const struct aur_plan *p = n->plan;
    double cut =
        aur_log2(PI * cutoff / n->rate) + (double)p->keytrack * (n->pitch - 60) / 12 + 0.8 * (n->velocity - 0.6);
    g->cut[i] = (float)cut;
    g->lfo_depth[i] = p->lfo_depth;
    g->sweep[i] = 0;
    g->damp[i] = (float)(1 / q);
    double top = cut > 0.485 ? 0.485 : cut, tan_x = aur_tan(aur_exp2(top)), a1 = 1 / (1 + tan_x * (tan_x + 1 / q));
    g->a1[i] = (float)(2 * a1 - 1);
    g->a2[i] = (float)(2 * tan_x * a1);
    g->a3[i] = (float)(2 * tan_x * tan_x * a1);
    g->z1l[i] = g->z2l[i] = g->z1r[i] = g->z2r[i] = 0;
}

void aur_voice_lfo(struct aur_group *g, int i, const struct aur_voice_note *n, double hz)
{
    g->lfo[i] = aur_voice_increment(aur_voice_draw(n, 2));
    g->lfo_inc[i] = aur_voice_increment(hz / n->blocks);
}

double aur_voice_released(const struct aur_voice_note *n, double held)
{
    return held + aur_voice_at_least((double)n->plan->release * n->blocks, 1) + 1;
}

double aur_voice_ring(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double decay)
{
    double release = aur_voice_at_least((double)n->plan->release * n->blocks, 1), most = 1.3 * decay;
    double off = held < most ? held : most, close = 0.3 * decay;
    aur_voice_envelope(g, i, n, off);
    g->sustain[i] = 1;
    g->fall_mul[i] = (float)aur_voice_db_60(decay);
    if (off < most)
        close = release;
    g->inv_release[i] = (float)(1 / aur_voice_at_least(close, 1));
    return off + aur_voice_at_least(close, 1) + 1;
}

double aur_voice_partials(double hz, double rate)
{
    double fit = (rate - 18000) / hz; /* the partial that folds to 18 kHz */
    return fit < 1 ? 0 : aur_exp2(-14.95 / (fit - 1 > 0.5 ? fit - 1 : 0.5));
}
