/* Many synths on one device: each has the bytes it has alone, whoever shares its launches and whatever happens to them; and
 * a device that is tried on what is played. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "opencl_faults.h"
#include "rig.h"
#include "support/unit.h"
#include "synth/backend.h"

#define RATE    44100u
#define CHUNK   4410u
#define CHUNKS  24
#define PLAYERS 5

struct player {
    struct aur_synth *synth;
    struct aur_phrase *phrase;
    uint64_t hash;
};

/* A piece of its own for each: other voices, pitches and times. */
static struct aur_phrase *score(int which)
{
    static struct rig rig;
    rig_init(&rig, RATE);
    for (int v = 0; v < 5; v++) {
        const enum aur_voice voice = (enum aur_voice)((2 * which + 3 * v) % AUR_VOICES);
        uint16_t patch = rig_patch(&rig, aur_voices[voice].name, voice);
        for (int k = 0; k < 9; k++)
            rig_note(&rig, patch, 0.05 * which + 0.26 * k + 0.017 * v, 0.1 + 0.13 * ((k + which) % 5),
                     40 + (5 * k + 7 * v + 11 * which) % 40, 0.6);
    }
    return rig_phrase(&rig);
}

static void player_init(struct player *p, struct aur_backend *backend, struct aur_phrase *phrase, uint32_t chunk)
{
    struct aur_synth_config config = {
        .rate_hz = RATE, .isa = aur_isa_best(), .effects = true, .backend = backend, .chunk_frames = chunk};
    *p = (struct player){.phrase = phrase, .hash = AUR_HASH_START};
    assert_int_equal(aur_synth_new(&p->synth, &config, NULL), 0);
    assert_int_equal(aur_synth_commit(p->synth, p->phrase), 0);
}

static void player_deinit(struct player *p)
{
    aur_synth_free(p->synth);
    aur_phrase_free(p->phrase);
    p->synth = NULL;
}

static void player_chunk(struct player *p, uint32_t chunk)
{
    static float samples[2 * CHUNK];
    aur_synth_render(p->synth, samples, chunk);
    p->hash = aur_hash64(samples, 2 * chunk * sizeof *samples, p->hash);
}

static void want(uint64_t *out)
{
    for (int i = 0; i < PLAYERS; i++) {
        struct player p;
        player_init(&p, NULL, score(i), CHUNK);
        for (int k = 0; k < CHUNKS; k++)
            player_chunk(&p, CHUNK);
        out[i] = p.hash;
        for (int k = 0; k < i; k++)
            assert_true(out[k] != out[i]);
        player_deinit(&p);
    }
}

static void wait_for_all(struct player *players, bool patient)
{
    for (bool all = false; patient && !all;) {
        all = true;
        for (int i = 0; i < PLAYERS; i++)
            all &= !players[i].synth || aur_synth_ready(players[i].synth, CHUNK);
        sched_yield();
    }
}

static enum aur_backend_state settled(struct aur_backend *backend, struct aur_backend_report *report)
{
    do {
        sched_yield();
        aur_backend_tell(backend, report);
    } while (report->state == AUR_BACKEND_OPENING);
    return report->state;
}

static struct aur_backend *open_backend(void)
{
    struct aur_backend_config config = {.forced = true, .rate_hz = RATE, .isa = aur_isa_best()};
    struct aur_backend_report report;
    struct aur_backend *backend;
    assert_int_equal(aur_backend_new(&backend, &config, NULL), 0);
    assert_int_equal(settled(backend, &report), AUR_BACKEND_READY);
    return backend;
}

/* Plays all at once; before(chunk, players) may do something to them. */
static void play(struct player *players, struct aur_backend *backend, bool patient,
                 void (*before)(int, struct player *))
{
    for (int i = 0; i < PLAYERS; i++)
        player_init(&players[i], backend, score(i), CHUNK);
    for (int k = 0; k < CHUNKS; k++) {
        if (before)
            before(k, players);
        wait_for_all(players, patient);
        for (int i = 0; i < PLAYERS; i++)
            if (players[i].synth)
                player_chunk(&players[i], CHUNK);
    }
}

