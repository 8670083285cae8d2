/* The tables. Texts (scripts, states, controls) and wavetables are stored once, whatever refers to them: they are found by
 * hash and compared, so that two texts of one hash are two rows. A phrase is a row of numbers. Tables are STRICT and checked,
 * so that SQLite's own check of integrity finds what does not belong into an imported file. Any thread but a render worker. */
#include "journal/schema.h"

#include <stdio.h>
#include <string.h>

#define APPLICATION_ID 0x4155524a /* "AURJ" */

static const char tables_1[] =
    "CREATE TABLE texts(key INTEGER PRIMARY KEY, hash INTEGER NOT NULL, text BLOB NOT NULL) STRICT;"
    "CREATE INDEX texts_by_hash ON texts(hash);"
    "CREATE TABLE waves(key INTEGER PRIMARY KEY, hash INTEGER NOT NULL, cycles INTEGER NOT NULL CHECK(cycles > 0), "
    "partials INTEGER NOT NULL CHECK(partials >= 0), frames BLOB NOT NULL) STRICT;"
    "CREATE INDEX waves_by_hash ON waves(hash);"
    "CREATE TABLE pieces(key INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL) STRICT;"
    "CREATE TABLE piece_files(piece INTEGER NOT NULL REFERENCES pieces ON DELETE CASCADE, place INTEGER NOT NULL, "
    "name TEXT NOT NULL, text INTEGER NOT NULL REFERENCES texts, PRIMARY KEY(piece, place)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE piece_waves(piece INTEGER NOT NULL REFERENCES pieces ON DELETE CASCADE, place INTEGER NOT NULL, "
    "file TEXT NOT NULL, wave INTEGER NOT NULL REFERENCES waves, PRIMARY KEY(piece, place)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE sessions(key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, title TEXT NOT "
    "NULL, "
    "name TEXT NOT NULL DEFAULT '', unlisted INTEGER NOT NULL, seed INTEGER NOT NULL, "
    "rate_hz INTEGER NOT NULL CHECK(rate_hz BETWEEN 1 AND 1000000), chunk_frames INTEGER NOT NULL "
    "CHECK(chunk_frames BETWEEN 0 AND 1000000), max_voices INTEGER NOT NULL CHECK(max_voices BETWEEN 0 AND 1000000), "
    "effects INTEGER NOT NULL, device TEXT NOT NULL, engine TEXT NOT NULL, sound_revision INTEGER NOT NULL "
    "CHECK(sound_revision BETWEEN 0 AND 1000000), settings TEXT NOT NULL, resumed_from TEXT NOT NULL, "
    "started_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, ended_at INTEGER, "
    "frames INTEGER NOT NULL DEFAULT 0 CHECK(frames >= 0), broken_at INTEGER CHECK(broken_at >= 0), "
    "broken_why TEXT NOT NULL DEFAULT '', imported_at INTEGER) STRICT;"
    "CREATE TABLE session_pieces(session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE, piece INTEGER NOT "
    "NULL "
    "REFERENCES pieces, PRIMARY KEY(session, piece)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE phrases(session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE, number INTEGER NOT NULL "
    "CHECK(number >= 0), ordinal INTEGER NOT NULL CHECK(ordinal >= 0), seed INTEGER NOT NULL, start_frame INTEGER NOT "
    "NULL "
    "CHECK(start_frame >= 0), length_frames INTEGER NOT NULL CHECK(length_frames >= 0), kind INTEGER NOT NULL "
    "CHECK(kind BETWEEN 0 AND 1), repeats INTEGER NOT NULL CHECK(repeats >= 0), branch INTEGER NOT NULL "
    "CHECK(branch BETWEEN 0 AND 4294967295), piece INTEGER NOT NULL REFERENCES pieces, controls INTEGER NOT NULL "
    "REFERENCES "
    "texts, state_before INTEGER REFERENCES texts, state_after INTEGER REFERENCES texts, notes_hash INTEGER NOT NULL, "
    "PRIMARY KEY(session, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE facts(session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE, type INTEGER NOT NULL "
    "CHECK(type BETWEEN 0 AND 4), frame INTEGER NOT NULL CHECK(frame >= 0), number INTEGER NOT NULL, hash INTEGER NOT "
    "NULL, "
    "level REAL NOT NULL, brightness REAL NOT NULL, intensity REAL NOT NULL, PRIMARY KEY(session, type, frame, "
    "number)) "
    "STRICT, WITHOUT ROWID;"
    "CREATE TABLE events(key INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE, "
    "frame INTEGER NOT NULL CHECK(frame >= 0), at INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL) STRICT;"
    "CREATE INDEX events_by_frame ON events(session, frame);"
    "CREATE TABLE keyframes(session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE, frame INTEGER NOT NULL "
    "CHECK(frame >= 0), layout INTEGER NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL, "
    "PRIMARY KEY(session, frame)) STRICT;"
    "CREATE TABLE takes(id TEXT NOT NULL PRIMARY KEY, session INTEGER NOT NULL REFERENCES sessions, name TEXT NOT "
    "NULL, "
    "channel TEXT NOT NULL, from_frame INTEGER NOT NULL, to_frame INTEGER NOT NULL, rate_hz INTEGER NOT NULL, "
    "kept_at INTEGER NOT NULL, state TEXT NOT NULL, error TEXT NOT NULL, wanted TEXT NOT NULL) STRICT;"
    "CREATE TABLE presets(name TEXT NOT NULL PRIMARY KEY, json TEXT NOT NULL) STRICT;";

