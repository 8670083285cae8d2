/* The retire queue is an SPSC ring of pointers (rt/ring.h): the render worker puts, a composer worker takes and frees. */
#include "rt/retire.h"

#include <stdlib.h>

#include "rt/ring.h"

struct aur_retire {
    struct aur_ring *ring;
};

int aur_retire_new(struct aur_retire **out, size_t capacity)
{
    struct aur_retire *retire = malloc(sizeof *retire);
    if (!retire)
        return AUR_ENOMEM;
    int rc = aur_ring_new(&retire->ring, sizeof(const void *), capacity);
    if (rc < 0) {
        free(retire);
        return rc;
    }
    *out = retire;
    return 0;
}

void aur_retire_free(struct aur_retire *retire)
{
    if (!retire)
        return;
    aur_ring_free(retire->ring);
    free(retire);
}

bool aur_retire_has_room(const struct aur_retire *retire)
{
    return aur_ring_has_room(retire->ring);
}

bool aur_retire_put(struct aur_retire *retire, const void *item)
{
    return aur_ring_push(retire->ring, &item);
}

const void *aur_retire_take(struct aur_retire *retire)
{
    const void *item = NULL;
    return aur_ring_pop(retire->ring, &item) ? item : NULL;
}
