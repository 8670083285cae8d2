/* The ^ operator: LuaJIT's interpreter and its constant folding call the symbol `pow`, which glibc computes differently
 * on CPUs with and without FMA. Defining it in the program puts this definition before libm's for every library that is
 * loaded, so scripts get aur_pow. lib_math.c uses this file and so has it linked; test_sandbox proves the bits. */
#include "base/real.h"
#include "script/libs.h"

double pow(double x, double y);

__attribute__((visibility("default"))) double pow(double x, double y)
{
    return aur_pow(x, y);
}

double aur_pow_of_scripts(double x, double y)
{
    return pow(x, y);
}
