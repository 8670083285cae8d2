/* The modular voice against a model of its table of parameters, written anew in doubles: six envelopes, two LFOs of five
 * shapes, every route of the matrix. What the kernel reaches at each block's end is read from its lane; that the two
 * oscillators and the noise sound as those numbers say is measured on what comes out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "support/unit.h"
#include "synth/voice.h"
#include "tone.h"

#define RATE   44100
#define PITCH  57.0
#define HELD   120 /* blocks */
#define BLOCKS 240
#define LANE   5

static const char *const envelope_names[AUR_ENVELOPES] = {"env1",        "env2",      "lfo1_amount",
                                                          "lfo2_amount", "lfo1_bend", "lfo2_bend"};
static const char *const lfo_names[2] = {"lfo1", "lfo2"};
static const char *const sources[AUR_SOURCES] = {"env1", "env2", "lfo1", "lfo2"};
static const char *const shapes[5] = {"sine", "triangle", "saw", "reverse", "square"};

enum { PITCH_1, LEVEL_1, PITCH_2, LEVEL_2, NOISE, CUTOFF };
static const char *const destinations[AUR_DESTINATIONS] = {"pitch1", "level1", "pitch2", "level2", "noise", "cutoff"};

/* ---- parameters by name ---- */

static int find(const char *first, const char *between, const char *last)
{
    char name[64];
    snprintf(name, sizeof name, "%s%s%s", first, between, last);
    const int index = aur_param_find(&aur_voices[AUR_VOICE_MODULAR], name);
    if (index < 0)
        fail_msg("no parameter %s", name);
    return index;
}

static double get(const struct aur_patch *p, const char *first, const char *between, const char *last)
{
    return (double)p->params[find(first, between, last)];
}

static void set(struct aur_patch *p, const char *first, const char *between, const char *last, double value)
{
    p->params[find(first, between, last)] = (float)value;
}

/* Nothing moves anything; levels are 1; filter and keys play no part. */
static struct aur_patch still(void)
{
    struct aur_patch p;
    aur_patch_default(&p, "it", AUR_VOICE_MODULAR);
    for (int to = 0; to < AUR_DESTINATIONS; to++)
        for (int from = 0; from < AUR_SOURCES; from++)
            set(&p, sources[from], "_to_", destinations[to], 0);
    set(&p, "level1", "", "", 1);
    set(&p, "level2", "", "", 1);
    set(&p, "noise", "", "", 1);
    set(&p, "shape", "", "", 0);
    set(&p, "keytrack", "", "", 0);
    set(&p, "tune2", "", "", 0);
    set(&p, "cutoff", "", "", 1000);
    return p;
}

/* ---- the model ---- */

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* Shares of y and y^4 and of y and 1 - (1 - y)^4. */
static double curved(double y, double curve)
{
    return curve > 0 ? y + curve * (pow(y, 4) - y) : y - curve * (1 - pow(1 - y, 4) - y);
}

static double blocks_of(double seconds)
{
    return fmax(seconds * RATE / AUR_BLOCK, 1);
}

static double envelope(const struct aur_patch *p, const char *name, double t)
{
    const double attack = blocks_of(get(p, name, "_attack", "")), decay = blocks_of(get(p, name, "_decay", "")),
                 release = blocks_of(get(p, name, "_release", "")), sustain = get(p, name, "_sustain", ""),
                 curve = get(p, name, "_curve", ""), held = fmin(t, HELD);
    double level = held <= attack ? curved(held / attack, curve)
                                  : sustain + (1 - sustain) * curved(clamp(1 - (held - attack) / decay, 0, 1), curve);
    return level * curved(1 - clamp((t - HELD) / release, 0, 1), curve);
}

static double shape_at(int shape, double turns)
{
    const double at = turns - floor(turns), saw = at < 0.5 ? 2 * at : 2 * at - 2;
    switch (shape) {
    case 0:
        return sin(2 * M_PI * at);
    case 1:
        return at < 0.25 ? 4 * at : at < 0.75 ? 2 - 4 * at : 4 * at - 4;
    case 2:
        return saw;
    case 3:
        return -saw;
    default:
        return clamp(8 * sin(2 * M_PI * at), -1, 1); /* its steps are short slopes */
    }
}

