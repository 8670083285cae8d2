/* Many threads tell one journal at a time, render threads among them, while others read and ask; for the thread sanitizer. */
#include "support/unit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/thread.h"
#include "sample.h"
#include "support/failing_alloc.h"

#define RATE     48000u
#define CHANNELS 4
#define PHRASES  60

struct channel {
    struct sample *s;
    struct aur_recorder *recorder;
    struct aur_thread render, composer;
    char id[AUR_SESSION_ID_SIZE];
    unsigned long allocations;
};

/* What a render worker does: facts, keyframes, how far it is. No faster than the composer, or the ring would run over. */
static void render(void *user)
{
    struct channel *c = user;
    const unsigned long before = failing_alloc_calls();
    for (uint64_t n = 0; n < 500; n++) {
        struct aur_fact fact = {.type = AUR_FACT_LIVE, .frame = n * 64, .level = 0.1f, .brightness = 0.7f};
        aur_recorder_fact(c->recorder, &fact);
        unsigned char *room = aur_recorder_keyframe(c->recorder);
        if (room && n % 10 == 0) {
            memset(room, (int)n, 1000);
            struct aur_keyframe_head head = {.frame = n * 64, .number = n, .layout = 1};
            aur_recorder_keyframe_done(c->recorder, &head, 1000);
        }
        aur_recorder_reached(c->recorder, n * 64 + 64);
    }
    c->allocations = failing_alloc_calls() - before;
}

static void compose(void *user)
{
    struct channel *c = user;
    for (unsigned n = 0; n < PHRASES; n++) {
        struct aur_recorded_phrase phrase = {.number = n,
                                             .start_frame = (uint64_t)n * RATE,
                                             .length_frames = RATE,
                                             .piece = sample_piece_hash(0),
                                             .controls = "bpm=70\n",
                                             .state_after = "{}"};
        aur_recorder_phrase(c->recorder, &phrase);
        aur_recorder_event(c->recorder, n, "control", NULL);
        if (n == PHRASES / 2)
            aur_recorder_broken(c->recorder, 1u << 30, "far away");
    }
}

static int count_phrase(void *user, const struct aur_recorded_phrase *phrase)
{
    unsigned *n = user;
    (void)phrase;
    ++*n;
    return 0;
}

static void ask_and_read(struct sample *s)
{
    for (int i = 0; i < 10; i++) {
        struct aur_journal_health health;
        char name[16];
        unsigned n = 0;
        snprintf(name, sizeof name, "preset %d", i);
        assert_int_equal(aur_journal_preset_put(s->journal, name, "{}", NULL), AUR_OK);
        aur_journal_health(s->journal, &health);
        assert_true(health.ok);
        struct aur_archive *archive = sample_read(s);
        struct aur_session_info info;
        if (aur_archive_session(archive, &info, NULL, NULL) == AUR_OK)
            assert_int_equal(aur_archive_phrases(archive, info.id, 0, UINT64_MAX, count_phrase, &n), AUR_OK);
        aur_archive_close(archive);
    }
}

static void test_everybody_at_once(void **state)
{
    struct sample *s = *state;
    struct channel channels[CHANNELS] = {0};
    for (int i = 0; i < CHANNELS; i++) {
        struct channel *c = &channels[i];
        c->recorder = sample_record(s, "main", i);
        strcpy(c->id, aur_recorder_id(c->recorder));
        sample_piece(c->recorder, 0);
        struct aur_thread_config as_render = {"render", render, c, true}, as_composer = {"compose", compose, c, false};
        assert_int_equal(aur_thread_start(&c->render, &as_render, NULL), AUR_OK);
        assert_int_equal(aur_thread_start(&c->composer, &as_composer, NULL), AUR_OK);
    }
    ask_and_read(s);
    for (int i = 0; i < CHANNELS; i++) {
        aur_thread_join(&channels[i].render);
        aur_thread_join(&channels[i].composer);
        assert_int_equal(channels[i].allocations, 0);
        aur_recorder_free(channels[i].recorder, PHRASES * RATE);
    }
    assert_int_equal(aur_journal_flush(s->journal, 20000), AUR_OK);
    struct aur_archive *archive = sample_read(s);
    for (int i = 0; i < CHANNELS; i++) {
        struct aur_session_info info;
        assert_int_equal(aur_archive_session(archive, &info, channels[i].id, NULL), AUR_OK);
        assert_int_equal(info.frames, PHRASES * RATE);
        assert_int_equal(info.phrases, PHRASES);
        assert_int_equal(info.broken_at, 1u << 30);
        assert_true(info.ended_at > 0);
    }
    assert_int_equal(sample_count(s, "SELECT count(*) FROM facts"), CHANNELS * 500);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), CHANNELS * PHRASES);
    assert_true(sample_count(s, "SELECT count(*) FROM keyframes") >= CHANNELS);
    aur_archive_close(archive);
}

/* Each allocation of starting and telling fails in turn: nothing leaks or crashes, and the session says what it lacks. */
static void test_without_memory(void **state)
{
    struct sample *s = *state;
    struct aur_session_head head = sample_head("main", 1);
    for (long nth = 0;; nth++) {
        struct aur_recorder *recorder = NULL;
        struct aur_recorded_phrase phrase = {.piece = sample_piece_hash(0), .state_after = "{}"};
        failing_alloc_arm(nth);
        int rc = aur_recorder_new(&recorder, s->journal, &head, 100);
        if (rc == AUR_OK)
            aur_recorder_phrase(recorder, &phrase);
        const bool failed = failing_alloc_disarm();
        assert_true(rc == AUR_OK || (failed && rc == AUR_ENOMEM));
        aur_recorder_free(recorder, 0);
        if (!failed)
            break;
    }
    assert_int_equal(aur_journal_flush(s->journal, 20000), AUR_OK);
}

static int any_bundle(struct aur_archive *archive)
{
    struct aur_bundle *bundle;
    int rc = aur_archive_bundle(archive, &bundle, sample_piece_hash(0), NULL);
    if (rc == AUR_OK)
        aur_bundle_free(bundle);
    return rc;
}

/* The same for reading, exporting, importing and opening: AUR_ENOMEM, or done. */
static void test_reading_without_memory(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE], path[160];
    struct aur_session_info info;
    sample_session(s, id, "main", 1000, 3);
    sample_close(s);
    sample_file(s, path, "a.auralis");
    for (long nth = 0;; nth++) {
        struct aur_archive *archive = NULL;
        struct aur_journal *journal = NULL;
        struct aur_journal_config config = {.path = s->path};
        failing_alloc_arm(nth);
        int rc = aur_archive_open(&archive, s->path, NULL);
        rc = rc == AUR_OK ? aur_archive_session(archive, &info, id, NULL) : rc;
        rc = rc == AUR_OK ? any_bundle(archive) : rc;
        rc = rc == AUR_OK ? aur_archive_export(archive, id, path, AUR_EXPORT_LEAN, true, NULL) : rc;
        rc = rc == AUR_OK ? aur_journal_open(&journal, &config, NULL) : rc;
        rc = rc == AUR_OK ? aur_journal_session_import(journal, path, id, NULL) : rc;
        const bool failed = failing_alloc_disarm();
        aur_archive_close(archive);
        aur_journal_close(journal);
        if (!failed) {
            assert_int_equal(rc, AUR_OK);
            break;
        }
        assert_true(rc == AUR_ENOMEM || rc == AUR_OK);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)
    const struct CMUnitTest tests[] = {TEST(test_everybody_at_once), TEST(test_without_memory),
                                       TEST(test_reading_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
