/* Leaving texts out of session files, and putting them back. A text is found again by its SHA-256, so that what is put in its
 * place is that text, whoever made the file. Any thread but a render worker. */
#include "journal/lean.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "journal/schema.h"
#include "shipped/shipped.h"

/* All that is put back: a version's texts are much less. */
#define FILLED_BYTES_MAX ((size_t)16 << 20)

/* ---- out ---- */

static int leave_out(sqlite3_stmt *name, sqlite3_stmt *clear, int64_t key, const struct aur_shipped *text)
{
    sqlite3_bind_text(name, 1, text->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(name, 2, key);
    sqlite3_bind_blob(name, 3, text->sha256, sizeof text->sha256, SQLITE_STATIC);
    sqlite3_bind_text(name, 4, AURALIS_VERSION, -1, SQLITE_STATIC);
    sqlite3_bind_int64(clear, 1, key);
    int code = sqlite3_step(name);
    if (code == SQLITE_DONE)
        code = sqlite3_step(clear);
    sqlite3_reset(name);
    sqlite3_reset(clear);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int aur_lean_leave_out(sqlite3 *db)
{
    sqlite3_stmt *texts = NULL, *name = NULL, *clear = NULL;
    int code = sqlite3_prepare_v2(
        db, "SELECT key, text FROM texts WHERE key IN (SELECT text FROM piece_files) ORDER BY key", -1, &texts, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db, "INSERT INTO left_out(name, text, sha256, engine) VALUES(?, ?, ?, ?)", -1, &name,
                                  NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db, "UPDATE texts SET text = x'' WHERE key = ?", -1, &clear, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(texts)) == SQLITE_ROW) {
        const void *bytes = sqlite3_column_blob(texts, 1);
        const struct aur_shipped *same = aur_shipped_same(bytes ? bytes : "", (size_t)sqlite3_column_bytes(texts, 1));
        code = same ? leave_out(name, clear, sqlite3_column_int64(texts, 0), same) : SQLITE_OK;
    }
    sqlite3_finalize(texts);
    sqlite3_finalize(name);
    sqlite3_finalize(clear);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* ---- and in ---- */

struct filling {
    sqlite3 *db;
    sqlite3_stmt *left_out; /* row: text, its hash, sha256, name, engine */
    sqlite3_stmt *put;      /* text, key */
    const char *own_path, *path;
    sqlite3 *own; /* opened when it is needed */
    sqlite3_stmt *candidates;
    size_t bytes;
    struct aur_error *err;
};

static int damaged(const struct filling *f)
{
    return aur_error_set(f->err, AUR_EINVAL, "%s: damaged: %s", f->path, sqlite3_errmsg(f->db));
}

static int put(struct filling *f, const void *text, size_t len)
{
    if (len > FILLED_BYTES_MAX - f->bytes)
        return aur_error_set(f->err, AUR_EINVAL, "%s: damaged: more is left out of it than a session can need",
                             f->path);
    f->bytes += len;
    sqlite3_bind_blob64(f->put, 1, text, len, SQLITE_STATIC);
    sqlite3_bind_int64(f->put, 2, sqlite3_column_int64(f->left_out, 0));
    const int code = sqlite3_step(f->put);
    sqlite3_reset(f->put);
    return code == SQLITE_DONE ? AUR_OK : damaged(f);
}

/* A journal that cannot be read has nothing to give. */
static bool open_own(struct filling *f)
{
    if (!f->own_path)
        return false;
    if (!f->own && sqlite3_open_v2(f->own_path, &f->own, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
        sqlite3_prepare_v2(f->own, "SELECT text FROM texts WHERE hash = ?", -1, &f->candidates, NULL);
    return f->candidates != NULL;
}

/* The text among the journal's; true: it was there, and *rc tells whether it was put. */
static bool put_own(struct filling *f, int *rc, const unsigned char sha256[AUR_SHA256_SIZE])
{
    unsigned char sum[AUR_SHA256_SIZE];
    bool found = false;
    if (!open_own(f))
        return false;
    sqlite3_bind_int64(f->candidates, 1, sqlite3_column_int64(f->left_out, 1));
    while (!found && sqlite3_step(f->candidates) == SQLITE_ROW) {
        const void *text = sqlite3_column_blob(f->candidates, 0);
        const size_t len = (size_t)sqlite3_column_bytes(f->candidates, 0);
        aur_sha256(sum, text, len);
        found = memcmp(sum, sha256, sizeof sum) == 0;
        if (found)
            *rc = put(f, text ? text : "", len);
    }
    sqlite3_reset(f->candidates);
    return found;
}

static int fill_one(struct filling *f)
{
    const unsigned char *sha256 = sqlite3_column_blob(f->left_out, 2); /* 32 bytes: the table's check */
    const char *name = (const char *)sqlite3_column_text(f->left_out, 3);
    const char *engine = (const char *)sqlite3_column_text(f->left_out, 4);
    int rc = AUR_OK;
    if (!sha256 || !name || !engine)
        return aur_error_set(f->err, AUR_ENOMEM, "%s: out of memory", f->path);
    const struct aur_shipped *shipped = aur_shipped_find(sha256);
    if (shipped)
        return put(f, shipped->text, shipped->len);
    if (put_own(f, &rc, sha256))
        return rc;
    return aur_error_set(f->err, AUR_ENOTFOUND,
                         "%s: %s is not in it, because it comes with Auralis, %s where the file was written; this is "
                         "Auralis %s, and has no such text. There, 'auralis session export --whole' makes a file that "
                         "needs nothing",
                         f->path, name, engine, AURALIS_VERSION);
}

int aur_lean_fill(sqlite3 *db, const char *own, const char *path, struct aur_error *err)
{
    struct filling f = {.db = db, .own_path = own, .path = path, .err = err};
    int rc = AUR_OK, code = SQLITE_OK;
    code = sqlite3_prepare_v2(
        db, "SELECT l.text, t.hash, l.sha256, l.name, l.engine FROM left_out l JOIN texts t ON t.key = l.text", -1,
        &f.left_out, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db, "UPDATE texts SET text = ? WHERE key = ?", -1, &f.put, NULL);
    while (code == SQLITE_OK && rc == AUR_OK && (code = sqlite3_step(f.left_out)) == SQLITE_ROW) {
        rc = fill_one(&f);
        code = SQLITE_OK;
    }
    if (rc == AUR_OK && code != SQLITE_DONE)
        rc = damaged(&f);
    sqlite3_finalize(f.left_out);
    sqlite3_finalize(f.put);
    sqlite3_finalize(f.candidates);
    sqlite3_close(f.own);
    return rc;
}
