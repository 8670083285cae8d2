/* Session files: the same bytes wherever they are made, and everything in them. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "journal/overview.h"
#include "journal/transfer.h"
#include "sample.h"

#define RATE 48000u

static void assert_same_files(const char *a, const char *b)
{
    struct aur_buf left, right;
    sample_load(&left, a);
    sample_load(&right, b);
    assert_int_equal(left.len, right.len);
    assert_memory_equal(left.data, right.data, left.len);
    aur_buf_deinit(&left);
    aur_buf_deinit(&right);
}

/* A session with a bit of everything; what else is in the database does not matter. */
static void make(struct sample *s, char id[AUR_SESSION_ID_SIZE])
{
    char other[AUR_SESSION_ID_SIZE];
    sample_session(s, other, "other", 500, 7);
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    sample_piece(recorder, 1);
    sample_phrases(recorder, 0, 20, 1);
    sample_piece(recorder, 0);
    sample_phrases(recorder, 20, 60, 0);
    struct aur_fact facts[] = {{.type = AUR_FACT_DROPPED, .frame = 7 * RATE, .number = 7},
                               {.type = AUR_FACT_CUT, .frame = 9 * RATE, .number = 9},
                               {.type = AUR_FACT_MINUTE, .number = 0, .hash = 0xffffffffffffffffu},
                               {.type = AUR_FACT_UNDERRUN, .frame = 11 * RATE, .number = 1234}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        aur_recorder_fact(recorder, &facts[i]);
    aur_recorder_overview(recorder, &(struct aur_overview){0, "1aa"});
    aur_recorder_overview(recorder, &(struct aur_overview){0, "1aabm0d"});
    memset(aur_recorder_keyframe(recorder), 0, 1 << 16);
    aur_recorder_keyframe_done(recorder, &(struct aur_keyframe_head){.frame = RATE}, 1 << 16);
    aur_recorder_broken(recorder, 55 * RATE, "a test wants it");
    strcpy(id, aur_recorder_id(recorder));
    aur_recorder_free(recorder, 60 * RATE);
    assert_int_equal(aur_journal_session_name(s->journal, id, "Evening", NULL), AUR_OK);
    sample_session(s, other, "third", 2000, 7);
}

/* ---- equality ---- */

/* Everything that a reader tells, as text. */
static int tell_phrase(void *user, const struct aur_recorded_phrase *p)
{
    aur_buf_printf(user, "phrase %llu %llu %llu %llu %llu %d %llu %u %s %s %s %s %llx\n", (unsigned long long)p->number,
                   (unsigned long long)p->ordinal, (unsigned long long)p->seed, (unsigned long long)p->start_frame,
                   (unsigned long long)p->length_frames, (int)p->kind, (unsigned long long)p->repeats, p->branch,
                   p->piece, p->controls, p->state_before ? p->state_before : "(none)",
                   p->state_after ? p->state_after : "(none)", (unsigned long long)p->notes_hash);
    return 0;
}

static int tell_fact(void *user, const struct aur_fact *f)
{
    aur_buf_printf(user, "fact %d %llu %llu %llx %a %a %a\n", (int)f->type, (unsigned long long)f->frame,
                   (unsigned long long)f->number, (unsigned long long)f->hash, (double)f->level, (double)f->brightness,
                   (double)f->intensity);
    return 0;
}

static int tell_overview(void *user, const struct aur_overview *o)
{
    aur_buf_printf(user, "overview %llu %s\n", (unsigned long long)o->minute, o->seconds);
    return 0;
}

static int tell_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    aur_buf_printf(user, "event %llu %lld %s %s\n", (unsigned long long)frame, (long long)at_ms, kind, detail);
    return 0;
}

static void tell_bundle(struct aur_buf *out, struct aur_archive *archive, const char *hash)
{
    struct aur_bundle *bundle;
    assert_int_equal(aur_archive_bundle(archive, &bundle, hash, NULL), AUR_OK);
    aur_buf_printf(out, "piece %s %s\n", bundle->hash, bundle->name);
    for (size_t i = 0; i < bundle->n_files; i++)
        aur_buf_printf(out, "file %s %s\n", bundle->files[i].name, bundle->files[i].text);
    for (size_t i = 0; i < bundle->n_tables; i++)
        aur_buf_printf(out, "table %s %u %u %zu %llx\n", bundle->tables[i].file, bundle->tables[i].cycles,
                       bundle->tables[i].partials, bundle->tables[i].n_floats,
                       (unsigned long long)aur_hash64(bundle->tables[i].frames,
                                                      bundle->tables[i].n_floats * sizeof(float),
                                                      bundle->tables[i].hash));
    aur_bundle_free(bundle);
}

