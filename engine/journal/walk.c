/* Walks over what a session is made of, one row at a time, and the bundle of a piece. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "journal/transfer.h"

#define KEYFRAME_BYTES_MAX ((size_t)1 << 30)

/* ---- rows ---- */

struct walk {
    struct aur_archive *archive;
    sqlite3_stmt *row;
    int code;
};

/* Numbers are bound after the first text. */
static struct walk walk_start(struct aur_archive *archive, const char *sql, const char *text, const uint64_t *numbers,
                              int n_numbers)
{
    struct walk walk = {.archive = archive};
    walk.code = sqlite3_prepare_v2(archive->db, sql, -1, &walk.row, NULL);
    if (walk.code == SQLITE_OK && text)
        walk.code = sqlite3_bind_text(walk.row, 1, text, -1, SQLITE_STATIC);
    for (int i = 0; walk.code == SQLITE_OK && i < n_numbers; i++)
        walk.code =
            sqlite3_bind_int64(walk.row, i + (text ? 2 : 1), numbers[i] > INT64_MAX ? INT64_MAX : (int64_t)numbers[i]);
    return walk;
}

static bool walk_next(struct walk *walk)
{
    if (walk->code == SQLITE_OK || walk->code == SQLITE_ROW)
        walk->code = sqlite3_step(walk->row);
    return walk->code == SQLITE_ROW;
}

/* rc: of the last callback. */
static int walk_end(struct walk *walk, int rc, struct aur_error *err)
{
    if (rc == AUR_OK && walk->code != SQLITE_DONE && walk->code != SQLITE_ROW)
        rc = aur_archive_fail(walk->archive, err);
    sqlite3_finalize(walk->row);
    return rc;
}

static uint64_t number(const struct walk *walk, int column)
{
    return (uint64_t)sqlite3_column_int64(walk->row, column);
}

/* NULL stays NULL. */
static const char *text(const struct walk *walk, int column)
{
    const char *found = (const char *)sqlite3_column_text(walk->row, column);
    return found || sqlite3_column_type(walk->row, column) == SQLITE_NULL ? found : "";
}

static const char *some_text(const struct walk *walk, int column)
{
    const char *found = text(walk, column);
    return found ? found : "";
}

#define SESSION_KEY "(SELECT key FROM sessions WHERE id = ?1)"

/* ---- phrases ---- */

#define PHRASES                                                                                                        \
    "SELECT p.number, p.ordinal, p.seed, p.start_frame, p.length_frames, p.kind, p.repeats, p.branch, pieces.hash, "   \
    "c.text, b.text, a.text, p.notes_hash FROM phrases p JOIN pieces ON pieces.key = p.piece JOIN texts c ON "         \
    "c.key = p.controls LEFT JOIN texts b ON b.key = p.state_before LEFT JOIN texts a ON a.key = p.state_after "       \
    "WHERE p.session = " SESSION_KEY " "

static int walk_phrases(struct walk walk, aur_archive_phrase_fn *fn, void *user)
{
    int rc = AUR_OK;
    while (rc == AUR_OK && walk_next(&walk)) {
        struct aur_recorded_phrase phrase = {
            .number = number(&walk, 0),
            .ordinal = number(&walk, 1),
            .seed = number(&walk, 2),
            .start_frame = number(&walk, 3),
            .length_frames = number(&walk, 4),
            .kind = number(&walk, 5) ? AUR_PHRASE_REPEATED : AUR_PHRASE_COMPOSED,
            .repeats = number(&walk, 6),
            .branch = (uint32_t)number(&walk, 7),
            .piece = some_text(&walk, 8),
            .controls = some_text(&walk, 9),
            .state_before = text(&walk, 10),
            .state_after = text(&walk, 11),
            .notes_hash = number(&walk, 12),
        };
        rc = fn(user, &phrase);
    }
    return walk_end(&walk, rc, NULL);
}

int aur_archive_phrases(struct aur_archive *archive, const char *session, uint64_t from_frame, uint64_t to_frame,
                        aur_archive_phrase_fn *fn, void *user)
{
    const uint64_t span[] = {from_frame, to_frame, AUR_FACT_DROPPED};
    return walk_phrases(walk_start(archive,
                                   PHRASES
                                   "AND p.start_frame >= ?2 AND p.start_frame < ?3 AND NOT EXISTS (SELECT 1 FROM "
                                   "facts WHERE session = p.session AND type = ?4 AND number = p.number) "
                                   "ORDER BY p.number",
                                   session, span, 3),
                        fn, user);
}

