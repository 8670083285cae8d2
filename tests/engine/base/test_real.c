#include "base/real.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "engine/base/real_samples.h"
#include "support/unit.h"

static uint64_t bits(double x)
{
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static void assert_same(double got, double want)
{
    if (bits(got) != bits(want) && !(got != got && want != want))
        fail_msg("got %a, want %a", got, want);
}

/* |got - want| in units in the last place of want's double. */
static double ulps(double got, long double want)
{
    double near = (double)want;
    if (got == near || (got != got && want != want))
        return 0;
    if (isinf(got) || isinf(near))
        return 1e9;
    double a = fabs(near), unit = nextafter(a, INFINITY) - a;
    if (isinf(unit))
        unit = a - nextafter(a, 0);
    return (double)(fabsl((long double)got - want) / unit);
}

/* Spread over exponents as well: lo and hi both positive means a logarithmic draw. */
static double draw(uint64_t i, double lo, double hi)
{
    double u = aur_rand_unit(11, i);
    return lo > 0 ? exp2(log2(lo) + u * (log2(hi) - log2(lo))) : lo + u * (hi - lo);
}

#define N     40000
#define WORST 0.9 /* what real.c and real_trig.c state */

static const struct {
    const char *name;
    double (*ours)(double);
    long double (*truth)(long double);
    double lo, hi;
} truths[] = {
    {"exp", aur_exp, expl, -708, 709.7},
    {"exp near 0", aur_exp, expl, 1e-20, 1},
    {"exp2", aur_exp2, exp2l, -1021, 1023.9},
    {"exp2 octave", aur_exp2, exp2l, -1, 1},
    {"log", aur_ln, logl, DBL_MIN, DBL_MAX},
    {"log near 1", aur_ln, logl, 0.5, 2},
    {"log at 1", aur_ln, logl, 0.9999999, 1.0000001},
    {"log denormal", aur_ln, logl, 5e-324, DBL_MIN},
    {"log2", aur_log2, log2l, DBL_MIN, DBL_MAX},
    {"log2 near 1", aur_log2, log2l, 0.5, 2},
    {"log10", aur_log10, log10l, DBL_MIN, DBL_MAX},
    {"log10 near 1", aur_log10, log10l, 0.5, 2},
    {"sin", aur_sin, sinl, -7, 7},
    {"sin small", aur_sin, sinl, 1e-300, 1},
    {"sin far", aur_sin, sinl, -1e9, 1e9},
    {"cos", aur_cos, cosl, -7, 7},
    {"cos far", aur_cos, cosl, -1e9, 1e9},
    {"tan", aur_tan, tanl, -7, 7},
    {"tan far", aur_tan, tanl, -1e9, 1e9},
    {"asin", aur_asin, asinl, -1, 1},
    {"asin small", aur_asin, asinl, 1e-300, 1},
    {"acos", aur_acos, acosl, -1, 1},
    {"acos near 1", aur_acos, acosl, 0.99999, 1},
    {"atan", aur_atan, atanl, -30, 30},
    {"atan wide", aur_atan, atanl, 1e-300, 1e300},
    {"sinh", aur_sinh, sinhl, -710, 710},
    {"sinh small", aur_sinh, sinhl, 1e-300, 3},
    {"cosh", aur_cosh, coshl, -710, 710},
    {"cosh small", aur_cosh, coshl, -3, 3},
    {"tanh", aur_tanh, tanhl, -23, 23},
    {"tanh small", aur_tanh, tanhl, 1e-300, 1},
};

static void close_to_libm(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t c = 0; c < sizeof truths / sizeof *truths; c++) {
        double worst = 0, at = 0;
        for (uint64_t i = 0; i < N; i++) {
            double x = draw(c * N + i, truths[c].lo, truths[c].hi);
            double off = ulps(truths[c].ours(x), truths[c].truth(x));
            if (off > worst) {
                worst = off;
                at = x;
            }
        }
        printf("%-14s %.3f ulp at %a\n", truths[c].name, worst, at);
        bad += worst > WORST;
    }
    assert_int_equal(bad, 0);
}

static void two_arguments_close_to_libm(void **state)
{
    (void)state;
    double worst_pow = 0, worst_atan2 = 0;
    for (uint64_t i = 0; i < 2 * N; i++) {
        double x = draw(2 * i, 1e-5, 1e5), span = 1000 / fabs(log2(x));
        double y = draw(2 * i + 1, -span, span);
        if (fabs(y * log2(x)) < 1020)
            worst_pow = fmax(worst_pow, ulps(aur_pow(x, y), powl(x, y)));
        double a = draw(2 * i, -3, 3), b = i & 1 ? draw(2 * i + 1, 1e-200, 1e200) : draw(2 * i + 1, -3, 3);
        worst_atan2 = fmax(worst_atan2, ulps(aur_atan2(a, b), atan2l(a, b)));
    }
    printf("pow %.3f, atan2 %.3f ulp\n", worst_pow, worst_atan2);
    assert_true(worst_pow < WORST);
    assert_true(worst_atan2 < WORST);
}

static void powers_that_are_exact(void **state)
{
    (void)state;
    for (int b = 2; b < 20; b++) {
        double want = b;
        for (int e = 1; want < 0x1p53; e++, want *= b) {
            assert_same(aur_pow(b, e), want);
            assert_same(aur_pow(-b, e), e & 1 ? -want : want);
        }
    }
    for (int e = -1074; e < 1024; e++) {
        assert_same(aur_exp2(e), ldexp(1, e));
        assert_same(aur_pow(2, e), ldexp(1, e));
        assert_same(aur_log2(ldexp(1, e)), e);
    }
    for (int e = 0; e <= 22; e++)
        assert_same(aur_log10(aur_pow(10, e)), e);
}