static char *tell_all(struct aur_archive *archive, const char *id)
{
    struct aur_buf out;
    struct aur_session_info i;
    aur_buf_init(&out);
    assert_int_equal(aur_archive_session(archive, &i, id, NULL), AUR_OK);
    aur_buf_printf(&out, "%s %s %s %s %d %llx %u %u %u %d %s %s %u %s %s %lld %lld %llu %llu %s %llu\n", i.id,
                   i.head.channel, i.head.title, i.name, i.head.unlisted, (unsigned long long)i.head.seed,
                   i.head.rate_hz, i.head.chunk_frames, i.head.max_voices, i.head.effects, i.head.device, i.head.engine,
                   i.head.sound_revision, i.head.settings, i.head.resumed_from, (long long)i.head.started_at,
                   (long long)i.ended_at, (unsigned long long)i.frames, (unsigned long long)i.broken_at, i.broken_why,
                   (unsigned long long)i.phrases);
    assert_int_equal(aur_archive_phrases(archive, i.id, 0, UINT64_MAX, tell_phrase, &out), AUR_OK);
    for (int type = AUR_FACT_LIVE; type <= AUR_FACT_UNDERRUN; type++)
        assert_int_equal(aur_archive_facts(archive, i.id, (enum aur_fact_type)type, 0, UINT64_MAX, tell_fact, &out),
                         AUR_OK);
    assert_int_equal(aur_archive_events(archive, i.id, 0, UINT64_MAX, tell_event, &out), AUR_OK);
    assert_int_equal(aur_archive_overviews(archive, i.id, tell_overview, &out), AUR_OK);
    tell_bundle(&out, archive, sample_piece_hash(0));
    tell_bundle(&out, archive, sample_piece_hash(1));
    return aur_buf_take(&out);
}

static void test_a_file_tells_the_same(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], path[160];
    struct aur_archive *file, *archive;
    struct stat about;
    make(s, id);
    sample_export(s, id, sample_file(s, path, "a.auralis"));
    assert_int_equal(stat(path, &about), 0);
    assert_true(about.st_size < 20000);
    assert_int_equal(aur_archive_open(&file, path, NULL), AUR_OK);
    archive = sample_read(s);
    char *left = tell_all(archive, id), *right = tell_all(file, NULL);
    assert_string_equal(left, right);
    assert_non_null(strstr(right, "overview 0 1aabm0d\n"));
    free(left);
    free(right);
    aur_archive_close(archive);
    aur_archive_close(file);
}

static void test_the_same_bytes_everywhere(void **state)
{
    struct sample *s = *state;
    struct sample other = {0};
    char id[AUR_SESSION_ID_SIZE], again[AUR_SESSION_ID_SIZE], a[160], b[160], c[160];
    make(s, id);
    sample_export(s, id, sample_file(s, a, "a.auralis"));
    sample_export(s, id, sample_file(s, b, "b.auralis"));
    assert_same_files(a, b);
    /* Through another database, in which other things came first. */
    strcpy(other.folder, s->folder);
    snprintf(other.path, sizeof other.path, "%s/other.db", s->folder);
    sample_open(&other, NULL);
    sample_session(&other, again, "main", 1, 30);
    assert_int_equal(aur_journal_session_import(other.journal, a, again, NULL), AUR_OK);
    assert_string_equal(again, id);
    sample_export(&other, id, sample_file(s, c, "c.auralis"));
    assert_same_files(a, c);
    assert_int_equal(aur_journal_session_import(other.journal, a, again, NULL), AUR_OK); /* there already */
    assert_string_equal(again, id);
    assert_int_equal(sample_count(&other, "SELECT count(*) FROM sessions"), 2);
    sample_close(&other);
}

static void test_one_that_is_recorded_is_exported_so_far(void **state)
{
    struct sample *s = *state;
    char path[160];
    struct aur_archive *file;
    struct aur_session_info info;
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    sample_piece(recorder, 0);
    sample_phrases(recorder, 0, 5, 0);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    sample_export(s, aur_recorder_id(recorder), sample_file(s, path, "a.auralis"));
    sample_phrases(recorder, 5, 10, 0);
    assert_int_equal(aur_archive_open(&file, path, NULL), AUR_OK);
    assert_int_equal(aur_archive_session(file, &info, "", NULL), AUR_OK);
    assert_int_equal(info.frames, 5 * RATE);
    assert_int_equal(info.ended_at, 1000 + 5000);
    aur_archive_close(file);
    aur_recorder_free(recorder, 10 * RATE);
}