/* For a database of many sessions: the newest first, and what still needs a text, a wavetable, a piece, a session. */
static const char indexes_1[] = "CREATE INDEX sessions_by_start ON sessions(started_at);"
                                "CREATE INDEX phrases_by_piece ON phrases(piece);"
                                "CREATE INDEX phrases_by_controls ON phrases(controls);"
                                "CREATE INDEX phrases_by_state_before ON phrases(state_before);"
                                "CREATE INDEX phrases_by_state_after ON phrases(state_after);"
                                "CREATE INDEX files_by_text ON piece_files(text);"
                                "CREATE INDEX waves_by_wave ON piece_waves(wave);"
                                "CREATE INDEX session_pieces_by_piece ON session_pieces(piece);"
                                "CREATE INDEX takes_by_session ON takes(session);";

/* Pictures of sessions (journal/overview.h). */
static const char tables_2[] =
    "CREATE TABLE overviews(session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE, minute INTEGER NOT NULL "
    "CHECK(minute BETWEEN 0 AND 1000000), seconds TEXT NOT NULL CHECK(length(CAST(seconds AS BLOB)) BETWEEN 1 AND 60 "
    "AND seconds NOT GLOB '*[^0-m]*'), PRIMARY KEY(session, minute)) STRICT, WITHOUT ROWID;";

/* Texts that a file does without (journal/lean.h). */
static const char files_2[] = "CREATE TABLE left_out(name TEXT NOT NULL PRIMARY KEY, text INTEGER NOT NULL REFERENCES "
                              "texts, sha256 BLOB NOT NULL "
                              "CHECK(length(sha256) = 32), engine TEXT NOT NULL) STRICT, WITHOUT ROWID;";

static const struct step {
    const char *tables, *indexes, *files; /* for both, for a database, for a file of one session */
} steps[AUR_SCHEMA_VERSION] = {{tables_1, indexes_1, ""}, {tables_2, "", files_2}};

long long aur_sql_number(sqlite3 *db, const char *sql, int *rc)
{
    sqlite3_stmt *statement = NULL;
    long long number = 0;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            number = sqlite3_column_int64(statement, 0);
        code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
    }
    sqlite3_finalize(statement);
    if (rc)
        *rc = code;
    return number;
}

static int foreign(struct aur_error *err, const char *path)
{
    return aur_error_set(err, AUR_EINVAL, "%s: this is no journal of Auralis", path);
}

