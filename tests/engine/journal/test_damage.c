/* Bad session files: cut short, changed on the way, changed and packed again, made to do harm. None of them crashes anything, and
 * what is refused is refused with a reason. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "journal/transfer.h"
#include "sample.h"

static int ignore_phrase(void *user, const struct aur_recorded_phrase *p)
{
    (void)user;
    assert_non_null(p->controls);
    return 0;
}

static int ignore_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    (void)user;
    (void)frame;
    (void)at_ms;
    assert_non_null(kind);
    assert_non_null(detail);
    return 0;
}

static int read_bundle(void *user, const char *hash)
{
    struct aur_bundle *bundle;
    if (aur_archive_bundle(user, &bundle, hash, NULL) == AUR_OK)
        aur_bundle_free(bundle);
    return 0;
}

/* Opens it and, if it is taken, reads all of it. Either way nothing crashes, and a refusal says why. True: it was taken. */
static bool try_file(const char *path)
{
    struct aur_error err = {0};
    struct aur_archive *archive;
    struct aur_session_info info;
    int rc = aur_archive_open(&archive, path, &err);
    if (rc < 0) {
        assert_true(rc == AUR_EINVAL || rc == AUR_EIO || rc == AUR_ENOTFOUND);
        assert_non_null(strstr(err.message, path));
        return false;
    }
    assert_int_equal(aur_archive_session(archive, &info, NULL, &err), AUR_OK);
    assert_int_equal(aur_archive_phrases(archive, info.id, 0, UINT64_MAX, ignore_phrase, NULL), AUR_OK);
    assert_int_equal(aur_archive_events(archive, info.id, 0, UINT64_MAX, ignore_event, NULL), AUR_OK);
    assert_int_equal(aur_archive_pieces(archive, info.id, read_bundle, archive), AUR_OK);
    aur_archive_close(archive);
    return true;
}

static bool try_data(const char *path, const void *data, size_t len)
{
    struct aur_buf packed;
    aur_buf_init(&packed);
    assert_int_equal(aur_pack(&packed, data, len), AUR_OK);
    sample_store(path, packed.data, packed.len);
    aur_buf_deinit(&packed);
    return try_file(path);
}

static void unpacked(struct aur_buf *out, const char *path)
{
    struct aur_buf packed;
    sample_load(&packed, path);
    aur_buf_init(out);
    assert_int_equal(aur_unpack(out, packed.data, packed.len, (size_t)1 << 28, path, NULL), AUR_OK);
    aur_buf_deinit(&packed);
}

/* Some bits of gzip mean nothing, the padding of its last byte for one: then what it holds is not damaged. */
static void assert_refused_or_same(const char *bad, const struct aur_buf *data)
{
    struct aur_buf other;
    if (!try_file(bad))
        return;
    unpacked(&other, bad);
    assert_int_equal(other.len, data->len);
    assert_memory_equal(other.data, data->data, data->len);
    aur_buf_deinit(&other);
}

static void test_damaged_in_transit(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], path[160], bad[160];
    struct aur_buf file, data;
    sample_session(s, id, "main", 1000, 5);
    sample_export(s, id, sample_file(s, path, "a.auralis"));
    sample_file(s, bad, "bad.auralis");
    assert_true(try_file(path));
    sample_load(&file, path);
    unpacked(&data, path);
    for (size_t len = 0; len < file.len; len += 1 + file.len / 100) {
        sample_store(bad, file.data, len);
        assert_false(try_file(bad));
    }
    for (size_t at = 0; at < file.len; at += 1 + file.len / 150) {
        file.data[at] ^= (char)(1 << at % 8);
        sample_store(bad, file.data, file.len);
        assert_refused_or_same(bad, &data);
        file.data[at] ^= (char)(1 << at % 8);
    }
    aur_buf_add(&file, "more", 4);
    sample_store(bad, file.data, file.len);
    assert_false(try_file(bad));
    aur_buf_deinit(&file);
    aur_buf_deinit(&data);
}

