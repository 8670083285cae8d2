/* Settings of the reverb to gains and poles of its tank, and its way in and out. Render thread.
 *
 * Line i, d_i frames long, keeps g_i = 10^(-3 d_i / (T rate)), so everything falls by 60 dB in T seconds (Jot and
 * Chaigne, 1991); its one-pole low-pass is such that at the damping frequency it takes as much again, so there the tail
 * falls twice as fast. The return is scaled by what the tank adds up, so that its loudness does not depend on T. */
#include "synth/reverb.h"

#include <math.h>
#include <string.h>

#include "base/real.h"
#include "synth/plan.h"

#define PI 3.14159265358979323846

/* Frames at 44.1 kHz: primes from 31 to 85 ms, so that echoes of the lines seldom meet. Of some hundreds of sets drawn at
 * random, with the order of the echoes below, one whose tail is dense early and whose modes stand out least. */
#define LONGEST 3761
static const uint16_t line_frames[AUR_REVERB_LINES] = {2417, 1693, 1607, 1367, 3217, 2999, 1987, LONGEST};

/* Delays of the diffusion, in frames at 44.1 kHz: one in each sixteenth of 11 ms, then one in each eighth of 24 ms. */
static const uint16_t tap_frames[AUR_REVERB_TAPS] = {13,  241, 97,  409, 163, 331, 47,  457,
                                                     211, 127, 373, 71,  293, 439, 181, 313};
static const uint16_t diffuse_frames[AUR_REVERB_LINES] = {193, 307, 887, 769, 661, 433, 1013, 37};

static const int diffuser_rings[2] = {2, AUR_REVERB_LINES};

/* Of the lines' movement, in hertz: slow, and none a multiple of another. */
static const float lfo_hz[AUR_REVERB_LINES] = {0.11f, 0.23f, 0.17f, 0.31f, 0.13f, 0.29f, 0.19f, 0.37f};

#define MOVE_SECONDS     0.0005 /* at modulation 1, up and down */
#define PREDELAY_SECONDS 0.2
#define HIGHPASS_SHARE   0.8 /* of two poles in a row: together they are 3 dB down near the frequency asked for */
#define SILENCE          1e-8f

static uint32_t power_of_two(double frames)
{
    uint32_t n = 256;
    while ((double)n < frames)
        n *= 2;
    return n;
}

static uint32_t scaled(uint32_t frames, double rate)
{
    return (uint32_t)((double)frames * rate / 44100 + 0.5);
}

static uint32_t diffuser_ring(int step, double rate)
{
    static const uint16_t longest[2] = {457, 1013};
    return power_of_two((double)scaled(longest[step], rate) + 2 * AUR_BLOCK);
}

static uint32_t tank_ring(double rate)
{
    return power_of_two(LONGEST * rate / 44100 + MOVE_SECONDS * rate + 2 * AUR_BLOCK + 8);
}

static uint32_t predelay_ring(double rate)
{
    return ((uint32_t)(PREDELAY_SECONDS * rate) / AUR_BLOCK + 3) * AUR_BLOCK;
}

size_t aur_reverb_floats(uint32_t rate_hz)
{
    double rate = (double)rate_hz;
    size_t floats = 2 * (size_t)predelay_ring(rate) + AUR_REVERB_LINES * ((size_t)tank_ring(rate) + AUR_RING_GUARD);
    for (int step = 0; step < 2; step++)
        floats += (size_t)diffuser_rings[step] * ((size_t)diffuser_ring(step, rate) + AUR_RING_GUARD);
    return floats;
}

static float *place(uint32_t *mask, uint32_t *stride, float **at, uint32_t frames, int rings)
{
    float *start = *at;
    *mask = frames - 1;
    *stride = frames + AUR_RING_GUARD;
    *at += (size_t)rings * *stride;
    return start;
}

static void init_lines(struct aur_reverb *v, double rate)
{
    for (int i = 0; i < AUR_REVERB_LINES; i++) {
        v->delay[i] = v->tap[i] = (float)scaled(line_frames[i], rate);
        v->lfo[i] = (uint32_t)i * 0x9e3779b9u;
        v->lfo_inc[i] = (uint32_t)((double)lfo_hz[i] * AUR_BLOCK / rate * 4294967296.0);
        v->diffuse[i] = scaled(diffuse_frames[i], rate);
    }
    for (int i = 0; i < AUR_REVERB_TAPS; i++)
        v->taps[i] = scaled(tap_frames[i], rate);
}

void aur_reverb_init(struct aur_reverb_fx *fx, const struct aur_kernels *kernels, uint32_t rate_hz, float *memory)
{
    memset(fx, 0, sizeof *fx);
    fx->kernels = kernels;
    fx->rate = (double)rate_hz;
    fx->memory = memory;
    fx->floats = aur_reverb_floats(rate_hz);
    struct aur_reverb *v = &fx->tank;
    v->tank = place(&v->tank_mask, &v->tank_stride, &memory, tank_ring(fx->rate), AUR_REVERB_LINES);
    for (int step = 0; step < 2; step++)
        v->diffuser[step] =
            place(&v->mask[step], &v->stride[step], &memory, diffuser_ring(step, fx->rate), diffuser_rings[step]);
    aur_line_init(&fx->line, memory, predelay_ring(fx->rate));
    init_lines(v, fx->rate);
    fx->quiet = UINT32_MAX / 2;
}

