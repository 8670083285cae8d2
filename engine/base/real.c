/* Exponentials and logarithms by range reduction and power series in double-double. Any thread; pure.
 *
 * Coefficients are those of the Taylor series, so nothing here was fitted and every number can be checked by hand; the
 * few extra terms cost less than being sure of a minimax table. Largest errors seen against long double libm over the
 * ranges of test_real.c, in units in the last place: exp, exp2, sinh, cosh, tanh, pow 0.65; log, log2, log10 0.501. */
#include "base/real.h"

#include <math.h>
#include <stdbool.h>

#include "base/real_dd.h"

static const struct aur_dd ln2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
static const struct aur_dd inv_ln2 = {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
static const struct aur_dd inv_ln10 = {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};
static const struct aur_dd log10_2 = {0x1.34413509f79ffp-2, -0x1.9dc1da994fd21p-59};

/* ln 2 in 32 bits, so that a product with an exponent is exact, and the rest. */
#define LN2_TOP  0x1.62e42fee00000p-1
#define LN2_REST 0x1.a39ef35793c76p-33

/* e^r - 1 for |r| <= 0.35. */
static struct aur_dd expm1_small(struct aur_dd r)
{
    static const double c[] = {1 / 2.0,         1 / 6.0,          1 / 24.0,         1 / 120.0,     1 / 720.0,
                               1 / 5040.0,      1 / 40320.0,      1 / 362880.0,     1 / 3628800.0, 1 / 39916800.0,
                               1 / 479001600.0, 1 / 6227020800.0, 1 / 87178291200.0};
    return dd_fast_sum(r.h, r.l + r.h * r.h * real_poly(r.h, c, 13));
}

static struct aur_dd plus_one(struct aur_dd a)
{
    struct aur_dd s = dd_sum(1, a.h);
    return dd_fast_sum(s.h, s.l + a.l);
}

/* e^x = result * 2^*k for |x| <= 800. */
static struct aur_dd exp_split(int *k, double x)
{
    double n = floor(x * 0x1.71547652b82fep+0 + 0.5);
    *k = (int)n;
    return plus_one(expm1_small(dd_sum(x - n * LN2_TOP, -(n * LN2_REST))));
}

/* e^x * 2^shift. */
static double exp_shifted(double x, int shift)
{
    if (x > 800)
        return INFINITY;
    if (x < -800)
        return 0;
    int k;
    struct aur_dd e = exp_split(&k, x);
    return real_scale(e.h, k + shift);
}

double aur_exp(double x)
{
    return x != x ? x : exp_shifted(x, 0);
}

/* 2^(x.h + x.l) for |x.h| <= 1200. */
static double exp2_pair(struct aur_dd x)
{
    double n = floor(x.h + 0.5);
    struct aur_dd r = dd_mul(ln2, dd_sum(x.h - n, x.l));
    return real_scale(plus_one(expm1_small(r)).h, (int)n);
}

double aur_exp2(double x)
{
    if (x != x)
        return x;
    if (x > 1200)
        return INFINITY;
    return x < -1200 ? 0 : exp2_pair((struct aur_dd){x, 0});
}

/* x = 2^*e * m with m in [sqrt 1/2, sqrt 2); the result is ln m. x is positive and finite. */
static struct aur_dd log_split(int *e, double x)
{
    static const double tail[] = {1 / 9.0,  1 / 11.0, 1 / 13.0, 1 / 15.0, 1 / 17.0,
                                  1 / 19.0, 1 / 21.0, 1 / 23.0, 1 / 25.0, 1 / 27.0};
    static const struct aur_dd third = {1 / 3.0, 0x1.5555555555555p-56};
    static const struct aur_dd fifth = {1 / 5.0, -0x1.999999999999ap-57};
    static const struct aur_dd seventh = {1 / 7.0, 0x1.2492492492492p-57};
    int shift = x < 0x1p-1022 ? 54 : 0;
    uint64_t bits = real_bits(shift ? x * 0x1p54 : x);
    *e = (int)(bits >> 52) - 1023 - shift;
    double m = real_from_bits((bits & 0xfffffffffffffu) | 0x3ff0000000000000u);
    if (m > 0x1.6a09e667f3bcdp+0) {
        m *= 0.5;
        *e += 1;
    }
    /* ln m = 2 artanh s, s = (m - 1) / (m + 1), |s| < 0.172 */
    double f = m - 1;
    struct aur_dd s = dd_div((struct aur_dd){f, 0}, dd_sum(2, f));
    struct aur_dd z = dd_mul(s, s);
    struct aur_dd q = dd_fast_sum(seventh.h, seventh.l + z.h * real_poly(z.h, tail, 10));
    q = dd_add(fifth, dd_mul(z, q));
    q = dd_add(third, dd_mul(z, q));
    struct aur_dd s2 = {2 * s.h, 2 * s.l};
    return dd_add(s2, dd_mul(s2, dd_mul(z, q)));
}

/* The logarithm's special cases: true when *out is the answer. */
static bool log_special(double *out, double x)
{
    if (x > 0 && x < INFINITY)
        return false;
    *out = x == 0 ? -INFINITY : x < 0 ? NAN : x;
    return true;
}

double aur_ln(double x)
{
    double out;
    if (log_special(&out, x))
        return out;
    int e;
    struct aur_dd m = log_split(&e, x);
    return e == 0 ? m.h : dd_add(dd_sum(e * LN2_TOP, e * LN2_REST), m).h;
}

static struct aur_dd log2_pair(double x)
{
    int e;
    struct aur_dd m = dd_mul(log_split(&e, x), inv_ln2);
    struct aur_dd s = dd_sum(e, m.h);
    return dd_fast_sum(s.h, s.l + m.l);
}

double aur_log2(double x)
{
    double out;
    return log_special(&out, x) ? out : log2_pair(x).h;
}

double aur_log10(double x)
{
    double out;
    if (log_special(&out, x))
        return out;
    int e;
    struct aur_dd m = dd_mul(log_split(&e, x), inv_ln10);
    return dd_add(dd_mul_real(log10_2, e), m).h;
}

/* 0: not an integer, 1: odd, 2: even. */
static int integer_kind(double y)
{
    double a = real_abs(y);
    if (a >= 0x1p53)
        return 2;
    if (floor(a) != a)
        return 0;
    return floor(a * 0.5) * 2 == a ? 2 : 1;
}

/* pow for x in {0, +-inf} or y = +-inf; neither is NaN and y is not 0. */
static double pow_extreme(double x, double y)
{
    double a = real_abs(x);
    if (real_abs(y) == INFINITY) {
        if (a == 1)
            return 1;
        return (a > 1) == (y > 0) ? INFINITY : 0;
    }
    double r = (a == 0) == (y < 0) ? INFINITY : 0;
    return integer_kind(y) == 1 ? real_sign(r, x) : r;
}

double aur_pow(double x, double y)
{
    if (y == 0 || x == 1)
        return 1;
    if (x != x || y != y)
        return x + y;
    double a = real_abs(x);
    if (a == 0 || a == INFINITY || real_abs(y) == INFINITY)
        return pow_extreme(x, y);
    int kind = integer_kind(y);
    if (x < 0 && kind == 0)
        return NAN;
    if (y == 1 || y == 2)
        return y == 1 ? x : x * x;
    struct aur_dd lg = log2_pair(a);
    double rough = lg.h * y, r;
    if (a == 1)
        r = 1; /* y may be too large to multiply with */
    else if (!(real_abs(rough) < 1100))
        r = rough > 0 ? INFINITY : 0;
    else
        r = exp2_pair(dd_mul_real(lg, y));
    return x < 0 && kind == 1 ? -r : r;
}

double aur_sinh(double x)
{
    static const double c[] = {1 / 6.0,
                               1 / 120.0,
                               1 / 5040.0,
                               1 / 362880.0,
                               1 / 39916800.0,
                               1 / 6227020800.0,
                               1 / 1307674368000.0,
                               1 / 355687428096000.0,
                               1 / 121645100408832000.0};
    double a = real_abs(x);
    if (x != x || a < 0x1p-28)
        return x;
    if (a < 1)
        return x + x * (x * x) * real_poly(x * x, c, 9);
    if (a > 20)
        return real_sign(exp_shifted(a, -1), x);
    int k;
    struct aur_dd e = exp_split(&k, a);
    struct aur_dd low = dd_div((struct aur_dd){real_two_to(-2 * k), 0}, e);
    return real_sign(dd_add(e, dd_neg(low)).h * real_two_to(k - 1), x);
}

double aur_cosh(double x)
{
    double a = real_abs(x);
    if (x != x || a > 20)
        return x != x ? x : exp_shifted(a, -1);
    int k;
    struct aur_dd e = exp_split(&k, a);
    struct aur_dd low = dd_div((struct aur_dd){real_two_to(-2 * k), 0}, e);
    return dd_add(e, low).h * real_two_to(k - 1);
}

double aur_tanh(double x)
{
    double a = real_abs(x);
    if (x != x || a < 0x1p-28)
        return x;
    if (a > 22)
        return real_sign(1, x);
    struct aur_dd m; /* e^2a - 1 */
    if (a < 0.17) {
        m = expm1_small((struct aur_dd){2 * a, 0});
    } else {
        int k;
        struct aur_dd e = exp_split(&k, 2 * a);
        m = dd_add((struct aur_dd){e.h * real_two_to(k), e.l * real_two_to(k)}, (struct aur_dd){-1, 0});
    }
    return real_sign(dd_div(m, dd_add(m, (struct aur_dd){2, 0})).h, x);
}
