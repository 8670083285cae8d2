/* What the voices of a bus add up to. Render thread. */
#include <string.h>

#include "synth/bus.h"

/* Buses are independent up to their sums, so which is rendered when makes no difference to the sound. */
void aur_bus_pair_sum(struct aur_bus_pair *out, struct aur_buses *buses, const struct aur_voice_control *control)
{
    const struct aur_kernels *k = buses->kernels;
    const struct aur_bus *pad = NULL, *tone = NULL;
    out->bus[0] = out->bus[1] = NULL;
    for (uint32_t i = 0; i < buses->n_order; i++) {
        const struct aur_bus *bus = &buses->buses[buses->order[i]];
        if (!bus->used || bus->n_groups != 1)
            continue;
        if (bus->voice == AUR_VOICE_PAD && !pad)
            pad = bus;
        else if ((bus->voice == AUR_VOICE_LEAD || bus->voice == AUR_VOICE_KICK) && !tone)
            tone = bus;
    }
    if (!pad || !tone)
        return;
    const struct aur_voice_control fresh = {control->bright, 1, control->tables};
    struct aur_group *pads = &buses->pool[pad->groups[0]], *tones = &buses->pool[tone->groups[0]];
    struct aur_summed in[2];
    k->pad_tone(in, &buses->sums, pads, &buses->other, tones, &fresh);
    out->bus[0] = pad;
    out->bus[1] = tone;
    for (int i = 0; i < 2; i++)
        out->loudest[i] = k->take(&out->sum[i], in[i].sums, in[i].active);
}

static float sum_voices(struct aur_stereo *out, struct aur_buses *buses, const struct aur_bus *bus,
                        const struct aur_voice_control *control)
{
    const struct aur_kernels *k = buses->kernels;
    const struct aur_voice_control own = {control->bright, bus->n_groups == 1, control->tables};
    uint32_t lanes = 0;
    if (!own.fresh)
        memset(&buses->sums, 0, sizeof buses->sums);
    aur_voice_fn *voice = aur_voice_kernel(k, bus->voice);
    for (uint32_t i = 0; i < bus->n_groups; i++) {
        struct aur_group *group = &buses->pool[bus->groups[i]];
        lanes |= group->active;
        voice(&buses->sums, group, &own);
    }
    return k->take(out, &buses->sums, lanes);
}

const struct aur_stereo *aur_bus_sum(struct aur_stereo *out, const struct aur_bus_pair *pair, struct aur_buses *buses,
                                     const struct aur_bus *bus, const struct aur_voice_control *control)
{
    for (int i = 0; i < 2; i++)
        if (pair->bus[i] == bus)
            return pair->loudest[i] < AUR_BUS_SANE ? &pair->sum[i] : NULL;
    return sum_voices(out, buses, bus, control) < AUR_BUS_SANE ? out : NULL;
}
