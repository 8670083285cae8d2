/* Reverb and delay. The parts are driven directly where that shows more. */
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

static void set(struct aur_effect_settings *s, enum aur_effect effect, const char *name, double value)
{
    assert_int_equal(aur_param_set(s->params[effect], &aur_effects[effect], name, value, NULL), 0);
}

/* ---- reverb ---- */

struct tail {
    struct aur_reverb_fx *fx;
    float *memory;
    struct audio audio;
};

/* The reverb's answer to an impulse on both sides. */
static struct tail impulse_response(uint32_t rate, const struct aur_effect_settings *settings, double seconds)
{
    struct tail t = {.fx = zeroed(sizeof *t.fx), .memory = zeroed(aur_reverb_floats(rate) * sizeof(float))};
    aur_reverb_init(t.fx, aur_kernels_get(aur_isa_best()), rate, t.memory);
    aur_reverb_set(t.fx, settings, 0);
    size_t blocks = (size_t)(seconds * rate) / AUR_BLOCK;
    float *data = zeroed(blocks * AUR_BLOCK * 2 * sizeof *data);
    for (size_t b = 0; b < blocks; b++) {
        struct aur_stereo in = {0}, out = {0};
        in.l[0] = in.r[0] = b == 0;
        aur_reverb_render(t.fx, &out, &in);
        for (int n = 0; n < AUR_BLOCK; n++) {
            data[2 * (b * AUR_BLOCK + (size_t)n)] = out.l[n];
            data[2 * (b * AUR_BLOCK + (size_t)n) + 1] = out.r[n];
        }
    }
    t.audio = (struct audio){data, blocks * AUR_BLOCK, rate};
    return t;
}

static void tail_free(struct tail *t)
{
    release(&t->audio);
    free(t->fx);
    free(t->memory);
}

/* A second-order band, in place: the decay of one region of the spectrum. */
static void band(struct audio *a, double hz, double q)
{
    double w = 2 * M_PI * hz / a->rate, alpha = sin(w) / (2 * q), b = alpha / (1 + alpha);
    double a1 = -2 * cos(w) / (1 + alpha), a2 = (1 - alpha) / (1 + alpha);
    float *x = (float *)(uintptr_t)a->data;
    for (int side = 0; side < 2; side++) {
        double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
        for (size_t n = 0; n < a->frames; n++) {
            double in = (double)x[2 * n + (size_t)side], y = b * (in - x2) - a1 * y1 - a2 * y2;
            x2 = x1, x1 = in, y2 = y1, y1 = y;
            x[2 * n + (size_t)side] = (float)y;
        }
    }
}

/* Of the tail from 100 ms on, around hz. */
static double decay_at(const struct tail *t, double hz)
{
    struct audio late = audio_slice(&t->audio, t->audio.rate / 10, t->audio.frames);
    float *copy = zeroed(late.frames * 2 * sizeof *copy);
    memcpy(copy, late.data, late.frames * 2 * sizeof *copy);
    struct audio part = {copy, late.frames, late.rate};
    band(&part, hz, 1.4);
    const double t60 = audio_t60_s(&part);
    free(copy);
    return t60;
}

/* Far below the damping, from the shortest decay to the longest: within a tenth at 500 Hz and at 1 kHz where damping is at
 * its highest, at 500 Hz where it is at its default. */
static void reverb_decays_as_asked(void **state)
{
    (void)state;
    static const double seconds[] = {0.3, 0.5, 1, 6, 20};
    static const uint32_t rates[] = {44100, 48000, 96000};
    for (int r = 0; r < 3; r++)
        for (size_t i = 0; i < 2 * sizeof seconds / sizeof *seconds; i++) {
            struct aur_effect_settings settings;
            const bool open = i % 2;
            const double asked = seconds[i / 2];
            aur_effect_default(&settings);
            set(&settings, AUR_EFFECT_REVERB, "decay", asked);
            if (open)
                set(&settings, AUR_EFFECT_REVERB, "damping", 16000);
            struct tail t = impulse_response(rates[r], &settings, asked * 1.1 + 0.3);
            const double low = decay_at(&t, 500), middle = decay_at(&t, 1000);
            printf("decay %.1f s, damping %s, at %u Hz: %.2f s around 500 Hz, %.2f s around 1 kHz\n", asked,
                   open ? "16 kHz" : "4.5 kHz", rates[r], low, middle);
            if (!(fabs(low / asked - 1) < 0.1) || (open && !(fabs(middle / asked - 1) < 0.1)))
                fail_msg("decay %g s at %u Hz: %g and %g s", asked, rates[r], low, middle);
            tail_free(&t);
        }
}

