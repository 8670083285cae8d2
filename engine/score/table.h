/* Tables of the wave voice as plain data: which of the session's a patch reads, and how a piece asks for them.
 *
 * The tables themselves live in a store that is the session's (synth/tables.h) and are never moved or freed while it
 * lives; a reference may be copied and is good for as long. Any thread. */
#ifndef AUR_SCORE_TABLE_H
#define AUR_SCORE_TABLE_H

#include <stdint.h>

#include "base/error.h"

#define AUR_TABLE_CYCLES_MAX    16    /* of a file */
#define AUR_TABLE_CYCLE_MIN     16    /* frames of a cycle in a file; the resampler does not stretch further */
#define AUR_TABLE_CYCLE_MAX     65536 /* likewise */
#define AUR_TABLE_NAME_SIZE     32
#define AUR_TABLE_FILE_SIZE     256
#define AUR_TABLES_OF_PIECE_MAX 16

struct aur_table {
    uint64_t hash;       /* of the cycles it was made of, see aur_tables_add */
    uint32_t at, shapes; /* offset in the store's floats; shapes 0: the built-in ones */
};

/* A file of `cycles` single cycles of the same length, one after the other. */
struct aur_table_request {
    const char *folder; /* "" is the working folder */
    const char *file;   /* relative to the folder, and in it whatever links there are */
    uint32_t cycles;
};

/* Who brings tables into a session's store. load, of a file, fills *out, or err: its message begins with the file's name. Errors:
 * AUR_EINVAL (a path that is not allowed, what is in the file), AUR_ENOTFOUND, AUR_EIO, AUR_ELIMIT (the store is full),
 * AUR_ENOMEM. builtin makes the built-in ones, which are there only once they are asked for. Any thread that may read files,
 * several at once. */
struct aur_table_loader {
    int (*load)(void *user, struct aur_table *out, const struct aur_table_request *request, struct aur_error *err);
    void (*builtin)(void *user);
    void *user;
};

#endif
