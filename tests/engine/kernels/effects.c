/* Part of check_kernels: sums of lanes, mixing and the reverb. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"

/* ---- sums, mixing ---- */

/* The sum of all lanes is one. */
static void check_take_order(void)
{
    static struct aur_lane_sums in;
    static struct aur_stereo out;
    inputs_fill(in.l, 1024, -1, 1, ORDINARY);
    inputs_fill(in.r, 1024, -1, 1, ORDINARY);
    aur_kernels_get(AUR_ISA_SCALAR)->take(&out, &in, 0xffff);
    for (int n = 0; n < AUR_BLOCK; n++) {
        double sum = 0;
        for (int lane = 0; lane < AUR_LANES; lane++)
            sum += (double)in.r[n * AUR_LANES + lane];
        fail_if(fabs(sum - (double)out.r[n]) > 1e-5, "take", AUR_ISA_SCALAR, "not the sum");
    }
}

/* Taking some lanes is taking all where the others hold zeros; what they hold does not matter. */
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
        const float most = aur_kernels_get(AUR_ISA_SCALAR)->take(&want.x, &in, 0xffff);
        const float peak = k->take(&got.x, &more, active);
        fail_if(!canaries_live(got.before, got.after), "take", isa, "wrote outside its block");
        fail_if(memcmp(&want, &got, sizeof want) != 0, "take", isa, "other samples");
        fail_if(peak != most || peak != k->loudest(&want.x), "take", isa, "other peak");
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

/* Rows of floats that are no structs may begin anywhere: `shift` floats from a place that suits vectors. */
#define SHIFTS 16

static void check_repeat(enum aur_isa isa)
{
    static struct aur_stereo in, repeats;
    static struct guarded_floats want[2], got[2];
    for (int round = 0; round < 100; round++) {
        const enum input input = (enum input)(round % 2);
        const int shift = round / 2 % SHIFTS, other_shift = round / 3 % SHIFTS;
        inputs_fill(in.l, 64, -1, 1, input);
        inputs_fill(in.r, 64, -1, 1, input);
        inputs_fill(repeats.l, 64, -1, 1, input);
        inputs_fill(repeats.r, 64, -1, 1, input);
        memset(want, 0xa5, sizeof want);
        memcpy(got, want, sizeof got);
        const float own = inputs_awkward(-1, 1), other = inputs_awkward(-1, 1);
        for (int n = 0; n < AUR_BLOCK; n++) {
            want[0].x[shift + n] = in.l[n] + (own * repeats.l[n] + other * repeats.r[n]);
            want[1].x[other_shift + n] = in.r[n] + (own * repeats.r[n] + other * repeats.l[n]);
        }
        aur_kernels_get(isa)->repeat(got[0].x + shift, got[1].x + other_shift, &in, &repeats, own, other);
        fail_if(memcmp(want, got, sizeof want) != 0, "repeat", isa, "other samples, or wrote elsewhere");
    }
}

