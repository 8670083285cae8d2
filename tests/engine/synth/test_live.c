/* Live controls, and what happens to NaN. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "support/unit.h"
#include "synth/effects.h"

#define RATE 44100

static void release(struct audio *a)
{
    free((void *)(uintptr_t)a->data);
}

static void *zeroed(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
    assert_non_null(p);
    memset(p, 0, bytes);
    return p;
}

static struct audio with_live(const struct aur_live *before, const struct aur_live *after)
{
    static struct rig rig;
    rig_init(&rig, RATE);
    uint16_t pad = rig_patch(&rig, "pad", AUR_VOICE_PAD);
    rig_set(&rig, pad, "attack", 0.1);
    rig_set(&rig, pad, "lfo_depth", 0);
    for (int i = 0; i < 4; i++)
        rig_note(&rig, pad, 0, 8, 48 + 5 * i, 0.6);
    struct aur_synth *synth = rig_synth(RATE, false);
    struct aur_phrase *phrase = rig_phrase(&rig);
    aur_synth_live(synth, before);
    assert_int_equal(aur_synth_commit(synth, phrase), 0);
    float *data = malloc(6 * RATE * 2 * sizeof *data);
    assert_non_null(data);
    aur_synth_render(synth, data, 3 * RATE);
    aur_synth_live(synth, after);
    aur_synth_render(synth, data + 2 * 3 * RATE, 3 * RATE);
    aur_synth_free(synth);
    aur_phrase_free(phrase);
    return (struct audio){data, 6 * RATE, RATE};
}

static const struct aur_live neutral = {1, 0.5f, 0.5f};

static void live_level(void **state)
{
    (void)state;
    struct aur_live silent = {0, 0.5f, 0.5f}, half = {0.5f, 0.5f, 0.5f};
    struct audio a = with_live(&neutral, &silent);
    for (size_t n = 2 * (size_t)(3.6 * RATE); n < 2 * a.frames; n++)
        assert_true(fabsf(a.data[n]) < 1e-4f); /* what the subsonic filter still holds */
    assert_int_equal(audio_clicks(NULL, 0, &a, NULL, 0), 0);
    release(&a);
    a = with_live(&neutral, &half);
    struct audio before = audio_slice(&a, 2 * RATE, RATE), later = audio_slice(&a, 4 * RATE, 2 * RATE);
    struct audio_levels x, y;
    audio_measure(&x, &before);
    audio_measure(&y, &later);
    assert_true(fabs(x.rms_db - y.rms_db - 12) < 1.5);
    assert_int_equal(audio_clicks(NULL, 0, &a, NULL, 0), 0);
    release(&a);
}

static void live_brightness(void **state)
{
    (void)state;
    struct aur_live dark = {1, 0, 0.5f}, bright = {1, 1, 0.5f};
    double hz[2];
    for (int i = 0; i < 2; i++) {
        struct audio a = with_live(&neutral, i ? &bright : &dark);
        struct audio later = audio_slice(&a, 4 * RATE, 2 * RATE);
        struct audio_spectrum s;
        assert_true(audio_spectrum_init(&s, &later, 1 << 13));
        hz[i] = audio_spectrum_centroid_hz(&s);
        audio_spectrum_deinit(&s);
        assert_int_equal(audio_clicks(NULL, 0, &a, NULL, 0), 0);
        release(&a);
    }
    printf("centroid %.0f Hz at brightness 0, %.0f Hz at 1\n", hz[0], hz[1]);
    assert_true(hz[1] > 1.5 * hz[0]);
}

static void live_intensity(void **state)
{
    (void)state;
    struct aur_live low = {1, 0.5f, 0}, high = {1, 0.5f, 1};
    double db[2];
    for (int i = 0; i < 2; i++) {
        struct audio a = with_live(&neutral, i ? &high : &low), later = audio_slice(&a, 4 * RATE, 2 * RATE);
        struct audio_levels levels;
        audio_measure(&levels, &later);
        db[i] = levels.rms_db;
        assert_int_equal(audio_clicks(NULL, 0, &a, NULL, 0), 0);
        release(&a);
    }
    assert_true(db[1] - db[0] > 2 && db[1] - db[0] < 5);
}

