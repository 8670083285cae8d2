/* Who may write and who may read, and what is no journal. */
#include "support/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"

static void test_one_writer(void **state)
{
    struct sample *s = *state;
    struct aur_journal *second;
    struct aur_error err = {0};
    struct aur_journal_config config = {.path = s->path};
    assert_int_equal(aur_journal_open(&second, &config, &err), AUR_EBUSY);
    assert_non_null(strstr(err.message, "in use"));
    sample_close(s);
    assert_int_equal(aur_journal_open(&second, &config, &err), AUR_OK);
    aur_journal_close(second);
}

/* Opens and closes the database as a program of its own, which may remove the log if it takes itself for the last one. */
static void visit(const char *path)
{
    const pid_t child = fork();
    if (child == 0) {
        sqlite3 *db = NULL;
        int code = sqlite3_open(path, &db);
        if (code == SQLITE_OK)
            code = sqlite3_exec(db, "SELECT count(*) FROM presets", NULL, NULL, NULL);
        if (sqlite3_close(db) != SQLITE_OK)
            code = SQLITE_ERROR;
        _exit(code != SQLITE_OK);
    }
    int status = -1;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_int_equal(status, 0);
}

static void test_the_log_is_there_as_long_as_the_writer(void **state)
{
    struct sample *s = *state;
    struct aur_archive *archive;
    char wal[160];
    assert_int_equal(aur_journal_preset_put(s->journal, "rain", "{}", NULL), AUR_OK);
    assert_int_equal(aur_archive_open(&archive, s->path, NULL), AUR_OK); /* in the same process, as a server does */
    snprintf(wal, sizeof wal, "%s-wal", s->path);
    visit(s->path);
    assert_int_equal(access(wal, F_OK), 0);
    aur_archive_close(archive);
    visit(s->path);
    assert_int_equal(access(wal, F_OK), 0);
}

static int count_preset(void *user, const char *name, const char *json)
{
    (void)name;
    (void)json;
    ++*(int *)user;
    return 0;
}

static void test_presets_beside_the_writer(void **state)
{
    struct sample *s = *state;
    struct aur_journal *second;
    struct aur_archive *archive;
    struct aur_journal_config config = {.path = s->path, .beside = true};
    char id[AUR_SESSION_ID_SIZE];
    int n = 0;
    assert_int_equal(aur_archive_open(&archive, s->path, NULL), AUR_OK);
    assert_int_equal(aur_journal_open(&second, &config, NULL), AUR_OK);
    assert_int_equal(aur_journal_preset_put(second, "rain", "{}", NULL), AUR_OK);
    sample_session(s, id, "main", 1000, 3); /* the other one goes on meanwhile */
    assert_int_equal(aur_journal_preset_put(second, "wind", "{}", NULL), AUR_OK);
    aur_journal_close(second);
    assert_int_equal(aur_journal_preset_put(s->journal, "sleet", "{}", NULL), AUR_OK);
    assert_int_equal(aur_archive_presets(archive, count_preset, &n), AUR_OK);
    assert_int_equal(n, 3);
    aur_archive_close(archive);
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Somebody else's database, or one on a disk that is read only: nothing can be made beside it. */
static void test_read_where_nothing_may_be_written(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], copy[160], command[800];
    struct aur_session_info info;
    sample_session(s, id, "main", 1000, 3);
    sample_close(s);
    snprintf(command, sizeof command,
             "mkdir '%s/a%%20?#b' && cp '%s' '%s/a%%20?#b/x.db' && chmod 755 '%s' && chmod 555 "
             "'%s/a%%20?#b'",
             s->folder, s->path, s->folder, s->folder, s->folder);
    assert_int_equal(system(command), 0);
    const bool root = geteuid() == 0;
    if (root)
        assert_int_equal(seteuid(65534), 0);
    struct aur_archive *archive = NULL;
    struct aur_error err = {0};
    int rc = aur_archive_open(&archive, sample_file(s, copy, "a%20?#b/x.db"), &err);
    if (root)
        assert_int_equal(seteuid(0), 0);
    if (rc < 0)
        fail_msg("%s", err.message);
    assert_int_equal(aur_archive_session(archive, &info, id, NULL), AUR_OK);
    assert_int_equal(info.phrases, 3);
    aur_archive_close(archive);
    snprintf(command, sizeof command, "chmod -R u+w '%s'", s->folder);
    assert_int_equal(system(command), 0);
}

static void make_database(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_what_is_no_journal_is_refused(void **state)
{
    struct sample *s = *state;
    struct aur_journal *journal;
    struct aur_archive *archive;
    struct aur_error err = {0};
    char path[160];
    struct aur_journal_config config = {.path = sample_file(s, path, "text.db")};
    put_file(path,
             "no database at all, but long enough to look like one if only somebody wanted to see one in it, which "
             "nobody should\n");
    assert_int_equal(aur_journal_open(&journal, &config, &err), AUR_EINVAL);
    assert_non_null(strstr(err.message, "text.db"));
    assert_int_equal(aur_archive_open(&archive, path, &err), AUR_EINVAL);
    assert_int_equal(aur_archive_open(&archive, sample_file(s, path, "missing.db"), &err), AUR_EIO);
    put_file(sample_file(s, path, "empty.db"), "");
    assert_int_equal(aur_archive_open(&archive, path, &err), AUR_EINVAL);
    make_database(sample_file(s, path, "other.db"), "CREATE TABLE mine(x)");
    config.path = path;
    assert_int_equal(aur_journal_open(&journal, &config, &err), AUR_EINVAL);
    assert_non_null(strstr(err.message, "no journal of Auralis"));
    sample_close(s);
    make_database(s->path, "PRAGMA user_version = 99");
    config.path = s->path;
    assert_int_equal(aur_journal_open(&journal, &config, &err), AUR_EINVAL);
    assert_non_null(strstr(err.message, "later version"));
    assert_int_equal(aur_archive_open(&archive, s->path, &err), AUR_EINVAL);
    config.path = "/proc/nowhere/journal.db";
    assert_int_equal(aur_journal_open(&journal, &config, &err), AUR_EIO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_one_writer),
        TEST(test_the_log_is_there_as_long_as_the_writer),
        TEST(test_presets_beside_the_writer),
        TEST(test_read_where_nothing_may_be_written),
        TEST(test_what_is_no_journal_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
