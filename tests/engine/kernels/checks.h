/* What the parts of check_kernels share: its count of failures, its clock, and blocks between canaries. */
#ifndef AUR_TESTS_KERNELS_CHECKS_H
#define AUR_TESTS_KERNELS_CHECKS_H

#include <stdbool.h>

#include "inputs.h"

/* Counts and prints a failure if `bad`. */
void fail_if(bool bad, const char *kernel, enum aur_isa isa, const char *what);

struct guarded_sums {
    uint8_t before[64];
    struct aur_lane_sums sums;
    uint8_t after[64];
} __attribute__((aligned(64)));

struct guarded_stereo {
    uint8_t before[64];
    struct aur_stereo x;
    uint8_t after[64];
} __attribute__((aligned(64)));

/* Twice a block of floats and room to begin later than aligned. */
struct guarded_floats {
    uint8_t before[64];
    float x[2 * AUR_BLOCK + 16];
    uint8_t after[64];
} __attribute__((aligned(64)));

/* Nothing was written before or after a guarded block that was filled with 0xa5. */
bool canaries_live(const uint8_t *before, const uint8_t *after);

/* Of the processor time of this program. */
double now_ns(void);
/* Prints ns; that of the scalar build becomes the reference. */
void report(const char *kernel, enum aur_isa isa, double ns, double *reference, const char *unit_name);

/* Voices: what they read, every kernel of one build, and how long each takes. */
enum { VOICE_BENCHES = 12 };
int voices_init(void);
void voices_deinit(void);
void check_voices(enum aur_isa isa);
void bench_voices(enum aur_isa isa, double reference[VOICE_BENCHES]);

/* Sums of lanes, mixing and the reverb; filters and peaks. The times are of both. */
enum { EFFECT_BENCHES = 14 };
void check_effects(enum aur_isa isa);
void check_peaks(enum aur_isa isa);
void bench_effects(enum aur_isa isa, double reference[EFFECT_BENCHES]);

#endif
