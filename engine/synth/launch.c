/* Launches and trials. The worker; offline, the thread that renders.
 *
 * What has been posted while the device was at work goes into the next launch, so the busier it is the more share one;
 * and as jobs are posted a whole job ahead of need, a moment's wait for the seats that have not posted yet costs nothing. */
#include <string.h>

#include "base/clock.h"
#include "synth/backend_inner.h"

#define GATHER_NS 5000000

static void finish(struct aur_job_slot *slot, int outcome)
{
    int busy = AUR_SLOT_BUSY, left = AUR_SLOT_LEFT;
    if (atomic_compare_exchange_strong(&slot->state, &busy, outcome))
        return;
    if (!atomic_compare_exchange_strong(&slot->state, &left, AUR_SLOT_OVER))
        atomic_store(&slot->state, AUR_SLOT_FREE); /* dropped */
}

/* Runs the batch on the device, and notes what memory it has now. */
static int run_on_device(struct aur_backend *b, const struct aur_batch *batch, struct aur_error *err)
{
    int rc = b->device.run(b->device.self, batch->work, batch->n, err);
    if (b->device.bytes)
        atomic_store(&b->bytes, b->device.bytes(b->device.self));
    return rc;
}

void aur_backend_launch(struct aur_backend *b, struct aur_batch *batch)
{
    struct aur_error err = {0};
    const int state = atomic_load(&b->state);
    const bool ready = state != AUR_BACKEND_FAILED && state != AUR_BACKEND_DECLINED; /* or was, when it was posted */
    int rc = AUR_EIO;
    if (ready) {
        atomic_fetch_add(&b->launches, 1);
        atomic_fetch_add(&b->jobs, batch->n);
        rc = run_on_device(b, batch, &err);
    }
    if (rc < 0) {
        atomic_fetch_add(&b->failed, batch->n);
        if (ready)
            aur_backend_fail(b, &err);
    }
    for (size_t i = 0; i < batch->n; i++)
        finish(batch->slots[i], rc < 0 ? AUR_SLOT_FAILED : AUR_SLOT_DONE);
}

/* ---- gathering ---- */

/* Takes what is in state `from` into the batch. */
static void gather(struct aur_backend *b, struct aur_batch *batch, int from, int to)
{
    aur_lock_take(&b->lock);
    for (struct aur_seat *seat = b->seats; seat; seat = seat->next)
        for (int i = 0; i < AUR_BACKEND_JOBS && batch->n < AUR_BACKEND_BATCH; i++) {
            struct aur_job_slot *slot = &seat->slots[i];
            int expected = from;
            if (!atomic_compare_exchange_strong(&slot->state, &expected, to))
                continue;
            batch->slots[batch->n] = slot;
            batch->work[batch->n++] = (struct aur_device_work){&slot->job, &slot->result};
        }
    aur_lock_drop(&b->lock);
}

/* Whether all seats have theirs in the batch, or no more fit. */
static bool complete(const struct aur_backend *b, const struct aur_batch *batch)
{
    return batch->n == AUR_BACKEND_BATCH || batch->n >= atomic_load(&b->n_seats) || atomic_load(&b->stop);
}

static void gather_all(struct aur_backend *b, struct aur_batch *batch, int from, int to)
{
    const uint64_t until = aur_clock_mono_ns() + GATHER_NS;
    batch->n = 0;
    gather(b, batch, from, to);
    while (batch->n > 0 && !complete(b, batch) && aur_clock_mono_ns() < until) {
        aur_wake_wait_until(&b->wake, until);
        gather(b, batch, from, to);
    }
}

/* ---- trials ---- */

static uint64_t now(const struct aur_backend *b)
{
    return b->config.clock ? b->config.clock() : aur_clock_mono_ns();
}

/* Renders the job on this CPU as well; false if the device's samples are others. */
static bool same_on_cpu(struct aur_backend *b, const struct aur_device_work *work)
{
    const uint64_t start = now(b);
    aur_job_render(work->job, b->trial.result, aur_kernels_get(b->config.isa), &b->trial.sums);
    b->trial.cpu_s += (double)(now(b) - start) / 1e9;
    return memcmp(work->result->sums, b->trial.result->sums,
                  (size_t)work->job->n_chains * work->job->n_blocks * sizeof *work->result->sums) == 0;
}

/* Every decision puts the next one off for longer. */
static void decide(struct aur_backend *b)
{
    struct aur_trial *t = &b->trial;
    const bool take = t->device_s < t->cpu_s, news = take != b->taken || atomic_load(&b->trials) == 0;
    int trial = AUR_BACKEND_TRIAL;
    b->taken = take;
    aur_lock_take(&b->lock);
    b->work_device_s = t->device_s;
    b->work_cpu_s = t->cpu_s;
    aur_lock_drop(&b->lock);
    atomic_store(&b->decided_voices, atomic_load(&b->voices));
    atomic_store(&b->retry_at, atomic_load(&b->turns) + ((uint64_t)AUR_BACKEND_RETRY << b->decisions));
    b->decisions += b->decisions < AUR_BACKEND_DOUBLINGS;
    atomic_fetch_add(&b->trials, 1);
    if (b->config.log && news)
        aur_log(b->config.log, AUR_LOG_INFO, "opencl", "%s: the voices at hand took %.2f ms, %.2f ms on this CPU: %s",
                b->device.name, t->device_s * 1e3, t->cpu_s * 1e3, take ? "used" : "not used");
    atomic_compare_exchange_strong(&b->state, &trial, take ? AUR_BACKEND_READY : AUR_BACKEND_RESTING);
}

static void try(struct aur_backend *b, struct aur_batch *batch)
{
    struct aur_trial *t = &b->trial;
    struct aur_error err = {0};
    bool same = true;
    if (t->launches++ <= 1) /* the first may have buffers to make */
        t->device_s = t->cpu_s = 0;
    const uint64_t start = now(b);
    int rc = run_on_device(b, batch, &err);
    t->device_s += (double)(now(b) - start) / 1e9;
    for (size_t i = 0; i < batch->n && rc == AUR_OK; i++)
        same &= same_on_cpu(b, &batch->work[i]);
    if (rc < 0) {
        aur_backend_fail(b, &err);
    } else if (!same) {
        aur_lock_take(&b->lock);
        b->exact = false;
        aur_lock_drop(&b->lock);
        if (b->config.log)
            aur_log(b->config.log, AUR_LOG_WARNING, "opencl", "%s: other samples than the CPU: not used",
                    b->device.name);
        atomic_store(&b->state, AUR_BACKEND_DECLINED);
    } else if (t->launches > AUR_BACKEND_TRIALS) {
        t->launches = 0;
        decide(b);
    }
    for (size_t i = 0; i < batch->n; i++)
        finish(batch->slots[i], AUR_SLOT_DONE);
}

void aur_backend_serve(struct aur_backend *b)
{
    struct aur_batch batch;
    do {
        gather_all(b, &batch, AUR_SLOT_POSTED, AUR_SLOT_BUSY);
        if (batch.n)
            aur_backend_launch(b, &batch);
        else if (atomic_load(&b->state) == AUR_BACKEND_TRIAL) {
            gather_all(b, &batch, AUR_SLOT_LENT, AUR_SLOT_LEFT);
            if (batch.n)
                try(b, &batch);
        }
    } while (batch.n && !atomic_load(&b->stop));
    aur_backend_say_retired(b);
    aur_backend_reap(b, false);
}
