/* The kernels' text for 8 floats with AVX-512's registers and operations: what kernels_avx512.c takes where 16 floats at a
 * time would be half empty, or no faster. Render threads. */
#if defined(__x86_64__)
#define AUR_W         8
#define AUR_TABLE     aur_kernels_avx512_narrow
#define AUR_TABLE_ISA AUR_ISA_AVX512

#include "kernels/vec.inc"

#include "kernels/voice.inc"

#include "kernels/pair.inc"

#include "kernels/bell.inc"

#include "kernels/string.inc"

#include "kernels/grain.inc"

#include "kernels/modular.inc"

#include "kernels/wave.inc"

#include "kernels/mix.inc"

#include "kernels/filter.inc"

#include "kernels/reverb.inc"

#include "kernels/table.inc"
#else
typedef int aur_kernels_avx512_narrow_not_built;
#endif
