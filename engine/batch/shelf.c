/* Pieces and covers by path. On the thread that prepares the batch. */
#include "batch/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"

static char *joined(const char *folder, const char *name, const char *ending)
{
    struct aur_buf buf;
    aur_buf_init(&buf);
    const bool below = *folder && *name != '/';
    aur_buf_printf(&buf, "%s%s%s%s", below ? folder : "", below ? "/" : "", name, ending);
    return aur_buf_take(&buf);
}

static bool is_file(const char *path)
{
    struct stat about;
    return path && stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* Where the piece lies: beside the batch script, else among Auralis's own; with or without .lua. The first of the places if
 * it is in none of them. */
static char *find_piece(const struct aur_shelf *shelf, const char *name)
{
    const char *const folders[] = {shelf->folder, shelf->pieces_dir}, *const endings[] = {"", ".lua"};
    for (int i = 0; i < 4; i++) {
        if (!folders[i / 2])
            continue;
        char *path = joined(folders[i / 2], name, endings[i % 2]);
        if (is_file(path))
            return path;
        free(path);
    }
    return joined(shelf->folder, name, "");
}

/* An array with room for one more; NULL: out of memory, and the old one stays. */
static void *grown(void *items, size_t n)
{
    return n & (n - 1) ? items : realloc(items, (n ? 2 * n : 1) * sizeof(void *));
}

const struct aur_shelf_piece *aur_shelf_piece(struct aur_shelf *shelf, const char *name)
{
    char *path = find_piece(shelf, name);
    for (size_t i = 0; path && i < shelf->n_pieces; i++)
        if (strcmp(shelf->pieces[i]->path, path) == 0) {
            free(path);
            return shelf->pieces[i];
        }
    struct aur_shelf_piece *item = path ? calloc(1, sizeof *item) : NULL;
    void *more = item ? grown(shelf->pieces, shelf->n_pieces) : NULL;
    if (!more) {
        free(item);
        free(path);
        return NULL;
    }
    shelf->pieces = more;
    shelf->pieces[shelf->n_pieces++] = item;
    item->path = path;
    if (shelf->pieces_dir && !is_file(path))
        (void)!aur_error_value(&item->err, "piece", name,
                               "a script's path from the batch script, or the name of a piece of Auralis's");
    else if (shelf->load(shelf->user, &item->piece, path, &item->err) != AUR_OK)
        item->piece = NULL;
    return item;
}

static void read_cover(struct aur_shelf_cover *item)
{
    if (aur_buf_read_file(&item->bytes, item->path, AUR_COVER_BYTES_MAX, &item->err) == AUR_OK &&
        aur_cover_read(&item->cover, item->bytes.data ? item->bytes.data : "", item->bytes.len, item->path,
                       &item->err) == AUR_OK)
        item->hash = aur_hash64(item->bytes.data, item->bytes.len, AUR_HASH_START);
}

const struct aur_shelf_cover *aur_shelf_cover(struct aur_shelf *shelf, const char *name)
{
    char *path = joined(shelf->folder, name, "");
    for (size_t i = 0; path && i < shelf->n_covers; i++)
        if (strcmp(shelf->covers[i]->path, path) == 0) {
            free(path);
            return shelf->covers[i];
        }
    struct aur_shelf_cover *item = path ? calloc(1, sizeof *item) : NULL;
    void *more = item ? grown(shelf->covers, shelf->n_covers) : NULL;
    if (!more) {
        free(item);
        free(path);
        return NULL;
    }
    shelf->covers = more;
    shelf->covers[shelf->n_covers++] = item;
    item->path = path;
    read_cover(item);
    return item;
}

void aur_shelf_deinit(struct aur_shelf *shelf)
{
    for (size_t i = 0; i < shelf->n_pieces; i++) {
        aur_piece_free(shelf->pieces[i]->piece);
        free(shelf->pieces[i]->path);
        free(shelf->pieces[i]);
    }
    for (size_t i = 0; i < shelf->n_covers; i++) {
        aur_buf_deinit(&shelf->covers[i]->bytes);
        free(shelf->covers[i]->path);
        free(shelf->covers[i]);
    }
    free(shelf->pieces);
    free(shelf->covers);
    shelf->pieces = NULL;
    shelf->covers = NULL;
    shelf->n_pieces = shelf->n_covers = 0;
}