static void test_refusals(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], path[160];
    struct aur_error err = {0};
    make(s, id);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(
        aur_archive_export(archive, "nothing", sample_file(s, path, "a.auralis"), AUR_EXPORT_LEAN, false, &err),
        AUR_ENOTFOUND);
    assert_int_equal(aur_archive_export(archive, id, path, AUR_EXPORT_LEAN, false, &err), AUR_OK);
    assert_int_equal(aur_archive_export(archive, id, path, AUR_EXPORT_LEAN, false, &err), AUR_EIO);
    assert_non_null(strstr(err.message, "exists"));
    assert_int_equal(aur_archive_export(archive, id, path, AUR_EXPORT_LEAN, true, &err), AUR_OK);
    assert_int_equal(aur_archive_export(archive, id, "/proc/nowhere/a.auralis", AUR_EXPORT_LEAN, false, &err), AUR_EIO);
    aur_archive_close(archive);
    assert_int_equal(aur_journal_session_import(s->journal, "/nowhere", id, &err), AUR_EINVAL);
    assert_int_equal(aur_journal_session_import(s->journal, s->path, id, &err), AUR_EINVAL);
    assert_non_null(strstr(err.message, "not an exported session"));
}

/* A piece of the same hash that is another piece: neither replaces the other. */
static void test_a_piece_that_takes_the_name_of_another(void **state)
{
    struct sample *s = *state;
    struct sample other = {0};
    char id[AUR_SESSION_ID_SIZE], path[160];
    struct aur_error err = {0};
    struct aur_bundle_file files[] = {{"piece.lua", "evil", 4}};
    struct aur_bundle bundle = {sample_piece_hash(0), "piece.lua", files, 1, NULL, 0};
    sample_session(s, id, "main", 1000, 3);
    strcpy(other.folder, s->folder);
    snprintf(other.path, sizeof other.path, "%s/other.db", s->folder);
    sample_open(&other, NULL);
    struct aur_recorder *recorder = sample_record(&other, "main", 1);
    aur_recorder_piece(recorder, &bundle);
    sample_phrases(recorder, 0, 3, 0);
    assert_int_equal(aur_journal_flush(other.journal, 10000), AUR_OK);
    sample_export(&other, aur_recorder_id(recorder), sample_file(s, path, "a.auralis"));
    assert_int_equal(aur_journal_session_import(s->journal, path, id, &err), AUR_EINVAL);
    assert_non_null(strstr(err.message, "a piece does not have its hash"));
    assert_int_equal(sample_count(s, "SELECT count(*) FROM sessions"), 1);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM texts WHERE text = CAST('evil' AS BLOB)"), 0);
    aur_recorder_free(recorder, 3 * RATE);
    sample_close(&other);
}

/* The same while recording: what was composed by the one is not told to be the other's. */
static void test_a_piece_that_is_refused_breaks_the_session(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE];
    struct aur_session_info info;
    struct aur_bundle_file files[] = {{"piece.lua", "evil", 4}};
    struct aur_bundle bundle = {sample_piece_hash(0), "piece.lua", files, 1, NULL, 0};
    sample_session(s, id, "main", 1000, 3);
    struct aur_recorder *recorder = sample_record(s, "main", 2000);
    sample_piece(recorder, 1);
    sample_phrases(recorder, 0, 2, 1);
    aur_recorder_piece(recorder, &bundle);
    sample_phrases(recorder, 2, 5, 0);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    snprintf(id, sizeof id, "%s", aur_recorder_id(recorder));
    aur_recorder_free(recorder, 5 * RATE);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_session(archive, &info, id, NULL), AUR_OK);
    assert_int_equal(info.phrases, 2);
    assert_int_equal(info.broken_at, 2 * RATE);
    assert_non_null(strstr(info.broken_why, "phrase 2"));
    aur_archive_close(archive);
}

static bool holds(const char *path, const char *text)
{
    struct aur_buf packed, data;
    sample_load(&packed, path);
    aur_buf_init(&data);
    assert_int_equal(aur_unpack(&data, packed.data, packed.len, (size_t)1 << 28, path, NULL), AUR_OK);
    const bool found = memmem(data.data, data.len, text, strlen(text)) != NULL;
    aur_buf_deinit(&packed);
    aur_buf_deinit(&data);
    return found;
}

