/* Jobs, their slots and the worker. The slots pass between two threads by compare-and-swap on their state:
 *
 *   FREE -> HELD (render: given out) -> POSTED (render) -> DONE or FAILED (worker) -> FREE (render)
 *   POSTED -> LEFT (render: too late) -> OVER (worker) -> FREE (render), or LEFT -> DROPPED (render) -> FREE (worker)
 *
 * While a slot is LEFT both read the job, which nobody writes any more; the result is the worker's alone. */
#include "synth/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/thread.h"
#include "synth/score_test.h"
#include "synth/wavetable.h"

enum { FREE, HELD, POSTED, DONE, FAILED, LEFT, OVER, DROPPED };

struct aur_backend {
    struct aur_backend_config config;
    struct aur_device device;
    bool open; /* the device: worker, or the caller of new */
    _Atomic int state;
    _Atomic bool stop;
    _Atomic uint64_t blocks, failed, late;
    bool exact;
    double device_s, cpu_s;
    struct aur_lock lock; /* of the error and of what is known of the device */
    struct aur_error error;
    struct aur_wake wake;
    struct aur_thread worker;
    char title[168];
    struct aur_job_slot *slots; /* from before it is ready */
    struct aur_job_result *own;
    float *tables; /* of the posted jobs: a job may outlive the synth it came from */
};

static void fail(struct aur_backend *b, const struct aur_error *err)
{
    aur_lock_take(&b->lock);
    b->error = *err;
    aur_lock_drop(&b->lock);
    int was = atomic_exchange(&b->state, AUR_BACKEND_FAILED);
    if (b->config.log && was != AUR_BACKEND_FAILED)
        aur_log(b->config.log, AUR_LOG_WARNING, "opencl", "not used any more: %s", err->message);
}

/* ---- opening ---- */

/* Touched here, so that the render thread finds the memory in place. */
static int make_slots(struct aur_backend *b, struct aur_error *err)
{
    size_t slots = AUR_BACKEND_JOBS * sizeof *b->slots;
    b->slots = aligned_alloc(64, slots);
    b->own = aligned_alloc(64, sizeof *b->own);
    b->tables = aligned_alloc(64, (AUR_WAVE_FLOATS * sizeof *b->tables + 63) / 64 * 64);
    if (!b->slots || !b->own || !b->tables)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for jobs of a device");
    memset(b->slots, 0, slots);
    memset(b->own, 0, sizeof *b->own);
    aur_wavetable_fill(b->tables);
    return AUR_OK;
}

/* Renders the test score on the device and on the CPU. */
static int compare(struct aur_backend *b, struct aur_error *err)
{
    struct aur_backend_config config = b->config;
    struct aur_backend *probe = NULL;
    uint64_t want = 0, got = 0;
    double cpu_s = 0, device_s = 0;
    config.wait = true;
    int rc = aur_backend_around(&probe, &config, &b->device, err);
    if (rc < 0) {
        aur_backend_free(probe);
        return rc;
    }
    rc = aur_score_test(&want, &cpu_s, NULL, config.rate_hz, config.isa, err);
    for (int i = 0; i < 2 && rc == AUR_OK; i++) /* the first time a driver may still be compiling */
        rc = aur_score_test(&got, &device_s, probe, config.rate_hz, config.isa, err);
    if (rc == AUR_OK && atomic_load(&probe->state) == AUR_BACKEND_FAILED) {
        *err = probe->error;
        rc = err->code ? err->code : AUR_EIO;
    }
    aur_backend_free(probe);
    aur_lock_take(&b->lock);
    b->exact = want == got;
    b->cpu_s = cpu_s;
    b->device_s = device_s;
    aur_lock_drop(&b->lock);
    return rc;
}

static int open_device(struct aur_backend *b, struct aur_error *err)
{
    int (*open)(struct aur_device *, struct aur_error *) = b->config.others ? aur_opencl_open_other : aur_opencl_open;
    int rc = (b->config.open ? b->config.open : open)(&b->device, err);
    if (rc < 0)
        return rc;
    b->open = true;
    rc = make_slots(b, err);
    if (rc == AUR_OK)
        rc = compare(b, err);
    if (rc < 0)
        return rc;
    snprintf(b->title, sizeof b->title, "opencl (%s%s)", b->device.name, b->exact ? "" : ", inexact");
    bool take = b->config.forced || (b->exact && b->device_s < b->cpu_s);
    if (b->config.log)
        aur_log(b->config.log, b->exact ? AUR_LOG_INFO : AUR_LOG_WARNING, "opencl",
                "%s: %s; the test score took %.1f ms, %.1f ms on this CPU: %s", b->device.name,
                b->exact ? "the same samples as the CPU" : "other samples than the CPU, so not exact",
                b->device_s * 1e3, b->cpu_s * 1e3, take ? "used" : "not used");
    atomic_store(&b->state, take ? AUR_BACKEND_READY : AUR_BACKEND_DECLINED);
    return AUR_OK;
}

/* ---- jobs ---- */

static void run(struct aur_backend *b, struct aur_job_slot *slot)
{
    struct aur_error err = {0};
    int ready = atomic_load(&b->state) == AUR_BACKEND_READY;
    int rc = ready ? b->device.run(b->device.self, &slot->job, &slot->result, &err) : AUR_EIO;
    int expected = POSTED;
    if (rc < 0) {
        atomic_fetch_add(&b->failed, 1);
        if (ready)
            fail(b, &err);
    }
    if (atomic_compare_exchange_strong(&slot->state, &expected, rc < 0 ? FAILED : DONE))
        return;
    expected = LEFT;
    if (!atomic_compare_exchange_strong(&slot->state, &expected, OVER))
        atomic_store(&slot->state, FREE);
}

