/* Histograms: which bucket a value falls into, sums, several tallied together, several threads at once. */
#include "base/histogram.h"

#include <pthread.h>

#include "support/unit.h"

static const struct aur_histogram_bounds bounds = {1, 3, {10, 20, 40}};

static void a_value_falls_into_the_first_bucket_that_holds_it(void **state)
{
    (void)state;
    const struct {
        uint64_t value;
        int bucket;
    } cases[] = {{0, 0}, {9, 0}, {10, 0}, {11, 1}, {20, 1}, {21, 2}, {40, 2}, {41, 3}, {UINT32_MAX, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aur_histogram h;
        struct aur_histogram_copy copy = {0};
        aur_histogram_init(&h, &bounds);
        aur_histogram_add(&h, cases[i].value);
        aur_histogram_tally(&h, &copy);
        for (int b = 0; b <= 3; b++)
            assert_int_equal(copy.counts[b], b == cases[i].bucket);
        assert_int_equal(copy.sum, cases[i].value);
        assert_int_equal(aur_histogram_count(&copy), 1);
    }
}

static void tallies_add_up(void **state)
{
    (void)state;
    struct aur_histogram a, b;
    struct aur_histogram_copy copy = {0};
    aur_histogram_init(&a, &bounds);
    aur_histogram_init(&b, &bounds);
    aur_histogram_add(&a, 5);
    aur_histogram_add(&b, 7);
    aur_histogram_add(&b, 30);
    aur_histogram_tally(&a, &copy);
    aur_histogram_tally(&b, &copy);
    assert_ptr_equal(copy.bounds, &bounds);
    assert_int_equal(copy.counts[0], 2);
    assert_int_equal(copy.counts[2], 1);
    assert_int_equal(copy.sum, 42);
    assert_int_equal(aur_histogram_count(&copy), 3);
}

#define THREADS 4
#define EACH    20000

static void *add_many(void *histogram)
{
    for (uint64_t i = 0; i < EACH; i++)
        aur_histogram_add(histogram, i % 50);
    return NULL;
}

static void threads_lose_nothing(void **state)
{
    (void)state;
    struct aur_histogram h;
    struct aur_histogram_copy before = {0}, copy = {0};
    pthread_t threads[THREADS];
    aur_histogram_init(&h, &bounds);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, &h), 0);
    aur_histogram_tally(&h, &before);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    aur_histogram_tally(&h, &copy);
    assert_true(aur_histogram_count(&before) <= aur_histogram_count(&copy));
    assert_int_equal(aur_histogram_count(&copy), THREADS * EACH);
    assert_int_equal(copy.counts[0], THREADS * EACH / 50 * 11);
    assert_int_equal(copy.counts[3], THREADS * EACH / 50 * 9);
    assert_int_equal(copy.sum, (uint64_t)THREADS * EACH / 50 * (49 * 50 / 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_falls_into_the_first_bucket_that_holds_it),
        cmocka_unit_test(tallies_add_up),
        cmocka_unit_test(threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
