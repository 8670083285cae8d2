/* The contract of synth.h: equal bytes on every instruction set and for every chunk length, the life of phrases, voices
 * and their limit, memory, silence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "support/failing_alloc.h"
#include "support/unit.h"

#define RATE 44100

/* Everything at once: all voices into all effects, notes that overlap, two phrases with other settings, loud enough for
 * the limiter to work. */
static void piece(struct rig *rig, uint32_t rate, int which)
{
    rig_init(rig, rate);
    rig->head.start_frame = which ? rate / 64 * 64 : 0;
    for (int voice = 0; voice < AUR_VOICES; voice++) {
        const uint16_t patch = rig_patch(rig, aur_voices[voice].name, (enum aur_voice)voice);
        rig_set(rig, patch, "reverb", 0.2);
        rig_set(rig, patch, "delay", voice % 3 * 0.2);
        rig_set(rig, patch, "chorus", voice % 2 ? 0.3 : 0.1);
        rig_set(rig, patch, "level", which ? -6 : 0);
        rig_note(rig, patch, 0.03 * voice, 0.5, 38 + 4.25 * voice, 0.9);
        rig_note(rig, patch, 0.03 * voice + 0.21, 0.3, 72 - 3 * voice, 0.4)->pan_q16 = AUR_Q16_ONE / 2;
    }
    const uint16_t pad = AUR_VOICE_PAD;
    rig_set(rig, pad, "attack", 0.2);
    rig_set(rig, pad, "release", 0.7);
    for (int i = 0; i < 5; i++)
        rig_note(rig, pad, 0.02 * i, 0.8, 45 + 5 * i, 0.6);
    rig_effect(rig, AUR_EFFECT_REVERB, "decay", which ? 2 : 5);
    rig_effect(rig, AUR_EFFECT_DELAY, "beats", which ? 0.5 : 0.75);
    rig_effect(rig, AUR_EFFECT_CHORUS, "rate", which ? 2 : 0.5);
    rig_effect(rig, AUR_EFFECT_TILT, "tilt", which ? -4 : 5);
    rig_effect(rig, AUR_EFFECT_MASTER, "level", which ? 0 : 6);
    rig->head.controls.bpm = which ? 90 : 70;
}

static float *render_piece(enum aur_isa isa, uint32_t rate, size_t chunk, size_t frames)
{
    static struct rig first, second;
    piece(&first, rate, 0);
    piece(&second, rate, 1);
    struct aur_phrase *a = rig_phrase(&first), *b = rig_phrase(&second);
    struct aur_synth *synth;
    struct aur_synth_config config = {.rate_hz = rate, .isa = isa, .effects = true};
    assert_int_equal(aur_synth_new(&synth, &config, NULL), 0);
    struct aur_live live = {0.9f, 0.7f, 0.8f};
    aur_synth_live(synth, &live);
    assert_int_equal(aur_synth_commit(synth, a), 0);
    assert_int_equal(aur_synth_commit(synth, b), 0);
    float *out = malloc(frames * 2 * sizeof *out);
    assert_non_null(out);
    for (size_t at = 0; at < frames; at += chunk)
        aur_synth_render(synth, out + 2 * at, frames - at < chunk ? frames - at : chunk);
    assert_int_equal(aur_synth_frame(synth), frames);
    assert_ptr_equal(aur_synth_retired(synth), a);
    assert_ptr_equal(aur_synth_retired(synth), b);
    assert_null(aur_synth_retired(synth));
    aur_synth_free(synth);
    aur_phrase_free(a);
    aur_phrase_free(b);
    return out;
}

static void same_bytes_on_every_isa(void **state)
{
    (void)state;
    static const uint32_t rates[] = {44100, 48000, 96000};
    for (int r = 0; r < 3; r++) {
        size_t frames = rates[r] * 2;
        float *want = render_piece(AUR_ISA_SCALAR, rates[r], frames, frames);
        double sum = 0;
        for (size_t i = 0; i < 2 * frames; i++)
            sum += (double)(want[i] * want[i]);
        assert_true(sum > 1);
        for (int i = 1; i < AUR_ISAS; i++) {
            if (!aur_isa_supported((enum aur_isa)i))
                continue;
            float *got = render_piece((enum aur_isa)i, rates[r], frames, frames);
            if (memcmp(want, got, 2 * frames * sizeof *got) != 0)
                fail_msg("%s gives other samples than scalar at %u Hz", aur_isa_name((enum aur_isa)i), rates[r]);
            free(got);
        }
        free(want);
    }
}

