/* A process that is killed at any moment leaves a journal that is whole, and holds what was written. */
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"

#define RATE 48000u

/* Records for ever; tells after each flush how many phrases were on disk. */
static void record_until_killed(const char *path, int out)
{
    struct aur_journal_config config = {.path = path};
    struct sample s = {0};
    struct aur_error err;
    if (aur_journal_open(&s.journal, &config, &err) < 0)
        _exit(1);
    struct aur_recorder *recorder = sample_record(&s, "main", 1000);
    if (write(out, aur_recorder_id(recorder), AUR_SESSION_ID_SIZE) != AUR_SESSION_ID_SIZE)
        _exit(1);
    sample_piece(recorder, 0);
    for (unsigned n = 0;; n += 7) {
        sample_phrases(recorder, n, n + 7, 0);
        const unsigned done = n + 7;
        if (aur_journal_flush(s.journal, 10000) < 0 || write(out, &done, sizeof done) != sizeof done)
            _exit(1);
    }
}

static void read_whole(int fd, void *out, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = read(fd, (char *)out + at, len - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
}

/* Kills a recording process after so many reports; *flushed: phrases that it had on disk at least. */
static void run_and_kill(const struct sample *s, unsigned reports, char id[AUR_SESSION_ID_SIZE], unsigned *flushed)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        record_until_killed(s->path, pipes[1]);
    close(pipes[1]);
    read_whole(pipes[0], id, AUR_SESSION_ID_SIZE);
    *flushed = 0;
    for (unsigned i = 0; i < reports; i++)
        read_whole(pipes[0], flushed, sizeof *flushed);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    close(pipes[0]);
}

static int in_order(void *user, const struct aur_recorded_phrase *phrase)
{
    unsigned *n = user;
    assert_int_equal(phrase->number, *n);
    ++*n;
    return 0;
}

static void test_killed_at_any_moment(void **state)
{
    struct sample *s = *state;
    sample_close(s);
    for (unsigned reports = 0; reports < 12; reports++) {
        char id[AUR_SESSION_ID_SIZE];
        unsigned flushed, phrases = 0;
        struct aur_session_info info;
        run_and_kill(s, reports, id, &flushed);
        sample_open(s, NULL); /* nobody holds it any more */
        assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
        assert_int_equal(sample_count(s, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
                         0);
        assert_int_equal(sample_count(s, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_int_equal(sample_count(s, "SELECT count(*) FROM sessions WHERE ended_at IS NULL"), 0);
        struct aur_archive *archive = sample_read(s);
        int rc = aur_archive_session(archive, &info, id, NULL);
        if (flushed)
            assert_int_equal(rc, AUR_OK);
        if (rc == AUR_OK) {
            assert_int_equal(aur_archive_phrases(archive, id, 0, UINT64_MAX, in_order, &phrases), AUR_OK);
            assert_true(phrases >= flushed);
            assert_true(info.frames >= (uint64_t)flushed * RATE); /* it said that it had got so far */
            assert_true(info.frames <= (uint64_t)phrases * RATE);
            assert_true(info.broken_at == UINT64_MAX);
        }
        aur_archive_close(archive);
        sample_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed_at_any_moment, sample_set_up, sample_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
