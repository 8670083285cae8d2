#include "score/wanted.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

static const struct aur_control_specs specs = {{{"density", "Density", 0, 2, 0.4}, {"warmth", "Warmth", -1, 1, 0}}, 2};

static void what_is_wanted_is_set(void **state)
{
    (void)state;
    struct aur_wanted wanted = {.has_key = true};
    struct aur_controls c;
    aur_controls_default(&c, &specs);
    assert_int_equal(aur_key_parse(&wanted.key, "D dorian", NULL), AUR_OK);
    assert_int_equal(aur_wanted_put(&wanted, "bpm", 66, NULL), AUR_OK);
    assert_int_equal(aur_wanted_put(&wanted, "warmth", 0.5, NULL), AUR_OK);
    assert_int_equal(aur_wanted_put(&wanted, "warmth", -0.5, NULL), AUR_OK);
    assert_int_equal(wanted.n, 2);
    assert_int_equal(aur_wanted_apply(&wanted, &c, &specs, NULL), AUR_OK);
    assert_string_equal(c.key.name, "D dorian");
    assert_int_equal(c.bpm, 66);
    assert_true(c.piece[0] == 0.4 && c.piece[1] == -0.5 && c.intensity == 0.5);
}

static void what_the_piece_does_not_take_is_named_or_left_out(void **state)
{
    (void)state;
    struct aur_wanted wanted = {0};
    struct aur_controls c;
    struct aur_error err = {0};
    aur_controls_default(&c, &specs);
    assert_int_equal(aur_wanted_put(&wanted, "drift", 0.3, NULL), AUR_OK);
    assert_int_equal(aur_wanted_put(&wanted, "bpm", 300, NULL), AUR_OK);
    assert_int_equal(aur_wanted_put(&wanted, "density", 1, NULL), AUR_OK);
    assert_int_equal(aur_wanted_apply(&wanted, &c, &specs, &err), AUR_EINVAL);
    assert_string_equal(err.field, "drift");
    assert_non_null(strstr(err.allowed, "warmth"));
    aur_wanted_apply_known(&wanted, &c, &specs);
    assert_int_equal(c.bpm, 70);
    assert_true(c.piece[0] == 1);
}

static void too_much_is_refused(void **state)
{
    (void)state;
    struct aur_wanted wanted = {0};
    struct aur_error err = {0};
    char name[16];
    for (int i = 0; i < AUR_WANTED_MAX; i++) {
        snprintf(name, sizeof name, "c%d", i);
        assert_int_equal(aur_wanted_put(&wanted, name, i, NULL), AUR_OK);
    }
    assert_int_equal(aur_wanted_put(&wanted, "c7", 1, NULL), AUR_OK);
    assert_int_equal(aur_wanted_put(&wanted, "more", 1, &err), AUR_EINVAL);
    assert_int_equal(aur_wanted_put(&wanted, "a_name_that_is_longer_than_any_control", 1, &err), AUR_EINVAL);
    assert_int_equal(wanted.n, AUR_WANTED_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_is_set),
        cmocka_unit_test(what_the_piece_does_not_take_is_named_or_left_out),
        cmocka_unit_test(too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
