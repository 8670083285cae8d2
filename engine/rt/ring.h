/* A queue of fixed-size elements between one producer thread and one consumer thread, without locks.
 *
 * Each side makes one acquire load of the other side's index, copies, and makes one release store of its own. A full ring
 * drops the new element and counts it; it never waits. */
#ifndef AUR_RT_RING_H
#define AUR_RT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct aur_ring;

/* Room for `capacity` elements (rounded up to a power of two) of `size` bytes. Any thread. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_ring_new(struct aur_ring **out, size_t size, size_t capacity);
/* After both sides have stopped. */
void aur_ring_free(struct aur_ring *ring);

/* Producer; [render] allowed. False: full, the element was dropped and counted. */
bool aur_ring_push(struct aur_ring *ring, const void *element);
/* Producer; [render] allowed. Whether the next push will succeed (room only grows behind the producer's back). */
bool aur_ring_has_room(const struct aur_ring *ring);
/* Consumer; [render] allowed. False: empty, out untouched. */
bool aur_ring_pop(struct aur_ring *ring, void *out);

/* Any thread: elements dropped so far. */
uint64_t aur_ring_dropped(const struct aur_ring *ring);

#endif
