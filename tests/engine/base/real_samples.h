/* One hash over many results of every function in base/real.h, for comparing builds. */
#ifndef AUR_TESTS_REAL_SAMPLES_H
#define AUR_TESTS_REAL_SAMPLES_H

#include <stdint.h>

uint64_t real_samples_hash(void);

/* What it is on every machine, with every compiler and every flag. */
#define REAL_SAMPLES_HASH UINT64_C(0x86b1d0eaa1c4d47a)

#endif