/* At the damping frequency the tail falls twice as fast. */
static void reverb_damps_as_asked(void **state)
{
    (void)state;
    struct aur_effect_settings settings;
    aur_effect_default(&settings);
    set(&settings, AUR_EFFECT_REVERB, "decay", 4);
    set(&settings, AUR_EFFECT_REVERB, "damping", 3000);
    struct tail t = impulse_response(RATE, &settings, 5);
    band(&t.audio, 3000, 8);
    double t60 = audio_t60_s(&t.audio);
    printf("decay 4 s, damping 3000 Hz, at 3000 Hz: %.2f s\n", t60);
    assert_true(t60 > 1.7 && t60 < 2.3);
    tail_free(&t);
}

/* Dense: after 100 ms the samples of the tail are spread like noise. Not metallic: no partial stands out from its
 * neighbours by much more than in noise. Wide: left and right have nothing in common. High-passed. */
static void reverb_is_dense_and_wide(void **state)
{
    (void)state;
    struct aur_effect_settings settings;
    aur_effect_default(&settings);
    struct tail t = impulse_response(RATE, &settings, 5);
    struct audio part = audio_slice(&t.audio, RATE / 8, RATE / 8);
    double mean2 = 0, mean4 = 0;
    for (size_t i = 0; i < 2 * part.frames; i++) {
        double x = (double)part.data[i];
        mean2 += x * x;
        mean4 += x * x * x * x;
    }
    double kurtosis = mean4 * 2 * (double)part.frames / (mean2 * mean2);
    struct audio_correlation c;
    audio_correlate(&c, &part);
    printf("kurtosis after 125 ms %.2f (noise: 3), correlation %.3f\n", kurtosis, c.overall);
    assert_true(kurtosis > 2.2 && kurtosis < 4.5);
    assert_true(fabs(c.overall) < 0.15);
    struct audio late = audio_slice(&t.audio, RATE, 4 * RATE);
    struct audio_spectrum s;
    assert_true(audio_spectrum_init(&s, &late, 1 << 14));
    double worst = 0;
    for (size_t i = (size_t)(300 / s.hz); i < (size_t)(3000 / s.hz); i++) {
        double around = 0;
        for (int k = -20; k <= 20; k++)
            around += k ? s.power[(size_t)((int)i + k)] / 40 : 0;
        double db = audio_db(s.power[i] / around);
        worst = db > worst ? db : worst;
    }
    printf("strongest mode %.1f dB over its neighbours\n", worst);
    assert_true(worst < 14);
    assert_true(audio_spectrum_band_db(&s, 20, 100) < audio_spectrum_band_db(&s, 400, 2000) - 25);
    audio_spectrum_deinit(&s);
    tail_free(&t);
}

/* A steady sound with all of it sent: the return is about as loud as what went in, however long the tail. */
static void reverb_level_does_not_depend_on_decay(void **state)
{
    (void)state;
    double db[2];
    static struct rig rig;
    for (int i = 0; i < 2; i++) {
        rig_init(&rig, RATE);
        uint16_t swell = rig_patch(&rig, "swell", AUR_VOICE_SWELL);
        rig_set(&rig, swell, "reverb", 1);
        rig_set(&rig, swell, "delay", 0);
        rig_set(&rig, swell, "lfo_depth", 0);
        rig_effect(&rig, AUR_EFFECT_REVERB, "decay", i ? 1 : 8);
        rig_note(&rig, swell, 0, 30, 60, 0.6);
        struct audio wet = rig_render(&rig, true, 26), dry = rig_render(&rig, false, 26);
        struct audio a = audio_slice(&wet, 16 * RATE, 10 * RATE), b = audio_slice(&dry, 16 * RATE, 10 * RATE);
        struct audio_levels with, without;
        audio_measure(&with, &a);
        audio_measure(&without, &b);
        db[i] = with.rms_db - without.rms_db;
        release(&wet);
        release(&dry);
    }
    printf("dry + wet against dry: %.1f dB at 8 s, %.1f dB at 1 s\n", db[0], db[1]);
    assert_true(fabs(db[0] - 3) < 1.5 && fabs(db[1] - 3) < 1.5);
}