int aur_archive_phrase(struct aur_archive *archive, const char *session, uint64_t number, aur_archive_phrase_fn *fn,
                       void *user)
{
    return walk_phrases(walk_start(archive, PHRASES "AND p.number = ?2", session, &number, 1), fn, user);
}

int aur_archive_all_phrases(struct aur_archive *archive, const char *session, aur_archive_phrase_fn *fn, void *user)
{
    return walk_phrases(walk_start(archive, PHRASES "ORDER BY p.number", session, NULL, 0), fn, user);
}

/* ---- facts and events ---- */

int aur_archive_facts(struct aur_archive *archive, const char *session, enum aur_fact_type type, uint64_t from_frame,
                      uint64_t to_frame, aur_archive_fact_fn *fn, void *user)
{
    const uint64_t span[] = {type, from_frame, to_frame};
    struct walk walk =
        walk_start(archive,
                   "SELECT frame, number, hash, level, brightness, intensity FROM facts WHERE session = " SESSION_KEY
                   " AND type = ?2 AND frame >= ?3 AND frame < ?4 ORDER BY frame, number",
                   session, span, 3);
    int rc = AUR_OK;
    while (rc == AUR_OK && walk_next(&walk)) {
        struct aur_fact fact = {
            .type = type,
            .frame = number(&walk, 0),
            .number = number(&walk, 1),
            .hash = number(&walk, 2),
            .level = (float)sqlite3_column_double(walk.row, 3),
            .brightness = (float)sqlite3_column_double(walk.row, 4),
            .intensity = (float)sqlite3_column_double(walk.row, 5),
        };
        rc = fn(user, &fact);
    }
    return walk_end(&walk, rc, NULL);
}

int aur_archive_events(struct aur_archive *archive, const char *session, uint64_t from_frame, uint64_t to_frame,
                       aur_archive_event_fn *fn, void *user)
{
    const uint64_t span[] = {from_frame, to_frame};
    struct walk walk = walk_start(archive,
                                  "SELECT frame, at, kind, detail FROM events WHERE session = " SESSION_KEY
                                  " AND frame >= ?2 AND frame < ?3 ORDER BY frame, key",
                                  session, span, 2);
    int rc = AUR_OK;
    while (rc == AUR_OK && walk_next(&walk))
        rc = fn(user, number(&walk, 0), (int64_t)number(&walk, 1), some_text(&walk, 2), some_text(&walk, 3));
    return walk_end(&walk, rc, NULL);
}

/* ---- pieces ---- */

int aur_archive_pieces(struct aur_archive *archive, const char *session, aur_archive_piece_fn *fn, void *user)
{
    struct walk walk = walk_start(
        archive,
        "SELECT hash FROM pieces JOIN session_pieces ON piece = key WHERE session = " SESSION_KEY " ORDER BY hash",
        session, NULL, 0);
    int rc = AUR_OK;
    while (rc == AUR_OK && walk_next(&walk))
        rc = fn(user, some_text(&walk, 0));
    return walk_end(&walk, rc, NULL);
}

/* Appends a copy of a text or blob to the buffer, aligned for floats; its place. */
static size_t append(struct aur_buf *data, const void *bytes, size_t len)
{
    static const char zeros[16];
    aur_buf_add(data, zeros, -data->len & 15);
    const size_t at = data->len;
    aur_buf_add(data, bytes, len);
    aur_buf_add(data, zeros, 1);
    return at;
}

struct loading {
    struct aur_buf data, files, tables; /* the lists hold places in data for pointers until it moves no more */
};

static void *place(size_t at)
{
    return (void *)(uintptr_t)at;
}

