/* Voices that ring: bell, pluck, tick. Render thread. */
#include <math.h>

#include "base/real.h"
#include "synth/voice_parts.h"

#define PI      3.14159265358979323846
#define RADIANS (268435456 / (2 * PI)) /* in 2^-28 cycles */

/* High notes ring shorter, by half an octave's worth at most: strings and bars do. */
static double decay_blocks(const struct aur_voice_note *n)
{
    double octaves = (n->pitch - 60) / 12;
    return aur_voice_at_least((double)n->plan->decay * n->blocks * aur_exp2(-(double)n->plan->keytrack * octaves), 8);
}

/* Radians of modulation at which the first pair of sidebands that would fold back, the n-th with Bessel's J_n below
 * 2e-4, is too weak to be heard; x is how many fit below half the rate. */
static double most_index(double x)
{
    static const double table[] = {0, 0, 0.04, 0.21, 0.53, 0.97, 1.5, 2.1, 2.7, 3.4, 4.1, 4.8, 5.6, 6.3, 7.1, 7.9, 8.7};
    const int last = sizeof table / sizeof *table - 1;
    x = x < 0 ? 0 : x;
    if (x >= last)
        return table[last] + 0.8 * (x - last);
    int low = (int)x;
    return table[low] + (x - low) * (table[low + 1] - table[low]);
}

double aur_voice_bell(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    double apart = aur_exp2((double)p->detune / 1200), beside = n->hz * (double)p->ratio;
    double room = most_index((0.48 * n->rate - n->hz * apart) / beside - 0.5), strike = 0.5 + 0.85 * n->velocity;
    double index = (double)p->index * strike, depth;
    index = index < room ? index : room;
    depth = index * RADIANS;
    aur_voice_gain(g, i, n, pan, 2);
    g->i1[i] = aur_voice_increment(n->hz * apart / n->rate);
    g->i3[i] = aur_voice_increment(n->hz / apart / n->rate);
    g->i2[i] = aur_voice_increment(beside / n->rate < 0.5 ? beside / n->rate : 0.5);
    g->p1[i] = g->p2[i] = g->p3[i] = 0;
    g->fm_fall[i] = (float)(depth * (1 - (double)p->tail));
    g->fm_stay[i] = (float)(depth * (double)p->tail);
    g->fm[i] = (float)depth;
    g->fm_most[i] = (float)((room < 40 ? room : 40) * RADIANS);
    g->fm_mul[i] = (float)aur_voice_db_60(aur_voice_at_least((double)p->index_decay * n->blocks, 1));
    return aur_voice_ring(g, i, n, held, decay_blocks(n));
}

/* Low strings have more partials below the same frequency. Loudness is made about equal for all tones: the sum of the squares is 1 / (1 - r^2). */
double aur_voice_pluck(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    double most = aur_voice_partials(n->hz, n->rate);
    double r = aur_pow((double)p->tone * (0.7 + 0.5 * n->velocity), aur_pow(n->hz / 261.6, 0.6));
    r = r < 0.97 ? r : 0.97;
    r = r < most ? r : most;
    double place = (double)p->position, wide = 0.4 * (double)p->width * place;
    double node = aur_sin(PI * place);
    aur_voice_gain(g, i, n, pan, 1.4 * sqrt(1 - 0.9 * r * r) / sqrt(node));
    g->p1[i] = 0x80000000u;
    g->i1[i] = aur_voice_increment(n->hz / n->rate);
    g->i2[i] = aur_voice_increment(place - wide);
    g->i3[i] = aur_voice_increment(place + wide);
    g->r[i] = g->r_fall[i] = (float)r;
    g->r_most[i] = (float)(most < 0.97 ? most : 0.97);
    double octaves = (n->pitch - 60) / 12;
    double damping = (double)p->damping * n->blocks * aur_exp2(-(double)p->keytrack * octaves);
    g->r_mul[i] = (float)aur_voice_db_60(aur_voice_at_least(damping, 1));
    return aur_voice_ring(g, i, n, held, decay_blocks(n));
}

/* Struck or shaken: rings out whatever the note's length. */
double aur_voice_tick(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    (void)held;
    const struct aur_plan *p = n->plan;
    double q = (double)p->resonance, band = PI / 4 * (double)p->cutoff / q / (n->rate / 2);
    double rms = sqrt((band < 1 ? band : 1) / 3), decay = (double)p->decay * n->blocks;
    double attack = (double)p->attack * n->blocks;
    aur_voice_gain(g, i, n, pan, 0.25 / rms / (q * q));
    aur_voice_filter(g, i, n, (double)p->cutoff, q);
    double blocks = aur_voice_ring(g, i, n, attack + 1.3 * decay, decay);
    aur_voice_lfo(g, i, n, 0);
    g->sweep[i] = p->sweep;
    g->y1l[i] = g->y2l[i] = g->y1r[i] = g->y2r[i] = 0;
    g->p1[i] = (uint32_t)n->key;
    return blocks;
}
