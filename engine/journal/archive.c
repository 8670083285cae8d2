/* Opening what sessions are read from, and finding one. A database is read by a connection of its own, which sees what was
 * committed when each walk began; an exported file is unpacked into memory and looked through before anything is read. Any
 * thread but a render worker. */
#include "journal/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal/schema.h"
#include "journal/transfer.h"

#define FILE_BYTES_MAX     ((size_t)128 << 20) /* of an exported file */
#define UNPACKED_BYTES_MAX ((size_t)512 << 20)
/* No session is so much smaller packed; what is was made to fill the memory. */
#define UNPACKED_ALWAYS ((size_t)16 << 20)
#define UNPACKED_TIMES  64
#define BUSY_MS         5000

struct aur_arena {
    struct aur_arena *next;
    char text[];
};

/* ---- opening ---- */

static size_t unpacked_most(size_t packed)
{
    const size_t most = UNPACKED_ALWAYS + packed * UNPACKED_TIMES;
    return most < UNPACKED_BYTES_MAX ? most : UNPACKED_BYTES_MAX;
}

static int open_file(struct aur_archive *archive, const char *own, struct aur_error *err)
{
    struct aur_buf packed, data;
    aur_buf_init(&packed);
    aur_buf_init(&data);
    int rc = aur_buf_read_file(&packed, archive->path, FILE_BYTES_MAX, err);
    if (rc == AUR_ELIMIT)
        rc = aur_error_set(err, AUR_EINVAL, "%s: larger than a session file can be", archive->path);
    if (rc == AUR_OK)
        rc = aur_unpack(&data, packed.data, packed.len, unpacked_most(packed.len), archive->path, err);
    if (rc == AUR_OK)
        rc = aur_inspect_open(&archive->db, data.data, data.len, own, archive->path, err);
    aur_buf_deinit(&packed);
    aur_buf_deinit(&data);
    archive->is_file = true;
    return rc;
}

/* "file:PATH?immutable=1", with what means something in it escaped. */
static void make_uri(struct aur_buf *uri, const char *path)
{
    aur_buf_text(uri, "file:");
    for (; *path; path++)
        aur_buf_printf(uri, strchr("?#%", *path) ? "%%%02X" : "%c", (unsigned char)*path);
    aur_buf_text(uri, "?immutable=1");
}

/* What nobody writes, and where this process may not make the index of a log: a backup, somebody else's file. */
static bool is_left_alone(const struct aur_archive *archive)
{
    char wal[sizeof archive->path + 4];
    snprintf(wal, sizeof wal, "%s-wal", archive->path);
    const int code = sqlite3_errcode(archive->db) & 0xff;
    return (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) && access(wal, F_OK) != 0;
}

