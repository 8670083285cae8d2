/* A recorded session as something that plays again: the phrases that were handed to the synth, composed anew from what they
 * were composed of, and live controls at the frames at which they acted. Nothing is decided a second time, so the samples are
 * those that were streamed, to the bit, whatever happened while they were made.
 *
 * Memory does not grow with the session: records are read a stretch at a time, and a few pieces are kept. One thread at a time.
 * The player pulls from it (bounce/player.h); offline renders take it in place of a piece (bounce/bounce.h). */
#ifndef AUR_BOUNCE_REPLAY_H
#define AUR_BOUNCE_REPLAY_H

#include "compose/piece.h"
#include "journal/archive.h"
#include "synth/synth.h"
#include "synth/tables.h"

struct aur_replay;

struct aur_replay_config {
    struct aur_archive *archive;     /* borrowed, used by nobody else meanwhile */
    const char *session;             /* as for aur_archive_session */
    struct aur_tables *tables;       /* borrowed: takes the wavetables of its pieces; outlives synths that read them */
    struct aur_script_limits limits; /* at least those of the recording; 0 means the default */
    struct aur_log *log;             /* where scripts print; NULL: nowhere */
};

/* Errors: AUR_ENOTFOUND and AUR_EINVAL as aur_archive_session, AUR_ENOMEM. */
AUR_MUST_USE int aur_replay_new(struct aur_replay **out, const struct aur_replay_config *config, struct aur_error *err);
void aur_replay_free(struct aur_replay *replay); /* NULL is legal */

/* As it was when aur_replay_new read it. */
const struct aur_session_info *aur_replay_session(const struct aur_replay *replay);
/* Up to which frame it can be played: as far as it is known to have sounded, and can be made again. */
uint64_t aur_replay_end(const struct aur_replay *replay);
/* What it was played with, on the kernels of isa: any gives the same samples. */
struct aur_synth_config aur_replay_synth(const struct aur_replay *replay, enum aur_isa isa);

/* ---- for the player ---- */

/* Makes a synth that stands at the newest keyframe at or before `frame` that it can use, or at frame 0, and goes there too.
 * *begun: a phrase that the synth reads already, the caller's, or NULL. Errors: those of aur_synth_new and aur_replay_phrase. */
AUR_MUST_USE int aur_replay_seek(struct aur_replay *replay, struct aur_synth **synth, struct aur_phrase **begun,
                                 const struct aur_synth_config *config, uint64_t frame, struct aur_error *err);

/* The frame at which that synth stood: everything from there on was rendered, whatever is heard of it. 0 before. */
uint64_t aur_replay_began(const struct aur_replay *replay);

#define AUR_REPLAY_NEVER UINT64_MAX
struct aur_replay_due {
    uint64_t phrase_frame; /* where the next phrase begins, or AUR_REPLAY_NEVER */
    uint64_t phrase_end;   /* where it ends, which is where the one after it begins if that is earlier */
    uint64_t live_frame;   /* from where on the next live controls act, or AUR_REPLAY_NEVER */
};
AUR_MUST_USE int aur_replay_due(struct aur_replay *replay, struct aur_replay_due *out, struct aur_error *err);
/* Composes the next phrase, the caller's, and moves on. Errors: AUR_EIO (the record is damaged, or the phrase comes out another
 * than it was: the message names it and its time), AUR_ENOTFOUND (its piece is not there), AUR_ESCRIPT, AUR_ELIMIT, AUR_ENOMEM. */
AUR_MUST_USE int aur_replay_phrase(struct aur_replay *replay, struct aur_phrase **out, struct aur_error *err);
/* Takes the next live controls; only where aur_replay_due tells some. */
struct aur_live aur_replay_live(struct aur_replay *replay);

#endif
