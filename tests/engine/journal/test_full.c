/* A disk that takes nothing for a while, or for ever: what is recorded waits, sound does not; what is lost is said. */
#include "support/unit.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/clock.h"
#include "sample.h"

#define RATE 48000u

/* ---- a disk that can be full: SQLite lets its system calls be replaced ---- */

static atomic_int disk_error; /* errno of every write; 0: none */

static atomic_llong disk_room; /* no file may be longer; 0: any length */

static ssize_t sick_pwrite(int fd, const void *data, size_t len, off_t at)
{
    int error = atomic_load(&disk_error);
    const long long room = atomic_load(&disk_room);
    if (room && at + (long long)len > room)
        error = ENOSPC;
    if (!error)
        return pwrite(fd, data, len, at);
    errno = error;
    return -1;
}

static ssize_t sick_write(int fd, const void *data, size_t len)
{
    int error = atomic_load(&disk_error);
    if (!error)
        return write(fd, data, len);
    errno = error;
    return -1;
}

static int make_sick(void **state)
{
    (void)state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    assert_true(vfs->iVersion >= 3);
    vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)sick_pwrite);
    vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)sick_pwrite);
    vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)sick_write);
    return 0;
}

static int set_up(void **state)
{
    atomic_store(&disk_error, 0);
    return sample_set_up(state);
}

static int tear_down(void **state)
{
    atomic_store(&disk_error, 0);
    return sample_tear_down(state);
}

/* Until the writer has tried, ten seconds at most. */
static struct aur_journal_health wait_for_health(struct sample *s, bool ok)
{
    struct aur_journal_health health;
    for (int i = 0; i < 1000; i++) {
        aur_journal_health(s->journal, &health);
        if (health.ok == ok)
            return health;
        aur_clock_sleep_until_ns(aur_clock_mono_ns() + 10000000);
    }
    fail_msg("the journal did not become %s", ok ? "well" : "ill");
    return health;
}

static int in_order(void *user, const struct aur_recorded_phrase *phrase)
{
    unsigned *n = user;
    assert_int_equal(phrase->number, *n);
    ++*n;
    return 0;
}

static unsigned count_lines(const char *path, const char *text)
{
    char line[4096];
    unsigned n = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        n += strstr(line, text) != NULL;
    fclose(file);
    return n;
}

/* ---- the tests ---- */

static void test_a_full_disk_costs_nothing_if_it_recovers(void **state)
{
    struct sample *s = *state;
    char path[160];
    struct aur_log *log;
    struct aur_session_info info;
    unsigned phrases = 0;
    sample_close(s);
    assert_int_equal(aur_log_new(&log, AUR_LOG_INFO, sample_file(s, path, "log"), NULL), AUR_OK);
    sample_open(s, &(struct aur_journal_config){.log = log});
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    sample_piece(recorder, 0);
    sample_phrases(recorder, 0, 10, 0);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    atomic_store(&disk_error, ENOSPC);
    for (unsigned n = 10; n < 100; n += 10) {
        sample_phrases(recorder, n, n + 10, 0);
        assert_int_equal(aur_journal_flush(s->journal, 30), AUR_EIO);
    }
    struct aur_journal_health health = wait_for_health(s, false);
    assert_non_null(strstr(health.reason, "full"));
    assert_true(health.waiting >= 180);
    assert_int_equal(health.lost, 0);
    atomic_store(&disk_error, 0);
    assert_int_equal(aur_journal_flush(s->journal, 20000), AUR_OK);
    health = wait_for_health(s, true);
    assert_string_equal(health.reason, "");
    assert_int_equal(health.waiting, 0);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_session(archive, &info, aur_recorder_id(recorder), NULL), AUR_OK);
    assert_true(info.broken_at == UINT64_MAX);
    assert_int_equal(aur_archive_phrases(archive, info.id, 0, UINT64_MAX, in_order, &phrases), AUR_OK);
    assert_int_equal(phrases, 100);
    aur_archive_close(archive);
    aur_recorder_free(recorder, 100 * RATE);
    sample_close(s);
    aur_log_free(log);
    assert_int_equal(count_lines(path, "cannot be written"), 1);
    assert_int_equal(count_lines(path, "is written again"), 1);
}

static void test_a_keyframe_that_does_not_fit_goes_alone(void **state)
{
    struct sample *s = *state;
    char wal[160];
    struct stat about;
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    struct aur_keyframe_head head = {.frame = 1, .layout = 1};
    uint64_t noise = 1;
    sample_piece(recorder, 0);
    sample_phrases(recorder, 0, 10, 0);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    snprintf(wal, sizeof wal, "%s-wal", s->path);
    assert_int_equal(stat(wal, &about), 0);
    atomic_store(&disk_room, about.st_size + 62000);
    unsigned char *room = aur_recorder_keyframe(recorder);
    assert_non_null(room);
    for (unsigned i = 0; i < 1 << 16; i++)
        room[i] = (unsigned char)((noise = noise * 6364136223846793005u + 1442695040888963407u) >> 56);
    aur_recorder_keyframe_done(recorder, &head, 1 << 16);
    sample_phrases(recorder, 10, 11, 0);
    assert_int_equal(aur_journal_flush(s->journal, 20000), AUR_OK);
    atomic_store(&disk_room, 0);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM phrases"), 11);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM keyframes"), 0);
    assert_non_null(aur_recorder_keyframe(recorder)); /* there is room for the next */
    aur_recorder_free(recorder, 11 * RATE);
}

