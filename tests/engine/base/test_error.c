#include "base/error.h"

#include <string.h>

#include "support/unit.h"

static const char allowed[] = "attack, decay, sustain, release, cutoff, lfo_rate, lfo_depth, velocity, pad";

static const struct {
    const char *value, *hint;
} cases[] = {
    {"atack", " (did you mean attack?)"},
    {"cuttoff", " (did you mean cutoff?)"},
    {"decya", " (did you mean decay?)"},
    {"sustian", " (did you mean sustain?)"},
    {"relaese2", " (did you mean release?)"},
    {"lfo_rtae", " (did you mean lfo_rate?)"},
    {"Cutoff", " (did you mean cutoff?)"},
    {"CUTOFF", " (did you mean cutoff?)"},
    {"vel", " (did you mean velocity?)"},
    {"pda", " (did you mean pad?)"},
    {"cutoff", ""}, /* it is one of them: what is wrong is something else */
    {"organ", ""},
    {"mad", ""},
    {"pe", ""},
    {"", ""},
    {"a text that is far too long to be a slip of attack", ""},
};

static void near_misses(void **state)
{
    (void)state;
    char hint[AUR_HINT_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(aur_error_hint(hint, cases[i].value, allowed), cases[i].hint);
    assert_string_equal(aur_error_hint(hint, "attack", ""), "");
    assert_string_equal(aur_error_hint(hint, "1.5", "0.5 to 1.6"), "");
    assert_string_equal(aur_error_hint(hint, "number", "a number from 0 to 1"), "");
}

static void value_errors(void **state)
{
    (void)state;
    struct aur_error err;
    assert_int_equal(aur_error_value(&err, "pad", "atack", "attack, decay"), AUR_EINVAL);
    assert_string_equal(err.message, "pad: atack is not allowed (did you mean attack?); allowed: attack, decay");
    assert_string_equal(err.field, "pad");
    assert_string_equal(err.value, "atack");
    assert_string_equal(err.allowed, "attack, decay");
    assert_int_equal(aur_error_value(&err, "bpm", "300", "an integer from 40 to 200"), AUR_EINVAL);
    assert_string_equal(err.message, "bpm: 300 is not allowed; allowed: an integer from 40 to 200");
    assert_int_equal(aur_error_value(NULL, "bpm", "300", ""), AUR_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_misses),
        cmocka_unit_test(value_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
