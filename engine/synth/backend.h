/* Who renders voices besides the threads that render the sound: a device behind two functions, and the worker that waits
 * for it. Any number of synths share one; each takes a seat, through which its jobs go.
 *
 * Two ways of use. Offline (config.wait) the device is opened by aur_backend_new and every job is waited for. Live, a
 * worker opens it, which takes up to a second, and then renders what has been posted by then, of all synths, in one launch;
 * a render thread posts a job and looks for it later, and never waits: one that is not there in time it renders itself and
 * leaves behind. Who shares a launch with whom changes no sample.
 *
 * Live and not forced, a device has to prove itself on the work at hand: for a few jobs render threads go on rendering,
 * the worker renders the same jobs on the device and on this CPU, and takes the device if it brings the same samples in less
 * time, transfers included. It looks again when there are twice as many voices as at the least since, or, once taken,
 * half as many as at the most: at the earliest after AUR_BACKEND_RETRY turns of seats, and twice that after every look,
 * doubled AUR_BACKEND_DOUBLINGS times at most.
 *
 * A device that fails once is not used again; one that is late AUR_BACKEND_LATE times a seat neither, though lates are
 * forgiven after AUR_BACKEND_FORGIVE jobs in time. */
#ifndef AUR_SYNTH_BACKEND_H
#define AUR_SYNTH_BACKEND_H

#include <stdatomic.h>

#include "base/log.h"
#include "synth/job.h"
#include "synth/synth.h"

#define AUR_BACKEND_LATE      3
#define AUR_BACKEND_FORGIVE   500
#define AUR_BACKEND_JOBS      2  /* of a seat: the one that is heard and the next */
#define AUR_BACKEND_BATCH     16 /* jobs of a launch at most */
#define AUR_BACKEND_SEATS     64
#define AUR_BACKEND_TRIALS    4 /* launches that decide, after one that does not count */
#define AUR_BACKEND_RETRY     300
#define AUR_BACKEND_DOUBLINGS 6

struct aur_device_work {
    const struct aur_job *job;
    struct aur_job_result *result;
};

struct aur_device {
    const char *name;
    void *self;
    /* Renders 1 to AUR_BACKEND_BATCH jobs in one launch; may wait, allocate and fail, for all of them then. The worker, or
     * offline the caller. It may keep what it read of job->tables, which stay as they are, or grow, until it is closed. */
    int (*run)(void *self, const struct aur_device_work *work, size_t n, struct aur_error *err);
    void (*close)(void *self);
    /* The memory that it has allocated, by whoever may call run; NULL: none that is worth telling. */
    uint64_t (*bytes)(void *self);
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
    bool fma, rounds;    /* fused multiply-add; rounds divisions */
    bool wide;           /* a processor: 16 lanes a work-item, groups of a bus one after the other; else side by side */
    bool usable;         /* builds programs and can be exact */
};

/* Whether there may be a device that is not the CPU, from what lies in folders alone: asking OpenCL loads every driver, which
 * takes tens of megabytes. There must be a driver that is not known to be for CPUs, and a device node of a GPU.
 * root: what /dev and /etc are looked for under, "" but in tests; vendors: the value of OCL_ICD_VENDORS, or NULL. */
bool aur_opencl_likely(const char *root, const char *vendors);

/* The devices, best first: by type, then speed. Returns their number, at most `room`. Not on a render thread: it may
 * take a third of a second. */
size_t aur_opencl_list(struct aur_opencl_info *out, size_t room);

/* A device that is the CPU, by these kernels: for tests and measurements. */
void aur_device_cpu(struct aur_device *out, const struct aur_kernels *kernels);

struct aur_backend_config {
    int (*open)(struct aur_device *out, struct aur_error *err); /* NULL: aur_opencl_open */
    bool others;             /* only devices that are not this CPU, which its own kernels serve better */
    bool forced;             /* take it even if the test score differs from the CPU's, or it is slower */
    bool wait;               /* offline */
    uint32_t rate_hz;        /* of the test score */
    enum aur_isa isa;        /* what the device is compared with */
    struct aur_log *log;     /* for what the worker finds; may be NULL */
    uint64_t (*clock)(void); /* times trials, in ns; NULL: the monotonic clock */
};

