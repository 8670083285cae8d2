/* Turns parameters and a note into what the kernels work with. Render thread; doubles through base/real.h, rounded once
 * to what a lane holds, so a note sounds the same everywhere. */
#include "synth/voice.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/real.h"

#define PI           3.14159265358979323846
#define CYCLE        4294967296.0
#define NEVER_BLOCKS 1e7 /* a release that does not come: longer than any note */

/* Gains that make a note of velocity 0.6 at level 0 dB of every voice about equally loud. */
static const double voice_gain[AUR_VOICES] = {
    [AUR_VOICE_PAD] = 0.3,
    [AUR_VOICE_LEAD] = 0.13,
    [AUR_VOICE_KICK] = 0.4,
    [AUR_VOICE_SWELL] = 0.11,
};

struct note {
    const struct aur_plan *plan;
    double rate, blocks; /* frames and blocks a second */
    double hz, pitch, velocity;
    uint64_t key; /* of this note's random draws */
};

static double draw(const struct note *n, uint64_t counter)
{
    return aur_rand_unit(n->key, counter);
}

static uint32_t increment(double cycles)
{
    return (uint32_t)(cycles * CYCLE + 0.5);
}

static double db_60(double blocks) /* factor a block that falls by 60 dB in so many */
{
    return aur_exp2(-9.965784284662087 / blocks);
}

static double at_least(double x, double low)
{
    return x > low ? x : low;
}

static void start_envelope(struct aur_group *g, int i, const struct note *n, double held)
{
    const struct aur_plan *p = n->plan;
    double attack = at_least((double)p->attack * n->blocks, 1);
    g->t[i] = 0;
    g->attack[i] = (float)attack;
    g->inv_attack[i] = (float)(1 / attack);
    g->inv_decay[i] = (float)(1 / at_least((double)p->decay * n->blocks, 1));
    g->sustain[i] = p->sustain;
    g->off[i] = (float)held;
    g->inv_release[i] = (float)(1 / at_least((double)p->release * n->blocks, 1));
    g->fade[i] = 1;
    g->fade_step[i] = 0;
    g->fall[i] = 1;
    g->fall_mul[i] = 1;
    g->gl[i] = g->gr[i] = 0;
}

/* Equal power from left to right; the louder a note, the more by half than in proportion. The filter
 * doubles, hence a half. */
static void start_gain(struct aur_group *g, int i, const struct note *n, double pan, double scale)
{
    double both = 0.5 * n->velocity * sqrt(n->velocity) * scale * voice_gain[n->plan->voice];
    pan += (double)n->plan->pan;
    pan = pan < -1 ? -1 : pan > 1 ? 1 : pan;
    double angle = (pan + 1) * (PI / 4);
    g->pl[i] = (float)(aur_cos(angle) * both);
    g->pr[i] = (float)(aur_sin(angle) * both);
}

/* Cutoff in octaves relative to rate / pi; harder notes are a little brighter. */
static void start_filter(struct aur_group *g, int i, const struct note *n, double cutoff, double q)
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

static void start_lfo(struct aur_group *g, int i, const struct note *n, double hz)
{
    g->lfo[i] = increment(draw(n, 2));
    g->lfo_inc[i] = increment(hz / n->blocks);
}

static double released(const struct note *n, double held)
{
    return held + at_least((double)n->plan->release * n->blocks, 1) + 1;
}

/* The saw's step is rounded over 90 microseconds, a little more for high notes: what would fold back into hearing is
 * then as weak as the highest partials of the note itself. */
static void start_saw(float *k, float *c, uint32_t *inc, double hz, double rate)
{
    double half_width = hz * (2.0 / 44100) * (1 + hz / 3000);
    half_width = half_width > 0.5 ? 0.5 : half_width;
    *inc = increment(hz / rate);
    *k = (float)(0.5 / half_width / 2147483648.0);
    *c = (float)(1 - 0.5 / half_width);
}

static double start_pad(struct aur_group *g, int i, const struct note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    double apart = aur_exp2((double)p->detune / 1200), angle = (1 - (double)p->width) * (PI / 4);
    start_envelope(g, i, n, held);
    start_gain(g, i, n, pan, 1);
    start_filter(g, i, n, (double)p->cutoff, (double)p->resonance);
    start_lfo(g, i, n, (double)p->lfo_rate * (0.85 + 0.3 * draw(n, 3)));
    start_saw(&g->k1[i], &g->c1[i], &g->i1[i], n->hz * apart, n->rate);
    start_saw(&g->k2[i], &g->c2[i], &g->i2[i], n->hz / apart, n->rate);
    g->i3[i] = increment(n->hz / 2 / n->rate);
    g->p1[i] = increment(draw(n, 0));
    g->p2[i] = increment(draw(n, 1));
    g->p3[i] = 0;
    g->near[i] = (float)(0.5 * aur_cos(angle));
    g->far[i] = (float)(0.5 * aur_sin(angle));
    g->sub[i] = p->sub;
    return released(n, held);
}

static void start_tone(struct aur_group *g, int i, const struct note *n)
{
    g->base[i] = (float)(n->hz / n->rate * CYCLE);
    g->p1[i] = 0;
    double cycles = n->hz / n->rate * aur_exp2((double)g->bend[i]);
    g->i1[i] = increment(cycles < 0.45 ? cycles : 0.45);
}

