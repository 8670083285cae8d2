/* The tables of voices and effects, and reading a patch against them. */
#include "score/patch.h"

#include <stdio.h>
#include <string.h>

/* What every voice has, first in each table and in this order. */
#define COMMON                                                                                                         \
    {"level", "dB", -60, 12, 0, "loudness of the patch"}, {"pan", "", -1, 1, 0, "left to right, added to the note's"}, \
        {"reverb", "", 0, 1, 0.3f, "send to the reverb"}, {"delay", "", 0, 1, 0.1f, "send to the delay"},              \
    {                                                                                                                  \
        "chorus", "", 0, 1, 0, "send to the chorus"                                                                    \
    }

#define ADSR(a, d, s, r)                                                                                               \
    {"attack", "s", 0.002f, 30, a, "rise to the peak"}, {"decay", "s", 0.01f, 30, d, "fall to sustain"},               \
        {"sustain", "", 0, 1, s, "level while held"},                                                                  \
    {                                                                                                                  \
        "release", "s", 0.01f, 30, r, "fall after the note's end"                                                      \
    }

static const struct aur_param pad_params[] = {
    COMMON,
    ADSR(2.0f, 2.0f, 0.8f, 4.0f),
    {"detune", "cents", 0, 50, 7, "each oscillator away from the pitch, one up, one down"},
    {"sub", "", 0, 1, 0.3f, "sine an octave below"},
    {"cutoff", "Hz", 40, 16000, 900, "low-pass filter at rest, for middle C"},
    {"resonance", "", 0.5f, 8, 0.8f, "quality factor of the filter"},
    {"keytrack", "", 0, 1, 0.3f, "how far the cutoff follows the pitch"},
    {"lfo_rate", "Hz", 0.005f, 8, 0.07f, "of the cutoff's movement; each voice starts at a phase of its own"},
    {"lfo_depth", "octaves", 0, 4, 0.8f, "of the cutoff's movement, up and down"},
    {"width", "", 0, 1, 0.5f, "how far the two oscillators stand apart in stereo"},
};

static const struct aur_param lead_params[] = {
    COMMON,
    ADSR(0.06f, 0.5f, 0.6f, 1.5f),
    {"tone", "", 0, 1, 0.3f, "from a sine to a triangle-like spectrum"},
    {"cutoff", "Hz", 40, 16000, 2500, "low-pass filter"},
    {"resonance", "", 0.5f, 8, 0.7f, "quality factor of the filter"},
    {"keytrack", "", 0, 1, 0.5f, "how far the cutoff follows the pitch"},
    {"vibrato_rate", "Hz", 0.05f, 10, 4.8f, "of the vibrato"},
    {"vibrato_depth", "cents", 0, 100, 8, "of the vibrato, up and down"},
    {"vibrato_delay", "s", 0, 10, 0.5f, "until the vibrato is fully there"},
};

static const struct aur_param kick_params[] = {
    COMMON,
    {"attack", "s", 0.002f, 0.2f, 0.004f, "rise to the peak"},
    {"decay", "s", 0.05f, 4, 0.5f, "time to fall by 60 dB"},
    {"sweep", "semitones", 0, 48, 18, "start of the pitch above the note"},
    {"sweep_time", "s", 0.005f, 0.5f, 0.05f, "time in which the pitch falls by 60 dB of its sweep"},
    {"tone", "", 0, 1, 0.2f, "soft saturation of the sine"},
};

static const struct aur_param swell_params[] = {
    COMMON,
    ADSR(2.5f, 0.5f, 1.0f, 3.0f),
    {"cutoff", "Hz", 40, 16000, 1200, "centre of the noise band"},
    {"resonance", "", 0.5f, 20, 1.5f, "quality factor of the band"},
    {"keytrack", "", 0, 1, 0, "how far the band follows the pitch"},
    {"sweep", "octaves", -4, 4, 1, "the band's rise from start to the end of the attack"},
    {"lfo_rate", "Hz", 0.005f, 8, 0.11f, "of the band's movement"},
    {"lfo_depth", "octaves", 0, 4, 0.3f, "of the band's movement, up and down"},
};

