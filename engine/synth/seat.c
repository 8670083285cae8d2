/* Seats and their slots. On render threads but for new and free; the worker's side of the slots is in launch.c. Nothing here
 * waits: a render thread that does not find what it looks for does without. */
#include <stdlib.h>
#include <string.h>

#include "synth/backend_inner.h"

#define MEAN_TURNS 64 /* the load is a mean over about so many, so that a rest in the music is none */

/* ---- life ---- */

static void free_seat(struct aur_seat *seat)
{
    free(seat->slots);
    free(seat->own);
    free(seat);
}

/* Touched here, so that the render thread finds the memory in place. */
static struct aur_seat *make_seat(struct aur_backend *b)
{
    struct aur_seat *seat = calloc(1, sizeof *seat);
    if (!seat)
        return NULL;
    seat->backend = b;
    seat->slots = aligned_alloc(64, AUR_BACKEND_JOBS * sizeof *seat->slots);
    seat->own = aligned_alloc(64, sizeof *seat->own);
    if (!seat->slots || !seat->own) {
        free_seat(seat);
        return NULL;
    }
    memset(seat->slots, 0, AUR_BACKEND_JOBS * sizeof *seat->slots);
    memset(seat->own, 0, sizeof *seat->own);
    return seat;
}

int aur_seat_new(struct aur_seat **out, struct aur_backend *b, struct aur_error *err)
{
    struct aur_seat *seat = make_seat(b);
    *out = NULL;
    if (!seat)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for jobs of a device");
    if (atomic_fetch_add(&b->n_seats, 1) >= AUR_BACKEND_SEATS) {
        atomic_fetch_sub(&b->n_seats, 1);
        free_seat(seat);
        return aur_error_set(err, AUR_EBUSY, "a device serves at most %d synthesisers", AUR_BACKEND_SEATS);
    }
    aur_lock_take(&b->lock);
    seat->next = b->seats;
    b->seats = seat;
    aur_lock_drop(&b->lock);
    *out = seat;
    return AUR_OK;
}

static bool with_the_worker(const struct aur_seat *seat)
{
    for (int i = 0; i < AUR_BACKEND_JOBS; i++) {
        int state = atomic_load_explicit(&seat->slots[i].state, memory_order_acquire);
        if (state == AUR_SLOT_BUSY || state == AUR_SLOT_LEFT || state == AUR_SLOT_DROPPED)
            return true;
    }
    return false;
}

void aur_backend_reap(struct aur_backend *b, bool all)
{
    aur_lock_take(&b->lock);
    for (struct aur_seat **at = &b->seats; *at;) {
        struct aur_seat *seat = *at;
        if (all || (seat->gone && !with_the_worker(seat))) {
            *at = seat->next;
            free_seat(seat);
        } else {
            at = &seat->next;
        }
    }
    aur_lock_drop(&b->lock);
}

void aur_seat_free(struct aur_seat *seat)
{
    if (!seat)
        return;
    struct aur_backend *b = seat->backend;
    atomic_fetch_sub(&b->voices, atomic_load(&seat->voices));
    atomic_fetch_sub(&b->n_seats, 1);
    aur_lock_take(&b->lock);
    seat->gone = true;
    aur_lock_drop(&b->lock);
    aur_backend_reap(b, false);
}

/* ---- whose turn it is ---- */

/* The load has changed so much, by a group at least, that the decision may be another: since the decision, or since the
 * most there was while the device had it, the least while it had not. The mean lags behind what a trial was of. */
static bool look_again(struct aur_backend *b, int state)
{
    const uint32_t voices = atomic_load(&b->voices);
    uint32_t then = atomic_load(&b->decided_voices);
    if (b->config.forced || b->config.wait || (state != AUR_BACKEND_READY && state != AUR_BACKEND_RESTING))
        return false;
    const bool taken = state == AUR_BACKEND_READY;
    if (taken ? voices > then : voices < then)
        atomic_store(&b->decided_voices, then = voices);
    if (atomic_load(&b->turns) < atomic_load(&b->retry_at))
        return false;
    return taken ? 2 * voices + AUR_LANES < then : voices > 2 * then + AUR_LANES;
}

enum aur_seat_turn aur_seat_turn(struct aur_seat *seat, uint32_t voices)
{
    struct aur_backend *b = seat->backend;
    seat->mean = seat->began ? seat->mean + ((float)voices - seat->mean) / MEAN_TURNS : (float)voices;
    seat->began = true;
    voices = (uint32_t)(seat->mean + 0.5f);
    const uint32_t before = atomic_exchange_explicit(&seat->voices, voices, memory_order_relaxed);
    int state = atomic_load_explicit(&b->state, memory_order_acquire);
    atomic_fetch_add_explicit(&b->voices, voices - before, memory_order_relaxed);
    atomic_fetch_add_explicit(&b->turns, 1, memory_order_relaxed);
    if (look_again(b, state) && atomic_compare_exchange_strong(&b->state, &state, AUR_BACKEND_TRIAL))
        state = AUR_BACKEND_TRIAL;
    return state == AUR_BACKEND_READY ? AUR_TURN_POST : state == AUR_BACKEND_TRIAL ? AUR_TURN_LEND : AUR_TURN_NONE;
}

