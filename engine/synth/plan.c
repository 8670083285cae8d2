/* Reads patches into named fields, once a phrase. Render thread: tables only. */
#include "synth/plan.h"

#include <string.h>

#include "base/real.h"

#define FIELD(name)                                                                                                    \
    {                                                                                                                  \
#name, offsetof(struct aur_plan, name)                                                                         \
    }

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    FIELD(level),  FIELD(pan),          FIELD(reverb),        FIELD(delay),         FIELD(chorus),     FIELD(attack),
    FIELD(decay),  FIELD(sustain),      FIELD(release),       FIELD(detune),        FIELD(sub),        FIELD(width),
    FIELD(cutoff), FIELD(resonance),    FIELD(keytrack),      FIELD(sweep),         FIELD(lfo_rate),   FIELD(lfo_depth),
    FIELD(tone),   FIELD(vibrato_rate), FIELD(vibrato_depth), FIELD(vibrato_delay), FIELD(sweep_time), FIELD(ratio),
    FIELD(index),  FIELD(index_decay),  FIELD(tail),          FIELD(damping),       FIELD(position),   FIELD(length),
    FIELD(spread), FIELD(scatter),      FIELD(air),           FIELD(place),
};

void aur_plan_init(struct aur_plan *out, const struct aur_patch *patch)
{
    memset(out, 0, sizeof *out);
    out->voice = patch->voice;
    out->params = patch->params;
    out->table = patch->table;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        int index = aur_param_find(&aur_voices[patch->voice], fields[i].name);
        if (index >= 0)
            memcpy((char *)out + fields[i].offset, &patch->params[index], sizeof(float));
    }
}

float aur_plan_effect(const struct aur_effect_settings *settings, enum aur_effect effect, const char *name)
{
    int index = aur_param_find(&aur_effects[effect], name);
    return index < 0 ? 0 : settings->params[effect][index];
}

float aur_plan_gain(float db)
{
    return (float)aur_exp2((double)db * 0.16609640474436813); /* log2(10) / 20 */
}