enum aur_backend_state {
    AUR_BACKEND_OPENING,
    AUR_BACKEND_TRIAL, /* this CPU renders; jobs are rendered by the device too */
    AUR_BACKEND_READY,
    AUR_BACKEND_RESTING,  /* the trial says that this CPU is faster; there may be another */
    AUR_BACKEND_DECLINED, /* not taken: other samples, none of the kind looked for, or, offline, slower */
    AUR_BACKEND_FAILED,
};

struct aur_backend;

/* Errors: of the device, where it is waited for and forced; AUR_ENOMEM, AUR_EIO. */
AUR_MUST_USE int aur_backend_new(struct aur_backend **out, const struct aur_backend_config *config,
                                 struct aur_error *err);
/* Waits for what the device is doing. After all synths that used it. */
void aur_backend_free(struct aur_backend *backend);

struct aur_backend_report {
    enum aur_backend_state state;
    const char *device;               /* NULL unless ready */
    bool exact;                       /* the test score's hash is the CPU's, and so were the samples of all trials */
    double device_s, cpu_s;           /* what the test score took */
    double work_device_s, work_cpu_s; /* what the last trial's jobs took */
    uint64_t launches, jobs;          /* that the device was given to be heard, and in how many launches */
    uint64_t trials;                  /* decisions on the work at hand */
    uint64_t blocks, failed, late;    /* blocks rendered; jobs that failed; that came too late */
    uint64_t bytes;                   /* of the device's memory, as of the last launch */
    uint32_t seats;
    struct aur_error error; /* of the last failure */
};
/* Any thread but a render worker. */
void aur_backend_tell(struct aur_backend *backend, struct aur_backend_report *out);

/* ---- seats: one synth each ---- */

struct aur_seat;

struct aur_job_slot {
    _Atomic int state;
    struct aur_job job;
    struct aur_job_result result; /* the device's while posted */
};

/* Not on a render thread. Errors: AUR_ENOMEM, AUR_EBUSY (AUR_BACKEND_SEATS are taken). */
AUR_MUST_USE int aur_seat_new(struct aur_seat **out, struct aur_backend *backend, struct aur_error *err);
/* All slots have been released. Does not wait: what the device still does for this seat is let go of later. */
void aur_seat_free(struct aur_seat *seat);

/* ---- [render]: the synth that has it ---- */

/* What is to be done with the next job, if anything: told with the voices that sound, which are the load. */
enum aur_seat_turn {
    AUR_TURN_NONE, /* render as if there were no device */
    AUR_TURN_POST,
    AUR_TURN_LEND, /* render it, and lend it for a trial */
};
enum aur_seat_turn aur_seat_turn(struct aur_seat *seat, uint32_t voices);
/* Whether jobs are waited for. */
bool aur_seat_waits(const struct aur_seat *seat);
/* One that is free, or NULL. */
struct aur_job_slot *aur_seat_slot(struct aur_seat *seat);
/* Gives the slot's job to the device, with tables of the backend's own unless they are a session's store, so that the
 * synth may go before the job is done; offline, returns when it is done. */
void aur_seat_post(struct aur_seat *seat, struct aur_job_slot *slot);
/* Lets the worker render the job too; the result is not for the synth, which goes on reading the job until it releases
 * it. */
void aur_seat_lend(struct aur_seat *seat, struct aur_job_slot *slot);
/* Where the render thread puts what it renders of such a job itself. */
struct aur_job_result *aur_seat_own(struct aur_seat *seat);
/* Whether the device may still bring it. */
bool aur_seat_pending(const struct aur_job_slot *slot);
/* Ends the wait for a job. False: it failed or is late, its result is not there; the job may be read all the same. */
bool aur_seat_take(struct aur_seat *seat, struct aur_job_slot *slot);
/* The job is no longer waited for, and that is nobody's fault. */
void aur_seat_withdraw(struct aur_job_slot *slot);
/* The job and its result are no longer read; the slot is free as soon as the device has let go of it. */
void aur_seat_release(struct aur_job_slot *slot);

/* A backend in wait mode around a device that is open already and stays the caller's. */
AUR_MUST_USE int aur_backend_around(struct aur_backend **out, const struct aur_backend_config *config,
                                    const struct aur_device *device, struct aur_error *err);

#endif
