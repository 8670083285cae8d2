/* Inside a synth: its state, and the steps that synth.c and ahead.c share. Not for other rooms. [render] */
#ifndef AUR_SYNTH_INNER_H
#define AUR_SYNTH_INNER_H

#include "synth/backend.h"
#include "synth/bus.h"
#include "synth/effects.h"
#include "synth/synth.h"

/* Voices ahead of the sound: the job that is heard, and the next one, which the backend has. */
struct aur_ahead {
    struct aur_seat *seat; /* at the backend; NULL: every block is rendered when it is due */
    uint32_t job_blocks;
    struct aur_job_slot *playing, *next;
    bool next_ours;                      /* rendered here from the start */
    const struct aur_job_result *result; /* of playing */
    uint32_t at;                         /* block of it that is heard next */
    struct aur_glide bright, lean;       /* where the next job finds them */
    bool has_live;                       /* for the next job */
    struct aur_live live;
    struct aur_synth_counts counts;
};

struct aur_synth {
    struct aur_synth_config config;
    uint32_t glide_blocks;

    const struct aur_phrase *pending[AUR_SYNTH_PHRASES_MAX]; /* in order; the first may have begun */
    uint32_t n_pending, next_note;
    bool begun;         /* the first pending phrase */
    bool played;        /* some phrase has begun */
    uint64_t end_frame; /* of the phrase that began last, as it said */
    const struct aur_phrase *retired[2 * AUR_SYNTH_PHRASES_MAX];
    uint32_t n_retired;
    struct aur_plan plans[AUR_PATCHES_MAX]; /* of the phrase that has begun */

    uint64_t blocks; /* rendered; buses.block is ahead of it while a job is under way */
    uint64_t frames; /* handed out */
    struct aur_stereo block;
    uint32_t used; /* frames of the block already handed out */

    struct aur_buses buses;
    struct aur_effects_chain effects;
    struct aur_sends sends;
    const struct aur_taps *taps; /* may be NULL */
    struct aur_job *planned;     /* takes what phrases set while it is made; else NULL */
    struct aur_ahead ahead;
} __attribute__((aligned(64)));

/* synth.c: starts what is due at the next block that voices are rendered for. */
void aur_synth_events(struct aur_synth *synth);
/* How many notes, and phrases, that would start; and whether notes would end with it, which can only be between jobs. */
void aur_synth_due(const struct aur_synth *synth, uint32_t *notes, uint32_t *phrases, bool *releases);

/* ahead.c */
AUR_MUST_USE int aur_ahead_init(struct aur_ahead *ahead, const struct aur_synth_config *config, struct aur_error *err);
void aur_ahead_deinit(struct aur_ahead *ahead);
/* Adds the next block of voices to the sends, and moves the effects' controls on; false: no job holds it. */
bool aur_ahead_play(struct aur_synth *synth);
/* True if jobs are under way: live controls are for the next one. */
bool aur_ahead_live(struct aur_synth *synth, const struct aur_live *live);
/* What waits for a job that will not be made. */
void aur_ahead_catch_up(struct aur_synth *synth);

#endif
