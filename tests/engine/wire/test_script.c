/* What clients are told about scripts, read back by jansson. */
#include "support/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/script.h"

static json_t *parse(struct aur_buf *buf)
{
    json_error_t why;
    assert_true(aur_buf_ok(buf));
    json_t *value = json_loadb(buf->data, buf->len, JSON_REJECT_DUPLICATES, &why);
    if (!value)
        fail_msg("%s: %s", buf->data, why.text);
    aur_buf_deinit(buf);
    return value;
}

/* The same as this JSON, but for the time. */
static void assert_json(struct aur_buf *buf, const char *want)
{
    json_t *got = parse(buf), *wanted = json_loads(want, 0, NULL);
    assert_non_null(wanted);
    if (json_object_get(got, "type")) {
        assert_int_equal(strlen(json_string_value(json_object_get(got, "timestamp"))), 27);
        json_object_del(got, "timestamp");
    }
    if (!json_equal(got, wanted))
        fail_msg("%s\nis not %s", json_dumps(got, 0), want);
    json_decref(got);
    json_decref(wanted);
}

static void test_script_update(void **state)
{
    (void)state;
    struct aur_buf buf;
    struct aur_msg_script script = {.state = "armed",
                                    .name = "night/a.lua",
                                    .version = "8f14e45fceea167a",
                                    .playing_version = "1b6453892473a467",
                                    .phrase = 13,
                                    .sounds_in_ms = 1500.04,
                                    .has_phrase = true};
    aur_buf_init(&buf);
    aur_msg_script_write(&buf, &script);
    assert_json(&buf, "{\"type\":\"script_update\",\"state\":\"armed\",\"name\":\"night/a.lua\",\"version\":"
                      "\"8f14e45fceea167a\",\"playing_version\":\"1b6453892473a467\",\"phrase_id\":\"phrase_13\","
                      "\"sounds_in_ms\":1500.0,\"diagnostics\":[]}");
    struct aur_diagnostic diagnostic = {.file = "a.lua", .line = 12, .column = 7, .severity = AUR_SEVERITY_ERROR};
    strcpy(diagnostic.message, "near '\"\xff'");
    strcpy(diagnostic.traceback, "a.lua:12: in main chunk\na.lua:3: in f");
    script = (struct aur_msg_script){.state = "refused",
                                     .name = "a.lua",
                                     .version = "8",
                                     .playing_version = "1",
                                     .diagnostics = &diagnostic,
                                     .n_diagnostics = 1};
    aur_buf_init(&buf);
    aur_msg_script_write(&buf, &script);
    assert_json(&buf, "{\"type\":\"script_update\",\"state\":\"refused\",\"name\":\"a.lua\",\"version\":\"8\","
                      "\"playing_version\":\"1\",\"diagnostics\":[{\"file\":\"a.lua\",\"line\":12,\"column\":7,"
                      "\"severity\":\"error\",\"message\":\"near '\\\"\xef\xbf\xbd'\",\"traceback\":"
                      "\"a.lua:12: in main chunk\\na.lua:3: in f\"}]}");
}

static void test_diagnostics_have_a_place(void **state)
{
    (void)state;
    struct aur_buf buf;
    struct aur_diagnostic two[2] = {{.file = "a.lua", .message = "too slow", .severity = AUR_SEVERITY_ERROR},
                                    {.file = "b.lua", .line = 3, .message = "odd", .severity = AUR_SEVERITY_WARNING}};
    aur_buf_init(&buf);
    aur_msg_diagnostics_write(&buf, two, 2);
    json_t *got = parse(&buf);
    assert_int_equal(json_array_size(got), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(got, 0), "line")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(got, 0), "column")), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(got, 1), "severity")), "warning");
    json_decref(got);
}

static const struct aur_note notes[] = {
    {.at_q20 = 0, .beats_q20 = 4 << 20, .pitch_q16 = 57 << 16, .velocity_q16 = 32768, .line = 12, .callers = {40, 52}},
    {.at_q20 = 3 << 19,
     .beats_q20 = 1 << 18,
     .pitch_q16 = (60 << 16) + 32768,
     .velocity_q16 = 65536,
     .pan_q16 = -16384,
     .line = 14}};
static const struct aur_chord chords[] = {
    {.beats_q20 = 8 << 20, .name = "i", .pitches_q16 = {57 << 16, 60 << 16}, .n_pitches = 2}};

static void test_score(void **state)
{
    (void)state;
    struct aur_buf buf;
    struct aur_patch patch;
    aur_patch_default(&patch, "pad", (enum aur_voice)aur_voice_find("pad"));
    struct aur_phrase phrase = {.number = 12,
                                .start_frame = 640,
                                .length_frames = 1280,
                                .rate_hz = 44100,
                                .bars = 8,
                                .meter = {4, 4},
                                .n_patches = 1,
                                .n_notes = 2,
                                .n_chords = 1,
                                .patches = &patch,
                                .notes = notes,
                                .chords = chords};
    aur_controls_default(&phrase.controls, NULL);
    aur_buf_init(&buf);
    aur_msg_score_write(&buf, &(struct aur_msg_score){&phrase, true, "a.lua", "8f14e45fceea167a"});
    assert_json(
        &buf,
        "{\"phrase_id\":\"phrase_12\",\"preview\":true,\"script\":\"a.lua\",\"version\":\"8f14e45fceea167a\","
        "\"key\":\"A minor\",\"bpm\":70,\"bars\":8,\"beats\":32,\"beats_per_bar\":4,\"start_frame\":640,"
        "\"length_frames\":1280,\"patches\":[{\"name\":\"pad\",\"voice\":\"pad\"}],\"notes\":["
        "{\"patch\":0,\"at\":0,\"beats\":4,\"pitch\":57,\"velocity\":0.5,\"pan\":0,\"line\":12,\"callers\":[40,52]},"
        "{\"patch\":0,\"at\":1.5,\"beats\":0.25,\"pitch\":60.5,\"velocity\":1,\"pan\":-0.25,\"line\":14,\"callers\":[]}"
        "],"
        "\"chords\":[{\"at\":0,\"beats\":8,\"name\":\"i\",\"pitches\":[57,60]}]}");
    phrase.n_patches = phrase.n_notes = phrase.n_chords = 0;
    aur_buf_init(&buf);
    aur_msg_score_write(&buf, &(struct aur_msg_score){&phrase, false, "", ""});
    json_decref(parse(&buf));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_script_update),
        cmocka_unit_test(test_diagnostics_have_a_place),
        cmocka_unit_test(test_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
