/* The kernels' text for 8 floats with hardware fused multiply-add. Render threads. */
#if defined(__x86_64__)
#define AUR_W         8
#define AUR_TABLE     aur_kernels_avx2
#define AUR_TABLE_ISA AUR_ISA_AVX2

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
typedef int aur_kernels_avx2_not_built;
#endif