/* ---- one device ---- */

static void fewer_launches_than_jobs(void **state)
{
    uint64_t wanted[PLAYERS];
    (void)state;
    want(wanted);
    for (int gpu = 0; gpu < 2; gpu++) {
        struct aur_backend_report report;
        struct player players[PLAYERS];
        uint64_t blocks = 0;
        fault_look(gpu, true);
        struct aur_backend *backend = open_backend();
        play(players, backend, true, NULL);
        for (int i = 0; i < PLAYERS; i++) {
            struct aur_synth_counts counts;
            aur_synth_counts(players[i].synth, &counts);
            assert_true(players[i].hash == wanted[i]);
            assert_int_equal(counts.cpu_blocks, 0);
            assert_int_equal(counts.fallbacks, 0);
            blocks += counts.backend_blocks;
        }
        aur_backend_tell(backend, &report);
        print_message("%s: %d jobs in %d launches\n", gpu ? "groups side by side" : "16 lanes a work-item",
                      (int)report.jobs, (int)report.launches);
        assert_true(report.launches < report.jobs);
        assert_true(report.jobs >= (uint64_t)PLAYERS * (CHUNKS - 1));
        assert_int_equal(report.blocks, blocks);
        assert_int_equal(report.seats, PLAYERS);
        for (int i = 0; i < PLAYERS; i++)
            player_deinit(&players[i]);
        aur_backend_tell(backend, &report);
        assert_int_equal(report.seats, 0);
        aur_backend_free(backend);
    }
    fault_clear();
}

static enum fault_call failing;

static void fail_at_8(int chunk, struct player *players)
{
    (void)players;
    if (chunk == 8)
        fault_fail(failing, 0);
}

static void a_failed_launch_is_replaced_for_all(void **state)
{
    static const enum fault_call calls[] = {FAULT_WRITE, FAULT_LAUNCH, FAULT_READ, FAULT_FINISH};
    uint64_t wanted[PLAYERS];
    (void)state;
    want(wanted);
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
        struct aur_backend_report report;
        struct player players[PLAYERS];
        struct aur_backend *backend = open_backend();
        failing = calls[c];
        play(players, backend, true, fail_at_8);
        aur_backend_tell(backend, &report);
        assert_int_equal(report.state, AUR_BACKEND_FAILED);
        assert_true(report.failed >= 1 && report.failed <= PLAYERS);
        assert_non_null(strstr(report.error.message, fault_names[calls[c]]));
        for (int i = 0; i < PLAYERS; i++) {
            struct aur_synth_counts counts;
            aur_synth_counts(players[i].synth, &counts);
            assert_true(players[i].hash == wanted[i]);
            assert_true(counts.backend_blocks > 0 && counts.cpu_blocks > 0 && counts.fallbacks <= 1);
            player_deinit(&players[i]);
        }
        aur_backend_free(backend);
        fault_clear();
    }
}

/* Out of memory for the many, though there was enough to open. */
static void no_memory_for_a_launch(void **state)
{
    struct aur_backend_report report;
    struct player players[PLAYERS];
    uint64_t wanted[PLAYERS];
    (void)state;
    want(wanted);
    struct aur_backend *backend = open_backend();
    fault_fail(FAULT_BUFFER, 0);
    play(players, backend, true, NULL);
    aur_backend_tell(backend, &report);
    assert_int_equal(report.state, AUR_BACKEND_FAILED);
    for (int i = 0; i < PLAYERS; i++) {
        assert_true(players[i].hash == wanted[i]);
        player_deinit(&players[i]);
    }
    aur_backend_free(backend);
    fault_clear();
}

static void leave_at_7(int chunk, struct player *players)
{
    if (chunk == 7)
        player_deinit(&players[1]);
    if (chunk == 9)
        player_deinit(&players[3]);
}

