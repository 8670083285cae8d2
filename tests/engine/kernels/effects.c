/* Part of check_kernels: sums of lanes, mixing, filters, peaks and the reverb. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"

/* ---- sums, mixing, peaks ---- */

static void check_fold(enum aur_isa isa)
{
    static struct aur_lane_sums in;
    static struct guarded_stereo want, got;
    for (int round = 0; round < 100; round++) {
        inputs_fill(in.l, 1024, -1, 1, (enum input)(round % 2));
        inputs_fill(in.r, 1024, -1, 1, (enum input)(round % 2));
        memset(&want, 0xa5, sizeof want);
        got = want;
        aur_kernels_get(AUR_ISA_SCALAR)->fold(&want.x, &in);
        aur_kernels_get(isa)->fold(&got.x, &in);
        fail_if(!canaries_live(got.before, got.after), "fold", isa, "wrote outside its block");
        fail_if(memcmp(&want, &got, sizeof want) != 0, "fold", isa, "other samples");
    }
}

static void check_fold_order(void)
{
    static struct aur_lane_sums in;
    struct guarded_stereo out;
    inputs_fill(in.l, 1024, -1, 1, ORDINARY);
    inputs_fill(in.r, 1024, -1, 1, ORDINARY);
    aur_kernels_get(AUR_ISA_SCALAR)->fold(&out.x, &in);
    for (int n = 0; n < AUR_BLOCK; n++) {
        double sum = 0;
        for (int lane = 0; lane < AUR_LANES; lane++)
            sum += (double)in.r[n * AUR_LANES + lane];
        fail_if(fabs(sum - (double)out.x.r[n]) > 1e-5, "fold", AUR_ISA_SCALAR, "not the sum");
    }
}

/* Taking narrow sums is folding them; what other lanes hold does not matter. */
static void check_take(enum aur_isa isa)
{
    static struct aur_lane_sums in, more;
    static struct guarded_stereo want, got;
    static const uint32_t masks[] = {0x5, 0xa1, 0xffff, 0x0810, 0x1080, 0x0124, 0x0200, 0x1100, 0x4000};
    const struct aur_kernels *k = aur_kernels_get(isa);
    for (int round = 0; round < 100; round++) {
        const uint32_t active = masks[round % 9];
        const int first = aur_lanes_first(active), lanes = aur_lanes_read(active);
        inputs_fill(in.l, 1024, -1, 1, (enum input)(round % 2));
        inputs_fill(in.r, 1024, -1, 1, (enum input)(round % 2));
        more = in;
        for (int i = 0; i < 1024; i++) {
            bool used = i % AUR_LANES >= first && i % AUR_LANES < first + lanes;
            in.l[i] = used && in.l[i] != 0 ? in.l[i] : 0;
            in.r[i] = used && in.r[i] != 0 ? in.r[i] : 0;
            more.l[i] = used ? in.l[i] : more.l[i];
            more.r[i] = used ? in.r[i] : more.r[i];
        }
        memset(&want, 0xa5, sizeof want);
        got = want;
        aur_kernels_get(AUR_ISA_SCALAR)->fold(&want.x, &in);
        float peak = k->take(&got.x, &more, active);
        fail_if(!canaries_live(got.before, got.after), "take", isa, "wrote outside its block");
        fail_if(memcmp(&want, &got, sizeof want) != 0, "take", isa, "other samples");
        fail_if(peak != k->loudest(&want.x) || peak < k->peak(want.x.l) || peak < k->peak(want.x.r), "take", isa,
                "other peak");
    }
}

static void check_mix(enum aur_isa isa)
{
    static struct aur_stereo in;
    static struct guarded_stereo want, got;
    for (int round = 0; round < 100; round++) {
        inputs_fill(in.l, 64, -1, 1, (enum input)(round % 2));
        inputs_fill(in.r, 64, -1, 1, (enum input)(round % 2));
        memset(&want, 0xa5, sizeof want);
        inputs_fill(want.x.l, 64, -1, 1, (enum input)(round % 2));
        inputs_fill(want.x.r, 64, -1, 1, (enum input)(round % 2));
        got = want;
        float g0 = inputs_awkward(-1, 1), g1 = inputs_awkward(-1, 1);
        aur_kernels_get(AUR_ISA_SCALAR)->mix(&want.x, &in, g0, g1);
        aur_kernels_get(isa)->mix(&got.x, &in, g0, g1);
        fail_if(!canaries_live(got.before, got.after), "mix", isa, "wrote outside its block");
        fail_if(memcmp(&want, &got, sizeof want) != 0, "mix", isa, "other samples");
    }
}