static void work(void *user)
{
    struct aur_backend *b = user;
    struct aur_error err = {0};
    int rc = open_device(b, &err);
    if (rc < 0 && b->config.others && !b->open)
        atomic_store(&b->state, AUR_BACKEND_DECLINED); /* nobody asked for it by name: no news */
    else if (rc < 0)
        fail(b, &err);
    while (!atomic_load(&b->stop)) {
        aur_wake_wait(&b->wake);
        for (int i = 0; b->slots && i < AUR_BACKEND_JOBS; i++)
            if (!atomic_load(&b->stop) && atomic_load(&b->slots[i].state) == POSTED)
                run(b, &b->slots[i]);
    }
}

/* ---- life ---- */

static struct aur_backend *allocate(const struct aur_backend_config *config)
{
    struct aur_backend *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->config = *config;
    aur_lock_init(&b->lock);
    aur_wake_init(&b->wake);
    return b;
}

int aur_backend_around(struct aur_backend **out, const struct aur_backend_config *config,
                       const struct aur_device *device, struct aur_error *err)
{
    struct aur_backend *b = allocate(config);
    *out = b;
    if (!b)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for jobs of a device");
    b->device = *device;
    b->exact = true;
    atomic_store(&b->state, AUR_BACKEND_READY);
    return make_slots(b, err);
}

int aur_backend_new(struct aur_backend **out, const struct aur_backend_config *config, struct aur_error *err)
{
    struct aur_backend *b = allocate(config);
    struct aur_thread_config thread = {.name = "device", .run = work, .user = b};
    *out = NULL;
    if (!b)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for jobs of a device");
    int rc = config->wait ? open_device(b, err) : aur_thread_start(&b->worker, &thread, err);
    if (rc < 0) {
        aur_backend_free(b);
        return rc;
    }
    *out = b;
    return AUR_OK;
}

void aur_backend_free(struct aur_backend *b)
{
    if (!b)
        return;
    atomic_store(&b->stop, true);
    if (b->worker.started) {
        aur_wake_post(&b->wake);
        aur_thread_join(&b->worker);
    }
    if (b->open && b->device.close)
        b->device.close(b->device.self);
    aur_wake_deinit(&b->wake);
    aur_lock_deinit(&b->lock);
    free(b->slots);
    free(b->own);
    free(b->tables);
    free(b);
}

void aur_backend_tell(struct aur_backend *b, struct aur_backend_report *out)
{
    memset(out, 0, sizeof *out);
    out->state = (enum aur_backend_state)atomic_load(&b->state);
    out->blocks = atomic_load(&b->blocks);
    out->failed = atomic_load(&b->failed);
    out->late = atomic_load(&b->late);
    aur_lock_take(&b->lock);
    out->exact = b->exact;
    out->device_s = b->device_s;
    out->cpu_s = b->cpu_s;
    out->error = b->error;
    aur_lock_drop(&b->lock);
    if (out->state == AUR_BACKEND_READY)
        out->device = b->title;
}

/* ---- render thread ---- */

bool aur_backend_ready(const struct aur_backend *b)
{
    return atomic_load_explicit(&b->state, memory_order_acquire) == AUR_BACKEND_READY;
}

bool aur_backend_waits(const struct aur_backend *b)
{
    return b->config.wait;
}

struct aur_job_slot *aur_backend_slot(struct aur_backend *b)
{
    for (int i = 0; i < AUR_BACKEND_JOBS; i++)
        if (atomic_load_explicit(&b->slots[i].state, memory_order_acquire) == FREE) {
            atomic_store_explicit(&b->slots[i].state, HELD, memory_order_relaxed);
            return &b->slots[i];
        }
    return NULL;
}

void aur_backend_post(struct aur_backend *b, struct aur_job_slot *slot)
{
    if (!slot->job.lasting)
        slot->job.tables = b->tables;
    atomic_store_explicit(&slot->state, POSTED, memory_order_release);
    if (b->config.wait)
        run(b, slot);
    else
        aur_wake_post(&b->wake);
}

struct aur_job_result *aur_backend_own(struct aur_backend *b)
{
    return b->own;
}

bool aur_backend_pending(const struct aur_job_slot *slot)
{
    return atomic_load_explicit(&slot->state, memory_order_acquire) == POSTED;
}

bool aur_backend_take(struct aur_backend *b, struct aur_job_slot *slot)
{
    int expected = POSTED;
    if (atomic_compare_exchange_strong(&slot->state, &expected, LEFT)) {
        if (atomic_fetch_add(&b->late, 1) + 1 == AUR_BACKEND_LATE) {
            int ready = AUR_BACKEND_READY;
            atomic_compare_exchange_strong(&b->state, &ready, AUR_BACKEND_FAILED);
        }
        return false;
    }
    if (expected != DONE)
        return false;
    atomic_fetch_add_explicit(&b->blocks, slot->job.n_blocks, memory_order_relaxed);
    return true;
}

void aur_backend_release(struct aur_job_slot *slot)
{
    int expected = LEFT;
    if (!atomic_compare_exchange_strong(&slot->state, &expected, DROPPED))
        atomic_store(&slot->state, FREE);
}

/* ---- the CPU as a device ---- */

static int cpu_run(void *self, const struct aur_job *job, struct aur_job_result *result, struct aur_error *err)
{
    struct aur_lane_sums sums;
    (void)err;
    aur_job_render(job, result, self, &sums);
    return AUR_OK;
}

void aur_device_cpu(struct aur_device *out, const struct aur_kernels *kernels)
{
    *out = (struct aur_device){.name = "cpu", .self = (void *)(uintptr_t)kernels, .run = cpu_run};
}
