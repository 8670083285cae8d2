/* The kernels' text for one float at a time: the reference, and what any processor runs. Render threads. */

#define AUR_W         1
#define AUR_TABLE     aur_kernels_scalar
#define AUR_TABLE_ISA AUR_ISA_SCALAR

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
