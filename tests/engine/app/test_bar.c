/* The progress bar: what stands in its line, and that the line fits. */
#include "app/bar.h"

#include <string.h>

#include "support/unit.h"

static const char *const pieces[] = {"  48 x", " real time", "  150 of 600 s"};

static void the_line_tells_part_and_time_left(void **state)
{
    char line[AUR_BAR_LINE_SIZE];
    (void)state;
    assert_string_equal(aur_bar_line(line, 80, 0.25, 100, pieces, 3),
                        "[######                   ]  25 %  0:05:00 left  48 x real time  150 of 600 s");
    assert_string_equal(aur_bar_line(line, 80, 0, 100, NULL, 0),
                        "[                                        ]   0 %  -:--:-- left");
    assert_string_equal(aur_bar_line(line, 80, 1, 100, NULL, 0),
                        "[########################################] 100 %  0:00:00 left");
    assert_non_null(strstr(aur_bar_line(line, 80, 0.999, 3600, NULL, 0), " 99 %  0:00:04 left"));
    assert_non_null(strstr(aur_bar_line(line, 80, 1e-9, 3600, NULL, 0), "  0 %  99:59:59 left"));
}

static void the_line_fits_and_leaves_room(void **state)
{
    char line[AUR_BAR_LINE_SIZE];
    (void)state;
    for (int columns = 0; columns < 500; columns++)
        for (int percent = -50; percent < 200; percent++) {
            const int len = (int)strlen(aur_bar_line(line, columns, percent / 100.0, 1e6, pieces, 3));
            assert_int_equal(line[0], '[');
            assert_non_null(strchr(line, ']'));
            assert_non_null(strstr(line, " left"));
            assert_true(len <= (columns < 27 ? 27 : columns) - 3);
        }
}

static void what_matters_least_is_left_out_first(void **state)
{
    static const struct {
        int columns, fits; /* pieces */
    } cases[] = {{200, 3}, {80, 3}, {60, 3}, {59, 2}, {46, 2}, {45, 1}, {36, 1}, {35, 0}, {0, 0}};
    char line[AUR_BAR_LINE_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aur_bar_line(line, cases[i].columns, 0.5, 60, pieces, 3);
        for (int k = 0; k < 3; k++)
            assert_int_equal(strstr(line, pieces[k]) != NULL, k < cases[i].fits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_tells_part_and_time_left),
        cmocka_unit_test(the_line_fits_and_leaves_room),
        cmocka_unit_test(what_matters_least_is_left_out_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
