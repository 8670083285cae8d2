/* A station: the worker pools and the channels that they move.
 *
 * Render workers look through the channels, take the due one with the nearest deadline by an atomic claim, and render one
 * chunk of it; when nothing is due they sleep until something is. Composer and encoder workers sleep until woken, look
 * through the channels and take those that nobody else has. A claim that fails is simply left: whoever holds it does the
 * work, and the next chunk wakes everyone again.
 *
 * Channels come and go while workers look through the list, and no worker may take a lock for that. So each place in it
 * counts the workers that look at it just now: a worker counts itself before it reads the pointer, and whoever takes a
 * channel out clears the pointer before it reads the count. Either the worker finds nothing, or it is waited for. */
#include <stdlib.h>

#include "base/clock.h"
#include "channel/internal.h"

#define CHANNELS_DEFAULT 16
#define IDLE_NS          1000000000u
#define CLAIMED_NS       2000000u /* a due channel that another worker has: look again */
#define MARGIN_NS        10e9     /* time constant of the margin */

/* A place for a channel. All of it is read and written in one order that every thread agrees on. */
struct place {
    _Atomic(struct aur_channel *) channel; /* NULL: free */
    _Atomic uint32_t users;                /* workers that look at it just now */
    _Atomic bool leaving;                  /* somebody waits for them */
};

/* A render worker: how busy it was lately. It writes, anyone reads. */
struct worker {
    struct aur_station *station;
    struct aur_thread thread;
    _Atomic double busy; /* 0 to 1 */
    _Atomic uint64_t as_of_ns;
};

struct aur_station {
    struct aur_log *log;
    struct aur_lock list_lock; /* orders those who add and remove */
    struct aur_wake render_wake, left;
    _Atomic bool stop;
    _Atomic uint32_t n; /* places that were ever taken: adding writes, workers read */
    uint32_t max;
    struct place *places;
    struct aur_pool *composers, *encoders;
    uint32_t n_workers;
    struct worker *workers;
};

static uint64_t monotonic(void *user)
{
    (void)user;
    return aur_clock_mono_ns();
}

static bool claim(_Atomic bool *flag)
{
    return !atomic_exchange_explicit(flag, true, memory_order_acquire);
}

static void unclaim(_Atomic bool *flag)
{
    atomic_store_explicit(flag, false, memory_order_release);
}

/* ---- places: any worker ---- */

static void leave_place(struct aur_station *st, struct place *place)
{
    if (atomic_fetch_sub(&place->users, 1) == 1 && atomic_load(&place->leaving))
        aur_wake_post(&st->left);
}

/* The channel, which then stays until leave_place; NULL: none, and nothing is to be left. */
static struct aur_channel *enter_place(struct aur_station *st, struct place *place)
{
    if (!atomic_load_explicit(&place->channel, memory_order_relaxed))
        return NULL;
    atomic_fetch_add(&place->users, 1);
    struct aur_channel *ch = atomic_load(&place->channel);
    if (!ch)
        leave_place(st, place);
    return ch;
}

/* ---- render workers ---- */

struct due {
    struct place *place; /* entered; NULL: nothing is due */
    struct aur_channel *channel;
    uint64_t deadline, look_again;
};

/* Whether the channel is due before what was found; if not due, when to look again. */
static bool is_nearer(struct due *due, const struct aur_channel *ch, uint64_t now)
{
    uint64_t wake = atomic_load_explicit(&ch->wake_ns, memory_order_relaxed), again = UINT64_MAX;
    if (wake > now)
        again = wake;
    else if (atomic_load_explicit(&ch->rendering, memory_order_relaxed))
        again = now + CLAIMED_NS;
    else if (wake + ch->lead_ns < due->deadline)
        return true;
    due->look_again = again < due->look_again ? again : due->look_again;
    return false;
}

/* The due channel with the nearest deadline. */
static struct due nearest_due(struct aur_station *st, uint64_t now)
{
    struct due due = {.deadline = UINT64_MAX, .look_again = now + IDLE_NS};
    uint32_t n = atomic_load_explicit(&st->n, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++) {
        struct place *place = &st->places[i], *other = place;
        struct aur_channel *ch = enter_place(st, place);
        if (!ch)
            continue;
        if (is_nearer(&due, ch, now)) {
            other = due.place;
            due.place = place;
            due.channel = ch;
            due.deadline = atomic_load_explicit(&ch->wake_ns, memory_order_relaxed) + ch->lead_ns;
        }
        if (other)
            leave_place(st, other);
    }
    return due;
}

