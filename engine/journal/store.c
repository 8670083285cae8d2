/* Statements are prepared when they are first used and kept. Text and wavetables are looked up by hash and compared by the
 * database, so that a second copy costs a search. On the thread that owns the store: the writer, or whoever exports. */
#include "journal/store.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "journal/statements.h"

_Static_assert(N_STATEMENTS <= AUR_STORE_STATEMENTS, "room for every statement");

/* ---- values and statements ---- */

struct value {
    enum { NUMBER, REAL, TEXT, BLOB, NOTHING } type;
    int64_t number;
    double real;
    const void *data;
    size_t len;
};

static struct value num(uint64_t number)
{
    return (struct value){.type = NUMBER, .number = (int64_t)number};
}

static struct value text(const char *text)
{
    return (struct value){.type = TEXT, .data = text ? text : "", .len = text ? strlen(text) : 0};
}

static struct value real(double real)
{
    return (struct value){.type = REAL, .real = real};
}

static struct value blob(const void *data, size_t len)
{
    return (struct value){.type = BLOB, .data = data ? data : "", .len = data ? len : 0};
}

static struct value key_or_null(int64_t key)
{
    return key ? num((uint64_t)key) : (struct value){.type = NOTHING};
}

void aur_store_init(struct aur_store *store, sqlite3 *db)
{
    memset(store, 0, sizeof *store);
    store->db = db;
}

void aur_store_deinit(struct aur_store *store)
{
    for (int i = 0; i < N_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    memset(store, 0, sizeof *store);
}

/* SQLite's codes as ours. */
static int judge(struct aur_store *store, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return AUR_OK;
    snprintf(store->why, sizeof store->why, "%s", sqlite3_errmsg(store->db));
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
        return AUR_EINVAL;
    case SQLITE_NOMEM:
        return AUR_ENOMEM;
    default:
        return AUR_EIO;
    }
}

