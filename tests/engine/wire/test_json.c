/* Strings and numbers as JSON, read back by jansson. */
#include "support/unit.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "wire/json.h"

static void assert_string(const char *text, const char *want)
{
    struct aur_buf buf;
    aur_buf_init(&buf);
    aur_json_string(&buf, text);
    json_error_t why;
    json_t *value = json_loadb(buf.data, buf.len, JSON_DECODE_ANY, &why);
    if (!value)
        fail_msg("%s: %s", buf.data, why.text);
    assert_string_equal(json_string_value(value), want);
    json_decref(value);
    aur_buf_deinit(&buf);
}

static void test_strings(void **state)
{
    (void)state;
    static const char *const same[] = {
        "", "A minor", "\"quoted\" \\ back", "\b\f\n\r\t\x01\x1f", "caf\xc3\xa9 \xe2\x99\xaf \xf0\x9f\x8e\xb5", "\x7f",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_string(same[i], same[i]);
}

static void test_what_is_not_utf8_is_replaced(void **state)
{
    (void)state;
    assert_string("\xff", "\xef\xbf\xbd");
    assert_string("cut \xe2\x99", "cut \xef\xbf\xbd\xef\xbf\xbd");
    assert_string("\xc0\xafx", "\xef\xbf\xbd\xef\xbf\xbdx");
    assert_string("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_utf8(void **state)
{
    (void)state;
    assert_true(aur_json_is_utf8("", 0));
    assert_true(aur_json_is_utf8("a\0b\xc3\xa9", 5));
    assert_true(aur_json_is_utf8("\xf4\x8f\xbf\xbf", 4));
    assert_false(aur_json_is_utf8("\xf4\x90\x80\x80", 4));
    assert_false(aur_json_is_utf8("\xc3\xa9", 1));
    assert_false(aur_json_is_utf8("\xe0\x80\x80", 3));
    assert_false(aur_json_is_utf8("\x80", 1));
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *want;
    } cases[] = {
        {0, "0"},       {70, "70"},        {0.6, "0.6"},  {0.1 + 0.2, "0.30000000000000004"},
        {-2.5, "-2.5"}, {1e300, "1e+300"}, {NAN, "null"}, {INFINITY, "null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aur_buf buf;
        aur_buf_init(&buf);
        aur_json_number(&buf, cases[i].value);
        assert_string_equal(buf.data, cases[i].want);
        aur_buf_deinit(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_what_is_not_utf8_is_replaced),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
