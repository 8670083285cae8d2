/* A session file from elsewhere may have been made to do harm. Before a row of it is used: its tables must be, to the letter,
 * those that this program makes (so there is no view, no trigger and no expression of somebody else's), SQLite must find it
 * whole, every value of the type that the tables want (they are STRICT) and every reference answered; then what SQLite does
 * not know about is looked at: one session, texts in UTF-8, lengths that a stream can have, the hashes of wavetables and of
 * pieces: a piece under the hash of another would take its place for good. Texts that the file does without are put back first,
 * so all of it goes for them too. Any thread but a render worker. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "journal/lean.h"
#include "journal/schema.h"
#include "journal/transfer.h"

/* A year at the highest rate; and the years 1970 to 9999 in ms. */
#define FRAMES_MAX "6071500800000"
#define TIME_SPAN  "0 AND 253402300799999"

static int damaged(struct aur_error *err, const char *path, const char *what)
{
    return aur_error_set(err, AUR_EINVAL, "%s: damaged: %s", path, what);
}

static int open_memory(sqlite3 **out, const void *data, size_t len, const char *path, struct aur_error *err)
{
    int code = sqlite3_open_v2(":memory:", out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    unsigned char *copy = code == SQLITE_OK ? sqlite3_malloc64(len ? len : 1) : NULL;
    if (!copy)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", path);
    memcpy(copy, data, len);
    sqlite3_db_config(*out, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(*out, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(*out, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_exec(*out, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA query_only=ON", NULL, NULL, NULL);
    code = sqlite3_deserialize(*out, "main", copy, (sqlite3_int64)len, (sqlite3_int64)len,
                               SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    return code == SQLITE_OK ? AUR_OK : damaged(err, path, "it is no database");
}

/* No row but "ok", or no row at all. */
static int check_pragma(sqlite3 *db, const char *sql, const char *path, struct aur_error *err)
{
    sqlite3_stmt *rows = NULL;
    char what[128] = "";
    int code = sqlite3_prepare_v2(db, sql, -1, &rows, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(rows);
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(rows, 0);
        if (!text || strcmp(text, "ok") != 0)
            strncpy(what, text ? text : "it does not add up", sizeof what - 1);
    } else if (code != SQLITE_DONE) {
        strncpy(what, sqlite3_errmsg(db), sizeof what - 1);
    }
    sqlite3_finalize(rows);
    return *what ? damaged(err, path, what) : AUR_OK;
}

/* ---- what SQLite does not know about ---- */

static size_t sequence(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return s[0] ? 1 : 0;
    const size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    const bool too_long = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    const bool not_a_character = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90);
    return too_long || not_a_character ? 0 : n;
}

/* UTF-8 without NUL. */
static bool is_text(const unsigned char *bytes, size_t len)
{
    for (size_t i = 0, n; i < len; i += n)
        if ((n = sequence(bytes + i, len - i)) == 0)
            return false;
    return true;
}

static const struct {
    const char *sql; /* (bytes[, hash]): texts, and the hash that they should have, 0: any */
    bool hashed, utf8;
} texts[] = {
    {"SELECT text, hash FROM texts", true, false}, /* scripts may hold any bytes; the compiler of Lua judges them */
    {"SELECT c.text FROM texts c WHERE key IN (SELECT controls FROM phrases UNION SELECT state_before FROM phrases "
     "UNION SELECT state_after FROM phrases)",
     false, false},
    {"SELECT hash FROM pieces UNION ALL SELECT name FROM pieces UNION ALL SELECT name FROM piece_files UNION ALL "
     "SELECT file FROM piece_waves UNION ALL SELECT kind FROM events UNION ALL SELECT detail FROM events",
     false, true},
    {"SELECT id FROM sessions UNION ALL SELECT channel FROM sessions UNION ALL SELECT title FROM sessions UNION ALL "
     "SELECT "
     "name FROM sessions UNION ALL SELECT device FROM sessions UNION ALL SELECT engine FROM sessions UNION ALL SELECT "
     "settings FROM sessions UNION ALL SELECT resumed_from FROM sessions UNION ALL SELECT broken_why FROM sessions",
     false, true},
};

static bool text_is_fine(sqlite3_stmt *row, size_t which)
{
    const void *bytes = sqlite3_column_blob(row, 0);
    const size_t len = (size_t)sqlite3_column_bytes(row, 0);
    if (texts[which].hashed)
        return sqlite3_column_int64(row, 1) == 0 ||
               aur_hash64(bytes ? bytes : "", len, AUR_HASH_START) == (uint64_t)sqlite3_column_int64(row, 1);
    if (!bytes)
        return true;
    return texts[which].utf8 ? is_text(bytes, len) : !memchr(bytes, 0, len);
}

static int check_texts(sqlite3 *db, size_t which, const char *path, struct aur_error *err)
{
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(db, texts[which].sql, -1, &rows, NULL);
    bool fine = true;
    while (code == SQLITE_OK && fine && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        fine = text_is_fine(rows, which);
        code = SQLITE_OK;
    }
    sqlite3_finalize(rows);
    if (!fine)
        return damaged(err, path, texts[which].hashed ? "a text does not have its hash" : "a text is none");
    return code == SQLITE_DONE ? AUR_OK : damaged(err, path, sqlite3_errmsg(db));
}

/* Each counts what must not be there. */
static const struct rule {
    const char *sql, *what;
} rules[] = {
    {"SELECT count(*) <> 1 FROM sessions", "it does not hold one session"},
    {"SELECT count(*) FROM sessions WHERE length(id) <> 16 OR id GLOB '*[^0-9a-z]*' OR ended_at IS NULL",
     "its session is not one"},
    {"SELECT count(*) FROM sessions WHERE length(channel) > 64 OR length(title) > 1000 OR length(name) > 1000 OR "
     "length(device) > 1000 OR length(engine) > 100 OR length(resumed_from) > 16 OR length(broken_why) > 1000 OR NOT "
     "json_valid(settings)",
     "its session is not one"},
    {"SELECT count(*) FROM sessions WHERE imported_at IS NOT NULL OR frames > " FRAMES_MAX " OR broken_at > " FRAMES_MAX
     " OR started_at NOT BETWEEN " TIME_SPAN " OR ended_at NOT BETWEEN " TIME_SPAN,
     "its session is not one"},
    {"SELECT count(*) FROM phrases WHERE start_frame > " FRAMES_MAX " OR length_frames > " FRAMES_MAX,
     "a phrase is longer than a session, or after its end"},
    {"SELECT count(*) FROM facts WHERE frame > " FRAMES_MAX " OR (type = 3 AND number NOT BETWEEN 0 AND 1000000)",
     "a fact is after the end of any session"},
    {"SELECT count(*) FROM events WHERE frame > " FRAMES_MAX, "an event is after the end of any session"},
    {"SELECT count(*) FROM events WHERE length(kind) > 64 OR NOT json_valid(detail)", "an event is none"},
    {"SELECT count(*) FROM pieces WHERE length(hash) <> 16 OR hash GLOB '*[^0-9a-f]*'", "a piece has no hash"},
    {"SELECT count(*) FROM pieces WHERE key NOT IN (SELECT piece FROM piece_files)", "a piece has no script"},
    {"SELECT count(*) FROM waves WHERE length(frames) % (4 * cycles) OR length(frames) = 0",
     "a wavetable is incomplete"},
    {"SELECT (SELECT count(*) FROM keyframes) + (SELECT count(*) FROM takes) + (SELECT count(*) FROM presets)",
     "it holds more than a session"},
};

/* The same of what a file does without: texts of pieces, each once, under names that can be told. */
static const struct rule lean_rules[] = {
    {"SELECT count(*) > 1000 OR count(*) <> count(DISTINCT text) OR count(*) <> count(DISTINCT sha256) FROM left_out",
     "a text is left out twice"},
    {"SELECT count(*) FROM left_out l JOIN texts t ON t.key = l.text WHERE length(t.text) > 0",
     "a text is there and left out"},
    {"SELECT count(*) FROM left_out WHERE text NOT IN (SELECT text FROM piece_files) OR text IN (SELECT controls FROM "
     "phrases UNION SELECT state_before FROM phrases WHERE state_before NOT NULL UNION SELECT state_after FROM phrases "
     "WHERE state_after NOT NULL)",
     "what is left out is no script"},
    {"SELECT count(*) FROM left_out WHERE length(name) NOT BETWEEN 1 AND 64 OR name GLOB '*[^A-Za-z0-9_./-]*' OR "
     "length(engine) NOT BETWEEN 1 AND 32 OR engine GLOB '*[^A-Za-z0-9_.+~-]*'",
     "what is left out has no name"},
};

static int check_rules(sqlite3 *db, const struct rule *list, size_t n, const char *path, struct aur_error *err)
{
    for (size_t i = 0; i < n; i++) {
        int code;
        if (aur_sql_number(db, list[i].sql, &code) != 0 || code != SQLITE_OK)
            return damaged(err, path, list[i].what);
    }
    return AUR_OK;
}

/* What the file does without, put back. */
static int fill(sqlite3 *db, const char *own, const char *path, struct aur_error *err)
{
    if (aur_sql_number(db, "PRAGMA user_version", NULL) < AUR_SCHEMA_LEAN)
        return AUR_OK;
    int rc = check_rules(db, lean_rules, sizeof lean_rules / sizeof *lean_rules, path, err);
    if (rc < 0)
        return rc;
    sqlite3_exec(db, "PRAGMA query_only=OFF", NULL, NULL, NULL);
    rc = aur_lean_fill(db, own, path, err);
    sqlite3_exec(db, "PRAGMA query_only=ON", NULL, NULL, NULL);
    return rc;
}

/* ---- pieces ---- */

static bool wave_is_fine(sqlite3_stmt *row)
{
    const size_t len = (size_t)sqlite3_column_bytes(row, 3);
    const float *frames = sqlite3_column_blob(row, 3);
    return aur_hash_cycles(frames, len / sizeof *frames, (uint32_t)sqlite3_column_int64(row, 1),
                           (uint32_t)sqlite3_column_int64(row, 2)) == (uint64_t)sqlite3_column_int64(row, 0);
}

static int check_waves(sqlite3 *db, const char *path, struct aur_error *err)
{
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(db, "SELECT hash, cycles, partials, frames FROM waves", -1, &rows, NULL);
    bool fine = true;
    while (code == SQLITE_OK && fine && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        fine = wave_is_fine(rows);
        code = SQLITE_OK;
    }
    sqlite3_finalize(rows);
    if (!fine)
        return damaged(err, path, "a wavetable does not have its hash");
    return code == SQLITE_DONE ? AUR_OK : damaged(err, path, sqlite3_errmsg(db));
}

#define MEMBERS                                                                                                        \
    "SELECT 0, f.place, f.name, t.text FROM piece_files f JOIN texts t ON t.key = f.text WHERE f.piece = ?1 "          \
    "UNION ALL SELECT 1, p.place, p.file, w.hash FROM piece_waves p JOIN waves w ON w.key = p.wave WHERE p.piece = "   \
    "?1 "                                                                                                              \
    "ORDER BY 1, 2"

/* The hash of a member: of a text, counted; of a wavetable, as it was looked at before. */
static uint64_t hash_of(sqlite3_stmt *member)
{
    if (sqlite3_column_int(member, 0) == 1)
        return (uint64_t)sqlite3_column_int64(member, 3);
    const void *text = sqlite3_column_blob(member, 3);
    return aur_hash64(text ? text : "", (size_t)sqlite3_column_bytes(member, 3), AUR_HASH_START);
}

/* Whether what this piece is made of comes to its hash. */
static bool piece_is_fine(sqlite3_stmt *piece, sqlite3_stmt *members)
{
    char hash[AUR_JOURNAL_HASH];
    uint64_t sum = aur_hash_named((const char *)sqlite3_column_text(piece, 2), 0, AUR_HASH_START);
    sqlite3_reset(members);
    int code = sqlite3_bind_int64(members, 1, sqlite3_column_int64(piece, 0));
    while (code == SQLITE_OK && (code = sqlite3_step(members)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(members, 2);
        sum = aur_hash_named(name ? name : "", hash_of(members), sum);
        code = SQLITE_OK;
    }
    snprintf(hash, sizeof hash, "%016" PRIx64, sum);
    return code == SQLITE_DONE && strcmp((const char *)sqlite3_column_text(piece, 1), hash) == 0;
}

static int check_pieces(sqlite3 *db, const char *path, struct aur_error *err)
{
    sqlite3_stmt *pieces = NULL, *members = NULL;
    bool fine = true;
    int code = sqlite3_prepare_v2(db, "SELECT key, hash, name FROM pieces", -1, &pieces, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db, MEMBERS, -1, &members, NULL);
    while (code == SQLITE_OK && fine && (code = sqlite3_step(pieces)) == SQLITE_ROW) {
        fine = piece_is_fine(pieces, members);
        code = SQLITE_OK;
    }
    sqlite3_finalize(members);
    sqlite3_finalize(pieces);
    if (!fine)
        return damaged(err, path, "a piece does not have its hash");
    return code == SQLITE_DONE ? AUR_OK : damaged(err, path, sqlite3_errmsg(db));
}

int aur_inspect_open(sqlite3 **out, const void *data, size_t len, const char *own, const char *path,
                     struct aur_error *err)
{
    int rc = open_memory(out, data, len, path, err);
    if (rc == AUR_OK)
        rc = aur_schema_same(*out, path, err);
    if (rc == AUR_OK)
        rc = check_pragma(*out, "PRAGMA integrity_check(1)", path, err);
    if (rc == AUR_OK)
        rc = check_pragma(*out, "PRAGMA foreign_key_check", path, err);
    if (rc == AUR_OK)
        rc = check_rules(*out, rules, sizeof rules / sizeof *rules, path, err);
    if (rc == AUR_OK)
        rc = fill(*out, own, path, err);
    for (size_t i = 0; rc == AUR_OK && i < sizeof texts / sizeof *texts; i++)
        rc = check_texts(*out, i, path, err);
    if (rc == AUR_OK)
        rc = check_waves(*out, path, err);
    if (rc == AUR_OK)
        rc = check_pieces(*out, path, err);
    return rc == AUR_EIO ? damaged(err, path, "it cannot be read") : rc;
}
