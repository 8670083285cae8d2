/* Chorus and tilt, driven directly and in a mix. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "support/unit.h"
#include "synth/chorus.h"
#include "synth/tilt.h"
#include "tone.h"

#define RATE 44100

static const struct aur_kernels *kernels(void)
{
    return aur_kernels_get(aur_isa_best());
}

static void set(struct aur_effect_settings *s, enum aur_effect effect, const char *name, double value)
{
    assert_int_equal(aur_param_set(s->params[effect], &aur_effects[effect], name, value, NULL), 0);
}

static double gain_db(struct aur_tilt_fx *fx, double hz)
{
    double in = 0, out = 0;
    for (int block = 0; block < 400; block++) {
        struct aur_stereo x;
        for (int n = 0; n < AUR_BLOCK; n++)
            x.l[n] = x.r[n] = (float)(0.1 * sin(2 * M_PI * hz * (block * AUR_BLOCK + n) / RATE));
        struct aur_stereo y = x;
        aur_tilt_run(fx, kernels(), &y);
        for (int n = 0; n < AUR_BLOCK && block > 100; n++) {
            in += (double)x.l[n] * (double)x.l[n];
            out += (double)y.l[n] * (double)y.l[n];
        }
    }
    return 10 * log10(out / in);
}

static void tilt_tilts(void **state)
{
    (void)state;
    struct aur_tilt_fx fx;
    struct aur_effect_settings s;
    aur_effect_default(&s);
    aur_tilt_init(&fx, RATE);
    aur_tilt_set(&fx, &s, 0);
    struct aur_stereo x = {{0.25f, -0.5f}, {1e-3f}}, y = x;
    aur_tilt_run(&fx, kernels(), &y);
    assert_memory_equal(&x, &y, sizeof x);
    for (int sign = -1; sign <= 1; sign += 2) {
        set(&s, AUR_EFFECT_TILT, "tilt", 8 * sign);
        aur_tilt_set(&fx, &s, 0);
        printf("tilt %d: %.2f dB at 40 Hz, %.2f at 700, %.2f at 12 kHz\n", 8 * sign, gain_db(&fx, 40),
               gain_db(&fx, 700), gain_db(&fx, 12000));
        assert_true(fabs(gain_db(&fx, 40) + 4 * sign) < 0.3);
        assert_true(fabs(gain_db(&fx, 12000) - 4 * sign) < 0.5);
        assert_true(fabs(gain_db(&fx, 700)) < 0.3);
    }
}

/* A glide from nothing and back: what comes out never jumps, and ends as what went in. */
static void tilt_glides(void **state)
{
    (void)state;
    struct aur_tilt_fx fx;
    struct aur_effect_settings s;
    aur_effect_default(&s);
    aur_tilt_init(&fx, RATE);
    aur_tilt_set(&fx, &s, 0);
    float last = 0.1f;
    for (int block = 0; block < 300; block++) {
        set(&s, AUR_EFFECT_TILT, "tilt", block / 100 == 1 ? -12 : 0);
        aur_tilt_set(&fx, &s, 50);
        struct aur_stereo x;
        for (int n = 0; n < AUR_BLOCK; n++)
            x.l[n] = x.r[n] = 0.1f;
        aur_tilt_run(&fx, kernels(), &x);
        for (int n = 0; n < AUR_BLOCK; n++) {
            assert_true(fabsf(x.l[n] - last) < 2e-4f);
            last = x.l[n];
        }
    }
    assert_true(last == 0.1f);
}

static struct audio chorused(double send, double level, enum aur_voice voice)
{
    static struct rig rig;
    rig_init(&rig, RATE);
    uint16_t patch = rig_patch(&rig, "it", voice);
    rig_set(&rig, patch, "reverb", 0);
    rig_set(&rig, patch, "delay", 0);
    rig_set(&rig, patch, "chorus", send);
    rig_effect(&rig, AUR_EFFECT_CHORUS, "reverb", 0);
    rig_effect(&rig, AUR_EFFECT_CHORUS, "level", level);
    rig_note(&rig, patch, 0, 6, 60, 0.6);
    return rig_render(&rig, true, 8);
}

