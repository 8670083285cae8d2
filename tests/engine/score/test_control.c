#include "score/control.h"

#include <math.h>
#include <string.h>

#include "support/unit.h"

static const struct aur_control_specs specs = {{{"density", "Density", 0, 2, 0.4}, {"warmth", "Warmth", -1, 1, 0}}, 2};

static void defaults(void **state)
{
    (void)state;
    struct aur_controls c;
    aur_controls_default(&c, &specs);
    assert_string_equal(c.key.name, "A minor");
    assert_int_equal(c.bpm, 70);
    assert_true(c.intensity == 0.5 && c.melody_complexity == 0.5 && c.level == 1 && c.brightness == 0.5);
    assert_true(c.piece[0] == 0.4 && c.piece[1] == 0);
}

static void set_each(void **state)
{
    (void)state;
    struct aur_controls c;
    aur_controls_default(&c, &specs);
    assert_int_equal(aur_controls_set(&c, &specs, "bpm", 40, NULL), AUR_OK);
    assert_int_equal(aur_controls_set(&c, &specs, "intensity", 0, NULL), AUR_OK);
    assert_int_equal(aur_controls_set(&c, &specs, "melody_complexity", 1, NULL), AUR_OK);
    assert_int_equal(aur_controls_set(&c, &specs, "level", 0.25, NULL), AUR_OK);
    assert_int_equal(aur_controls_set(&c, &specs, "brightness", 0.75, NULL), AUR_OK);
    assert_int_equal(aur_controls_set(&c, &specs, "density", 2, NULL), AUR_OK);
    assert_int_equal(aur_controls_set(&c, &specs, "warmth", -1, NULL), AUR_OK);
    assert_int_equal(c.bpm, 40);
    assert_true(c.intensity == 0 && c.melody_complexity == 1 && c.level == 0.25 && c.brightness == 0.75);
    assert_true(c.piece[0] == 2 && c.piece[1] == -1);
}

static void refused_and_unchanged(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        double value;
        const char *allowed;
    } cases[] = {{"bpm", 39, "an integer from 40 to 200"},
                 {"bpm", 201, "an integer from 40 to 200"},
                 {"bpm", 70.5, "an integer from 40 to 200"},
                 {"bpm", NAN, "an integer from 40 to 200"},
                 {"intensity", 1.01, "0 to 1"},
                 {"intensity", -0.01, "0 to 1"},
                 {"level", INFINITY, "0 to 1"},
                 {"brightness", NAN, "0 to 1"},
                 {"density", 2.1, "0 to 2"},
                 {"warmth", NAN, "-1 to 1"}};
    struct aur_controls c, before;
    aur_controls_default(&c, &specs);
    before = c;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aur_error err;
        assert_int_equal(aur_controls_set(&c, &specs, cases[i].field, cases[i].value, &err), AUR_EINVAL);
        assert_string_equal(err.field, cases[i].field);
        assert_string_equal(err.allowed, cases[i].allowed);
        assert_non_null(strstr(err.message, cases[i].field));
        assert_memory_equal(&c, &before, sizeof c);
    }
}

static void unknown_name_lists_all(void **state)
{
    (void)state;
    struct aur_controls c;
    struct aur_error err;
    aur_controls_default(&c, &specs);
    assert_int_equal(aur_controls_set(&c, &specs, "volume", 1, &err), AUR_EINVAL);
    assert_string_equal(err.field, "volume");
    assert_string_equal(err.allowed, "key, bpm, intensity, melody_complexity, level, brightness, density, warmth");
    assert_int_equal(aur_controls_set(&c, NULL, "density", 1, &err), AUR_EINVAL);
}

static void text_is_lossless(void **state)
{
    (void)state;
    struct aur_controls c, back;
    struct aur_buf text, again;
    aur_controls_default(&c, &specs);
    assert_int_equal(aur_key_parse(&c.key, "F# dorian", NULL), AUR_OK);
    c.bpm = 91;
    c.intensity = 1.0 / 3;
    c.level = 0x1.fffffffffffffp-1;
    c.brightness = 5e-324;
    c.piece[0] = 0.1 + 0.2;
    aur_buf_init(&text);
    aur_buf_init(&again);
    aur_controls_print(&text, &c, &specs);
    assert_int_equal(aur_controls_parse(&back, &specs, text.data, NULL), AUR_OK);
    assert_memory_equal(&back, &c, sizeof c);
    aur_controls_print(&again, &back, &specs);
    assert_string_equal(again.data, text.data);
    assert_true(strncmp(text.data, "bpm=91\nbrightness=", 18) == 0);
    assert_non_null(
        strstr(text.data, "\ndensity=0.30000000000000004\nintensity=0.33333333333333331\nkey=F# dorian\nlevel="));
    aur_buf_deinit(&text);
    aur_buf_deinit(&again);
}

static void text_of_another_piece(void **state)
{
    (void)state;
    struct aur_controls c;
    struct aur_error err;
    assert_int_equal(aur_controls_parse(&c, &specs, "bpm=60\ngone=3\nwarmth=-7\n", NULL), AUR_OK);
    assert_int_equal(c.bpm, 60);
    assert_true(c.piece[0] == 0.4 && c.piece[1] == -1 && c.level == 1);
    assert_int_equal(aur_controls_parse(&c, NULL, "", NULL), AUR_OK);
    assert_int_equal(aur_controls_parse(&c, &specs, "bpm=600\n", &err), AUR_EINVAL);
    assert_string_equal(err.field, "bpm");
    assert_int_equal(aur_controls_parse(&c, &specs, "bpm", &err), AUR_EINVAL);
    assert_int_equal(aur_controls_parse(&c, &specs, "level=loud\n", &err), AUR_EINVAL);
    assert_int_equal(aur_controls_parse(&c, &specs, "key=H minor\n", &err), AUR_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(defaults),
                                       cmocka_unit_test(set_each),
                                       cmocka_unit_test(refused_and_unchanged),
                                       cmocka_unit_test(unknown_name_lists_all),
                                       cmocka_unit_test(text_is_lossless),
                                       cmocka_unit_test(text_of_another_piece)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
