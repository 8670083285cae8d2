/* Every build of the kernels that this processor runs against the scalar one: equal bytes for the samples and for the
 * state left behind, on ordinary and on awkward input, with canaries around what is written.
 *
 *   check_kernels [--seed N] [--bench]
 *
 * --bench times each kernel right after it passed. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inputs.h"

static int failures;

static void fail_if(bool bad, const char *kernel, enum aur_isa isa, const char *what)
{
    if (!bad)
        return;
    failures++;
    printf("FAILED %s %s: %s (seed %llu)\n", aur_isa_name(isa), kernel, what, (unsigned long long)inputs_seed);
}

struct guarded_sums {
    uint8_t before[64];
    struct aur_lane_sums sums;
    uint8_t after[64];
} __attribute__((aligned(64)));

struct guarded_stereo {
    uint8_t before[64];
    struct aur_stereo x;
    uint8_t after[64];
} __attribute__((aligned(64)));

static bool canaries_live(const uint8_t *before, const uint8_t *after)
{
    for (int i = 0; i < 64; i++)
        if (before[i] != 0xa5 || after[i] != 0xa5)
            return false;
    return true;
}

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void report(const char *kernel, enum aur_isa isa, double ns, double *reference, const char *unit_name)
{
    if (isa == AUR_ISA_SCALAR)
        *reference = ns;
    printf("%-10s %-7s %8.3f ns a %s, %6.1f x the reference\n", kernel, aur_isa_name(isa), ns, unit_name,
           *reference / ns);
}

/* ---- voices ---- */

typedef void voice_fn(struct aur_lane_sums *, struct aur_group *, const struct aur_voice_control *);

#define VOICE(name)                                                                                                    \
    {                                                                                                                  \
#name, offsetof(struct aur_kernels, name)                                                                      \
    }

static const struct {
    const char *name;
    size_t offset;
} voices[] = {VOICE(pad),   VOICE(tone),  VOICE(noise),   VOICE(bell), VOICE(bass),
              VOICE(pluck), VOICE(grain), VOICE(modular), VOICE(wave)};

enum { VOICES = sizeof voices / sizeof *voices };

static float *tables;

static void run_voice(enum aur_isa isa, int which, struct aur_lane_sums *sums, struct aur_group *g,
                      const struct aur_voice_control *control)
{
    const struct aur_kernels *k = aur_kernels_get(isa);
    voice_fn *fn;
    memcpy(&fn, (const char *)k + voices[which].offset, sizeof fn);
    fn(sums, g, control);
}

static void run_blocks(enum aur_isa isa, int which, struct guarded_sums *s, struct aur_group *g)
{
    struct aur_voice_control control = {0.3f, tables};
    for (int block = 0; block < 20; block++) {
        control.bright = 0.3f - 0.1f * (float)block;
        run_voice(isa, which, &s->sums, g, &control);
    }
}

static bool same_voices(const struct aur_group *a, const struct aur_group *b)
{
    const uint32_t *x = (const uint32_t *)(const void *)a, *y = (const uint32_t *)(const void *)b;
    for (size_t i = 0; i < offsetof(struct aur_group, active) / 4; i++)
        if (a->active >> i % AUR_LANES & 1 && x[i] != y[i])
            return false;
    return a->active == b->active;
}

static void check_voice(int which, const char *name, enum aur_isa isa)
{
    static struct guarded_sums want, got;
    static struct aur_group start, a, b;
    for (int round = 0; round < 60; round++) {
        inputs_group(&start, (enum input)(round % INPUTS));
        memset(&want, 0xa5, sizeof want);
        inputs_fill(want.sums.l, 1024, -1, 1, (enum input)(round % INPUTS));
        inputs_fill(want.sums.r, 1024, -1, 1, (enum input)(round % INPUTS));
        got = want;
        a = b = start;
        run_blocks(AUR_ISA_SCALAR, which, &want, &a);
        run_blocks(isa, which, &got, &b);
        fail_if(!canaries_live(got.before, got.after), name, isa, "wrote outside its block");
        fail_if(memcmp(&want, &got, sizeof want) != 0, name, isa, "other samples");
        fail_if(!same_voices(&a, &b), name, isa, "other state");
    }
}

