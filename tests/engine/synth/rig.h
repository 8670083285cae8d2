/* Phrases of a few notes, written in seconds, and what a synth makes of them. For tests of synth/. */
#ifndef AUR_TESTS_SYNTH_RIG_H
#define AUR_TESTS_SYNTH_RIG_H

#include "support/analysis.h"
#include "synth/synth.h"

struct rig {
    struct aur_phrase head; /* effects, controls and start may be changed */
    struct aur_patch patches[AUR_PATCHES_MAX];
    struct aur_note notes[AUR_NOTES_MAX];
};

/* Starts at frame 0; no patch, no note. */
void rig_init(struct rig *rig, uint32_t rate_hz);
/* Returns the patch's index. */
uint16_t rig_patch(struct rig *rig, const char *name, enum aur_voice voice);
void rig_set(struct rig *rig, uint16_t patch, const char *param, double value);
void rig_effect(struct rig *rig, enum aur_effect effect, const char *param, double value);
/* Seconds from the phrase's start, rounded to the grid. */
struct aur_note *rig_note(struct rig *rig, uint16_t patch, double at_s, double length_s, double pitch, double velocity);
/* To be freed with aur_phrase_free. */
struct aur_phrase *rig_phrase(struct rig *rig);

/* Random numbers, the same for the same key. */
struct rig_draws {
    uint64_t key, counter;
};
/* Chosen by the clock and printed, once a program; SEED=N in the environment gives what failed again. */
uint64_t rig_seed(void);
double rig_draw(struct rig_draws *draws, double low, double high);
uint32_t rig_below(struct rig_draws *draws, uint32_t n);
/* A phrase of two to four seconds from frame 0: most voices, each in a patch of its name, with notes, sends and effects of any
 * kind. */
void rig_any(struct rig *rig, uint32_t rate_hz, struct rig_draws *draws);
/* The same later, as number so and so. */
void rig_at(struct rig *rig, uint64_t number, uint64_t start_frame);

/* A synth of this rate and these effects on the fastest instruction set. */
struct aur_synth *rig_synth(uint32_t rate_hz, bool effects);
/* `seconds` of the rig alone; free .data. */
struct audio rig_render(struct rig *rig, bool effects, double seconds);
/* `frames` more of a synth; free .data. */
struct audio rig_more(struct aur_synth *synth, uint32_t rate_hz, size_t frames);

#endif