static int bind(sqlite3_stmt *statement, int at, const struct value *value)
{
    switch (value->type) {
    case NUMBER:
        return sqlite3_bind_int64(statement, at, value->number);
    case REAL:
        return sqlite3_bind_double(statement, at, value->real);
    case TEXT:
        return sqlite3_bind_text64(statement, at, value->data, value->len, SQLITE_STATIC, SQLITE_UTF8);
    case BLOB:
        return sqlite3_bind_blob64(statement, at, value->data, value->len, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(statement, at);
    }
}

/* Runs a statement; *out gets its first number, or 0 (NULL: not wanted). */
static int run(struct aur_store *store, enum aur_statement which, int64_t *out, const struct value *values, int n)
{
    sqlite3_stmt **slot = &store->statements[which];
    int code = SQLITE_OK;
    if (!*slot)
        code = sqlite3_prepare_v3(store->db, aur_statements[which], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
    for (int i = 0; code == SQLITE_OK && i < n; i++)
        code = bind(*slot, i + 1, &values[i]);
    if (code == SQLITE_OK)
        code = sqlite3_step(*slot);
    if (out)
        *out = code == SQLITE_ROW ? sqlite3_column_int64(*slot, 0) : 0;
    int rc = judge(store, code);
    if (*slot) {
        sqlite3_reset(*slot);
        sqlite3_clear_bindings(*slot);
    }
    return rc;
}

#define RUN(store, which, out, ...)                                                                                    \
    run(store, which, out, (const struct value[]){__VA_ARGS__},                                                        \
        (int)(sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value)))

int aur_store_exec(struct aur_store *store, const char *sql)
{
    return judge(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

void aur_store_rollback(struct aur_store *store)
{
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

int aur_store_next_key(struct aur_store *store, int64_t *key)
{
    return run(store, NEXT_KEY, key, NULL, 0);
}

int aur_store_find(struct aur_store *store, int64_t *key, const char *id)
{
    int rc = RUN(store, FIND_SESSION, key, text(id));
    return rc == AUR_OK && *key == 0 ? AUR_ENOTFOUND : rc;
}

/* ---- what is stored once ---- */

static int put_text(struct aur_store *store, int64_t *key, const void *data, size_t len)
{
    const uint64_t hash = aur_hash64(data, len, AUR_HASH_START);
    int rc = RUN(store, FIND_TEXT, key, num(hash), blob(data, len));
    if (rc < 0 || *key)
        return rc;
    rc = RUN(store, PUT_TEXT, NULL, num(hash), blob(data, len));
    *key = sqlite3_last_insert_rowid(store->db);
    return rc;
}

static int put_wave(struct aur_store *store, int64_t *key, const struct aur_bundle_table *table)
{
    const struct value values[] = {num(table->hash), num(table->cycles), num(table->partials),
                                   blob(table->frames, table->n_floats * sizeof *table->frames)};
    int rc = run(store, FIND_WAVE, key, values, 4);
    if (rc < 0 || *key)
        return rc;
    rc = run(store, PUT_WAVE, NULL, values, 4);
    *key = sqlite3_last_insert_rowid(store->db);
    return rc;
}

/* Puts one member of a piece in its place, or, if the piece is there already, looks whether it is the same. */
static int put_member(struct aur_store *store, bool is_new, enum aur_statement put, enum aur_statement find,
                      const struct value values[4])
{
    int64_t same = 0;
    int rc = run(store, is_new ? put : find, is_new ? NULL : &same, values, 4);
    if (rc == AUR_OK && !is_new && !same) {
        snprintf(store->why, sizeof store->why, "another piece has the same hash");
        rc = AUR_EINVAL;
    }
    return rc;
}

static int put_piece(struct aur_store *store, int64_t key, const struct aur_bundle *bundle)
{
    int64_t piece, member;
    int rc = RUN(store, FIND_PIECE, &piece, text(bundle->hash));
    const bool is_new = rc == AUR_OK && !piece;
    if (is_new) {
        rc = RUN(store, PUT_PIECE, NULL, text(bundle->hash), text(bundle->name));
        piece = sqlite3_last_insert_rowid(store->db);
    }
    for (size_t i = 0; rc == AUR_OK && i < bundle->n_files; i++) {
        const struct aur_bundle_file *file = &bundle->files[i];
        rc = put_text(store, &member, file->text, file->len);
        const struct value values[4] = {num((uint64_t)piece), num(i), text(file->name), num((uint64_t)member)};
        rc = rc == AUR_OK ? put_member(store, is_new, PUT_FILE, DIFFERENT_FILES, values) : rc;
    }
    for (size_t i = 0; rc == AUR_OK && i < bundle->n_tables; i++) {
        rc = put_wave(store, &member, &bundle->tables[i]);
        const struct value values[4] = {num((uint64_t)piece), num(i), text(bundle->tables[i].file),
                                        num((uint64_t)member)};
        rc = rc == AUR_OK ? put_member(store, is_new, PUT_PIECE_WAVE, DIFFERENT_WAVES, values) : rc;
    }
    return rc == AUR_OK ? RUN(store, USE_PIECE, NULL, num((uint64_t)key), num((uint64_t)piece)) : rc;
}

int aur_store_piece(struct aur_store *store, int64_t key, const struct aur_bundle *bundle)
{
    int rc = aur_store_exec(store, "SAVEPOINT piece");
    if (rc < 0)
        return rc;
    rc = put_piece(store, key, bundle);
    if (rc == AUR_EINVAL && sqlite3_exec(store->db, "ROLLBACK TO piece", NULL, NULL, NULL) != SQLITE_OK)
        return AUR_EIO;
    int end = aur_store_exec(store, "RELEASE piece");
    return rc < 0 ? rc : end;
}

/* ---- a session ---- */

int aur_store_session(struct aur_store *store, int64_t key, const char *id, const struct aur_session_head *head)
{
    return RUN(store, PUT_SESSION, NULL, num((uint64_t)key), text(id), text(head->channel), text(head->title),
               num(head->unlisted), num(head->seed), num(head->rate_hz), num(head->chunk_frames), num(head->max_voices),
               num(head->effects), text(head->device), text(head->engine), num(head->sound_revision),
               text(head->settings), text(head->resumed_from), num((uint64_t)head->started_at));
}

static int put_optional(struct aur_store *store, int64_t *key, const char *text)
{
    *key = 0;
    return text ? put_text(store, key, text, strlen(text)) : AUR_OK;
}

int aur_store_phrase(struct aur_store *store, int64_t key, const struct aur_recorded_phrase *phrase)
{
    int64_t piece, controls, before, after;
    int rc = RUN(store, FIND_SESSION_PIECE, &piece, num((uint64_t)key), text(phrase->piece));
    if (rc == AUR_OK && !piece) {
        snprintf(store->why, sizeof store->why, "the piece of phrase %llu is not recorded",
                 (unsigned long long)phrase->number);
        return AUR_EINVAL;
    }
    if (rc == AUR_OK)
        rc = put_optional(store, &controls, phrase->controls ? phrase->controls : "");
    if (rc == AUR_OK)
        rc = put_optional(store, &before, phrase->state_before);
    if (rc == AUR_OK)
        rc = put_optional(store, &after, phrase->state_after);
    return rc < 0 ? rc
                  : RUN(store, PUT_PHRASE, NULL, num((uint64_t)key), num(phrase->number), num(phrase->ordinal),
                        num(phrase->seed), num(phrase->start_frame), num(phrase->length_frames), num(phrase->kind),
                        num(phrase->repeats), num(phrase->branch), num((uint64_t)piece), num((uint64_t)controls),
                        key_or_null(before), key_or_null(after), num(phrase->notes_hash));
}

int aur_store_fact(struct aur_store *store, int64_t key, const struct aur_fact *fact)
{
    return RUN(store, PUT_FACT, NULL, num((uint64_t)key), num(fact->type), num(fact->frame), num(fact->number),
               num(fact->hash), real((double)fact->level), real((double)fact->brightness),
               real((double)fact->intensity));
}

int aur_store_overview(struct aur_store *store, int64_t key, const struct aur_overview *overview)
{
    return RUN(store, PUT_OVERVIEW, NULL, num((uint64_t)key), num(overview->minute), text(overview->seconds));
}

int aur_store_event(struct aur_store *store, int64_t key, uint64_t frame, int64_t at_ms, const char *kind,
                    const char *detail)
{
    return RUN(store, PUT_EVENT, NULL, num((uint64_t)key), num(frame), num((uint64_t)at_ms), text(kind), text(detail));
}

int aur_store_keyframe(struct aur_store *store, int64_t key, const struct aur_keyframe_head *head, const void *bytes,
                       size_t len, size_t size)
{
    return RUN(store, PUT_KEYFRAME, NULL, num((uint64_t)key), num(head->frame), num(head->layout), num(head->number),
               num(size), blob(bytes, len));
}

int aur_store_progress(struct aur_store *store, int64_t key, uint64_t frames, int64_t at_ms)
{
    return RUN(store, PROGRESS, NULL, num((uint64_t)key), num(frames), num((uint64_t)at_ms));
}

int aur_store_broken(struct aur_store *store, int64_t key, uint64_t frame, const char *why)
{
    return RUN(store, BROKEN, NULL, num((uint64_t)key), num(frame), text(why));
}

int aur_store_end(struct aur_store *store, int64_t key, uint64_t frames, int64_t at_ms)
{
    return RUN(store, END, NULL, num((uint64_t)key), num(frames), num((uint64_t)at_ms));
}

int aur_store_end_all(struct aur_store *store)
{
    return run(store, END_ALL, NULL, NULL, 0);
}

int aur_store_imported(struct aur_store *store, int64_t key, int64_t at_ms)
{
    return RUN(store, IMPORTED, NULL, num((uint64_t)key), num((uint64_t)at_ms));
}

int aur_store_name(struct aur_store *store, int64_t key, const char *name)
{
    return RUN(store, NAME, NULL, num((uint64_t)key), text(name));
}

/* ---- what goes ---- */

int aur_store_oldest(struct aur_store *store, int64_t *key, int64_t before)
{
    return RUN(store, OLDEST, key, num((uint64_t)before));
}

int aur_store_oldest_keyframes(struct aur_store *store, int64_t *key)
{
    return run(store, OLDEST_KEYFRAMES, key, NULL, 0);
}

int aur_store_drop_keyframes(struct aur_store *store, int64_t key)
{
    return RUN(store, DROP_KEYFRAMES, NULL, num((uint64_t)key));
}

int aur_store_drop(struct aur_store *store, int64_t key)
{
    static const char candidates[] =
        "CREATE TEMP TABLE IF NOT EXISTS gone_texts(key INTEGER PRIMARY KEY);"
        "CREATE TEMP TABLE IF NOT EXISTS gone_pieces(key INTEGER PRIMARY KEY);"
        "CREATE TEMP TABLE IF NOT EXISTS gone_waves(key INTEGER PRIMARY KEY);"
        "DELETE FROM gone_texts; DELETE FROM gone_pieces; DELETE FROM gone_waves;"
        "INSERT INTO gone_pieces SELECT piece FROM session_pieces WHERE session = %1$lld;"
        "INSERT INTO gone_texts SELECT controls FROM phrases WHERE session = %1$lld UNION SELECT state_before FROM "
        "phrases "
        "WHERE session = %1$lld AND state_before IS NOT NULL UNION SELECT state_after FROM phrases WHERE session = "
        "%1$lld "
        "AND state_after IS NOT NULL;"
        "DELETE FROM sessions WHERE key = %1$lld;"
        "DELETE FROM gone_pieces WHERE EXISTS(SELECT 1 FROM session_pieces WHERE piece = gone_pieces.key);"
        "INSERT OR IGNORE INTO gone_texts SELECT text FROM piece_files WHERE piece IN (SELECT key FROM gone_pieces);"
        "INSERT OR IGNORE INTO gone_waves SELECT wave FROM piece_waves WHERE piece IN (SELECT key FROM gone_pieces);"
        "DELETE FROM pieces WHERE key IN (SELECT key FROM gone_pieces);"
        "DELETE FROM texts WHERE key IN (SELECT key FROM gone_texts) "
        "AND NOT EXISTS(SELECT 1 FROM phrases WHERE controls = texts.key) "
        "AND NOT EXISTS(SELECT 1 FROM phrases WHERE state_before = texts.key) "
        "AND NOT EXISTS(SELECT 1 FROM phrases WHERE state_after = texts.key) "
        "AND NOT EXISTS(SELECT 1 FROM piece_files WHERE text = texts.key);"
        "DELETE FROM waves WHERE key IN (SELECT key FROM gone_waves) "
        "AND NOT EXISTS(SELECT 1 FROM piece_waves WHERE wave = waves.key);";
    char sql[2560];
    snprintf(sql, sizeof sql, candidates, (long long)key);
    return aur_store_exec(store, sql);
}

/* ---- what people keep ---- */

int aur_store_take(struct aur_store *store, int64_t session_key, const struct aur_take *take)
{
    return RUN(store, PUT_TAKE, NULL, text(take->id), num((uint64_t)session_key), text(take->name), text(take->channel),
               num(take->from_frame), num(take->to_frame), num(take->rate_hz), num((uint64_t)take->kept_at),
               text(take->state), text(take->error), text(take->wanted));
}

static int drop(struct aur_store *store, enum aur_statement which, const char *name)
{
    int rc = RUN(store, which, NULL, text(name));
    return rc == AUR_OK && sqlite3_changes(store->db) == 0 ? AUR_ENOTFOUND : rc;
}

int aur_store_drop_take(struct aur_store *store, const char *id)
{
    return drop(store, DROP_TAKE, id);
}

int aur_store_preset(struct aur_store *store, const char *name, const char *json)
{
    return RUN(store, PUT_PRESET, NULL, text(name), text(json));
}

int aur_store_drop_preset(struct aur_store *store, const char *name)
{
    return drop(store, DROP_PRESET, name);
}
