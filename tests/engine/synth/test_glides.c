/* Every parameter of every effect, and a patch's level, pan and sends, from one end to the other at each phrase under a
 * steady tone: nothing clicks, nothing is missing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"
#include "support/unit.h"
#include "tone.h"

#define RATE    44100
#define PHRASES 8
#define FRAMES  (size_t)(2 * RATE / 64 * 64) /* of a phrase */

static float end_of(const struct aur_param *param, int phrase)
{
    bool up = phrase % 2;
    return up ? param->max : param->min;
}

/* The phrase's, with what set changes in it. */
static struct aur_phrase *make(void (*set)(struct rig *rig, uint16_t patch, int phrase, int param), int phrase,
                               int param)
{
    static struct rig rig;
    rig_init(&rig, RATE);
    rig.head.controls.bpm = 60;
    rig.head.start_frame = (uint64_t)phrase * FRAMES;
    rig.head.length_frames = FRAMES;
    uint16_t patch = rig_patch(&rig, "tone", AUR_VOICE_LEAD);
    rig_set(&rig, patch, "attack", 0.5);
    rig_set(&rig, patch, "tone", 0);
    rig_set(&rig, patch, "vibrato_depth", 0);
    rig_set(&rig, patch, "reverb", 0.5);
    rig_set(&rig, patch, "delay", 0.5);
    rig_set(&rig, patch, "chorus", 0.5);
    set(&rig, patch, phrase, param);
    if (phrase == 0)
        rig_note(&rig, patch, 0, 60, 57, 0.5);
    return rig_phrase(&rig);
}

static struct audio play(void (*set)(struct rig *rig, uint16_t patch, int phrase, int param), int param)
{
    struct aur_phrase *phrases[PHRASES];
    struct aur_synth *synth = rig_synth(RATE, true);
    float *data = malloc(PHRASES * FRAMES * 2 * sizeof *data);
    assert_non_null(data);
    for (int p = 0; p < PHRASES; p++) {
        phrases[p] = make(set, p, param);
        assert_int_equal(aur_synth_commit(synth, phrases[p]), 0);
        aur_synth_render(synth, data + 2 * FRAMES * (size_t)p, FRAMES);
    }
    aur_synth_free(synth);
    for (int p = 0; p < PHRASES; p++)
        aur_phrase_free(phrases[p]);
    return (struct audio){data, PHRASES * FRAMES, RATE};
}

static int effect;

static void set_effect(struct rig *rig, uint16_t patch, int phrase, int param)
{
    (void)patch;
    const struct aur_param *table = &aur_effects[effect].params[param];
    rig_effect(rig, (enum aur_effect)effect, table->name, (double)end_of(table, phrase));
}

static void set_common(struct rig *rig, uint16_t patch, int phrase, int param)
{
    const struct aur_param *table = &aur_voices[AUR_VOICE_LEAD].params[param];
    rig_set(rig, patch, table->name, (double)end_of(table, phrase));
}

static bool judge(struct audio *a, const char *what, const char *param)
{
    size_t at[4] = {0}, n = audio_clicks(at, 4, a, NULL, 0);
    struct audio_levels levels;
    audio_measure(&levels, a);
    printf("%s.%s: %zu clicks, %.1f dB, %.1f dBTP\n", what, param, n, levels.rms_db, levels.true_peak_db);
    if (n)
        print_error("%s.%s clicks %zu times, first at %.3f s\n", what, param, n, (double)at[0] / RATE);
    bool sound = levels.finite && levels.rms_db > -60 && levels.true_peak_db <= -1;
    tone_free(a);
    return n == 0 && sound;
}

static void effects_glide(void **state)
{
    (void)state;
    bool good = true;
    for (effect = 0; effect < AUR_EFFECTS; effect++)
        for (uint32_t i = 0; i < aur_effects[effect].n_params; i++) {
            struct audio a = play(set_effect, (int)i);
            good &= judge(&a, aur_effects[effect].name, aur_effects[effect].params[i].name);
        }
    assert_true(good);
}

static void levels_and_sends_glide(void **state)
{
    (void)state;
    bool good = true;
    for (int i = 0; i < AUR_COMMON_PARAMS; i++) {
        struct audio a = play(set_common, i);
        good &= judge(&a, "patch", aur_voices[AUR_VOICE_LEAD].params[i].name);
    }
    assert_true(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(effects_glide), cmocka_unit_test(levels_and_sends_glide)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
