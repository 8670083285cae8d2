/* The life of a backend: opening a device, finding out what it is worth, and closing it. The worker, or offline the caller of
 * aur_backend_new. Seats are in seat.c, launches in launch.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "synth/backend_inner.h"
#include "synth/score_test.h"
#include "synth/wavetable.h"

void aur_backend_fail(struct aur_backend *b, const struct aur_error *err)
{
    aur_lock_take(&b->lock);
    b->error = *err;
    aur_lock_drop(&b->lock);
    int was = atomic_exchange(&b->state, AUR_BACKEND_FAILED);
    if (b->config.log && was != AUR_BACKEND_FAILED)
        aur_log(b->config.log, AUR_LOG_WARNING, "opencl", "not used any more: %s", err->message);
}

void aur_backend_say_retired(struct aur_backend *b)
{
    struct aur_error err = {0};
    if (!atomic_exchange(&b->retired, false))
        return;
    aur_error_set(&err, AUR_EBUSY, "it came too late for %u jobs of %u synthesisers", atomic_load(&b->strikes),
                  atomic_load(&b->n_seats));
    aur_lock_take(&b->lock);
    b->error = err;
    aur_lock_drop(&b->lock);
    if (b->config.log)
        aur_log(b->config.log, AUR_LOG_WARNING, "opencl", "not used any more: %s", err.message);
}

/* ---- opening ---- */

static int make_memory(struct aur_backend *b, struct aur_error *err)
{
    b->tables = aligned_alloc(64, (AUR_WAVE_FLOATS * sizeof *b->tables + 63) / 64 * 64);
    if (!b->config.forced && !b->config.wait)
        b->trial.result = aligned_alloc(64, sizeof *b->trial.result);
    if (!b->tables || (!b->config.forced && !b->config.wait && !b->trial.result))
        return aur_error_set(err, AUR_ENOMEM, "out of memory for jobs of a device");
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
    free(probe->tables); /* the device may keep what it has read: that has to stay */
    probe->tables = b->tables;
    rc = aur_score_test(&want, &cpu_s, NULL, config.rate_hz, config.isa, err);
    for (int i = 0; i < 2 && rc == AUR_OK; i++) /* the first time a driver may still be compiling */
        rc = aur_score_test(&got, &device_s, probe, config.rate_hz, config.isa, err);
    if (rc == AUR_OK && atomic_load(&probe->state) == AUR_BACKEND_FAILED) {
        *err = probe->error;
        rc = err->code ? err->code : AUR_EIO;
    }
    probe->tables = NULL;
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
    rc = make_memory(b, err);
    if (rc == AUR_OK)
        rc = compare(b, err);
    if (rc < 0)
        return rc;
    snprintf(b->title, sizeof b->title, "opencl (%s%s)", b->device.name, b->exact ? "" : ", inexact");
    const int next = b->config.forced         ? AUR_BACKEND_READY
                     : !b->exact              ? AUR_BACKEND_DECLINED
                     : !b->config.wait        ? AUR_BACKEND_TRIAL
                     : b->device_s < b->cpu_s ? AUR_BACKEND_READY
                                              : AUR_BACKEND_DECLINED;
    if (b->config.log)
        aur_log(b->config.log, b->exact ? AUR_LOG_INFO : AUR_LOG_WARNING, "opencl",
                "%s: %s; the test score took %.1f ms, %.1f ms on this CPU: %s", b->device.name,
                b->exact ? "the same samples as the CPU" : "other samples than the CPU, so not exact",
                b->device_s * 1e3, b->cpu_s * 1e3,
                next == AUR_BACKEND_READY   ? "used"
                : next == AUR_BACKEND_TRIAL ? "tried on what is played"
                                            : "not used");
    atomic_store(&b->state, next);
    return AUR_OK;
}

static void work(void *user)
{
    struct aur_backend *b = user;
    struct aur_error err = {0};
    int rc = open_device(b, &err);
    if (rc < 0 && b->config.others && !b->open)
        atomic_store(&b->state, AUR_BACKEND_DECLINED); /* nobody asked for it by name: no news */
    else if (rc < 0)
        aur_backend_fail(b, &err);
    while (!atomic_load(&b->stop)) {
        aur_wake_wait(&b->wake);
        if (!atomic_load(&b->stop))
            aur_backend_serve(b);
    }
}

/* ---- life ---- */

static struct aur_backend *allocate(const struct aur_backend_config *config)
{
    struct aur_backend *b = aligned_alloc(64, sizeof *b); /* a multiple of it, as it holds sums */
    if (!b)
        return NULL;
    memset(b, 0, sizeof *b);
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
    return make_memory(b, err);
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
    aur_backend_reap(b, true);
    aur_wake_deinit(&b->wake);
    aur_lock_deinit(&b->lock);
    free(b->trial.result);
    free(b->tables);
    free(b);
}

void aur_backend_tell(struct aur_backend *b, struct aur_backend_report *out)
{
    memset(out, 0, sizeof *out);
    aur_backend_say_retired(b);
    out->state = (enum aur_backend_state)atomic_load(&b->state);
    out->blocks = atomic_load(&b->blocks);
    out->failed = atomic_load(&b->failed);
    out->late = atomic_load(&b->late);
    out->launches = atomic_load(&b->launches);
    out->jobs = atomic_load(&b->jobs);
    out->trials = atomic_load(&b->trials);
    out->seats = atomic_load(&b->n_seats);
    out->bytes = atomic_load(&b->bytes);
    aur_lock_take(&b->lock);
    out->exact = b->exact;
    out->device_s = b->device_s;
    out->cpu_s = b->cpu_s;
    out->work_device_s = b->work_device_s;
    out->work_cpu_s = b->work_cpu_s;
    out->error = b->error;
    aur_lock_drop(&b->lock);
    if (out->state == AUR_BACKEND_READY)
        out->device = b->title;
}

/* ---- the CPU as a device ---- */

static int cpu_run(void *self, const struct aur_device_work *work, size_t n, struct aur_error *err)
{
    struct aur_lane_sums sums;
    (void)err;
    for (size_t i = 0; i < n; i++)
        aur_job_render(work[i].job, work[i].result, self, &sums);
    return AUR_OK;
}

void aur_device_cpu(struct aur_device *out, const struct aur_kernels *kernels)
{
    *out = (struct aur_device){.name = "cpu", .self = (void *)(uintptr_t)kernels, .run = cpu_run};
}
