/* Rehearsing a piece: composing phrases without playing them, with the controls it starts with and with each control at its
 * ends, and looking for what is allowed but likely a mistake. Any thread that may take the time (some dozens of phrases). */
#ifndef AUR_COMPOSE_REHEARSAL_H
#define AUR_COMPOSE_REHEARSAL_H

#include "base/diagnostic.h"
#include "compose/piece.h"

typedef void aur_diagnostic_fn(void *user, const struct aur_diagnostic *diagnostic);

struct aur_rehearsal {
    const struct aur_piece *piece;
    const struct aur_controls *controls; /* to start with */
    uint32_t rate_hz, phrases;           /* so many with each setting of the controls */
    uint64_t seed;
    uint64_t budget_ns; /* no control is taken to its end after that; 0: all are */
    void (*on_phrase)(void *user, const struct aur_phrase *phrase); /* those with `controls`; may be NULL */
    aur_diagnostic_fn *on_warning;                                  /* may be NULL */
    void *user;                                                     /* of both */
};

/* Errors: those of aur_piece_compose; one that comes with a control at its end names it after the message. Warnings come
 * only from a rehearsal that went through: a local that phrase changes, a patch or a control that the script
 * declares and does not use, a pitch that is hardly one, patches but never a note. When the budget runs out they are those found so far, and none
 * about what is not used. */
AUR_MUST_USE int aur_rehearse(const struct aur_rehearsal *rehearsal, struct aur_error *err);

#endif