static void render_one(struct aur_channel *ch, uint64_t now)
{
    if (!claim(&ch->rendering))
        return;
    /* The others need not look at it before its next chunk. */
    atomic_store_explicit(&ch->wake_ns, now + aur_channel_frames_ns(ch, ch->chunk_frames), memory_order_relaxed);
    atomic_store_explicit(&ch->wake_ns, aur_channel_render_step(ch, now), memory_order_relaxed);
    unclaim(&ch->rendering);
}

/* What is left of a share after so long without more of it: 1 / (1 + t) in place of the exponential, the same for the short
 * times between two chunks. */
static double fade(double share, uint64_t ns)
{
    return share / (1 + (double)ns / MARGIN_NS);
}

static void note_busy(struct worker *worker, uint64_t from, uint64_t to)
{
    double busy = atomic_load_explicit(&worker->busy, memory_order_relaxed);
    busy = fade(busy, from - atomic_load_explicit(&worker->as_of_ns, memory_order_relaxed));
    atomic_store_explicit(&worker->busy, 1 - fade(1 - busy, to - from), memory_order_relaxed);
    atomic_store_explicit(&worker->as_of_ns, to, memory_order_relaxed);
}

static void render_worker(void *user)
{
    struct worker *worker = user;
    struct aur_station *st = worker->station;
    while (!atomic_load_explicit(&st->stop, memory_order_relaxed)) {
        uint64_t now = aur_clock_mono_ns();
        struct due due = nearest_due(st, now);
        if (due.place) {
            render_one(due.channel, now);
            leave_place(st, due.place);
            note_busy(worker, now, aur_clock_mono_ns());
        } else {
            aur_wake_wait_until(&st->render_wake, due.look_again);
        }
    }
}

double aur_station_margin(const struct aur_station *st)
{
    double busy = 0;
    for (uint32_t i = 0; i < st->n_workers; i++) {
        const struct worker *worker = &st->workers[i];
        uint64_t as_of = atomic_load_explicit(&worker->as_of_ns, memory_order_relaxed), now = aur_clock_mono_ns();
        busy += fade(atomic_load_explicit(&worker->busy, memory_order_relaxed), now > as_of ? now - as_of : 0);
    }
    return st->n_workers ? 1 - busy / st->n_workers : 0;
}

/* ---- composer and encoder workers ---- */

static void compose_at(struct aur_station *st, struct place *place)
{
    struct aur_channel *ch = enter_place(st, place);
    if (ch && claim(&ch->composing)) {
        while (!atomic_load_explicit(&st->stop, memory_order_relaxed) && !atomic_load(&place->leaving) &&
               aur_channel_compose_step(ch))
            ;
        unclaim(&ch->composing);
    }
    if (ch)
        leave_place(st, place);
}

static void compose_all(void *user)
{
    struct aur_station *st = user;
    uint32_t n = atomic_load_explicit(&st->n, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++)
        compose_at(st, &st->places[i]);
}

static void encode_at(struct aur_station *st, struct place *place)
{
    struct aur_channel *ch = enter_place(st, place);
    if (ch && claim(&ch->encoding)) {
        aur_channel_encode_step(ch);
        unclaim(&ch->encoding);
    }
    if (ch)
        leave_place(st, place);
}

static void encode_all(void *user)
{
    struct aur_station *st = user;
    uint32_t n = atomic_load_explicit(&st->n, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++)
        encode_at(st, &st->places[i]);
}

/* ---- life ---- */