static void same_bytes_for_every_chunk(void **state)
{
    (void)state;
    static const size_t chunks[] = {1, 7, 64, 441, 4410, 10000};
    size_t frames = RATE * 2;
    float *want = render_piece(aur_isa_best(), RATE, frames, frames);
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        float *got = render_piece(aur_isa_best(), RATE, chunks[i], frames);
        assert_memory_equal(want, got, 2 * frames * sizeof *got);
        free(got);
    }
    free(want);
}

static void silence_without_phrases(void **state)
{
    (void)state;
    struct aur_synth *synth = rig_synth(RATE, true);
    struct audio out = rig_more(synth, RATE, RATE);
    for (size_t i = 0; i < 2 * out.frames; i++)
        assert_true(out.data[i] == 0.0f);
    free((void *)(uintptr_t)out.data);
    aur_synth_free(synth);
}

/* After the last tail every sample is exactly zero. */
static void silence_returns(void **state)
{
    (void)state;
    static struct rig rig;
    piece(&rig, RATE, 0);
    rig_effect(&rig, AUR_EFFECT_REVERB, "decay", 1);
    rig_effect(&rig, AUR_EFFECT_DELAY, "feedback", 0.2);
    struct audio out = rig_render(&rig, true, 40);
    for (size_t i = 2 * (out.frames - RATE); i < 2 * out.frames; i++)
        assert_true(out.data[i] == 0.0f);
    free((void *)(uintptr_t)out.data);
}

static void commit_refuses(void **state)
{
    (void)state;
    static struct rig rig;
    struct aur_synth *synth = rig_synth(RATE, false);
    const struct aur_phrase *queue[AUR_SYNTH_PHRASES_MAX];
    struct aur_phrase *all[AUR_SYNTH_PHRASES_MAX + 2];
    for (int i = 0; i < AUR_SYNTH_PHRASES_MAX + 2; i++) {
        rig_init(&rig, RATE);
        rig.head.start_frame = (uint64_t)(i + 1) * 6400;
        all[i] = rig_phrase(&rig);
    }
    for (int i = 0; i < AUR_SYNTH_PHRASES_MAX; i++) {
        queue[i] = all[i];
        assert_int_equal(aur_synth_commit(synth, queue[i]), 0);
    }
    assert_int_equal(aur_synth_commit(synth, all[AUR_SYNTH_PHRASES_MAX]), AUR_EBUSY);
    struct audio out = rig_more(synth, RATE, 6400 * 3);
    free((void *)(uintptr_t)out.data);
    assert_ptr_equal(aur_synth_retired(synth), all[0]);
    assert_ptr_equal(aur_synth_retired(synth), all[1]);
    assert_null(aur_synth_retired(synth));
    assert_int_equal(aur_synth_commit(synth, all[0]), AUR_EINVAL); /* the past, and before a queued one */
    assert_int_equal(aur_synth_commit(synth, all[AUR_SYNTH_PHRASES_MAX]), 0);
    aur_synth_free(synth);
    for (int i = 0; i < AUR_SYNTH_PHRASES_MAX + 2; i++)
        aur_phrase_free(all[i]);
}

/* A phrase is given back after its last note has begun, and what sounds goes on without it. */
static void phrases_are_only_borrowed(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init(&rig, RATE);
    uint16_t pad = rig_patch(&rig, "pad", AUR_VOICE_PAD);
    rig_set(&rig, pad, "attack", 0.01);
    rig_note(&rig, pad, 0, 1, 60, 0.6);
    rig_note(&rig, pad, 0.5, 1, 64, 0.6);
    struct aur_synth *synth = rig_synth(RATE, false);
    struct aur_phrase *phrase = rig_phrase(&rig);
    assert_int_equal(aur_synth_commit(synth, phrase), 0);
    struct audio part = rig_more(synth, RATE, RATE / 4);
    free((void *)(uintptr_t)part.data);
    assert_null(aur_synth_retired(synth));
    part = rig_more(synth, RATE, RATE / 2);
    free((void *)(uintptr_t)part.data);
    assert_ptr_equal(aur_synth_retired(synth), phrase);
    memset((void *)(uintptr_t)phrase->notes, 0xff, 2 * sizeof *phrase->notes);
    aur_phrase_free(phrase);
    assert_int_equal(aur_synth_voices(synth), 2);
    part = rig_more(synth, RATE, RATE / 2);
    struct audio_levels levels;
    audio_measure(&levels, &part);
    assert_true(levels.peak > 0.01);
    free((void *)(uintptr_t)part.data);
    part = rig_more(synth, RATE, RATE * 6);
    free((void *)(uintptr_t)part.data);
    assert_int_equal(aur_synth_voices(synth), 0);
    aur_synth_free(synth);
}

