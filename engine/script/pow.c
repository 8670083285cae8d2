/* The ^ operator: LuaJIT's interpreter and its constant folding call the symbol `pow`, which glibc computes differently
 * on CPUs with and without FMA. Defining it in the program puts this definition before libm's for every library that is
 * loaded, so scripts get aur_pow. vm.c refers to this file to have it linked; test_sandbox proves the bits. */
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
