/* See pads.h. Main thread. */
#include "support/pads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/piece.h"

void pads_quit(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(2);
}

void pads_patch(struct aur_patch *out)
{
    static const struct {
        const char *name;
        double value;
    } params[] = {{"attack", 1.5}, {"decay", 1},      {"sustain", 0.7},   {"release", 4.5},
                  {"detune", 7},   {"sub", 0.3},      {"cutoff", 900},    {"resonance", 1.2},
                  {"keytrack", 0}, {"lfo_rate", 0.7}, {"lfo_depth", 1.5}, {"width", 0}};
    struct aur_error err;
    aur_patch_default(out, "pad", AUR_VOICE_PAD);
    for (size_t i = 0; i < sizeof params / sizeof *params; i++)
        if (aur_param_set(out->params, &aur_voices[AUR_VOICE_PAD], params[i].name, params[i].value, &err))
            pads_quit(err.message);
}

void pads_patch_of(struct aur_patch *out, const char *script, const char *name)
{
    struct aur_piece_source source = {.path = script, .lib_dir = AURALIS_SOURCE_DIR "/scripts/lib"};
    struct aur_piece *piece;
    struct aur_error err;
    if (aur_piece_load(&piece, &source, &err))
        pads_quit(err.message);
    const struct aur_piece_info *info = aur_piece_describe(piece);
    uint32_t i = 0;
    while (i < info->n_patches && strcmp(info->patches[i].name, name) != 0)
        i++;
    if (i == info->n_patches)
        pads_quit("the piece has no such patch");
    *out = info->patches[i];
    aur_piece_free(piece);
}

static uint64_t grid(double seconds)
{
    return (uint64_t)(seconds * PADS_RATE / 64) * 64;
}

struct aur_phrase *pads_phrase(const struct aur_patch *patch, int voices, double seconds)
{
    static struct aur_note notes[PADS_MAX];
    if (voices > PADS_MAX)
        pads_quit("too many voices for one synth");
    for (int i = 0; i < voices; i++)
        notes[i] = (struct aur_note){
            .off_frame = grid(seconds * 55 / 60) + 64,
            .pitch_q16 = (36 + 7 * i % 36) * AUR_Q16_ONE,
            .velocity_q16 = (int32_t)(0.6 * AUR_Q16_ONE / sqrt(voices)),
            .pan_q16 = voices > 1 ? (int32_t)((-0.8 + 1.6 * i / (voices - 1)) * AUR_Q16_ONE) : 0,
            .id = (uint32_t)i,
        };
    struct aur_phrase head = {.length_frames = grid(seconds),
                              .rate_hz = PADS_RATE,
                              .bars = 1,
                              .meter = {4, 4},
                              .n_patches = 1,
                              .n_notes = (uint32_t)voices};
    aur_controls_default(&head.controls, NULL);
    aur_effect_default(&head.effects);
    struct aur_phrase *phrase;
    if (aur_phrase_new(&phrase, &head, patch, notes, NULL))
        pads_quit("no memory for the notes");
    return phrase;
}

struct aur_synth *pads_synth(const struct aur_phrase *phrase, enum aur_isa isa, bool effects)
{
    struct aur_synth_config config = {.rate_hz = PADS_RATE, .isa = isa, .effects = effects, .max_voices = PADS_MAX};
    struct aur_synth *synth;
    struct aur_error err;
    if (aur_synth_new(&synth, &config, &err))
        pads_quit(err.message);
    if (phrase && aur_synth_commit(synth, phrase))
        pads_quit("the synth refused the notes");
    return synth;
}

enum aur_isa pads_isa(const char *name)
{
    enum aur_isa isa;
    struct aur_error err;
    if (strcmp(name, "best") == 0)
        return aur_isa_best();
    if (aur_isa_parse(&isa, name, &err))
        pads_quit(err.message);
    return isa;
}