static double lfo(const struct aur_patch *p, int q, double *turns, double t)
{
    char amount[16], bend[16];
    snprintf(amount, sizeof amount, "%s_amount", lfo_names[q]);
    snprintf(bend, sizeof bend, "%s_bend", lfo_names[q]);
    const double octaves = get(p, lfo_names[q], "_bend", "") * envelope(p, bend, t);
    *turns += get(p, lfo_names[q], "_rate", "") * exp2(octaves) * AUR_BLOCK / RATE;
    double sum = 0, of = 0;
    for (int i = 0; i < 5; i++) {
        const double share = get(p, lfo_names[q], "_", shapes[i]);
        sum += share * shape_at(i, *turns);
        of += share;
    }
    return sum / fmax(of, 1) * envelope(p, amount, t);
}

/* Pitches in hertz, levels, cutoff in hertz, at the end of block t (from 1). */
static void model(double out[AUR_DESTINATIONS], const struct aur_patch *p, double turns[2], double t)
{
    const double from[AUR_SOURCES] = {envelope(p, "env1", t), envelope(p, "env2", t), lfo(p, 0, &turns[0], t),
                                      lfo(p, 1, &turns[1], t)};
    double moved[AUR_DESTINATIONS];
    for (int to = 0; to < AUR_DESTINATIONS; to++) {
        moved[to] = 0;
        for (int i = 0; i < AUR_SOURCES; i++)
            moved[to] += get(p, sources[i], "_to_", destinations[to]) * from[i];
    }
    out[PITCH_1] = tone_hz(PITCH + get(p, "tune1", "", "") + moved[PITCH_1]);
    out[PITCH_2] = tone_hz(PITCH + get(p, "tune2", "", "") + moved[PITCH_2]);
    out[LEVEL_1] = fmax(moved[LEVEL_1], 0) * get(p, "level1", "", "");
    out[LEVEL_2] = fmax(moved[LEVEL_2], 0) * get(p, "level2", "", "") * (1 - 0.35 * get(p, "shape", "", ""));
    out[NOISE] = fmax(moved[NOISE], 0) * get(p, "noise", "", "");
    out[CUTOFF] = get(p, "cutoff", "", "") * exp2(moved[CUTOFF]);
}

/* ---- the voice ---- */

static void start(struct aur_group *group, const struct aur_patch *patch)
{
    struct aur_plan plan;
    const struct aur_note note = {.off_frame = HELD * AUR_BLOCK,
                                  .pitch_q16 = (int32_t)(PITCH * AUR_Q16_ONE),
                                  .velocity_q16 = AUR_Q16_ONE * 3 / 5};
    memset(group, 0, sizeof *group);
    aur_plan_init(&plan, patch);
    aur_voice_start(group, LANE, &plan, &note, 1, RATE);
}

static void reached(double out[AUR_DESTINATIONS], const struct aur_group *g)
{
    const struct aur_modular *x = &g->more.modular;
    out[PITCH_1] = (double)g->i1[LANE] / 4294967296.0 * RATE;
    out[PITCH_2] = (double)g->i2[LANE] / 4294967296.0 * RATE;
    out[LEVEL_1] = (double)x->amp[0][LANE];
    out[LEVEL_2] = (double)x->amp[1][LANE] * 0x1p31;
    out[NOISE] = (double)x->amp[2][LANE] * 0x1p31;
    out[CUTOFF] = atan((double)g->a3[LANE] / (double)g->a2[LANE]) * RATE / M_PI; /* a3 / a2 = tan(pi hz / rate) */
}

/* Levels to 0.001, pitches and cutoff to a cent. */
static bool close_to(int destination, double got, double want)
{
    const bool level = destination == LEVEL_1 || destination == LEVEL_2 || destination == NOISE;
    return level ? fabs(got - want) < 1e-3 : fabs(1200 * log2(got / want)) < 1;
}

/* An LFO is about to jump, where a saw has its step: a hair in phase is all of its depth. */
static bool about_to_jump(const double turns[2])
{
    return fabs(turns[0] - floor(turns[0]) - 0.5) < 1e-3 || fabs(turns[1] - floor(turns[1]) - 0.5) < 1e-3;
}