/* What rings by itself: struck or plucked, held only as long as it is not damped. */
#define RINGS(a, d, r)                                                                                                 \
    {"attack", "s", 0.002f, 2, a, "rise to the peak"},                                                                 \
        {"decay", "s", 0.05f, 30, d, "time to fall by 60 dB, for middle C"},                                           \
    {                                                                                                                  \
        "release", "s", 0.01f, 30, r, "fall after the note's end"                                                      \
    }

static const struct aur_param bell_params[] = {
    COMMON,
    RINGS(0.004f, 7, 4),
    {"ratio", "", 0.1f, 16, 3.5f, "frequency of the modulator against the carrier's"},
    {"index", "", 0, 10, 1.1f, "depth of modulation at the strike, in radians; less for high notes"},
    {"index_decay", "s", 0.02f, 30, 1.6f, "time in which the depth falls by 60 dB"},
    {"tail", "", 0, 1, 0.12f, "share of the depth that stays"},
    {"detune", "cents", 0, 50, 1.5f, "each side's carrier away from the pitch, one up, one down"},
    {"keytrack", "", 0, 1, 0.5f, "how much shorter high notes are and longer low ones"},
};

static const struct aur_param bass_params[] = {
    COMMON,
    ADSR(0.03f, 2.0f, 0.7f, 0.8f),
    {"tone", "", 0, 0.95f, 0.55f, "strength of each partial against the one before"},
    {"sub", "", 0, 1, 0.35f, "sine an octave below"},
    {"detune", "cents", 0, 50, 4, "two oscillators away from the pitch, one up, one down"},
    {"cutoff", "Hz", 40, 16000, 420, "low-pass filter"},
    {"resonance", "", 0.5f, 8, 0.8f, "quality factor of the filter"},
    {"keytrack", "", 0, 1, 0.4f, "how far the cutoff follows the pitch"},
    {"sweep", "octaves", -4, 4, 1.2f, "start of the cutoff above its rest"},
    {"sweep_time", "s", 0.005f, 10, 0.9f, "time in which the sweep falls by 60 dB"},
};

static const struct aur_param pluck_params[] = {
    COMMON,
    RINGS(0.003f, 5, 1.5f),
    {"tone", "", 0, 0.97f, 0.8f, "strength of each partial against the one before, when plucked"},
    {"damping", "s", 0.02f, 30, 2.5f, "time in which the second partial falls by 60 dB more than the first"},
    {"position", "", 0.02f, 0.5f, 0.22f, "where along the string it is plucked"},
    {"width", "", 0, 1, 0.5f, "how far apart the two sides hear it"},
    {"keytrack", "", 0, 1, 0.5f, "how much shorter high notes are and longer low ones"},
};

static const struct aur_param tick_params[] = {
    COMMON,
    {"attack", "s", 0.002f, 0.2f, 0.006f, "rise to the peak: short for a tick, long for a shaker"},
    {"decay", "s", 0.01f, 2, 0.12f, "time to fall by 60 dB"},
    {"cutoff", "Hz", 40, 16000, 4200, "centre of the noise band"},
    {"resonance", "", 0.5f, 20, 1.6f, "quality factor of the band: high for wood, low for seeds"},
    {"keytrack", "", 0, 1, 0, "how far the band follows the pitch"},
    {"sweep", "octaves", -4, 4, 0.3f, "the band's rise during the attack"},
};

