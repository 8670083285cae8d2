/* What people keep: takes, names, presets; what they delete, and what that leaves. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

#define RATE 48000u

static int on_take(void *user, const struct aur_take *take)
{
    struct aur_take *out = user;
    *out = *take;
    return 0;
}

static void test_takes_hold_their_session(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE];
    struct aur_error err = {0};
    struct aur_take take = {.id = "t1",
                            .name = "Evening",
                            .channel = "main",
                            .from_frame = 10,
                            .to_frame = 1u << 31,
                            .rate_hz = RATE,
                            .kept_at = 123456789,
                            .state = "waiting",
                            .wanted = "{}"},
                    got = {0};
    strcpy(take.session, "nowhere");
    assert_int_equal(aur_journal_take_put(s->journal, &take, &err), AUR_ENOTFOUND);
    sample_session(s, id, "main", 1000, 3);
    strcpy(take.session, id);
    assert_int_equal(aur_journal_take_put(s->journal, &take, &err), AUR_OK);
    memset(take.state, 0, sizeof take.state);
    strcpy(take.state, "done");
    assert_int_equal(aur_journal_take_put(s->journal, &take, &err), AUR_OK);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_takes(archive, on_take, &got), AUR_OK);
    assert_memory_equal(&got, &take, sizeof got);
    aur_archive_close(archive);
    assert_int_equal(aur_journal_session_delete(s->journal, id, &err), AUR_EBUSY);
    assert_non_null(strstr(err.message, "take"));
    assert_int_equal(aur_journal_take_delete(s->journal, "t2", &err), AUR_ENOTFOUND);
    assert_int_equal(aur_journal_take_delete(s->journal, "t1", &err), AUR_OK);
    assert_int_equal(aur_journal_session_delete(s->journal, id, &err), AUR_OK);
    assert_int_equal(sample_count(s,
                                  "SELECT (SELECT count(*) FROM texts) + (SELECT count(*) FROM pieces) + (SELECT "
                                  "count(*) FROM waves) + (SELECT count(*) FROM phrases) + (SELECT count(*) FROM facts)"
                                  " + (SELECT count(*) FROM events) + (SELECT count(*) FROM session_pieces)"),
                     0);
}

static int count_phrase(void *user, const struct aur_recorded_phrase *phrase)
{
    unsigned *n = user;
    assert_int_equal(phrase->number, *n);
    assert_non_null(phrase->state_after);
    ++*n;
    return 0;
}

static void test_deleting_leaves_what_others_need(void **state)
{
    struct sample *s = *state;
    char a[AUR_SESSION_ID_SIZE], b[AUR_SESSION_ID_SIZE];
    sample_session(s, a, "main", 1000, 30);
    sample_session(s, b, "main", 2000, 10);
    assert_int_equal(aur_journal_session_delete(s->journal, a, NULL), AUR_OK);
    unsigned seen = 0;
    struct aur_bundle *bundle;
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_phrases(archive, b, 0, UINT64_MAX, count_phrase, &seen), AUR_OK);
    assert_int_equal(seen, 10);
    assert_int_equal(aur_archive_bundle(archive, &bundle, sample_piece_hash(0), NULL), AUR_OK);
    aur_bundle_free(bundle);
    aur_archive_close(archive);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM texts"), 2 + 1 + 10);
    assert_int_equal(aur_journal_session_delete(s->journal, a, NULL), AUR_ENOTFOUND);
}

static void test_a_recorded_session_is_not_deleted(void **state)
{
    struct sample *s = *state;
    struct aur_error err = {0};
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    assert_int_equal(aur_journal_session_delete(s->journal, aur_recorder_id(recorder), &err), AUR_EBUSY);
    assert_non_null(strstr(err.message, "recorded"));
    aur_recorder_free(recorder, 0);
}

static void test_sessions_are_named(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE];
    struct aur_session_info info;
    sample_session(s, id, "main", 1000, 1);
    assert_int_equal(aur_journal_session_name(s->journal, id, "Evening", NULL), AUR_OK);
    assert_int_equal(aur_journal_session_name(s->journal, "none", "Evening", NULL), AUR_ENOTFOUND);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_session(archive, &info, id, NULL), AUR_OK);
    assert_string_equal(info.name, "Evening");
    aur_archive_close(archive);
}

static int on_preset(void *user, const char *name, const char *json)
{
    char *out = user;
    strcat(strcat(strcat(strcat(out, name), "="), json), ";");
    return 0;
}

static void test_presets(void **state)
{
    struct sample *s = *state;
    char text[200] = "";
    assert_int_equal(aur_journal_preset_put(s->journal, "b", "{\"x\":1}", NULL), AUR_OK);
    assert_int_equal(aur_journal_preset_put(s->journal, "a", "{}", NULL), AUR_OK);
    assert_int_equal(aur_journal_preset_put(s->journal, "b", "{\"x\":2}", NULL), AUR_OK);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_presets(archive, on_preset, text), AUR_OK);
    assert_string_equal(text, "a={};b={\"x\":2};");
    aur_archive_close(archive);
    assert_int_equal(aur_journal_preset_delete(s->journal, "a", NULL), AUR_OK);
    assert_int_equal(aur_journal_preset_delete(s->journal, "a", NULL), AUR_ENOTFOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_takes_hold_their_session),
        TEST(test_deleting_leaves_what_others_need),
        TEST(test_a_recorded_session_is_not_deleted),
        TEST(test_sessions_are_named),
        TEST(test_presets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
