/* Constructors of the room when memory runs out: AUR_ENOMEM, and nothing leaks (run it under ASan). */
#include "rt/cast.h"
#include "rt/pool.h"
#include "rt/retire.h"
#include "rt/ring.h"

#include "support/failing_alloc.h"
#include "support/unit.h"

static void nothing(void *user)
{
    (void)user;
}

static int make_ring(void)
{
    struct aur_ring *ring = NULL;
    int rc = aur_ring_new(&ring, 8, 8);
    aur_ring_free(ring);
    return rc;
}

static int make_cast(void)
{
    struct aur_cast *cast = NULL;
    int rc = aur_cast_new(&cast, 8, 8);
    aur_cast_free(cast);
    return rc;
}

static int make_retire(void)
{
    struct aur_retire *retire = NULL;
    int rc = aur_retire_new(&retire, 8);
    aur_retire_free(retire);
    return rc;
}

static int make_pool(void)
{
    struct aur_pool *pool = NULL;
    int rc = aur_pool_new(&pool, "pool", 2, nothing, NULL, NULL);
    aur_pool_free(pool);
    return rc;
}

static void fail_cleanly(void **state)
{
    (void)state;
    int (*const makers[])(void) = {make_ring, make_cast, make_retire, make_pool};
    for (size_t m = 0; m < sizeof makers / sizeof *makers; m++) {
        for (long nth = 0;; nth++) {
            failing_alloc_arm(nth);
            int rc = makers[m]();
            if (!failing_alloc_disarm()) {
                assert_int_equal(rc, 0);
                assert_true(nth > 0);
                break;
            }
            assert_int_equal(rc, AUR_ENOMEM);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
