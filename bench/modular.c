/* Sounds of the modular voice in bulk, counted as torchsynth counts: batches of 128 sounds of 4 s, every parameter of every
 * sound drawn at random, pitch from 0 to 127 and held for up to 4 s; seconds of sound made a CPU second.
 *
 *     modular ISA [BATCHES]
 *
 * One thread. Drawing the parameters and setting the voices up counts; the sounds stay apart, 16 interleaved in memory,
 * 90 MB of them: they are written past the caches, where they would not stay anyway. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "base/hash.h"
#include "kernels/kernels.h"
#include "support/pads.h"
#include "synth/voice.h"

#define HUGE_PAGE ((size_t)2 << 20)
#define BATCH     128
#define GROUPS    (BATCH / AUR_LANES)
#define SECOND    (PADS_RATE / AUR_BLOCK) /* blocks */
#define BLOCKS    (4 * PADS_RATE / AUR_BLOCK + 1)

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Sound number `sound` becomes a lane. */
static void start(struct aur_group *group, int lane, uint64_t sound)
{
    const struct aur_param_table *table = &aur_voices[AUR_VOICE_MODULAR];
    const uint64_t key = aur_rand_key(1, sound, "modular");
    struct aur_patch patch = {.voice = AUR_VOICE_MODULAR};
    for (size_t i = 0; i < table->n_params; i++) {
        const struct aur_param *p = &table->params[i];
        patch.params[i] = p->min + (p->max - p->min) * (float)aur_rand_unit(key, i);
    }
    patch.params[aur_param_find(table, "level")] = 0;
    patch.params[aur_param_find(table, "pan")] = 0;
    struct aur_plan plan;
    aur_plan_init(&plan, &patch);
    struct aur_note note = {
        .off_frame = (1 + (uint64_t)(4 * SECOND * aur_rand_unit(key, 100))) * AUR_BLOCK,
        .pitch_q16 = (int32_t)(127 * aur_rand_unit(key, 101) * AUR_Q16_ONE),
        .velocity_q16 = (int32_t)(0.6 * AUR_Q16_ONE),
    };
    aur_voice_start(group, lane, &plan, &note, sound, PADS_RATE);
}

static void put(float *out, const float *block)
{
#if defined(__SSE2__)
    for (int i = 0; i < AUR_BLOCK * AUR_LANES; i += 4)
        _mm_stream_ps(out + i, _mm_load_ps(block + i));
#else
    memcpy(out, block, AUR_BLOCK * AUR_LANES * sizeof *out);
#endif
}

/* 16 sounds: frames of 16. */
static void render(float *out, struct aur_group *group, const struct aur_kernels *kernels)
{
    static struct aur_lane_sums sums;
    const struct aur_voice_control control = {0};
    for (size_t block = 0; block < BLOCKS; block++) {
        memset(&sums, 0, sizeof sums);
        kernels->modular(&sums, group, &control);
        put(out + block * AUR_BLOCK * AUR_LANES, sums.l);
    }
}

/* How many of the 16 can be heard at all; quits if a sample is not finite. */
static int audible(const float *out)
{
    int n = 0;
    for (int lane = 0; lane < AUR_LANES; lane++) {
        float peak = 0;
        for (size_t i = 0; i < (size_t)BLOCKS * AUR_BLOCK; i++) {
            float x = fabsf(out[i * AUR_LANES + (size_t)lane]);
            if (!isfinite(x))
                pads_quit("a sound is not finite");
            peak = x > peak ? x : peak;
        }
        n += peak > 1e-4f;
    }
    return n;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3)
        pads_quit("usage: modular ISA [BATCHES]");
    const struct aur_kernels *kernels = aur_kernels_get(pads_isa(argv[1]));
    const size_t floats = (size_t)BLOCKS * AUR_BLOCK * AUR_LANES;
    uint64_t batches = argc == 3 ? (uint64_t)atoi(argv[2]) : 8;
    const size_t bytes = (GROUPS * floats * sizeof(float) + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    float *out = aligned_alloc(HUGE_PAGE, bytes);
    if (!out)
        pads_quit("no memory");
    madvise(out, bytes, MADV_HUGEPAGE); /* slower without */
    memset(out, 0, bytes);
    double took = 0;
    int heard = 0;
    for (uint64_t batch = 0; batch < batches; batch++) {
        static struct aur_group groups[GROUPS];
        double from = cpu_now();
        memset(groups, 0, sizeof groups);
        for (int i = 0; i < BATCH; i++)
            start(&groups[i / AUR_LANES], i % AUR_LANES, batch * BATCH + (uint64_t)i);
        for (int i = 0; i < GROUPS; i++)
            render(out + (size_t)i * floats, &groups[i], kernels);
        took += cpu_now() - from;
        for (int i = 0; i < GROUPS; i++)
            heard += audible(out + (size_t)i * floats);
    }
    free(out);
    printf("{\"isa\": \"%s\", \"cpu_s\": %.9f, \"sounds\": %llu, \"audible\": %d}\n", aur_isa_name(kernels->isa), took,
           (unsigned long long)(batches * BATCH), heard);
    return 0;
}
