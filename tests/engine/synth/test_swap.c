/* Where one piece gives way to another: parts that are gone, parts that stay, a phrase cut short. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"
#include "support/unit.h"
#include "synth/inner.h"

#define RATE 44100u
#define AT   (RATE / 64 * 64) /* where the second phrase begins */

static struct rig rigs[2];

/* Two phrases of pads that are held for four seconds; the second one begins after one. */
static void make(const char *name, enum aur_voice voice, double length_s)
{
    for (int i = 0; i < 2; i++) {
        rig_init(&rigs[i], RATE);
        uint16_t patch = rig_patch(&rigs[i], i ? name : "pad", i ? voice : AUR_VOICE_PAD);
        if (i == 0 || voice == AUR_VOICE_PAD) {
            rig_set(&rigs[i], patch, "attack", 0.05);
            rig_set(&rigs[i], patch, "release", 0.3);
        }
    }
    rigs[0].head.length_frames = (uint64_t)(length_s * RATE) / 64 * 64;
    rig_note(&rigs[0], 0, 0, 4, 57, 0.5);
    rigs[1].head.start_frame = AT;
    rigs[1].head.length_frames = 2 * AT;
    rigs[1].head.number = 1;
}

/* Voices after the boundary's release; *step: the largest from sample to sample in half a second around the boundary. */
static uint32_t play(float *step)
{
    struct aur_phrase *phrases[2] = {rig_phrase(&rigs[0]), rig_phrase(&rigs[1])};
    struct aur_synth *synth = rig_synth(RATE, false);
    assert_int_equal(aur_synth_commit(synth, phrases[0]), 0);
    assert_int_equal(aur_synth_commit(synth, phrases[1]), 0);
    struct audio out = rig_more(synth, RATE, 2 * AT);
    uint32_t voices = aur_synth_voices(synth);
    *step = 0;
    for (size_t i = AT - RATE / 4; i < AT + RATE / 4; i++)
        *step = fmaxf(*step, fabsf(out.data[2 * i] - out.data[2 * i - 2]));
    free((void *)(uintptr_t)out.data);
    aur_synth_free(synth);
    aur_phrase_free(phrases[0]);
    aur_phrase_free(phrases[1]);
    return voices;
}

static void long_notes_of_parts_that_stay_ring_on(void **state)
{
    (void)state;
    float step;
    make("pad", AUR_VOICE_PAD, 1.0);
    rigs[0].head.length_frames = AT;
    assert_int_equal(play(&step), 1);
}

static void notes_of_parts_that_are_gone_end_without_a_click(void **state)
{
    (void)state;
    float alone, step;
    make("pad", AUR_VOICE_PAD, 1.0);
    rigs[0].head.length_frames = AT;
    play(&alone);
    make("other", AUR_VOICE_PAD, 1.0);
    rigs[0].head.length_frames = AT;
    assert_int_equal(play(&step), 0);
    assert_true(step <= 1.05f * alone);
    make("pad", AUR_VOICE_LEAD, 1.0); /* the same name, another voice */
    rigs[0].head.length_frames = AT;
    assert_int_equal(play(&step), 0);
    assert_true(step <= 1.05f * alone);
}

static void a_phrase_cut_short_ends_there(void **state)
{
    (void)state;
    float alone, step;
    make("pad", AUR_VOICE_PAD, 3.0);
    rig_note(&rigs[0], 0, 1.5, 4, 69, 0.5); /* after the cut */
    assert_int_equal(play(&step), 0);
    make("pad", AUR_VOICE_PAD, 1.0);
    rigs[0].head.length_frames = AT;
    play(&alone);
    assert_true(step <= 1.05f * alone);
}

/* Piece after piece of as many parts as there can be, each under names of its own, with releases that outlast them all. */
static void however_many_parts_ring_out_new_ones_are_heard(void **state)
{
    enum { PIECES = 6 };
    static struct rig many[PIECES];
    (void)state;
    const uint64_t length = RATE / 2 / 64 * 64;
    struct aur_phrase *phrases[PIECES];
    struct aur_synth *synth = rig_synth(RATE, false);
    float step = 0, alone = 0;
    for (int i = 0; i < PIECES; i++) {
        rig_init(&many[i], RATE);
        many[i].head.number = (uint64_t)i;
        many[i].head.start_frame = (uint64_t)i * length;
        many[i].head.length_frames = length;
        for (int k = 0; k < AUR_PATCHES_MAX; k++) {
            char name[AUR_PATCH_NAME_SIZE];
            snprintf(name, sizeof name, "part%d_%d", i, k);
            uint16_t patch = rig_patch(&many[i], name, AUR_VOICE_PAD);
            rig_set(&many[i], patch, "attack", 0.05);
            rig_set(&many[i], patch, "release", 12);
            rig_note(&many[i], patch, 0.05, 0.4, 40 + 2 * k + i, 0.3);
        }
        phrases[i] = rig_phrase(&many[i]);
    }
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(aur_synth_commit(synth, phrases[i]), 0);
        struct audio out = rig_more(synth, RATE, length);
        uint32_t voices = aur_synth_voices(synth);
        while (aur_synth_retired(synth))
            ;
        step = 0;
        for (size_t n = 1; n < length; n++)
            step = fmaxf(step, fabsf(out.data[2 * n] - out.data[2 * n - 2]));
        alone = i == 1 ? step : alone; /* two pieces at once: nothing has to give way yet */
        assert_true(i < 2 || step < 1.5f * alone);
        free((void *)(uintptr_t)out.data);
        assert_int_equal(voices, AUR_PATCHES_MAX * (i < 2 ? i + 1 : 2));
        assert_int_equal(synth->buses.dropped, 0);
    }
    aur_synth_free(synth);
    for (int i = 0; i < PIECES; i++)
        aur_phrase_free(phrases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_notes_of_parts_that_stay_ring_on),
        cmocka_unit_test(notes_of_parts_that_are_gone_end_without_a_click),
        cmocka_unit_test(a_phrase_cut_short_ends_there),
        cmocka_unit_test(however_many_parts_ring_out_new_ones_are_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