static int open_connection(struct aur_archive *archive, const char *name, int flags, struct aur_error *err)
{
    int code = sqlite3_open_v2(name, &archive->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | flags, NULL);
    if (code != SQLITE_OK)
        return aur_error_set(err, AUR_EIO, "%s: %s", archive->path,
                             archive->db ? sqlite3_errmsg(archive->db) : "out of memory");
    sqlite3_busy_timeout(archive->db, BUSY_MS);
    sqlite3_db_config(archive->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_exec(archive->db, "PRAGMA trusted_schema=OFF", NULL, NULL, NULL);
    return aur_schema_check(archive->db, archive->path, err);
}

static int open_database(struct aur_archive *archive, struct aur_error *err)
{
    struct aur_buf uri;
    int rc = open_connection(archive, archive->path, 0, err);
    if (rc != AUR_EIO || !is_left_alone(archive))
        return rc;
    sqlite3_close(archive->db);
    archive->db = NULL;
    aur_buf_init(&uri);
    make_uri(&uri, archive->path);
    rc = aur_buf_ok(&uri) ? open_connection(archive, uri.data, SQLITE_OPEN_URI, err)
                          : aur_error_set(err, AUR_ENOMEM, "%s: out of memory", archive->path);
    aur_buf_deinit(&uri);
    return rc;
}

/* Whether it begins as a gzip file does. Not for a database that this process has open: to close any descriptor of it takes the
 * locks of all its connections away, and then another program that closes the database takes itself for the last one and
 * removes the log that is being written. */
static int is_packed(bool *out, const char *path, struct aur_error *err)
{
    unsigned char head[2] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (n < 0)
        aur_error_set(err, AUR_EIO, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    *out = n == 2 && head[0] == 0x1f && head[1] == 0x8b;
    return n < 0 ? AUR_EIO : AUR_OK;
}

static struct aur_archive *new_archive(const char *path)
{
    struct aur_archive *archive = calloc(1, sizeof *archive);
    if (archive)
        snprintf(archive->path, sizeof archive->path, "%s", path);
    return archive;
}

/* As a database first, and what is none as a file. */
int aur_archive_open(struct aur_archive **out, const char *path, struct aur_error *err)
{
    struct aur_error told;
    bool packed = false;
    *out = NULL;
    struct aur_archive *archive = new_archive(path);
    if (!archive)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", path);
    int rc = open_database(archive, err);
    if (rc == AUR_EINVAL && is_packed(&packed, path, &told) == AUR_OK && packed) {
        sqlite3_close(archive->db);
        archive->db = NULL;
        rc = open_file(archive, NULL, err);
    }
    if (rc < 0) {
        aur_archive_close(archive);
        return rc;
    }
    *out = archive;
    return AUR_OK;
}

int aur_archive_open_file(struct aur_archive **out, const char *path, const char *own, struct aur_error *err)
{
    bool packed;
    *out = NULL;
    int rc = is_packed(&packed, path, err);
    if (rc == AUR_OK && !packed)
        rc = aur_error_set(err, AUR_EINVAL, "%s: this is not an exported session", path);
    if (rc < 0)
        return rc;
    struct aur_archive *archive = new_archive(path);
    if (!archive)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", path);
    rc = open_file(archive, own, err);
    if (rc < 0) {
        aur_archive_close(archive);
        return rc;
    }
    *out = archive;
    return AUR_OK;
}

void aur_archive_close(struct aur_archive *archive)
{
    if (!archive)
        return;
    sqlite3_close(archive->db);
    for (struct aur_arena *block = archive->arena, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(archive);
}

int aur_archive_fail(const struct aur_archive *archive, struct aur_error *err)
{
    int code = sqlite3_errcode(archive->db);
    return aur_error_set(err, code == SQLITE_NOMEM ? AUR_ENOMEM : AUR_EIO, "%s: %s", archive->path,
                         sqlite3_errmsg(archive->db));
}

/* ---- sessions ---- */

#define SESSION                                                                                                        \
    "SELECT id, channel, title, name, unlisted, seed, rate_hz, chunk_frames, max_voices, effects, device, engine, "    \
    "sound_revision, settings, resumed_from, started_at, ended_at, frames, broken_at, broken_why, "                    \
    "(SELECT count(*) FROM phrases WHERE session = key), ifnull(imported_at, 0) FROM sessions "

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}

static void read_session(struct aur_session_info *out, sqlite3_stmt *row)
{
    memset(out, 0, sizeof *out);
    snprintf(out->id, sizeof out->id, "%s", text_of(row, 0));
    out->head.channel = text_of(row, 1);
    out->head.title = text_of(row, 2);
    out->name = text_of(row, 3);
    out->head.unlisted = sqlite3_column_int(row, 4) != 0;
    out->head.seed = (uint64_t)sqlite3_column_int64(row, 5);
    out->head.rate_hz = (uint32_t)sqlite3_column_int64(row, 6);
    out->head.chunk_frames = (uint32_t)sqlite3_column_int64(row, 7);
    out->head.max_voices = (uint32_t)sqlite3_column_int64(row, 8);
    out->head.effects = sqlite3_column_int(row, 9) != 0;
    out->head.device = text_of(row, 10);
    out->head.engine = text_of(row, 11);
    out->head.sound_revision = (uint32_t)sqlite3_column_int64(row, 12);
    out->head.settings = text_of(row, 13);
    out->head.resumed_from = text_of(row, 14);
    out->head.started_at = sqlite3_column_int64(row, 15);
    out->ended_at = sqlite3_column_int64(row, 16);
    out->frames = (uint64_t)sqlite3_column_int64(row, 17);
    out->broken_at = sqlite3_column_type(row, 18) == SQLITE_NULL ? UINT64_MAX : (uint64_t)sqlite3_column_int64(row, 18);
    out->broken_why = text_of(row, 19);
    out->phrases = (uint64_t)sqlite3_column_int64(row, 20);
    out->imported_at = sqlite3_column_int64(row, 21);
}

int aur_archive_sessions(struct aur_archive *archive, const char *channel, aur_archive_session_fn *fn, void *user)
{
    sqlite3_stmt *rows = NULL;
    struct aur_session_info session;
    int rc = AUR_OK, code = sqlite3_prepare_v2(archive->db,
                                               SESSION "WHERE channel = ?1 OR (?1 IS NULL AND unlisted = 0) "
                                                       "ORDER BY started_at DESC, key DESC",
                                               -1, &rows, NULL);
    if (code == SQLITE_OK && channel)
        sqlite3_bind_text(rows, 1, channel, -1, SQLITE_STATIC);
    while (code == SQLITE_OK && rc == AUR_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        read_session(&session, rows);
        rc = fn(user, &session);
        code = SQLITE_OK;
    }
    if (rc == AUR_OK && code != SQLITE_OK && code != SQLITE_DONE)
        rc = aur_archive_fail(archive, NULL);
    sqlite3_finalize(rows);
    return rc;
}

/* Makes the strings live as long as the archive. */
static int keep_strings(struct aur_archive *archive, struct aur_session_info *session, struct aur_error *err)
{
    const char **texts[] = {&session->head.channel, &session->head.title,    &session->head.device,
                            &session->head.engine,  &session->head.settings, &session->head.resumed_from,
                            &session->name,         &session->broken_why};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const size_t size = strlen(*texts[i]) + 1;
        struct aur_arena *block = malloc(sizeof *block + size);
        if (!block)
            return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", archive->path);
        memcpy(block->text, *texts[i], size);
        block->next = archive->arena;
        archive->arena = block;
        *texts[i] = block->text;
    }
    return AUR_OK;
}

/* The session of this id, or those that begin with it, two at most. */
static int prepare_find(struct aur_archive *archive, sqlite3_stmt **out, const char *id)
{
    static const char by_id[] = SESSION "WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id = ?1 DESC LIMIT 2";
    static const char newest[] =
        SESSION "WHERE ?1 OR (unlisted = 0 AND imported_at IS NULL) ORDER BY started_at DESC, key DESC LIMIT 1";
    const bool any = !id || !*id;
    int code = sqlite3_prepare_v2(archive->db, any ? newest : by_id, -1, out, NULL);
    if (code == SQLITE_OK)
        code = any ? sqlite3_bind_int(*out, 1, archive->is_file) : sqlite3_bind_text(*out, 1, id, -1, SQLITE_STATIC);
    return code;
}

int aur_archive_session(struct aur_archive *archive, struct aur_session_info *out, const char *id,
                        struct aur_error *err)
{
    sqlite3_stmt *rows = NULL;
    const bool any = !id || !*id;
    int rc = AUR_OK, code = prepare_find(archive, &rows, id);
    if (code == SQLITE_OK)
        code = sqlite3_step(rows);
    if (code == SQLITE_ROW) {
        read_session(out, rows);
        rc = keep_strings(archive, out, err);
        code = rc == AUR_OK ? sqlite3_step(rows) : SQLITE_DONE;
        if (code == SQLITE_ROW && (any || strcmp(out->id, id) != 0))
            rc = aur_error_set(err, AUR_EINVAL, "%s: several sessions begin so; give more letters", id);
        else if (code != SQLITE_ROW && code != SQLITE_DONE)
            rc = aur_archive_fail(archive, err);
    } else if (code == SQLITE_DONE) {
        rc = any ? aur_error_set(err, AUR_ENOTFOUND, "%s: there is no session in it that was recorded here",
                                 archive->path)
                 : aur_error_set(err, AUR_ENOTFOUND, "there is no session %s in %s", id, archive->path);
    } else {
        rc = aur_archive_fail(archive, err);
    }
    sqlite3_finalize(rows);
    return rc;
}

/* ---- what comes next ---- */

static int find_next(struct aur_archive *archive, const char *sql, const char *session, uint64_t frame, int type,
                     uint64_t *next)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(archive->db, sql, -1, &row, NULL);
    *next = UINT64_MAX;
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(row, 1, session, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(row, 2, frame > INT64_MAX ? INT64_MAX : (int64_t)frame);
    if (code == SQLITE_OK && type >= 0)
        code = sqlite3_bind_int(row, 3, type);
    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    if (code == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL)
        *next = (uint64_t)sqlite3_column_int64(row, 0);
    const int rc = code == SQLITE_ROW ? AUR_OK : aur_archive_fail(archive, NULL);
    sqlite3_finalize(row);
    return rc;
}

#define KEY "(SELECT key FROM sessions WHERE id = ?1)"

int aur_archive_next_phrase(struct aur_archive *archive, const char *session, uint64_t frame, uint64_t *next)
{
    return find_next(archive, "SELECT min(start_frame) FROM phrases WHERE session = " KEY " AND start_frame >= ?2",
                     session, frame, -1, next);
}

int aur_archive_next_fact(struct aur_archive *archive, const char *session, enum aur_fact_type type, uint64_t frame,
                          uint64_t *next)
{
    return find_next(archive, "SELECT min(frame) FROM facts WHERE session = " KEY " AND type = ?3 AND frame >= ?2",
                     session, frame, (int)type, next);
}
