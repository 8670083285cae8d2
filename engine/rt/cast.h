/* A broadcast ring: one writer publishes immutable slots, any number of readers look at them by index.
 *
 * Slot i keeps its contents until slot i + n is begun. A reader is refused before it reads anything that lies more than
 * n - 3 slots back, so it holds its pointer for at least three more publications before the memory is written again.
 * A reader that has finished says so with aur_cast_done, which orders its reads before the writer's next use of the
 * memory; the writer never waits for it. */
#ifndef AUR_RT_CAST_H
#define AUR_RT_CAST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define AUR_CAST_MARGIN 3

struct aur_cast;

/* n slots (at least AUR_CAST_MARGIN + 1) of `size` bytes, zeroed. Any thread. Errors: AUR_EINVAL, AUR_ENOMEM. */
AUR_MUST_USE int aur_cast_new(struct aur_cast **out, size_t n, size_t size);
void aur_cast_free(struct aur_cast *cast);

/* Writer; [render] allowed. The memory of slot aur_cast_head, to be filled before aur_cast_publish. */
void *aur_cast_begin(struct aur_cast *cast);
void aur_cast_publish(struct aur_cast *cast);

/* Any thread. The number of slots published, which is the index of the next one. */
uint64_t aur_cast_head(const struct aur_cast *cast);
/* Any thread. The oldest index that may be read. */
uint64_t aur_cast_oldest(const struct aur_cast *cast);
/* Any thread. AUR_EBUSY: not yet published. AUR_ENOTFOUND: too old. */
AUR_MUST_USE int aur_cast_read(const struct aur_cast *cast, const void **slot, uint64_t index);
/* Any thread: what this thread has read so far is no longer needed. */
void aur_cast_done(struct aur_cast *cast);

#endif