/* Somebody packed it again after changing it: SQLite's file is what is looked at. */
static void test_damaged_inside(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], path[160], bad[160];
    struct aur_buf data;
    unsigned taken = 0, tried = 0;
    sample_session(s, id, "main", 1000, 5);
    sample_export(s, id, sample_file(s, path, "a.auralis"));
    sample_file(s, bad, "bad.auralis");
    unpacked(&data, path);
    for (size_t len = 0; len < data.len; len += 1 + data.len / 40)
        assert_false(try_data(bad, data.data, len));
    for (uint64_t i = 0; i < 250; i++) {
        const size_t at = aur_rand_at(1, i) % data.len;
        const char was = data.data[at];
        data.data[at] = (char)(was ^ (i % 2 ? 1 << i % 8 : (int)(aur_rand_at(2, i) | 1)));
        taken += try_data(bad, data.data, data.len);
        tried++;
        data.data[at] = was;
    }
    for (uint64_t i = 0; i < 60; i++) { /* pages over each other */
        struct aur_buf copy;
        aur_buf_init(&copy);
        aur_buf_add(&copy, data.data, data.len);
        const size_t pages = data.len / 1024, from = aur_rand_at(3, i) % pages, to = aur_rand_at(4, i) % pages;
        memcpy(copy.data + 1024 * to, data.data + 1024 * from, 1024);
        try_data(bad, copy.data, copy.len);
        aur_buf_deinit(&copy);
    }
    /* Unused space, samples, numbers that may be any: not every change is damage. */
    printf("%u of %u changes of a byte were taken\n", taken, tried);
    assert_true(taken < tried);
    aur_buf_deinit(&data);
}

static const char *const hostile[] = {
    "CREATE TABLE extra(x)",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM sessions; END",
    "CREATE INDEX i ON events(kind)",
    "ALTER TABLE events ADD COLUMN more TEXT",
    "DROP TABLE keyframes",
    "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'events'",
    "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE VIEW presets AS SELECT 1 AS name, 2 AS json', "
    "type = "
    "'view', rootpage = 0 WHERE name = 'presets'",
    "PRAGMA user_version = 99",
    "PRAGMA user_version = 0",
    "PRAGMA application_id = 1",
    "DELETE FROM sessions",
    "INSERT INTO sessions SELECT 2, '0123456789012345', channel, title, name, unlisted, seed, rate_hz, chunk_frames, "
    "max_voices, effects, device, engine, sound_revision, settings, resumed_from, started_at, seen_at, ended_at, "
    "frames, "
    "broken_at, broken_why, imported_at FROM sessions",
    "UPDATE sessions SET id = 'short'",
    "UPDATE sessions SET id = '../../../etc/pas'",
    "UPDATE sessions SET ended_at = NULL",
    "UPDATE sessions SET settings = '{'",
    "UPDATE sessions SET title = CAST(x'c3' AS TEXT)",
    "UPDATE sessions SET title = CAST(x'610062' AS TEXT)",
    "UPDATE sessions SET title = hex(zeroblob(5000))",
    "PRAGMA ignore_check_constraints=ON; UPDATE sessions SET rate_hz = 0",
    "PRAGMA ignore_check_constraints=ON; UPDATE phrases SET start_frame = -1",
    "PRAGMA ignore_check_constraints=ON; UPDATE facts SET type = 77",
    "UPDATE texts SET text = CAST('return evil()' AS BLOB)",
    "UPDATE texts SET hash = hash + 1",
    "PRAGMA foreign_keys=OFF; DELETE FROM texts WHERE key = 1",
    "PRAGMA foreign_keys=OFF; DELETE FROM pieces",
    "UPDATE pieces SET hash = 'xyz'",
    "UPDATE pieces SET hash = '0123456789abcdef'", /* of another */
    "UPDATE pieces SET name = 'other.lua'",
    "UPDATE piece_files SET name = 'other.lua' WHERE place = 1",
    "UPDATE piece_files SET place = 2 - place",
    "UPDATE piece_waves SET file = 'other.wav'",
    "DELETE FROM piece_waves",
    "DELETE FROM piece_files",
    "UPDATE waves SET hash = hash + 1",
    "UPDATE waves SET frames = zeroblob(length(frames))",
    "UPDATE sessions SET frames = 9223372036854775807",
    "UPDATE sessions SET frames = 6071500800001",
    "UPDATE sessions SET broken_at = 9223372036854775807",
    "UPDATE sessions SET started_at = 9223372036854775807",
    "UPDATE sessions SET started_at = -1",
    "UPDATE sessions SET ended_at = 9223372036854775807",
    "UPDATE sessions SET imported_at = 1",
    "UPDATE phrases SET start_frame = 9223372036854775807 WHERE number = 4",
    "UPDATE phrases SET length_frames = 9223372036854775807 WHERE number = 4",
    "UPDATE facts SET frame = 9223372036854775807 WHERE frame = 0",
    "UPDATE facts SET type = 3, number = -1 WHERE frame = 0",
    "UPDATE events SET frame = 9223372036854775807 WHERE frame = 0",
    "UPDATE waves SET frames = zeroblob(7)",
    "UPDATE events SET detail = '{\"a\":1,}'",
    "UPDATE events SET kind = hex(zeroblob(100))",
    "PRAGMA ignore_check_constraints=ON; INSERT INTO overviews VALUES(1, -1, 'a')",
    "PRAGMA ignore_check_constraints=ON; INSERT INTO overviews VALUES(1, 1000001, 'a')",
    "PRAGMA ignore_check_constraints=ON; INSERT INTO overviews VALUES(1, 0, '')",
    "PRAGMA ignore_check_constraints=ON; INSERT INTO overviews VALUES(1, 0, hex(zeroblob(31)))",
    "PRAGMA ignore_check_constraints=ON; INSERT INTO overviews VALUES(1, 0, CAST(zeroblob(61) AS TEXT))",
    "PRAGMA ignore_check_constraints=ON; INSERT INTO overviews VALUES(1, 0, 'aan')",
    "PRAGMA ignore_check_constraints=ON; INSERT INTO overviews VALUES(1, 0, 'a/a')",
    "PRAGMA foreign_keys=OFF; INSERT INTO overviews VALUES(7, 0, 'a')",
    "DROP TABLE overviews",
    "PRAGMA user_version = 1", /* with the tables of 2 */
    "INSERT INTO presets VALUES('a', '{}')",
    "INSERT INTO takes SELECT 't', key, '', '', 0, 0, 1, 0, '', '', '' FROM sessions",
    "INSERT INTO keyframes VALUES(1, 0, 0, 0, 4, x'00')",
};

