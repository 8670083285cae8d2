#include "base/hash.h"

#include <math.h>

#include "support/unit.h"

static const float samples[8] = {0, 0.25f, -0.5f, 1, 1e-30f, -1, 0.125f, 0.75f};

static void frames_in_parts(void **state)
{
    (void)state;
    uint64_t whole = aur_hash_frames(samples, 4, AUR_HASH_START);
    for (size_t n = 0; n <= 4; n++)
        assert_true(aur_hash_frames(samples + 2 * n, 4 - n, aur_hash_frames(samples, n, AUR_HASH_START)) == whole);
    assert_true(aur_hash_frames(samples, 0, AUR_HASH_START) == AUR_HASH_START);
    assert_int_equal(whole, 0x0d7e0bebc8b49d62); /* the same on every machine */
}

static void every_bit_counts(void **state)
{
    (void)state;
    uint64_t whole = aur_hash_frames(samples, 4, AUR_HASH_START);
    for (int i = 0; i < 8; i++) {
        float other[8];
        for (int k = 0; k < 8; k++)
            other[k] = samples[k];
        other[i] = i ? nextafterf(other[i], 2) : -0.0f;
        uint64_t hash = aur_hash_frames(other, 4, AUR_HASH_START);
        assert_true(hash != whole);
        assert_true((uint32_t)hash != (uint32_t)whole);
    }
    float turned[8] = {0.25f, 0, 1, -0.5f, -1, 1e-30f, 0.75f, 0.125f};
    assert_true(aur_hash_frames(turned, 4, AUR_HASH_START) != whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(frames_in_parts), cmocka_unit_test(every_bit_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