/* The pole at which |H|^2 = (1 - p)^2 / (1 - 2 p cos w + p^2) is `power`. */
static double pole_for(double power, double cos_w)
{
    double b = 1 - power * cos_w, c = 1 - power;
    return (b - sqrt(b * b - c * c)) / c;
}

static void tune(struct aur_reverb_fx *fx)
{
    struct aur_reverb *v = &fx->tank;
    double decay = fx->fall.left ? 1 / (double)fx->fall.now : (double)fx->decay;
    double w = 2 * PI * (double)fx->damping.now / fx->rate, cos_w = aur_cos(w < 3 ? w : 3), mean = 0;
    for (int i = 0; i < AUR_REVERB_LINES; i++) {
        double g = aur_exp2(-9.965784284662087 * (double)v->delay[i] / (decay * fx->rate));
        double pole = pole_for(g * g, cos_w);
        aur_reverb_damp(v, i, pole, (1 - pole) * g * sqrt(0.5)); /* the matrix grows */
        mean += g * g / AUR_REVERB_LINES;
    }
    v->depth = fx->modulation.now * (float)(MOVE_SECONDS * fx->rate);
    fx->wet = fx->level.now * (float)sqrt((1 - mean) / mean);
    for (int i = 0; i < 2; i++)
        aur_onepole_set(&fx->high[i], HIGHPASS_SHARE * (double)fx->highpass.now, fx->rate);
}

void aur_reverb_set(struct aur_reverb_fx *fx, const struct aur_effect_settings *settings, uint32_t glide_blocks)
{
    fx->decay = aur_plan_effect(settings, AUR_EFFECT_REVERB, "decay");
    const struct {
        struct aur_glide *glide;
        float value;
    } targets[] = {
        {&fx->fall, 1 / fx->decay},
        {&fx->damping, aur_plan_effect(settings, AUR_EFFECT_REVERB, "damping")},
        {&fx->modulation, aur_plan_effect(settings, AUR_EFFECT_REVERB, "modulation")},
        {&fx->highpass, aur_plan_effect(settings, AUR_EFFECT_REVERB, "highpass")},
        {&fx->level, aur_plan_gain(aur_plan_effect(settings, AUR_EFFECT_REVERB, "level"))},
    };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        aur_glide_to(targets[i].glide, targets[i].value, glide_blocks);
    fx->predelay = (uint32_t)((double)aur_plan_effect(settings, AUR_EFFECT_REVERB, "predelay") * fx->rate);
    aur_line_time(&fx->line, fx->predelay, fx->predelay, glide_blocks == 0);
    if (glide_blocks == 0)
        tune(fx);
}

static bool move(struct aur_reverb_fx *fx)
{
    bool moved = aur_glide_next(&fx->fall);
    moved |= aur_glide_next(&fx->damping);
    moved |= aur_glide_next(&fx->modulation);
    moved |= aur_glide_next(&fx->highpass);
    moved |= aur_glide_next(&fx->level);
    return moved;
}

static void reset(struct aur_reverb_fx *fx)
{
    memset(fx->memory, 0, fx->floats * sizeof *fx->memory);
    for (int i = 0; i < AUR_REVERB_LINES; i++)
        memset(fx->tank.damp[i].past, 0, sizeof fx->tank.damp[i].past);
    for (int i = 0; i < 2; i++)
        memset(fx->high[i].y, 0, sizeof fx->high[i].y);
    fx->caught++;
}

/* Nothing has been heard for longer than anything can stay unheard inside. */
static bool idle(const struct aur_reverb_fx *fx)
{
    return (double)fx->quiet * AUR_BLOCK > 0.5 * fx->rate;
}

void aur_reverb_render(struct aur_reverb_fx *fx, struct aur_stereo *out, const struct aur_stereo *in)
{
    const struct aur_kernels *k = fx->kernels;
    float before = fx->wet;
    if (move(fx))
        tune(fx);
    fx->quiet = aur_line_fed(k, in) ? 0 : fx->quiet + !idle(fx);
    if (idle(fx))
        return;
    struct aur_stereo early, wet;
    aur_line_time(&fx->line, fx->predelay, fx->predelay, 0);
    aur_line_write(&fx->line, in);
    if (!aur_line_at_once(&fx->line)) {
        aur_line_read(&fx->line, &early);
        in = &early;
    }
    aur_line_next(&fx->line);
    k->reverb(&wet, &fx->tank, in);
    float heard = aur_onepole_high_twice(fx->high, k, &wet);
    if (!(heard < 1e6f)) {
        reset(fx);
        return;
    }
    if (heard > SILENCE)
        fx->quiet = 0;
    k->mix(out, &wet, before, fx->wet);
}