/* A pad whose voices stand in the middle sounds the same with one filter as with two. */
static void check_centre(enum aur_isa isa)
{
    static struct aur_group one, two;
    static struct guarded_sums want, got;
    inputs_group(&one, ORDINARY);
    one.wide = one.smooth = 0;
    memcpy(one.far, one.near, sizeof one.far);
    memcpy(one.z1r, one.z1l, sizeof one.z1r);
    memcpy(one.z2r, one.z2l, sizeof one.z2r);
    two = one;
    two.wide = 0xffff;
    memset(&want, 0, sizeof want);
    memset(&got, 0, sizeof got);
    run_blocks(isa, 0, &want, &two);
    run_blocks(isa, 0, &got, &one);
    fail_if(memcmp(&want, &got, sizeof want) != 0, "pad", isa, "one filter is not two");
    fail_if(!same_voices(&one, &two), "pad", isa, "other state with one filter");
}

/* A pad without smooth saws sounds the same with e3 and e5 as without. */
static void check_plain_saws(enum aur_isa isa)
{
    static struct aur_group plain, smooth;
    static struct guarded_sums want, got;
    inputs_group(&plain, ORDINARY);
    plain.smooth = 0;
    plain.wide = 0xffff;
    memset(plain.e3, 0, sizeof plain.e3);
    memset(plain.e5, 0, sizeof plain.e5);
    smooth = plain;
    smooth.smooth = 0xffff;
    memset(&want, 0, sizeof want);
    memset(&got, 0, sizeof got);
    run_blocks(isa, 0, &want, &smooth);
    run_blocks(isa, 0, &got, &plain);
    fail_if(memcmp(&want, &got, sizeof want) != 0, "pad", isa, "plain saws are not as smooth ones without e3 and e5");
    fail_if(!same_voices(&plain, &smooth), "pad", isa, "other state with smooth saws");
}

/* The pad's three forms; other voices have one. */
static const char *const pad_forms[] = {"pad", "wide pad", "high pad"};
enum { PAD_FORMS = sizeof pad_forms / sizeof *pad_forms };

static void bench_voice(int which, int form, const char *name, enum aur_isa isa, double *reference)
{
    static struct guarded_sums s;
    static struct aur_group g[4];
    memset(&s, 0, sizeof s);
    for (int i = 0; i < 4; i++) {
        inputs_group(&g[i], ORDINARY);
        g[i].wide = form > 0 ? 0xffff : 0;
        g[i].smooth = form > 1 ? 0xffff : 0;
    }
    int blocks = isa == AUR_ISA_SCALAR ? 20 : 2000;
    struct aur_voice_control control = {0, tables};
    double best = 1e30;
    for (int round = 0; round < 5; round++) {
        double t = now_ns();
        for (int block = 0; block < blocks; block++) {
            memset(&s.sums, 0, sizeof s.sums);
            for (int i = 0; i < 4; i++)
                run_voice(isa, which, &s.sums, &g[i], &control);
        }
        t = (now_ns() - t) / (4.0 * AUR_LANES * AUR_BLOCK * blocks);
        best = t < best ? t : best;
    }
    report(name, isa, best, reference, "voice-sample");
}

static void bench_voices(enum aur_isa isa, double reference[PAD_FORMS + VOICES])
{
    for (int form = 0; form < PAD_FORMS; form++)
        bench_voice(0, form, pad_forms[form], isa, reference++);
    for (int which = 1; which < VOICES; which++)
        bench_voice(which, 0, voices[which].name, isa, reference++);
}

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

