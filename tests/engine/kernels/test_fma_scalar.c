/* Fused multiply-add of 1 float. */
#define AUR_W 1

#include "fma.inc"