bool aur_seat_waits(const struct aur_seat *seat)
{
    return seat->backend->config.wait;
}

/* ---- slots ---- */

struct aur_job_slot *aur_seat_slot(struct aur_seat *seat)
{
    for (int i = 0; i < AUR_BACKEND_JOBS; i++)
        if (atomic_load_explicit(&seat->slots[i].state, memory_order_acquire) == AUR_SLOT_FREE) {
            atomic_store_explicit(&seat->slots[i].state, AUR_SLOT_HELD, memory_order_relaxed);
            return &seat->slots[i];
        }
    return NULL;
}

static void hand_over(struct aur_seat *seat, struct aur_job_slot *slot, int state)
{
    if (!slot->job.lasting)
        slot->job.tables = seat->backend->tables;
    atomic_store_explicit(&slot->state, state, memory_order_release);
}

void aur_seat_post(struct aur_seat *seat, struct aur_job_slot *slot)
{
    struct aur_backend *b = seat->backend;
    if (b->config.wait) {
        struct aur_batch batch = {.slots = {slot}, .work = {{&slot->job, &slot->result}}, .n = 1};
        hand_over(seat, slot, AUR_SLOT_BUSY);
        aur_backend_launch(b, &batch);
        return;
    }
    hand_over(seat, slot, AUR_SLOT_POSTED);
    aur_wake_post(&b->wake);
}

void aur_seat_lend(struct aur_seat *seat, struct aur_job_slot *slot)
{
    if (slot->job.n_chains == 0)
        return;
    hand_over(seat, slot, AUR_SLOT_LENT);
    aur_wake_post(&seat->backend->wake);
}

struct aur_job_result *aur_seat_own(struct aur_seat *seat)
{
    return seat->own;
}

bool aur_seat_pending(const struct aur_job_slot *slot)
{
    int state = atomic_load_explicit(&slot->state, memory_order_acquire);
    return state == AUR_SLOT_POSTED || state == AUR_SLOT_BUSY;
}

/* The state after: HELD where the device had not begun, LEFT where it goes on alone, else what came of it. */
static int end_wait(struct aur_job_slot *slot)
{
    int posted = AUR_SLOT_POSTED, busy = AUR_SLOT_BUSY;
    if (atomic_compare_exchange_strong(&slot->state, &posted, AUR_SLOT_HELD))
        return AUR_SLOT_HELD;
    return atomic_compare_exchange_strong(&slot->state, &busy, AUR_SLOT_LEFT) ? AUR_SLOT_LEFT : busy;
}

void aur_seat_withdraw(struct aur_job_slot *slot)
{
    (void)end_wait(slot);
}

/* So many a seat, because a launch that is late is late for all that share it. Told by others: this is a render thread. */
static void note_late(struct aur_backend *b)
{
    int ready = AUR_BACKEND_READY;
    atomic_fetch_add(&b->late, 1);
    atomic_store(&b->in_time, 0);
    if (atomic_fetch_add(&b->strikes, 1) + 1 >= AUR_BACKEND_LATE * atomic_load(&b->n_seats) &&
        atomic_compare_exchange_strong(&b->state, &ready, AUR_BACKEND_FAILED))
        atomic_store(&b->retired, true);
}

static void note_in_time(struct aur_backend *b)
{
    if (atomic_fetch_add_explicit(&b->in_time, 1, memory_order_relaxed) + 1 == AUR_BACKEND_FORGIVE)
        atomic_store_explicit(&b->strikes, 0, memory_order_relaxed);
}

bool aur_seat_take(struct aur_seat *seat, struct aur_job_slot *slot)
{
    const int state = end_wait(slot);
    if (state == AUR_SLOT_HELD || state == AUR_SLOT_LEFT) {
        note_late(seat->backend);
        return false;
    }
    if (state != AUR_SLOT_DONE)
        return false;
    note_in_time(seat->backend);
    atomic_fetch_add_explicit(&seat->backend->blocks, slot->job.n_blocks, memory_order_relaxed);
    return true;
}

void aur_seat_release(struct aur_job_slot *slot)
{
    int lent = AUR_SLOT_LENT, left = AUR_SLOT_LEFT;
    if (!atomic_compare_exchange_strong(&slot->state, &lent, AUR_SLOT_FREE) &&
        !atomic_compare_exchange_strong(&slot->state, &left, AUR_SLOT_DROPPED))
        atomic_store(&slot->state, AUR_SLOT_FREE);
}