/* Sending is mixing to each. */
static void check_send(enum aur_isa isa)
{
    static struct aur_stereo in;
    static struct guarded_stereo want[4], got[4];
    inputs_fill(in.l, 64, -1, 1, ORDINARY);
    inputs_fill(in.r, 64, -1, 1, AWKWARD);
    for (int n = 0; n <= 4; n++) {
        struct aur_send to[4];
        memset(want, 0xa5, sizeof want);
        for (int i = 0; i < 4; i++) {
            inputs_fill(want[i].x.l, 64, -1, 1, ORDINARY);
            inputs_fill(want[i].x.r, 64, -1, 1, AWKWARD);
            to[i] = (struct aur_send){&got[i].x, inputs_awkward(-1, 1), inputs_awkward(-1, 1)};
        }
        memcpy(got, want, sizeof want);
        for (int i = 0; i < n; i++)
            aur_kernels_get(AUR_ISA_SCALAR)->mix(&want[i].x, &in, to[i].g0, to[i].g1);
        aur_kernels_get(isa)->send(to, n, &in);
        fail_if(memcmp(want, got, sizeof want) != 0, "send", isa, "other samples, or wrote elsewhere");
    }
}

static void check_repeat(enum aur_isa isa)
{
    static struct aur_stereo in, repeats;
    static struct guarded_stereo want, got;
    for (int round = 0; round < 100; round++) {
        enum input input = (enum input)(round % 2);
        inputs_fill(in.l, 64, -1, 1, input);
        inputs_fill(in.r, 64, -1, 1, input);
        inputs_fill(repeats.l, 64, -1, 1, input);
        inputs_fill(repeats.r, 64, -1, 1, input);
        memset(&want, 0xa5, sizeof want);
        got = want;
        float own = inputs_awkward(-1, 1), other = inputs_awkward(-1, 1);
        for (int n = 0; n < AUR_BLOCK; n++) {
            want.x.l[n] = in.l[n] + (own * repeats.l[n] + other * repeats.r[n]);
            want.x.r[n] = in.r[n] + (own * repeats.r[n] + other * repeats.l[n]);
        }
        aur_kernels_get(isa)->repeat(got.x.l, got.x.r, &in, &repeats, own, other);
        fail_if(!canaries_live(got.before, got.after), "repeat", isa, "wrote outside its block");
        fail_if(memcmp(&want, &got, sizeof want) != 0, "repeat", isa, "other samples");
    }
}

/* Against the scalar build to the bit, and against the recursion itself, frame by frame, to rounding. */
static void check_pole(enum aur_isa isa)
{
    const struct aur_kernels *k = aur_kernels_get(isa), *ref = aur_kernels_get(AUR_ISA_SCALAR);
    static struct guarded_stereo in, want, got;
    for (int round = 0; round < 100; round++) {
        const bool high = round % 2;
        const double p = (double)inputs_between(0, 0.9999f), gain = 1 - p;
        struct aur_pole pole;
        float y[2] = {inputs_between(-1, 1), inputs_between(-1, 1)}, want_y[2] = {y[0], y[1]}, got_y[2] = {y[0], y[1]};
        aur_pole_set(&pole, p, gain);
        memset(&in, 0xa5, sizeof in);
        inputs_fill(in.x.l, 64, -1, 1, (enum input)(round / 2 % 2));
        inputs_fill(in.x.r, 64, -1, 1, ORDINARY);
        want = got = in;
        float most = (high ? ref->high_pass : ref->low_pass)(&want.x, &pole, want_y);
        float also = (high ? k->high_pass : k->low_pass)(&got.x, &pole, got_y);
        fail_if(!canaries_live(got.before, got.after), "pole", isa, "wrote outside its block");
        fail_if(memcmp(&want, &got, sizeof want) != 0, "pole", isa, "other samples");
        fail_if(memcmp(want_y, got_y, sizeof want_y) != 0, "pole", isa, "other state");
        const float loudest = k->loudest(&got.x);
        fail_if(memcmp(&most, &also, sizeof most) != 0 || memcmp(&also, &loudest, sizeof also) != 0, "pole", isa,
                "other peak");
        double right = (double)y[1];
        for (int n = 0; n < AUR_BLOCK; n++) {
            right = p * right + gain * (double)in.x.r[n];
            double out = high ? (double)in.x.r[n] - right : right;
            fail_if(fabs(out - (double)got.x.r[n]) > 1e-5, "pole", isa, "not the recursion");
        }
    }
}

