/* Draws arguments from a counter-based stream, so that every build hashes the same ones. */
#include "engine/base/real_samples.h"

#include <stddef.h>
#include <string.h>

#include "base/hash.h"
#include "base/real.h"

static double draw(uint64_t i, double lo, double hi)
{
    return lo + (hi - lo) * aur_rand_unit(7, i);
}

static const struct {
    double (*f)(double);
    double lo, hi;
} unary[] = {
    {aur_exp, -745, 710}, {aur_exp2, -1075, 1024}, {aur_ln, 0, 1e4},     {aur_ln, 0.9, 1.1},     {aur_log2, 0, 1e9},
    {aur_log10, 0, 1e9},  {aur_sin, -10, 10},      {aur_sin, -1e9, 1e9}, {aur_sin, -1e30, 1e30}, {aur_cos, -10, 10},
    {aur_cos, -1e9, 1e9}, {aur_tan, -10, 10},      {aur_asin, -1, 1},    {aur_acos, -1, 1},      {aur_atan, -20, 20},
    {aur_sinh, -30, 30},  {aur_cosh, -30, 30},     {aur_tanh, -25, 25},
};

uint64_t real_samples_hash(void)
{
    uint64_t hash = AUR_HASH_START, n = 0;
    for (size_t i = 0; i < sizeof unary / sizeof *unary; i++)
        for (int k = 0; k < 20000; k++) {
            double r = unary[i].f(draw(n++, unary[i].lo, unary[i].hi));
            hash = aur_hash64(&r, sizeof r, hash);
        }
    for (int k = 0; k < 20000; k++) {
        double r[2];
        r[0] = aur_pow(draw(n, 0, 50), draw(n + 1, -180, 180));
        r[1] = aur_atan2(draw(n, -1, 1), draw(n + 1, -1, 1));
        n += 2;
        hash = aur_hash64(r, sizeof r, hash);
    }
    return hash;
}
