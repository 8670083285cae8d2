/* The kernels' text for 4 floats: the baseline of x86-64, with fused multiply-add emulated. Render threads. */
#if defined(__x86_64__)
#define AUR_W         4
#define AUR_TABLE     aur_kernels_sse2
#define AUR_TABLE_ISA AUR_ISA_SSE2

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
typedef int aur_kernels_sse2_not_built;
#endif
