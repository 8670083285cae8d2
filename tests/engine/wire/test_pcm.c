#include "wire/pcm.h"

#include <fenv.h>
#include <math.h>

#include "base/hash.h"
#include "support/unit.h"

static int16_t s16(float x)
{
    int16_t out;
    aur_pcm_s16(&out, &x, 1);
    return out;
}

static int32_t s24(float x)
{
    int32_t out;
    aur_pcm_s24(&out, &x, 1);
    return out;
}

static void full_scale_and_beyond(void **state)
{
    (void)state;
    assert_int_equal(s16(0), 0);
    assert_int_equal(s16(-0.0f), 0);
    assert_int_equal(s16(1), 32767);
    assert_int_equal(s16(-1), -32767);
    assert_int_equal(s16(1.5f), 32767);
    assert_int_equal(s16(-1e30f), -32767);
    assert_int_equal(s16(INFINITY), 32767);
    assert_int_equal(s16(-INFINITY), -32767);
    assert_int_equal(s16(NAN), 0);
    assert_int_equal(s16(-NAN), 0);
    assert_int_equal(s16(0x1p-140f), 0);
    assert_int_equal(s24(1), 8388607);
    assert_int_equal(s24(-2), -8388607);
    assert_int_equal(s24(NAN), 0);
    assert_int_equal(s24(0x1p-149f), 0);
}

static void ties_go_to_even(void **state)
{
    (void)state;
    /* 0.5 x 32767 = 16383.5 exactly, 0.5 x 8388607 = 4194303.5 exactly. */
    assert_int_equal(s16(0.5f), 16384);
    assert_int_equal(s16(-0.5f), -16384);
    assert_int_equal(s24(0.5f), 4194304);
    assert_int_equal(s24(-0.5f), -4194304);
    /* One float below the tie, its product is not a float: rounding it to one first would land on the tie. */
    assert_int_equal(s16(nextafterf(0.5f, 0)), 16383);
    assert_int_equal(s16(nextafterf(-0.5f, 0)), -16383);
    assert_int_equal(s16(nextafterf(0.5f, 1)), 16384);
}

/* rint of the exact product, on a million values of every size. */
static void equals_the_exact_product_rounded(void **state)
{
    (void)state;
    uint64_t key = aur_rand_key(1, 0, "pcm");
    for (uint64_t i = 0; i < 1000000; i++) {
        float x = (float)(aur_rand_unit(key, i) * 2 - 1);
        if (i % 3 == 0)
            x = ldexpf(x, -(int)(i % 20));
        assert_int_equal(s16(x), (int)rint((double)x * 32767));
        assert_int_equal(s24(x), (int)rint((double)x * 8388607));
    }
}

static void ignores_the_rounding_mode(void **state)
{
    (void)state;
    static const int modes[] = {FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    uint64_t key = aur_rand_key(2, 0, "pcm");
    for (uint64_t i = 0; i < 1000; i++) {
        float x = (float)(aur_rand_unit(key, i) * 2 - 1);
        int want16 = s16(x), want24 = s24(x);
        for (int m = 0; m < 3; m++) {
            fesetround(modes[m]);
            int got16 = s16(x), got24 = s24(x);
            fesetround(FE_TONEAREST);
            assert_int_equal(got16, want16);
            assert_int_equal(got24, want24);
        }
    }
}

#define DITHERED 100000

static void dither_is_triangular_and_repeatable(void **state)
{
    (void)state;
    static float in[DITHERED];
    static int16_t whole[DITHERED], split[DITHERED];
    const float level = 0.3f / 32767; /* far below half a step: lost without dither */
    for (int i = 0; i < DITHERED; i++)
        in[i] = level;
    aur_pcm_s16_dither(whole, in, DITHERED, 77, 10);
    aur_pcm_s16_dither(split, in, 777, 77, 10);
    aur_pcm_s16_dither(split + 777, in + 777, DITHERED - 777, 77, 787);
    assert_memory_equal(whole, split, sizeof whole);

    double sum = 0, squares = 0;
    for (int i = 0; i < DITHERED; i++) {
        assert_in_range(whole[i] + 2, 1, 3);
        sum += whole[i];
        squares += (whole[i] - 0.3) * (whole[i] - 0.3);
    }
    assert_true(fabs(sum / DITHERED - 0.3) < 0.01);      /* the mean survives */
    assert_true(fabs(squares / DITHERED - 0.25) < 0.01); /* one quarter step squared, whatever the level */
}

static void dither_stays_in_range(void **state)
{
    (void)state;
    float in[4] = {1, -1, NAN, 3};
    int16_t out[4];
    for (uint64_t first = 0; first < 1000; first++) {
        aur_pcm_s16_dither(out, in, 4, 5, first);
        assert_true(out[0] >= 32766 && out[1] <= -32766 && out[3] >= 32766);
        assert_true(out[2] >= -1 && out[2] <= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_scale_and_beyond),
        cmocka_unit_test(ties_go_to_even),
        cmocka_unit_test(equals_the_exact_product_rounded),
        cmocka_unit_test(ignores_the_rounding_mode),
        cmocka_unit_test(dither_is_triangular_and_repeatable),
        cmocka_unit_test(dither_stays_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
