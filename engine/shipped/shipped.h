/* The texts that come with this version of the program: the pieces and the library (scripts/ and scripts/lib/ of its source), as they
 * were when it was built, whatever became of the files since. A session file names them in place of carrying them.
 *
 * They are part of the program's read-only data, which costs nothing until it is looked at. Any thread. */
#ifndef AUR_SHIPPED_SHIPPED_H
#define AUR_SHIPPED_SHIPPED_H

#include <stddef.h>

#include "base/sha256.h"

struct aur_shipped {
    const char *name; /* as bundles have it: "rain.lua", "lib/theory.lua" */
    const char *text;
    size_t len;
    unsigned char sha256[AUR_SHA256_SIZE];
};

extern const struct aur_shipped aur_shipped_texts[]; /* by name */
extern const size_t aur_shipped_count;

/* The one that is this text, or NULL. */
const struct aur_shipped *aur_shipped_same(const void *text, size_t len);
/* The one of this hash, or NULL. */
const struct aur_shipped *aur_shipped_find(const unsigned char sha256[AUR_SHA256_SIZE]);

#endif