static void leave_while_it_hangs(int chunk, struct player *players)
{
    if (chunk == 6)
        fault_stall(0);
    if (chunk == 8) {
        player_deinit(&players[1]);
        player_deinit(&players[3]);
        fault_go_on();
    }
}

static void who_leaves_disturbs_nobody(void **state)
{
    void (*const ways[])(int, struct player *) = {leave_at_7, leave_while_it_hangs};
    uint64_t wanted[PLAYERS];
    (void)state;
    want(wanted);
    for (int way = 0; way < 2; way++) {
        struct player players[PLAYERS];
        struct aur_backend *backend = open_backend();
        play(players, backend, way == 0, ways[way]);
        for (int i = 0; i < PLAYERS; i += 2) {
            assert_true(players[i].hash == wanted[i]);
            player_deinit(&players[i]);
        }
        aur_backend_free(backend);
        fault_clear();
    }
}

/* ---- a device on trial ---- */

#define SMALL 64u /* frames of a chunk */
#define FEW   1   /* voices */
#define MANY  240

/* Time passes only here: a launch takes 10, each of its jobs 1 a group on the CPU. */
static _Atomic uint64_t fake_ns;
static _Atomic int calls_since;
static _Atomic uint32_t cpu_cost;
static _Atomic bool lies;

static uint64_t fake_clock(void)
{
    if (atomic_fetch_add(&calls_since, 1) > 0)
        atomic_fetch_add(&fake_ns, atomic_load(&cpu_cost));
    return atomic_load(&fake_ns);
}

static int fake_run(void *self, const struct aur_device_work *work, size_t n, struct aur_error *err)
{
    static struct aur_lane_sums sums;
    (void)self;
    (void)err;
    atomic_store(&cpu_cost, 0);
    for (size_t i = 0; i < n; i++) {
        aur_job_render(work[i].job, work[i].result, aur_kernels_get(aur_isa_best()), &sums);
        atomic_fetch_add(&cpu_cost, work[i].job->n_links);
        if (atomic_load(&lies))
            work[i].result->sums[0].l[3] += 1e-6f;
    }
    atomic_store(&calls_since, 0);
    atomic_fetch_add(&fake_ns, 10);
    return AUR_OK;
}

static int open_fake(struct aur_device *out, struct aur_error *err)
{
    (void)err;
    *out = (struct aur_device){.name = "fake", .run = fake_run};
    return AUR_OK;
}

/* A phrase that is taken at a chunk, to be heard from a little later on. */
struct taken {
    uint32_t chunk;
    struct aur_phrase *phrase;
};

/* So many voices until a phrase of other patches. */
static struct aur_phrase *steady(uint64_t number, uint64_t start_frame, int voices)
{
    static struct rig rig;
    rig_init(&rig, RATE);
    rig_at(&rig, number, start_frame);
    uint16_t pad = rig_patch(&rig, voices == FEW ? "few" : "many", AUR_VOICE_PAD);
    rig_set(&rig, pad, "release", 0.05);
    for (int i = 0; i < voices; i++)
        rig_note(&rig, pad, 0, 3600, 40 + i % 40, 0.3);
    return rig_phrase(&rig);
}

static struct taken take(struct player *p, uint64_t number, uint32_t chunk, int voices)
{
    const uint64_t start = (uint64_t)chunk * SMALL + aur_synth_lookahead(p->synth);
    struct taken t = {chunk, steady(number, start, voices)};
    assert_int_equal(aur_synth_commit(p->synth, t.phrase), 0);
    return t;
}

static uint32_t listen(struct player *p, uint32_t chunks)
{
    for (uint32_t k = 0; k < chunks; k++) {
        while (!aur_synth_ready(p->synth, SMALL))
            sched_yield();
        player_chunk(p, SMALL);
    }
    return chunks;
}

