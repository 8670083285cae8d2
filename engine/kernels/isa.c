/* Names of the instruction sets and what the processor has. Asked at start, never on a render worker. */
#include "kernels/isa.h"

#include <stdio.h>
#include <string.h>

#include "kernels/kernels.h"

static const char *const names[AUR_ISAS] = {
    [AUR_ISA_SCALAR] = "scalar", [AUR_ISA_SSE2] = "sse2", [AUR_ISA_AVX2] = "avx2",
    [AUR_ISA_AVX512] = "avx512", [AUR_ISA_NEON] = "neon",
};

const char *aur_isa_name(enum aur_isa isa)
{
    return (unsigned)isa < AUR_ISAS ? names[isa] : "unknown";
}

static bool cpu_has(enum aur_isa isa)
{
#if defined(__x86_64__)
    switch (isa) {
    case AUR_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case AUR_ISA_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
    default:
        return true; /* the baseline */
    }
#else
    (void)isa;
    return true; /* only variants of the baseline are built elsewhere */
#endif
}

bool aur_isa_supported(enum aur_isa isa)
{
    return (unsigned)isa < AUR_ISAS && aur_kernels_get(isa) && cpu_has(isa);
}

enum aur_isa aur_isa_best(void)
{
    static const enum aur_isa order[] = {AUR_ISA_AVX512, AUR_ISA_AVX2, AUR_ISA_NEON, AUR_ISA_SSE2};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (aur_isa_supported(order[i]))
            return order[i];
    return AUR_ISA_SCALAR;
}

int aur_isa_parse(enum aur_isa *out, const char *text, struct aur_error *err)
{
    char allowed[64] = "";
    for (int i = 0; i < AUR_ISAS; i++) {
        if (!aur_isa_supported((enum aur_isa)i))
            continue;
        if (strcmp(text, names[i]) == 0) {
            *out = (enum aur_isa)i;
            return AUR_OK;
        }
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%s", used ? ", " : "", names[i]);
    }
    return aur_error_value(err, "AURALIS_ISA", text, allowed);
}
