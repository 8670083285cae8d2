/* The composer's loop, one phrase at a time. Whichever thread owns the session. */
#include "compose/session.h"

#include <stdlib.h>
#include <string.h>

void aur_session_init(struct aur_session *session, const struct aur_piece *piece, uint64_t seed, uint32_t rate_hz)
{
    memset(session, 0, sizeof *session);
    session->piece = piece;
    session->seed = seed;
    session->rate_hz = rate_hz;
}

void aur_session_deinit(struct aur_session *session)
{
    free(session->state);
    memset(session, 0, sizeof *session);
}

int aur_session_next(struct aur_session *session, struct aur_phrase **out, const struct aur_controls *controls,
                     struct aur_error *err)
{
    struct aur_compose_request request = {
        .seed = session->seed,
        .number = session->next_ordinal,
        .start_frame = session->next_frame,
        .rate_hz = session->rate_hz,
        .controls = controls,
        .state = session->state,
        .usage = session->usage,
    };
    char *state;
    int rc = aur_piece_compose(session->piece, &request, out, &state, err);
    if (rc != AUR_OK)
        return rc;
    (*out)->number = session->next_number;
    free(session->state);
    session->state = state;
    aur_session_skip(session, *out);
    return AUR_OK;
}

void aur_session_skip(struct aur_session *session, const struct aur_phrase *phrase)
{
    session->next_number = phrase->number + 1;
    session->next_ordinal++;
    session->next_frame = phrase->start_frame + phrase->length_frames;
}