static const struct aur_param grain_params[] = {
    COMMON,
    ADSR(2.0f, 2.0f, 0.9f, 4.0f),
    {"length", "s", 0.03f, 4, 0.35f, "of a grain; four overlap"},
    {"spread", "cents", 0, 1200, 9, "of the grains' pitches, up and down"},
    {"scatter", "", 0, 1, 0.35f, "share of grains an octave or a twelfth above, or an octave below"},
    {"air", "", 0, 1, 0.12f, "noise that the grains carry"},
    {"width", "", 0, 1, 0.8f, "how far grains stand apart in stereo"},
    {"cutoff", "Hz", 40, 16000, 2200, "low-pass filter"},
    {"resonance", "", 0.5f, 8, 0.7f, "quality factor of the filter"},
    {"keytrack", "", 0, 1, 0.4f, "how far the cutoff follows the pitch"},
    {"lfo_rate", "Hz", 0.005f, 8, 0.09f, "of the cutoff's movement"},
    {"lfo_depth", "octaves", 0, 4, 0.6f, "of the cutoff's movement, up and down"},
};

static const struct aur_param wave_params[] = {
    COMMON,
    ADSR(0.8f, 2.0f, 0.8f, 3.0f),
    {"place", "", 0, 1, 0.35f, "among the shapes: sine, triangle, organ, choir, reed, or the table's cycles"},
    {"lfo_depth", "", 0, 1, 0.18f, "of the place's movement, up and down"},
    {"lfo_rate", "Hz", 0.005f, 8, 0.08f, "of the movement; each voice starts at a phase of its own"},
    {"detune", "cents", 0, 50, 4, "each side away from the pitch, one up, one down"},
    {"cutoff", "Hz", 40, 16000, 2800, "low-pass filter"},
    {"resonance", "", 0.5f, 8, 0.7f, "quality factor of the filter"},
    {"keytrack", "", 0, 1, 0.5f, "how far the cutoff follows the pitch"},
};

#define ENVELOPE(name, a, d, s, r)                                                                                     \
    {name "_attack", "s", 0, 30, a, "rise to the peak"}, {name "_decay", "s", 0, 30, d, "fall to sustain"},            \
        {name "_sustain", "", 0, 1, s, "level while held"},                                                            \
        {name "_release", "s", 0, 30, r, "fall after the note's end"},                                                 \
    {                                                                                                                  \
        name "_curve", "", -1, 1, 0.5f, "0: straight, 1: slow start and quick fall, -1: the other way"                 \
    }
#define LFO(name, rate)                                                                                                \
    {name "_rate", "Hz", 0, 30, rate, "at rest"},                                                                      \
        {name "_bend", "octaves", -8, 8, 0, "of the rate, by the envelope of its own"},                                \
        {name "_phase", "", 0, 1, 0, "at the note's start"}, {name "_sine", "", 0, 1, 1, "share of the shape"},        \
        {name "_triangle", "", 0, 1, 0, "share of the shape"},                                                         \
        {name "_saw", "", 0, 1, 0, "share of the shape, rising"},                                                      \
        {name "_reverse", "", 0, 1, 0, "share of the shape, falling"},                                                 \
    {                                                                                                                  \
        name "_square", "", 0, 1, 0, "share of the shape"                                                              \
    }
#define MATRIX(to, unit, most, e1, e2, l1, l2)                                                                         \
    {"env1_to_" to, unit, -(most), most, e1, "envelope 1 moves it"},                                                   \
        {"env2_to_" to, unit, -(most), most, e2, "envelope 2 moves it"},                                               \
        {"lfo1_to_" to, unit, -(most), most, l1, "LFO 1 moves it"},                                                    \
    {                                                                                                                  \
        "lfo2_to_" to, unit, -(most), most, l2, "LFO 2 moves it"                                                       \
    }

