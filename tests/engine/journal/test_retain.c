/* What goes with time and size, what stays, and that the file shrinks. */
#include "support/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "sample.h"

#define RATE 48000u
#define DAY  86400000ll

static void run_sql(const struct sample *s, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(s->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* Until the statement counts so many, ten seconds at most. */
static void wait_for(const struct sample *s, const char *sql, long long n)
{
    for (int i = 0; i < 1000 && sample_count(s, sql) != n; i++)
        aur_clock_sleep_until_ns(aur_clock_mono_ns() + 10000000);
    assert_int_equal(sample_count(s, sql), n);
}

/* Sessions with states of their own, a keyframe each, that ended so many days ago, the first the longest. */
static void fill(struct sample *s, char ids[][AUR_SESSION_ID_SIZE], unsigned n, unsigned phrases)
{
    char sql[200];
    for (unsigned i = 0; i < n; i++) {
        struct aur_recorder *recorder = sample_record(s, "main", (int64_t)i);
        sample_piece(recorder, i);
        for (unsigned at = 0; at < phrases; at += 100) {
            sample_phrases(recorder, 1000 * i + at, 1000 * i + at + 100, i);
            assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
        }
        unsigned char *room = aur_recorder_keyframe(recorder);
        uint32_t noise = i + 1;
        for (unsigned b = 0; b < 1 << 16; b++)
            room[b] = (unsigned char)((noise = noise * 1664525u + 1013904223u) >> 24);
        struct aur_keyframe_head head = {.frame = 1, .layout = 1};
        aur_recorder_keyframe_done(recorder, &head, 1 << 16);
        strcpy(ids[i], aur_recorder_id(recorder));
        aur_recorder_free(recorder, phrases * RATE);
    }
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    sample_close(s);
    for (unsigned i = 0; i < n; i++) {
        snprintf(sql, sizeof sql, "UPDATE sessions SET ended_at = ended_at - %lld WHERE id = '%s'", (n - i) * DAY,
                 ids[i]);
        run_sql(s, sql);
    }
}

static void keep(struct sample *s, const char *session)
{
    struct aur_take take = {.id = "take", .rate_hz = RATE, .to_frame = 1};
    strcpy(take.session, session);
    assert_int_equal(aur_journal_take_put(s->journal, &take, NULL), AUR_OK);
}

static bool has(const struct sample *s, const char *id)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM sessions WHERE id = '%s'", id);
    return sample_count(s, sql) == 1;
}

static void test_age(void **state)
{
    struct sample *s = *state;
    char ids[5][AUR_SESSION_ID_SIZE];
    fill(s, ids, 5, 100);
    sample_open(s, NULL);
    keep(s, ids[0]);
    sample_close(s);
    sample_open(s, &(struct aur_journal_config){.keep_days = 2.5}); /* they ended 5, 4, 3, 2 and 1 days ago */
    wait_for(s, "SELECT count(*) FROM sessions", 3);
    assert_true(has(s, ids[0])); /* for the take's sake */
    assert_true(has(s, ids[3]) && has(s, ids[4]));
    /* Nothing is left of the others, and everything of these. */
    assert_int_equal(sample_count(s, "SELECT count(*) FROM phrases"), 300);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM texts WHERE key NOT IN (SELECT controls FROM phrases UNION "
                                     "SELECT state_before FROM phrases WHERE state_before IS NOT NULL UNION SELECT "
                                     "state_after FROM phrases UNION SELECT text FROM piece_files)"),
                     0);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM pieces WHERE key NOT IN (SELECT piece FROM phrases)"), 0);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM waves WHERE key NOT IN (SELECT wave FROM piece_waves)"), 0);
}

