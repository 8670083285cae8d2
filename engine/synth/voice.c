/* Turns parameters and a note into what the kernels work with. Render thread; doubles through base/real.h, rounded once
 * to what a lane holds, so a note sounds the same everywhere. */
#include "synth/voice.h"

#include <math.h>

#include "base/hash.h"
#include "base/real.h"
#include "synth/voice_parts.h"

#define PI           3.14159265358979323846
#define FULL         2147483648.0
#define NEVER_BLOCKS 1e7 /* a release that does not come: longer than any note */

static void start_sub(struct aur_group *g, int i, double amount, double cycles)
{
    double half = aur_sin(PI * cycles);
    g->sub[i] = 0;
    g->sub_step[i] = (float)(amount * aur_sin(2 * PI * cycles));
    g->sub_turn[i] = (float)(4 * half * half);
}

/* Up to here the two-point rounding over two frames each way is as clean as it has to be; above it costs more. */
#define SMOOTH_ABOVE_HZ 500

/* The step of both saws is rounded over 90 microseconds, a smooth one's over 120, a little more for high notes: what would
 * fold back into hearing is then as weak as the highest partials of the note itself. */
static void start_saws(struct aur_group *g, int i, const struct aur_voice_note *n, double apart)
{
    const bool smooth = n->hz > SMOOTH_ABOVE_HZ;
    double seconds = smooth ? AUR_SMOOTH_SAW_S * (1 + n->hz / AUR_SMOOTH_SAW_HZ) : 2.0 / 44100 * (1 + n->hz / 3000);
    double half_width = n->hz * seconds < 0.5 ? n->hz * seconds : 0.5;
    double edge = half_width * AUR_CYCLE, slope = AUR_FULL / edge, square = edge * edge;
    g->edge[i] = (float)edge;
    g->e1[i] = (float)(slope * (smooth ? 1.875 : 2));
    g->e2[i] = smooth ? 0 : (float)(-slope / edge);
    g->e3[i] = smooth ? (float)(-1.25 * slope / square) : 0;
    g->e5[i] = smooth ? (float)(0.375 * slope / square / square) : 0;
    g->smooth = (g->smooth & ~(1u << i)) | (uint32_t)smooth << i;
    g->i1[i] = aur_voice_increment(n->hz * apart / n->rate);
    g->i2[i] = aur_voice_increment(n->hz / apart / n->rate);
    g->p1[i] = aur_voice_increment(aur_voice_draw(n, 0));
    g->p2[i] = aur_voice_increment(aur_voice_draw(n, 1));
}

static double start_pad(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    double apart = aur_exp2((double)p->detune / 1200), angle = (1 - (double)p->width) * (PI / 4);
    aur_voice_envelope(g, i, n, held);
    aur_voice_gain(g, i, n, pan, 1);
    aur_voice_filter(g, i, n, (double)p->cutoff, (double)p->resonance);
    aur_voice_lfo(g, i, n, (double)p->lfo_rate * (0.85 + 0.3 * aur_voice_draw(n, 3)));
    start_saws(g, i, n, apart);
    g->near[i] = (float)(aur_cos(angle) / AUR_FULL / 2);
    g->far[i] = p->width > 0 ? (float)(aur_sin(angle) / AUR_FULL / 2) : g->near[i];
    g->wide = (g->wide & ~(1u << i)) | (uint32_t)(g->near[i] != g->far[i]) << i;
    start_sub(g, i, (double)p->sub, n->hz / 2 / n->rate);
    return aur_voice_released(n, held);
}

static void start_tone(struct aur_group *g, int i, const struct aur_voice_note *n)
{
    g->base[i] = (float)(n->hz / n->rate * AUR_CYCLE);
    g->p1[i] = 0;
    double cycles = n->hz / n->rate * aur_exp2((double)g->bend[i]);
    g->i1[i] = aur_voice_increment(cycles < 0.45 ? cycles : 0.45);
}

/* sin 3x, sin 5x and sin 7x as polynomials of s = sin x; partials near half the rate are left out. */
static void start_partials(struct aur_group *g, int i, const struct aur_voice_note *n, double tone)
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

