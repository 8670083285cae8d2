/* A growable byte buffer that is always NUL-terminated. The struct is the caller's; data belongs to it until
 * aur_buf_deinit or aur_buf_take. A failed allocation is sticky: later appends do nothing and aur_buf_ok is false,
 * so a sequence of appends needs one check at its end. One thread at a time; never on a render worker. */
#ifndef AUR_BASE_BUF_H
#define AUR_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct aur_buf {
    char *data; /* NULL while empty */
    size_t len; /* bytes, without the NUL */
    size_t cap;
    bool failed;
};

void aur_buf_init(struct aur_buf *buf);
void aur_buf_deinit(struct aur_buf *buf);
void aur_buf_clear(struct aur_buf *buf); /* keeps the memory */

void aur_buf_add(struct aur_buf *buf, const void *data, size_t len);
void aur_buf_text(struct aur_buf *buf, const char *text);
void aur_buf_printf(struct aur_buf *buf, const char *fmt, ...) AUR_PRINTF(2, 3);

bool aur_buf_ok(const struct aur_buf *buf);
/* Gives the memory to the caller (free()); NULL if an append failed. The buffer is empty afterwards. */
char *aur_buf_take(struct aur_buf *buf);

/* Reads a whole file. Errors: AUR_EIO with path and reason, AUR_ELIMIT over max_bytes, AUR_ENOMEM. */
AUR_MUST_USE int aur_buf_read_file(struct aur_buf *buf, const char *path, size_t max_bytes, struct aur_error *err);

#endif
