/* Circular functions and their inverses, in the manner of real.c: exact reduction, Taylor series, double-double ends.
 * Any thread; pure. Largest errors seen against long double libm over the ranges of test_real.c, in units in the last
 * place: sin, cos 0.78; tan 0.86; asin, acos, atan, atan2 0.51. */
#include <math.h>
#include <stdbool.h>

#include "base/real.h"
#include "base/real_dd.h"

static const struct aur_dd pi = {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
static const struct aur_dd half_pi = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};
static const struct aur_dd zero = {0, 0};

/* x = n pi/2 + r with |r| <= pi/4 and a little; the result is r, *quadrant is n mod 4. x is finite. */
static struct aur_dd reduce(int *quadrant, double x)
{
    /* pi/2 in pieces of 23 bits: n has at most 30, so that each product is exact. */
    static const double pieces[] = {0x1.921fb4p+0, 0x1.4442dp-24,  0x1.84698p-48,         0x1.3198ap-69,
                                    0x1.701b8p-92, 0x1.cd129p-115, 0x1.27044533e63a0p-142};
    *quadrant = 0;
    if (real_abs(x) > 0x1p30)
        x = fmod(x, 2 * pi.h);
    if (real_abs(x) <= 0.785398)
        return (struct aur_dd){x, 0};
    double n = floor(x * 0x1.45f306dc9c883p-1 + 0.5);
    struct aur_dd r = {x - n * pieces[0], 0};
    for (int i = 1; i < 7; i++) {
        struct aur_dd s = dd_sum(r.h, -(n * pieces[i]));
        r = dd_fast_sum(s.h, s.l + r.l);
    }
    *quadrant = (int)((int64_t)n & 3);
    return r;
}

static struct aur_dd sin_small(struct aur_dd r)
{
    static const double c[] = {-1 / 6.0,        1 / 120.0,        -1 / 5040.0,          1 / 362880.0,
                               -1 / 39916800.0, 1 / 6227020800.0, -1 / 1307674368000.0, 1 / 355687428096000.0};
    double z = r.h * r.h;
    return dd_fast_sum(r.h, r.h * z * real_poly(z, c, 8) + r.l * (1 - 0.5 * z));
}

static struct aur_dd cos_small(struct aur_dd r)
{
    static const double c[] = {1 / 24.0,        -1 / 720.0,         1 / 40320.0,          -1 / 3628800.0,
                               1 / 479001600.0, -1 / 87178291200.0, 1 / 20922789888000.0, -1 / 6402373705728000.0};
    struct aur_dd z = dd_prod(r.h, r.h);
    struct aur_dd s = dd_sum(1, -0.5 * z.h);
    return dd_fast_sum(s.h, z.h * z.h * real_poly(z.h, c, 8) + (s.l - 0.5 * z.l - r.h * r.l));
}

/* NaN and infinities give NaN. */
static bool not_finite(double x)
{
    return !(real_abs(x) < INFINITY);
}

static double circular(double x, int shift)
{
    int q;
    struct aur_dd r = reduce(&q, x);
    q += shift;
    double v = (q & 1) ? cos_small(r).h : sin_small(r).h;
    return (q & 2) ? -v : v;
}

double aur_sin(double x)
{
    if (not_finite(x))
        return NAN;
    return real_abs(x) < 0x1p-27 ? x : circular(x, 0);
}

double aur_cos(double x)
{
    return not_finite(x) ? NAN : circular(x, 1);
}

double aur_tan(double x)
{
    if (not_finite(x))
        return NAN;
    if (real_abs(x) < 0x1p-27)
        return x;
    int q;
    struct aur_dd r = reduce(&q, x);
    struct aur_dd s = sin_small(r), c = cos_small(r);
    return (q & 1) ? dd_div(dd_neg(c), s).h : dd_div(s, c).h;
}

/* atan(num / den) for 0 <= num <= den, 0 < den < 2^600, num/den > 2^-70: subtract the nearest of atan(k/8), then a series. */
static struct aur_dd atan_ratio(struct aur_dd num, struct aur_dd den)
{
    static const struct aur_dd eighths[] = {
        {0, 0},
        {0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
        {0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
        {0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
        {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
        {0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
        {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
        {0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
        {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55},
    };
    static const double c[] = {-1 / 3.0, 1 / 5.0, -1 / 7.0, 1 / 9.0, -1 / 11.0, 1 / 13.0, -1 / 15.0, 1 / 17.0};
    int k = (int)(num.h / den.h * 8 + 0.5);
    double a = k * 0.125;
    struct aur_dd t = dd_div(dd_add(num, dd_neg(dd_mul_real(den, a))), dd_add(den, dd_mul_real(num, a)));
    double z = t.h * t.h;
    t = dd_fast_sum(t.h, t.l + t.h * z * real_poly(z, c, 8));
    return k ? dd_add(eighths[k], t) : t;
}

/* The angle of the point (x, y), y >= 0: 0 to pi. Both below 2^600, not both 0. */
static double angle(struct aur_dd y, struct aur_dd x)
{
    bool left = x.h < 0, steep;
    if (left)
        x = dd_neg(x);
    steep = y.h > x.h;
    struct aur_dd a = zero;
    double ratio = steep ? x.h / y.h : y.h / x.h;
    if (ratio > 0x1p-70)
        a = steep ? atan_ratio(x, y) : atan_ratio(y, x);
    else if (!steep && !left)
        return ratio;
    if (steep)
        a = dd_add(half_pi, dd_neg(a));
    return left ? dd_add(pi, dd_neg(a)).h : a.h;
}

double aur_atan2(double y, double x)
{
    if (x != x || y != y)
        return x + y;
    double ax = real_abs(x), ay = real_abs(y), a;
    if (ay == 0) {
        a = (real_bits(x) >> 63) ? pi.h : 0;
    } else if (ax == INFINITY || ay == INFINITY) {
        double one = ax == ay ? 1 : ax == INFINITY ? 0 : 2; /* how often pi/4 */
        a = x > 0 || ay > ax ? one * (half_pi.h * 0.5) : ax == ay ? 3 * half_pi.h * 0.5 : pi.h;
    } else {
        double scale = ax > 0x1p500 || ay > 0x1p500 ? 0x1p-600 : ax < 0x1p-400 && ay < 0x1p-400 ? 0x1p600 : 1;
        bool tiny = ay < ax && x > 0 && ay * scale <= ax * scale * 0x1p-60;
        a = tiny ? ay / ax : angle((struct aur_dd){ay * scale, 0}, (struct aur_dd){x * scale, 0});
    }
    return real_sign(a, y);
}

double aur_atan(double x)
{
    return aur_atan2(x, 1);
}

/* sqrt(1 - x^2) for |x| <= 1. */
static struct aur_dd other_leg(double x)
{
    struct aur_dd z = dd_prod(x, x);
    struct aur_dd d = dd_sum(1, -z.h);
    d = dd_fast_sum(d.h, d.l - z.l);
    double s = sqrt(d.h);
    if (s == 0)
        return zero;
    struct aur_dd p = dd_prod(s, s);
    return dd_fast_sum(s, ((d.h - p.h) - p.l + d.l) / (2 * s));
}

double aur_asin(double x)
{
    double a = real_abs(x);
    if (!(a <= 1))
        return NAN;
    return a < 0x1p-27 ? x : real_sign(angle((struct aur_dd){a, 0}, other_leg(x)), x);
}

double aur_acos(double x)
{
    if (!(real_abs(x) <= 1))
        return NAN;
    return angle(other_leg(x), (struct aur_dd){x, 0});
}
