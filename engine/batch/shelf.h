/* The pieces and pictures of a batch, each read once however many entries use it. Filled before the renders start, read-only
 * while they run. One thread while it is filled. */
#ifndef AUR_BATCH_SHELF_H
#define AUR_BATCH_SHELF_H

#include "base/buf.h"
#include "bounce/tags.h"
#include "compose/piece.h"

struct aur_shelf_piece {
    char *path;
    struct aur_piece *piece; /* NULL: it could not be loaded, */
    struct aur_error err;    /* because of this */
};

struct aur_shelf_cover {
    char *path;
    struct aur_buf bytes;
    struct aur_cover cover; /* len 0: it could not be read, */
    uint64_t hash;
    struct aur_error err; /* because of this */
};

typedef int aur_shelf_load_fn(void *user, struct aur_piece **out, const char *path, struct aur_error *err);

struct aur_shelf {          /* zero and the first four: empty */
    const char *folder;     /* that paths are relative to; "": the working folder */
    const char *pieces_dir; /* where pieces are looked for next, by name; NULL: nowhere */
    aur_shelf_load_fn *load;
    void *user;
    struct aur_shelf_piece **pieces;
    size_t n_pieces;
    struct aur_shelf_cover **covers;
    size_t n_covers;
};

void aur_shelf_deinit(struct aur_shelf *shelf);
/* Never NULL but when memory ran out. */
const struct aur_shelf_piece *aur_shelf_piece(struct aur_shelf *shelf, const char *name);
const struct aur_shelf_cover *aur_shelf_cover(struct aur_shelf *shelf, const char *name);

#endif
