/* Every build of the kernels that this processor runs against the scalar one: equal bytes for the samples and for the
 * state left behind, on ordinary and on awkward input, with canaries around what is written.
 *
 *   check_kernels [--seed N] [--bench]
 *
 * There are no lengths to vary: a block is 64 frames and a group 16 lanes, always, and every width divides both. What takes
 * the place of odd lengths is which lanes are active, so groups come with one, few, scattered and all of them. Structs start
 * on 64 bytes by contract; rows of floats that are none begin at any float.
 *
 * --bench times each kernel of the table right after it passed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checks.h"

static int failures;

void fail_if(bool bad, const char *kernel, enum aur_isa isa, const char *what)
{
    if (!bad)
        return;
    failures++;
    printf("FAILED %s %s: %s (seed %llu)\n", aur_isa_name(isa), kernel, what, (unsigned long long)inputs_seed);
}

bool canaries_live(const uint8_t *before, const uint8_t *after)
{
    for (int i = 0; i < 64; i++)
        if (before[i] != 0xa5 || after[i] != 0xa5)
            return false;
    return true;
}

double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

void report(const char *kernel, enum aur_isa isa, double ns, double *reference, const char *unit_name)
{
    if (isa == AUR_ISA_SCALAR)
        *reference = ns;
    printf("%-10s %-7s %8.3f ns a %s, %6.1f x the reference\n", kernel, aur_isa_name(isa), ns, unit_name,
           *reference / ns);
}

int main(int argc, char **argv)
{
    bool bench = false;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    inputs_seed = (uint64_t)ts.tv_nsec;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--bench") == 0)
            bench = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            inputs_seed = strtoull(argv[++i], NULL, 0);
        else
            return fprintf(stderr, "usage: check_kernels [--seed N] [--bench]\n"), 2;
    }
    printf("seed %llu\n", (unsigned long long)inputs_seed);
    double voice_reference[VOICE_BENCHES], effect_reference[EFFECT_BENCHES];
    if (voices_init())
        abort();
    for (int i = 0; i < AUR_ISAS; i++) {
        enum aur_isa isa = (enum aur_isa)i;
        if (!aur_isa_supported(isa))
            continue;
        check_voices(isa);
        check_effects(isa);
        check_peaks(isa);
        if (bench) {
            bench_voices(isa, voice_reference);
            bench_effects(isa, effect_reference);
        }
        printf("%s: checked\n", aur_isa_name(isa));
    }
    voices_deinit();
    return failures ? 1 : 0;
}