/* What somebody sent counts from when it came, not from when it was recorded. */
static void test_what_was_imported_lately_stays(void **state)
{
    struct sample *s = *state;
    struct sample other = {0};
    char id[AUR_SESSION_ID_SIZE], path[160], sql[120];
    struct aur_archive *archive;
    sample_session(s, id, "main", 1000, 3);
    sample_close(s);
    run_sql(s, "UPDATE sessions SET ended_at = 4000");
    archive = sample_read(s);
    assert_int_equal(aur_archive_export(archive, id, sample_file(s, path, "a.auralis"), AUR_EXPORT_LEAN, true, NULL),
                     AUR_OK);
    aur_archive_close(archive);
    strcpy(other.folder, s->folder);
    snprintf(other.path, sizeof other.path, "%s/other.db", s->folder);
    sample_open(&other, &(struct aur_journal_config){.keep_days = 2.5});
    assert_int_equal(aur_journal_session_import(other.journal, path, id, NULL), AUR_OK);
    sample_close(&other);
    run_sql(&other, "INSERT INTO sessions(key, id, channel, title, unlisted, seed, rate_hz, chunk_frames, max_voices, "
                    "effects, device, engine, sound_revision, settings, resumed_from, started_at, seen_at, ended_at) "
                    "SELECT 9, 'old', channel, title, unlisted, seed, rate_hz, chunk_frames, max_voices, effects, "
                    "device, engine, sound_revision, settings, resumed_from, started_at, seen_at, ended_at "
                    "FROM sessions");
    sample_open(&other, &(struct aur_journal_config){.keep_days = 2.5});
    wait_for(&other, "SELECT count(*) FROM sessions WHERE id = 'old'", 0);
    assert_true(has(&other, id));
    sample_close(&other);
    snprintf(sql, sizeof sql, "UPDATE sessions SET imported_at = imported_at - %lld", 3 * DAY);
    run_sql(&other, sql);
    sample_open(&other, &(struct aur_journal_config){.keep_days = 2.5});
    wait_for(&other, "SELECT count(*) FROM sessions", 0);
    sample_close(&other);
}

static uint64_t size_of(const struct sample *s)
{
    struct stat about;
    assert_int_equal(stat(s->path, &about), 0);
    return (uint64_t)about.st_size;
}

static void test_size_takes_keyframes_first(void **state)
{
    struct sample *s = *state;
    char ids[4][AUR_SESSION_ID_SIZE];
    fill(s, ids, 4, 100);
    uint64_t before = size_of(s);
    sample_open(s, &(struct aur_journal_config){.keep_bytes = before - 100000}); /* two keyframes of 64 KiB */
    wait_for(s, "SELECT count(*) FROM keyframes", 2);
    wait_for(s, "SELECT freelist_count < 65 FROM pragma_freelist_count", 1);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM sessions"), 4);
    assert_int_equal(sample_count(s,
                                  "SELECT count(*) FROM keyframes WHERE session IN (SELECT key FROM sessions ORDER BY "
                                  "started_at LIMIT 2)"),
                     0);
}

static void test_size_takes_the_oldest_and_the_file_shrinks(void **state)
{
    struct sample *s = *state;
    char ids[4][AUR_SESSION_ID_SIZE];
    fill(s, ids, 4, 900);
    uint64_t before = size_of(s);
    sample_open(s, NULL);
    keep(s, ids[1]);
    struct aur_recorder *recorder = sample_record(s, "main", 0); /* older than all, but being recorded */
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    char recorded[AUR_SESSION_ID_SIZE];
    strcpy(recorded, aur_recorder_id(recorder));
    aur_recorder_free(recorder, 0);
    sample_close(s);
    run_sql(s, "UPDATE sessions SET started_at = -1, ended_at = NULL WHERE frames = 0");
    /* Opening ends it, so it goes first; the two after it follow. */
    sample_open(s, &(struct aur_journal_config){.keep_bytes = before / 2});
    wait_for(s, "SELECT count(*) FROM sessions", 2);
    assert_true(has(s, ids[1]) && has(s, ids[3]));
    wait_for(s, "SELECT freelist_count < 65 FROM pragma_freelist_count", 1);
    sample_close(s); /* the last connection writes the log back */
    assert_true(size_of(s) <= before / 2 + 65 * 4096);
}

static void test_what_is_recorded_stays(void **state)
{
    struct sample *s = *state;
    char ids[1][AUR_SESSION_ID_SIZE];
    fill(s, ids, 1, 100);
    sample_open(s, &(struct aur_journal_config){.keep_bytes = 1, .keep_days = 100});
    struct aur_recorder *recorder = sample_record(s, "main", -5);
    sample_piece(recorder, 0);
    sample_phrases(recorder, 0, 10, 0);
    wait_for(s, "SELECT count(*) FROM sessions WHERE frames = 4800000", 0);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    assert_true(has(s, aur_recorder_id(recorder)));
    assert_int_equal(sample_count(s, "SELECT count(*) FROM phrases"), 10);
    aur_recorder_free(recorder, 10 * RATE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_age),
        TEST(test_what_was_imported_lately_stays),
        TEST(test_size_takes_keyframes_first),
        TEST(test_size_takes_the_oldest_and_the_file_shrinks),
        TEST(test_what_is_recorded_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
