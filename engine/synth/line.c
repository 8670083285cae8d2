/* Delay line and filters of the effects. Render thread. */
#include "synth/line.h"

#include <string.h>

#include "base/real.h"

#define PI          3.14159265358979323846
#define FADE_FRAMES 1024u

void aur_line_init(struct aur_line *line, float *memory, uint32_t frames)
{
    memset(line, 0, sizeof *line);
    line->l = memory;
    line->r = memory + frames;
    line->most = frames;
    line->frames = 2 * AUR_BLOCK < frames ? 2 * AUR_BLOCK : frames;
}

/* Uses more of the memory: what was written longest ago moves to the new end, silence goes before it, and it comes in
 * softly: the older half, which no tap reads now. */
static void grow(struct aur_line *line, uint32_t frames)
{
    const uint32_t oldest = line->frames - line->at, to = frames - oldest;
    const uint32_t half = line->frames / 2, fade = half < FADE_FRAMES ? half : FADE_FRAMES;
    float *const sides[2] = {line->l, line->r};
    for (int side = 0; side < 2; side++) {
        memmove(sides[side] + to, sides[side] + line->at, oldest * sizeof(float));
        memset(sides[side] + line->at, 0, (to - line->at < oldest ? to - line->at : oldest) * sizeof(float));
        for (uint32_t i = 0; i < fade; i++)
            sides[side][(to + i) % frames] *= (float)i / (float)fade;
    }
    line->frames = frames;
}

static void make_room(struct aur_line *line, uint32_t time)
{
    uint32_t frames = (2 * time / AUR_BLOCK + 2) * AUR_BLOCK;
    frames = frames < line->most ? frames : line->most;
    if (time + AUR_BLOCK > line->frames)
        grow(line, frames);
}

void aur_line_time(struct aur_line *line, uint32_t left, uint32_t right, int at_once)
{
    const struct aur_tap *l = &line->tap[0], *r = &line->tap[1];
    if (l->now == left && r->now == right && !(l->left | r->left)) /* as in nearly every block */
        return;
    uint32_t want[2] = {left, right}, most = line->most - AUR_BLOCK;
    for (int side = 0; side < 2; side++) {
        struct aur_tap *tap = &line->tap[side];
        uint32_t frames = want[side] < most ? want[side] : most;
        make_room(line, frames);
        if (at_once)
            *tap = (struct aur_tap){frames, frames, 0};
        else if (tap->left == 0 && tap->now != frames)
            *tap = (struct aur_tap){tap->now, frames, AUR_TAP_BLOCKS};
    }
}

static void copy_out(float *out, const float *ring, uint32_t frames, uint32_t at, uint32_t behind)
{
    uint32_t from = at >= behind ? at - behind : at + frames - behind;
    if (frames - from >= AUR_BLOCK) {
        memcpy(out, ring + from, AUR_BLOCK * sizeof *out);
        for (int n = AUR_BLOCK; n < 2 * AUR_BLOCK;
             n += 16) /* what comes next: read once in a long while, so far away */
            __builtin_prefetch(ring + from + n);
        return;
    }
    uint32_t first = frames - from;
    memcpy(out, ring + from, first * sizeof *out);
    memcpy(out + first, ring, (AUR_BLOCK - first) * sizeof *out);
}

static void read_side(float *out, const float *ring, const struct aur_line *line, struct aur_tap *tap)
{
    copy_out(out, ring, line->frames, line->at, tap->now);
    if (tap->left == 0)
        return;
    float other[AUR_BLOCK];
    copy_out(other, ring, line->frames, line->at, tap->next);
    const float step = 1.0f / (AUR_TAP_BLOCKS * AUR_BLOCK);
    float gain = (float)((AUR_TAP_BLOCKS - tap->left) * AUR_BLOCK) * step;
    for (int n = 0; n < AUR_BLOCK; n++)
        out[n] += (gain + (float)n * step) * (other[n] - out[n]);
    if (--tap->left == 0)
        tap->now = tap->next;
}

bool aur_line_at_once(const struct aur_line *line)
{
    const struct aur_tap *l = &line->tap[0], *r = &line->tap[1];
    return !(l->now | l->left | r->now | r->left);
}

void aur_line_read(struct aur_line *line, struct aur_stereo *out)
{
    read_side(out->l, line->l, line, &line->tap[0]);
    read_side(out->r, line->r, line, &line->tap[1]);
}

void aur_line_write(struct aur_line *line, const struct aur_stereo *in)
{
    memcpy(line->l + line->at, in->l, sizeof in->l);
    memcpy(line->r + line->at, in->r, sizeof in->r);
}

void aur_line_next(struct aur_line *line)
{
    line->at += AUR_BLOCK;
    if (line->at == line->frames)
        line->at = 0;
}

void aur_onepole_set(struct aur_onepole *f, double hz, double rate)
{
    double p = aur_exp(-2 * PI * hz / rate);
    aur_pole_set(&f->pole, p, 1 - p);
}

float aur_onepole_low(struct aur_onepole *f, const struct aur_kernels *kernels, struct aur_stereo *x)
{
    return kernels->low_pass(x, &f->pole, f->y);
}

float aur_onepole_high(struct aur_onepole *f, const struct aur_kernels *kernels, struct aur_stereo *x)
{
    return kernels->high_pass(x, &f->pole, f->y);
}

float aur_onepole_low_high(struct aur_onepole *low, struct aur_onepole *high, const struct aur_kernels *kernels,
                           struct aur_stereo *x)
{
    return kernels->low_high_pass(x, &low->pole, low->y, &high->pole, high->y);
}

float aur_onepole_high_twice(struct aur_onepole f[2], const struct aur_kernels *kernels, struct aur_stereo *x)
{
    return kernels->high_high_pass(x, &f[0].pole, f[0].y, &f[1].pole, f[1].y);
}