/* Renders until the backend is so, however long the worker is kept from running; returns how many chunks it took. */
static uint32_t until(struct player *p, struct aur_backend *backend, enum aur_backend_state wanted)
{
    struct aur_backend_report report;
    for (uint32_t k = 0;; k++) {
        aur_backend_tell(backend, &report);
        if (report.state == wanted)
            return k;
        if (report.state == AUR_BACKEND_FAILED || report.state == AUR_BACKEND_DECLINED)
            fail_msg("state %d, not %d", (int)report.state, (int)wanted);
        listen(p, 1);
        sched_yield();
    }
}

/* The same phrases at the same chunks, without a device. */
static uint64_t hash_alone(const struct taken *taken, size_t n, uint32_t chunks)
{
    struct player q;
    player_init(&q, NULL, steady(0, 0, FEW), SMALL);
    for (uint32_t k = 0; k < chunks; k++) {
        for (size_t i = 0; i < n; i++)
            if (taken[i].chunk == k)
                assert_int_equal(aur_synth_commit(q.synth, taken[i].phrase), 0);
        player_chunk(&q, SMALL);
    }
    player_deinit(&q);
    return q.hash;
}

static void taken_when_there_is_enough_to_do(void **state)
{
    (void)state;
    struct aur_backend_config config = {.open = open_fake, .clock = fake_clock, .rate_hz = RATE, .isa = aur_isa_best()};
    struct aur_backend_report report;
    struct aur_backend *backend;
    struct aur_synth_counts counts;
    struct taken taken[2];
    struct player p;
    assert_int_equal(aur_backend_new(&backend, &config, NULL), 0);
    assert_int_equal(settled(backend, &report), AUR_BACKEND_TRIAL);
    assert_null(report.device);
    player_init(&p, backend, steady(0, 0, FEW), SMALL);
    uint32_t chunks = until(&p, backend, AUR_BACKEND_RESTING);
    aur_synth_counts(p.synth, &counts);
    assert_int_equal(counts.backend_blocks, 0);
    assert_int_equal(counts.fallbacks, 0);
    aur_backend_tell(backend, &report);
    assert_true(report.work_device_s > report.work_cpu_s);
    taken[0] = take(&p, 1, chunks, MANY);
    chunks += until(&p, backend, AUR_BACKEND_READY);
    aur_backend_tell(backend, &report);
    assert_true(report.work_device_s < report.work_cpu_s);
    assert_int_equal(report.trials, 2);
    chunks += listen(&p, 256); /* so that the load, a mean, is the many */
    taken[1] = take(&p, 2, chunks, FEW);
    chunks += until(&p, backend, AUR_BACKEND_RESTING);
    aur_synth_counts(p.synth, &counts);
    assert_true(counts.backend_blocks > 0);
    assert_true(p.hash == hash_alone(taken, 2, chunks));
    player_deinit(&p);
    aur_phrase_free(taken[0].phrase);
    aur_phrase_free(taken[1].phrase);
    aur_backend_free(backend);
}

static void declined_when_it_lies_on_the_work(void **state)
{
    (void)state;
    struct aur_backend_config config = {.open = open_fake, .clock = fake_clock, .rate_hz = RATE, .isa = aur_isa_best()};
    struct aur_backend_report report;
    struct aur_backend *backend;
    struct player p;
    assert_int_equal(aur_backend_new(&backend, &config, NULL), 0);
    assert_int_equal(settled(backend, &report), AUR_BACKEND_TRIAL);
    assert_true(report.exact);
    atomic_store(&lies, true);
    player_init(&p, backend, steady(0, 0, FEW), SMALL);
    until(&p, backend, AUR_BACKEND_DECLINED);
    atomic_store(&lies, false);
    aur_backend_tell(backend, &report);
    assert_false(report.exact);
    player_deinit(&p);
    aur_backend_free(backend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fewer_launches_than_jobs),         cmocka_unit_test(a_failed_launch_is_replaced_for_all),
        cmocka_unit_test(no_memory_for_a_launch),           cmocka_unit_test(who_leaves_disturbs_nobody),
        cmocka_unit_test(taken_when_there_is_enough_to_do), cmocka_unit_test(declined_when_it_lies_on_the_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
