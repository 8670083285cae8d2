/* A synth's whole state as bytes: a synth that takes them goes on as the one that gave them would have, to the bit, on any
 * processor and instruction set. They are a cache: good for the same build of the program and the same configuration
 * (aur_synth_layout), and for nothing else.
 *
 * What the bytes hold: voices, buses, glides, lines of effects, the limiter, live controls, and what is left of a block that
 * was handed out in part. What they do not hold: phrases. Those that had not begun are committed again after restoring.
 * One that has begun and has notes left has to be given to aur_synth_restore; at a boundary, that is where the next
 * frame to be handed out is the first of a committed phrase, there is none. Users' wavetables are named by their hash and have to be in the
 * store of the synth that takes the bytes, wherever in it.
 *
 * Silent lanes, unused buses and lines that hold silence take no room. */
#ifndef AUR_SYNTH_KEYFRAME_H
#define AUR_SYNTH_KEYFRAME_H

#include "synth/synth.h"

#define AUR_KEYFRAME_NONE UINT64_MAX

/* What aur_synth_save may need at most, for every synth of this layout. */
size_t aur_synth_keyframe_bytes(const struct aur_synth *synth);
/* Names what the bytes are for: the build of the synth, its rate, effects and voices. Not the instruction set. */
uint64_t aur_synth_layout(const struct aur_synth *synth);

/* [render] Copies the state, between two calls of aur_synth_render; returns the bytes written. 0: not now, because a backend
 * has voices under way, or room is less than aur_synth_keyframe_bytes. No allocation and no wait; reads the memory once. */
size_t aur_synth_save(const struct aur_synth *synth, void *out, size_t room);

struct aur_synth_keyframe {
    uint64_t layout, frame; /* frames that had been handed out */
    uint64_t begun;         /* number of the phrase that restoring needs, or AUR_KEYFRAME_NONE */
};
/* Reads what stands at the bytes' beginning. Errors: AUR_EINVAL (no keyframe, or not all of one). Any thread. */
AUR_MUST_USE int aur_synth_keyframe_read(struct aur_synth_keyframe *out, const void *bytes, size_t len,
                                         struct aur_error *err);

/* Puts the state into a synth that was just made: nothing committed, nothing rendered. begun: the phrase named by the
 * keyframe, as if committed (it comes out of aur_synth_retired), or NULL if there is none. Then phrases that begin at the keyframe's frame
 * or later are committed. Not on a render worker. After an error the synth can only be freed. Errors: AUR_EINVAL (bytes
 * that are damaged or for another layout, a synth that has begun, another phrase), AUR_ENOTFOUND (a wavetable). */
AUR_MUST_USE int aur_synth_restore(struct aur_synth *synth, const void *bytes, size_t len,
                                   const struct aur_phrase *begun, struct aur_error *err);

#endif
