/* Double-double arithmetic for real*.c only: an unevaluated sum h + l with |l| at most half a unit of h, about 106 bits.
 * Error-free transformations by Dekker (1971) and Knuth; no fused operations, so every machine gives the same bits.
 * Operands of products stay below 2^990 (the split multiplies by 2^27). Pure; any thread. */
#ifndef AUR_BASE_REAL_DD_H
#define AUR_BASE_REAL_DD_H

#include <stdint.h>
#include <string.h>

struct aur_dd {
    double h, l;
};

static inline uint64_t real_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double real_from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline double real_abs(double x)
{
    return real_from_bits(real_bits(x) & (UINT64_MAX >> 1));
}

/* x with the sign of s. */
static inline double real_sign(double x, double s)
{
    return real_from_bits((real_bits(x) & (UINT64_MAX >> 1)) | (real_bits(s) & ~(UINT64_MAX >> 1)));
}

/* 2^k for k in [-1022, 1023]. */
static inline double real_two_to(int k)
{
    return real_from_bits((uint64_t)(k + 1023) << 52);
}

/* x * 2^k for normal x near 1 and any k in [-2000, 2000]; rounds once. */
static inline double real_scale(double x, int k)
{
    if (k > 1000)
        return k > 1100 ? x * 0x1p1023 * 0x1p1023 : x * real_two_to(k - 900) * 0x1p900;
    if (k < -1000)
        return k < -1100 ? x * 0x1p-1000 * 0x1p-1000 : x * real_two_to(k + 900) * 0x1p-900;
    return x * real_two_to(k);
}

static inline struct aur_dd dd_sum(double a, double b)
{
    double h = a + b, t = h - a;
    return (struct aur_dd){h, (a - (h - t)) + (b - t)};
}

/* |a| >= |b| or a == 0. */
static inline struct aur_dd dd_fast_sum(double a, double b)
{
    double h = a + b;
    return (struct aur_dd){h, b - (h - a)};
}

static inline struct aur_dd dd_prod(double a, double b)
{
    double p = a * b;
    double ta = a * 0x1.0000002p27, tb = b * 0x1.0000002p27;
    double ah = ta - (ta - a), bh = tb - (tb - b);
    double al = a - ah, bl = b - bh;
    return (struct aur_dd){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

static inline struct aur_dd dd_add(struct aur_dd a, struct aur_dd b)
{
    struct aur_dd s = dd_sum(a.h, b.h);
    return dd_fast_sum(s.h, s.l + (a.l + b.l));
}

static inline struct aur_dd dd_neg(struct aur_dd a)
{
    return (struct aur_dd){-a.h, -a.l};
}

static inline struct aur_dd dd_mul(struct aur_dd a, struct aur_dd b)
{
    struct aur_dd p = dd_prod(a.h, b.h);
    return dd_fast_sum(p.h, p.l + (a.h * b.l + a.l * b.h));
}

static inline struct aur_dd dd_mul_real(struct aur_dd a, double b)
{
    struct aur_dd p = dd_prod(a.h, b);
    return dd_fast_sum(p.h, p.l + a.l * b);
}

static inline struct aur_dd dd_div(struct aur_dd a, struct aur_dd b)
{
    double q = a.h / b.h;
    struct aur_dd p = dd_prod(q, b.h);
    double rest = ((a.h - p.h) - p.l) + (a.l - q * b.l);
    return dd_fast_sum(q, rest / b.h);
}

/* c[0] + c[1] x + ... + c[n-1] x^(n-1). */
static inline double real_poly(double x, const double *c, int n)
{
    double sum = c[n - 1];
    for (int i = n - 2; i >= 0; i--)
        sum = sum * x + c[i];
    return sum;
}

#endif
