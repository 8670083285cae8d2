/* A station: the worker pools and the channels that they move.
 *
 * Render workers look through the channels, take the due one with the nearest deadline by an atomic claim, and render one
 * chunk of it; when nothing is due they sleep until something is. Composer and encoder workers sleep until woken, look
 * through the channels and take those that nobody else has. A claim that fails is simply left: whoever holds it does the
 * work, and the next chunk wakes everyone again. Channels are only ever added, so the list needs no lock to be read. */
#include <stdlib.h>

#include "base/clock.h"
#include "channel/internal.h"

#define CHANNELS_DEFAULT 16
#define IDLE_NS          1000000000u
#define CLAIMED_NS       2000000u /* a due channel that another worker has: look again */

struct aur_station {
    struct aur_log *log;
    struct aur_lock add_lock; /* orders aur_station_add calls */
    struct aur_wake render_wake;
    _Atomic bool stop;
    _Atomic uint32_t n; /* aur_station_add writes, workers read */
    uint32_t max;
    struct aur_channel **channels;
    struct aur_pool *composers, *encoders;
    uint32_t n_threads;
    struct aur_thread *threads;
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

/* ---- render workers ---- */

/* The due channel with the nearest deadline; else NULL and when to look again. */
static struct aur_channel *nearest_due(struct aur_station *st, uint64_t *look_again, uint64_t now)
{
    struct aur_channel *best = NULL;
    uint64_t best_deadline = UINT64_MAX, n = atomic_load_explicit(&st->n, memory_order_acquire);
    *look_again = now + IDLE_NS;
    for (uint64_t i = 0; i < n; i++) {
        struct aur_channel *ch = st->channels[i];
        uint64_t wake = atomic_load_explicit(&ch->wake_ns, memory_order_relaxed);
        if (wake > now) {
            *look_again = wake < *look_again ? wake : *look_again;
        } else if (atomic_load_explicit(&ch->rendering, memory_order_relaxed)) {
            *look_again = now + CLAIMED_NS < *look_again ? now + CLAIMED_NS : *look_again;
        } else if (wake + ch->lead_ns < best_deadline) {
            best = ch;
            best_deadline = wake + ch->lead_ns;
        }
    }
    return best;
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

static void render_worker(void *user)
{
    struct aur_station *st = user;
    while (!atomic_load_explicit(&st->stop, memory_order_relaxed)) {
        uint64_t now = aur_clock_mono_ns(), look_again;
        struct aur_channel *ch = nearest_due(st, &look_again, now);
        if (ch)
            render_one(ch, now);
        else
            aur_wake_wait_until(&st->render_wake, look_again);
    }
}

/* ---- composer and encoder workers ---- */

static void compose_all(void *user)
{
    struct aur_station *st = user;
    uint32_t n = atomic_load_explicit(&st->n, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++) {
        struct aur_channel *ch = st->channels[i];
        if (!claim(&ch->composing))
            continue;
        while (!atomic_load_explicit(&st->stop, memory_order_relaxed) && aur_channel_compose_step(ch))
            ;
        unclaim(&ch->composing);
    }
}

static void encode_all(void *user)
{
    struct aur_station *st = user;
    uint32_t n = atomic_load_explicit(&st->n, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++) {
        struct aur_channel *ch = st->channels[i];
        if (!claim(&ch->encoding))
            continue;
        aur_channel_encode_step(ch);
        unclaim(&ch->encoding);
    }
}

/* ---- life ---- */

static int start_workers(struct aur_station *st, const struct aur_station_config *config, struct aur_error *err)
{
    int rc = aur_pool_new(&st->encoders, "encode", 1, encode_all, st, err);
    if (rc == 0)
        rc = aur_pool_new(&st->composers, "compose", config->composer_workers ? config->composer_workers : 1,
                          compose_all, st, err);
    struct aur_thread_config thread = {.name = "render", .run = render_worker, .user = st, .render = true};
    uint32_t wanted = config->render_workers ? config->render_workers : 1;
    for (; rc == 0 && st->n_threads < wanted; st->n_threads++)
        rc = aur_thread_start(&st->threads[st->n_threads], &thread, err);
    return rc;
}

int aur_station_new(struct aur_station **out, const struct aur_station_config *config, struct aur_error *err)
{
    struct aur_station *st = calloc(1, sizeof *st);
    if (!st)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for a station");
    st->log = config->log;
    st->max = config->max_channels ? config->max_channels : CHANNELS_DEFAULT;
    aur_lock_init(&st->add_lock);
    aur_wake_init(&st->render_wake);
    st->channels = calloc(st->max, sizeof(struct aur_channel *));
    st->threads = calloc(config->render_workers ? config->render_workers : 1, sizeof *st->threads);
    int rc = st->channels && st->threads ? start_workers(st, config, err)
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
    for (uint32_t i = 0; i < st->n_threads; i++)
        aur_wake_post(&st->render_wake);
    for (uint32_t i = 0; i < st->n_threads; i++)
        aur_thread_join(&st->threads[i]);
    aur_pool_free(st->composers);
    aur_pool_free(st->encoders);
    for (uint32_t i = 0; i < atomic_load(&st->n); i++)
        aur_channel_free(st->channels[i]);
    aur_wake_deinit(&st->render_wake);
    aur_lock_deinit(&st->add_lock);
    free(st->threads);
    free(st->channels);
    free(st);
}

static int add(struct aur_station *st, struct aur_channel *ch, struct aur_error *err)
{
    uint32_t n = atomic_load_explicit(&st->n, memory_order_relaxed);
    if (n == st->max)
        return aur_error_set(err, AUR_ELIMIT, "there are %u channels already", (unsigned)n);
    st->channels[n] = ch;
    atomic_store_explicit(&st->n, n + 1, memory_order_release);
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
    aur_lock_take(&st->add_lock);
    rc = add(st, ch, err);
    aur_lock_drop(&st->add_lock);
    if (rc < 0) {
        aur_channel_free(ch);
        return rc;
    }
    *out = ch;
    return 0;
}
