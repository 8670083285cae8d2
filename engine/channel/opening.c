/* Openings: made by whoever asks, freed by the scripts worker. No state. */
#include "channel/opening.h"

#include <stdlib.h>
#include <string.h>

struct aur_opening *aur_opening_new(const struct aur_piece *piece, const char *script)
{
    struct aur_opening *opening = calloc(1, sizeof *opening);
    if (!opening)
        return NULL;
    opening->piece = aur_piece_ref(piece);
    opening->script = strdup(script);
    if (opening->script)
        return opening;
    aur_opening_free(opening);
    return NULL;
}

void aur_opening_free(struct aur_opening *opening)
{
    if (!opening)
        return;
    aur_piece_free(opening->piece);
    free(opening->script);
    free(opening);
}