static void test_a_private_stream_keeps_its_name(void **state)
{
    struct sample *s = *state;
    char path[160], id[AUR_SESSION_ID_SIZE];
    struct aur_session_head head = sample_head("private-9secret8", 1000);
    struct aur_recorder *recorder;
    struct aur_archive *file;
    struct aur_session_info info;
    head.unlisted = true;
    assert_int_equal(aur_recorder_new(&recorder, s->journal, &head, 0), AUR_OK);
    sample_piece(recorder, 0);
    sample_phrases(recorder, 0, 3, 0);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    snprintf(id, sizeof id, "%s", aur_recorder_id(recorder));
    aur_recorder_free(recorder, 3 * RATE);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    sample_export(s, id, sample_file(s, path, "a.auralis"));
    assert_true(holds(path, "piece.lua"));
    assert_false(holds(path, "9secret8"));
    assert_int_equal(aur_archive_open(&file, path, NULL), AUR_OK);
    assert_int_equal(aur_archive_session(file, &info, NULL, NULL), AUR_OK);
    assert_string_equal(info.head.channel, "private");
    assert_true(info.head.unlisted);
    aur_archive_close(file);
}

/* A session from elsewhere, begun later than those recorded here. */
static void test_an_imported_session_is_not_the_newest(void **state)
{
    struct sample *s = *state;
    struct sample other = {0};
    char mine[AUR_SESSION_ID_SIZE], theirs[AUR_SESSION_ID_SIZE], path[160], again[160];
    struct aur_session_info info;
    sample_session(s, theirs, "main", 9000, 3);
    sample_export(s, theirs, sample_file(s, path, "a.auralis"));
    strcpy(other.folder, s->folder);
    snprintf(other.path, sizeof other.path, "%s/other.db", s->folder);
    sample_open(&other, NULL);
    assert_int_equal(aur_journal_session_import(other.journal, path, mine, NULL), AUR_OK);
    struct aur_archive *archive = sample_read(&other);
    assert_int_equal(aur_archive_session(archive, &info, "", NULL), AUR_ENOTFOUND);
    sample_session(&other, mine, "main", 1000, 3);
    assert_int_equal(aur_archive_session(archive, &info, "", NULL), AUR_OK);
    assert_string_equal(info.id, mine);
    assert_int_equal(info.imported_at, 0);
    assert_int_equal(aur_archive_session(archive, &info, theirs, NULL), AUR_OK);
    assert_true(info.imported_at > 9000);
    aur_archive_close(archive);
    /* It may be passed on, as if it came from where it was recorded. */
    sample_export(&other, theirs, sample_file(s, again, "b.auralis"));
    assert_same_files(path, again);
    assert_int_equal(aur_journal_session_import(s->journal, again, mine, NULL), AUR_OK);
    archive = sample_read(s);
    assert_int_equal(aur_archive_session(archive, &info, "", NULL), AUR_OK); /* there already, recorded here */
    assert_string_equal(info.id, theirs);
    aur_archive_close(archive);
    sample_close(&other);
}

/* A database in place of a session file is not even opened: no log, no index appears beside it. */
static void test_a_database_is_left_alone(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], path[160], beside[180];
    struct aur_buf data;
    sample_session(s, id, "main", 1000, 3);
    sample_close(s);
    sample_load(&data, s->path);
    sample_open(s, NULL);
    sample_store(sample_file(s, path, "raw"), data.data, data.len);
    assert_int_equal(aur_journal_session_import(s->journal, path, id, NULL), AUR_EINVAL);
    snprintf(beside, sizeof beside, "%s-wal", path);
    assert_int_not_equal(access(beside, F_OK), 0);
    snprintf(beside, sizeof beside, "%s-shm", path);
    assert_int_not_equal(access(beside, F_OK), 0);
    aur_buf_deinit(&data);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_tells_the_same),
        TEST(test_the_same_bytes_everywhere),
        TEST(test_one_that_is_recorded_is_exported_so_far),
        TEST(test_refusals),
        TEST(test_a_piece_that_takes_the_name_of_another),
        TEST(test_a_piece_that_is_refused_breaks_the_session),
        TEST(test_a_private_stream_keeps_its_name),
        TEST(test_an_imported_session_is_not_the_newest),
        TEST(test_a_database_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
