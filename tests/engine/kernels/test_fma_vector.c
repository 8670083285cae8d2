/* Fused multiply-add of 4 floats at once. */
#define AUR_W 4

#include "fma.inc"