/* ---- delay ---- */

static void delay_keeps_time(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init(&rig, RATE);
    rig.head.controls.bpm = 100; /* a beat is 0.6 s */
    uint16_t kick = rig_patch(&rig, "kick", AUR_VOICE_KICK);
    rig_set(&rig, kick, "delay", 1);
    rig_set(&rig, kick, "reverb", 0);
    rig_set(&rig, kick, "decay", 0.05);
    rig_set(&rig, kick, "attack", 0.002);
    rig_effect(&rig, AUR_EFFECT_DELAY, "beats", 1);
    rig_effect(&rig, AUR_EFFECT_DELAY, "beats_right", 1.5);
    rig_effect(&rig, AUR_EFFECT_DELAY, "reverb", 0);
    rig_effect(&rig, AUR_EFFECT_DELAY, "cross", 0);
    rig_note(&rig, kick, 0, 0.1, 72, 0.9);
    struct audio a = rig_render(&rig, true, 3);
    size_t first[2][2] = {{0}};
    for (int side = 0; side < 2; side++)
        for (int nth = 0; nth < 2; nth++) {
            size_t from = nth == 0 ? RATE * 2 / 5 : RATE * (side ? 7 : 5) / 5;
            float most = 0;
            for (size_t n = from; n < from + RATE * (side ? 9 : 6) / 10 && n < a.frames; n++)
                if (fabsf(a.data[2 * n + (size_t)side]) > most) {
                    most = fabsf(a.data[2 * n + (size_t)side]);
                    first[side][nth] = n;
                }
            assert_true(most > 1e-4f);
        }
    assert_true(fabs((double)(first[0][1] - first[0][0]) / RATE - 0.6) < 0.004);
    assert_true(fabs((double)(first[1][1] - first[1][0]) / RATE - 0.9) < 0.004);
    release(&a);
}

/* ---- delay line ---- */

/* What went in comes out as much later as asked for, while the other side's times make the line use more of its memory. */
static void line_grows_unheard(void **state)
{
    (void)state;
    static float memory[2 * 8192];
    static const uint32_t times[] = {100, 190, 700, 64, 1000, 5000, 2048, 8128};
    struct aur_line line;
    memset(memory, 0, sizeof memory);
    aur_line_init(&line, memory, 8192);
    aur_line_time(&line, 100, 100, 1);
    for (size_t block = 0; block < 8 * 300; block++) {
        const uint32_t time = times[block / 300];
        struct aur_stereo in, out;
        aur_line_time(&line, time, 100, 0);
        aur_line_read(&line, &out);
        for (size_t n = 0, at = block * AUR_BLOCK; n < AUR_BLOCK; n++, at++) {
            in.l[n] = (float)(at + 1);
            in.r[n] = -(float)(at + 1);
            assert_true(out.r[n] == (at < 100 ? 0 : -(float)(at + 1 - 100)));
            if (block % 300 > 2 * AUR_TAP_BLOCKS + time / AUR_BLOCK)
                assert_true(out.l[n] == (float)(at + 1 - time));
        }
        aur_line_write(&line, &in);
        aur_line_next(&line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reverb_decays_as_asked),   cmocka_unit_test(reverb_damps_as_asked),
        cmocka_unit_test(reverb_is_dense_and_wide), cmocka_unit_test(reverb_level_does_not_depend_on_decay),
        cmocka_unit_test(line_grows_unheard),       cmocka_unit_test(delay_keeps_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