/* The range of each destination over the note, and that the voice goes where the model does. */
static void follow(const struct aur_patch *patch, const char *what, double range[AUR_DESTINATIONS])
{
    static struct aur_group group;
    static struct aur_lane_sums sums;
    struct aur_voice_control control = {0};
    double turns[2] = {get(patch, "lfo1", "_phase", ""), get(patch, "lfo2", "_phase", "")};
    double low[AUR_DESTINATIONS], high[AUR_DESTINATIONS], want[AUR_DESTINATIONS], got[AUR_DESTINATIONS];
    start(&group, patch);
    for (int block = 1; block <= BLOCKS; block++) {
        aur_kernels_get(aur_isa_best())->modular(&sums, &group, &control);
        model(want, patch, turns, block);
        reached(got, &group);
        for (int to = 0; to < AUR_DESTINATIONS && !about_to_jump(turns); to++) {
            if (!close_to(to, got[to], want[to]))
                fail_msg("%s, block %d: %s is %g, want %g", what, block, destinations[to], got[to], want[to]);
            const bool pitch = to == PITCH_1 || to == PITCH_2 || to == CUTOFF;
            const double x = pitch ? log2(got[to]) : got[to];
            low[to] = block == 1 || x < low[to] ? x : low[to];
            high[to] = block == 1 || x > high[to] ? x : high[to];
        }
    }
    for (int to = 0; range && to < AUR_DESTINATIONS; to++)
        range[to] = high[to] - low[to];
}

/* Six envelopes and two LFOs, each with numbers of its own. */
static void give_each_its_own(struct aur_patch *p)
{
    for (int i = 0; i < AUR_ENVELOPES; i++) {
        set(p, envelope_names[i], "_attack", "", 0.012 + 0.011 * i);
        set(p, envelope_names[i], "_decay", "", 0.09 - 0.008 * i);
        set(p, envelope_names[i], "_sustain", "", 0.25 + 0.11 * i);
        set(p, envelope_names[i], "_release", "", 0.05 + 0.013 * i);
        set(p, envelope_names[i], "_curve", "", -0.9 + 0.35 * i);
    }
    for (int q = 0; q < 2; q++) {
        set(p, lfo_names[q], "_rate", "", q ? 11 : 17);
        set(p, lfo_names[q], "_bend", "", q ? -0.7 : 0.6);
        set(p, lfo_names[q], "_phase", "", q ? 0.3 : 0.1);
    }
}

/* ---- tests ---- */

/* Each of the 24 routes alone moves its destination as its source says, and nothing else. */
static void each_route_moves_its_destination_alone(void **state)
{
    (void)state;
    for (int from = 0; from < AUR_SOURCES; from++)
        for (int to = 0; to < AUR_DESTINATIONS; to++) {
            char what[64];
            double range[AUR_DESTINATIONS];
            struct aur_patch p = still();
            give_each_its_own(&p);
            set(&p, sources[from], "_to_", destinations[to],
                to == PITCH_1 || to == PITCH_2 ? 7
                : to == CUTOFF                 ? 2
                                               : 0.9);
            snprintf(what, sizeof what, "%s to %s", sources[from], destinations[to]);
            follow(&p, what, range);
            for (int other = 0; other < AUR_DESTINATIONS; other++)
                if (other == to ? !(range[other] > 0.1) : !(range[other] < 1e-4))
                    fail_msg("%s moves %s by %g", what, destinations[other], range[other]);
        }
}

/* Every shape of both LFOs, alone; the level follows its upper half. */
static void lfos_have_their_shapes(void **state)
{
    (void)state;
    for (int q = 0; q < 2; q++)
        for (int shape = 0; shape < 5; shape++) {
            char what[64];
            double range[AUR_DESTINATIONS];
            struct aur_patch p = still();
            give_each_its_own(&p);
            for (int i = 0; i < 5; i++)
                set(&p, lfo_names[q], "_", shapes[i], i == shape);
            set(&p, sources[2 + q], "_to_", "pitch2", 12);
            set(&p, sources[2 + q], "_to_", "level1", 1);
            snprintf(what, sizeof what, "%s %s", lfo_names[q], shapes[shape]);
            follow(&p, what, range);
            assert_true(range[PITCH_2] > 0.8);
        }
}

