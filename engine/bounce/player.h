/* The offline player: a session and a synth in one, pulled as fast as they go. Phrases are committed one second of audio
 * before their boundary, as in a live channel. They come from a piece, or from a recorded session that is played again. The
 * struct is the caller's; one thread at a time. */
#ifndef AUR_BOUNCE_PLAYER_H
#define AUR_BOUNCE_PLAYER_H

#include "bounce/replay.h"
#include "compose/session.h"
#include "synth/synth.h"

struct aur_player_config {
    struct aur_replay *replay; /* borrowed; NULL: the piece with seed and controls is played */
    uint64_t from_frame;       /* with a replay: aur_player_pull begins there */
    uint64_t lead_frames;      /* and the synth is at work for at least so many frames before that, if there are */
    const struct aur_piece *piece;
    uint64_t seed;
    struct aur_controls controls;
    struct aur_synth_config synth;
    uint64_t stop_frame; /* no phrase starts at or after it */
    bool cut;            /* notes from stop_frame on are dropped and those that sound then are released */
    /* When composed; may be NULL. Of a replay's phrases what sounds in [from_frame, stop_frame), counted from there. */
    void (*on_phrase)(void *user, const struct aur_phrase *phrase);
    void *user;
};

#define AUR_PLAYER_HELD (AUR_SYNTH_PHRASES_MAX + 1)

struct aur_player {
    struct aur_player_config config;
    struct aur_session session;
    struct aur_synth *synth;
    struct aur_phrase *held[AUR_PLAYER_HELD]; /* committed and not yet retired; NULL slots */
    struct aur_phrase *waiting;               /* composed, the synth's queue was full */
};

/* Errors: those of aur_synth_new and aur_replay_seek. */
AUR_MUST_USE int aur_player_init(struct aur_player *player, const struct aur_player_config *config,
                                 struct aur_error *err);
void aur_player_deinit(struct aur_player *player); /* legal on a zeroed struct */

/* Before the first pull of a replay: goes up to `frames` frames on towards from_frame, to be called until *left, the frames
 * still missing, is 0. scratch: room for them. Errors: as aur_player_pull. */
AUR_MUST_USE int aur_player_approach(struct aur_player *player, float *scratch, size_t frames, uint64_t *left,
                                     struct aur_error *err);
/* The next `frames` frames, interleaved. Errors: those of aur_piece_compose and aur_replay_phrase. */
AUR_MUST_USE int aur_player_pull(struct aur_player *player, float *out, size_t frames, struct aur_error *err);

#endif
