/* A note becomes a lane of a group. [render] */
#ifndef AUR_SYNTH_VOICE_H
#define AUR_SYNTH_VOICE_H

#include "kernels/kernels.h"
#include "score/phrase.h"
#include "synth/plan.h"

/* Sets every array of the lane and makes it active; `on_block` is the block it starts with. Returns the number of blocks
 * until it has fallen silent. */
uint64_t aur_voice_start(struct aur_group *group, int lane, const struct aur_plan *plan, const struct aur_note *note,
                         uint32_t rate_hz);

/* Loudness now, for choosing whom to steal. */
float aur_voice_level(const struct aur_group *group, int lane);
bool aur_voice_releasing(const struct aur_group *group, int lane);

/* Fades the lane out; it is silent after AUR_VOICE_FADE_BLOCKS. */
#define AUR_VOICE_FADE_BLOCKS 4
void aur_voice_fade(struct aur_group *group, int lane);

#endif
