/* What a render refuses, and that nothing is left behind when it fails, is interrupted or runs out of memory. */
#include "bounce/bounce.h"

#include <stdio.h>
#include <string.h>

#include "compose/session.h"
#include "fixture.h"
#include "support/failing_alloc.h"

static void bad_requests_are_refused(void **state)
{
    const struct {
        const char *name;
        enum aur_bounce_bits bits;
        bool dither;
        double duration_s, fade_s, tail_s;
        uint32_t file_rate_hz;
        int code;
        const char *field;
    } cases[] = {
        {"x.mp3", AUR_BITS_24, false, 1, 0, 0, 0, AUR_EINVAL, "output"},
        {"x", AUR_BITS_24, false, 1, 0, 0, 0, AUR_EINVAL, "output"},
        {"x.flac", AUR_BITS_FLOAT, false, 1, 0, 0, 0, AUR_EINVAL, "bits"},
        {"x.opus", AUR_BITS_FLOAT, false, 1, 0, 0, 0, AUR_EINVAL, "bits"},
        {"x.opus", AUR_BITS_16, true, 1, 0, 0, 0, AUR_EINVAL, "dither"},
        {"x.wav", AUR_BITS_24, true, 1, 0, 0, 0, AUR_EINVAL, "dither"},
        {"x.wav", AUR_BITS_24, false, 0, 0, 0, 0, AUR_EINVAL, "duration"},
        {"x.wav", AUR_BITS_24, false, -1, 0, 0, 0, AUR_EINVAL, "duration"},
        {"x.wav", AUR_BITS_24, false, 0.0 / 0.0, 0, 0, 0, AUR_EINVAL, "duration"},
        {"x.wav", AUR_BITS_24, false, 1e12, 0, 0, 0, AUR_EINVAL, "duration"},
        {"x.wav", AUR_BITS_24, false, 1, -1, 0, 0, AUR_EINVAL, "fade"},
        {"x.wav", AUR_BITS_24, false, 1, 0, -0.1, 0, AUR_EINVAL, "tail"},
        {"x.wav", AUR_BITS_24, false, 1, 0, 0, 100, AUR_EINVAL, "rate"},
        {"x.wav", AUR_BITS_24, false, 1, 0, 0, 1000000, AUR_EINVAL, "rate"},
        {"no/such/folder/x.wav", AUR_BITS_24, false, 1, 0, 0, 0, AUR_EIO, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aur_bounce_request request = fixture_request(*state, fixture_path(*state, cases[i].name));
        struct aur_error err = {0};
        request.bits = cases[i].bits;
        request.dither = cases[i].dither;
        request.duration_s = cases[i].duration_s;
        request.fade_s = cases[i].fade_s;
        request.tail_s = cases[i].tail_s;
        request.file_rate_hz = cases[i].file_rate_hz;
        if (aur_bounce(&request, &err) != cases[i].code)
            fail_msg("case %zu: %d %s", i, err.code, err.message);
        assert_string_equal(err.field, cases[i].field);
        assert_true(*err.message);
        assert_int_equal(fixture_files(*state), 0);
    }
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void existing_files_are_kept_without_force(void **state)
{
    const char *wav = fixture_path(*state, "x.wav"), *json = fixture_path(*state, "x.json");
    const char *copy = fixture_path(*state, "copy"), *fresh = fixture_path(*state, "fresh.wav");
    struct aur_error err;
    write_text(wav, "mine");
    write_text(json, "mine");
    write_text(copy, "mine");
    struct aur_bounce_request request = fixture_request(*state, wav);
    assert_int_equal(aur_bounce(&request, &err), AUR_EIO);
    assert_non_null(strstr(err.message, wav));
    assert_true(fixture_same(wav, copy));
    request.out_path = fresh;
    request.events_path = json;
    assert_int_equal(aur_bounce(&request, &err), AUR_EIO);
    assert_non_null(strstr(err.message, json));
    assert_true(fixture_same(json, copy));
    assert_int_equal(fixture_files(*state), 3);
    request.out_path = wav;
    request.force = true;
    fixture_render(&request);
    assert_false(fixture_same(json, copy));
    struct wav read = fixture_read(wav);
    assert_int_equal(read.frames, 2 * RATE);
    fixture_drop(&read);
    assert_int_equal(fixture_files(*state), 3);
}

struct intruder {
    const char *path;
};

static void intrude(void *user, double done_s, double total_s)
{
    if (done_s == total_s)
        write_text(((struct intruder *)user)->path, "mine");
}

static void a_file_that_comes_up_meanwhile_is_kept(void **state)
{
    struct intruder intruder = {fixture_path(*state, "x.wav")};
    struct aur_bounce_request request = fixture_request(*state, intruder.path);
    struct aur_error err;
    write_text(fixture_path(*state, "copy"), "mine");
    request.events_path = fixture_path(*state, "x.json");
    request.on_progress = intrude;
    request.user = &intruder;
    assert_int_equal(aur_bounce(&request, &err), AUR_EIO);
    assert_non_null(strstr(err.message, "exists"));
    assert_true(fixture_same(intruder.path, fixture_path(*state, "copy")));
    assert_int_equal(fixture_files(*state), 2);
}

static const char raises_in_the_third[] = "return {\n"
                                          "  patches = { lead = { voice = \"lead\" } },\n"
                                          "  state = { n = 0 },\n"
                                          "  phrase = function(ctx, state)\n"
                                          "    state.n = state.n + 1\n"
                                          "    if state.n == 3 then\n"
                                          "      error(\"no more\")\n"
                                          "    end\n"
                                          "    ctx:note { patch = \"lead\", at = 0, beats = 1, pitch = 60 + state.n, "
                                          "velocity = 0.5 }\n"
                                          "    return 1\n"
                                          "  end,\n"
                                          "}\n";

static void a_script_error_leaves_no_file(void **state)
{
    struct aur_piece *piece = fixture_piece(*state, "raises.lua", raises_in_the_third);
    struct aur_bounce_request request = fixture_request(*state, fixture_path(*state, "x.wav"));
    struct aur_error err;
    request.piece = piece;
    request.events_path = fixture_path(*state, "x.json");
    request.duration_s = 3.9; /* two phrases: the third is never asked for */
    fixture_render(&request);
    assert_int_equal(fixture_files(*state), 2);
    request.force = true;
    request.duration_s = 4.01;
    request.out_path = fixture_path(*state, "y.wav");
    request.events_path = fixture_path(*state, "y.json");
    assert_int_equal(aur_bounce(&request, &err), AUR_ESCRIPT);
    assert_non_null(strstr(err.message, "raises.lua:7:"));
    assert_int_equal(fixture_files(*state), 2);
    request.phrases = 3;
    assert_int_equal(aur_bounce(&request, &err), AUR_ESCRIPT);
    assert_int_equal(fixture_files(*state), 2);
    aur_piece_free(piece);
}

static void stop_after_a_second(void *user, double done_s, double total_s)
{
    assert_true(total_s == 60);
    if (done_s >= 1)
        __atomic_store_n((int *)user, 1, __ATOMIC_RELAXED);
}

static void an_interruption_leaves_no_file(void **state)
{
    int interrupted = 0;
    struct aur_bounce_request request = fixture_request(*state, fixture_path(*state, "x.flac"));
    request.events_path = fixture_path(*state, "x.json");
    request.duration_s = 60;
    request.interrupted = &interrupted;
    request.on_progress = stop_after_a_second;
    request.user = (void *)(uintptr_t)&interrupted;
    assert_int_equal(aur_bounce(&request, NULL), AUR_EBUSY);
    assert_int_equal(fixture_files(*state), 0);
    request.phrases = 1000000; /* composed beforehand: stops there as well */
    assert_int_equal(aur_bounce(&request, NULL), AUR_EBUSY);
    assert_int_equal(fixture_files(*state), 0);
}

static void phrases_shorter_than_the_lead(void **state)
{
    static const char tiny[] = "return { meter = { 1, 4 }, patches = { lead = { voice = \"lead\" } },\n"
                               "  phrase = function(ctx)\n"
                               "    ctx:note { patch = \"lead\", at = 0, beats = 0.5, pitch = 69, velocity = 0.5 }\n"
                               "    return 1\n"
                               "  end }\n";
    struct aur_piece *piece = fixture_piece(*state, "tiny.lua", tiny);
    struct aur_bounce_request request = fixture_request(*state, fixture_path(*state, "tiny.wav"));
    request.piece = piece;
    request.controls.bpm = 200; /* 0.3 s a phrase: more of them in a second than the synth's queue holds */
    request.phrases = 20;
    fixture_render(&request);
    struct wav wav = fixture_read(request.out_path);
    assert_true(wav.frames >= 6 * RATE - 20 * 64 && wav.frames <= 6 * RATE + 20 * 64);
    fixture_drop(&wav);
    aur_piece_free(piece);
}

/* Composing has its own tests for this, and LuaJIT does not survive every failure while it makes a state. */
int __real_aur_session_next(struct aur_session *session, struct aur_phrase **out, const struct aur_controls *controls,
                            struct aur_error *err);
int __wrap_aur_session_next(struct aur_session *session, struct aur_phrase **out, const struct aur_controls *controls,
                            struct aur_error *err);

int __wrap_aur_session_next(struct aur_session *session, struct aur_phrase **out, const struct aur_controls *controls,
                            struct aur_error *err)
{
    long paused = failing_alloc_pause();
    int rc = __real_aur_session_next(session, out, controls, err);
    failing_alloc_resume(paused);
    return rc;
}

static void running_out_of_memory_is_an_error(void **state)
{
    const struct aur_bounce_output more = {fixture_path(*state, "x.flac"), 0, AUR_BITS_16, false};
    struct aur_bounce_request request = fixture_request(*state, fixture_path(*state, "x.wav"));
    request.events_path = fixture_path(*state, "x.json");
    request.midi_path = fixture_path(*state, "x.mid");
    request.chords_path = fixture_path(*state, "x.txt");
    request.more = &more;
    request.n_more = 1;
    request.duration_s = 0.05;
    request.tail_s = 0.01;
    request.file_rate_hz = 48000;
    for (long nth = 0;; nth++) {
        struct aur_error err = {0};
        failing_alloc_arm(nth);
        int rc = aur_bounce(&request, &err);
        if (!failing_alloc_disarm()) {
            assert_int_equal(rc, 0);
            assert_true(nth >= 5);
            break;
        }
        assert_int_equal(rc, AUR_ENOMEM);
        assert_true(*err.message);
        assert_int_equal(fixture_files(*state), 0);
    }
    assert_int_equal(fixture_files(*state), 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(bad_requests_are_refused),
        TEST(existing_files_are_kept_without_force),
        TEST(a_file_that_comes_up_meanwhile_is_kept),
        TEST(a_script_error_leaves_no_file),
        TEST(an_interruption_leaves_no_file),
        TEST(phrases_shorter_than_the_lead),
        TEST(running_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
