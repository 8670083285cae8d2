/* The rate limit, with time given. */
#include "support/unit.h"

#include "net/rate.h"

#define SECOND UINT64_C(1000000000)

static int take_all(struct aur_rate *rate, uint32_t per_second, uint64_t now)
{
    int n = 0;
    while (n < 1000 && aur_rate_take(rate, per_second, now))
        n++;
    return n;
}

static void test_a_seconds_worth_at_once_then_steadily(void **state)
{
    (void)state;
    struct aur_rate rate = {0};
    uint64_t now = 5 * SECOND;
    assert_int_equal(take_all(&rate, 20, now), 20);
    assert_int_equal(take_all(&rate, 20, now), 0);
    assert_int_equal(take_all(&rate, 20, now + SECOND / 20), 1);
    assert_int_equal(take_all(&rate, 20, now + SECOND / 2), 9);
    assert_int_equal(take_all(&rate, 20, now + 10 * SECOND), 20);
}

static void test_one_a_second(void **state)
{
    (void)state;
    struct aur_rate rate = {0};
    assert_int_equal(take_all(&rate, 1, SECOND), 1);
    assert_int_equal(take_all(&rate, 1, SECOND + SECOND / 2), 0);
    assert_int_equal(take_all(&rate, 1, 2 * SECOND), 1);
}

static void test_a_minutes_worth_at_once_then_steadily(void **state)
{
    (void)state;
    struct aur_rate rate = {0};
    assert_true(aur_rate_take_minute(&rate, 2, SECOND) && aur_rate_take_minute(&rate, 2, SECOND));
    assert_false(aur_rate_take_minute(&rate, 2, 30 * SECOND));
    assert_true(aur_rate_take_minute(&rate, 2, 31 * SECOND));
    assert_false(aur_rate_take_minute(&rate, 2, 32 * SECOND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seconds_worth_at_once_then_steadily),
        cmocka_unit_test(test_one_a_second),
        cmocka_unit_test(test_a_minutes_worth_at_once_then_steadily),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