static void voices_are_limited(void **state)
{
    (void)state;
    static struct rig rig;
    rig_init(&rig, RATE);
    uint16_t pad = rig_patch(&rig, "pad", AUR_VOICE_PAD), lead = rig_patch(&rig, "lead", AUR_VOICE_LEAD);
    for (int i = 0; i < 600; i++)
        rig_note(&rig, i % 3 ? pad : lead, 0.002 * i, 5, 40 + i % 50, 0.3);
    struct aur_synth *synth;
    struct aur_synth_config config = {.rate_hz = RATE, .isa = aur_isa_best(), .effects = false, .max_voices = 24};
    assert_int_equal(aur_synth_new(&synth, &config, NULL), 0);
    struct aur_phrase *phrase = rig_phrase(&rig);
    assert_int_equal(aur_synth_commit(synth, phrase), 0);
    float out[2 * 64];
    for (int block = 0; block < 1000; block++) {
        aur_synth_render(synth, out, 64);
        assert_true(aur_synth_voices(synth) <= 24);
    }
    assert_int_equal(aur_synth_voices(synth), 24);
    aur_synth_free(synth);
    aur_phrase_free(phrase);
}

/* Many patches, many notes at once, phrase after phrase with other names: whatever does not fit is left out. */
static void a_crowd_is_survived(void **state)
{
    (void)state;
    static struct rig rig;
    struct aur_synth *synth = rig_synth(RATE, true);
    struct aur_phrase *phrases[6];
    for (int p = 0; p < 6; p++) {
        rig_init(&rig, RATE);
        rig.head.start_frame = (uint64_t)p * 12800;
        for (int i = 0; i < AUR_PATCHES_MAX; i++) {
            char name[16];
            snprintf(name, sizeof name, "p%d_%d", p, i);
            rig_patch(&rig, name, (enum aur_voice)(i % AUR_VOICES));
        }
        for (int i = 0; i < 500; i++)
            rig_note(&rig, (uint16_t)(i % AUR_PATCHES_MAX), 0.0005 * i, 20, 20 + i % 100, 0.9);
        phrases[p] = rig_phrase(&rig);
        assert_int_equal(aur_synth_commit(synth, phrases[p]), 0);
        struct audio out = rig_more(synth, RATE, 12800);
        struct audio_levels levels;
        audio_measure(&levels, &out);
        assert_true(levels.finite);
        assert_true(levels.peak <= 0.8415); /* -1.5 dB */
        free((void *)(uintptr_t)out.data);
        assert_ptr_equal(aur_synth_retired(synth), phrases[p]);
    }
    aur_synth_free(synth);
    for (int p = 0; p < 6; p++)
        aur_phrase_free(phrases[p]);
}

/* Every parameter of every voice and effect at either end, at the ends of pitch: finite, under the ceiling. */
static void extremes_are_survived(void **state)
{
    (void)state;
    static struct rig rig;
    for (int top = 0; top < 2; top++)
        for (int v = 0; v < AUR_VOICES; v++) {
            rig_init(&rig, RATE);
            uint16_t patch = rig_patch(&rig, "it", (enum aur_voice)v);
            for (size_t i = 0; i < aur_voices[v].n_params; i++)
                rig.patches[patch].params[i] = top ? aur_voices[v].params[i].max : aur_voices[v].params[i].min;
            for (int e = 0; e < AUR_EFFECTS; e++)
                for (size_t i = 0; i < aur_effects[e].n_params; i++)
                    rig.head.effects.params[e][i] = top ? aur_effects[e].params[i].max : aur_effects[e].params[i].min;
            rig_note(&rig, patch, 0, 1, 0, 1);
            rig_note(&rig, patch, 0.1, 1, 127, 1);
            rig_note(&rig, patch, 0.2, 1, 127, 0.0001);
            struct audio a = rig_render(&rig, true, 3);
            struct audio_levels levels;
            audio_measure(&levels, &a);
            assert_true(levels.finite);
            assert_true(levels.true_peak_db <= -1);
            free((void *)(uintptr_t)a.data);
        }
}

