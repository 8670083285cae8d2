/* A part of a phrase, for those who write down what can be heard in a file. Pure; any thread. */
#ifndef AUR_BOUNCE_PART_H
#define AUR_BOUNCE_PART_H

#include "score/phrase.h"

struct aur_part {
    uint64_t from_frame, to_frame; /* of the phrase: its start <= from < to <= its end */
    uint64_t origin;               /* frames of the part are counted from here: at or before from_frame */
    bool cut;                      /* what sounds at to_frame ends there */
};

/* What of the phrase lies in the part, as a phrase that begins there: notes and chords that began before begin with it, those
 * that begin after it are left out. bars stay the phrase's own; the length tells how much of them is left. *out is the caller's.
 * Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_phrase_part(struct aur_phrase **out, const struct aur_phrase *phrase, const struct aur_part *part);

#endif
