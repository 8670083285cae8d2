/* Part of check_kernels: voices. */
#include <stdlib.h>
#include <string.h>

#include "checks.h"

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
    struct aur_voice_control control = {0.3f, 0, tables};
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

static void mute_others(struct aur_group *g)
{
    for (int lane = 0; lane < AUR_LANES; lane++)
        if (!(g->active >> lane & 1))
            g->gl[lane] = g->gr[lane] = g->pl[lane] = g->pr[lane] = 0;
}

/* Fresh sums are zeros whatever they hold: what is taken of them is the same. */
static void check_fresh(int which, const char *name, enum aur_isa isa)
{
    static const uint32_t active[] = {0x1,    0x8,    0xb,    0x10,   0xf0,   0x81,   0x100,  0x0f00, 0x8000,
                                      0x0110, 0x0810, 0x0ff0, 0x0481, 0x1080, 0x8100, 0x1001, 0xffff, 0};
    static struct aur_lane_sums zeros, rest;
    static struct aur_group start, a, b;
    struct aur_stereo want, got;
    struct aur_voice_control control = {0.2f, 0, tables};
    for (size_t i = 0; i < sizeof active / sizeof *active; i++) {
        inputs_group(&start, ORDINARY);
        start.active = active[i];
        mute_others(&start);
        a = b = start;
        memset(&zeros, 0, sizeof zeros);
        memset(&rest, 0, sizeof rest);
        inputs_fill(rest.l, 1024, -1, 1, AWKWARD);
        inputs_fill(rest.r, 1024, -1, 1, AWKWARD);
        control.fresh = 0;
        run_voice(isa, which, &zeros, &a, &control);
        control.fresh = 1;
        run_voice(isa, which, &rest, &b, &control);
        aur_kernels_get(isa)->take(&want, &zeros, start.active);
        aur_kernels_get(isa)->take(&got, &rest, start.active);
        fail_if(memcmp(&want, &got, sizeof want) != 0, name, isa, "fresh sums are not zeros");
        fail_if(!same_voices(&a, &b), name, isa, "other state with fresh sums");
    }
}

/* Pads and tones together sound as one after the other. */
static void check_pad_tone(enum aur_isa isa, uint32_t pads, uint32_t tones, uint32_t wide, uint32_t smooth)
{
    static struct guarded_sums one[2], both[2];
    static struct aur_group start[2], a[2], b[2];
    const struct aur_kernels *k = aur_kernels_get(isa), *scalar = aur_kernels_get(AUR_ISA_SCALAR);
    const uint32_t active[2] = {pads, tones};
    struct aur_voice_control control = {0.2f, 1, tables};
    for (int i = 0; i < 2; i++) {
        inputs_group(&start[i], ORDINARY);
        start[i].active = active[i];
        mute_others(&start[i]);
        start[i].wide = wide;
        start[i].smooth = smooth;
        memset(&one[i], 0xa5, sizeof one[i]);
        inputs_fill(one[i].sums.zeros, AUR_LANES_APART, 0, 0, ORDINARY);
        both[i] = one[i];
        a[i] = b[i] = start[i];
    }
    for (int block = 0; block < 20; block++) {
        scalar->pad(&one[0].sums, &a[0], &control);
        scalar->tone(&one[1].sums, &a[1], &control);
        struct aur_summed of[2];
        k->pad_tone(of, &both[0].sums, &b[0], &both[1].sums, &b[1], &control);
        for (int i = 0; i < 2; i++) {
            struct aur_stereo want, got;
            scalar->take(&want, &one[i].sums, active[i]);
            k->take(&got, of[i].sums, of[i].active);
            fail_if(memcmp(&want, &got, sizeof want) != 0, "pad_tone", isa, "other samples");
            fail_if(!canaries_live(both[i].before, both[i].after), "pad_tone", isa, "wrote outside its block");
            fail_if(!same_voices(&a[i], &b[i]), "pad_tone", isa, "other state");
        }
    }
}

static void check_pad_tones(enum aur_isa isa)
{
    static const uint32_t pads[] = {0x1,    0xf,    0x80,   0xff,   0x0ff0, 0x0810, 0x0f0f, 0x0401, 0x0fff,
                                    0x0124, 0x0f00, 0xff00, 0x8001, 0xf0f0, 0x4080, 0xf00f, 0x1000, 0xffff},
                          tones[] = {0x1, 0xf, 0x10, 0xffff};
    for (size_t i = 0; i < sizeof pads / sizeof *pads; i++)
        for (size_t j = 0; j < sizeof tones / sizeof *tones; j++) {
            check_pad_tone(isa, pads[i], tones[j], 0, 0);
            check_pad_tone(isa, pads[i], tones[j], 0xffff, 0);
            check_pad_tone(isa, pads[i], tones[j], 0xffff, 0xffff);
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
    struct aur_voice_control control = {0, 0, tables};
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

/* A group of pads and one of tones at once. */
static void bench_pad_tone(enum aur_isa isa, double *reference)
{
    static struct guarded_sums s[2];
    static struct aur_group g[2];
    struct aur_summed of[2];
    const struct aur_voice_control control = {0, 1, tables};
    memset(s, 0, sizeof s);
    inputs_group(&g[0], ORDINARY);
    inputs_group(&g[1], ORDINARY);
    const int blocks = isa == AUR_ISA_SCALAR ? 20 : 2000;
    double best = 1e30;
    for (int round = 0; round < 5; round++) {
        double t = now_ns();
        for (int block = 0; block < blocks; block++)
            aur_kernels_get(isa)->pad_tone(of, &s[0].sums, &g[0], &s[1].sums, &g[1], &control);
        t = (now_ns() - t) / (2.0 * AUR_LANES * AUR_BLOCK * blocks);
        best = t < best ? t : best;
    }
    report("pad_tone", isa, best, reference, "voice-sample");
}

_Static_assert(VOICE_BENCHES == PAD_FORMS + VOICES - 1 + 1, "a bench for each form and voice");

void bench_voices(enum aur_isa isa, double reference[VOICE_BENCHES])
{
    for (int form = 0; form < PAD_FORMS; form++)
        bench_voice(0, form, pad_forms[form], isa, reference++);
    for (int which = 1; which < VOICES; which++)
        bench_voice(which, 0, voices[which].name, isa, reference++);
    bench_pad_tone(isa, reference);
}

int voices_init(void)
{
    tables = malloc(AUR_WAVE_FLOATS * sizeof *tables);
    if (tables)
        inputs_fill(tables, AUR_WAVE_FLOATS, -1, 1, ORDINARY);
    return tables ? 0 : -1;
}

void voices_deinit(void)
{
    free(tables);
}

void check_voices(enum aur_isa isa)
{
    check_centre(isa);
    check_plain_saws(isa);
    check_pad_tones(isa);
    for (int which = 0; which < VOICES; which++)
        check_voice(which, voices[which].name, isa), check_fresh(which, voices[which].name, isa);
}
