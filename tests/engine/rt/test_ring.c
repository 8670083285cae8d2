/* The SPSC ring: order, fullness, counting, wrap-around, and a producer against a consumer (run it under TSan). */
#include "rt/ring.h"

#include "rt/retire.h"
#include "rt/thread.h"
#include "support/unit.h"

static void keeps_order_and_counts_drops(void **state)
{
    (void)state;
    struct aur_ring *ring = NULL;
    assert_int_equal(aur_ring_new(&ring, sizeof(int), 3), 0); /* rounded up to 4 */
    int out = -1;
    assert_false(aur_ring_pop(ring, &out));
    assert_int_equal(out, -1);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 4; i++) {
            assert_true(aur_ring_has_room(ring));
            assert_true(aur_ring_push(ring, &i));
        }
        assert_false(aur_ring_has_room(ring));
        int extra = 99;
        assert_false(aur_ring_push(ring, &extra));
        assert_int_equal(aur_ring_dropped(ring), round + 1);
        for (int i = 0; i < 4; i++) {
            assert_true(aur_ring_pop(ring, &out));
            assert_int_equal(out, i);
        }
        assert_false(aur_ring_pop(ring, &out));
    }
    aur_ring_free(ring);
    aur_ring_free(NULL);
}

struct item {
    uint64_t number, check;
};

#define ITEMS 200000

static void produce(void *user)
{
    struct aur_ring *ring = user;
    for (uint64_t i = 0; i < ITEMS;) {
        struct item item = {i, i * 0x9e3779b97f4a7c15u};
        if (aur_ring_push(ring, &item))
            i++;
        else
            sched_yield();
    }
}

static void producer_against_consumer(void **state)
{
    (void)state;
    struct aur_ring *ring = NULL;
    assert_int_equal(aur_ring_new(&ring, sizeof(struct item), 64), 0);
    struct aur_thread thread;
    struct aur_thread_config config = {.name = "produce", .run = produce, .user = ring};
    assert_int_equal(aur_thread_start(&thread, &config, NULL), 0);
    for (uint64_t i = 0; i < ITEMS;) {
        struct item item;
        if (!aur_ring_pop(ring, &item)) {
            sched_yield();
            continue;
        }
        assert_true(item.number == i);
        assert_true(item.check == i * 0x9e3779b97f4a7c15u);
        i++;
    }
    aur_thread_join(&thread);
    aur_ring_free(ring);
}

static void retire_hands_pointers_over(void **state)
{
    (void)state;
    struct aur_retire *retire = NULL;
    assert_int_equal(aur_retire_new(&retire, 2), 0);
    int a, b, c;
    assert_null(aur_retire_take(retire));
    assert_true(aur_retire_put(retire, &a));
    assert_true(aur_retire_put(retire, &b));
    assert_false(aur_retire_has_room(retire));
    assert_false(aur_retire_put(retire, &c));
    assert_ptr_equal(aur_retire_take(retire), &a);
    assert_true(aur_retire_put(retire, &c));
    assert_ptr_equal(aur_retire_take(retire), &b);
    assert_ptr_equal(aur_retire_take(retire), &c);
    assert_null(aur_retire_take(retire));
    aur_retire_free(retire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_counts_drops),
        cmocka_unit_test(producer_against_consumer),
        cmocka_unit_test(retire_hands_pointers_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
