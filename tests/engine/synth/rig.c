/* See rig.h. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "support/unit.h"

void rig_init(struct rig *rig, uint32_t rate_hz)
{
    memset(rig, 0, sizeof *rig);
    aur_controls_default(&rig->head.controls, NULL);
    aur_effect_default(&rig->head.effects);
    rig->head.rate_hz = rate_hz;
    rig->head.bars = 8;
    rig->head.meter[0] = rig->head.meter[1] = 4;
}

uint16_t rig_patch(struct rig *rig, const char *name, enum aur_voice voice)
{
    aur_patch_default(&rig->patches[rig->head.n_patches], name, voice);
    return (uint16_t)rig->head.n_patches++;
}

void rig_set(struct rig *rig, uint16_t patch, const char *param, double value)
{
    struct aur_patch *p = &rig->patches[patch];
    assert_int_equal(aur_param_set(p->params, &aur_voices[p->voice], param, value, NULL), 0);
}

void rig_effect(struct rig *rig, enum aur_effect effect, const char *param, double value)
{
    assert_int_equal(aur_param_set(rig->head.effects.params[effect], &aur_effects[effect], param, value, NULL), 0);
}

static uint64_t grid(const struct rig *rig, double seconds)
{
    return (uint64_t)(seconds * rig->head.rate_hz / 64 + 0.5) * 64;
}

struct aur_note *rig_note(struct rig *rig, uint16_t patch, double at_s, double length_s, double pitch, double velocity)
{
    struct aur_note *note = &rig->notes[rig->head.n_notes];
    uint64_t length = grid(rig, length_s);
    *note = (struct aur_note){
        .on_frame = rig->head.start_frame + grid(rig, at_s),
        .pitch_q16 = (int32_t)(pitch * AUR_Q16_ONE),
        .velocity_q16 = (int32_t)(velocity * AUR_Q16_ONE),
        .patch = patch,
        .id = rig->head.n_notes++,
    };
    note->off_frame = note->on_frame + (length ? length : 64);
    return note;
}

struct aur_phrase *rig_phrase(struct rig *rig)
{
    struct aur_phrase *phrase = NULL;
    assert_int_equal(aur_phrase_new(&phrase, &rig->head, rig->patches, rig->notes, NULL), 0);
    return phrase;
}

struct aur_synth *rig_synth(uint32_t rate_hz, bool effects)
{
    struct aur_synth *synth = NULL;
    struct aur_synth_config config = {.rate_hz = rate_hz, .isa = aur_isa_best(), .effects = effects};
    assert_int_equal(aur_synth_new(&synth, &config, NULL), 0);
    return synth;
}

struct audio rig_more(struct aur_synth *synth, uint32_t rate_hz, size_t frames)
{
    float *data = malloc(frames * 2 * sizeof *data);
    assert_non_null(data);
    aur_synth_render(synth, data, frames);
    return (struct audio){data, frames, rate_hz};
}

struct audio rig_render(struct rig *rig, bool effects, double seconds)
{
    struct aur_synth *synth = rig_synth(rig->head.rate_hz, effects);
    struct aur_phrase *phrase = rig_phrase(rig);
    assert_int_equal(aur_synth_commit(synth, phrase), 0);
    struct audio out = rig_more(synth, rig->head.rate_hz, (size_t)(seconds * rig->head.rate_hz));
    aur_synth_free(synth);
    aur_phrase_free(phrase);
    return out;
}

uint64_t rig_seed(void)
{
    static uint64_t chosen;
    struct timespec now;
    if (chosen)
        return chosen;
    clock_gettime(CLOCK_REALTIME, &now);
    chosen = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 0) : (uint64_t)now.tv_nsec;
    printf("SEED=%llu\n", (unsigned long long)chosen);
    return chosen;
}

double rig_draw(struct rig_draws *draws, double low, double high)
{
    return low + (high - low) * aur_rand_unit(draws->key, draws->counter++);
}

uint32_t rig_below(struct rig_draws *draws, uint32_t n)
{
    return (uint32_t)rig_draw(draws, 0, n);
}

/* Anything in its range. */
static void any_effect(struct rig *rig, enum aur_effect effect, struct rig_draws *draws)
{
    const struct aur_param_table *table = &aur_effects[effect];
    for (size_t i = 0; i < table->n_params; i++)
        if (rig_draw(draws, 0, 1) < 0.4)
            rig->head.effects.params[effect][i] =
                (float)rig_draw(draws, (double)table->params[i].min, (double)table->params[i].max);
}

static void any_part(struct rig *rig, enum aur_voice voice, struct rig_draws *draws)
{
    const double length_s = (double)rig->head.length_frames / rig->head.rate_hz;
    uint16_t patch = rig_patch(rig, aur_voices[voice].name, voice);
    rig_set(rig, patch, "reverb", rig_draw(draws, 0, 1));
    rig_set(rig, patch, "delay", rig_draw(draws, 0, 1));
    rig_set(rig, patch, "chorus", rig_draw(draws, 0, 1) < 0.5 ? 0 : rig_draw(draws, 0, 1));
    for (uint32_t i = 0, n = rig_below(draws, 6); i < n; i++)
        rig_note(rig, patch, rig_draw(draws, 0, length_s - 0.02), rig_draw(draws, 0.05, 4), rig_draw(draws, 36, 84),
                 rig_draw(draws, 0.1, 0.9));
}

void rig_any(struct rig *rig, uint32_t rate_hz, struct rig_draws *draws)
{
    rig_init(rig, rate_hz);
    rig->head.length_frames = (uint64_t)(rig_draw(draws, 2, 4) * rate_hz / 64) * 64;
    rig->head.controls.bpm = 50 + (int)rig_below(draws, 60);
    for (int effect = 0; effect < AUR_EFFECTS; effect++)
        if (effect != AUR_EFFECT_MASTER)
            any_effect(rig, (enum aur_effect)effect, draws);
    for (int voice = 0; voice < AUR_VOICES; voice++)
        if (rig_draw(draws, 0, 1) < 0.8) /* else this part rests, and what it played rings out */
            any_part(rig, (enum aur_voice)voice, draws);
}

void rig_at(struct rig *rig, uint64_t number, uint64_t start_frame)
{
    const uint64_t shift = start_frame - rig->head.start_frame;
    rig->head.number = number;
    rig->head.start_frame = start_frame;
    for (uint32_t i = 0; i < rig->head.n_notes; i++) {
        rig->notes[i].on_frame += shift;
        rig->notes[i].off_frame += shift;
    }
}
