/* Where a render worker leaves what it no longer needs, to be freed elsewhere. One putter, one drainer. */
#ifndef AUR_RT_RETIRE_H
#define AUR_RT_RETIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct aur_retire;

/* Room for at least `capacity` pointers. Any thread. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_retire_new(struct aur_retire **out, size_t capacity);
/* After both sides have stopped; drain first, what is left is not freed. */
void aur_retire_free(struct aur_retire *retire);

/* Putter; [render] allowed. Whether the next put will succeed. */
bool aur_retire_has_room(const struct aur_retire *retire);
/* Putter; [render] allowed. False: full, the caller keeps the pointer. */
bool aur_retire_put(struct aur_retire *retire, const void *item);
/* Drainer, never a render worker. The next pointer, or NULL. */
const void *aur_retire_take(struct aur_retire *retire);

#endif