static void check_interleave(enum aur_isa isa)
{
    static struct aur_stereo in;
    static struct guarded_floats want, got;
    for (int shift = 0; shift < SHIFTS; shift++) {
        inputs_fill(in.l, 64, -1, 1, ORDINARY);
        inputs_fill(in.r, 64, -1, 1, AWKWARD);
        memset(&want, 0xa5, sizeof want);
        got = want;
        for (int n = 0; n < AUR_BLOCK; n++) {
            want.x[shift + 2 * n] = in.l[n];
            want.x[shift + 2 * n + 1] = in.r[n];
        }
        aur_kernels_get(isa)->interleave(got.x + shift, &in);
        fail_if(memcmp(&want, &got, sizeof want) != 0, "interleave", isa, "other samples, or wrote elsewhere");
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

/* ---- how long each takes ---- */

static struct {
    struct rig *rig;
    struct aur_lane_sums sums;
    struct aur_stereo x, y, sent[3];
    struct aur_pole pole;
    float rows[2][2 * AUR_BLOCK], state[4], heard;
} bench __attribute__((aligned(64)));

static void bench_take(const struct aur_kernels *k)
{
    bench.heard += k->take(&bench.y, &bench.sums, 0xffff);
}

static void bench_take_4(const struct aur_kernels *k)
{
    bench.heard += k->take(&bench.y, &bench.sums, 0xf);
}

static void bench_mix(const struct aur_kernels *k)
{
    k->mix(&bench.y, &bench.x, 0.5f, 0.4f);
}

/* To three at once, as a bus with two effects is. */
static void bench_send(const struct aur_kernels *k)
{
    const struct aur_send to[3] = {{&bench.sent[0], 1, 1}, {&bench.sent[1], 0.3f, 0.3f}, {&bench.sent[2], 0.3f, 0.2f}};
    k->send(to, 3, &bench.x);
}

static void bench_repeat(const struct aur_kernels *k)
{
    k->repeat(bench.rows[0], bench.rows[1], &bench.x, &bench.y, 0.3f, 0.2f);
}

static void bench_interleave(const struct aur_kernels *k)
{
    k->interleave(bench.rows[0], &bench.x);
}

/* In place, so over what is new each time: over their own output again and again filters end among denormals. */
static void bench_low_pass(const struct aur_kernels *k)
{
    bench.y = bench.x;
    bench.heard += k->low_pass(&bench.y, &bench.pole, bench.state);
}

static void bench_high_pass(const struct aur_kernels *k)
{
    bench.y = bench.x;
    bench.heard += k->high_pass(&bench.y, &bench.pole, bench.state);
}

static void bench_low_high_pass(const struct aur_kernels *k)
{
    bench.y = bench.x;
    bench.heard += k->low_high_pass(&bench.y, &bench.pole, bench.state, &bench.pole, bench.state + 2);
}

static void bench_high_high_pass(const struct aur_kernels *k)
{
    bench.y = bench.x;
    bench.heard += k->high_high_pass(&bench.y, &bench.pole, bench.state, &bench.pole, bench.state + 2);
}

static void bench_loudest(const struct aur_kernels *k)
{
    bench.heard += k->loudest(&bench.x);
}

static void bench_true_peak(const struct aur_kernels *k)
{
    bench.heard += k->true_peak(bench.rows[0] + AUR_PEAK_TAPS);
}

static void bench_finer_peak(const struct aur_kernels *k)
{
    bench.heard += k->finer_peak(bench.rows[0] + AUR_FINER_TAPS);
}

static void bench_reverb(const struct aur_kernels *k)
{
    k->reverb(&bench.y, &bench.rig->v, &bench.x);
}

static const struct {
    const char *name;
    void (*run)(const struct aur_kernels *k);
} benches[] = {
    {"take", bench_take},
    {"take of 4", bench_take_4},
    {"mix", bench_mix},
    {"send to 3", bench_send},
    {"repeat", bench_repeat},
    {"interleave", bench_interleave},
    {"low", bench_low_pass},
    {"high", bench_high_pass},
    {"low high", bench_low_high_pass},
    {"high high", bench_high_high_pass},
    {"loudest", bench_loudest},
    {"true_peak", bench_true_peak},
    {"finer_peak", bench_finer_peak},
    {"reverb", bench_reverb},
};
_Static_assert(sizeof benches / sizeof *benches == EFFECT_BENCHES, "a reference for each");

/* What effects read, afresh: a mix that is added to over and over would not stay a number. */
static void bench_start(void)
{
    memset(bench.sent, 0, sizeof bench.sent);
    memset(bench.state, 0, sizeof bench.state);
    inputs_fill(bench.sums.l, 1024, -1, 1, ORDINARY);
    inputs_fill(bench.sums.r, 1024, -1, 1, ORDINARY);
    inputs_fill(bench.x.l, 64, -1, 1, ORDINARY);
    inputs_fill(bench.x.r, 64, -1, 1, ORDINARY);
    bench.y = bench.x;
    inputs_fill(bench.rows[0], 2 * AUR_BLOCK, -1, 1, ORDINARY);
    aur_pole_set(&bench.pole, 0.7, 0.3);
}

void bench_effects(enum aur_isa isa, double reference[EFFECT_BENCHES])
{
    const struct aur_kernels *k = aur_kernels_get(isa);
    const int blocks = isa == AUR_ISA_SCALAR ? 50 : 5000;
    if (!(bench.rig = aligned_alloc(64, sizeof *bench.rig)))
        abort();
    rig_init(bench.rig);
    for (int which = 0; which < EFFECT_BENCHES; which++) {
        double best = 1e30;
        for (int round = 0; round < 5; round++) {
            bench_start();
            double t = now_ns();
            for (int i = 0; i < blocks; i++)
                benches[which].run(k);
            t = (now_ns() - t) / ((double)AUR_BLOCK * blocks);
            best = t < best ? t : best;
        }
        report(benches[which].name, isa, best, &reference[which], "frame");
    }
    free(bench.rig);
}

void check_effects(enum aur_isa isa)
{
    if (isa == AUR_ISA_SCALAR)
        check_take_order();
    check_take(isa);
    check_interleave(isa);
    check_mix(isa);
    check_send(isa);
    check_repeat(isa);
    check_reverb(isa);
}
