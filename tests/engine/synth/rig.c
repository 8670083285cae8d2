/* See rig.h. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

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
