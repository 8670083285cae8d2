/* Delay line and filters of the effects. Render thread. Plain C in single precision: recursions along time, two sides
 * side by side. Tiny state is zeroed, so silence never turns into denormal arithmetic. */
#include "synth/line.h"

#include <math.h>
#include <string.h>

#include "base/real.h"

#define PI 3.14159265358979323846

void aur_line_init(struct aur_line *line, float *memory, uint32_t frames)
{
    memset(line, 0, sizeof *line);
    line->l = memory;
    line->r = memory + frames;
    line->frames = frames;
}

void aur_line_time(struct aur_line *line, uint32_t left, uint32_t right, int at_once)
{
    uint32_t want[2] = {left, right}, most = line->frames - AUR_BLOCK;
    for (int side = 0; side < 2; side++) {
        struct aur_tap *tap = &line->tap[side];
        uint32_t frames = want[side] < most ? want[side] : most;
        if (at_once)
            *tap = (struct aur_tap){frames, frames, 0};
        else if (tap->left == 0 && tap->now != frames)
            *tap = (struct aur_tap){tap->now, frames, AUR_TAP_BLOCKS};
    }
}

static void copy_out(float *out, const float *ring, uint32_t frames, uint32_t at, uint32_t behind)
{
    uint32_t from = at >= behind ? at - behind : at + frames - behind;
    uint32_t first = frames - from < AUR_BLOCK ? frames - from : AUR_BLOCK;
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

static float not_tiny(float x)
{
    return fabsf(x) > 1e-20f ? x : 0.0f;
}

void aur_highpass_set(struct aur_highpass *f, double hz, double rate)
{
    double g = aur_tan(PI * hz / rate), k = 1.4142135623730951, a1 = 1 / (1 + g * (g + k));
    f->k = (float)k;
    f->a1 = (float)a1;
    f->a2 = (float)(g * a1);
    f->a3 = (float)(g * g * a1);
}

void aur_highpass_run(struct aur_highpass *f, struct aur_stereo *x)
{
    float z1 = f->z[0], z2 = f->z[1], w1 = f->z[2], w2 = f->z[3];
    const float a1 = f->a1, a2 = f->a2, a3 = f->a3, k = f->k;
    for (int n = 0; n < AUR_BLOCK; n++) {
        float v3 = x->l[n] - z2, u3 = x->r[n] - w2;
        float v1 = a1 * z1 + a2 * v3, u1 = a1 * w1 + a2 * u3;
        float v2 = z2 + (a2 * z1 + a3 * v3), u2 = w2 + (a2 * w1 + a3 * u3);
        z1 = 2 * v1 - z1;
        z2 = 2 * v2 - z2;
        w1 = 2 * u1 - w1;
        w2 = 2 * u2 - w2;
        x->l[n] = (x->l[n] - k * v1) - v2;
        x->r[n] = (x->r[n] - k * u1) - u2;
    }
    f->z[0] = not_tiny(z1);
    f->z[1] = not_tiny(z2);
    f->z[2] = not_tiny(w1);
    f->z[3] = not_tiny(w2);
}

void aur_onepole_set(struct aur_onepole *f, double hz, double rate)
{
    f->c = (float)(1 - aur_exp(-2 * PI * hz / rate));
}

void aur_onepole_low(struct aur_onepole *f, struct aur_stereo *x)
{
    float l = f->y[0], r = f->y[1];
    const float c = f->c;
    for (int n = 0; n < AUR_BLOCK; n++) {
        x->l[n] = l += c * (x->l[n] - l);
        x->r[n] = r += c * (x->r[n] - r);
    }
    f->y[0] = not_tiny(l);
    f->y[1] = not_tiny(r);
}

void aur_onepole_high(struct aur_onepole *f, struct aur_stereo *x)
{
    float l = f->y[0], r = f->y[1];
    const float c = f->c;
    for (int n = 0; n < AUR_BLOCK; n++) {
        l += c * (x->l[n] - l);
        r += c * (x->r[n] - r);
        x->l[n] -= l;
        x->r[n] -= r;
    }
    f->y[0] = not_tiny(l);
    f->y[1] = not_tiny(r);
}