static void test_what_no_longer_fits_breaks_the_session(void **state)
{
    struct sample *s = *state;
    struct aur_session_info info;
    unsigned phrases = 0;
    sample_close(s);
    sample_open(s, &(struct aur_journal_config){.queue_bytes = 100000});
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    struct aur_recorder *other = sample_record(s, "quiet", 1000);
    sample_piece(recorder, 0);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    atomic_store(&disk_error, EIO);
    for (unsigned n = 0; n < 300; n += 10) {
        sample_phrases(recorder, n, n + 10, 0);
        assert_int_equal(aur_journal_flush(s->journal, 20), AUR_EIO); /* by then it took the facts, and tried */
    }
    struct aur_journal_health health = wait_for_health(s, false);
    assert_true(health.lost > 0);
    atomic_store(&disk_error, 0);
    assert_int_equal(aur_journal_flush(s->journal, 20000), AUR_OK);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_session(archive, &info, aur_recorder_id(recorder), NULL), AUR_OK);
    assert_true(info.broken_at > 0 && info.broken_at < 300 * RATE && info.broken_at % RATE == 0);
    assert_non_null(strstr(info.broken_why, "memory"));
    assert_int_equal(aur_archive_phrases(archive, info.id, 0, info.broken_at, in_order, &phrases), AUR_OK);
    assert_int_equal(phrases, info.broken_at / RATE); /* up to there it is whole */
    assert_int_equal(aur_archive_session(archive, &info, aur_recorder_id(other), NULL), AUR_OK);
    assert_true(info.broken_at == UINT64_MAX);
    aur_archive_close(archive);
    aur_recorder_free(recorder, 300 * RATE);
    aur_recorder_free(other, 300 * RATE);
}

static void test_what_people_ask_is_refused_meanwhile(void **state)
{
    struct sample *s = *state;
    struct aur_error err = {0};
    atomic_store(&disk_error, ENOSPC);
    assert_int_equal(aur_journal_preset_put(s->journal, "a", "{}", &err), AUR_EIO);
    assert_non_null(strstr(err.message, "full"));
    atomic_store(&disk_error, 0);
    assert_int_equal(aur_journal_preset_put(s->journal, "a", "{}", &err), AUR_OK);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM presets"), 1);
}

static void test_an_end_without_a_disk(void **state)
{
    struct sample *s = *state;
    struct aur_session_info info;
    unsigned phrases = 0;
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    char id[AUR_SESSION_ID_SIZE];
    strcpy(id, aur_recorder_id(recorder));
    sample_piece(recorder, 0);
    sample_phrases(recorder, 0, 10, 0);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    atomic_store(&disk_error, ENOSPC);
    sample_phrases(recorder, 10, 20, 0);
    aur_recorder_free(recorder, 20 * RATE);
    sample_close(s); /* gives up after some seconds */
    atomic_store(&disk_error, 0);
    sample_open(s, NULL);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_session(archive, &info, id, NULL), AUR_OK);
    assert_int_equal(info.frames, 10 * RATE); /* as far as it is known */
    assert_true(info.ended_at > 0);
    assert_int_equal(aur_archive_phrases(archive, id, 0, UINT64_MAX, in_order, &phrases), AUR_OK);
    assert_int_equal(phrases, 10);
    aur_archive_close(archive);
}

static void test_a_ring_that_overflows_breaks_the_session(void **state)
{
    struct sample *s = *state;
    struct aur_session_info info;
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    for (uint64_t i = 0; i < 100000; i++) {
        struct aur_fact fact = {.type = AUR_FACT_LIVE, .frame = 64 * i};
        aur_recorder_fact(recorder, &fact);
    }
    assert_int_equal(aur_journal_flush(s->journal, 60000), AUR_OK);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_session(archive, &info, aur_recorder_id(recorder), NULL), AUR_OK);
    assert_true(info.broken_at >= 64 * 1024 && info.broken_at < 64 * 100000);
    assert_non_null(strstr(info.broken_why, "at once"));
    struct aur_journal_health health;
    aur_journal_health(s->journal, &health);
    assert_int_equal(health.lost + (uint64_t)sample_count(s, "SELECT count(*) FROM facts"), 100000);
    assert_int_equal((uint64_t)sample_count(s,
                                            "SELECT count(*) = (SELECT broken_at / 64 FROM sessions) FROM facts WHERE "
                                            "frame < (SELECT broken_at FROM sessions)"),
                     1);
    aur_archive_close(archive);
    aur_recorder_free(recorder, 0);
}

static void test_a_deleted_file_is_noticed(void **state)
{
    struct sample *s = *state;
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    char aside[160];
    assert_int_equal(rename(s->path, sample_file(s, aside, "aside.db")), 0);
    aur_recorder_event(recorder, 0, "control", "{}");
    struct aur_journal_health health = wait_for_health(s, false);
    assert_non_null(strstr(health.reason, "moved or deleted"));
    assert_int_equal(rename(aside, s->path), 0);
    wait_for_health(s, true);
    aur_recorder_free(recorder, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_full_disk_costs_nothing_if_it_recovers),
        TEST(test_a_keyframe_that_does_not_fit_goes_alone),
        TEST(test_what_no_longer_fits_breaks_the_session),
        TEST(test_what_people_ask_is_refused_meanwhile),
        TEST(test_an_end_without_a_disk),
        TEST(test_a_ring_that_overflows_breaks_the_session),
        TEST(test_a_deleted_file_is_noticed),
    };
    return cmocka_run_group_tests(tests, make_sick, NULL);
}