/* *version: 0 for an empty database. */
static int read_version(sqlite3 *db, const char *path, long long *version, struct aur_error *err)
{
    int rc;
    *version = aur_sql_number(db, "PRAGMA user_version", &rc);
    if (rc == SQLITE_NOTADB)
        return foreign(err, path);
    if (rc != SQLITE_OK)
        return aur_error_set(err, AUR_EIO, "%s: %s", path, sqlite3_errmsg(db));
    long long id = aur_sql_number(db, "PRAGMA application_id", NULL);
    long long objects = aur_sql_number(db, "SELECT count(*) FROM sqlite_schema", &rc);
    if (rc != SQLITE_OK)
        return aur_error_set(err, rc == SQLITE_CORRUPT ? AUR_EINVAL : AUR_EIO, "%s: %s", path, sqlite3_errmsg(db));
    if (id != APPLICATION_ID && (id || *version || objects))
        return foreign(err, path);
    if (*version < 0 || *version > AUR_SCHEMA_VERSION)
        return aur_error_set(err, AUR_EINVAL,
                             "%s: written by a later version of Auralis (tables %lld, this one knows %d)", path,
                             *version, AUR_SCHEMA_VERSION);
    return AUR_OK;
}

int aur_schema_check(sqlite3 *db, const char *path, struct aur_error *err)
{
    long long version;
    int rc = read_version(db, path, &version, err);
    if (rc == AUR_OK && version == 0)
        rc = foreign(err, path);
    return rc;
}

/* From one version to a later one. */
static int make_from(sqlite3 *db, long long version, long long to, bool exported)
{
    char sql[96];
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (; rc == SQLITE_OK && version < to; version++) {
        rc = sqlite3_exec(db, steps[version].tables, NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_exec(db, exported ? steps[version].files : steps[version].indexes, NULL, NULL, NULL);
    }
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%lld; COMMIT", APPLICATION_ID, to);
    return rc == SQLITE_OK ? sqlite3_exec(db, sql, NULL, NULL, NULL) : rc;
}

int aur_schema_make(sqlite3 *db, const char *path, bool exported, struct aur_error *err)
{
    long long version;
    int rc = read_version(db, path, &version, err);
    if (rc < 0 || version == AUR_SCHEMA_VERSION)
        return rc;
    if (make_from(db, version, AUR_SCHEMA_VERSION, exported) == SQLITE_OK)
        return AUR_OK;
    rc = aur_error_set(err, AUR_EIO, "%s: %s", path, sqlite3_errmsg(db));
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

/* ---- the tables of an exported file ---- */

#define OBJECTS "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema ORDER BY type, name"

static bool same_row(sqlite3_stmt *a, sqlite3_stmt *b)
{
    for (int i = 0; i < 4; i++) {
        const char *left = (const char *)sqlite3_column_text(a, i), *right = (const char *)sqlite3_column_text(b, i);
        if (!left || !right || strcmp(left, right) != 0)
            return false;
    }
    return true;
}

static bool same_objects(sqlite3 *a, sqlite3 *b)
{
    sqlite3_stmt *left = NULL, *right = NULL;
    bool same = sqlite3_prepare_v2(a, OBJECTS, -1, &left, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(b, OBJECTS, -1, &right, NULL) == SQLITE_OK;
    int l = SQLITE_ROW, r = SQLITE_ROW;
    while (same && l == SQLITE_ROW) {
        l = sqlite3_step(left);
        r = sqlite3_step(right);
        same = l == r && (l == SQLITE_DONE || (l == SQLITE_ROW && same_row(left, right)));
    }
    sqlite3_finalize(left);
    sqlite3_finalize(right);
    return same;
}

int aur_schema_same(sqlite3 *db, const char *path, struct aur_error *err)
{
    sqlite3 *fresh = NULL;
    int rc = aur_schema_check(db, path, err);
    if (rc < 0)
        return rc;
    const long long version = aur_sql_number(db, "PRAGMA user_version", NULL);
    if (sqlite3_open(":memory:", &fresh) != SQLITE_OK || make_from(fresh, 0, version, true) != SQLITE_OK)
        rc = aur_error_set(err, AUR_ENOMEM, "%s: out of memory", path);
    else if (!same_objects(db, fresh))
        rc = aur_error_set(err, AUR_EINVAL, "%s: damaged: its tables are not those of a session file", path);
    sqlite3_close(fresh);
    return rc;
}
