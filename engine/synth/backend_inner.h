/* Inside a backend: what backend.c, seat.c and launch.c share. Not for other files. */
#ifndef AUR_SYNTH_BACKEND_INNER_H
#define AUR_SYNTH_BACKEND_INNER_H

#include "rt/thread.h"
#include "synth/backend.h"

/* A slot passes between a render thread and the worker by compare-and-swap on its state:
 *
 *   FREE -> HELD (render: given out) -> POSTED (render) -> BUSY (worker) -> DONE or FAILED (worker) -> FREE (render)
 *   POSTED -> HELD (render: too late, and not begun)
 *   BUSY -> LEFT (render: too late) -> OVER (worker) -> FREE (render), or LEFT -> DROPPED (render) -> FREE (worker)
 *   HELD -> LENT (render) -> LEFT (worker), or LENT -> FREE (render: no longer wanted)
 *
 * While a slot is LENT or LEFT both read the job, which nobody writes any more; the result is the worker's alone. */
enum {
    AUR_SLOT_FREE,
    AUR_SLOT_HELD,
    AUR_SLOT_POSTED,
    AUR_SLOT_BUSY,
    AUR_SLOT_DONE,
    AUR_SLOT_FAILED,
    AUR_SLOT_LEFT,
    AUR_SLOT_OVER,
    AUR_SLOT_DROPPED,
    AUR_SLOT_LENT
};

struct aur_seat {
    struct aur_backend *backend;
    struct aur_seat *next;
    bool gone; /* freed by its synth; under the lock */
    bool began;
    float mean;              /* voices of the last seconds, the render thread's */
    _Atomic uint32_t voices; /* the same for others */
    struct aur_job_slot *slots;
    struct aur_job_result *own;
};

/* A launch: slots, and what of them goes to the device. */
struct aur_batch {
    struct aur_job_slot *slots[AUR_BACKEND_BATCH];
    struct aur_device_work work[AUR_BACKEND_BATCH];
    size_t n;
};

/* The trial under way: the worker's. */
struct aur_trial {
    uint32_t launches;
    double device_s, cpu_s;
    struct aur_job_result *result; /* the CPU's */
    struct aur_lane_sums sums;
};

struct aur_backend {
    struct aur_backend_config config;
    struct aur_device device;
    bool open; /* the device: worker, or the caller of new */
    _Atomic int state;
    _Atomic bool stop;
    _Atomic bool retired; /* for coming late, which render threads found and nobody has told yet */
    _Atomic uint64_t blocks, failed, late, launches, jobs, trials;
    _Atomic uint64_t bytes; /* of the device */
    _Atomic uint32_t strikes, in_time, n_seats;

    /* When to look again: turns of all seats, voices of all seats, and both as the last decision found them. */
    _Atomic uint64_t turns, retry_at;
    _Atomic uint32_t voices, decided_voices;
    bool taken; /* the last decision */
    uint32_t decisions;

    struct aur_lock lock; /* of what follows; never a render thread's */
    struct aur_seat *seats;
    bool exact;
    double device_s, cpu_s, work_device_s, work_cpu_s;
    struct aur_error error;

    struct aur_wake wake;
    struct aur_thread worker;
    char title[168];
    float *tables; /* of the posted jobs: a job may outlive the synth it came from */
    struct aur_trial trial;
};

/* backend.c: the device is not used any more. */
void aur_backend_fail(struct aur_backend *b, const struct aur_error *err);

/* backend.c: tells it if the device was retired for coming late. Not a render thread. */
void aur_backend_say_retired(struct aur_backend *b);

/* launch.c: renders the batch and hands out the results. The worker, or offline the caller. */
void aur_backend_launch(struct aur_backend *b, struct aur_batch *batch);
/* Renders all that is posted or lent, launch by launch. The worker. */
void aur_backend_serve(struct aur_backend *b);

/* seat.c: frees the seats that are gone and that nobody renders for; all of them: those too, as nothing runs any more. */
void aur_backend_reap(struct aur_backend *b, bool all);

#endif
