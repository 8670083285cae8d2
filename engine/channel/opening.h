/* A channel that is to be made while others play, as whoever wants it asks for it: see AUR_SCRIPTS_OPEN. Any thread but a
 * render worker. */
#ifndef AUR_CHANNEL_OPENING_H
#define AUR_CHANNEL_OPENING_H

#include "channel/channel.h"
#include "score/wanted.h"

/* The channel begins with the controls that its piece wants to begin with, and over them those wanted that the piece knows. */
struct aur_opening {
    char name[AUR_CHANNEL_NAME_SIZE];
    char *script;            /* as in aur_scripts_follow; its own */
    struct aur_piece *piece; /* a reference: what plays if the script on disk does not */
    uint64_t seed;
    struct aur_wanted wanted;
};

/* With a reference to the piece and a copy of the script's name of its own, else zeroed; NULL: out of memory. */
struct aur_opening *aur_opening_new(const struct aur_piece *piece, const char *script);
void aur_opening_free(struct aur_opening *opening); /* NULL is legal */

#endif
