/* verify, run as a command on a session whose journal was changed behind its back: it says what differs and where, and its exit
 * code is the answer. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/playback.h"
#include "base/hash.h"
#include "kept.h"

#define PHRASES 16 /* of 4 s: a minute and the beginning of another */
#define MINUTE  ((uint64_t)60 * RATE)

struct stage {
    struct fixture *f;
    char db[512], out[512];
};

static void run_sql(const struct stage *s, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(s->db, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* ---- what was streamed ---- */

struct streamed {
    uint64_t frame, hashes[2];
};

static void hash_minutes(void *user, const float *samples, size_t frames)
{
    struct streamed *s = user;
    for (size_t n; frames; frames -= n, samples += 2 * n) {
        const uint64_t minute = s->frame / MINUTE, left = (minute + 1) * MINUTE - s->frame;
        n = left < frames ? (size_t)left : frames;
        s->hashes[minute] = aur_hash_frames(samples, n, s->hashes[minute]);
        s->frame += n;
    }
}

/* The hashes that a channel would have noted: of what the session renders to. */
static void put_minutes(const struct stage *s)
{
    struct aur_archive *archive;
    struct aur_tables *tables;
    struct aur_replay *replay;
    struct streamed streamed = {.hashes = {AUR_HASH_START, AUR_HASH_START}};
    char sql[300];
    assert_int_equal(aur_archive_open(&archive, s->db, NULL), 0);
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    const struct aur_replay_config config = {.archive = archive, .session = "", .tables = tables};
    assert_int_equal(aur_replay_new(&replay, &config, NULL), 0);
    struct aur_bounce_request request = {.replay = replay,
                                         .to_frame = aur_replay_end(replay),
                                         .synth = aur_replay_synth(replay, aur_isa_best()),
                                         .on_audio = hash_minutes,
                                         .user = &streamed};
    fixture_render(&request);
    assert_int_equal(streamed.frame, PHRASES * 4 * RATE);
    aur_replay_free(replay);
    aur_tables_free(tables);
    aur_archive_close(archive);
    for (int i = 0; i < 2; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO facts SELECT key, 3, %lld, %d, %lld, 0, 0, 0 FROM sessions",
                 i ? (long long)streamed.frame : (long long)MINUTE, i, (long long)streamed.hashes[i]);
        run_sql(s, sql);
    }
}

static int set_up(void **state)
{
    struct stage *s = calloc(1, sizeof *s);
    struct kept kept;
    void *fixture;
    assert_non_null(s);
    assert_int_equal(fixture_setup(&fixture), 0);
    s->f = fixture;
    snprintf(s->db, sizeof s->db, "%s", fixture_path(s->f, "journal.db"));
    snprintf(s->out, sizeof s->out, "%s", fixture_path(s->f, "printed"));
    kept_open(&kept, s->f);
    kept_record(&kept, PHRASES);
    aur_recorder_free(kept.recorder, PHRASES * 4 * RATE);
    aur_journal_close(kept.journal);
    aur_wake_deinit(&kept.answered);
    put_minutes(s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;
    void *fixture = s->f;
    free(s);
    return fixture_teardown(&fixture);
}

/* ---- the command ---- */

static const struct aur_command *verify(void)
{
    for (const struct aur_command *command = aur_commands; command->name; command++)
        if (strcmp(command->name, "verify") == 0)
            return command;
    return NULL;
}

/* Its exit code; what it prints is in `printed`. */
static int run_verify(const struct stage *s, char printed[2000], bool json)
{
    char db[512], last[] = "last", flag[] = "--db", as_json[] = "--json", *argv[] = {last, flag, db, as_json, NULL};
    snprintf(db, sizeof db, "%s", s->db);
    fflush(stdout);
    const int saved = dup(STDOUT_FILENO);
    FILE *file = fopen(s->out, "w+");
    assert_true(saved >= 0 && file);
    assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
    const int exit_code = verify()->run(verify(), json ? 4 : 3, argv);
    fflush(stdout);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    rewind(file);
    printed[fread(printed, 1, 1999, file)] = '\0';
    fclose(file);
    return exit_code;
}

static void assert_prints(const struct stage *s, int exit_code, const char *text, const char *json)
{
    char printed[2000];
    assert_int_equal(run_verify(s, printed, false), exit_code);
    if (!strstr(printed, text))
        fail_msg("%s is not in %s", text, printed);
    assert_int_equal(run_verify(s, printed, true), exit_code);
    if (!strstr(printed, json))
        fail_msg("%s is not in %s", json, printed);
}

static void what_is_as_it_was(void **state)
{
    assert_prints(*state, 0, "2 of 2 minutes are as they were streamed; it can be played to 0:01:04.000\n",
                  "\"ok\":true,\"minutes\":2,\"equal\":2,\"different\":[]");
}

static void a_minute_whose_hash_is_another(void **state)
{
    run_sql(*state, "UPDATE facts SET hash = hash + 1 WHERE type = 3 AND number = 1");
    assert_prints(*state, 1, "minute 1 (from 0:01:00.000) differs\n",
                  "\"ok\":false,\"minutes\":2,\"equal\":1,\"different\":[1]");
    assert_prints(*state, 1, "1 of 2 minutes are as they were streamed", "\"error\":\"\"");
}

/* A live control that was not there: what comes after it sounds otherwise. */
static void a_control_that_nobody_set(void **state)
{
    run_sql(*state, "INSERT INTO facts SELECT key, 0, 64 * 43000, 0, 0, 0.1, 0.5, 0.5 FROM sessions");
    assert_prints(*state, 1, "minute 1 (from 0:01:00.000) differs\n", "\"equal\":1,\"different\":[1]");
}

static void a_script_that_was_changed(void **state)
{
    run_sql(*state, "UPDATE texts SET text = CAST(replace(CAST(text AS TEXT), 'beats = 7', 'beats = 6') AS BLOB) WHERE "
                    "key IN (SELECT text FROM piece_files)");
    assert_prints(*state, 1, "its texts are not those that were recorded", "\"ok\":false");
}

static void a_phrase_that_comes_out_another(void **state)
{
    run_sql(*state, "UPDATE phrases SET seed = seed + 1 WHERE number = 3");
    assert_prints(*state, 1, "phrase 3 (at 11.999 s): it is composed of what was recorded, and comes out another",
                  "\"error\":\"phrase 3 (at 11.999 s)");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_as_it_was),         TEST(a_minute_whose_hash_is_another),  TEST(a_control_that_nobody_set),
        TEST(a_script_that_was_changed), TEST(a_phrase_that_comes_out_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
