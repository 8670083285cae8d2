/* Files of sessions and takes: nobody waits while they are made, exports do without what others have, and what is deleted is gone
 * whenever the process ends. */
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kept.h"

struct held { /* a reply whose taker waits for another reply */
    struct aur_wake go, gone;
    struct aur_error error;
};

static void hold(void *user, struct aur_keep_reply *reply)
{
    struct held *held = user;
    held->error = reply->error;
    aur_wake_wait(&held->go);
    aur_wake_post(&held->gone);
}

/* The thread of files is not done with an export; everything else is answered meanwhile. */
static void nobody_waits_for_an_export(void **state)
{
    struct kept kept;
    struct held held = {.error.code = 1};
    char id[AUR_KEEP_ID_SIZE];
    kept_open(&kept, *state);
    kept_record(&kept, 1);
    kept_start(&kept, NULL);
    struct aur_keep_request export = kept_about(AUR_KEEP_SESSION_EXPORT, kept.id, "");
    aur_wake_init(&held.go);
    aur_wake_init(&held.gone);
    assert_int_equal(aur_keep_ask(kept.keep, &export, hold, &held), 0);
    assert_int_equal(kept_ask(&kept, kept_take_of(1, RATE, "")), 0);
    kept_id(&kept, id, sizeof id);
    kept_settle(&kept, id);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_SESSIONS, "", "")), 0);
    aur_wake_post(&held.go);
    aur_wake_wait(&held.gone);
    assert_int_equal(held.error.code, 0);
    aur_wake_deinit(&held.go);
    aur_wake_deinit(&held.gone);
    kept_close(&kept);
    kept_drop_files(&kept);
}

static uint64_t export_bytes(struct kept *kept, bool whole)
{
    struct aur_keep_request request = kept_about(AUR_KEEP_SESSION_EXPORT, kept->id, "");
    request.whole = whole;
    assert_int_equal(kept_ask(kept, request), 0);
    return kept->reply.bytes;
}

/* What comes with the program is left out of an export, and never of a take. */
static void exports_do_without_what_is_shipped(void **state)
{
    struct fixture *f = *state;
    struct kept kept;
    char id[AUR_KEEP_ID_SIZE];
    aur_piece_free(f->piece);
    f->piece =
        fixture_piece(f, "with.lua",
                      "local theory = require 'theory'\n"
                      "return { title = 'With', patches = { pad = { voice = 'pad' } }, phrase = function(ctx)\n"
                      "ctx:note { patch = 'pad', at = 0, beats = 4, pitch = 57, velocity = 0.5 } return 2 end }\n");
    kept_open(&kept, f);
    kept_record(&kept, 1);
    kept_start(&kept, NULL);
    const uint64_t lean = export_bytes(&kept, false), whole = export_bytes(&kept, true);
    assert_true(lean + 1000 < whole);
    assert_int_equal(kept_ask(&kept, kept_take_of(1, RATE, "")), 0);
    kept_id(&kept, id, sizeof id);
    kept_settle(&kept, id);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_FILE, id, "take.auralis")), 0);
    assert_true(kept.reply.bytes + 200 > whole);
    kept_close(&kept);
    kept_drop_files(&kept);
}

/* The journal holds the deletion up, here by a lock of somebody else's on the database: had the process ended now, or at any
 * moment after, what there is of the take would be swept by the next start. */
static void what_is_deleted_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct kept kept;
    struct held held = {.error.code = 1};
    char id[AUR_KEEP_ID_SIZE], path[300], part[300];
    sqlite3 *other;
    kept_open(&kept, f);
    kept_record(&kept, 1);
    kept_start(&kept, NULL);
    assert_int_equal(kept_ask(&kept, kept_take_of(1, RATE, "")), 0);
    kept_id(&kept, id, sizeof id);
    kept_settle(&kept, id);
    snprintf(path, sizeof path, "%s/%s/take.flac", kept.folder, id);
    snprintf(part, sizeof part, "%s/.%s.part/take.flac", kept.folder, id);
    assert_int_equal(access(path, F_OK), 0);
    struct aur_keep_request delete = kept_about(AUR_KEEP_TAKE_DELETE, id, "");
    aur_wake_init(&held.go);
    aur_wake_init(&held.gone);
    aur_wake_post(&held.go);
    assert_int_equal(sqlite3_open(aur_journal_path(kept.journal), &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(aur_keep_ask(kept.keep, &delete, hold, &held), 0);
    while (access(path, F_OK) == 0)
        sched_yield();
    assert_int_equal(access(part, F_OK), 0);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    aur_wake_wait(&held.gone);
    assert_int_equal(held.error.code, 0);
    assert_int_not_equal(access(part, F_OK), 0);
    kept_stop(&kept);
    /* As an end between the journal and the disk leaves it. */
    snprintf(path, sizeof path, "%s/.%s.part", kept.folder, id);
    assert_int_equal(mkdir(path, 0777), 0);
    kept_start(&kept, NULL);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE, id, "")), AUR_ENOTFOUND);
    aur_wake_deinit(&held.go);
    aur_wake_deinit(&held.gone);
    kept_close(&kept);
    kept_drop_files(&kept);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_waits_for_an_export),
        TEST(exports_do_without_what_is_shipped),
        TEST(what_is_deleted_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