static void chorus_widens_and_moves(void **state)
{
    (void)state;
    struct audio dry = chorused(0, 0, AUR_VOICE_LEAD), wet = chorused(1, 0, AUR_VOICE_LEAD);
    struct audio_correlation a, b;
    audio_correlate(&a, &dry);
    audio_correlate(&b, &wet);
    assert_true(a.overall > 0.999 && b.overall < 0.95 && b.overall > 0.2);
    struct audio_levels before, after;
    audio_measure(&before, &dry);
    audio_measure(&after, &wet);
    assert_true(after.rms_db > before.rms_db && after.rms_db < before.rms_db + 6);
    size_t at[4], n = audio_clicks(at, 4, &wet, NULL, 0);
    assert_int_equal(n, 0);
    tone_free(&dry);
    tone_free(&wet);
}

/* A copy alone keeps the tone: what the cubic adds to a sine is far below it. */
static void copies_are_clean(void **state)
{
    (void)state;
    float *memory = calloc(aur_chorus_floats(RATE), sizeof *memory);
    assert_non_null(memory);
    struct aur_chorus_fx fx;
    struct aur_effect_settings s;
    aur_effect_default(&s);
    set(&s, AUR_EFFECT_CHORUS, "depth", 0);
    aur_chorus_init(&fx, kernels(), RATE, memory);
    aur_chorus_set(&fx, &s, 0);
    static float out[2 * 1024 * AUR_BLOCK];
    for (int block = 0; block < 1024; block++) {
        struct aur_stereo in, wet = {0}, unused = {0};
        for (int n = 0; n < AUR_BLOCK; n++)
            in.l[n] = in.r[n] = (float)(0.3 * sin(2 * M_PI * 1000.0 * (block * AUR_BLOCK + n) / RATE));
        aur_chorus_render(&fx, &wet, &unused, &in);
        for (int n = 0; n < AUR_BLOCK; n++) {
            out[2 * (block * AUR_BLOCK + n)] = wet.l[n];
            out[2 * (block * AUR_BLOCK + n) + 1] = wet.r[n];
        }
    }
    struct audio a = {out, 1024 * AUR_BLOCK, RATE}, steady = audio_slice(&a, 8192, 50000);
    double off = audio_off_harmonics_db(&steady, 1000);
    if (!(off < -75))
        fail_msg("%g dB beside the tone", off);
    free(memory);
}

static void chorus_survives_nan(void **state)
{
    (void)state;
    float *memory = calloc(aur_chorus_floats(RATE), sizeof *memory);
    assert_non_null(memory);
    struct aur_chorus_fx fx;
    struct aur_effect_settings s;
    aur_effect_default(&s);
    aur_chorus_init(&fx, kernels(), RATE, memory);
    aur_chorus_set(&fx, &s, 0);
    float late = 0;
    for (int block = 0; block < 200; block++) {
        struct aur_stereo in = {{0.1f}, {0.1f}}, wet = {0}, unused = {0};
        in.l[5] = block % 10 == 0 ? NAN : 0.1f;
        in.r[7] = block % 10 == 1 ? INFINITY : 0.1f;
        aur_chorus_render(&fx, &wet, &unused, &in);
        for (int n = 0; n < AUR_BLOCK; n++) {
            assert_true(isfinite(wet.l[n]) && isfinite(wet.r[n]));
            late = fabsf(wet.l[n]) > late ? fabsf(wet.l[n]) : late;
        }
    }
    assert_int_equal(fx.caught, 40);
    assert_true(late > 0.01f);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tilt_tilts),
        cmocka_unit_test(tilt_glides),
        cmocka_unit_test(chorus_widens_and_moves),
        cmocka_unit_test(copies_are_clean),
        cmocka_unit_test(chorus_survives_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
