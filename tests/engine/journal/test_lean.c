/* Session files without the texts that come with the program: what is left out, what is put back from where, and files that
 * claim things about it. */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "journal/transfer.h"
#include "sample.h"

/* ---- files ---- */

/* Whether the unpacked file holds these bytes. */
static bool holds(const char *path, const char *text, size_t len)
{
    struct aur_buf packed, data;
    sample_load(&packed, path);
    aur_buf_init(&data);
    assert_int_equal(aur_unpack(&data, packed.data, packed.len, (size_t)1 << 28, path, NULL), AUR_OK);
    const bool found = memmem(data.data, data.len, text, len) != NULL;
    aur_buf_deinit(&packed);
    aur_buf_deinit(&data);
    return found;
}

static size_t size_of(const char *path)
{
    struct aur_buf data;
    sample_load(&data, path);
    const size_t len = data.len;
    aur_buf_deinit(&data);
    return len;
}

/* The second text of the piece, as whoever opens the file gets it. */
static void assert_second_text(const char *path, unsigned variant, const char *text, size_t len)
{
    struct aur_archive *archive;
    struct aur_bundle *bundle;
    struct aur_error err = {0};
    if (aur_archive_open(&archive, path, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(aur_archive_bundle(archive, &bundle, sample_piece_hash(variant), NULL), AUR_OK);
    assert_int_equal(bundle->files[1].len, len);
    assert_memory_equal(bundle->files[1].text, text, len);
    aur_bundle_free(bundle);
    aur_archive_close(archive);
}

static void hex(char *out, const unsigned char sha256[AUR_SHA256_SIZE])
{
    for (int i = 0; i < AUR_SHA256_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", sha256[i]);
}

/* ---- tests ---- */

static void test_what_is_shipped_is_left_out(void **state)
{
    struct sample *s = *state;
    const struct aur_shipped *theory = sample_shipped();
    char id[AUR_SESSION_ID_SIZE], lean[160], whole[160];
    sample_session_of(s, id, "main", 1000, 5, SAMPLE_SHIPPED);
    sample_export(s, id, sample_file(s, lean, "lean"));
    sample_export_as(s, id, sample_file(s, whole, "whole"), AUR_EXPORT_WHOLE);
    assert_false(holds(lean, theory->text, theory->len < 200 ? theory->len : 200));
    assert_true(holds(whole, theory->text, theory->len < 200 ? theory->len : 200));
    assert_true(holds(lean, AURALIS_VERSION, strlen(AURALIS_VERSION)));
    assert_true(size_of(lean) + 1000 < size_of(whole));
    assert_second_text(lean, SAMPLE_SHIPPED, theory->text, theory->len);
    assert_second_text(whole, SAMPLE_SHIPPED, theory->text, theory->len);
}

/* A musician's own module of the same name is another text. */
static void test_what_was_edited_is_carried(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], lean[160];
    sample_session(s, id, "main", 1000, 5);
    sample_export(s, id, sample_file(s, lean, "lean"));
    assert_true(holds(lean, "return {}\n", 10));
    assert_second_text(lean, 0, "return {}\n", 10);
}

static void test_elsewhere_it_is_the_same_again(void **state)
{
    struct sample *s = *state;
    struct sample other = {0};
    char id[AUR_SESSION_ID_SIZE], again_id[AUR_SESSION_ID_SIZE], paths[4][160];
    sample_session_of(s, id, "main", 1000, 5, SAMPLE_SHIPPED);
    sample_export(s, id, sample_file(s, paths[0], "lean"));
    sample_export_as(s, id, sample_file(s, paths[1], "whole"), AUR_EXPORT_WHOLE);
    strcpy(other.folder, s->folder);
    snprintf(other.path, sizeof other.path, "%s/other.db", s->folder);
    sample_open(&other, NULL);
    assert_int_equal(aur_journal_session_import(other.journal, paths[0], again_id, NULL), AUR_OK);
    assert_string_equal(again_id, id);
    sample_export(&other, id, sample_file(s, paths[2], "lean again"));
    sample_export_as(&other, id, sample_file(s, paths[3], "whole again"), AUR_EXPORT_WHOLE);
    sample_close(&other);
    for (int i = 0; i < 2; i++) {
        struct aur_buf left, right;
        sample_load(&left, paths[i]);
        sample_load(&right, paths[i + 2]);
        assert_int_equal(left.len, right.len);
        assert_memory_equal(left.data, right.data, left.len);
        aur_buf_deinit(&left);
        aur_buf_deinit(&right);
    }
}

/* A file of a version whose lib/theory.lua is "return {}": this program has no such text, but a journal may. */
static void test_a_text_of_another_version(void **state)
{
    struct sample *s = *state;
    struct sample other = {0};
    struct aur_error err = {0};
    struct aur_archive *archive;
    char id[AUR_SESSION_ID_SIZE], lean[160], theirs[160], sum_text[2 * AUR_SHA256_SIZE + 1], sql[400];
    unsigned char sum[AUR_SHA256_SIZE];
    aur_sha256(sum, "return {}\n", 10);
    hex(sum_text, sum);
    sample_session(s, id, "main", 1000, 5);
    sample_export(s, id, sample_file(s, lean, "lean"));
    snprintf(sql, sizeof sql,
             "INSERT INTO left_out SELECT 'lib/theory.lua', key, x'%s', '7.8.9' FROM texts WHERE text = x'%s';"
             "UPDATE texts SET text = x'', hash = %lld WHERE key IN (SELECT text FROM left_out)",
             sum_text, "72657475726e207b7d0a",
             sample_count(s, "SELECT hash FROM texts WHERE text = CAST('return {}' || char(10) AS BLOB)"));
    sample_change(sample_file(s, theirs, "theirs"), lean, sql);
    assert_int_equal(aur_archive_open(&archive, theirs, &err), AUR_ENOTFOUND);
    assert_non_null(strstr(err.message, "theirs: lib/theory.lua"));
    assert_non_null(strstr(err.message, "Auralis, 7.8.9 where"));
    assert_non_null(strstr(err.message, "auralis session export --whole"));
    strcpy(other.folder, s->folder);
    snprintf(other.path, sizeof other.path, "%s/other.db", s->folder);
    sample_open(&other, NULL);
    assert_int_equal(aur_journal_session_import(other.journal, theirs, id, &err), AUR_ENOTFOUND);
    char another[AUR_SESSION_ID_SIZE];
    sample_session(&other, another, "main", 2000, 1); /* of the same texts */
    assert_int_equal(aur_journal_session_import(other.journal, theirs, id, &err), AUR_OK);
    sample_export(&other, id, theirs);
    assert_second_text(theirs, 0, "return {}\n", 10);
    sample_close(&other);
}

static const struct {
    const char *sql;
    int rc;
} claims[] = {
    /* an unknown text, and the text of another module */
    {"UPDATE left_out SET sha256 = randomblob(32)", AUR_ENOTFOUND},
    {"UPDATE left_out SET sha256 = x'%s'", AUR_EINVAL},
    {"UPDATE texts SET hash = 0 WHERE key IN (SELECT text FROM left_out); UPDATE left_out SET sha256 = x'%s'",
     AUR_EINVAL},
    {"PRAGMA ignore_check_constraints=ON; UPDATE left_out SET sha256 = x'00'", AUR_EINVAL},
    /* a text and a name for it */
    {"UPDATE texts SET text = x'41' WHERE key IN (SELECT text FROM left_out)", AUR_EINVAL},
    /* neither */
    {"DELETE FROM left_out", AUR_EINVAL},
    {"INSERT INTO left_out SELECT 'lib/other.lua', text, sha256, engine FROM left_out", AUR_EINVAL},
    {"INSERT INTO texts VALUES(999, 0, x''); INSERT INTO left_out SELECT 'a', 999, sha256, engine FROM left_out",
     AUR_EINVAL},
    {"INSERT INTO texts VALUES(999, 0, x''); INSERT INTO left_out SELECT 'a', 999, randomblob(32), engine FROM "
     "left_out",
     AUR_EINVAL},
    {"UPDATE texts SET text = x'' WHERE key = (SELECT state_after FROM phrases LIMIT 1); "
     "INSERT INTO left_out SELECT 'a', state_after, randomblob(32), engine FROM phrases, left_out LIMIT 1",
     AUR_EINVAL},
    {"UPDATE phrases SET state_after = (SELECT text FROM left_out) WHERE number = 4", AUR_EINVAL},
    {"PRAGMA foreign_keys=OFF; UPDATE left_out SET text = 12345", AUR_EINVAL},
    /* what would be printed */
    {"UPDATE left_out SET name = char(27) || '[2J', sha256 = randomblob(32)", AUR_EINVAL},
    {"UPDATE left_out SET engine = char(10), sha256 = randomblob(32)", AUR_EINVAL},
    {"UPDATE left_out SET engine = hex(zeroblob(100)), sha256 = randomblob(32)", AUR_EINVAL},
    {"DROP TABLE left_out", AUR_EINVAL},
    /* a piece under another's hash */
    {"UPDATE pieces SET hash = '0123456789abcdef'", AUR_EINVAL},
    {"UPDATE piece_files SET name = 'lib/other.lua' WHERE place = 1", AUR_EINVAL},
};

static void test_claims_are_looked_at(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], lean[160], bad[160], sum[2 * AUR_SHA256_SIZE + 1], sql[600];
    const struct aur_shipped *another = &aur_shipped_texts[sample_shipped() == aur_shipped_texts];
    sample_session_of(s, id, "main", 1000, 5, SAMPLE_SHIPPED);
    sample_export(s, id, sample_file(s, lean, "lean"));
    hex(sum, another->sha256);
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        struct aur_archive *archive = NULL;
        struct aur_error err = {0};
        const char *hole = strstr(claims[i].sql, "%s");
        snprintf(sql, sizeof sql, "%.*s%s%s", hole ? (int)(hole - claims[i].sql) : 500, claims[i].sql, hole ? sum : "",
                 hole ? hole + 2 : "");
        sample_change(sample_file(s, bad, "bad"), lean, sql);
        const int rc = aur_archive_open(&archive, bad, &err);
        if (rc != claims[i].rc || !strstr(err.message, bad))
            fail_msg("%s: %d %s", sql, rc, err.message);
        assert_int_equal(aur_journal_session_import(s->journal, bad, id, &err), claims[i].rc);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_shipped_is_left_out),    TEST(test_what_was_edited_is_carried),
        TEST(test_elsewhere_it_is_the_same_again), TEST(test_a_text_of_another_version),
        TEST(test_claims_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
