/* Part of check_kernels: filters along time and peaks, and what they make of NaN and infinity. */
#include <math.h>
#include <string.h>

#include "checks.h"

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

static void check_loudest(enum aur_isa isa)
{
    static struct aur_stereo x;
    for (int round = 0; round < 100; round++) {
        float most = 0;
        inputs_fill(x.l, 64, -1, 1, (enum input)(round % 2));
        inputs_fill(x.r, 64, -1, 1, (enum input)(round / 2 % 2));
        for (int n = 0; n < AUR_BLOCK; n++)
            most = fmaxf(most, fmaxf(fabsf(x.l[n]), fabsf(x.r[n])));
        fail_if(aur_kernels_get(isa)->loudest(&x) != most, "loudest", isa, "other peak");
    }
}

/* Wherever the block begins. */
static void check_true_peak(enum aur_isa isa)
{
    enum { FLOATS = AUR_BLOCK + AUR_FINER_TAPS, SHIFTS = 16 };
    static float room[FLOATS + SHIFTS] __attribute__((aligned(64)));
    const struct aur_kernels *k = aur_kernels_get(isa), *ref = aur_kernels_get(AUR_ISA_SCALAR);
    for (int round = 0; round < 200; round++) {
        float *x = room + round % SHIFTS, most = 0;
        inputs_fill(x, FLOATS, -1, 1, (enum input)(round % 2));
        if (round % 5 == 0) {
            memset(room, 0, sizeof room);
            x[(size_t)(inputs_unit() * FLOATS)] = 1;
        }
        const float *block = x + AUR_FINER_TAPS;
        const float want[2] = {ref->true_peak(block), ref->finer_peak(block)};
        const float got[2] = {k->true_peak(block), k->finer_peak(block)};
        for (int n = -AUR_PEAK_TAPS / 2; n < AUR_BLOCK - AUR_PEAK_TAPS / 2; n++)
            most = fmaxf(most, fabsf(block[n]));
        fail_if(memcmp(want, got, sizeof want) != 0, "true_peak or finer_peak", isa, "other peak");
        fail_if(got[0] < most, "true_peak", isa, "below the samples");
    }
}

/* The crest of a sine, wherever its samples lie. */
static void check_finer_peak_is_true(enum aur_isa isa)
{
    float x[AUR_FINER_TAPS + AUR_BLOCK];
    for (int phase = 0; phase < 16; phase++) {
        const double w = M_PI * 0.45;
        for (int n = 0; n < AUR_FINER_TAPS + AUR_BLOCK; n++)
            x[n] = (float)sin(w * n + M_PI * phase / 16);
        const double got = (double)aur_kernels_get(isa)->finer_peak(x + AUR_FINER_TAPS);
        fail_if(fabs(got - 1) > 0.01, "finer_peak", isa, "not the crest of a sine");
    }
}

/* ---- NaN and infinity ---- */

static float not_finite(void)
{
    static const float all[] = {NAN, -NAN, INFINITY, -INFINITY};
    return all[(size_t)(inputs_unit() * 4)];
}

/* Where one is finite both are, and the same to the bit; which NaN it is depends on the processor. */
static bool same_where_finite(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isfinite(a[i]) ? memcmp(&a[i], &b[i], sizeof *a) != 0 : isfinite(b[i]))
            return false;
    return true;
}

static void stereo_with_one(struct aur_stereo *x)
{
    inputs_fill(x->l, 64, -1, 1, ORDINARY);
    inputs_fill(x->r, 64, -1, 1, AWKWARD);
    (inputs_unit() < 0.5 ? x->l : x->r)[(size_t)(inputs_unit() * AUR_BLOCK)] = not_finite();
}

