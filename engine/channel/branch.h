/* Going back in a channel's music, and on from there another way. Any thread but a render worker; rewinding with another piece
 * runs its script.
 *
 * What sounds is never cut: only the composer moves, at the next boundary whose commit point has not passed, and what rings then
 * rings on. The stream's frames and phrase numbers go on by ones; a phrase's ordinal, the music's own count, goes back.
 *
 * A branch is one way that the music went. The channel begins with branch 0; each rewind makes another, with a piece, a seed
 * and controls of its own, and makes it the current one. The others stay where they stood and can be switched to. Edits and
 * rollbacks are those of the current branch; the files on disk are one, so a branch plays the text it had until one is saved. */
#ifndef AUR_CHANNEL_BRANCH_H
#define AUR_CHANNEL_BRANCH_H

#include "channel/channel.h"

#define AUR_BRANCHES_MAX    32 /* kept; the one left longest ago goes when there are more */
#define AUR_CHECKPOINTS_MAX 64 /* phrases that can be gone back to, those not heard yet among them */

struct aur_branch {
    uint32_t id, parent;  /* parent: that it went off from; branch 0 is its own */
    uint64_t from_number; /* of the stream's phrase that was its first; 0 while it waits to begin */
    uint64_t ordinal;     /* of that phrase */
    uint64_t at_ordinal;  /* of the next one it composes */
    uint64_t seed;
    char script[128], version[17]; /* what composes it, as struct aur_channel_event has them */
    bool current;                  /* it composes now */
    bool armed;                    /* it takes over with the next phrase */
};

/* Goes back: the next phrase is composed as the one was that began `phrases` - 1 before the one that sounds (1: the one that sounds
 * once more), from the state, controls and piece of then. seed NULL: the same (so the same notes come unless something else
 * differs). piece NULL: the one of then; else it migrates the state, is rehearsed for a phrase, gets the controls of then by name, and
 * the channel takes a reference. reply: the phrase that will be its first, with sounds_in_ms; *branch: its id. A branch that
 * waited to take over gives way; an edit that waits takes over one phrase later. Level and brightness stay as they are.
 * Errors: AUR_EINVAL (phrases: 0, or more than there are to go back to; with value and what is allowed), AUR_ESCRIPT, AUR_ELIMIT (the
 * piece fails), AUR_ENOMEM; then nothing has changed. If the piece of then fails at the boundary, that is told as for an
 * edit, there is no such branch, and the music goes on where it was. */
AUR_MUST_USE int aur_channel_rewind(struct aur_channel *channel, struct aur_msg_phrase *reply, uint32_t *branch,
                                    uint32_t phrases, const uint64_t *seed, struct aur_piece *piece,
                                    struct aur_error *err);
/* Goes on where the branch stood, with its controls of then. The current one: takes back what waits. Errors:
 * AUR_ENOTFOUND, AUR_ENOMEM. */
AUR_MUST_USE int aur_channel_switch(struct aur_channel *channel, struct aur_msg_phrase *reply, uint32_t branch,
                                    struct aur_error *err);
/* The branches by id, the last of them one that waits to begin, if one does; returns how many there are, of which at most `max` are written. */
size_t aur_channel_branches(struct aur_channel *channel, struct aur_branch *out, size_t max);

#endif