/* Taking narrow sums is folding them, and leaves zeros. */
static void check_take(enum aur_isa isa)
{
    static struct aur_lane_sums in, rest;
    static struct guarded_stereo want, got;
    static const int widths[] = {4, 8, 16};
    const struct aur_kernels *k = aur_kernels_get(isa);
    for (int round = 0; round < 100; round++) {
        int lanes = widths[round % 3];
        inputs_fill(in.l, 1024, -1, 1, (enum input)(round % 2));
        inputs_fill(in.r, 1024, -1, 1, (enum input)(round % 2));
        for (int i = 0; i < 1024; i++) {
            bool used = i % AUR_LANES < lanes;
            in.l[i] = used && in.l[i] != 0 ? in.l[i] : 0;
            in.r[i] = used && in.r[i] != 0 ? in.r[i] : 0;
        }
        memset(&want, 0xa5, sizeof want);
        got = want;
        aur_kernels_get(AUR_ISA_SCALAR)->fold(&want.x, &in);
        rest = in;
        float peak = k->take(&got.x, &rest, lanes);
        fail_if(!canaries_live(got.before, got.after), "take", isa, "wrote outside its block");
        fail_if(memcmp(&want, &got, sizeof want) != 0, "take", isa, "other samples");
        fail_if(peak != k->loudest(&want.x) || peak < k->peak(want.x.l) || peak < k->peak(want.x.r), "take", isa,
                "other peak");
        memset(&in, 0, sizeof in);
        fail_if(memcmp(&in, &rest, sizeof in) != 0, "take", isa, "left something");
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
    for (int i = 0; i < AUR_LANES; i++)
        v->taps[i] = (uint32_t)inputs_between(0, 1900);
    for (int i = 0; i < AUR_DIFFUSE; i++)
        v->diffuse[i] = (uint32_t)inputs_between(0, 1900);
    v->tank = rig->rings[2][0];
    v->tank_mask = RING - 1;
    v->tank_stride = RING + AUR_RING_GUARD;
    inputs_fill(v->delay, 16, 120, 1900, ORDINARY);
    for (int i = 0; i < AUR_LANES; i++) {
        double pole = (double)inputs_between(0, 0.7);
        v->delay[i] = v->tap[i] = floorf(v->delay[i]);
        aur_reverb_damp(v, i, pole, (1 - pole) * 0.98);
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

static void bench_frames(enum aur_isa isa, double reference[4])
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
    for (int which = 0; which < 4; which++) {
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

int main(int argc, char **argv)
{
    bool bench = false;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    inputs_seed = (uint64_t)ts.tv_nsec;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--bench") == 0)
            bench = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            inputs_seed = strtoull(argv[++i], NULL, 0);
        else
            return fprintf(stderr, "usage: check_kernels [--seed N] [--bench]\n"), 2;
    }
    printf("seed %llu\n", (unsigned long long)inputs_seed);
    double reference[PAD_FORMS + VOICES], frame_reference[4];
    tables = malloc(AUR_WAVE_FLOATS * sizeof *tables);
    if (!tables)
        abort();
    inputs_fill(tables, AUR_WAVE_FLOATS, -1, 1, ORDINARY);
    check_fold_order();
    for (int i = 0; i < AUR_ISAS; i++) {
        enum aur_isa isa = (enum aur_isa)i;
        if (!aur_isa_supported(isa))
            continue;
        check_centre(isa);
        check_plain_saws(isa);
        for (int which = 0; which < VOICES; which++)
            check_voice(which, voices[which].name, isa);
        check_fold(isa);
        check_take(isa);
        check_interleave(isa);
        check_mix(isa);
        check_send(isa);
        check_pole(isa);
        check_peaks(isa);
        check_reverb(isa);
        if (bench) {
            bench_voices(isa, reference);
            bench_frames(isa, frame_reference);
        }
        printf("%s: checked\n", aur_isa_name(isa));
    }
    free(tables);
    return failures ? 1 : 0;
}