/* A peak of what holds one is none that a limit could be above. */
static void check_not_finite_peaks(enum aur_isa isa)
{
    const struct aur_kernels *k = aur_kernels_get(isa);
    enum { FLOATS = AUR_BLOCK + AUR_FINER_TAPS };
    static float x[FLOATS];
    static struct aur_stereo both;
    for (int round = 0; round < 200; round++) {
        stereo_with_one(&both);
        fail_if(isfinite(k->loudest(&both)), "loudest", isa, "hides NaN or infinity");
        inputs_fill(x, FLOATS, -1, 1, ORDINARY);
        x[AUR_FINER_TAPS - AUR_PEAK_TAPS + 1 + (size_t)(inputs_unit() * (AUR_BLOCK + AUR_PEAK_TAPS - 1))] =
            not_finite();
        fail_if(isfinite(k->true_peak(x + AUR_FINER_TAPS)), "true_peak", isa, "hides NaN or infinity");
        fail_if(isfinite(k->finer_peak(x + AUR_FINER_TAPS)), "finer_peak", isa, "hides NaN or infinity");
    }
}

static void check_not_finite_take(enum aur_isa isa)
{
    static const uint32_t masks[] = {0x5, 0xa1, 0x0810, 0x1080, 0x0481, 0xffff};
    const struct aur_kernels *k = aur_kernels_get(isa), *ref = aur_kernels_get(AUR_ISA_SCALAR);
    static struct aur_lane_sums in;
    static struct aur_stereo want, got;
    for (int round = 0; round < 200; round++) {
        const uint32_t active = masks[round % 6];
        const int lane = aur_lanes_first(active) + (int)(inputs_unit() * aur_lanes_read(active));
        inputs_fill(in.l, 1024, -1, 1, ORDINARY);
        inputs_fill(in.r, 1024, -1, 1, ORDINARY);
        (round % 2 ? in.l : in.r)[(int)(inputs_unit() * AUR_BLOCK) * AUR_LANES + lane] = not_finite();
        const float most = ref->take(&want, &in, active), also = k->take(&got, &in, active);
        fail_if(isfinite(most) || isfinite(also), "take", isa, "hides NaN or infinity");
        fail_if(!same_where_finite(want.l, got.l, AUR_BLOCK) || !same_where_finite(want.r, got.r, AUR_BLOCK), "take",
                isa, "other samples beside NaN or infinity");
    }
}

static float run_poles(const struct aur_kernels *k, int which, struct aur_stereo *x, const struct aur_pole *pole,
                       float y[4])
{
    switch (which) {
    case 0:
        return k->low_pass(x, pole, y);
    case 1:
        return k->high_pass(x, pole, y);
    case 2:
        return k->low_high_pass(x, pole, y, pole + 1, y + 2);
    default:
        return k->high_high_pass(x, pole, y, pole + 1, y + 2);
    }
}

static void check_not_finite_poles(enum aur_isa isa)
{
    for (int round = 0; round < 200; round++) {
        struct aur_pole pole[2];
        static struct aur_stereo want, got;
        float want_y[4] = {0.1f, -0.2f, 0.3f, 0}, got_y[4];
        aur_pole_set(&pole[0], 0.9, 0.1);
        aur_pole_set(&pole[1], 0.5, 0.5);
        stereo_with_one(&want);
        if (round % 8 == 7) /* or the state holds it */
            want_y[round / 8 % 2] = not_finite();
        got = want;
        memcpy(got_y, want_y, sizeof got_y);
        const float most = run_poles(aur_kernels_get(AUR_ISA_SCALAR), round % 4, &want, pole, want_y);
        const float also = run_poles(aur_kernels_get(isa), round % 4, &got, pole, got_y);
        fail_if(isfinite(most) || isfinite(also), "pole", isa, "hides NaN or infinity");
        fail_if(!same_where_finite(want.l, got.l, AUR_BLOCK) || !same_where_finite(want.r, got.r, AUR_BLOCK) ||
                    !same_where_finite(want_y, got_y, 4),
                "pole", isa, "other samples beside NaN or infinity");
    }
}

void check_peaks(enum aur_isa isa)
{
    check_pole(isa);
    check_two_poles(isa);
    check_loudest(isa);
    check_true_peak(isa);
    check_finer_peak_is_true(isa);
    check_not_finite_peaks(isa);
    check_not_finite_take(isa);
    check_not_finite_poles(isa);
}
