/* Overviews: characters from samples, told and read again; databases and files of the version that had none. */
#include "support/unit.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "journal/overview.h"
#include "journal/transfer.h"
#include "sample.h"

#define RATE 48000u

/* ---- characters ---- */

static void test_a_decibel_a_step(void **state)
{
    (void)state;
    assert_int_equal(aur_overview_of(-1), AUR_OVERVIEW_UNKNOWN);
    assert_int_equal(aur_overview_of(0), AUR_OVERVIEW_SILENT);
    assert_int_equal(aur_overview_of(0.00099f), AUR_OVERVIEW_SILENT);
    assert_int_equal(aur_overview_of(0.00101f), AUR_OVERVIEW_SILENT + 1);
    const float much[] = {1, 7, 1e30f, INFINITY, NAN};
    for (size_t i = 0; i < sizeof much / sizeof *much; i++)
        assert_int_equal(aur_overview_of(much[i]), AUR_OVERVIEW_FULL);
    for (double db = -59.5; db < 0; db += 1) {
        const char c = aur_overview_of((float)pow(10, db / 20));
        assert_int_equal(c, AUR_OVERVIEW_FULL + (int)ceil(db));
        assert_float_equal(20 * log10(aur_overview_level(c)), ceil(db), 1e-9);
    }
    const char none[] = {AUR_OVERVIEW_UNKNOWN, AUR_OVERVIEW_SILENT, '\0', ' ', AUR_OVERVIEW_FULL + 1, '\x7f', '\xff'};
    for (size_t i = 0; i < sizeof none; i++)
        assert_true(aur_overview_level(none[i]) == 0);
}

static void test_the_loudest_of_a_second(void **state)
{
    (void)state;
    struct aur_overview_maker maker;
    struct aur_overview overview;
    aur_overview_begin(&maker, 7);
    assert_false(aur_overview_make(&overview, &maker));
    for (size_t at = 0; at < 2 * 11; at++) { /* wherever it is, and of either sign */
        float samples[2 * 11] = {0};
        samples[at] = at % 2 ? -0.5f : 0.5f;
        aur_overview_begin(&maker, 7);
        aur_overview_add(&maker, 2, samples, 3);
        aur_overview_add(&maker, 2, samples + 2 * 3, 8);
        aur_overview_add(&maker, 5, samples, 0);
        assert_true(maker.loudest[2] == 0.5f);
    }
    assert_true(aur_overview_make(&overview, &maker));
    assert_int_equal(overview.minute, 7);
    assert_string_equal(overview.seconds, "00g001");
}

/* ---- told and read ---- */

static int tell(void *user, const struct aur_overview *o)
{
    aur_buf_printf(user, "%llu:%s ", (unsigned long long)o->minute, o->seconds);
    return 0;
}

static void assert_overviews(struct aur_archive *archive, const char *id, const char *expected)
{
    struct aur_buf out;
    aur_buf_init(&out);
    assert_int_equal(aur_archive_overviews(archive, id, tell, &out), AUR_OK);
    assert_string_equal(out.len ? out.data : "", expected);
    aur_buf_deinit(&out);
}

static void record(struct sample *s, char id[AUR_SESSION_ID_SIZE])
{
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    sample_piece(recorder, 0);
    sample_phrases(recorder, 0, 3, 0);
    aur_recorder_overview(recorder, &(struct aur_overview){3, "aa"});
    aur_recorder_overview(recorder, &(struct aur_overview){1, "bb"});
    aur_recorder_overview(recorder, &(struct aur_overview){1, "bbb"});
    snprintf(id, AUR_SESSION_ID_SIZE, "%s", aur_recorder_id(recorder));
    aur_recorder_free(recorder, 3 * RATE);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
}

static void test_minutes_in_their_order(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE];
    record(s, id);
    struct aur_archive *archive = sample_read(s);
    assert_overviews(archive, id, "1:bbb 3:aa ");
    assert_overviews(archive, "nothing", "");
    aur_archive_close(archive);
    assert_int_equal(aur_journal_session_delete(s->journal, id, NULL), AUR_OK);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM overviews"), 0);
}

/* What the database does not take breaks nothing but the picture. */
static void test_one_that_is_none_is_left_out(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE];
    struct aur_session_info info;
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    aur_recorder_overview(recorder, &(struct aur_overview){0, "no"});
    aur_recorder_overview(recorder, &(struct aur_overview){1, "fm"});
    snprintf(id, sizeof id, "%s", aur_recorder_id(recorder));
    aur_recorder_free(recorder, RATE);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    struct aur_archive *archive = sample_read(s);
    assert_overviews(archive, id, "1:fm ");
    assert_int_equal(aur_archive_session(archive, &info, id, NULL), AUR_OK);
    assert_int_equal(info.broken_at, UINT64_MAX);
    aur_archive_close(archive);
}

/* ---- the version before ---- */

#define BACK_TO_1 "DROP TABLE overviews; PRAGMA user_version = 1"

static void test_a_database_of_version_1_is_brought_forward(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], more[AUR_SESSION_ID_SIZE];
    struct aur_session_info info;
    sqlite3 *db;
    sample_session(s, id, "main", 1000, 12);
    sample_close(s);
    assert_int_equal(sqlite3_open(s->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, BACK_TO_1, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    struct aur_archive *archive = sample_read(s); /* whoever only reads takes it as it is */
    assert_overviews(archive, id, "");
    assert_int_equal(aur_archive_session(archive, &info, id, NULL), AUR_OK);
    aur_archive_close(archive);
    assert_int_equal(sample_count(s, "PRAGMA user_version"), 1);
    sample_open(s, NULL);
    assert_int_equal(sample_count(s, "PRAGMA user_version"), 2);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM phrases"), 12);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'phrases_by_piece'"), 1);
    record(s, more);
    archive = sample_read(s);
    assert_overviews(archive, id, "");
    assert_overviews(archive, more, "1:bbb 3:aa ");
    aur_archive_close(archive);
}

/* As the version before exported it. */
static void make_old_file(const struct sample *s, const char *id, const char *path)
{
    sample_export(s, id, path);
    sample_change(path, path, BACK_TO_1 "; DROP TABLE left_out; VACUUM");
}

static void test_a_file_of_version_1_is_taken(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], again[AUR_SESSION_ID_SIZE], path[160], file[160];
    struct aur_error err = {0};
    struct aur_session_info info;
    struct aur_archive *archive;
    record(s, id);
    make_old_file(s, id, sample_file(s, path, "old.auralis"));
    if (aur_archive_open(&archive, path, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(aur_archive_session(archive, &info, NULL, NULL), AUR_OK);
    assert_int_equal(info.phrases, 3);
    assert_overviews(archive, id, "");
    /* Written again, it is a file of this version. */
    assert_int_equal(aur_archive_export(archive, id, sample_file(s, file, "new.auralis"), AUR_EXPORT_LEAN, true, &err),
                     AUR_OK);
    aur_archive_close(archive);
    assert_int_equal(aur_journal_session_delete(s->journal, id, NULL), AUR_OK);
    if (aur_journal_session_import(s->journal, path, again, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(again, id);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM phrases"), 3);
    assert_int_equal(aur_archive_open_file(&archive, file, NULL, NULL), AUR_OK);
    aur_archive_close(archive);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_decibel_a_step),
        cmocka_unit_test(test_the_loudest_of_a_second),
        TEST(test_minutes_in_their_order),
        TEST(test_one_that_is_none_is_left_out),
        TEST(test_a_database_of_version_1_is_brought_forward),
        TEST(test_a_file_of_version_1_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