/* All at once: everything within its range, times short enough for a note of a third of a second. */
static void any_patch_does_as_its_table_says(void **state)
{
    struct rig_draws draws = {.key = rig_seed()};
    (void)state;
    for (int round = 0; round < 60; round++) {
        struct aur_patch p = still();
        for (int i = 0; i < AUR_ENVELOPES; i++) {
            set(&p, envelope_names[i], "_attack", "", rig_draw(&draws, 0, 0.15));
            set(&p, envelope_names[i], "_decay", "", rig_draw(&draws, 0, 0.15));
            set(&p, envelope_names[i], "_sustain", "", rig_draw(&draws, 0, 1));
            set(&p, envelope_names[i], "_release", "", rig_draw(&draws, 0, 0.15));
            set(&p, envelope_names[i], "_curve", "", rig_draw(&draws, -1, 1));
        }
        for (int q = 0; q < 2; q++) {
            set(&p, lfo_names[q], "_rate", "", rig_draw(&draws, 0, 12));
            set(&p, lfo_names[q], "_bend", "", rig_draw(&draws, -1, 1));
            set(&p, lfo_names[q], "_phase", "", rig_draw(&draws, 0, 1));
            for (int i = 0; i < 4; i++) /* squares turn too fast to be told to a thousandth here */
                set(&p, lfo_names[q], "_", shapes[i], rig_draw(&draws, 0, 1));
            set(&p, lfo_names[q], "_square", "", 0);
        }
        for (int to = 0; to < AUR_DESTINATIONS; to++)
            for (int from = 0; from < AUR_SOURCES; from++)
                set(&p, sources[from], "_to_", destinations[to],
                    to == PITCH_1 || to == PITCH_2 ? rig_draw(&draws, -6, 6) : rig_draw(&draws, -0.5, 0.5));
        set(&p, "tune1", "", "", rig_draw(&draws, -12, 12));
        set(&p, "tune2", "", "", rig_draw(&draws, -12, 12));
        set(&p, "level1", "", "", rig_draw(&draws, 0, 1));
        set(&p, "level2", "", "", rig_draw(&draws, 0, 1));
        set(&p, "noise", "", "", rig_draw(&draws, 0, 1));
        set(&p, "shape", "", "", rig_draw(&draws, 0, 1));
        follow(&p, "any patch", NULL);
    }
}

/* The numbers are those of what sounds: a sine at its pitch, a saw at its own with partials, and noise. */
static void each_sound_is_its_own(void **state)
{
    static const char *const routes[3] = {"env1_to_level1", "env1_to_level2", "env1_to_noise"};
    static struct rig rig;
    (void)state;
    for (int sound = 0; sound < 3; sound++) {
        double phase, part[4];
        rig_init(&rig, RATE);
        const uint16_t patch = rig_patch(&rig, "it", AUR_VOICE_MODULAR);
        rig.patches[patch] = still();
        set(&rig.patches[patch], "cutoff", "", "", 16000);
        set(&rig.patches[patch], "env1", "_sustain", "", 1);
        set(&rig.patches[patch], "tune1", "", "", 2);
        set(&rig.patches[patch], "tune2", "", "", 9);
        set(&rig.patches[patch], routes[sound], "", "", 1);
        rig_note(&rig, patch, 0, 4, PITCH, 0.6);
        struct audio a = rig_render(&rig, false, 3);
        for (int i = 0; i < 4; i++) {
            const double hz = i < 2 ? tone_hz(PITCH + 2) * (i + 1) : tone_hz(PITCH + 9) * (i - 1);
            part[i] = tone_component(&phase, &a, hz, RATE, RATE);
        }
        struct audio_levels levels;
        audio_measure(&levels, &a);
        assert_true(levels.rms_db > -50);
        if (sound == 0)
            assert_true(part[0] > 100 * (part[1] + part[2] + part[3]));
        else if (sound == 1)
            assert_true(part[2] > 100 * (part[0] + part[1]) && fabs(part[3] / part[2] - 0.5) < 0.03);
        else
            assert_true(part[0] + part[1] + part[2] + part[3] < 0.1 * pow(10, levels.rms_db / 20));
        tone_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_route_moves_its_destination_alone),
        cmocka_unit_test(lfos_have_their_shapes),
        cmocka_unit_test(any_patch_does_as_its_table_says),
        cmocka_unit_test(each_sound_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