static const struct {
    double (*f)(double);
    double x, want;
} edges[] = {
    {aur_exp, 0, 1},
    {aur_exp, -0.0, 1},
    {aur_exp, INFINITY, INFINITY},
    {aur_exp, -INFINITY, 0},
    {aur_exp, 710, INFINITY},
    {aur_exp, -746, 0},
    {aur_exp, 1e300, INFINITY},
    {aur_exp, -1e300, 0},
    {aur_exp, 1e-300, 1},
    {aur_exp2, 1024, INFINITY},
    {aur_exp2, -1076, 0},
    {aur_exp2, -1e300, 0},
    {aur_ln, 0, -INFINITY},
    {aur_ln, -0.0, -INFINITY},
    {aur_ln, -1, NAN},
    {aur_ln, 1, 0},
    {aur_ln, INFINITY, INFINITY},
    {aur_log2, 0, -INFINITY},
    {aur_log10, -INFINITY, NAN},
    {aur_sin, -0.0, -0.0},
    {aur_sin, INFINITY, NAN},
    {aur_cos, 0, 1},
    {aur_cos, -INFINITY, NAN},
    {aur_tan, -0.0, -0.0},
    {aur_asin, 1, 0x1.921fb54442d18p+0},
    {aur_asin, -0.0, -0.0},
    {aur_asin, 1.0000000000000002, NAN},
    {aur_acos, 1, 0},
    {aur_acos, -1, 0x1.921fb54442d18p+1},
    {aur_acos, 0, 0x1.921fb54442d18p+0},
    {aur_acos, -2, NAN},
    {aur_atan, -0.0, -0.0},
    {aur_atan, INFINITY, 0x1.921fb54442d18p+0},
    {aur_atan, 5e-324, 5e-324},
    {aur_sinh, -0.0, -0.0},
    {aur_sinh, -INFINITY, -INFINITY},
    {aur_sinh, 711, INFINITY},
    {aur_cosh, 0, 1},
    {aur_cosh, -INFINITY, INFINITY},
    {aur_tanh, INFINITY, 1},
    {aur_tanh, -30, -1},
    {aur_tanh, -0.0, -0.0},
    {aur_tanh, 5e-324, 5e-324},
};

static void edges_of_one_argument(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        assert_same(edges[i].f(edges[i].x), edges[i].want);
    double (*all[])(double) = {aur_exp, aur_exp2, aur_ln,   aur_log2, aur_log10, aur_sin,  aur_cos,
                               aur_tan, aur_asin, aur_acos, aur_atan, aur_sinh,  aur_cosh, aur_tanh};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_true(isnan(all[i](NAN)));
}

/* glibc is exact at C99's special points, so it serves as the table. */
static void edges_of_two_arguments(void **state)
{
    (void)state;
    static const double v[] = {0,      -0.0,    0.5,        -0.5,   1,        -1,        2,      -2,
                               3,      -3,      1.5,        -1.5,   1e308,    -1e308,    5e-324, -5e-324,
                               0x1p53, -0x1p53, 0x1p52 + 1, 1e-300, INFINITY, -INFINITY, NAN};
    int n = sizeof v / sizeof *v;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            double want = (double)powl(v[i], v[k]), got = aur_pow(v[i], v[k]);
            if (ulps(got, want) > 1 || (want == want && signbit(got) != signbit(want)))
                fail_msg("pow(%a, %a): got %a, want %a", v[i], v[k], got, want);
            want = atan2(v[i], v[k]), got = aur_atan2(v[i], v[k]);
            if (ulps(got, want) > 1 || (want == want && signbit(got) != signbit(want)))
                fail_msg("atan2(%a, %a): got %a, want %a", v[i], v[k], got, want);
        }
}

static void denormal_results(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 5000; i++) {
        double x = draw(i, -1074, -1022), y = draw(i, -745, -708);
        assert_true(ulps(aur_exp2(x), exp2l(x)) <= 1);
        assert_true(ulps(aur_exp(y), expl(y)) <= 1);
    }
}

static void rising_functions_rise(void **state)
{
    (void)state;
    static const struct {
        double (*f)(double);
        double lo, hi;
    } cases[] = {{aur_exp, -2, 2},  {aur_exp2, -2, 2}, {aur_ln, 0.25, 4}, {aur_log2, 0.25, 4},   {aur_atan, -3, 3},
                 {aur_asin, -1, 1}, {aur_sinh, -3, 3}, {aur_tanh, -3, 3}, {aur_sin, -1.57, 1.57}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (int i = 0; i <= 4096; i++) {
            double x = cases[c].lo + (cases[c].hi - cases[c].lo) * i / 4096.0;
            double last = cases[c].f(x);
            for (int k = 0; k < 8; k++) { /* neighbours, across every seam of the reductions */
                x = nextafter(x, INFINITY);
                if (x > cases[c].hi)
                    break;
                assert_true(cases[c].f(x) >= last);
                last = cases[c].f(x);
            }
        }
    }
}

static void same_bits_in_every_build(void **state)
{
    (void)state;
#ifdef REAL_NEEDS_FMA
    if (!__builtin_cpu_supports("fma"))
        skip();
#endif
    uint64_t hash = real_samples_hash();
    printf("hash 0x%016llx\n", (unsigned long long)hash);
    assert_true(hash == REAL_SAMPLES_HASH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_to_libm),          cmocka_unit_test(two_arguments_close_to_libm),
        cmocka_unit_test(powers_that_are_exact),  cmocka_unit_test(edges_of_one_argument),
        cmocka_unit_test(edges_of_two_arguments), cmocka_unit_test(denormal_results),
        cmocka_unit_test(rising_functions_rise),  cmocka_unit_test(same_bits_in_every_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
