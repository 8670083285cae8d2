/* The synthesiser: committed phrases in, stereo frames out.
 *
 * It renders blocks of 64 frames on an absolute grid that starts at frame 0; aur_synth_render hands out any length from
 * them, so the bytes do not depend on the lengths asked for, on the CPU, or on live against offline.
 *
 * Memory: everything is allocated in aur_synth_new. Threads: the functions marked [render] are called by one thread at a
 * time and neither allocate, lock, log nor wait; the others before the first and after the last of them. */
#ifndef AUR_SYNTH_SYNTH_H
#define AUR_SYNTH_SYNTH_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/isa.h" /* enum aur_isa, aur_isa_best, aur_isa_parse */
#include "score/phrase.h"

/* Raised whenever the same score would give other samples than before. */
#define AUR_SOUND_REVISION 3

#define AUR_SYNTH_PHRASES_MAX 4 /* committed and not yet passed */

/* The limiter looks ahead: what a note does at frame f is heard from frame f + this on, at every rate. */
#define AUR_SYNTH_LATENCY_FRAMES 320

struct aur_tables;  /* synth/tables.h: wavetables that users bring */
struct aur_backend; /* synth/backend.h: who renders voices instead of this CPU's kernels */

struct aur_synth_config {
    uint32_t rate_hz;    /* 44100, 48000 or 96000 */
    enum aur_isa isa;    /* must be supported, see aur_isa_best */
    bool effects;        /* false: no reverb and delay */
    uint32_t max_voices; /* a note over it takes the slot of the quietest releasing, else oldest, voice; 0: 256 */
    struct aur_backend *backend;     /* borrowed, may be shared; NULL: the kernels of isa */
    const struct aur_tables *tables; /* borrowed, until the backend is freed; NULL: the built-in wavetables alone */
    uint32_t chunk_frames; /* with a backend: at most so many frames are asked for at once; 0: any, but it may wait */
};

/* Controls that act at once. All in [0, 1]; see struct aur_controls. */
struct aur_live {
    float level, brightness, intensity;
};

struct aur_synth;

AUR_MUST_USE int aur_synth_new(struct aur_synth **out, const struct aur_synth_config *config, struct aur_error *err);
void aur_synth_free(struct aur_synth *synth);

/* [render] Takes a phrase to play. phrase->start_frame must be at or after the next block to be rendered and after every
 * phrase committed before; where it begins before the one before it would end, that one ends there: its later notes are
 * dropped, its sounding ones released. Notes of patches that a phrase does not have are released where it begins. The
 * synth reads it until it comes out of aur_synth_retired. AUR_EBUSY: the queue is full.
 * AUR_EINVAL: another start or rate, or a patch with a table that is not in this synth's store. */
AUR_MUST_USE int aur_synth_commit(struct aur_synth *synth, const struct aur_phrase *phrase);
/* [render] A phrase that is no longer read, or NULL. Call until NULL after rendering. */
const struct aur_phrase *aur_synth_retired(struct aur_synth *synth);

/* [render] Live controls from the next block on, smoothed over half a second; the first call before any block is
 * rendered sets them without smoothing. Returns the frame from which on they act: with a backend that is where the next job
 * begins. Given at that frame to a synth without one they give the same samples; of several for one frame the last counts. */
uint64_t aur_synth_live(struct aur_synth *synth, const struct aur_live *live);

/* [render] The next `frames` frames, interleaved left, right; finite, |x| <= 1. Silence where no phrase was committed. */
void aur_synth_render(struct aur_synth *synth, float *out, size_t frames);

/* [render] The number of frames handed out. */
uint64_t aur_synth_frame(const struct aur_synth *synth);
/* [render] Voices that sound now. */
uint32_t aur_synth_voices(const struct aur_synth *synth);

/* Blocks (of all voices) by who rendered them, and jobs that the backend failed to bring. */
struct aur_synth_counts {
    uint64_t backend_blocks, cpu_blocks;
    uint64_t fallbacks;
};
/* [render] */
void aur_synth_counts(const struct aur_synth *synth, struct aur_synth_counts *out);

/* [render] Whether `frames` more can be rendered without doing the backend's work; true without a backend. False: come
 * again in a millisecond; aur_synth_render does not wait but renders what is missing itself. */
bool aur_synth_ready(struct aur_synth *synth, size_t frames);
/* How many frames before it sounds a phrase must be committed: 0 without a backend. */
uint32_t aur_synth_lookahead(const struct aur_synth *synth);

#endif
