/* The offline player: a session and a synth in one, pulled as fast as they go. Phrases are committed one second of audio
 * before their boundary, as in a live channel. The struct is the caller's; one thread at a time. */
#ifndef AUR_BOUNCE_PLAYER_H
#define AUR_BOUNCE_PLAYER_H

#include "compose/session.h"
#include "synth/synth.h"

struct aur_player_config {
    const struct aur_piece *piece;
    uint64_t seed;
    struct aur_controls controls;
    struct aur_synth_config synth;
    uint64_t stop_frame; /* no phrase starts at or after it */
    bool cut;            /* notes from stop_frame on are dropped and those that sound then are released */
    void (*on_phrase)(void *user, const struct aur_phrase *phrase); /* when composed; may be NULL */
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

/* Errors: those of aur_synth_new. */
AUR_MUST_USE int aur_player_init(struct aur_player *player, const struct aur_player_config *config,
                                 struct aur_error *err);
void aur_player_deinit(struct aur_player *player); /* legal on a zeroed struct */

/* The next `frames` frames, interleaved. Errors: those of aur_piece_compose. */
AUR_MUST_USE int aur_player_pull(struct aur_player *player, float *out, size_t frames, struct aur_error *err);

#endif
