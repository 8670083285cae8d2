/* Inside the reading of branches: what there is, before any of it is loaded. Not for others. */
#ifndef AUR_APP_FORMER_INNER_H
#define AUR_APP_FORMER_INNER_H

#include "app/former.h"

#define AUR_FORMER_PIECES  (AUR_BRANCHES_MAX * 3 + AUR_CHECKPOINTS_MAX)
#define AUR_FORMER_CHANGES 8 /* of a branch's text that are looked at, the newest */

struct aur_former_where { /* a phrase */
    char session[AUR_SESSION_ID_SIZE];
    uint64_t number;
};

struct aur_former_change { /* of the piece that composes a branch: its last phrase, and the first of the other */
    struct aur_former_where before, after;
    size_t n_back; /* so many texts were rolled back; 0: an edit */
};

struct aur_former_found {
    uint32_t id, parent;
    bool told; /* parent and follows are known */
    char follows[AUR_BRANCH_SCRIPT];
    struct aur_former_where first, last;
    struct aur_former_change changes[AUR_FORMER_CHANGES]; /* the newest first */
    size_t n_changes;
    char *controls; /* as set last; NULL: nobody set any */
};

struct aur_former_asked { /* for a branch, and it had not begun when the session ended */
    bool fresh;
    uint32_t branch, parent;
    uint64_t ordinal, seed;
    char follows[AUR_BRANCH_SCRIPT], piece[AUR_JOURNAL_HASH];
    char *controls; /* NULL: nothing was asked for */
};

struct aur_former_reading {
    struct aur_archive *archive;
    const struct aur_stage *stage;
    char session[AUR_SESSION_ID_SIZE];               /* that is looked through */
    struct aur_former_found found[AUR_BRANCHES_MAX]; /* the one that composed last first */
    size_t n_found;
    struct aur_former_where places[AUR_CHECKPOINTS_MAX]; /* the newest first */
    size_t n_places;
    struct {
        char hash[AUR_JOURNAL_HASH];
        struct aur_piece *piece; /* NULL: it cannot be had */
    } pieces[AUR_FORMER_PIECES];
    size_t n_pieces;
    uint32_t current; /* while events are read */
    uint64_t first, last;
    struct aur_former_asked asked; /* in the newest session */
    char newest_session[AUR_SESSION_ID_SIZE];
    bool newest;
    bool any, curious, failed;
    struct aur_former_found *changing;
};

/* A place: after the phrase, or where it began; set: controls, as printed, over those of the phrase, or NULL. */
AUR_MUST_USE int aur_former_standing(struct aur_former_reading *reading, struct aur_standing *out,
                                     const struct aur_former_where *where, bool after, const char *set,
                                     struct aur_error *err);
/* A reference to a piece that was recorded. */
AUR_MUST_USE int aur_former_piece(struct aur_former_reading *reading, struct aur_piece **out, const char *hash,
                                  struct aur_error *err);
/* The phrase of this place in a branch's music, in the session or one that it goes on from; false: it is not there any more. */
bool aur_former_origin(struct aur_former_reading *reading, struct aur_former_where *out, const char *session,
                       uint32_t branch, uint64_t ordinal);
/* What was asked for, once the branches are read. Errors: as aur_former_read. */
AUR_MUST_USE int aur_former_turn(struct aur_former_reading *reading, struct aur_former *io, struct aur_error *err);

/* Goes through the session and those that it goes on from. The newest must be there, older ones may be gone. Errors: AUR_ENOTFOUND,
 * AUR_ENOMEM, and those of the archive. */
AUR_MUST_USE int aur_former_look(struct aur_former_reading *reading, const char *session, struct aur_error *err);

#endif
