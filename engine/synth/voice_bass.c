/* Bass. Render thread. */
#include <math.h>

#include "base/real.h"
#include "synth/voice_parts.h"

double aur_voice_bass(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    double apart = aur_exp2((double)p->detune / 1200), most = aur_voice_partials(n->hz * apart, n->rate);
    double r = (double)p->tone < most ? (double)p->tone : most;
    aur_voice_envelope(g, i, n, held);
    aur_voice_gain(g, i, n, pan, 1);
    aur_voice_filter(g, i, n, (double)p->cutoff * aur_exp2((double)p->sweep), (double)p->resonance);
    g->cut[i] -= p->sweep;
    g->bend[i] = p->sweep;
    g->bend_mul[i] = (float)aur_voice_db_60(aur_voice_at_least((double)p->sweep_time * n->blocks, 1));
    g->p1[i] = g->p3[i] = 0;
    g->p2[i] = aur_voice_increment(0.25 * aur_voice_draw(n, 0));
    g->i1[i] = aur_voice_increment(n->hz * apart / n->rate);
    g->i2[i] = aur_voice_increment(n->hz / apart / n->rate);
    g->i3[i] = aur_voice_increment(n->hz / 2 / n->rate);
    g->r[i] = (float)r;
    g->near[i] = (float)(0.5 * sqrt(1 - r * r));
    g->sub[i] = p->sub;
    return aur_voice_released(n, held);
}
