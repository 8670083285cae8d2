/* What clients send: everything allowed is taken, everything else is refused by name and changes nothing. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/message.h"

static const struct aur_control_specs specs = {
    .items = {{.name = "density", .label = "Density", .min = 0, .max = 2, .def = 0.4}}, .n = 1};

static struct aur_controls defaults(void)
{
    struct aur_controls controls;
    aur_controls_default(&controls, &specs);
    return controls;
}

static struct aur_msg_client take(const char *text)
{
    struct aur_msg_client message;
    struct aur_controls now = defaults();
    struct aur_error err = {0};
    if (aur_msg_read(&message, text, strlen(text), &now, &specs, &err) != AUR_OK)
        fail_msg("%s refused: %s", text, err.message);
    return message;
}

static void assert_refused(const char *text, const char *field, const char *value)
{
    struct aur_msg_client message;
    struct aur_controls now = defaults();
    struct aur_error err = {0};
    int rc = aur_msg_read(&message, text, strlen(text), &now, &specs, &err);
    if (rc != AUR_EINVAL || strcmp(err.field, field) != 0 || (value && strcmp(err.value, value) != 0))
        fail_msg("%s: %d, field %s, value %s", text, rc, err.field, err.value);
    assert_true(err.message[0] && err.allowed[0]);
    assert_null(message.client_time);
    aur_msg_client_deinit(&message);
}

static void test_controls(void **state)
{
    (void)state;
    struct aur_msg_client m = take("{\"type\":\"control\",\"key\":\"F# dorian\",\"bpm\":70.0,\"intensity\":1,"
                                   "\"melody_complexity\":0.25,\"density\":1.5,\"timestamp\":\"now\"}");
    assert_int_equal(m.type, AUR_MSG_CONTROL);
    assert_string_equal(m.controls.key.name, "F# dorian");
    assert_int_equal(m.controls.bpm, 70);
    assert_true(m.controls.intensity == 1 && m.controls.melody_complexity == 0.25 && m.controls.piece[0] == 1.5);
    assert_true(m.controls.level == 1 && m.controls.brightness == 0.5);
    assert_true(m.structural_changed && m.live_changed);
    m = take("{\"type\":\"control\",\"level\":0.5,\"timestamp\":1736937045123}");
    assert_true(m.live_changed && !m.structural_changed);
    m = take("{\"type\":\"control\",\"bpm\":40,\"bpm\":200}");
    assert_int_equal(m.controls.bpm, 200);
    assert_true(m.structural_changed && !m.live_changed);
    m = take(" {\"type\":\"control\"} \n");
    assert_true(!m.structural_changed && !m.live_changed);
}

static void test_controls_refused(void **state)
{
    (void)state;
    static const struct {
        const char *members, *field, *value;
    } cases[] = {
        {"\"bpm\":39", "bpm", "39"},
        {"\"bpm\":201", "bpm", "201"},
        {"\"bpm\":70.5", "bpm", "70.5"},
        {"\"bpm\":\"70\"", "bpm", "70"},
        {"\"bpm\":true", "bpm", "true"},
        {"\"bpm\":null", "bpm", "null"},
        {"\"bpm\":[70]", "bpm", "[70]"},
        {"\"bpm\":1e300", "bpm", NULL},
        {"\"intensity\":-0.01", "intensity", "-0.01"},
        {"\"intensity\":1.01", "intensity", "1.01"},
        {"\"intensity\":\"high\"", "intensity", "high"},
        {"\"melody_complexity\":{}", "melody_complexity", "{}"},
        {"\"level\":2", "level", "2"},
        {"\"brightness\":false", "brightness", "false"},
        {"\"density\":2.5", "density", "2.5"},
        {"\"density\":\"x\"", "density", "x"},
        {"\"key\":\"H minor\"", "key", "H minor"},
        {"\"key\":\"A  minor\"", "key", "A  minor"},
        {"\"key\":5", "key", "5"},
        {"\"tempo\":70", "tempo", "70"},
        {"\"Bpm\":70", "Bpm", "70"},
        {"\"\":70", "", "70"},
        {"\"timestamp\":true", "timestamp", "true"},
        {"\"intensity\":NaN", "message", NULL},
        {"\"intensity\":1e999", "message", NULL},
        {"\"intensity\":0.5,\"bpm\":0", "bpm", "0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"type\":\"control\",%s}", cases[i].members);
        assert_refused(text, cases[i].field, cases[i].value);
    }
}

static void test_what_is_allowed_is_named(void **state)
{
    (void)state;
    struct aur_msg_client message;
    struct aur_controls now = defaults();
    struct aur_error err = {0};
    static const char text[] = "{\"type\":\"control\",\"tempo\":70}";
    assert_int_equal(aur_msg_read(&message, text, strlen(text), &now, &specs, &err), AUR_EINVAL);
    assert_string_equal(err.allowed, "key, bpm, intensity, melody_complexity, level, brightness, density, timestamp");
}

static void test_not_messages(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "null",
        "7",
        "\"control\"",
        "[]",
        "{\"type\":\"ping\"} x",
        "{'type':'ping'}",
        "{\"type\":\"ping\",}",
        "\xff{\"type\":\"ping\"}",
        "{\"type\":\"pi\\u0000ng\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_refused(texts[i], "message", NULL);
    assert_refused("{}", "type", "");
    assert_refused("{\"type\":5}", "type", "5");
    assert_refused("{\"type\":\"play\"}", "type", "play");
    assert_refused("{\"type\":\"status_request\",\"bpm\":3}", "bpm", "3");
    assert_refused("{\"type\":\"ping\",\"time\":3}", "time", "3");
}

static void test_deep_nesting_is_refused(void **state)
{
    (void)state;
    char *text = malloc(60002);
    assert_non_null(text);
    memset(text, '[', 60000);
    text[60000] = '\0';
    assert_refused(text, "message", NULL);
    free(text);
}

static void test_client_time_verbatim(void **state)
{
    (void)state;
    static const char *const values[] = {
        "1736937045123",
        "-1.50e+3",
        "\"2025-01-15T10:30:45.123456Z\"",
        "\"q\\\"\\\\ \\u00e9 }\"",
        "null",
        "true",
        "[1, [2,\t3], {\"client_time\": 4}]",
        "{ \"a\" : [ ] , \"b\" : \"]\" }",
        "{}",
        "[]",
        "\"\"",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        static const char *const shapes[][2] = {
            {"{\"type\":\"ping\",\"client_time\":", "}"},
            {" { \"client_time\" : ", " , \"type\" : \"ping\" } "},
            {"{\"client_time\":{\"x\":[1]},\"type\":\"ping\",\"client_time\":", "\n}"},
        };
        for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
            char text[256];
            snprintf(text, sizeof text, "%s%s%s", shapes[k][0], values[i], shapes[k][1]);
            struct aur_msg_client m = take(text);
            assert_int_equal(m.type, AUR_MSG_PING);
            assert_non_null(m.client_time);
            assert_string_equal(m.client_time, values[i]);
            aur_msg_client_deinit(&m);
        }
    }
    struct aur_msg_client m = take("{\"type\":\"ping\"}");
    assert_null(m.client_time);
}

static void test_stats_and_status_request(void **state)
{
    (void)state;
    struct aur_msg_client m =
        take("{\"type\":\"client_stats\",\"jitter_ms\":3.5,\"underruns\":2,\"buffer_ms\":420,\"tier\":\"medium\"}");
    assert_int_equal(m.type, AUR_MSG_CLIENT_STATS);
    assert_true(m.jitter_ms == 3.5 && m.underruns == 2 && m.buffer_ms == 420);
    assert_string_equal(m.tier, "medium");
    assert_int_equal(take("{\"type\":\"status_request\"}").type, AUR_MSG_STATUS_REQUEST);
    assert_refused("{\"type\":\"client_stats\",\"jitter_ms\":-1}", "jitter_ms", "-1");
    assert_refused("{\"type\":\"client_stats\",\"tier\":\"sixteen letters!\"}", "tier", "sixteen letters!");
    assert_refused("{\"type\":\"client_stats\",\"fps\":60}", "fps", "60");
}

static void test_control_over_rest(void **state)
{
    (void)state;
    struct aur_msg_client m;
    struct aur_controls now = defaults();
    struct aur_error err = {0};
    assert_int_equal(aur_msg_read_control(&m, "{\"bpm\":64}", 10, &now, &specs, &err), AUR_OK);
    assert_int_equal(m.controls.bpm, 64);
    static const char typed[] = "{\"type\":\"control\",\"bpm\":65}", ping[] = "{\"type\":\"ping\"}";
    assert_int_equal(aur_msg_read_control(&m, typed, strlen(typed), &now, NULL, &err), AUR_OK);
    assert_int_equal(aur_msg_read_control(&m, ping, strlen(ping), &now, &specs, &err), AUR_EINVAL);
    assert_string_equal(err.field, "type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_controls_refused),
        cmocka_unit_test(test_what_is_allowed_is_named),
        cmocka_unit_test(test_not_messages),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_client_time_verbatim),
        cmocka_unit_test(test_stats_and_status_request),
        cmocka_unit_test(test_control_over_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