static const struct aur_param modular_params[] = {
    COMMON,
    ENVELOPE("env1", 0.5f, 1.5f, 0.75f, 2.5f),
    ENVELOPE("env2", 0.02f, 2.5f, 0.2f, 1.5f),
    ENVELOPE("lfo1_amount", 1.5f, 0, 1, 2),
    ENVELOPE("lfo2_amount", 0.5f, 0, 1, 2),
    ENVELOPE("lfo1_bend", 1, 0, 1, 1),
    ENVELOPE("lfo2_bend", 1, 0, 1, 1),
    LFO("lfo1", 4.6f),
    LFO("lfo2", 0.13f),
    MATRIX("pitch1", "semitones", 48, 0, 0, 0.05f, 0),
    MATRIX("level1", "", 2, 0.8f, 0, 0, 0),
    MATRIX("pitch2", "semitones", 48, 0, 0, 0.05f, 0.03f),
    MATRIX("level2", "", 2, 0.4f, 0.3f, 0, 0.12f),
    MATRIX("noise", "", 2, 0, 1, 0, 0),
    MATRIX("cutoff", "octaves", 8, 0.5f, 1.5f, 0, 0.6f),
    {"tune1", "semitones", -48, 48, 0, "of the sine, from the pitch"},
    {"phase1", "", 0, 1, 0, "of the sine at the start"},
    {"level1", "", 0, 1, 1, "of the sine"},
    {"tune2", "semitones", -48, 48, 0.04f, "of the square and saw, from the pitch"},
    {"phase2", "", 0, 1, 0.5f, "of the square and saw at the start"},
    {"level2", "", 0, 1, 0.5f, "of the square and saw"},
    {"shape", "", 0, 1, 0.4f, "from saw to square"},
    {"noise", "", 0, 1, 0.04f, "level of the noise"},
    {"cutoff", "Hz", 40, 16000, 750, "low-pass filter at rest"},
    {"resonance", "", 0.5f, 8, 0.7f, "quality factor of the filter"},
    {"keytrack", "", 0, 1, 0.4f, "how far the cutoff follows the pitch"},
};
_Static_assert(sizeof modular_params / sizeof *modular_params == AUR_MODULAR_PARAMS, "the table's order is the enum's");

static const struct aur_param reverb_params[] = {
    {"decay", "s", 0.3f, 20, 6, "time to fall by 60 dB, well below the damping"},
    {"damping", "Hz", 500, 16000, 4500, "above it the tail falls faster"},
    {"modulation", "", 0, 1, 0.3f, "slow movement of the delay lines"},
    {"predelay", "s", 0, 0.2f, 0.02f, "before the first reflection"},
    {"highpass", "Hz", 20, 1000, 250, "of what comes back"},
    {"level", "dB", -60, 12, 0, "of what comes back"},
};

static const struct aur_param delay_params[] = {
    {"beats", "beats", 0.0625f, 8, 0.75f, "time of the left side, at the phrase's tempo; at most 6 s"},
    {"beats_right", "beats", 0.0625f, 8, 1.25f, "time of the right side"},
    {"feedback", "", 0, 0.9f, 0.45f, "what each repeat keeps"},
    {"cutoff", "Hz", 200, 16000, 2200, "low-pass in the loop: each repeat is darker"},
    {"highpass", "Hz", 20, 1000, 180, "high-pass in the loop"},
    {"cross", "", 0, 1, 0.5f, "how much of a repeat changes sides"},
    {"reverb", "", 0, 1, 0.2f, "send of the repeats to the reverb"},
    {"level", "dB", -60, 12, 0, "of what comes back"},
};

static const struct aur_param master_params[] = {
    {"level", "dB", -40, 24, 0, "before the limiter"},
    {"ceiling", "dB", -24, -1, -1.5f, "true peak that the limiter keeps"},
};

static const struct aur_param chorus_params[] = {
    {"rate", "Hz", 0.02f, 5, 0.3f, "of the copies' movement"},
    {"depth", "s", 0, 0.01f, 0.0025f, "of the movement, back and forth"},
    {"delay", "s", 0.004f, 0.03f, 0.014f, "of the copies at rest"},
    {"reverb", "", 0, 1, 0.3f, "send of the copies to the reverb"},
    {"level", "dB", -60, 12, 0, "of the copies"},
};

static const struct aur_param tilt_params[] = {
    {"tilt", "dB", -12, 12, 0, "highs against lows: half of it up on one side, half down on the other"},
    {"centre", "Hz", 100, 4000, 700, "where nothing changes"},
};

