/* Stems: their sum with the returns is the mix, to the bit, whatever is played; who asks for them changes nothing; each
 * holds its patch and no other. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "rig.h"
#include "support/unit.h"
#include "synth/backend.h"
#include "synth/taps.h"

#define PHRASES 3
#define NAMES   16

static struct rig rig;

/* Adds parts up as they come, and compares at the end of each block. */
struct listener {
    float sum[2][64];
    enum aur_tap_kind last;
    char last_patch[AUR_PATCH_NAME_SIZE];
    uint64_t blocks, differing;
    double power[AUR_TAPS];
    double of[NAMES]; /* power of stems by name */
    char names[NAMES][AUR_PATCH_NAME_SIZE];
    int n_names;
};

static double power_of(const float *left, const float *right)
{
    double power = 0;
    for (int i = 0; i < 64; i++)
        power += (double)left[i] * (double)left[i] + (double)right[i] * (double)right[i];
    return power;
}

static int name_at(struct listener *l, const char *name)
{
    for (int i = 0; i < l->n_names; i++)
        if (strcmp(l->names[i], name) == 0)
            return i;
    assert_true(l->n_names < NAMES);
    strcpy(l->names[l->n_names], name);
    return l->n_names++;
}

static void check_order(const struct listener *l, enum aur_tap_kind tap, const char *patch)
{
    assert_true(l->last == AUR_TAP_MIX || l->last <= tap);
    assert_true((tap == AUR_TAP_STEM) == (patch != NULL));
    if (tap == AUR_TAP_STEM && l->last == AUR_TAP_STEM && *l->last_patch)
        assert_true(strcmp(l->last_patch, patch) < 0);
}

static void hear(void *user, enum aur_tap_kind tap, const char *patch, const float *left, const float *right)
{
    struct listener *l = user;
    const float *sides[2] = {left, right};
    check_order(l, tap, patch);
    l->last = tap;
    snprintf(l->last_patch, sizeof l->last_patch, "%s", patch ? patch : "");
    l->power[tap] += power_of(left, right);
    if (patch)
        l->of[name_at(l, patch)] += power_of(left, right);
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < 64; i++)
            if (tap == AUR_TAP_MIX)
                l->differing += memcmp(&l->sum[side][i], &sides[side][i], sizeof(float)) != 0;
            else
                l->sum[side][i] += sides[side][i];
    if (tap == AUR_TAP_MIX) {
        memset(l->sum, 0, sizeof l->sum);
        l->blocks++;
    }
}

static struct aur_backend *backend; /* of the synths that are made */

static struct aur_synth *synth_new(uint32_t rate_hz, bool effects, enum aur_isa isa)
{
    const struct aur_synth_config config = {.rate_hz = rate_hz, .isa = isa, .effects = effects, .backend = backend};
    struct aur_synth *synth;
    assert_int_equal(aur_synth_new(&synth, &config, NULL), 0);
    return synth;
}

/* Hash of what is heard. */
static uint64_t render(struct aur_phrase *const *phrases, int n, const struct listener *l, bool effects,
                       enum aur_isa isa, double seconds)
{
    const uint32_t rate = phrases[0]->rate_hz;
    struct aur_synth *synth = synth_new(rate, effects, isa);
    const struct aur_taps taps = {hear, (void *)(uintptr_t)l};
    uint64_t hash = AUR_HASH_START;
    assert_int_equal(aur_synth_tap(synth, l ? &taps : NULL), 0);
    for (int i = 0; i < n; i++)
        assert_int_equal(aur_synth_commit(synth, phrases[i]), 0);
    for (size_t left = (size_t)(seconds * rate) / 441 * 441; left > 0; left -= 441) {
        float out[2 * 441];
        aur_synth_render(synth, out, 441);
        hash = aur_hash64(out, sizeof out, hash);
    }
    aur_synth_free(synth);
    return hash;
}

static void parts_sum_to_the_mix(void **state)
{
    (void)state;
    static const uint32_t rates[] = {44100, 96000};
    for (int i = 0; i < 4; i++) {
        struct rig_draws draws = {aur_mix64(rig_seed() + (uint64_t)i), 0};
        struct aur_phrase *phrases[PHRASES];
        uint64_t start = 0;
        for (int k = 0; k < PHRASES; k++) {
            rig_any(&rig, rates[i % 2], &draws);
            rig_at(&rig, (uint64_t)k, start);
            phrases[k] = rig_phrase(&rig);
            start += rig.head.length_frames - 64 * 20;
        }
        struct listener l = {.last = AUR_TAP_MIX};
        const enum aur_isa isa = i % 2 ? AUR_ISA_SCALAR : aur_isa_best();
        uint64_t with = render(phrases, PHRASES, &l, i != 3, isa, 10);
        uint64_t without = render(phrases, PHRASES, NULL, i != 3, aur_isa_best(), 10);
        assert_int_equal(l.differing, 0);
        assert_int_equal(with, without);
        assert_true(l.blocks >= 10 * rates[i % 2] / 64 - 7);
        assert_true(l.power[AUR_TAP_STEM] > 0 && l.power[AUR_TAP_MIX] > 0);
        assert_true((l.power[AUR_TAP_REVERB] > 0) == (i != 3));
        for (int k = 0; k < PHRASES; k++)
            aur_phrase_free(phrases[k]);
    }
}

