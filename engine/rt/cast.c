/* Broadcast ring: the head's release store orders a slot's contents before its index, the readers' release on `done`
 * their reads before the slot's next contents, and the margin of three slots stands in for a lock per slot. */
#include "rt/cast.h"

#include <stdatomic.h>
#include <stdlib.h>

struct aur_cast {
    _Atomic uint64_t head; /* writer writes, readers read */
    _Atomic uint64_t done; /* readers add, writer reads */
    size_t n, size;        /* immutable */
    unsigned char *data;
};

int aur_cast_new(struct aur_cast **out, size_t n, size_t size)
{
    if (n <= AUR_CAST_MARGIN || size == 0)
        return AUR_EINVAL;
    struct aur_cast *cast = calloc(1, sizeof *cast);
    unsigned char *data = calloc(n, size);
    if (!cast || !data) {
        free(cast);
        free(data);
        return AUR_ENOMEM;
    }
    *cast = (struct aur_cast){.n = n, .size = size, .data = data};
    *out = cast;
    return 0;
}

void aur_cast_free(struct aur_cast *cast)
{
    if (!cast)
        return;
    free(cast->data);
    free(cast);
}

void *aur_cast_begin(struct aur_cast *cast)
{
    atomic_load_explicit(&cast->done, memory_order_acquire);
    return cast->data + atomic_load_explicit(&cast->head, memory_order_relaxed) % cast->n * cast->size;
}

void aur_cast_publish(struct aur_cast *cast)
{
    uint64_t head = atomic_load_explicit(&cast->head, memory_order_relaxed);
    atomic_store_explicit(&cast->head, head + 1, memory_order_release);
}

uint64_t aur_cast_head(const struct aur_cast *cast)
{
    return atomic_load_explicit(&cast->head, memory_order_acquire);
}

static uint64_t oldest_of(const struct aur_cast *cast, uint64_t head)
{
    uint64_t kept = cast->n - AUR_CAST_MARGIN;
    return head > kept ? head - kept : 0;
}

uint64_t aur_cast_oldest(const struct aur_cast *cast)
{
    return oldest_of(cast, aur_cast_head(cast));
}

int aur_cast_read(const struct aur_cast *cast, const void **slot, uint64_t index)
{
    uint64_t head = aur_cast_head(cast);
    if (index >= head)
        return AUR_EBUSY;
    if (index < oldest_of(cast, head))
        return AUR_ENOTFOUND;
    *slot = cast->data + index % cast->n * cast->size;
    return 0;
}

void aur_cast_done(struct aur_cast *cast)
{
    atomic_fetch_add_explicit(&cast->done, 1, memory_order_release);
}
