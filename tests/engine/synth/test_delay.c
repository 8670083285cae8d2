/* The delay, driven directly: where its repeats stand, on which side, and how dark each is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"
#include "synth/delay.h"

#define RATE    44100
#define REPEATS 5

/* What the delay answers to an impulse on the left. */
struct answer {
    struct aur_delay_fx *fx;
    float *memory, *side[2];
    size_t frames;
};

static void *zeroed(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
    assert_non_null(p);
    memset(p, 0, bytes);
    return p;
}

static void set(struct aur_effect_settings *s, const char *name, double value)
{
    assert_int_equal(aur_param_set(s->params[AUR_EFFECT_DELAY], &aur_effects[AUR_EFFECT_DELAY], name, value, NULL), 0);
}

/* Both sides' time one beat, filters as open as can be. */
static struct aur_effect_settings plain(double cross)
{
    struct aur_effect_settings s;
    aur_effect_default(&s);
    set(&s, "beats", 1);
    set(&s, "beats_right", 1);
    set(&s, "cross", cross);
    set(&s, "feedback", 0.8);
    set(&s, "cutoff", 16000);
    set(&s, "highpass", 20);
    return s;
}

static void answer_render(struct answer *a, size_t from, size_t to, int impulse_at)
{
    for (size_t at = from; at < to; at += AUR_BLOCK) {
        struct aur_stereo in = {0}, out = {0}, to_reverb = {0};
        if (at == from && impulse_at >= 0)
            in.l[impulse_at] = 1;
        aur_delay_render(a->fx, &out, &to_reverb, &in);
        memcpy(a->side[0] + at, out.l, sizeof out.l);
        memcpy(a->side[1] + at, out.r, sizeof out.r);
    }
}

static struct answer answer_new(const struct aur_effect_settings *settings, int bpm, double seconds)
{
    struct answer a = {.fx = zeroed(sizeof *a.fx), .memory = zeroed(aur_delay_floats(RATE) * sizeof(float))};
    a.frames = (size_t)(seconds * RATE) / AUR_BLOCK * AUR_BLOCK;
    a.side[0] = zeroed(a.frames * sizeof(float));
    a.side[1] = zeroed(a.frames * sizeof(float));
    aur_delay_init(a.fx, aur_kernels_get(aur_isa_best()), RATE, a.memory);
    aur_delay_set(a.fx, settings, bpm, 0);
    answer_render(&a, 0, a.frames, 0);
    return a;
}

static void answer_free(struct answer *a)
{
    free(a->fx);
    free(a->memory);
    free(a->side[0]);
    free(a->side[1]);
}

static double energy(const float *x, size_t from, size_t to)
{
    double sum = 0;
    for (size_t n = from; n < to; n++)
        sum += (double)(x[n] * x[n]);
    return sum;
}

/* Energy of repeat `nth` (from 1) where repeats are `time` frames apart. */
static double repeat_energy(const struct answer *a, int side, int nth, size_t time)
{
    const size_t at = (size_t)nth * time;
    return energy(a->side[side], at - time / 4, at + 3 * time / 4);
}

static size_t loudest_frame(const float *x, size_t from, size_t to)
{
    size_t most = from;
    for (size_t n = from; n < to; n++)
        if (fabsf(x[n]) > fabsf(x[most]))
            most = n;
    return most;
}

/* ---- sides ---- */

static void repeats_change_sides_as_asked(void **state)
{
    static const double crosses[] = {0, 1, 0.25};
    (void)state;
    for (int c = 0; c < 3; c++) {
        const struct aur_effect_settings settings = plain(crosses[c]);
        struct answer a = answer_new(&settings, 120, 4);
        const size_t time = RATE / 2;
        double stays = 1, goes = 0; /* shares of what is on the left and on the right, without what feedback takes */
        for (int nth = 1; nth <= REPEATS; nth++) {
            const double l = sqrt(repeat_energy(&a, 0, nth, time)), r = sqrt(repeat_energy(&a, 1, nth, time));
            assert_true(l + r > 1e-3);
            if (!(fabs(r / (l + r) - goes) < 1e-3))
                fail_msg("cross %g, repeat %d: %g of it is on the right, want %g", crosses[c], nth, r / (l + r), goes);
            const double left = stays * (1 - crosses[c]) + goes * crosses[c];
            goes = goes * (1 - crosses[c]) + stays * crosses[c];
            stays = left;
        }
        answer_free(&a);
    }
}

/* ---- darkness ---- */

