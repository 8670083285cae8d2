/* Phrase after phrase: state, failures, and the same music again, in this process, in another and on several threads. */
#include <pthread.h>

#include "base/hash.h"
#include "engine/compose/piece_case.h"

static const char counting[] =
    "local kept = 0\n"
    "return { patches = { pad = { voice = 'pad' } }, state = { n = 10 }, phrase = function(ctx, state)\n"
    "  kept = kept + 1\n"
    "  state.n, state.kept = state.n + 1, kept\n"
    "  local r = ctx.random 'a'\n"
    "  for i = 1, 50 do ctx:note { patch = 'pad', at = r:float() * 8, beats = r:float() + 0.1, pitch = r:int(40, 80), "
    "velocity = r:float() } end\n"
    "  for k, v in pairs { x = 1, y = 2, z = 3 } do state[k] = math.sin(v) ^ 2.5 end\n"
    "  return 2\nend }";

static void nothing_but_state_survives(void **state)
{
    struct piece_case *c = *state;
    piece_case_load(c, counting);
    struct aur_session session;
    aur_session_init(&session, c->piece, 5, 48000);
    uint64_t frame = 0;
    for (int i = 0; i < 4; i++) {
        struct aur_phrase *phrase;
        assert_int_equal(aur_session_next(&session, &phrase, &c->controls, &c->err), AUR_OK);
        assert_int_equal(phrase->number, i);
        assert_int_equal(phrase->start_frame, frame);
        frame += phrase->length_frames;
        assert_int_equal(session.next_frame, frame);
        assert_int_equal(session.next_number, i + 1);
        char want[40];
        snprintf(want, sizeof want, "{kept=1,n=%d,", 11 + i);
        assert_memory_equal(session.state, want, strlen(want));
        aur_phrase_free(phrase);
    }
    aur_session_deinit(&session);
}

static void what_composing_took_is_told(void **state)
{
    struct piece_case *c = *state;
    piece_case_load(c, "return { phrase = function(ctx, state) for i = 1, 50000 do local t = { i } end "
                       "if ctx.intensity > 0.9 then error('too much') end return 1 end }");
    struct aur_session session;
    struct aur_compose_usage usage = {0};
    struct aur_phrase *phrase = NULL;
    aur_session_init(&session, c->piece, 5, 44100);
    session.usage = &usage;
    for (int failing = 0; failing < 2; failing++) {
        usage = (struct aur_compose_usage){0};
        c->controls.intensity = failing;
        assert_int_equal(aur_session_next(&session, &phrase, &c->controls, &c->err), failing ? AUR_ESCRIPT : AUR_OK);
        assert_true(usage.memory_bytes > 10000);
        assert_true(usage.collections > 0);
    }
    aur_phrase_free(phrase);
    aur_session_deinit(&session);
}

static void a_failure_changes_nothing(void **state)
{
    struct piece_case *c = *state;
    piece_case_load(c, "return { state = { n = 0 }, phrase = function(ctx, state) state.n = state.n + 1 if "
                       "ctx.intensity > 0.9 then error('too much') end return 1 end }");
    struct aur_session session;
    struct aur_phrase *phrase, *again;
    aur_session_init(&session, c->piece, 5, 44100);
    assert_int_equal(aur_session_next(&session, &phrase, &c->controls, &c->err), AUR_OK);
    c->controls.intensity = 1;
    again = NULL;
    piece_case_expect(c, aur_session_next(&session, &again, &c->controls, &c->err), AUR_ESCRIPT,
                      "piece.lua:1: too much\n");
    assert_null(again);
    assert_int_equal(session.next_number, 1);
    assert_int_equal(session.next_frame, phrase->length_frames);
    assert_string_equal(session.state, "{n=1}");
    /* the last phrase again, then on */
    assert_int_equal(aur_phrase_repeat(&again, phrase, session.next_number, session.next_frame), AUR_OK);
    aur_session_skip(&session, again);
    assert_int_equal(session.next_number, 2);
    assert_int_equal(session.next_frame, 2 * phrase->length_frames);
    aur_phrase_free(again);
    c->controls.intensity = 0;
    assert_int_equal(aur_session_next(&session, &again, &c->controls, &c->err), AUR_OK);
    assert_int_equal(again->number, 2);
    assert_string_equal(session.state, "{n=2}");
    aur_phrase_free(again);
    aur_phrase_free(phrase);
    aur_session_deinit(&session);
}

