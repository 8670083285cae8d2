/* The failing allocator fails the allocation that it is told to, and only that one. */
#include "support/failing_alloc.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "support/unit.h"

static int three_allocations(void)
{
    char *volatile a = malloc(10), *volatile b = calloc(2, 10), *volatile c = strdup("text"); /* not optimised away */
    int got = (a != NULL) + (b != NULL) + (c != NULL);
    free(a);
    free(b);
    free(c);
    return got;
}

static void each_fails_in_turn(void **state)
{
    (void)state;
    for (long nth = 0; nth < 3; nth++) {
        failing_alloc_arm(nth);
        assert_int_equal(three_allocations(), 2);
        assert_true(failing_alloc_disarm());
    }
    failing_alloc_arm(3);
    assert_int_equal(three_allocations(), 3);
    assert_false(failing_alloc_disarm());
    assert_int_equal(three_allocations(), 3);
}

static void reaches_into_the_engine(void **state)
{
    (void)state;
    struct aur_buf buf;
    aur_buf_init(&buf);
    failing_alloc_arm(0);
    aur_buf_text(&buf, "text");
    assert_true(failing_alloc_disarm());
    assert_false(aur_buf_ok(&buf));
    aur_buf_deinit(&buf);
}

static void calls_are_counted(void **state)
{
    (void)state;
    unsigned long before = failing_alloc_calls();
    assert_int_equal(three_allocations(), 3);
    assert_int_equal(failing_alloc_calls() - before, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fails_in_turn),
        cmocka_unit_test(reaches_into_the_engine),
        cmocka_unit_test(calls_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