/* Magnitude of x between two frames at hz. */
static double magnitude(const float *x, size_t from, size_t to, double hz)
{
    double re = 0, im = 0;
    for (size_t n = from; n < to; n++) {
        const double w = 2 * M_PI * hz * (double)(n - from) / RATE;
        re += (double)x[n] * cos(w);
        im += (double)x[n] * sin(w);
    }
    return hypot(re, im);
}

/* |H| of y = p y + (1 - p) x with p = exp(-2 pi cutoff / rate), and of what that leaves out. */
static double low_pass(double hz, double cutoff)
{
    const double p = exp(-2 * M_PI * cutoff / RATE), w = 2 * M_PI * hz / RATE;
    return (1 - p) / sqrt(1 - 2 * p * cos(w) + p * p);
}

static double high_pass(double hz, double cutoff)
{
    const double p = exp(-2 * M_PI * cutoff / RATE), w = 2 * M_PI * hz / RATE;
    return p * 2 * fabs(sin(w / 2)) / sqrt(1 - 2 * p * cos(w) + p * p);
}

/* Each repeat is the one before times the feedback and the loop's two filters. */
static void each_repeat_is_darker(void **state)
{
    static const double cutoffs[] = {800, 2200, 16000}, highpasses[] = {20, 180, 700}, hz[] = {120, 400, 2200, 9000};
    (void)state;
    for (int c = 0; c < 3; c++) {
        struct aur_effect_settings settings = plain(0);
        set(&settings, "cutoff", cutoffs[c]);
        set(&settings, "highpass", highpasses[c]);
        struct answer a = answer_new(&settings, 120, 4);
        const size_t time = RATE / 2;
        for (int f = 0; f < 4; f++) {
            double before = 1 / 0.8; /* the first repeat has been through the filters, not through the feedback */
            const double want = 0.8 * low_pass(hz[f], cutoffs[c]) * high_pass(hz[f], highpasses[c]);
            for (size_t nth = 1; nth <= 3; nth++) {
                const double now = magnitude(a.side[0], nth * time, nth * time + time - 1, hz[f]);
                if (!(fabs(now / before / want - 1) < 0.03))
                    fail_msg("cutoff %g, highpass %g, repeat %zu at %g Hz: %g of the one before, want %g", cutoffs[c],
                             highpasses[c], nth, hz[f], now / before, want);
                before = now;
            }
        }
        answer_free(&a);
    }
}

/* ---- time ---- */

/* Times are beats of the phrase's tempo, at most six seconds; sides have their own. */
static void times_follow_the_tempo(void **state)
{
    static const int bpms[] = {40, 60, 97, 200};
    (void)state;
    for (int b = 0; b < 4; b++) {
        struct aur_effect_settings settings = plain(1);
        set(&settings, "beats", 0.75);
        set(&settings, "beats_right", 0.5);
        struct answer a = answer_new(&settings, bpms[b], 4);
        const size_t left = (size_t)(0.75 * 60 / bpms[b] * RATE + 0.5),
                     right = (size_t)(0.5 * 60 / bpms[b] * RATE + 0.5);
        assert_int_equal(loudest_frame(a.side[0], 0, left + right / 2), left);
        assert_int_equal(loudest_frame(a.side[1], 0, left + right + right / 2), left + right);
        answer_free(&a);
    }
    struct aur_effect_settings settings = plain(0);
    set(&settings, "beats", 8);
    struct answer a = answer_new(&settings, 40, 7);
    assert_int_equal(loudest_frame(a.side[0], 0, a.frames), 6 * RATE);
    answer_free(&a);
}

/* A new tempo while it plays, and another while that is being faded to: what goes in later comes back in the last one. */
static void a_new_tempo_is_taken(void **state)
{
    (void)state;
    const struct aur_effect_settings settings = plain(0);
    struct answer a = answer_new(&settings, 120, 12);
    const size_t changed = (size_t)6 * RATE / AUR_BLOCK * AUR_BLOCK, struck = changed + 200 * AUR_BLOCK;
    aur_delay_set(a.fx, &settings, 160, 40);
    answer_render(&a, changed, changed + 10 * AUR_BLOCK, -1);
    aur_delay_set(a.fx, &settings, 90, 40);
    answer_render(&a, changed + 10 * AUR_BLOCK, struck, -1);
    memset(a.side[0], 0, a.frames * sizeof(float));
    answer_render(&a, struck, a.frames, 0);
    assert_int_equal(loudest_frame(a.side[0], struck, a.frames), struck + RATE * 2 / 3);
    answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_change_sides_as_asked),
        cmocka_unit_test(each_repeat_is_darker),
        cmocka_unit_test(times_follow_the_tempo),
        cmocka_unit_test(a_new_tempo_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
