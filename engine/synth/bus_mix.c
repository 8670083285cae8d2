/* What the CPU and jobs share of a bus: its kernel, its gains, its way into the sends. Render thread and device worker. */
#include "synth/bus.h"

#include <string.h>

bool aur_bus_sane(const struct aur_kernels *k, const struct aur_stereo *x)
{
    return k->loudest(x) < AUR_BUS_SANE;
}

aur_voice_fn *aur_voice_kernel(const struct aur_kernels *k, enum aur_voice voice)
{
#define AT(kernel) offsetof(struct aur_kernels, kernel)
    static const uint16_t table[AUR_VOICES] = {
        [AUR_VOICE_PAD] = AT(pad),         [AUR_VOICE_LEAD] = AT(tone),  [AUR_VOICE_KICK] = AT(tone),
        [AUR_VOICE_SWELL] = AT(noise),     [AUR_VOICE_BELL] = AT(bell),  [AUR_VOICE_BASS] = AT(bass),
        [AUR_VOICE_PLUCK] = AT(pluck),     [AUR_VOICE_TICK] = AT(noise), [AUR_VOICE_GRAIN] = AT(grain),
        [AUR_VOICE_MODULAR] = AT(modular), [AUR_VOICE_WAVE] = AT(wave),
    };
    aur_voice_fn *fn;
    memcpy(&fn, (const char *)k + table[voice], sizeof fn);
    return fn;
#undef AT
}

void aur_bus_gains_next(struct aur_bus_gains *out, struct aur_bus *bus)
{
    float level = bus->level.now;
    out->stem = bus->stem;
    out->shares = bus->shares;
    out->level[0] = level;
    out->reverb[0] = level * bus->reverb.now;
    out->delay[0] = level * bus->delay.now;
    out->chorus[0] = level * bus->chorus.now;
    out->level[1] = level;
    out->reverb[1] = out->reverb[0];
    out->delay[1] = out->delay[0];
    out->chorus[1] = out->chorus[0];
    if (!(bus->level.left | bus->reverb.left | bus->delay.left | bus->chorus.left)) /* as in nearly every block */
        return;
    aur_glide_next(&bus->level);
    aur_glide_next(&bus->reverb);
    aur_glide_next(&bus->delay);
    aur_glide_next(&bus->chorus);
    level = bus->level.now;
    out->level[1] = level;
    out->reverb[1] = level * bus->reverb.now;
    out->delay[1] = level * bus->delay.now;
    out->chorus[1] = level * bus->chorus.now;
}

void aur_stem_end(const struct aur_kernels *k, struct aur_sends *out, struct aur_stem *stem)
{
    if (!stem->open)
        return;
    k->mix(&out->dry, &stem->sound, 1, 1);
    if (out->taps)
        out->taps->part(out->taps->user, AUR_TAP_STEM, stem->name, stem->sound.l, stem->sound.r);
    stem->open = false;
}

/* Where a bus goes. Adding it to dry at once gives the same samples as by way of a stem of its own. */
static struct aur_stereo *place(const struct aur_kernels *k, struct aur_sends *out, struct aur_stem *stem,
                                const char *name, const struct aur_bus_gains *gains)
{
    if (stem->open && stem->number == gains->stem)
        return &stem->sound;
    aur_stem_end(k, out, stem);
    if (!gains->shares && !out->taps)
        return &out->dry;
    stem->open = true;
    stem->number = gains->stem;
    stem->name = name;
    memset(&stem->sound, 0, sizeof stem->sound);
    return &stem->sound;
}

void aur_bus_mix(const struct aur_kernels *k, struct aur_sends *out, struct aur_stem *stem, const char *name,
                 const struct aur_stereo *sum, const struct aur_bus_gains *gains)
{
    const struct aur_send sends[] = {{place(k, out, stem, name, gains), gains->level[0], gains->level[1]},
                                     {&out->reverb, gains->reverb[0], gains->reverb[1]},
                                     {&out->delay, gains->delay[0], gains->delay[1]},
                                     {&out->chorus, gains->chorus[0], gains->chorus[1]}};
    const bool chorused = gains->chorus[0] > 0 || gains->chorus[1] > 0;
    k->send(sends, chorused ? 4 : 3, sum);
    out->chorused |= chorused;
}
