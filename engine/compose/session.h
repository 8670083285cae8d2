/* A session: a piece played phrase after phrase, the one loop that live channels and offline renders share.
 *
 * It owns the composer's side of the clock: the number, start frame and state of the next phrase, and the controls that
 * it will be composed with. One thread at a time. */
#ifndef AUR_COMPOSE_SESSION_H
#define AUR_COMPOSE_SESSION_H

#include "compose/piece.h"

struct aur_session {
    const struct aur_piece *piece; /* borrowed; may be replaced between phrases */
    uint64_t seed;
    uint32_t rate_hz;
    uint64_t next_number;            /* in the stream */
    uint64_t next_ordinal;           /* in the music: what the script sees, and the key of random streams */
    uint64_t next_frame;             /* where the next phrase starts */
    char *state;                     /* NULL before the first phrase */
    struct aur_compose_usage *usage; /* NULL, or told by aur_session_next, whether it fails or not */
};

/* Composing starts one second of audio before the boundary. */
#define AUR_COMMIT_LEAD_SECONDS 1

void aur_session_init(struct aur_session *session, const struct aur_piece *piece, uint64_t seed, uint32_t rate_hz);
void aur_session_deinit(struct aur_session *session);

/* Composes the next phrase with these controls and moves on. On failure the session is unchanged. */
AUR_MUST_USE int aur_session_next(struct aur_session *session, struct aur_phrase **out,
                                  const struct aur_controls *controls, struct aur_error *err);
/* Moves on over a phrase made elsewhere (the last phrase again), which takes a place in the music too; state stays. */
void aur_session_skip(struct aur_session *session, const struct aur_phrase *phrase);

#endif
