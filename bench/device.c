/* What a launch of many pads costs on the OpenCL device that `--device opencl` takes, beside one thread of this CPU: device
 * [ROUNDS]
 *
 * 100 ms of 64, 1,024 and 16,384 pads (workload A of bench/workload.md), up to 1,024 of them a job, all jobs in one launch,
 * transfers included; interleaved, medians. Prints JSON, a line of text where there is no device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support/pads.h"
#include "synth/backend.h"
#include "synth/bus.h"

#define BLOCKS     (PADS_RATE / 10 / AUR_BLOCK + 1)
#define ROUNDS_MAX 101
#define WARM       (PADS_RATE / AUR_BLOCK) /* blocks: a second into the sound */

struct load {
    struct aur_device_work work[AUR_BACKEND_BATCH];
    struct aur_job *jobs;
    struct aur_job_result *results, *cpu;
    size_t n;
    int voices;
};

static void *memory(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!p)
        pads_quit("no memory");
    memset(p, 0, bytes);
    return p;
}

static void fill_job(struct aur_job *job, const struct aur_phrase *phrase)
{
    const struct aur_voice_control control = {0, 0, NULL};
    struct aur_buses *buses = memory(sizeof *buses);
    struct aur_group *pool = memory(aur_buses_pool(PADS_MAX) * sizeof *pool);
    struct aur_plan plan;
    static struct aur_sends sends;
    aur_buses_init(buses, aur_kernels_get(aur_isa_best()), PADS_RATE, PADS_MAX, pool, NULL);
    aur_buses_begin(buses, phrase, 0);
    aur_plan_init(&plan, &phrase->patches[0]);
    for (uint32_t i = 0; i < phrase->n_notes; i++)
        aur_buses_note(buses, &phrase->patches[0], &plan, &phrase->notes[i], 0);
    for (int b = 0; b < WARM; b++)
        aur_buses_render(buses, &sends, &control);
    aur_job_clear(job);
    aur_job_begin(job, buses);
    for (int b = 0; b < BLOCKS; b++)
        aur_job_block(job, buses, 0);
    aur_job_close(job, buses);
    free(pool);
    free(buses);
}

static void load_init(struct load *load, int voices)
{
    struct aur_patch patch;
    pads_patch(&patch);
    struct aur_phrase *phrase = pads_phrase(&patch, voices < PADS_MAX ? voices : PADS_MAX, 60);
    load->voices = voices;
    load->n = (size_t)(voices + PADS_MAX - 1) / PADS_MAX;
    load->jobs = memory(load->n * sizeof *load->jobs);
    load->results = memory(load->n * sizeof *load->results);
    load->cpu = memory(load->n * sizeof *load->cpu);
    for (size_t i = 0; i < load->n; i++) {
        fill_job(&load->jobs[i], phrase);
        load->work[i] = (struct aur_device_work){&load->jobs[i], &load->results[i]};
    }
    aur_phrase_free(phrase);
}

static void load_deinit(struct load *load)
{
    free(load->jobs);
    free(load->results);
    free(load->cpu);
}

static double on_device(const struct aur_device *device, struct load *load)
{
    struct aur_error err = {0};
    const uint64_t start = aur_clock_mono_ns();
    if (device->run(device->self, load->work, load->n, &err) < 0)
        pads_quit(err.message);
    return (double)(aur_clock_mono_ns() - start);
}

static double on_cpu(struct load *load)
{
    static struct aur_lane_sums sums;
    const uint64_t start = aur_clock_mono_ns();
    for (size_t i = 0; i < load->n; i++)
        aur_job_render(&load->jobs[i], &load->cpu[i], aur_kernels_get(aur_isa_best()), &sums);
    return (double)(aur_clock_mono_ns() - start);
}

static size_t different(const struct load *load, float *loudest)
{
    size_t n = 0;
    *loudest = 0;
    for (size_t i = 0; i < load->n; i++)
        for (size_t s = 0; s < load->jobs[i].n_chains * load->jobs[i].n_blocks; s++) {
            const float *a = load->results[i].sums[s].l, *b = load->cpu[i].sums[s].l; /* left, then right */
            for (size_t k = 0; k < 2 * AUR_BLOCK; k++) {
                n += memcmp(&a[k], &b[k], sizeof *a) != 0;
                *loudest = b[k] > *loudest ? b[k] : *loudest;
            }
        }
    return n;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, ascending);
    return values[n / 2];
}

static void measure(const struct aur_device *device, int voices, int rounds)
{
    static double theirs[ROUNDS_MAX], ours[ROUNDS_MAX];
    struct load load;
    float loudest;
    load_init(&load, voices);
    (void)on_device(device, &load); /* makes buffers */
    for (int i = 0; i < rounds; i++) {
        theirs[i] = on_device(device, &load);
        ours[i] = on_cpu(&load);
    }
    const size_t differ = different(&load, &loudest);
    if (!(loudest > 0))
        pads_quit("the pads are silent");
    const double frames = BLOCKS * AUR_BLOCK, device_ns = median(theirs, rounds), cpu_ns = median(ours, rounds);
    const double length_ns = frames / PADS_RATE * 1e9;
    printf("{\"voices\": %d, \"device_ms\": %.3f, \"cpu_ms\": %.3f, \"device_ns\": %.4f, \"cpu_ns\": %.4f, "
           "\"device_voices\": %.0f, \"cpu_voices\": %.0f, \"differ\": %zu}",
           voices, device_ns / 1e6, cpu_ns / 1e6, device_ns / voices / frames, cpu_ns / voices / frames,
           voices * length_ns / device_ns, voices * length_ns / cpu_ns, differ);
    load_deinit(&load);
}

int main(int argc, char **argv)
{
    static const int sizes[] = {64, 1024, 16384};
    const int rounds = argc > 1 ? atoi(argv[1]) : 11;
    struct aur_device device;
    struct aur_error err = {0};
    if (rounds < 1 || rounds > ROUNDS_MAX)
        pads_quit("usage: device [ROUNDS], 1 to 101");
    if (aur_opencl_open(&device, &err) < 0) {
        printf("skipped: %s\n", err.message);
        return 0;
    }
    printf("{\"device\": \"%s\", \"isa\": \"%s\", \"rows\": [", device.name, aur_isa_name(aur_isa_best()));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fputs(i ? ", " : "", stdout);
        measure(&device, sizes[i], rounds);
        fflush(stdout);
    }
    printf("]}\n");
    device.close(device.self);
    return 0;
}
