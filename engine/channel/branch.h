/* Going back in a channel's music, and on from there another way. Any thread but a render worker; rewinding with another piece
 * runs its script.
 *
 * What sounds is never cut: only the composer moves, at the next boundary whose commit point has not passed, and what rings then
 * rings on. The stream's frames and phrase numbers go on by ones; a phrase's ordinal, the music's own count, goes back.
 *
 * A branch is one way that the music went. The channel begins with branch 0; each rewind makes another, with a piece, a seed
 * and controls of its own, and makes it the current one. The others stay where they stood and can be switched to.
 *
 * Edits and rollbacks are those of the current branch, or of the one that waits to take over. Each branch has a script: the
 * channel's own, or the one that a rewind brought, which those that go off from it have too. An edit is a text of that script's
 * that is saved while it is the current one; any other text is not heard, also not when a branch comes back: it plays the text
 * that it had.
 *
 * Branches and places outlive the process: a channel that goes on from a session has those of it (struct aur_former), and what
 * was asked for last takes over with its first phrase. */
#ifndef AUR_CHANNEL_BRANCH_H
#define AUR_CHANNEL_BRANCH_H

#include "channel/channel.h"

#define AUR_BRANCHES_MAX    32                     /* kept; the one left longest ago goes when there are more */
#define AUR_BRANCHES_LISTED (AUR_BRANCHES_MAX + 1) /* with one that waits to begin */
#define AUR_BRANCH_BEFORE   4                      /* texts of a branch that can be rolled back to */
#define AUR_CHECKPOINTS_MAX 64 /* phrases that can be gone back to, those not heard yet among them */
#define AUR_BRANCH_SCRIPT   128

/* A place in the music: all that the next phrase is composed from. */
struct aur_standing {
    struct aur_piece *piece;      /* a reference; NULL: no place */
    char *state;                  /* malloc'd, or NULL */
    struct aur_controls controls; /* of this piece */
    uint64_t seed, ordinal;
};
void aur_standing_deinit(struct aur_standing *standing);

struct aur_branch {
    uint32_t id, parent;               /* parent: that it went off from; branch 0 is its own */
    uint64_t from_number;              /* of the stream's phrase that was its first; 0 while it waits to begin */
    char session[AUR_SESSION_ID_SIZE]; /* that stream's; "": nothing is recorded */
    uint64_t ordinal;                  /* of that phrase */
    uint64_t at_ordinal;               /* of the next one it composes */
    uint64_t seed;
    char script[128], version[17]; /* what composes it, as struct aur_channel_event has them */
    bool current;                  /* it composes now */
    bool armed;                    /* it takes over with the next phrase */
};

/* What a session leaves to the one that goes on from it. */
struct aur_former_branch {
    uint32_t id, parent;
    uint64_t from_number, ordinal;
    char session[AUR_SESSION_ID_SIZE];
    char follows[AUR_BRANCH_SCRIPT]; /* the script that a rewind brought; "": the channel's own */
    struct aur_standing at;          /* where it stands; not looked at in the current one */
    struct aur_standing
        before[AUR_BRANCH_BEFORE]; /* what it is rolled back to, the newest last; without seed and ordinal */
    size_t n_before;
};
struct aur_former_turn { /* that was asked for and had not begun */
    uint32_t branch, parent;
    bool fresh; /* a rewind: none of the branches */
    char follows[AUR_BRANCH_SCRIPT];
    struct aur_standing at;   /* what it begins with; piece NULL: none was asked for */
    struct aur_standing back; /* what it is rolled back to; piece NULL: nothing; without seed and ordinal */
};
struct aur_former_place {
    uint32_t branch;
    struct aur_standing at; /* piece NULL: neither this nor those before it can be gone back to */
};
struct aur_former {
    struct aur_former_branch
        branches[AUR_BRANCHES_MAX]; /* in the order in which they were left; the last is the current one */
    size_t n_branches;              /* at least 1 */
    struct aur_former_place places[AUR_CHECKPOINTS_MAX]; /* that its last phrases were composed from, in their order */
    size_t n_places;
    struct aur_former_turn turn; /* takes over with the first phrase */
};

/* Goes back: the next phrase is composed as the one was that began `phrases` - 1 before the one that sounds (1: the one that sounds
 * once more), from the state, controls and piece of then. seed NULL: the same (so the same notes come unless something else
 * differs). piece NULL: the one of then; else it migrates the state, is rehearsed for a phrase, gets the controls of then by name, and
 * the channel takes a reference. reply: the phrase that will be its first, with sounds_in_ms; *branch: its id. A branch that
 * waited to take over gives way; an edit that waits takes over one phrase later, unless it is of another script than the branch
 * plays: then it is taken back. Level and brightness stay as they are.
 * Errors: AUR_EINVAL (phrases: 0, or more than there are to go back to; with value and what is allowed), AUR_ESCRIPT, AUR_ELIMIT (the
 * piece fails), AUR_ENOMEM; then nothing has changed. If the piece of then fails at the boundary, that is told as for an
 * edit, there is no such branch, and the music goes on where it was. */
AUR_MUST_USE int aur_channel_rewind(struct aur_channel *channel, struct aur_msg_phrase *reply, uint32_t *branch,
                                    uint32_t phrases, const uint64_t *seed, struct aur_piece *piece,
                                    struct aur_error *err);
/* Goes on where the branch stood, with its controls of then; an edit that waits fares as above. The current one: takes back the branch that waits. Errors:
 * AUR_ENOTFOUND, AUR_ENOMEM. */
AUR_MUST_USE int aur_channel_switch(struct aur_channel *channel, struct aur_msg_phrase *reply, uint32_t branch,
                                    struct aur_error *err);
/* The branches by id, the last of them one that waits to begin, if one does; returns how many there are, AUR_BRANCHES_LISTED at
 * most, of which at most `max` are written. */
size_t aur_channel_branches(struct aur_channel *channel, struct aur_branch *out, size_t max);

/* The script whose edits are the channel's: that of the current branch, or of the one that waits to take over; "": its own. */
void aur_channel_follows(struct aur_channel *channel, char out[AUR_BRANCH_SCRIPT]);
/* Whether a branch plays the texts of this hash (struct aur_piece_marks). */
bool aur_channel_knows(struct aur_channel *channel, const char *hash);

#endif