static void backend_new(void)
{
    static struct aur_device device;
    const struct aur_backend_config config = {.forced = true, .wait = true, .rate_hz = 44100, .isa = aur_isa_best()};
    aur_device_cpu(&device, aur_kernels_get(aur_isa_best()));
    assert_int_equal(aur_backend_around(&backend, &config, &device, NULL), 0);
}

static void backend_free(void)
{
    aur_backend_free(backend);
    backend = NULL;
}

/* A patch that is another voice in the next phrase: what rings out and what begins are one stem. */
static void one_name_is_one_stem(void **state)
{
    (void)state;
    struct aur_phrase *phrases[2];
    struct listener l = {.last = AUR_TAP_MIX};
    for (int i = 0; i < 2; i++) {
        rig_init(&rig, 44100);
        rig.head.length_frames = 44160;
        uint16_t bass = rig_patch(&rig, "bass", AUR_VOICE_BASS);
        uint16_t pad = rig_patch(&rig, "pad", i ? AUR_VOICE_BELL : AUR_VOICE_PAD);
        uint16_t zither = rig_patch(&rig, "zither", AUR_VOICE_PLUCK);
        rig_note(&rig, bass, 0.1, 0.5, 40, 0.7);
        rig_note(&rig, pad, 0, 0.9, 61, 0.7);
        rig_note(&rig, pad, 0.2, 0.7, 68, 0.5);
        rig_note(&rig, zither, 0, 1, 69, 0.7);
        rig_at(&rig, (uint64_t)i, i ? 44160 : 0);
        phrases[i] = rig_phrase(&rig);
    }
    uint64_t with = render(phrases, 2, &l, true, aur_isa_best(), 3);
    assert_int_equal(with, render(phrases, 2, NULL, true, aur_isa_best(), 3));
    assert_int_equal(l.differing, 0);
    assert_int_equal(l.n_names, 3);
    backend_new(); /* mixes in the same order */
    assert_int_equal(with, render(phrases, 2, NULL, true, aur_isa_best(), 3));
    backend_free();
    for (int i = 0; i < 2; i++)
        aur_phrase_free(phrases[i]);
}

/* What a stem holds is what its patch gives alone. */
static void a_stem_is_its_patch_alone(void **state)
{
    (void)state;
    struct listener all = {.last = AUR_TAP_MIX}, alone = {.last = AUR_TAP_MIX};
    for (int i = 0; i < 2; i++) {
        rig_init(&rig, 44100);
        rig.head.length_frames = 2 * 44160;
        uint16_t lead = rig_patch(&rig, "lead", AUR_VOICE_LEAD);
        uint16_t pad = rig_patch(&rig, "pad", AUR_VOICE_PAD);
        rig_note(&rig, lead, 0.1, 1, 72, 0.7);
        if (i == 0)
            rig_note(&rig, pad, 0, 1, 57, 0.7);
        struct aur_phrase *phrase = rig_phrase(&rig);
        (void)render(&phrase, 1, i ? &alone : &all, true, aur_isa_best(), 2);
        aur_phrase_free(phrase);
    }
    assert_int_equal(alone.n_names, 1);
    assert_true(all.of[name_at(&all, "lead")] > 0);
    assert_true(all.of[name_at(&all, "lead")] == alone.of[0]);
    assert_true(all.of[name_at(&all, "pad")] > 0);
}

static void a_backend_has_no_stems(void **state)
{
    (void)state;
    backend_new();
    struct aur_synth *synth = synth_new(44100, false, aur_isa_best());
    struct listener l = {0};
    const struct aur_taps taps = {hear, &l};
    assert_int_equal(aur_synth_tap(synth, &taps), AUR_ENOTSUP);
    assert_int_equal(aur_synth_tap(synth, NULL), 0);
    aur_synth_free(synth);
    backend_free();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_sum_to_the_mix),
        cmocka_unit_test(one_name_is_one_stem),
        cmocka_unit_test(a_stem_is_its_patch_alone),
        cmocka_unit_test(a_backend_has_no_stems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
