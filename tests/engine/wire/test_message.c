/* What the server writes, read back by jansson: every key, in type and value. */
#include "support/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "wire/base64.h"
#include "wire/message.h"

static const struct aur_control_specs specs = {
    .items = {{.name = "density", .label = "Density", .min = 0, .max = 1, .def = 0.4}}, .n = 1};

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

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (!text)
        fail_msg("%s is missing", key);
    return text;
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("%s is missing", key);
    return json_number_value(value);
}

static struct aur_msg_phrase phrase_13(void)
{
    struct aur_msg_phrase phrase = {
        .phrase = 13, .bars = 8, .next_phrase_in_ms = 1500.04, .sounds_in_ms = 1500.04, .title = "A \"title\""};
    phrase.specs = specs;
    aur_controls_default(&phrase.controls, &specs);
    phrase.controls.intensity = 0.6;
    return phrase;
}

static void test_audio(void **state)
{
    (void)state;
    int16_t pcm[9600 * 2];
    for (int i = 0; i < 9600 * 2; i++)
        pcm[i] = (int16_t)(i * 37);
    char *out = malloc(aur_msg_audio_size(9600)), *want = malloc(AUR_BASE64_SIZE(sizeof pcm) + 1);
    assert_non_null(out);
    assert_non_null(want);
    size_t len = aur_msg_audio(out, pcm, 9600, INT64_MAX, UINT32_MAX);
    assert_true(len < aur_msg_audio_size(9600));
    json_t *message = json_loadb(out, len, 0, NULL);
    assert_non_null(message);
    assert_int_equal(json_object_size(message), 7);
    assert_string_equal(text_of(message, "type"), "audio");
    want[aur_base64_encode(want, pcm, sizeof pcm)] = '\0';
    assert_string_equal(text_of(message, "data"), want);
    assert_int_equal(strlen(text_of(message, "timestamp")), 27);
    assert_non_null(strstr(out + len - 130, "\"chunk_index\":9223372036854775807,"));
    assert_int_equal(number_of(message, "sample_rate"), UINT32_MAX);
    assert_int_equal(number_of(message, "channels"), 2);
    assert_string_equal(text_of(message, "format"), "int16_le");
    json_decref(message);
    free(out);
    free(want);
}

static void test_audio_size(void **state)
{
    (void)state;
    int16_t pcm[4410 * 2] = {0};
    char out[32768];
    size_t len = aur_msg_audio(out, pcm, 4410, 12345, 44100);
    assert_true(len <= aur_msg_audio_size(4410));
    assert_true(len < 23700);
}

static void test_generation_update(void **state)
{
    (void)state;
    struct aur_msg_phrase phrase = phrase_13();
    struct aur_buf buf;
    aur_buf_init(&buf);
    aur_msg_phrase_write(&buf, &phrase);
    json_t *message = parse(&buf);
    assert_int_equal(json_object_size(message), 13);
    assert_string_equal(text_of(message, "type"), "generation_update");
    assert_string_equal(text_of(message, "phrase_id"), "phrase_13");
    assert_string_equal(text_of(message, "key"), "A minor");
    assert_true(json_is_integer(json_object_get(message, "bpm")));
    assert_true(number_of(message, "intensity") == 0.6);
    assert_true(number_of(message, "density") == 0.4);
    assert_int_equal(number_of(message, "bars"), 8);
    assert_true(number_of(message, "next_phrase_in_ms") == 1500.0);
    assert_true(number_of(message, "sounds_in_ms") == 1500.0);
    assert_string_equal(text_of(message, "title"), "A \"title\"");
    json_decref(message);
}

static json_t *status_message(bool typed)
{
    struct aur_msg_status status = {.buffer_depth_ms = 200.25,
                                    .synthesis_latency_ms = 1.2345,
                                    .active_clients = 3,
                                    .phrases_generated = 14,
                                    .chunks_sent = 5,
                                    .chunks_dropped = 6,
                                    .underruns = 7,
                                    .sample_rate = 44100,
                                    .chunk_frames = 4410,
                                    .chunk_index = 12345,
                                    .current = phrase_13(),
                                    .pending = phrase_13(),
                                    .channel = "main",
                                    .device = "simd (avx2)",
                                    .voices = {11, 12, 13, 14, 15, 16, 17},
                                    .seed = 7};
    status.current.phrase = 12;
    strcpy(status.current.specs.items[0].label, "Before"); /* what can be set are those of the pending one */
    struct aur_buf buf;
    aur_buf_init(&buf);
    aur_msg_status_write(&buf, &status, typed);
    return parse(&buf);
}

