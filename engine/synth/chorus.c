/* The chorus. Render thread. Plain C in single precision, in one order on every machine: four reads of a ring a frame,
 * which cost only while something is sent here.
 *
 * A copy's distance goes in a line through each block and is read between frames by a cubic through four of them; it is
 * never so short that it would need the block being written. */
#include "synth/chorus.h"

#include <string.h>

#include "base/real.h"
#include "synth/plan.h"

#define TAU          6.28318530717958647692
#define LONGEST_S    0.042
#define SHORTEST_F   (AUR_BLOCK + 4.0f)
#define QUIET_BLOCKS 200 /* longer than the ring at any rate */

static uint32_t ring_frames(double rate)
{
    uint32_t frames = 1024;
    while (frames < LONGEST_S * rate + 2 * AUR_BLOCK)
        frames *= 2;
    return frames;
}

size_t aur_chorus_floats(uint32_t rate_hz)
{
    return 2 * (size_t)ring_frames((double)rate_hz);
}

void aur_chorus_init(struct aur_chorus_fx *fx, const struct aur_kernels *kernels, uint32_t rate_hz, float *memory)
{
    memset(fx, 0, sizeof *fx);
    fx->kernels = kernels;
    fx->rate = (double)rate_hz;
    fx->mask = ring_frames(fx->rate) - 1;
    fx->ring[0] = memory;
    fx->ring[1] = memory + fx->mask + 1;
    fx->quiet = QUIET_BLOCKS;
}

/* Where the copies are at the movement's phase: a quarter of a turn apart, the sides opposite ways. */
static void place(const struct aur_chorus_fx *fx, float behind[AUR_CHORUS_TAPS])
{
    static const double turn[AUR_CHORUS_TAPS] = {0, 0.5, 0.25, 0.75};
    for (int i = 0; i < AUR_CHORUS_TAPS; i++) {
        double wave = aur_sin(TAU * ((double)fx->phase / 4294967296.0 + turn[i]));
        double frames = ((double)fx->delay.now + (double)fx->depth.now * wave) * fx->rate;
        behind[i] = frames < (double)SHORTEST_F ? SHORTEST_F : (float)frames;
    }
}

void aur_chorus_set(struct aur_chorus_fx *fx, const struct aur_effect_settings *settings, uint32_t glide_blocks)
{
    const struct {
        struct aur_glide *glide;
        float value;
    } targets[] = {
        {&fx->speed, aur_plan_effect(settings, AUR_EFFECT_CHORUS, "rate")},
        {&fx->depth, aur_plan_effect(settings, AUR_EFFECT_CHORUS, "depth")},
        {&fx->delay, aur_plan_effect(settings, AUR_EFFECT_CHORUS, "delay")},
        {&fx->reverb, aur_plan_effect(settings, AUR_EFFECT_CHORUS, "reverb")},
        {&fx->level, aur_plan_gain(aur_plan_effect(settings, AUR_EFFECT_CHORUS, "level"))},
    };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        aur_glide_to(targets[i].glide, targets[i].value, glide_blocks);
    if (glide_blocks == 0)
        place(fx, fx->behind);
}

/* The value `f` of the way from b to c, by a cubic through all four (Catmull and Rom). */
static float between(const float *ring, uint32_t mask, uint32_t at, float f)
{
    float a = ring[(at - 1) & mask], b = ring[at & mask], c = ring[(at + 1) & mask], d = ring[(at + 2) & mask];
    float c1 = 0.5f * (c - a), c2 = a - 2.5f * b + 2 * c - 0.5f * d, c3 = 0.5f * (d - a) + 1.5f * (b - c);
    return ((c3 * f + c2) * f + c1) * f + b;
}

static void add_tap(float *out, const struct aur_chorus_fx *fx, const float *ring, float from, float to)
{
    const float step = (to - from) / AUR_BLOCK;
    for (uint32_t n = 0; n < AUR_BLOCK; n++) {
        float behind = from + step * (float)(n + 1);
        uint32_t whole = (uint32_t)behind;
        float f = behind - (float)whole;
        out[n] += 0.6f * between(ring, fx->mask, fx->at + n - whole - 1, 1 - f);
    }
}

static void write(struct aur_chorus_fx *fx, const struct aur_stereo *in)
{
    memcpy(fx->ring[0] + fx->at, in->l, sizeof in->l);
    memcpy(fx->ring[1] + fx->at, in->r, sizeof in->r);
    fx->at = (fx->at + AUR_BLOCK) & fx->mask;
}

static void move(struct aur_chorus_fx *fx)
{
    aur_glide_next(&fx->speed);
    aur_glide_next(&fx->depth);
    aur_glide_next(&fx->delay);
    fx->phase += (uint32_t)((double)fx->speed.now * AUR_BLOCK / fx->rate * 4294967296.0);
}

void aur_chorus_render(struct aur_chorus_fx *fx, struct aur_stereo *out, struct aur_stereo *to_reverb,
                       const struct aur_stereo *in)
{
    const struct aur_kernels *k = fx->kernels;
    const float level = fx->level.now, send = fx->reverb.now;
    float behind[AUR_CHORUS_TAPS];
    aur_glide_next(&fx->level);
    aur_glide_next(&fx->reverb);
    const float loudest = in ? k->loudest(in) : 0;
    const bool good = loudest < 1e6f, heard = good && loudest > 0;
    if (heard && fx->quiet == QUIET_BLOCKS)
        place(fx, fx->behind); /* nobody followed it while the ring held silence */
    move(fx);
    fx->caught += !good;
    fx->quiet = heard ? 0 : fx->quiet + (fx->quiet < QUIET_BLOCKS);
    if (fx->quiet == QUIET_BLOCKS)
        return;
    static const struct aur_stereo silence;
    struct aur_stereo copies = {0};
    place(fx, behind);
    for (int i = 0; i < AUR_CHORUS_TAPS; i++)
        add_tap(i < 2 ? copies.l : copies.r, fx, fx->ring[i % 2], fx->behind[i], behind[i]);
    write(fx, in && good ? in : &silence);
    const struct aur_send sends[] = {{out, level, fx->level.now},
                                     {to_reverb, level * send, fx->level.now * fx->reverb.now}};
    k->send(sends, 2, &copies);
    memcpy(fx->behind, behind, sizeof behind);
}
