#include "support/unit.h"

#include "sample.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "journal/transfer.h"

#define RATE 48000u

const char *sample_file(const struct sample *s, char out[160], const char *name)
{
    snprintf(out, 160, "%s/%s", s->folder, name);
    return out;
}

void sample_open(struct sample *s, const struct aur_journal_config *config)
{
    struct aur_error err = {0};
    struct aur_journal_config mine = config ? *config : (struct aur_journal_config){0};
    mine.path = s->path;
    if (aur_journal_open(&s->journal, &mine, &err) < 0)
        fail_msg("%s", err.message);
}

void sample_close(struct sample *s)
{
    aur_journal_close(s->journal);
    s->journal = NULL;
}

int sample_set_up(void **state)
{
    struct sample *s = calloc(1, sizeof *s);
    assert_non_null(s);
    snprintf(s->folder, sizeof s->folder, "/tmp/auralis-test-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->path, sizeof s->path, "%s/deep/journal.db", s->folder);
    sample_open(s, NULL);
    *state = s;
    return 0;
}

int sample_tear_down(void **state)
{
    struct sample *s = *state;
    char command[100];
    sample_close(s);
    snprintf(command, sizeof command, "rm -rf %s", s->folder);
    int rc = system(command);
    free(s);
    return rc;
}

struct aur_archive *sample_read(const struct sample *s)
{
    struct aur_archive *archive;
    struct aur_error err = {0};
    if (aur_archive_open(&archive, s->path, &err) < 0)
        fail_msg("%s", err.message);
    return archive;
}

struct aur_session_head sample_head(const char *channel, int64_t started_at)
{
    return (struct aur_session_head){.channel = channel,
                                     .title = "A title, \xc3\xa4",
                                     .seed = 0xfedcba9876543210u,
                                     .rate_hz = RATE,
                                     .chunk_frames = 4800,
                                     .max_voices = 128,
                                     .effects = true,
                                     .device = "simd (avx2)",
                                     .engine = "0.1.0",
                                     .sound_revision = 3,
                                     .settings = "{\"a\":1}",
                                     .resumed_from = "",
                                     .started_at = started_at};
}

struct aur_recorder *sample_record(struct sample *s, const char *channel, int64_t started_at)
{
    struct aur_recorder *recorder;
    struct aur_session_head head = sample_head(channel, started_at);
    assert_int_equal(aur_recorder_new(&recorder, s->journal, &head, 1 << 16), AUR_OK);
    return recorder;
}

#define FLOATS (2 * 2048)

struct made {
    char text[64], hash[AUR_JOURNAL_HASH];
    float frames[FLOATS];
    struct aur_bundle_file files[2];
    struct aur_bundle_table table;
    struct aur_bundle bundle;
};

const struct aur_shipped *sample_shipped(void)
{
    for (size_t i = 0; i < aur_shipped_count; i++)
        if (strcmp(aur_shipped_texts[i].name, "lib/theory.lua") == 0)
            return &aur_shipped_texts[i];
    fail_msg("lib/theory.lua is not shipped");
    return NULL;
}

static void make(struct made *m, unsigned variant)
{
    for (unsigned i = 0; i < FLOATS; i++)
        m->frames[i] = (float)(i * 7 % 1000) / 1000 - (float)variant;
    snprintf(m->text, sizeof m->text, "return { title = \"%u\" }", variant);
    m->files[0] = (struct aur_bundle_file){"piece.lua", m->text, strlen(m->text)};
    m->files[1] = variant == SAMPLE_SHIPPED
                      ? (struct aur_bundle_file){sample_shipped()->name, sample_shipped()->text, sample_shipped()->len}
                      : (struct aur_bundle_file){"lib/theory.lua", "return {}\n", 10};
    m->table = (struct aur_bundle_table){"waves/one.wav", aur_hash_cycles(m->frames, FLOATS, 2, 512), 2, 512, m->frames,
                                         FLOATS};
    uint64_t hash = aur_hash_named("piece.lua", 0, AUR_HASH_START);
    for (int i = 0; i < 2; i++)
        hash = aur_hash_named(m->files[i].name, aur_hash64(m->files[i].text, m->files[i].len, AUR_HASH_START), hash);
    snprintf(m->hash, sizeof m->hash, "%016" PRIx64, aur_hash_named(m->table.file, m->table.hash, hash));
    m->bundle = (struct aur_bundle){m->hash, "piece.lua", m->files, 2, &m->table, 1};
}

const char *sample_piece_hash(unsigned variant)
{
    static _Thread_local char hashes[4][AUR_JOURNAL_HASH];
    struct made m;
    if (!*hashes[variant % 4]) {
        make(&m, variant % 4);
        strcpy(hashes[variant % 4], m.hash);
    }
    return hashes[variant % 4];
}

void sample_piece(struct aur_recorder *recorder, unsigned variant)
{
    struct made m;
    make(&m, variant % 4);
    aur_recorder_piece(recorder, &m.bundle);
}

void sample_phrases(struct aur_recorder *recorder, unsigned from, unsigned to, unsigned variant)
{
    for (unsigned n = from; n < to; n++) {
        char before[300], after[300];
        snprintf(before, sizeof before, "{at=%u,%0200u}", n, n * 7919);
        snprintf(after, sizeof after, "{at=%u,%0200u}", n + 1, (n + 1) * 7919);
        struct aur_recorded_phrase phrase = {.number = n,
                                             .ordinal = n + 100,
                                             .seed = 0xfedcba9876543210u,
                                             .start_frame = (uint64_t)n * RATE,
                                             .length_frames = RATE,
                                             .kind = n % 5 == 4 ? AUR_PHRASE_REPEATED : AUR_PHRASE_COMPOSED,
                                             .repeats = n % 5 == 4 ? n - 1 : 0,
                                             .branch = n / 10,
                                             .piece = sample_piece_hash(variant),
                                             .controls = "bpm=70\nkey=A minor\n",
                                             .state_before = n ? before : NULL,
                                             .state_after = after,
                                             .notes_hash = aur_mix64(n)};
        aur_recorder_phrase(recorder, &phrase);
        struct aur_fact live = {.type = AUR_FACT_LIVE, .frame = (uint64_t)n * RATE, .level = 0.1f, .brightness = 0.7f};
        aur_recorder_fact(recorder, &live);
        aur_recorder_event(recorder, (uint64_t)n * RATE, "control", "{\"key\":\"A minor\"}");
        aur_recorder_reached(recorder, (uint64_t)(n + 1) * RATE);
    }
}

void sample_session(struct sample *s, char id[AUR_SESSION_ID_SIZE], const char *channel, int64_t started_at, unsigned n)
{
    sample_session_of(s, id, channel, started_at, n, 0);
}

void sample_session_of(struct sample *s, char id[AUR_SESSION_ID_SIZE], const char *channel, int64_t started_at,
                       unsigned n, unsigned variant)
{
    struct aur_recorder *recorder = sample_record(s, channel, started_at);
    sample_piece(recorder, variant);
    for (unsigned at = 0; at < n; at += 100) { /* no faster than the ring is emptied */
        sample_phrases(recorder, at, at + 100 < n ? at + 100 : n, variant);
        assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    }
    snprintf(id, AUR_SESSION_ID_SIZE, "%s", aur_recorder_id(recorder));
    aur_recorder_free(recorder, (uint64_t)n * RATE);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
}

void sample_load(struct aur_buf *out, const char *path)
{
    aur_buf_init(out);
    assert_int_equal(aur_buf_read_file(out, path, (size_t)1 << 30, NULL), AUR_OK);
}

void sample_store(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
}

void sample_export(const struct sample *s, const char *id, const char *path)
{
    sample_export_as(s, id, path, AUR_EXPORT_LEAN);
}

void sample_export_as(const struct sample *s, const char *id, const char *path, enum aur_export kind)
{
    struct aur_error err = {0};
    struct aur_archive *archive = sample_read(s);
    if (aur_archive_export(archive, id, path, kind, true, &err) < 0)
        fail_msg("%s", err.message);
    aur_archive_close(archive);
}

void sample_change(const char *to, const char *from, const char *sql)
{
    struct aur_buf packed, data;
    sqlite3 *db;
    sqlite3_int64 len;
    sample_load(&packed, from);
    aur_buf_init(&data);
    assert_int_equal(aur_unpack(&data, packed.data, packed.len, (size_t)1 << 28, from, NULL), AUR_OK);
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    unsigned char *copy = sqlite3_malloc64(data.len);
    memcpy(copy, data.data, data.len);
    assert_int_equal(sqlite3_deserialize(db, "main", copy, (sqlite3_int64)data.len, (sqlite3_int64)data.len,
                                         SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE),
                     SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    unsigned char *changed = sqlite3_serialize(db, "main", &len, 0);
    aur_buf_deinit(&packed);
    aur_buf_init(&packed);
    assert_int_equal(aur_pack(&packed, changed, (size_t)len), AUR_OK);
    sample_store(to, packed.data, packed.len);
    sqlite3_free(changed);
    sqlite3_close(db);
    aur_buf_deinit(&packed);
    aur_buf_deinit(&data);
}

long long sample_count(const struct sample *s, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;
    assert_int_equal(sqlite3_open_v2(s->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    long long n = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return n;
}
