/* Openings: made by whoever asks, freed by the scripts worker. No state. */
#include "channel/opening.h"

#include <stdlib.h>

struct aur_opening *aur_opening_new(const struct aur_piece *piece)
{
    struct aur_opening *opening = calloc(1, sizeof *opening);
    if (opening)
        opening->piece = aur_piece_ref(piece);
    return opening;
}

void aur_opening_free(struct aur_opening *opening)
{
    if (!opening)
        return;
    aur_piece_free(opening->piece);
    free(opening);
}