/* Set before the first block, a control does not glide. */
static void first_live_is_at_once(void **state)
{
    (void)state;
    struct aur_live silent = {0, 0.5f, 0.5f};
    struct audio a = with_live(&silent, &silent);
    for (size_t n = 0; n < 2 * a.frames; n++)
        assert_true(a.data[n] == 0.0f);
    release(&a);
}

/* ---- NaN ---- */

static void nan_ends_in_its_bus(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init(&rig, RATE);
    rig_patch(&rig, "good", AUR_VOICE_PAD);
    rig_patch(&rig, "bad", AUR_VOICE_PAD);
    for (uint16_t i = 0; i < 2; i++) {
        rig_set(&rig, i, "attack", 0.002);
        rig_note(&rig, i, 0, 5, 60, 0.6);
    }
    struct aur_phrase *phrase = rig_phrase(&rig);
    struct aur_buses *buses = zeroed(sizeof *buses);
    struct aur_group *pool = zeroed(aur_buses_pool(256) * sizeof *pool);
    aur_buses_init(buses, aur_kernels_get(aur_isa_best()), RATE, 256, pool, NULL);
    aur_buses_begin(buses, phrase, 0);
    struct aur_plan plan;
    aur_plan_init(&plan, &phrase->patches[0]);
    for (int i = 0; i < 2; i++)
        aur_buses_note(buses, &phrase->patches[i], &plan, &phrase->notes[i], 0);
    pool[1].z1l[0] = NAN; /* the second bus's first lane */
    static struct aur_sends sends;
    struct aur_voice_control control = {0, 0, NULL};
    float most = 0;
    for (int block = 0; block < 50; block++) {
        memset(&sends, 0, sizeof sends);
        aur_buses_render(buses, &sends, &control);
        for (int n = 0; n < AUR_BLOCK; n++) {
            assert_true(isfinite(sends.dry.l[n]) && isfinite(sends.dry.r[n]) && isfinite(sends.reverb.l[n]));
            most = fabsf(sends.dry.l[n]) > most ? fabsf(sends.dry.l[n]) : most;
        }
    }
    assert_int_equal(buses->caught, 1);
    assert_int_equal(buses->voices, 1);
    assert_true(most > 0.005f);
    free(pool);
    free(buses);
    aur_phrase_free(phrase);
}

/* A poisoned input leaves the effects and they recover. */
static void nan_ends_in_its_effect(void **state)
{
    (void)state;
    struct aur_effects_chain *fx = zeroed(sizeof *fx);
    float *memory = zeroed(aur_effects_floats(RATE, true) * sizeof *memory);
    aur_effects_init(fx, aur_kernels_get(aur_isa_best()), RATE, true, memory);
    static struct aur_sends sends;
    static const float poison[] = {NAN, INFINITY, -INFINITY, 1e38f};
    for (int p = 0; p < 4; p++) {
        float late = 0;
        for (int block = 0; block < 2000; block++) {
            memset(&sends, 0, sizeof sends);
            sends.dry.l[3] = sends.reverb.l[3] = sends.delay.l[3] = block == 0 ? poison[p] : 0.1f;
            struct aur_stereo out;
            (void)aur_effects_bright(fx);
            aur_effects_render(fx, &out, &sends);
            for (int n = 0; n < AUR_BLOCK; n++) {
                assert_true(isfinite(out.l[n]) && isfinite(out.r[n]));
                assert_true(fabsf(out.l[n]) <= 1 && fabsf(out.r[n]) <= 1);
                late = block > 1900 && fabsf(out.r[n]) > late ? fabsf(out.r[n]) : late;
            }
        }
        assert_true(late > 1e-5f); /* the right side lives on its effects alone */
    }
    free(memory);
    free(fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_level),          cmocka_unit_test(live_brightness),
        cmocka_unit_test(live_intensity),      cmocka_unit_test(first_live_is_at_once),
        cmocka_unit_test(nan_ends_in_its_bus), cmocka_unit_test(nan_ends_in_its_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