static void test_made_to_do_harm(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], path[160], bad[160];
    sample_session(s, id, "main", 1000, 5);
    sample_export(s, id, sample_file(s, path, "a.auralis"));
    sample_file(s, bad, "bad.auralis");
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        sample_change(bad, path, hostile[i]);
        if (try_file(bad))
            fail_msg("taken: %s", hostile[i]);
        assert_int_equal(aur_journal_session_import(s->journal, bad, id, NULL), AUR_EINVAL);
    }
    sample_change(bad, path, "SELECT 1");
    assert_true(try_file(bad));
}

static void test_a_bomb_is_not_unpacked(void **state)
{
    (void)state;
    struct aur_buf packed, out;
    struct aur_error err = {0};
    const size_t len = (size_t)8 << 20;
    char *zeros = calloc(1, len);
    assert_non_null(zeros);
    aur_buf_init(&packed);
    aur_buf_init(&out);
    assert_int_equal(aur_pack(&packed, zeros, len), AUR_OK);
    assert_int_equal(aur_unpack(&out, packed.data, packed.len, 1 << 20, "bomb", &err), AUR_EINVAL);
    assert_true(out.len <= (1 << 20) + 65536);
    assert_non_null(strstr(err.message, "1048576"));
    aur_buf_deinit(&packed);
    aur_buf_deinit(&out);
    free(zeros);
}

static void test_a_bomb_is_no_session(void **state)
{
    struct sample *s = *state;
    char path[160];
    const size_t len = (size_t)40 << 20; /* a thousand times what it is packed */
    char *zeros = calloc(1, len);
    assert_non_null(zeros);
    assert_false(try_data(sample_file(s, path, "bomb"), zeros, len));
    free(zeros);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_damaged_in_transit),     TEST(test_damaged_inside),       TEST(test_made_to_do_harm),
        TEST(test_a_bomb_is_not_unpacked), TEST(test_a_bomb_is_no_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