/* Two in one go are one after the other. */
static void check_two_poles(enum aur_isa isa)
{
    const struct aur_kernels *k = aur_kernels_get(isa), *ref = aur_kernels_get(AUR_ISA_SCALAR);
    static struct guarded_stereo want, got;
    for (int round = 0; round < 100; round++) {
        const bool high = round % 2;
        struct aur_pole pole[2];
        float want_y[4], got_y[4];
        for (int i = 0; i < 2; i++) {
            const double p = (double)inputs_between(0, 0.9999f);
            aur_pole_set(&pole[i], p, 1 - p);
        }
        inputs_fill(want_y, 4, -1, 1, ORDINARY);
        memcpy(got_y, want_y, sizeof got_y);
        memset(&want, 0xa5, sizeof want);
        inputs_fill(want.x.l, 64, -1, 1, (enum input)(round / 2 % 2));
        inputs_fill(want.x.r, 64, -1, 1, ORDINARY);
        got = want;
        (high ? ref->high_pass : ref->low_pass)(&want.x, &pole[0], want_y);
        float most = ref->high_pass(&want.x, &pole[1], want_y + 2);
        float also = (high ? k->high_high_pass : k->low_high_pass)(&got.x, &pole[0], got_y, &pole[1], got_y + 2);
        fail_if(memcmp(&want, &got, sizeof want) != 0, "two poles", isa, "other samples");
        fail_if(memcmp(want_y, got_y, sizeof want_y) != 0, "two poles", isa, "other state");
        fail_if(memcmp(&most, &also, sizeof most) != 0, "two poles", isa, "other peak");
    }
}

static void check_interleave(enum aur_isa isa)
{
    static struct aur_stereo in;
    float out[2 * AUR_BLOCK];
    inputs_fill(in.l, 64, -1, 1, ORDINARY);
    inputs_fill(in.r, 64, -1, 1, ORDINARY);
    aur_kernels_get(isa)->interleave(out, &in);
    for (int n = 0; n < AUR_BLOCK; n++)
        fail_if(out[2 * n] != in.l[n] || out[2 * n + 1] != in.r[n], "interleave", isa, "other samples");
}

static void check_peaks(enum aur_isa isa)
{
    static float x[AUR_BLOCK + AUR_PEAK_TAPS];
    for (int round = 0; round < 200; round++) {
        inputs_fill(x, AUR_BLOCK + AUR_PEAK_TAPS, -1, 1, (enum input)(round % 2));
        if (round % 5 == 0) {
            memset(x, 0, sizeof x);
            x[(size_t)(inputs_unit() * 80)] = 1;
        }
        const struct aur_kernels *k = aur_kernels_get(isa), *ref = aur_kernels_get(AUR_ISA_SCALAR);
        float want[2] = {ref->peak(x + AUR_PEAK_TAPS), ref->true_peak(x + AUR_PEAK_TAPS)};
        float got[2] = {k->peak(x + AUR_PEAK_TAPS), k->true_peak(x + AUR_PEAK_TAPS)};
        fail_if(memcmp(want, got, sizeof want) != 0, "peak", isa, "other peaks");
        fail_if(ref->true_peak(x + AUR_PEAK_TAPS) < ref->peak(x + AUR_PEAK_TAPS / 2), "true_peak", isa,
                "below the samples");
    }
}

/* ---- reverb ---- */

#define RING 2048

struct rig {
    struct aur_reverb v;
    float rings[3][AUR_LANES][RING + AUR_RING_GUARD] __attribute__((aligned(64)));
    uint8_t after[64];
};

