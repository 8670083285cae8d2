/* The kernels' formulas for 2^x, sin and tan against the C library's, each held to the error that its comment states. */
#include <math.h>
#include <stdio.h>

#include "kernels/kernels.h"

#define AUR_W 1

/* Voices come with the formula of tan; they are not called here. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include "kernels/vec.inc"

#include "kernels/voice.inc"

#include "inputs.h"
#include "support/unit.h"

#define POINTS 300000

/* From low to high, evenly and at random. */
static float point(int i, double low, double high)
{
    return i % 2 ? inputs_between(low, high) : (float)(low + (high - low) * i / POINTS);
}

static void worst(const char *what, double error, double stated)
{
    printf("%s: error up to %.3g, stated %.3g\n", what, error, stated);
    if (!(error < stated) || error < stated / 2) /* and what is stated is not far more than there is */
        fail_msg("%s: error up to %g, stated %g", what, error, stated);
}

static void power_of_two(void **state)
{
    double error = 0;
    (void)state;
    for (int i = 0; i <= POINTS; i++) {
        const float x = point(i, -120, 120);
        error = fmax(error, fabs((double)v_exp2(v_all(x))[0] / exp2((double)x) - 1));
    }
    for (int x = -119; x < 120; x++)
        assert_true((double)v_exp2(v_all((float)x))[0] == exp2(x));
    worst("2^x", error, 3.4e-6);
}

static void sine(void **state)
{
    double error = 0;
    (void)state;
    for (int i = 0; i <= POINTS; i++) {
        const float x = point(i, -1, 1);
        error = fmax(error, fabs((double)v_sinpi(v_all(x))[0] - sin(M_PI * (double)x)));
    }
    worst("sin", error, 7e-6);
}

/* a3 / a2 is the formula's tan of 2^octaves. */
static void tangent(void **state)
{
    double error = 0;
    (void)state;
    for (int i = 0; i <= POINTS; i++) {
        struct block_end end;
        const float octaves = point(i, -12, 0.485); /* where the formula is cut off: 2^0.485 is 1.3996 */
        coefficients(&end, v_all(octaves), v_all(1));
        error = fmax(error, fabs((double)end.a3[0] / (double)end.a2[0] / tan(exp2((double)octaves)) - 1));
    }
    worst("tan", error, 4e-5);
}

int main(void)
{
    inputs_seed = 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(power_of_two), cmocka_unit_test(sine),
                                       cmocka_unit_test(tangent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