static int load_files(struct loading *loading, struct aur_archive *archive, const char *piece, struct aur_error *err)
{
    struct walk walk =
        walk_start(archive,
                   "SELECT f.name, t.text FROM piece_files f JOIN texts t ON t.key = f.text WHERE f.piece = "
                   "(SELECT key FROM pieces WHERE hash = ?1) ORDER BY f.place",
                   piece, NULL, 0);
    while (walk_next(&walk)) {
        const char *name = some_text(&walk, 0);
        const void *bytes = sqlite3_column_blob(walk.row, 1);
        const size_t len = (size_t)sqlite3_column_bytes(walk.row, 1);
        struct aur_bundle_file file = {.name = place(append(&loading->data, name, strlen(name))),
                                       .text = place(append(&loading->data, bytes, len)),
                                       .len = len};
        aur_buf_add(&loading->files, &file, sizeof file);
    }
    return walk_end(&walk, AUR_OK, err);
}

static int load_tables(struct loading *loading, struct aur_archive *archive, const char *piece, struct aur_error *err)
{
    struct walk walk =
        walk_start(archive,
                   "SELECT p.file, w.hash, w.cycles, w.partials, w.frames FROM piece_waves p JOIN waves w "
                   "ON w.key = p.wave WHERE p.piece = (SELECT key FROM pieces WHERE hash = ?1) ORDER BY "
                   "p.place",
                   piece, NULL, 0);
    while (walk_next(&walk)) {
        const char *name = some_text(&walk, 0);
        const void *bytes = sqlite3_column_blob(walk.row, 4);
        const size_t len = (size_t)sqlite3_column_bytes(walk.row, 4);
        struct aur_bundle_table table = {.file = place(append(&loading->data, name, strlen(name))),
                                         .hash = number(&walk, 1),
                                         .cycles = (uint32_t)number(&walk, 2),
                                         .partials = (uint32_t)number(&walk, 3),
                                         .frames = place(append(&loading->data, bytes, len)),
                                         .n_floats = len / sizeof(float)};
        aur_buf_add(&loading->tables, &table, sizeof table);
    }
    return walk_end(&walk, AUR_OK, err);
}

/* One block: the bundle, its lists, what they point to. */
static struct aur_bundle *assemble(struct loading *l, size_t hash_at, size_t name_at)
{
    const size_t head = (sizeof(struct aur_bundle) + 15) & ~(size_t)15;
    const size_t files = (l->files.len + 15) & ~(size_t)15, tables = (l->tables.len + 15) & ~(size_t)15;
    char *block = malloc(head + files + tables + l->data.len);
    if (!block || l->data.failed || l->files.failed || l->tables.failed) {
        free(block);
        return NULL;
    }
    char *data = block + head + files + tables;
    struct aur_bundle_file *file = (void *)(block + head);
    struct aur_bundle_table *table = (void *)(block + head + files);
    struct aur_bundle *bundle = (void *)block;
    memcpy(data, l->data.data, l->data.len);
    if (l->files.len)
        memcpy(file, l->files.data, l->files.len);
    if (l->tables.len)
        memcpy(table, l->tables.data, l->tables.len);
    *bundle = (struct aur_bundle){.hash = data + hash_at,
                                  .name = data + name_at,
                                  .files = file,
                                  .n_files = l->files.len / sizeof *file,
                                  .tables = table,
                                  .n_tables = l->tables.len / sizeof *table};
    for (size_t i = 0; i < bundle->n_files; i++) {
        file[i].name = data + (uintptr_t)file[i].name;
        file[i].text = data + (uintptr_t)file[i].text;
    }
    for (size_t i = 0; i < bundle->n_tables; i++) {
        table[i].file = data + (uintptr_t)table[i].file;
        table[i].frames = (const float *)(const void *)(data + (uintptr_t)table[i].frames);
    }
    return bundle;
}

int aur_archive_bundle(struct aur_archive *archive, struct aur_bundle **out, const char *piece, struct aur_error *err)
{
    struct loading loading = {0};
    size_t hash_at = append(&loading.data, piece, strlen(piece)), name_at = 0;
    struct walk walk = walk_start(archive, "SELECT name FROM pieces WHERE hash = ?1", piece, NULL, 0);
    const bool found = walk_next(&walk);
    if (found)
        name_at = append(&loading.data, some_text(&walk, 0), strlen(some_text(&walk, 0)));
    int rc = walk_end(&walk, AUR_OK, err);
    *out = NULL;
    if (rc == AUR_OK && !found)
        rc = aur_error_set(err, AUR_ENOTFOUND, "%s: there is no piece %s in it", archive->path, piece);
    if (rc == AUR_OK)
        rc = load_files(&loading, archive, piece, err);
    if (rc == AUR_OK)
        rc = load_tables(&loading, archive, piece, err);
    if (rc == AUR_OK && !(*out = assemble(&loading, hash_at, name_at)))
        rc = aur_error_set(err, AUR_ENOMEM, "%s: out of memory", archive->path);
    aur_buf_deinit(&loading.data);
    aur_buf_deinit(&loading.files);
    aur_buf_deinit(&loading.tables);
    return rc;
}