static void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    memset(rig->after, 0xa5, sizeof rig->after);
    struct aur_reverb *v = &rig->v;
    for (int d = 0; d < 2; d++) {
        v->mask[d] = RING - 1;
        v->stride[d] = RING + AUR_RING_GUARD;
        v->diffuser[d] = rig->rings[d][0];
    }
    for (int i = 0; i < AUR_REVERB_TAPS; i++)
        v->taps[i] = (uint32_t)inputs_between(0, 1900);
    for (int i = 0; i < AUR_REVERB_LINES; i++)
        v->diffuse[i] = (uint32_t)inputs_between(0, 1900);
    v->tank = rig->rings[2][0];
    v->tank_mask = RING - 1;
    v->tank_stride = RING + AUR_RING_GUARD;
    inputs_fill(v->delay, 16, 120, 1900, ORDINARY);
    for (int i = 0; i < AUR_REVERB_LINES; i++) {
        double pole = (double)inputs_between(0, 0.7);
        v->delay[i] = v->tap[i] = floorf(v->delay[i]);
        aur_reverb_damp(v, i, pole, (1 - pole) * 0.98 * 0.7071);
    }
    inputs_bits(v->lfo);
    for (int i = 0; i < AUR_LANES; i++)
        v->lfo_inc[i] = (uint32_t)inputs_between(0, 1e7);
    v->depth = 20;
}

static void check_reverb(enum aur_isa isa)
{
    struct rig *a = aligned_alloc(64, sizeof *a), *b = aligned_alloc(64, sizeof *b);
    if (!a || !b)
        abort();
    rig_init(a);
    memcpy(b, a, sizeof *a);
    for (int d = 0; d < 2; d++)
        b->v.diffuser[d] = b->rings[d][0];
    b->v.tank = b->rings[2][0];
    static struct aur_stereo in;
    static struct guarded_stereo want, got;
    for (int block = 0; block < 300; block++) {
        enum input input = block % 7 == 0 ? AWKWARD : ORDINARY;
        inputs_fill(in.l, 64, -1, 1, input);
        inputs_fill(in.r, 64, -1, 1, input);
        memset(&want, 0xa5, sizeof want);
        got = want;
        aur_kernels_get(AUR_ISA_SCALAR)->reverb(&want.x, &a->v, &in);
        aur_kernels_get(isa)->reverb(&got.x, &b->v, &in);
        fail_if(!canaries_live(got.before, got.after), "reverb", isa, "wrote outside its block");
        fail_if(memcmp(&want, &got, sizeof want) != 0, "reverb", isa, "other samples");
    }
    fail_if(memcmp(a->rings, b->rings, sizeof a->rings) != 0, "reverb", isa, "other state");
    for (int i = 0; i < 64; i++)
        fail_if(b->after[i] != 0xa5, "reverb", isa, "wrote outside its rings");
    free(a);
    free(b);
}

void bench_effects(enum aur_isa isa, double reference[EFFECT_BENCHES])
{
    struct rig *rig = aligned_alloc(64, sizeof *rig);
    if (!rig)
        abort();
    rig_init(rig);
    static struct aur_lane_sums sums;
    static struct aur_stereo x, y;
    static float history[AUR_BLOCK + AUR_PEAK_TAPS];
    inputs_fill(sums.l, 1024, -1, 1, ORDINARY);
    inputs_fill(x.l, 64, -1, 1, ORDINARY);
    inputs_fill(history, 80, -1, 1, ORDINARY);
    const struct aur_kernels *k = aur_kernels_get(isa);
    static const char *const names[] = {"fold", "mix", "true_peak", "reverb"};
    int blocks = isa == AUR_ISA_SCALAR ? 50 : 5000;
    for (int which = 0; which < EFFECT_BENCHES; which++) {
        double best = 1e30;
        for (int round = 0; round < 5; round++) {
            double t = now_ns();
            for (int i = 0; i < blocks; i++) {
                if (which == 0)
                    k->fold(&y, &sums);
                else if (which == 1)
                    k->mix(&y, &x, 0.5f, 0.4f);
                else if (which == 2)
                    y.l[0] += k->true_peak(history + AUR_PEAK_TAPS);
                else
                    k->reverb(&y, &rig->v, &x);
            }
            t = (now_ns() - t) / ((double)AUR_BLOCK * blocks);
            best = t < best ? t : best;
        }
        report(names[which], isa, best, &reference[which], "frame");
    }
    free(rig);
}

void check_effects(enum aur_isa isa)
{
    if (isa == AUR_ISA_SCALAR)
        check_fold_order();
    check_fold(isa);
    check_take(isa);
    check_interleave(isa);
    check_mix(isa);
    check_send(isa);
    check_repeat(isa);
    check_pole(isa);
    check_two_poles(isa);
    check_peaks(isa);
    check_reverb(isa);
}
