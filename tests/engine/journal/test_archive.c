/* What is recorded is what is read, to the bit; which sessions are found. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sample.h"

#define RATE 48000u

/* ---- everything back ---- */

struct seen {
    unsigned n;
    uint64_t first, last;
};

static int on_phrase(void *user, const struct aur_recorded_phrase *phrase)
{
    struct seen *seen = user;
    const unsigned n = (unsigned)phrase->number;
    char before[300], after[300];
    snprintf(before, sizeof before, "{at=%u,%0200u}", n, n * 7919);
    snprintf(after, sizeof after, "{at=%u,%0200u}", n + 1, (n + 1) * 7919);
    assert_int_equal(phrase->ordinal, n + 100);
    assert_true(phrase->seed == 0xfedcba9876543210u);
    assert_int_equal(phrase->start_frame, (uint64_t)n * RATE);
    assert_int_equal(phrase->length_frames, RATE);
    assert_int_equal(phrase->kind, n % 5 == 4 ? AUR_PHRASE_REPEATED : AUR_PHRASE_COMPOSED);
    assert_int_equal(phrase->repeats, n % 5 == 4 ? n - 1 : 0);
    assert_int_equal(phrase->branch, n / 10);
    assert_string_equal(phrase->piece, sample_piece_hash(0));
    assert_string_equal(phrase->controls, "bpm=70\nkey=A minor\n");
    if (n)
        assert_string_equal(phrase->state_before, before);
    else
        assert_null(phrase->state_before);
    assert_string_equal(phrase->state_after, after);
    assert_true(phrase->notes_hash == aur_mix64(n));
    seen->first = seen->n++ ? seen->first : phrase->number;
    seen->last = phrase->number;
    return 0;
}

static int on_fact(void *user, const struct aur_fact *fact)
{
    struct seen *seen = user;
    assert_int_equal(fact->frame, (uint64_t)seen->n * RATE);
    assert_true(fact->level == 0.1f && fact->brightness == 0.7f && fact->intensity == 0.0f);
    seen->n++;
    return 0;
}

static int on_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct seen *seen = user;
    assert_int_equal(frame, (uint64_t)seen->n * RATE);
    assert_true(at_ms > 1600000000000);
    assert_string_equal(kind, "control");
    assert_string_equal(detail, "{\"key\":\"A minor\"}");
    seen->n++;
    return 0;
}

static void assert_head(const struct aur_session_info *info)
{
    const struct aur_session_head want = sample_head("main", 1000), *got = &info->head;
    assert_string_equal(got->channel, want.channel);
    assert_string_equal(got->title, want.title);
    assert_int_equal(got->unlisted, want.unlisted);
    assert_true(got->seed == want.seed);
    assert_int_equal(got->rate_hz, want.rate_hz);
    assert_int_equal(got->chunk_frames, want.chunk_frames);
    assert_int_equal(got->max_voices, want.max_voices);
    assert_int_equal(got->effects, want.effects);
    assert_string_equal(got->device, want.device);
    assert_string_equal(got->engine, want.engine);
    assert_int_equal(got->sound_revision, want.sound_revision);
    assert_string_equal(got->settings, want.settings);
    assert_string_equal(got->resumed_from, want.resumed_from);
    assert_int_equal(got->started_at, want.started_at);
}

static void test_everything_comes_back(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE];
    struct aur_session_info info;
    struct seen seen = {0};
    sample_session(s, id, "main", 1000, 250);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_session(archive, &info, id, NULL), AUR_OK);
    assert_head(&info);
    assert_int_equal(info.frames, 250 * RATE);
    assert_true(info.ended_at > 1000);
    assert_true(info.broken_at == UINT64_MAX);
    assert_int_equal(info.phrases, 250);
    assert_int_equal(aur_archive_phrases(archive, id, 0, UINT64_MAX, on_phrase, &seen), AUR_OK);
    assert_int_equal(seen.n, 250);
    seen.n = 0;
    assert_int_equal(aur_archive_phrases(archive, id, 3 * RATE, 7 * RATE, on_phrase, &seen), AUR_OK);
    assert_int_equal(seen.n, 4);
    assert_int_equal(seen.first, 3);
    assert_int_equal(seen.last, 6);
    seen.n = 0;
    assert_int_equal(aur_archive_facts(archive, id, AUR_FACT_LIVE, 0, UINT64_MAX, on_fact, &seen), AUR_OK);
    assert_int_equal(seen.n, 250);
    seen.n = 0;
    assert_int_equal(aur_archive_events(archive, id, 0, UINT64_MAX, on_event, &seen), AUR_OK);
    assert_int_equal(seen.n, 250);
    aur_archive_close(archive);
}

static int stop_at_third(void *user, const struct aur_recorded_phrase *phrase)
{
    (void)user;
    return phrase->number == 2 ? 77 : 0;
}

static void test_a_callback_ends_the_walk(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE];
    sample_session(s, id, "main", 1000, 5);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_phrases(archive, id, 0, UINT64_MAX, stop_at_third, NULL), 77);
    aur_archive_close(archive);
}