static double start_lead(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    aur_voice_envelope(g, i, n, held);
    aur_voice_gain(g, i, n, pan, 1);
    aur_voice_filter(g, i, n, (double)p->cutoff, (double)p->resonance);
    aur_voice_lfo(g, i, n, (double)p->vibrato_rate);
    g->bend[i] = g->bend_mul[i] = 0;
    g->vib_depth[i] = p->vibrato_depth / 1200;
    g->vib_fade[i] = (float)(1 / aur_voice_at_least((double)p->vibrato_delay * n->blocks, 1));
    start_tone(g, i, n);
    start_partials(g, i, n, (double)p->tone);
    return aur_voice_released(n, held);
}

/* Rings for as long as it decays, whatever the note's length. */
static double start_kick(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    (void)held;
    const struct aur_plan *p = n->plan;
    double decay = (double)p->decay * n->blocks, close = 0.3 * decay;
    aur_voice_envelope(g, i, n, 1.3 * decay);
    aur_voice_gain(g, i, n, pan, 1);
    aur_voice_filter(g, i, n, 5000, 0.7);
    aur_voice_lfo(g, i, n, 0);
    g->sustain[i] = 1;
    g->inv_release[i] = (float)(1 / aur_voice_at_least(close, 1));
    g->fall_mul[i] = (float)aur_voice_db_60(decay);
    g->bend[i] = p->sweep / 12;
    g->bend_mul[i] = (float)aur_voice_db_60(aur_voice_at_least((double)p->sweep_time * n->blocks, 1));
    g->vib_depth[i] = g->vib_fade[i] = 0;
    start_tone(g, i, n);
    g->h1[i] = 1 + 0.5f * p->tone;
    g->h3[i] = -0.5f * p->tone;
    g->h5[i] = g->h7[i] = 0;
    return 1.6 * decay + 2;
}

/* The band's power is that of white noise of variance 1/3 through pi/4 cutoff/Q hertz of rate/2: made equal for all
 * bands at rest. */
static double start_swell(struct aur_group *g, int i, const struct aur_voice_note *n, double held, double pan)
{
    const struct aur_plan *p = n->plan;
    double q = (double)p->resonance, band = PI / 4 * (double)p->cutoff / q / (n->rate / 2);
    double rms = sqrt((band < 1 ? band : 1) / 3);
    aur_voice_envelope(g, i, n, held);
    aur_voice_gain(g, i, n, pan, 0.25 / rms / (q * q));
    aur_voice_filter(g, i, n, (double)p->cutoff, q);
    aur_voice_lfo(g, i, n, (double)p->lfo_rate);
    g->sweep[i] = p->sweep;
    g->y1l[i] = g->y2l[i] = g->y1r[i] = g->y2r[i] = 0;
    g->p1[i] = (uint32_t)n->key;
    return aur_voice_released(n, held);
}

/* The same at every rate, other for every note. */
static uint64_t note_key(const struct aur_note *note, uint64_t phrase)
{
    uint64_t place = aur_mix64(phrase ^ aur_mix64((uint64_t)note->at_q20 + ((uint64_t)note->id << 44)));
    return aur_mix64(place + (uint64_t)(uint32_t)note->pitch_q16);
}

static aur_voice_start_fn *const starts[AUR_VOICES] = {
    [AUR_VOICE_PAD] = start_pad,         [AUR_VOICE_LEAD] = start_lead,
    [AUR_VOICE_KICK] = start_kick,       [AUR_VOICE_SWELL] = start_swell,
    [AUR_VOICE_BELL] = aur_voice_bell,   [AUR_VOICE_BASS] = aur_voice_bass,
    [AUR_VOICE_PLUCK] = aur_voice_pluck, [AUR_VOICE_TICK] = aur_voice_tick,
    [AUR_VOICE_GRAIN] = aur_voice_grain, [AUR_VOICE_MODULAR] = aur_voice_modular,
    [AUR_VOICE_WAVE] = aur_voice_wave,
};

uint64_t aur_voice_start(struct aur_group *group, int lane, const struct aur_plan *plan, const struct aur_note *note,
                         uint64_t phrase, uint32_t rate_hz)
{
    double pitch = (double)note->pitch_q16 / AUR_Q16_ONE;
    struct aur_voice_note n = {
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
