/* Who renders voices besides the thread that renders the sound: a device behind three functions, and the worker that
 * waits for it.
 *
 * Two ways of use. Offline (config.wait) the device is opened by aur_backend_new and every job is waited for. Live, a
 * worker opens it, which takes up to a second, and then serves one job after the other; the render thread posts a job
 * and looks for it later, and never waits: one that is not there in time it renders itself and leaves behind.
 *
 * A device that fails once is not used again; one that is late AUR_BACKEND_LATE times neither. */
#ifndef AUR_SYNTH_BACKEND_H
#define AUR_SYNTH_BACKEND_H

#include <stdatomic.h>

#include "base/log.h"
#include "synth/job.h"
#include "synth/synth.h"

#define AUR_BACKEND_LATE 3
#define AUR_BACKEND_JOBS 2

struct aur_device {
    const char *name;
    void *self;
    /* Renders the job; may wait, allocate and fail. The worker, or offline the caller. */
    int (*run)(void *self, const struct aur_job *job, struct aur_job_result *result, struct aur_error *err);
    void (*close)(void *self);
};

/* Opens the best OpenCL device. Errors: AUR_ENOTFOUND (none here), AUR_ENOTSUP (none that can be exact), AUR_EIO (the
 * driver's reason). */
AUR_MUST_USE int aur_opencl_open(struct aur_device *out, struct aur_error *err);
/* The same, but none that is the CPU. */
AUR_MUST_USE int aur_opencl_open_other(struct aur_device *out, struct aur_error *err);

struct aur_opencl_info {
    char name[128], platform[64], driver[64];
    const char *type;    /* "gpu", "accelerator", "cpu" */
    uint32_t units, mhz; /* compute units and their clock: their product is the speed devices are ranked by */
    bool fma, wide, rounds, usable; /* fused multiply-add; 16 lanes a work-item; rounds divisions; can be exact */
};

/* The devices, best first: by type, then speed. Returns their number, at most `room`. Not on a render thread: it may
 * take a third of a second. */
size_t aur_opencl_list(struct aur_opencl_info *out, size_t room);

/* A device that is the CPU, by these kernels: for tests and measurements. */
void aur_device_cpu(struct aur_device *out, const struct aur_kernels *kernels);

struct aur_backend_config {
    int (*open)(struct aur_device *out, struct aur_error *err); /* NULL: aur_opencl_open */
    bool others;         /* only devices that are not this CPU, which its own kernels serve better */
    bool forced;         /* take it even if the test score differs from the CPU's, or it is slower */
    bool wait;           /* offline */
    uint32_t rate_hz;    /* of the test score */
    enum aur_isa isa;    /* what the device is compared with */
    struct aur_log *log; /* for what the worker finds; may be NULL */
};

enum aur_backend_state {
    AUR_BACKEND_OPENING,
    AUR_BACKEND_READY,
    AUR_BACKEND_DECLINED, /* works, but is not taken: other samples, or slower than this CPU */
    AUR_BACKEND_FAILED,
};

struct aur_backend;

/* Errors: of the device, where it is waited for and forced; AUR_ENOMEM, AUR_EIO. */
AUR_MUST_USE int aur_backend_new(struct aur_backend **out, const struct aur_backend_config *config,
                                 struct aur_error *err);
/* Waits for what the device is doing. After the synth that used it. */
void aur_backend_free(struct aur_backend *backend);

struct aur_backend_report {
    enum aur_backend_state state;
    const char *device;            /* NULL unless ready */
    bool exact;                    /* the test score's hash is the CPU's */
    double device_s, cpu_s;        /* what the test score took */
    uint64_t blocks, failed, late; /* blocks rendered; jobs that failed; that came too late */
    struct aur_error error;        /* of the last failure */
};
/* Any thread but a render worker. */
void aur_backend_tell(struct aur_backend *backend, struct aur_backend_report *out);

/* ---- [render]: the synth that has it ---- */

struct aur_job_slot {
    _Atomic int state;
    struct aur_job job;
    struct aur_job_result result; /* the device's while posted */
};

bool aur_backend_ready(const struct aur_backend *backend);
bool aur_backend_waits(const struct aur_backend *backend);
/* One that is free, or NULL. */
struct aur_job_slot *aur_backend_slot(struct aur_backend *backend);
/* Gives the slot's job to the device, with tables of the backend's own unless they are a session's store, so that the synth
 * may go before the job is done;
 * offline, returns when it is done. */
void aur_backend_post(struct aur_backend *backend, struct aur_job_slot *slot);
/* Where the render thread puts what it renders of such a job itself. */
struct aur_job_result *aur_backend_own(struct aur_backend *backend);
/* Whether the device may still bring it. */
bool aur_backend_pending(const struct aur_job_slot *slot);
/* Ends the wait for a job. False: it failed or is late, its result is not there; the job may be read all the same. */
bool aur_backend_take(struct aur_backend *backend, struct aur_job_slot *slot);
/* The job and its result are no longer read; the slot is free as soon as the device has let go of it. */
void aur_backend_release(struct aur_job_slot *slot);

/* A backend in wait mode around a device that is open already and stays the caller's. */
AUR_MUST_USE int aur_backend_around(struct aur_backend **out, const struct aur_backend_config *config,
                                    const struct aur_device *device, struct aur_error *err);

#endif