#define TABLE(name, params)                                                                                            \
    {                                                                                                                  \
        name, params, sizeof params / sizeof *params                                                                   \
    }

const struct aur_param_table aur_voices[AUR_VOICES] = {
    [AUR_VOICE_PAD] = TABLE("pad", pad_params),       [AUR_VOICE_LEAD] = TABLE("lead", lead_params),
    [AUR_VOICE_KICK] = TABLE("kick", kick_params),    [AUR_VOICE_SWELL] = TABLE("swell", swell_params),
    [AUR_VOICE_BELL] = TABLE("bell", bell_params),    [AUR_VOICE_BASS] = TABLE("bass", bass_params),
    [AUR_VOICE_PLUCK] = TABLE("pluck", pluck_params), [AUR_VOICE_TICK] = TABLE("tick", tick_params),
    [AUR_VOICE_GRAIN] = TABLE("grain", grain_params), [AUR_VOICE_MODULAR] = TABLE("modular", modular_params),
    [AUR_VOICE_WAVE] = TABLE("wave", wave_params),
};

const struct aur_param_table aur_effects[AUR_EFFECTS] = {
    [AUR_EFFECT_REVERB] = TABLE("reverb", reverb_params), [AUR_EFFECT_DELAY] = TABLE("delay", delay_params),
    [AUR_EFFECT_MASTER] = TABLE("master", master_params), [AUR_EFFECT_CHORUS] = TABLE("chorus", chorus_params),
    [AUR_EFFECT_TILT] = TABLE("tilt", tilt_params),
};

static void defaults(float *params, const struct aur_param_table *table)
{
    for (size_t i = 0; i < table->n_params; i++)
        params[i] = table->params[i].def;
}

void aur_patch_default(struct aur_patch *out, const char *name, enum aur_voice voice)
{
    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%s", name);
    out->voice = voice;
    defaults(out->params, &aur_voices[voice]);
}

void aur_effect_default(struct aur_effect_settings *out)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < AUR_EFFECTS; i++)
        defaults(out->params[i], &aur_effects[i]);
}

static int find_table(const struct aur_param_table *tables, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(tables[i].name, name) == 0)
            return i;
    return -1;
}

int aur_voice_find(const char *name)
{
    return find_table(aur_voices, AUR_VOICES, name);
}

int aur_effect_find(const char *name)
{
    return find_table(aur_effects, AUR_EFFECTS, name);
}

int aur_param_find(const struct aur_param_table *table, const char *name)
{
    for (size_t i = 0; i < table->n_params; i++)
        if (strcmp(table->params[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int unknown_param(const struct aur_param_table *table, const char *name, struct aur_error *err)
{
    char allowed[AUR_PARAMS_MAX * 24];
    size_t used = 0;
    for (size_t i = 0; i < table->n_params && used < sizeof allowed; i++)
        used += (size_t)snprintf(allowed + used, sizeof allowed - used, "%s%s", i ? ", " : "", table->params[i].name);
    return aur_error_value(err, table->name, name, allowed);
}

int aur_param_set(float *params, const struct aur_param_table *table, const char *name, double value,
                  struct aur_error *err)
{
    int i = aur_param_find(table, name);
    if (i < 0)
        return unknown_param(table, name, err);
    const struct aur_param *param = &table->params[i];
    float rounded = (float)value; /* the bounds are floats: 0.002 is not below 0.002f */
    if (!(rounded >= param->min && rounded <= param->max)) {
        char field[64], text[32], allowed[64];
        snprintf(field, sizeof field, "%s.%s", table->name, name);
        snprintf(text, sizeof text, "%.9g", value);
        snprintf(allowed, sizeof allowed, "%.6g to %.6g%s%s", (double)param->min, (double)param->max,
                 *param->unit ? " " : "", param->unit);
        return aur_error_value(err, field, text, allowed);
    }
    params[i] = rounded;
    return AUR_OK;
}