static void new_refuses(void **state)
{
    (void)state;
    struct aur_synth *synth;
    struct aur_error err;
    struct aur_synth_config config = {.rate_hz = 22050, .isa = AUR_ISA_SCALAR};
    assert_int_equal(aur_synth_new(&synth, &config, &err), AUR_EINVAL);
    assert_string_equal(err.field, "rate_hz");
    assert_string_equal(err.value, "22050");
    config = (struct aur_synth_config){.rate_hz = 44100, .isa = AUR_ISAS};
    assert_int_equal(aur_synth_new(&synth, &config, &err), AUR_EINVAL);
    config = (struct aur_synth_config){.rate_hz = 44100, .isa = AUR_ISA_SCALAR, .max_voices = 100000};
    assert_int_equal(aur_synth_new(&synth, &config, &err), AUR_EINVAL);
    assert_null(synth);
}

static void isa_names(void **state)
{
    (void)state;
    enum aur_isa isa;
    struct aur_error err;
    assert_int_equal(aur_isa_parse(&isa, "scalar", &err), 0);
    assert_int_equal(isa, AUR_ISA_SCALAR);
    assert_int_equal(aur_isa_parse(&isa, aur_isa_name(aur_isa_best()), &err), 0);
    assert_int_equal(isa, aur_isa_best());
    assert_int_equal(aur_isa_parse(&isa, "mmx", &err), AUR_EINVAL);
    assert_string_equal(err.field, "AURALIS_ISA");
    assert_string_equal(err.value, "mmx");
    assert_non_null(strstr(err.allowed, "scalar"));
}

static void new_without_memory(void **state)
{
    (void)state;
    struct aur_synth_config config = {.rate_hz = RATE, .isa = aur_isa_best(), .effects = true};
    for (long nth = 0;; nth++) {
        struct aur_synth *synth = NULL;
        struct aur_error err;
        failing_alloc_arm(nth);
        int rc = aur_synth_new(&synth, &config, &err);
        if (!failing_alloc_disarm()) {
            assert_int_equal(rc, 0);
            aur_synth_free(synth);
            assert_true(nth > 0);
            return;
        }
        assert_int_equal(rc, AUR_ENOMEM);
        assert_null(synth);
    }
}

static void rendering_does_not_allocate(void **state)
{
    (void)state;
    static struct rig rig;
    static float out[2 * 4410];
    piece(&rig, RATE, 0);
    struct aur_synth *synth = rig_synth(RATE, true);
    struct aur_phrase *phrase = rig_phrase(&rig);
    struct aur_live live = {0.5f, 0.2f, 0.9f};
    unsigned long before = failing_alloc_calls();
    int rc = aur_synth_commit(synth, phrase);
    for (int i = 0; i < 30; i++) {
        aur_synth_render(synth, out, 4410);
        aur_synth_live(synth, &live);
        live.level = 0.1f * (float)(i % 10);
    }
    const struct aur_phrase *back = aur_synth_retired(synth);
    assert_int_equal(failing_alloc_calls(), before);
    assert_int_equal(rc, 0);
    assert_ptr_equal(back, phrase);
    aur_synth_free(synth);
    aur_phrase_free(phrase);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_on_every_isa),
        cmocka_unit_test(same_bytes_for_every_chunk),
        cmocka_unit_test(silence_without_phrases),
        cmocka_unit_test(silence_returns),
        cmocka_unit_test(commit_refuses),
        cmocka_unit_test(phrases_are_only_borrowed),
        cmocka_unit_test(voices_are_limited),
        cmocka_unit_test(a_crowd_is_survived),
        cmocka_unit_test(extremes_are_survived),
        cmocka_unit_test(new_refuses),
        cmocka_unit_test(isa_names),
        cmocka_unit_test(new_without_memory),
        cmocka_unit_test(rendering_does_not_allocate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
