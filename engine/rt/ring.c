/* Single-producer single-consumer ring. Indices count elements for ever and are masked on access, so full and empty
 * differ without a spare slot; the two indices sit on their own cache lines, so the sides do not slow each other. */
#include "rt/ring.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

struct aur_ring {
    alignas(CACHE_LINE) _Atomic uint64_t written; /* producer writes, consumer reads */
    _Atomic uint64_t dropped;                     /* producer writes, anyone reads */
    alignas(CACHE_LINE) _Atomic uint64_t read;    /* consumer writes, producer reads */
    alignas(CACHE_LINE) size_t size;              /* immutable from here on */
    uint64_t mask;
    unsigned char *data;
};

int aur_ring_new(struct aur_ring **out, size_t size, size_t capacity)
{
    size_t slots = 1;
    while (slots < capacity)
        slots *= 2;
    struct aur_ring *ring = aligned_alloc(CACHE_LINE, sizeof *ring);
    unsigned char *data = calloc(slots, size);
    if (!ring || !data) {
        free(ring);
        free(data);
        return AUR_ENOMEM;
    }
    memset(ring, 0, sizeof *ring);
    atomic_init(&ring->written, 0);
    atomic_init(&ring->dropped, 0);
    atomic_init(&ring->read, 0);
    ring->size = size;
    ring->mask = slots - 1;
    ring->data = data;
    *out = ring;
    return 0;
}

void aur_ring_free(struct aur_ring *ring)
{
    if (!ring)
        return;
    free(ring->data);
    free(ring);
}

bool aur_ring_has_room(const struct aur_ring *ring)
{
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    return written - atomic_load_explicit(&ring->read, memory_order_acquire) <= ring->mask;
}

bool aur_ring_push(struct aur_ring *ring, const void *element)
{
    if (!aur_ring_has_room(ring)) {
        atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
        return false;
    }
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    memcpy(ring->data + (written & ring->mask) * ring->size, element, ring->size);
    atomic_store_explicit(&ring->written, written + 1, memory_order_release);
    return true;
}

bool aur_ring_pop(struct aur_ring *ring, void *out)
{
    uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    if (read == atomic_load_explicit(&ring->written, memory_order_acquire))
        return false;
    memcpy(out, ring->data + (read & ring->mask) * ring->size, ring->size);
    atomic_store_explicit(&ring->read, read + 1, memory_order_release);
    return true;
}

uint64_t aur_ring_dropped(const struct aur_ring *ring)
{
    return atomic_load_explicit(&ring->dropped, memory_order_relaxed);
}
