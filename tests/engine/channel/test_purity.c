/* No render worker allocates, locks, logs, writes or asks for the time of day: every such call of the program and its
 * libraries is wrapped (tests.cmake) and counted when its thread is marked as a render worker, while real channels with
 * the real composer and synth run through boundaries, failing scripts and controls of both kinds. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "channel/internal.h"
#include "support/unit.h"

static atomic_int offences; /* test state: what the wrappers below have seen */
static _Atomic(const char *) offender;

static void called(const char *name)
{
    if (!aur_rt_is_render())
        return;
    atomic_fetch_add(&offences, 1);
    atomic_store(&offender, name);
}

#define WRAP(result, name, parameters, arguments)                                                                      \
    result __real_##name parameters;                                                                                   \
    result __wrap_##name parameters;                                                                                   \
    result __wrap_##name parameters                                                                                    \
    {                                                                                                                  \
        called(#name);                                                                                                 \
        return __real_##name arguments;                                                                                \
    }

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *old, size_t size), (old, size))
WRAP(void, free, (void *memory), (memory))
WRAP(void *, aligned_alloc, (size_t align, size_t size), (align, size))
WRAP(int, posix_memalign, (void **out, size_t align, size_t size), (out, align, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
WRAP(int, pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
WRAP(int, pthread_cond_wait, (pthread_cond_t * cond, pthread_mutex_t *mutex), (cond, mutex))
WRAP(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
WRAP(size_t, fwrite, (const void *data, size_t size, size_t n, FILE *file), (data, size, n, file))
WRAP(int, fputs, (const char *text, FILE *file), (text, file))
WRAP(int, fputc, (int c, FILE *file), (c, file))
WRAP(int, fflush, (FILE * file), (file))
WRAP(int, vfprintf, (FILE * file, const char *fmt, va_list args), (file, fmt, args))
WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode))
WRAP(time_t, time, (time_t * out), (out))
WRAP(int, gettimeofday, (struct timeval *restrict out, void *restrict zone), (out, zone))
WRAP(int, nanosleep, (const struct timespec *wanted, struct timespec *left), (wanted, left))
WRAP(int, usleep, (useconds_t us), (us))

static struct aur_piece *load(void)
{
    struct aur_piece *piece = NULL;
    struct aur_error err = {0};
    struct aur_piece_source source = {.path = AURALIS_SOURCE_DIR "/tests/engine/channel/pieces/short.lua",
                                      .lib_dir = AURALIS_SOURCE_DIR "/scripts/lib"};
    if (aur_piece_load(&piece, &source, &err) != 0)
        fail_msg("%s", err.message);
    return piece;
}

/* A journal in a folder of its own, so that everything is recorded too. */
struct recorded {
    char dir[40], path[64];
    struct aur_journal *journal;
};

static void open_journal(struct recorded *r)
{
    struct aur_error err = {0};
    strcpy(r->dir, "test-purity-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(r->path, sizeof r->path, "%s/a.db", r->dir);
    const struct aur_journal_config config = {.path = r->path};
    if (aur_journal_open(&r->journal, &config, &err) != 0)
        fail_msg("%s", err.message);
}

static void close_journal(struct recorded *r)
{
    static const char *const files[] = {"", "-wal", "-shm", "-lock"};
    struct aur_journal_health health;
    char path[80];
    assert_int_equal(aur_journal_flush(r->journal, 10000), 0);
    aur_journal_health(r->journal, &health);
    assert_true(health.ok && health.written > 50 && health.lost == 0);
    aur_journal_close(r->journal);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s%s", r->path, files[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(r->dir), 0);
}

static struct aur_channel_config config_of(const struct aur_piece *piece)
{
    struct aur_channel_config config = {.name = "main",
                                        .piece = piece,
                                        .seed = 3,
                                        .synth = {.rate_hz = 44100, .isa = aur_isa_best(), .effects = true},
                                        .chunk_frames = 4410};
    aur_controls_default(&config.controls, &aur_piece_describe(piece)->controls);
    config.controls.bpm = 200;
    return config;
}

static void assert_pure(void)
{
    if (atomic_load(&offences))
        fail_msg("a render worker called %s (%d calls in all)", atomic_load(&offender), atomic_load(&offences));
}

static void *volatile sink;

static void the_wrappers_see_a_culprit(void **state)
{
    (void)state;
    atomic_store(&offences, 0);
    sink = malloc(16);
    free(sink);
    assert_int_equal(atomic_load(&offences), 0); /* not a render worker */
    struct aur_lock lock;
    aur_lock_init(&lock);
    aur_rt_mark_render(true);
    sink = malloc(16);
    free(sink);
    aur_lock_take(&lock);
    aur_lock_drop(&lock);
    aur_rt_mark_render(false);
    aur_lock_deinit(&lock);
    assert_int_equal(atomic_load(&offences), 3);
    atomic_store(&offences, 0);
}

static uint64_t fake_clock(void *user)
{
    return *(uint64_t *)user;
}

static void turn(struct aur_channel *ch, uint64_t k)
{
    struct aur_controls controls;
    struct aur_msg_phrase reply;
    aur_channel_controls(ch, &controls, NULL);
    controls.level = (double)(k % 10) / 10;
    controls.brightness = (double)(k % 7) / 7;
    controls.intensity = (double)(k % 5) / 5;
    controls.piece[0] = k / 100 % 3 == 1 ? 1 : 0.5; /* the script fails for ten seconds of every thirty */
    aur_channel_control(ch, &reply, &controls, NULL);
}

/* A minute by hand: some fifty boundaries, a third of them with a failing script, edits that take over, silence at the end. */
static void a_minute_by_hand(void **state)
{
    (void)state;
    uint64_t now = 1;
    struct aur_piece *piece = load(), *other = load();
    struct aur_channel_config config = config_of(piece);
    struct recorded recorded;
    open_journal(&recorded);
    config.journal = recorded.journal;
    struct aur_channel *ch = NULL;
    assert_int_equal(aur_channel_new(&ch, &config, NULL, fake_clock, &now, NULL), 0);
    ch->render.record.keyframe_from = 44100 * 20; /* sooner than after five minutes */
    for (uint64_t k = 0; k < 600; k++) {
        struct aur_msg_phrase reply;
        if (k % 3 == 0)
            turn(ch, k);
        if (k % 50 == 10)
            aur_channel_arm(ch, &reply, other, k % 100 == 10 ? AUR_SWAP_BAR : AUR_SWAP_PHRASE);
        aur_rt_mark_render(true);
        while (aur_channel_published(ch) == k * 4410)
            now = aur_channel_render_step(ch, now);
        aur_rt_mark_render(false);
        for (int i = 0; k < 560 && i < 4; i++)
            aur_channel_compose_step(ch);
        aur_channel_encode_step(ch);
    }
    assert_true(ch->sounding > 30);
    assert_true(ch->render.record.keyframe_from > 44100 * 300); /* one was taken */
    assert_true(ch->silent);                                    /* nobody composed any more */
    struct aur_msg_status status;
    aur_channel_status(ch, &status);
    assert_true(status.phrases_generated < ch->sounding); /* some were repeats */
    assert_pure();
    aur_channel_free(ch);
    close_journal(&recorded);
    aur_piece_free(other);
    aur_piece_free(piece);
}

/* Back in the music and to and fro between branches, from a thread that is no worker. */
static void wander(struct aur_channel *ch, uint64_t k)
{
    struct aur_msg_phrase reply;
    struct aur_branch branches[AUR_BRANCHES_MAX];
    uint32_t branch;
    size_t n = aur_channel_branches(ch, branches, AUR_BRANCHES_MAX);
    assert_true(n >= 1);
    if (k % 4 == 1)
        assert_int_equal(aur_channel_rewind(ch, &reply, &branch, 1, k % 8 == 1 ? &k : NULL, NULL, NULL), 0);
    else if (k % 4 == 3)
        (void)!aur_channel_switch(ch, &reply, branches[k / 4 % n].id, NULL);
}

static void ring_bell(void *user)
{
    aur_wake_post(user);
}

/* Two real channels on real threads through two boundaries each. */
static void a_real_station(void **state)
{
    (void)state;
    struct aur_wake bell;
    aur_wake_init(&bell);
    struct aur_piece *piece = load();
    struct aur_station *station = NULL;
    struct aur_station_config station_config = {.render_workers = 2, .composer_workers = 2};
    assert_int_equal(aur_station_new(&station, &station_config, NULL), 0);
    struct aur_channel *ch[2];
    struct aur_channel_config config = config_of(piece);
    struct recorded recorded;
    open_journal(&recorded);
    config.journal = recorded.journal;
    config.notify = ring_bell;
    config.user = &bell;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(aur_station_add(station, &ch[i], &config, NULL), 0);
        aur_channel_join(ch[i], AUR_FORMAT_JSON, 8);
    }
    uint64_t phrases[2] = {0};
    for (uint64_t k = 0; phrases[0] < 4 || phrases[1] < 4; k++) {
        struct aur_channel_event event;
        aur_wake_wait(&bell);
        for (int i = 0; i < 2; i++) {
            turn(ch[i], k % 100);
            wander(ch[i], k);
            while (aur_channel_event(ch[i], &event))
                phrases[i] += event.type == AUR_EVENT_PHRASE;
        }
    }
    aur_station_free(station);
    close_journal(&recorded);
    aur_piece_free(piece);
    aur_wake_deinit(&bell);
    assert_pure();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wrappers_see_a_culprit),
        cmocka_unit_test(a_minute_by_hand),
        cmocka_unit_test(a_real_station),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
