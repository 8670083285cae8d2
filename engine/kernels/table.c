/* Which builds of the kernels this program carries. */
#include "kernels/kernels.h"

extern const struct aur_kernels aur_kernels_scalar, aur_kernels_sse2, aur_kernels_avx2, aur_kernels_avx512,
    aur_kernels_neon;

static const struct aur_kernels *const tables[AUR_ISAS] = {
    [AUR_ISA_SCALAR] = &aur_kernels_scalar,
#if defined(__x86_64__)
    [AUR_ISA_SSE2] = &aur_kernels_sse2,     [AUR_ISA_AVX2] = &aur_kernels_avx2, [AUR_ISA_AVX512] = &aur_kernels_avx512,
#endif
#if defined(__aarch64__)
    [AUR_ISA_NEON] = &aur_kernels_neon,
#endif
};

const struct aur_kernels *aur_kernels_get(enum aur_isa isa)
{
    return (unsigned)isa < AUR_ISAS ? tables[isa] : NULL;
}