static uint64_t hash_phrases(struct piece_case *c, uint64_t seed, int n)
{
    struct aur_session session;
    uint64_t hash = AUR_HASH_START;
    aur_session_init(&session, c->piece, seed, 44100);
    for (int i = 0; i < n; i++) {
        struct aur_phrase *phrase;
        if (aur_session_next(&session, &phrase, &c->controls, &c->err) != AUR_OK)
            fail_msg("%s", c->err.message);
        for (uint32_t k = 0; k < phrase->n_notes; k++) /* what sounds: all before the script's lines */
            hash = aur_hash64(&phrase->notes[k], offsetof(struct aur_note, patch) + sizeof(uint16_t), hash);
        hash = aur_hash64(phrase->chords, phrase->n_chords * sizeof *phrase->chords, hash);
        hash = aur_hash64(session.state, strlen(session.state), hash);
        aur_phrase_free(phrase);
    }
    aur_session_deinit(&session);
    return hash;
}

static void the_same_again(void **state)
{
    struct piece_case *c = *state;
    piece_case_load(c, counting);
    uint64_t first = hash_phrases(c, 1, 5);
    for (int i = 0; i < 5; i++)
        assert_true(hash_phrases(c, 1, 5) == first);
    assert_true(hash_phrases(c, 2, 5) != first);
    char text[sizeof counting];
    memcpy(text, counting, sizeof text);
    piece_case_load(c, text);
    assert_true(hash_phrases(c, 1, 5) == first);
    /* on every machine: notes, random numbers, sin, ^ and the order of pairs are in it */
    if (first != UINT64_C(0x77d0b2aedbe1c7c9))
        fail_msg("hash 0x%016llx", (unsigned long long)first);
}

static void in_another_process(void **state)
{
    struct piece_case *c = *state;
    char program[512], command[600], got[40] = "", want[40];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    assert_true(n > 0);
    program[n] = '\0';
    snprintf(command, sizeof command, "'%s' hash", program);
    piece_case_load(c, counting);
    snprintf(want, sizeof want, "%016llx\n", (unsigned long long)hash_phrases(c, 1, 5));
    for (int i = 0; i < 4; i++) {
        FILE *child = popen(command, "r");
        assert_non_null(child);
        assert_non_null(fgets(got, sizeof got, child));
        assert_int_equal(pclose(child), 0);
        assert_string_equal(got, want);
    }
}

struct worker {
    struct piece_case *c;
    uint64_t hash;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct piece_case own = *w->c;
    w->hash = hash_phrases(&own, 3, 10);
    return NULL;
}

static void on_several_threads_at_once(void **state)
{
    struct piece_case *c = *state;
    piece_case_load(c, counting);
    pthread_t threads[4];
    struct worker workers[4];
    for (int i = 0; i < 4; i++) {
        workers[i].c = c;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    uint64_t want = hash_phrases(c, 3, 10);
    for (int i = 0; i < 4; i++)
        assert_true(workers[i].hash == want);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piece_case_open, piece_case_close)

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        void *state;
        if (piece_case_open(&state) != 0)
            return 1;
        piece_case_load(state, counting);
        printf("%016llx\n", (unsigned long long)hash_phrases(state, 1, 5));
        return piece_case_close(&state);
    }
    const struct CMUnitTest tests[] = {TEST(nothing_but_state_survives), TEST(what_composing_took_is_told),
                                       TEST(a_failure_changes_nothing),  TEST(the_same_again),
                                       TEST(in_another_process),         TEST(on_several_threads_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
