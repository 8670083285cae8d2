/* Exporting: the session is copied into a fresh database in memory, whose pages depend on nothing but what is put into it, and
 * that is packed. What the library writes about itself into the head of the file is cleared, so that another version of it
 * makes the same file. Any thread but a render worker. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/lean.h"
#include "journal/schema.h"
#include "journal/transfer.h"

/* Most tables of a session are shorter than this; a page is the least that one takes. */
#define PAGES "PRAGMA page_size=1024"

/* Version of the library that wrote it, and the change that this was at: SQLite's file format, 1.3.1 and 1.3.16. */
#define LIBRARY_AT  92
#define LIBRARY_LEN 8

/* What a file does without: texts that whoever reads it has, hashes that follow from texts, and the room that both took. */
static int shed(struct aur_store *store)
{
    int rc = aur_store_exec(store, "UPDATE texts SET hash = 0 WHERE key NOT IN (SELECT text FROM left_out)");
    return rc == AUR_OK ? aur_store_exec(store, "PRAGMA temp_store=MEMORY; VACUUM") : rc;
}

static int build(struct aur_store *store, struct aur_archive *archive, const struct aur_session_info *session,
                 enum aur_export kind, struct aur_error *err)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) {
        sqlite3_close(db);
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", archive->path);
    }
    aur_store_init(store, db);
    sqlite3_exec(db, PAGES, NULL, NULL, NULL);
    int rc = aur_schema_make(db, archive->path, true, err);
    if (rc == AUR_OK && (rc = aur_store_exec(store, "BEGIN")) == AUR_OK) {
        rc = aur_session_copy(store, 1, archive, session, err);
        if (rc == AUR_OK && kind == AUR_EXPORT_LEAN && aur_lean_leave_out(db) != SQLITE_OK)
            rc = aur_error_set(err, AUR_EIO, "%s: %s", archive->path, sqlite3_errmsg(db));
        if (rc == AUR_OK && ((rc = aur_store_exec(store, "COMMIT")) < 0 || (rc = shed(store)) < 0))
            aur_error_set(err, rc, "%s: %s", archive->path, store->why);
    }
    return rc;
}

static int pack_store(struct aur_buf *out, struct aur_store *store)
{
    sqlite3_int64 len = 0;
    unsigned char *data = sqlite3_serialize(store->db, "main", &len, 0);
    if (!data || len < LIBRARY_AT + LIBRARY_LEN) {
        sqlite3_free(data);
        return AUR_ENOMEM;
    }
    memset(data + LIBRARY_AT, 0, LIBRARY_LEN);
    int rc = aur_pack(out, data, (size_t)len);
    sqlite3_free(data);
    return rc;
}

/* ---- the file ---- */

static int refuse(struct aur_error *err, const char *path)
{
    return aur_error_set(err, AUR_EIO, "%s: %s", path, strerror(errno));
}

static int write_all(int fd, const struct aur_buf *data)
{
    for (size_t at = 0; at < data->len;) {
        ssize_t n = write(fd, data->data + at, data->len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        at += (size_t)n;
    }
    return fsync(fd);
}

/* Beside its place, then into it: link() does not overwrite, rename() does. */
static int publish(const char *path, const char *part, bool force, struct aur_error *err)
{
    if (force)
        return rename(part, path) == 0 ? AUR_OK : refuse(err, path);
    if (link(part, path) == 0) {
        unlink(part);
        return AUR_OK;
    }
    if (errno == EEXIST)
        return aur_error_set(err, AUR_EIO, "%s: exists already; --force overwrites it", path);
    /* A file system without links. */
    return access(path, F_OK) != 0 && rename(part, path) == 0 ? AUR_OK : refuse(err, path);
}

static int write_file(const char *path, const struct aur_buf *data, bool force, struct aur_error *err)
{
    char part[4096 + 16];
    struct stat there;
    if (!force && stat(path, &there) == 0) {
        errno = EEXIST;
        return aur_error_set(err, AUR_EIO, "%s: exists already; --force overwrites it", path);
    }
    snprintf(part, sizeof part, "%s.XXXXXX", path);
    int fd = mkostemp(part, O_CLOEXEC);
    if (fd < 0)
        return refuse(err, path);
    int rc = fchmod(fd, 0644) == 0 && write_all(fd, data) == 0 ? AUR_OK : refuse(err, path);
    if (close(fd) != 0 && rc == AUR_OK)
        rc = refuse(err, path);
    if (rc == AUR_OK)
        rc = publish(path, part, force, err);
    if (rc < 0)
        unlink(part);
    return rc;
}

#define OF  "(SELECT key FROM sessions WHERE id = ?1)"
#define ROW "40" /* bytes of one, about */

/* A state that one phrase leaves and the next begins with counts once. */
static const char weight[] =
    "SELECT (SELECT ifnull(sum(length(t.text) + 3 * " ROW "), 0) FROM phrases p JOIN texts t ON t.key = p.state_after "
    "WHERE p.session = " OF ") + (SELECT count(*) * " ROW " FROM facts WHERE session = " OF ") + "
    "(SELECT count(*) * 2 * " ROW " FROM overviews WHERE session = " OF ") + "
    "(SELECT ifnull(sum(length(detail) + " ROW "), 0) FROM events WHERE session = " OF ") + "
    "(SELECT ifnull(sum(length(t.text)), 0) FROM texts t WHERE t.key IN (SELECT f.text FROM session_pieces s JOIN "
    "piece_files f ON f.piece = s.piece WHERE s.session = " OF ")) + "
    "(SELECT ifnull(sum(length(w.frames)), 0) FROM waves w WHERE w.key IN (SELECT f.wave FROM session_pieces s JOIN "
    "piece_waves f ON f.piece = s.piece WHERE s.session = " OF "))";

int aur_archive_weigh(struct aur_archive *archive, uint64_t *bytes, const char *session, struct aur_error *err)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(archive->db, weight, -1, &row, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(row, 1, session, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    *bytes = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
    const int rc = code == SQLITE_ROW ? AUR_OK : aur_archive_fail(archive, err);
    sqlite3_finalize(row);
    return rc;
}

int aur_archive_export(struct aur_archive *archive, const char *session, const char *path, enum aur_export kind,
                       bool force, struct aur_error *err)
{
    struct aur_session_info info;
    struct aur_store store = {0};
    struct aur_buf data;
    aur_buf_init(&data);
    /* One moment of a database that is being written. */
    if (sqlite3_exec(archive->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return aur_archive_fail(archive, err);
    int rc = aur_archive_session(archive, &info, session, err);
    if (rc == AUR_OK)
        rc = build(&store, archive, &info, kind, err);
    sqlite3_exec(archive->db, "ROLLBACK", NULL, NULL, NULL);
    if (rc == AUR_OK && (rc = pack_store(&data, &store)) < 0)
        aur_error_set(err, rc, "%s: out of memory", path);
    if (rc == AUR_OK)
        rc = write_file(path, &data, force, err);
    if (store.db)
        aur_store_deinit(&store);
    aur_buf_deinit(&data);
    return rc;
}
