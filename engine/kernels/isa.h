/* Instruction sets the kernels are built for, and which of them this processor runs. Every set gives the same bytes, so
 * the choice is about speed only. Pure; any thread. */
#ifndef AUR_KERNELS_ISA_H
#define AUR_KERNELS_ISA_H

#include <stdbool.h>

#include "base/error.h"

enum aur_isa { AUR_ISA_SCALAR, AUR_ISA_SSE2, AUR_ISA_AVX2, AUR_ISA_AVX512, AUR_ISA_NEON, AUR_ISAS };

const char *aur_isa_name(enum aur_isa isa);
/* Built into this program and run by this processor. */
bool aur_isa_supported(enum aur_isa isa);
/* The fastest supported one. */
enum aur_isa aur_isa_best(void);
/* "scalar", "sse2", ...: AUR_EINVAL names AURALIS_ISA, the value and what this CPU has. */
AUR_MUST_USE int aur_isa_parse(enum aur_isa *out, const char *text, struct aur_error *err);

#endif