void aur_bundle_free(struct aur_bundle *bundle)
{
    free(bundle);
}

/* ---- keyframes ---- */

static int unpack_keyframe(void **bytes, size_t *len, const struct walk *walk)
{
    uLongf size = (uLongf)number(walk, 2);
    if (size > KEYFRAME_BYTES_MAX)
        return AUR_EINVAL;
    void *data = malloc(size ? size : 1);
    if (!data)
        return AUR_ENOMEM;
    const size_t expected = size;
    if (uncompress(data, &size, sqlite3_column_blob(walk->row, 3), (uLong)sqlite3_column_bytes(walk->row, 3)) != Z_OK ||
        size != expected) {
        free(data);
        return AUR_EINVAL;
    }
    *bytes = data;
    *len = size;
    return AUR_OK;
}

int aur_archive_keyframe(struct aur_archive *archive, const char *session, uint64_t layout, uint64_t at_or_before,
                         struct aur_keyframe_head *head, void **bytes, size_t *len)
{
    struct walk walk = walk_start(archive,
                                  "SELECT frame, number, size, bytes FROM keyframes WHERE session = " SESSION_KEY
                                  " AND frame <= ?2 AND layout = ?3 ORDER BY frame DESC LIMIT 1",
                                  session, &at_or_before, 1);
    *bytes = NULL;
    *len = 0;
    if (walk.code == SQLITE_OK)
        walk.code = sqlite3_bind_int64(walk.row, 3, (int64_t)layout); /* a hash: all 64 bits */
    int rc = AUR_OK;
    if (walk_next(&walk)) {
        *head = (struct aur_keyframe_head){.frame = number(&walk, 0), .number = number(&walk, 1), .layout = layout};
        rc = unpack_keyframe(bytes, len, &walk);
    } else if (walk.code == SQLITE_DONE) {
        rc = AUR_ENOTFOUND;
    }
    return walk_end(&walk, rc, NULL);
}

/* ---- what people keep ---- */

#define COPY(to, from) snprintf(to, sizeof(to), "%s", from)

int aur_archive_takes(struct aur_archive *archive, aur_archive_take_fn *fn, void *user)
{
    struct walk walk =
        walk_start(archive,
                   "SELECT t.id, s.id, t.name, t.channel, t.from_frame, t.to_frame, t.rate_hz, t.kept_at, "
                   "t.state, t.error, t.wanted FROM takes t JOIN sessions s ON s.key = t.session "
                   "ORDER BY t.kept_at DESC, t.id",
                   NULL, NULL, 0);
    int rc = AUR_OK;
    while (rc == AUR_OK && walk_next(&walk)) {
        struct aur_take take = {.from_frame = number(&walk, 4),
                                .to_frame = number(&walk, 5),
                                .rate_hz = (uint32_t)number(&walk, 6),
                                .kept_at = (int64_t)number(&walk, 7)};
        COPY(take.id, some_text(&walk, 0));
        COPY(take.session, some_text(&walk, 1));
        COPY(take.name, some_text(&walk, 2));
        COPY(take.channel, some_text(&walk, 3));
        COPY(take.state, some_text(&walk, 8));
        COPY(take.error, some_text(&walk, 9));
        COPY(take.wanted, some_text(&walk, 10));
        rc = fn(user, &take);
    }
    return walk_end(&walk, rc, NULL);
}

int aur_archive_presets(struct aur_archive *archive, aur_archive_preset_fn *fn, void *user)
{
    struct walk walk = walk_start(archive, "SELECT name, json FROM presets ORDER BY name", NULL, NULL, 0);
    int rc = AUR_OK;
    while (rc == AUR_OK && walk_next(&walk))
        rc = fn(user, some_text(&walk, 0), some_text(&walk, 1));
    return walk_end(&walk, rc, NULL);
}