/* sin 3x, sin 5x and sin 7x as polynomials of s = sin x; partials near half the rate are left out. */
static void start_partials(struct aur_group *g, int i, const struct note *n, double tone)
{
    static const double share[3] = {-0.16, 0.055, -0.025};
    double b[3];
    for (int k = 0; k < 3; k++) {
        double room = (0.45 - (2 * k + 3) * n->hz / n->rate) / 0.15;
        b[k] = share[k] * tone * (room < 0 ? 0 : room > 1 ? 1 : room);
    }
    g->h1[i] = (float)(1 + 3 * b[0] + 5 * b[1] + 7 * b[2]);
    g->h3[i] = (float)(-4 * b[0] - 20 * b[1] - 56 * b[2]);
    g->h5[i] = (float)(16 * b[1] + 112 * b[2]);
    g->h7[i] = (float)(-64 * b[2]);
}

static double start_lead(struct aur_group *g, int i, const struct note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    start_envelope(g, i, n, held);
    start_gain(g, i, n, pan, 1);
    start_filter(g, i, n, (double)p->cutoff, (double)p->resonance);
    start_lfo(g, i, n, (double)p->vibrato_rate);
    g->bend[i] = g->bend_mul[i] = 0;
    g->vib_depth[i] = p->vibrato_depth / 1200;
    g->vib_fade[i] = (float)(1 / at_least((double)p->vibrato_delay * n->blocks, 1));
    start_tone(g, i, n);
    start_partials(g, i, n, (double)p->tone);
    return released(n, held);
}

/* Rings for as long as it decays, whatever the note's length. */
static double start_kick(struct aur_group *g, int i, const struct note *n, double held, double pan)
{
    (void)held;
    const struct aur_plan *p = n->plan;
    double decay = (double)p->decay * n->blocks, close = 0.3 * decay;
    start_envelope(g, i, n, 1.3 * decay);
    start_gain(g, i, n, pan, 1);
    start_filter(g, i, n, 5000, 0.7);
    start_lfo(g, i, n, 0);
    g->sustain[i] = 1;
    g->inv_release[i] = (float)(1 / at_least(close, 1));
    g->fall_mul[i] = (float)db_60(decay);
    g->bend[i] = p->sweep / 12;
    g->bend_mul[i] = (float)db_60(at_least((double)p->sweep_time * n->blocks, 1));
    g->vib_depth[i] = g->vib_fade[i] = 0;
    start_tone(g, i, n);
    g->h1[i] = 1 + 0.5f * p->tone;
    g->h3[i] = -0.5f * p->tone;
    g->h5[i] = g->h7[i] = 0;
    return 1.6 * decay + 2;
}

/* The band's power is that of white noise of variance 1/3 through pi/4 cutoff/Q hertz of rate/2: made equal for all
 * bands at rest. */
static double start_swell(struct aur_group *g, int i, const struct note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    double q = (double)p->resonance, band = PI / 4 * (double)p->cutoff / q / (n->rate / 2);
    double rms = sqrt((band < 1 ? band : 1) / 3);
    start_envelope(g, i, n, held);
    start_gain(g, i, n, pan, 0.25 / rms / (q * q));
    start_filter(g, i, n, (double)p->cutoff, q);
    start_lfo(g, i, n, (double)p->lfo_rate);
    g->sweep[i] = p->sweep;
    g->y1l[i] = g->y2l[i] = g->y1r[i] = g->y2r[i] = 0;
    g->p1[i] = (uint32_t)n->key;
    return released(n, held);
}

/* The same at every rate, other for every note. */
static uint64_t note_key(const struct aur_note *note, uint64_t phrase)
{
    uint64_t place = aur_mix64(phrase ^ aur_mix64((uint64_t)note->at_q20 + ((uint64_t)note->id << 44)));
    return aur_mix64(place + (uint64_t)(uint32_t)note->pitch_q16);
}

typedef double start_fn(struct aur_group *, int, const struct note *, double, double);
static start_fn *const starts[AUR_VOICES] = {
    [AUR_VOICE_PAD] = start_pad,
    [AUR_VOICE_LEAD] = start_lead,
    [AUR_VOICE_KICK] = start_kick,
    [AUR_VOICE_SWELL] = start_swell,
};

uint64_t aur_voice_start(struct aur_group *group, int lane, const struct aur_plan *plan, const struct aur_note *note,
                         uint64_t phrase, uint32_t rate_hz)
{
    double pitch = (double)note->pitch_q16 / AUR_Q16_ONE;
    struct note n = {
        .plan = plan,
        .rate = (double)rate_hz,
        .blocks = (double)rate_hz / AUR_BLOCK,
        .hz = 440 * aur_exp2((pitch - 69) / 12),
        .pitch = pitch,
        .velocity = (double)note->velocity_q16 / AUR_Q16_ONE,
        .key = note_key(note, phrase),
    };
    uint64_t held_blocks = (note->off_frame - note->on_frame) / AUR_BLOCK;
    double held = (double)held_blocks;
    group->active |= 1u << lane;
    double pan = (double)note->pan_q16 / AUR_Q16_ONE;
    return (uint64_t)starts[plan->voice](group, lane, &n, held < NEVER_BLOCKS ? held : NEVER_BLOCKS, pan) + 1;
}

float aur_voice_level(const struct aur_group *group, int lane)
{
    return fabsf(group->gl[lane]) + fabsf(group->gr[lane]);
}

bool aur_voice_releasing(const struct aur_group *group, int lane)
{
    return group->t[lane] >= group->off[lane];
}

void aur_voice_fade(struct aur_group *group, int lane)
{
    group->fade_step[lane] = 1.0f / AUR_VOICE_FADE_BLOCKS;
}