static int start_workers(struct aur_station *st, const struct aur_station_config *config, struct aur_error *err)
{
    int rc = aur_pool_new(&st->encoders, "encode", 1, encode_all, st, err);
    if (rc == 0)
        rc = aur_pool_new(&st->composers, "compose", config->composer_workers ? config->composer_workers : 1,
                          compose_all, st, err);
    uint32_t wanted = config->render_workers ? config->render_workers : 1;
    for (; rc == 0 && st->n_workers < wanted; st->n_workers++) {
        struct worker *worker = &st->workers[st->n_workers];
        struct aur_thread_config thread = {.name = "render", .run = render_worker, .user = worker, .render = true};
        worker->station = st;
        atomic_init(&worker->as_of_ns, aur_clock_mono_ns());
        rc = aur_thread_start(&worker->thread, &thread, err);
    }
    return rc;
}

int aur_station_new(struct aur_station **out, const struct aur_station_config *config, struct aur_error *err)
{
    struct aur_station *st = calloc(1, sizeof *st);
    if (!st)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for a station");
    st->log = config->log;
    st->max = config->max_channels ? config->max_channels : CHANNELS_DEFAULT;
    aur_lock_init(&st->list_lock);
    aur_wake_init(&st->render_wake);
    aur_wake_init(&st->left);
    st->places = calloc(st->max, sizeof *st->places);
    st->workers = calloc(config->render_workers ? config->render_workers : 1, sizeof *st->workers);
    int rc = st->places && st->workers ? start_workers(st, config, err)
                                       : aur_error_set(err, AUR_ENOMEM, "out of memory for a station");
    if (rc < 0) {
        aur_station_free(st);
        return rc;
    }
    *out = st;
    return 0;
}

void aur_station_free(struct aur_station *st)
{
    if (!st)
        return;
    atomic_store(&st->stop, true);
    for (uint32_t i = 0; i < st->n_workers; i++)
        aur_wake_post(&st->render_wake);
    for (uint32_t i = 0; i < st->n_workers; i++)
        aur_thread_join(&st->workers[i].thread);
    aur_pool_free(st->composers);
    aur_pool_free(st->encoders);
    for (uint32_t i = 0; i < atomic_load(&st->n); i++)
        aur_channel_free(atomic_load(&st->places[i].channel));
    aur_wake_deinit(&st->render_wake);
    aur_wake_deinit(&st->left);
    aur_lock_deinit(&st->list_lock);
    free(st->workers);
    free(st->places);
    free(st);
}

/* ---- coming and going ---- */

/* The place that holds this channel, or NULL for a free one; NULL: there is none. Under the lock. */
static struct place *find_place(struct aur_station *st, const struct aur_channel *channel)
{
    for (uint32_t i = 0; i < st->max; i++)
        if (atomic_load(&st->places[i].channel) == channel)
            return &st->places[i];
    return NULL;
}

static int add(struct aur_station *st, struct aur_channel *ch, struct aur_error *err)
{
    struct place *place = find_place(st, NULL);
    if (!place)
        return aur_error_set(err, AUR_ELIMIT, "there are %u channels already", (unsigned)st->max);
    uint32_t index = (uint32_t)(place - st->places);
    atomic_store(&place->channel, ch);
    if (index >= atomic_load_explicit(&st->n, memory_order_relaxed))
        atomic_store_explicit(&st->n, index + 1, memory_order_release);
    aur_wake_post(&st->render_wake);
    return 0;
}

int aur_station_add(struct aur_station *st, struct aur_channel **out, const struct aur_channel_config *config,
                    struct aur_error *err)
{
    struct aur_channel *ch;
    int rc = aur_channel_new(&ch, config, st->log, monotonic, NULL, err);
    if (rc < 0)
        return rc;
    ch->composers = st->composers;
    ch->encoders = st->encoders;
    aur_lock_take(&st->list_lock);
    rc = add(st, ch, err);
    aur_lock_drop(&st->list_lock);
    if (rc < 0) {
        aur_channel_free(ch);
        return rc;
    }
    *out = ch;
    return 0;
}

void aur_station_remove(struct aur_station *st, struct aur_channel *ch)
{
    aur_lock_take(&st->list_lock);
    struct place *place = find_place(st, ch);
    atomic_store(&place->leaving, true);
    atomic_store(&place->channel, NULL);
    while (atomic_load(&place->users) > 0)
        aur_wake_wait(&st->left);
    atomic_store(&place->leaving, false);
    aur_lock_drop(&st->list_lock);
    aur_channel_free(ch);
}
