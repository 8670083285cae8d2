/* Renders a score of every voice and of a user's wavetable with every effect at work, the limiter too, on each instruction set that this processor runs, and prints a hash of
 * the samples for each: "scalar 0123456789abcdef". Needs the rooms up to synth/ and nothing else, so that it can be
 * built for processors that the other tests are not built for; tests/neon/run compares what it prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "synth/synth.h"
#include "synth/tables.h"

#define RATE          44100
#define PHRASES       2
#define PHRASE_S      2
#define SECONDS       5
#define CHUNK         4410
#define NOTES_A_VOICE 3

struct score {
    struct aur_phrase head;
    struct aur_patch patches[AUR_PATCHES_MAX];
    struct aur_note notes[AUR_PATCHES_MAX * NOTES_A_VOICE];
};

static void fail(const char *what)
{
    fprintf(stderr, "score_hash: %s\n", what);
    exit(1);
}

static void set(float *params, const struct aur_param_table *table, const char *name, double value)
{
    if (aur_param_set(params, table, name, value, NULL))
        fail(name);
}

static uint64_t grid(double seconds)
{
    return (uint64_t)(seconds * RATE / 64) * 64;
}

/* Three notes of a voice, far apart in pitch, so that lanes differ. */
static void add_voice(struct score *s, int voice)
{
    uint16_t patch = (uint16_t)s->head.n_patches++;
    aur_patch_default(&s->patches[patch], aur_voices[voice].name, (enum aur_voice)voice);
    set(s->patches[patch].params, &aur_voices[voice], "delay", 0.2);
    set(s->patches[patch].params, &aur_voices[voice], "chorus", voice % 2 ? 0.4 : 0.15);
    for (int i = 0; i < NOTES_A_VOICE; i++) {
        uint64_t on = s->head.start_frame + grid(0.05 * voice + 0.3 * i);
        s->notes[s->head.n_notes] = (struct aur_note){
            .on_frame = on,
            .off_frame = on + grid(0.6) + 64,
            .at_q20 = ((int64_t)voice << 20) + i,
            .pitch_q16 = (int32_t)((38 + 17.31 * i + voice) * AUR_Q16_ONE),
            .velocity_q16 = (int32_t)((0.9 - 0.25 * i) * AUR_Q16_ONE),
            .pan_q16 = (i - 1) * (AUR_Q16_ONE / 2),
            .patch = patch,
            .id = s->head.n_notes,
        };
        s->head.n_notes++;
    }
}

/* Two cycles of noise, as if from a file. */
static struct aur_table add_table(struct aur_tables *tables)
{
    static float frames[2 * AUR_WAVE_FRAMES];
    const struct aur_cycles cycles = {frames, 2, 256};
    struct aur_table table;
    struct aur_error err;
    for (uint64_t i = 0; i < sizeof frames / sizeof *frames; i++)
        frames[i] = (float)aur_rand_unit(aur_rand_key(1, 0, "cycles"), i);
    if (aur_tables_add(tables, &table, 1, &cycles, &err))
        fail(err.message);
    return table;
}

static struct aur_phrase *phrase_new(uint64_t number, const struct aur_table *table)
{
    static struct score s;
    memset(&s, 0, sizeof s);
    aur_controls_default(&s.head.controls, NULL);
    aur_effect_default(&s.head.effects);
    set(s.head.effects.params[AUR_EFFECT_TILT], &aur_effects[AUR_EFFECT_TILT], "tilt", number ? -5 : 4);
    set(s.head.effects.params[AUR_EFFECT_MASTER], &aur_effects[AUR_EFFECT_MASTER], "level", number ? 0 : 9);
    s.head.number = number;
    s.head.start_frame = number * grid(PHRASE_S);
    s.head.length_frames = grid(PHRASE_S);
    s.head.rate_hz = RATE;
    s.head.bars = 1;
    s.head.meter[0] = s.head.meter[1] = 4;
    /* Every other voice in each phrase, should there be more than a phrase has room for. */
    for (int voice = 0; voice < AUR_VOICES; voice++)
        if (AUR_VOICES <= AUR_PATCHES_MAX || voice % PHRASES == (int)number)
            add_voice(&s, voice);
    if (s.head.n_patches < AUR_PATCHES_MAX) {
        add_voice(&s, AUR_VOICE_WAVE);
        snprintf(s.patches[s.head.n_patches - 1].name, AUR_PATCH_NAME_SIZE, "user");
        s.patches[s.head.n_patches - 1].table = *table;
    }
    struct aur_phrase *phrase;
    if (aur_phrase_new(&phrase, &s.head, s.patches, s.notes, NULL))
        fail("no phrase");
    return phrase;
}

static uint64_t hash_of(enum aur_isa isa)
{
    static float out[2 * CHUNK];
    struct aur_phrase *phrases[PHRASES];
    struct aur_synth *synth;
    struct aur_tables *tables;
    struct aur_error err;
    if (aur_tables_new(&tables, &err))
        fail(err.message);
    const struct aur_table table = add_table(tables);
    struct aur_synth_config config = {.rate_hz = RATE, .isa = isa, .effects = true, .tables = tables};
    if (aur_synth_new(&synth, &config, &err))
        fail(err.message);
    for (uint64_t i = 0; i < PHRASES; i++) {
        phrases[i] = phrase_new(i, &table);
        if (aur_synth_commit(synth, phrases[i]))
            fail("a phrase was refused");
    }
    uint64_t hash = AUR_HASH_START;
    double energy = 0;
    for (int chunk = 0; chunk < SECONDS * RATE / CHUNK; chunk++) {
        aur_synth_render(synth, out, CHUNK);
        hash = aur_hash64(out, sizeof out, hash);
        for (int i = 0; i < 2 * CHUNK; i++)
            energy += (double)(out[i] * out[i]);
    }
    aur_synth_free(synth);
    aur_tables_free(tables);
    for (int i = 0; i < PHRASES; i++)
        aur_phrase_free(phrases[i]);
    if (!(energy > 1))
        fail("silence");
    return hash;
}

int main(void)
{
    for (int isa = 0; isa < AUR_ISAS; isa++)
        if (aur_isa_supported((enum aur_isa)isa))
            printf("%s %016llx\n", aur_isa_name((enum aur_isa)isa), (unsigned long long)hash_of((enum aur_isa)isa));
    return 0;
}
