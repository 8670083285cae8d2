/* The broadcast ring: what may be read and what is refused, and readers that run beside a writer (run it under TSan). */
#include "rt/cast.h"

#include <stdatomic.h>

#include "rt/thread.h"
#include "support/unit.h"

#define SLOTS 8
#define WORDS 64

static void publish(struct aur_cast *cast, uint64_t value)
{
    uint64_t *slot = aur_cast_begin(cast);
    for (int i = 0; i < WORDS; i++)
        slot[i] = value;
    aur_cast_publish(cast);
}

static void refuses_before_reading(void **state)
{
    (void)state;
    struct aur_cast *cast = NULL;
    assert_int_equal(aur_cast_new(&cast, AUR_CAST_MARGIN, 8), AUR_EINVAL);
    assert_int_equal(aur_cast_new(&cast, SLOTS, 0), AUR_EINVAL);
    assert_int_equal(aur_cast_new(&cast, SLOTS, WORDS * sizeof(uint64_t)), 0);
    const void *slot = NULL;
    assert_int_equal(aur_cast_read(cast, &slot, 0), AUR_EBUSY);
    for (uint64_t i = 0; i < 100; i++) {
        publish(cast, i);
        uint64_t kept = SLOTS - AUR_CAST_MARGIN;
        uint64_t oldest = i + 1 > kept ? i + 1 - kept : 0;
        assert_int_equal(aur_cast_head(cast), i + 1);
        assert_int_equal(aur_cast_oldest(cast), oldest);
        assert_int_equal(aur_cast_read(cast, &slot, i + 1), AUR_EBUSY);
        if (oldest > 0)
            assert_int_equal(aur_cast_read(cast, &slot, oldest - 1), AUR_ENOTFOUND);
        for (uint64_t k = oldest; k <= i; k++) {
            assert_int_equal(aur_cast_read(cast, &slot, k), 0);
            assert_int_equal(*(const uint64_t *)slot, k);
        }
    }
    aur_cast_free(cast);
}

/* The pointer of the oldest readable slot outlives three publications. */
static void margin_holds(void **state)
{
    (void)state;
    struct aur_cast *cast = NULL;
    assert_int_equal(aur_cast_new(&cast, SLOTS, WORDS * sizeof(uint64_t)), 0);
    for (uint64_t i = 0; i < 50; i++) {
        publish(cast, i);
        if (i < SLOTS)
            continue;
        const void *slot = NULL;
        uint64_t oldest = aur_cast_oldest(cast);
        assert_int_equal(aur_cast_read(cast, &slot, oldest), 0);
        for (int k = 0; k < AUR_CAST_MARGIN; k++) {
            assert_int_equal(*(const uint64_t *)slot, oldest);
            publish(cast, ++i);
        }
        assert_int_equal(*(const uint64_t *)slot, oldest);
    }
    aur_cast_free(cast);
}

#define READERS      4
#define PUBLICATIONS 20000

struct shared {
    struct aur_cast *cast;
    _Atomic uint64_t seen[READERS]; /* each reader writes its own; the writer reads them */
    _Atomic int next_reader;
    _Atomic int torn;
    _Atomic uint64_t skipped;
};

static void read_all(void *user)
{
    struct shared *shared = user;
    int me = atomic_fetch_add(&shared->next_reader, 1);
    for (uint64_t k = 0; k < PUBLICATIONS;) {
        const void *slot;
        int rc = aur_cast_read(shared->cast, &slot, k);
        if (rc == AUR_EBUSY) {
            sched_yield();
            continue;
        }
        if (rc == AUR_ENOTFOUND) {
            uint64_t to = aur_cast_oldest(shared->cast) + 1;
            atomic_fetch_add(&shared->skipped, to - k);
            k = to;
        } else {
            const uint64_t *words = slot;
            for (int i = 0; i < WORDS; i++)
                if (words[i] != k)
                    atomic_fetch_add(&shared->torn, 1);
            k++;
        }
        aur_cast_done(shared->cast); /* alone orders the reads before the writer's next use */
        atomic_store_explicit(&shared->seen[me], k, memory_order_relaxed);
    }
}

/* Real writers are paced by time and real readers are far faster than three chunks. Here the writer holds back only while
 * some reader is inside its margin, so that readers run as near to the edge as the rule allows. */
static bool margin_free(struct shared *shared)
{
    uint64_t head = aur_cast_head(shared->cast);
    for (int r = 0; r < READERS; r++)
        if (atomic_load_explicit(&shared->seen[r], memory_order_relaxed) + SLOTS <= head)
            return false;
    return true;
}

static void many_readers(void **state)
{
    (void)state;
    struct shared shared = {0};
    assert_int_equal(aur_cast_new(&shared.cast, SLOTS, WORDS * sizeof(uint64_t)), 0);
    struct aur_thread threads[READERS];
    struct aur_thread_config config = {.name = "read", .run = read_all, .user = &shared};
    for (int r = 0; r < READERS; r++)
        assert_int_equal(aur_thread_start(&threads[r], &config, NULL), 0);
    for (uint64_t i = 0; i < PUBLICATIONS; i++) {
        while (!margin_free(&shared))
            sched_yield();
        publish(shared.cast, i);
    }
    for (int r = 0; r < READERS; r++)
        aur_thread_join(&threads[r]);
    assert_int_equal(shared.torn, 0);
    assert_true(shared.skipped < (uint64_t)READERS * PUBLICATIONS);
    aur_cast_free(shared.cast);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_before_reading),
        cmocka_unit_test(margin_holds),
        cmocka_unit_test(many_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