static void test_what_comes_next(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE];
    uint64_t next;
    sample_session(s, id, "main", 1000, 5);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_next_phrase(archive, id, 0, &next), AUR_OK);
    assert_int_equal(next, 0);
    assert_int_equal(aur_archive_next_phrase(archive, id, 3 * RATE + 1, &next), AUR_OK);
    assert_int_equal(next, 4 * RATE);
    assert_int_equal(aur_archive_next_phrase(archive, id, 4 * RATE + 1, &next), AUR_OK);
    assert_true(next == UINT64_MAX);
    assert_int_equal(aur_archive_next_fact(archive, id, AUR_FACT_LIVE, 1, &next), AUR_OK);
    assert_int_equal(next, RATE);
    assert_int_equal(aur_archive_next_fact(archive, id, AUR_FACT_CUT, 0, &next), AUR_OK);
    assert_true(next == UINT64_MAX);
    aur_archive_close(archive);
}

static int count_phrase(void *user, const struct aur_recorded_phrase *phrase)
{
    struct seen *seen = user;
    assert_int_not_equal(phrase->number, 3);
    seen->n++;
    return 0;
}

static int on_minute(void *user, const struct aur_fact *fact)
{
    struct seen *seen = user;
    assert_int_equal(fact->number, 7);
    assert_true(fact->hash == 0xffeeddccbbaa9988u);
    seen->n++;
    return 0;
}

static void test_dropped_phrases_and_other_facts(void **state)
{
    struct sample *s = *state;
    struct seen seen = {0};
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    sample_piece(recorder, 0);
    sample_phrases(recorder, 0, 6, 0);
    struct aur_fact dropped = {.type = AUR_FACT_DROPPED, .frame = 3 * RATE, .number = 3};
    struct aur_fact minute = {.type = AUR_FACT_MINUTE, .frame = 480 * RATE, .number = 7, .hash = 0xffeeddccbbaa9988u};
    aur_recorder_fact(recorder, &dropped);
    aur_recorder_fact(recorder, &minute);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    struct aur_archive *archive = sample_read(s);
    const char *id = aur_recorder_id(recorder);
    assert_int_equal(aur_archive_phrases(archive, id, 0, UINT64_MAX, count_phrase, &seen), AUR_OK);
    assert_int_equal(seen.n, 5);
    seen.n = 0;
    assert_int_equal(aur_archive_facts(archive, id, AUR_FACT_MINUTE, 0, UINT64_MAX, on_minute, &seen), AUR_OK);
    assert_int_equal(seen.n, 1);
    aur_archive_close(archive);
    aur_recorder_free(recorder, 6 * RATE);
}

static void test_a_bundle_comes_back(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE];
    struct aur_bundle *bundle;
    sample_session(s, id, "main", 1000, 1);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_bundle(archive, &bundle, "ffffffffffffffff", NULL), AUR_ENOTFOUND);
    assert_int_equal(aur_archive_bundle(archive, &bundle, sample_piece_hash(0), NULL), AUR_OK);
    assert_string_equal(bundle->hash, sample_piece_hash(0));
    assert_string_equal(bundle->name, "piece.lua");
    assert_int_equal(bundle->n_files, 2);
    assert_string_equal(bundle->files[0].name, "piece.lua");
    assert_string_equal(bundle->files[0].text, "return { title = \"0\" }");
    assert_string_equal(bundle->files[1].name, "lib/theory.lua");
    assert_int_equal(bundle->files[1].len, 10);
    assert_int_equal(bundle->n_tables, 1);
    assert_string_equal(bundle->tables[0].file, "waves/one.wav");
    assert_true(bundle->tables[0].hash == aur_hash_cycles(bundle->tables[0].frames, 2 * 2048, 2, 512));
    assert_int_equal(bundle->tables[0].cycles, 2);
    assert_int_equal(bundle->tables[0].partials, 512);
    assert_int_equal(bundle->tables[0].n_floats, 4096);
    for (unsigned i = 0; i < 4096; i++)
        assert_true(bundle->tables[0].frames[i] == (float)(i * 7 % 1000) / 1000);
    aur_bundle_free(bundle);
    aur_archive_close(archive);
}

static void test_what_is_the_same_is_stored_once(void **state)
{
    struct sample *s = *state;
    char a[AUR_SESSION_ID_SIZE], b[AUR_SESSION_ID_SIZE];
    sample_session(s, a, "main", 1000, 20);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM texts"), 2 + 1 + 20); /* scripts, controls, states */
    sample_session(s, b, "other", 2000, 20);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM texts"), 2 + 1 + 20);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM waves"), 1);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM pieces"), 1);
    assert_int_equal(sample_count(s, "SELECT count(*) FROM phrases"), 40);
}

