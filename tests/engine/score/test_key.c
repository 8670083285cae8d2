#include "score/key.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

static void spec_roots(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int root;
    } cases[] = {{"A minor", 57},  {"B minor", 59},  {"C minor", 60},   {"D minor", 62},   {"E minor", 64},
                 {"F minor", 65},  {"G minor", 67},  {"C major", 60},   {"G major", 67},   {"B major", 59},
                 {"G# minor", 68}, {"Ab minor", 68}, {"Bb dorian", 58}, {"F# lydian", 66}, {"Cb major", 59},
                 {"B# major", 60}, {"E# minor", 65}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aur_key key;
        assert_int_equal(aur_key_parse(&key, cases[i].name, NULL), AUR_OK);
        assert_int_equal(key.root, cases[i].root);
        assert_int_equal(key.pitch_class, cases[i].root % 12);
        assert_string_equal(key.name, cases[i].name);
    }
}

static void every_key_offered_is_read(void **state)
{
    (void)state;
    int n = 0;
    for (int t = 0; aur_key_tonics[t]; t++)
        for (int m = 0; aur_key_modes[m]; m++, n++) {
            char text[32];
            struct aur_key key;
            snprintf(text, sizeof text, "%s %s", aur_key_tonics[t], aur_key_modes[m]);
            assert_int_equal(aur_key_parse(&key, text, NULL), AUR_OK);
            assert_int_equal(key.pitch_class, t);
            assert_string_equal(key.tonic, aur_key_tonics[t]);
            assert_string_equal(key.mode, aur_key_modes[m]);
            assert_in_range(key.root, 57, 68);
        }
    assert_int_equal(n, 12 * 9);
}

static void scales(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        int scale[AUR_SCALE_NOTES];
    } cases[] = {
        {"ionian", {0, 2, 4, 5, 7, 9, 11}},     {"dorian", {0, 2, 3, 5, 7, 9, 10}},
        {"phrygian", {0, 1, 3, 5, 7, 8, 10}},   {"lydian", {0, 2, 4, 6, 7, 9, 11}},
        {"mixolydian", {0, 2, 4, 5, 7, 9, 10}}, {"aeolian", {0, 2, 3, 5, 7, 8, 10}},
        {"locrian", {0, 1, 3, 5, 6, 8, 10}},    {"major", {0, 2, 4, 5, 7, 9, 11}},
        {"minor", {0, 2, 3, 5, 7, 8, 10}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        struct aur_key key;
        snprintf(text, sizeof text, "D %s", cases[i].mode);
        assert_int_equal(aur_key_parse(&key, text, NULL), AUR_OK);
        assert_memory_equal(key.scale, cases[i].scale, sizeof key.scale);
    }
}

static void what_is_not_a_key(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "A",
                                      "A ",
                                      "A  minor",
                                      "a minor",
                                      "A Minor",
                                      "H minor",
                                      "A minor ",
                                      " A minor",
                                      "Abb minor",
                                      "A## minor",
                                      "A#b minor",
                                      "Aminor",
                                      "A blues",
                                      "#A minor",
                                      "A\tminor",
                                      "A minor and a very long tail that fits in nothing"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct aur_key key = {.root = 1};
        struct aur_error err;
        assert_int_equal(aur_key_parse(&key, bad[i], &err), AUR_EINVAL);
        assert_int_equal(key.root, 1);
        assert_string_equal(err.field, "key");
        assert_non_null(strstr(err.allowed, "dorian"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(spec_roots), cmocka_unit_test(every_key_offered_is_read),
                                       cmocka_unit_test(scales), cmocka_unit_test(what_is_not_a_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