static void test_status(void **state)
{
    (void)state;
    json_t *message = status_message(true);
    assert_string_equal(text_of(message, "type"), "status");
    assert_true(number_of(message, "buffer_depth_ms") == 200.2 || number_of(message, "buffer_depth_ms") == 200.3);
    assert_int_equal(number_of(message, "active_clients"), 3);
    assert_int_equal(number_of(message, "phrases_generated"), 14);
    assert_int_equal(number_of(message, "underruns"), 7);
    assert_int_equal(number_of(message, "chunk_index"), 12345);
    assert_string_equal(text_of(message, "current_key"), "A minor");
    assert_string_equal(text_of(message, "current_phrase_id"), "phrase_12");
    assert_true(number_of(json_object_get(message, "current_piece"), "density") == 0.4);
    json_t *pending = json_object_get(message, "pending");
    assert_string_equal(text_of(pending, "phrase_id"), "phrase_13");
    assert_true(number_of(pending, "density") == 0.4);
    json_t *voices = json_object_get(message, "voices");
    assert_true(json_is_true(json_object_get(message, "exact")));
    assert_int_equal(number_of(voices, "device_blocks"), 11);
    assert_int_equal(number_of(voices, "cpu_blocks"), 12);
    assert_int_equal(number_of(voices, "replaced"), 13);
    assert_int_equal(number_of(voices, "launches"), 14);
    assert_int_equal(number_of(voices, "jobs"), 15);
    assert_int_equal(number_of(voices, "late"), 16);
    assert_int_equal(number_of(voices, "failed"), 17);
    json_t *controls = json_object_get(message, "controls");
    assert_int_equal(json_array_size(controls), 6);
    assert_string_equal(text_of(json_array_get(controls, 0), "name"), "bpm");
    assert_true(json_is_true(json_object_get(json_array_get(controls, 0), "integer")));
    assert_string_equal(text_of(json_array_get(controls, 5), "label"), "Density");
    json_t *keys = json_object_get(message, "keys");
    assert_int_equal(json_array_size(json_object_get(keys, "tonics")), 12);
    assert_int_equal(json_array_size(json_object_get(keys, "modes")), 9);
    json_decref(message);
}

static void test_status_without_type(void **state)
{
    (void)state;
    json_t *message = status_message(false);
    assert_null(json_object_get(message, "type"));
    assert_non_null(json_object_get(message, "server_time"));
    json_decref(message);
}

static void test_errors(void **state)
{
    (void)state;
    static const char *const severities[][2] = {
        {"SYNTHESIS_FAILED", "warning"}, {"BUFFER_UNDERRUN", "warning"}, {"BUFFER_OVERRUN", "info"},
        {"INVALID_CONTROL", "error"},    {"GENERATION_ERROR", "error"},  {"SERVER_OVERLOAD", "critical"},
    };
    struct aur_error err;
    struct aur_buf buf;
    for (size_t i = 0; i < sizeof severities / sizeof *severities; i++) {
        aur_buf_init(&buf);
        aur_msg_error_write(&buf, severities[i][0], "line one\nline two", NULL);
        json_t *message = parse(&buf);
        assert_int_equal(json_object_size(message), 5);
        assert_string_equal(text_of(message, "code"), severities[i][0]);
        assert_string_equal(text_of(message, "severity"), severities[i][1]);
        assert_string_equal(text_of(message, "message"), "line one");
        json_decref(message);
    }
    assert_int_equal(aur_error_value(&err, "bpm", "3\xff", "40 to 200"), AUR_EINVAL);
    aur_buf_init(&buf);
    aur_msg_error_write(&buf, "INVALID_CONTROL", err.message, &err);
    json_t *message = parse(&buf);
    assert_string_equal(text_of(message, "field"), "bpm");
    assert_string_equal(text_of(message, "value"), "3\xef\xbf\xbd");
    assert_string_equal(text_of(message, "allowed"), "40 to 200");
    json_decref(message);
    aur_buf_init(&buf);
    aur_msg_refusal_write(&buf, "INVALID_CONTROL", err.message, &err);
    message = parse(&buf);
    assert_string_equal(text_of(message, "error"), "INVALID_CONTROL");
    assert_string_equal(text_of(message, "field"), "bpm");
    json_decref(message);
}

static void test_pong_and_updated(void **state)
{
    (void)state;
    struct aur_buf buf;
    aur_buf_init(&buf);
    aur_msg_pong_write(&buf, "{\"a\": 1.50}");
    assert_non_null(strstr(buf.data, "\"client_time\":{\"a\": 1.50},"));
    json_decref(parse(&buf));
    aur_buf_init(&buf);
    aur_msg_pong_write(&buf, NULL);
    json_t *message = parse(&buf);
    assert_null(json_object_get(message, "client_time"));
    json_decref(message);
    struct aur_msg_phrase phrase = phrase_13();
    aur_buf_init(&buf);
    aur_msg_updated_write(&buf, &phrase);
    message = parse(&buf);
    assert_string_equal(text_of(message, "status"), "updated");
    assert_int_equal(json_object_size(json_object_get(message, "params")), 7);
    assert_string_equal(text_of(message, "phrase_id"), "phrase_13");
    json_decref(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_audio_size),
        cmocka_unit_test(test_generation_update),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_status_without_type),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_pong_and_updated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
