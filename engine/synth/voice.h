/* A note becomes a lane of a group. [render] */
#ifndef AUR_SYNTH_VOICE_H
#define AUR_SYNTH_VOICE_H

#include "kernels/kernels.h"
#include "score/phrase.h"
#include "synth/plan.h"

/* Sets what the voice needs of the lane and makes it active. `phrase` is the number of the note's phrase: with the note's
 * place in it, it gives the note phases of its own. Returns the number of blocks until it has fallen silent. */
uint64_t aur_voice_start(struct aur_group *group, int lane, const struct aur_plan *plan, const struct aur_note *note,
                         uint64_t phrase, uint32_t rate_hz);

/* Loudness now, for choosing whom to steal. */
float aur_voice_level(const struct aur_group *group, int lane);
bool aur_voice_releasing(const struct aur_group *group, int lane);

/* Fades the lane out; it is silent after AUR_VOICE_FADE_BLOCKS. */
#define AUR_VOICE_FADE_BLOCKS 4
void aur_voice_fade(struct aur_group *group, int lane);

#endif
