/* The test score: two seconds, every voice with its default patch, notes that begin and end inside the blocks of a job,
 * and lanes that are used again. */
#include "synth/score_test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"

#define SECONDS     2
#define NOTES_VOICE 12

static void add_note(struct aur_note *note, uint32_t id, uint16_t patch, uint32_t k, uint32_t rate_hz)
{
    const uint64_t step = rate_hz / 8 / AUR_BLOCK_FRAMES * AUR_BLOCK_FRAMES;
    *note = (struct aur_note){
        .on_frame = k * step + (uint64_t)(patch * 5 % 7) * AUR_BLOCK_FRAMES,
        .pitch_q16 = (int32_t)(40 + (k * 7 + patch * 3) % 40) * AUR_Q16_ONE,
        .velocity_q16 = AUR_Q16_ONE / 2 + (int32_t)k * 1000,
        .pan_q16 = (int32_t)(k % 3) * (AUR_Q16_ONE / 2) - AUR_Q16_ONE / 2,
        .patch = patch,
        .id = id,
    };
    note->off_frame = note->on_frame + step * (1 + k % 3);
}

static int make_score(struct aur_phrase **out, uint32_t rate_hz)
{
    struct aur_phrase head = {.rate_hz = rate_hz, .bars = 8, .meter = {4, 4}};
    struct aur_patch patches[AUR_PATCHES_MAX];
    struct aur_note notes[AUR_PATCHES_MAX * NOTES_VOICE];
    aur_controls_default(&head.controls, NULL);
    aur_effect_default(&head.effects);
    for (int voice = 0; voice < AUR_VOICES && voice < AUR_PATCHES_MAX; voice++) {
        aur_patch_default(&patches[voice], aur_voices[voice].name, (enum aur_voice)voice);
        for (uint32_t k = 0; k < NOTES_VOICE; k++, head.n_notes++)
            add_note(&notes[head.n_notes], head.n_notes, (uint16_t)voice, k, rate_hz);
        head.n_patches++;
    }
    head.length_frames = (uint64_t)SECONDS * rate_hz / AUR_BLOCK_FRAMES * AUR_BLOCK_FRAMES;
    return aur_phrase_new(out, &head, patches, notes, NULL);
}

static uint64_t render(struct aur_synth *synth, uint32_t rate_hz)
{
    float out[2 * 1024];
    uint64_t hash = AUR_HASH_START;
    for (uint32_t frame = 0; frame < SECONDS * rate_hz; frame += 1024) {
        aur_synth_render(synth, out, 1024);
        hash = aur_hash64(out, sizeof out, hash);
    }
    return hash;
}

int aur_score_test(uint64_t *hash, double *seconds, struct aur_backend *backend, uint32_t rate_hz, enum aur_isa isa,
                   struct aur_error *err)
{
    struct aur_synth_config config = {.rate_hz = rate_hz, .isa = isa, .backend = backend};
    struct aur_phrase *score;
    struct aur_synth *synth;
    int rc = make_score(&score, rate_hz);
    if (rc < 0)
        return aur_error_set(err, rc, "out of memory for a test score");
    rc = aur_synth_new(&synth, &config, err);
    if (rc == AUR_OK)
        rc = aur_synth_commit(synth, score);
    if (rc == AUR_OK) {
        uint64_t start = aur_clock_mono_ns();
        *hash = render(synth, rate_hz);
        *seconds = (double)(aur_clock_mono_ns() - start) / 1e9;
    }
    aur_synth_free(synth);
    aur_phrase_free(score);
    return rc;
}
