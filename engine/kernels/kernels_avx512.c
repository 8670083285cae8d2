/* The kernels' text for 16 floats: a group of voices in one register. Render threads. */
#if defined(__x86_64__)
#define AUR_W         16
#define AUR_TABLE     aur_kernels_avx512
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
typedef int aur_kernels_avx512_not_built;
#endif