static void test_keyframes(void **state)
{
    struct sample *s = *state;
    struct aur_recorder *recorder = sample_record(s, "main", 1000);
    struct aur_keyframe_head head = {.frame = 64000, .number = 9, .layout = 0xf000000000000001u};
    unsigned char *room = aur_recorder_keyframe(recorder);
    assert_non_null(room);
    for (int i = 0; i < 1 << 16; i++)
        room[i] = (unsigned char)(i * 31 >> 3);
    aur_recorder_keyframe_done(recorder, &head, 60000);
    assert_null(aur_recorder_keyframe(recorder)); /* the writer's now */
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    room = aur_recorder_keyframe(recorder);
    assert_non_null(room);
    head.frame = 128000;
    aur_recorder_keyframe_done(recorder, &head, 10);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    struct aur_archive *archive = sample_read(s);
    const char *id = aur_recorder_id(recorder);
    struct aur_keyframe_head got;
    void *bytes;
    size_t len;
    assert_int_equal(aur_archive_keyframe(archive, id, head.layout, 63999, &got, &bytes, &len), AUR_ENOTFOUND);
    assert_int_equal(aur_archive_keyframe(archive, id, 5, 64000, &got, &bytes, &len), AUR_ENOTFOUND);
    assert_int_equal(aur_archive_keyframe(archive, id, head.layout, 127999, &got, &bytes, &len), AUR_OK);
    assert_int_equal(got.frame, 64000);
    assert_int_equal(got.number, 9);
    assert_int_equal(len, 60000);
    for (int i = 0; i < 60000; i++)
        assert_int_equal(((unsigned char *)bytes)[i], (unsigned char)(i * 31 >> 3));
    free(bytes);
    assert_int_equal(aur_archive_keyframe(archive, id, head.layout, UINT64_MAX, &got, &bytes, &len), AUR_OK);
    assert_int_equal(got.frame, 128000);
    assert_int_equal(len, 10);
    free(bytes);
    aur_archive_close(archive);
    aur_recorder_free(recorder, 0);
}

/* ---- finding sessions ---- */

struct listed {
    unsigned n;
    char ids[8][AUR_SESSION_ID_SIZE];
};

static int on_session(void *user, const struct aur_session_info *session)
{
    struct listed *list = user;
    assert_true(list->n < 8);
    strcpy(list->ids[list->n++], session->id);
    return 0;
}

static void test_sessions_are_found(void **state)
{
    struct sample *s = *state;
    char a[AUR_SESSION_ID_SIZE], b[AUR_SESSION_ID_SIZE], prefix[AUR_SESSION_ID_SIZE];
    struct listed list = {0};
    struct aur_session_info info;
    struct aur_error err = {0};
    sample_session(s, a, "main", 1000, 1);
    sample_session(s, b, "other", 2000, 1);
    struct aur_session_head head = sample_head("private-7", 3000);
    head.unlisted = true;
    struct aur_recorder *recorder;
    assert_int_equal(aur_recorder_new(&recorder, s->journal, &head, 0), AUR_OK);
    assert_null(aur_recorder_keyframe(recorder));
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    struct aur_archive *archive = sample_read(s);
    assert_int_equal(aur_archive_sessions(archive, NULL, on_session, &list), AUR_OK);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.ids[0], b);
    assert_string_equal(list.ids[1], a);
    list.n = 0;
    assert_int_equal(aur_archive_sessions(archive, "private-7", on_session, &list), AUR_OK);
    assert_int_equal(list.n, 1);
    assert_int_equal(aur_archive_session(archive, &info, "", NULL), AUR_OK);
    assert_string_equal(info.id, b);
    assert_int_equal(aur_archive_session(archive, &info, aur_recorder_id(recorder), NULL), AUR_OK);
    assert_int_equal(info.ended_at, 0);
    assert_true(info.head.unlisted);
    size_t same = 0;
    while (a[same] == b[same])
        same++;
    snprintf(prefix, sizeof prefix, "%.*s", (int)same + 1, a);
    int rc = aur_archive_session(archive, &info, prefix, &err);
    if (rc == AUR_OK) /* the private one may begin so too */
        assert_string_equal(info.id, a);
    assert_int_equal(aur_archive_session(archive, &info, "last", &err), AUR_ENOTFOUND);
    assert_non_null(strstr(err.message, "last"));
    aur_archive_close(archive);
    aur_recorder_free(recorder, 0);
}

static void test_a_beginning_of_several_is_refused(void **state)
{
    struct sample *s = *state;
    char id[AUR_SESSION_ID_SIZE];
    bool several = false;
    struct aur_session_info info;
    struct aur_error err = {0};
    for (int i = 0; i < 40; i++) /* of 30 letters one comes twice */
        sample_session(s, id, "main", i, 0);
    struct aur_archive *archive = sample_read(s);
    for (const char *letter = "0123456789bcdfghjkmnpqrstvwxyz"; *letter && !several; letter++) {
        char prefix[2] = {*letter, '\0'};
        several = aur_archive_session(archive, &info, prefix, &err) == AUR_EINVAL;
    }
    assert_true(several);
    assert_non_null(strstr(err.message, "more letters"));
    aur_archive_close(archive);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_everything_comes_back),
        TEST(test_a_callback_ends_the_walk),
        TEST(test_what_comes_next),
        TEST(test_dropped_phrases_and_other_facts),
        TEST(test_a_bundle_comes_back),
        TEST(test_what_is_the_same_is_stored_once),
        TEST(test_keyframes),
        TEST(test_sessions_are_found),
        TEST(test_a_beginning_of_several_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
