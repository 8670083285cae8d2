/* Voices rendered by a backend: the same bytes as the CPU's own, whatever happens to the backend. */
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
#define CHUNKS  USUAL_OR_SANITIZED(40, 28)
#define PATIENT 1000000000

/* Chords that overlap the jobs' ends, notes off the chunks' grid, several voices. */
static struct aur_phrase *score(uint32_t rate)
{
    static struct rig rig;
    rig_init(&rig, rate);
    for (int v = 0; v < AUR_VOICES && v < 12; v++) {
        uint16_t patch = rig_patch(&rig, aur_voices[v].name, (enum aur_voice)v);
        for (int k = 0; k < 14; k++)
            rig_note(&rig, patch, 0.27 * k + 0.013 * v, 0.1 + 0.11 * (k % 5), 40 + (7 * k + 3 * v) % 40, 0.6);
    }
    return rig_phrase(&rig);
}

struct outcome {
    uint64_t hash;
    struct aur_synth_counts counts;
};

/* Renders in chunks as a channel does; patient: waits for the backend before each. */
static struct outcome play(struct aur_backend *backend, uint32_t max_voices, bool patient, void (*before)(int chunk))
{
    struct outcome out = {.hash = AUR_HASH_START};
    struct aur_synth_config config = {.rate_hz = RATE,
                                      .isa = aur_isa_best(),
                                      .effects = true,
                                      .max_voices = max_voices,
                                      .backend = backend,
                                      .chunk_frames = CHUNK};
    struct aur_phrase *phrase = score(RATE);
    struct aur_synth *synth;
    static float samples[2 * CHUNK];
    double power = 0;
    assert_int_equal(aur_synth_new(&synth, &config, NULL), 0);
    assert_int_equal(aur_synth_commit(synth, phrase), 0);
    for (int k = 0; k < CHUNKS; k++) {
        if (before)
            before(k);
        bool ready = aur_synth_ready(synth, CHUNK);
        for (int i = 0; patient && !ready && i < PATIENT; i++, ready = aur_synth_ready(synth, CHUNK))
            sched_yield();
        aur_synth_render(synth, samples, CHUNK);
        out.hash = aur_hash64(samples, sizeof samples, out.hash);
        for (size_t i = 0; i < 2 * CHUNK; i++)
            power += (double)(samples[i] * samples[i]);
    }
    assert_true(power > 1);
    aur_synth_counts(synth, &out.counts);
    aur_synth_free(synth);
    aur_phrase_free(phrase);
    return out;
}

static struct aur_backend *open_backend(bool wait, bool forced)
{
    struct aur_backend_config config = {.forced = forced, .wait = wait, .rate_hz = RATE, .isa = aur_isa_best()};
    struct aur_backend *backend;
    struct aur_error err = {0};
    if (aur_backend_new(&backend, &config, &err) < 0)
        fail_msg("%s", err.message);
    return backend;
}

static enum aur_backend_state settled(struct aur_backend *backend, struct aur_backend_report *report)
{
    do {
        sched_yield();
        aur_backend_tell(backend, report);
    } while (report->state == AUR_BACKEND_OPENING);
    return report->state;
}

/* ---- the same bytes ---- */

static void same_bytes_offline(void **state)
{
    static const struct {
        bool gpu, fma;
        const char *what;
    } looks[] = {{false, true, "16 lanes a work-item"},
                 {true, true, "groups side by side"},
                 {true, false, "the same without fma"}};
    (void)state;
    uint64_t want = play(NULL, 0, false, NULL).hash, few = play(NULL, 20, false, NULL).hash;
    assert_true(want != few);
    for (size_t i = 0; i < 3; i++) {
        struct aur_backend_report report;
        fault_look(looks[i].gpu, looks[i].fma);
        struct aur_backend *backend = open_backend(true, true);
        aur_backend_tell(backend, &report);
        print_message("%s, %s: %.1f ms, CPU %.1f ms\n", report.device, looks[i].what, report.device_s * 1e3,
                      report.cpu_s * 1e3);
        assert_true(report.exact);
        struct outcome got = play(backend, 0, false, NULL);
        assert_true(got.hash == want);
        assert_int_equal(got.counts.cpu_blocks, 0);
        assert_true(got.counts.backend_blocks >= CHUNKS * CHUNK / 64);
        assert_true(play(backend, 20, false, NULL).hash == few); /* voices are stolen */
        aur_backend_free(backend);
    }
    fault_clear();
}

static void same_bytes_live(void **state)
{
    (void)state;
    struct aur_backend_report report;
    uint64_t want = play(NULL, 0, false, NULL).hash;
    struct aur_backend *backend = open_backend(false, true);
    assert_true(play(backend, 0, false, NULL).hash == want); /* most likely before the device is there */
    aur_backend_free(backend);                               /* with what it may still be rendering */
    backend = open_backend(false, true);
    assert_int_equal(settled(backend, &report), AUR_BACKEND_READY);
    struct outcome got = play(backend, 0, true, NULL);
    assert_true(got.hash == want);
    assert_int_equal(got.counts.fallbacks, 0);
    assert_int_equal(got.counts.cpu_blocks, 0);
    assert_true(play(backend, 20, true, NULL).hash == play(NULL, 20, false, NULL).hash);
    aur_backend_free(backend);
}

/* ---- faults ---- */

static void opening_fails(void **state)
{
    (void)state;
    uint64_t want = play(NULL, 0, false, NULL).hash;
    for (int call = 0; call < FAULT_CALLS; call++) {
        struct aur_backend_report report;
        struct aur_backend_config config = {.forced = true, .wait = true, .rate_hz = RATE, .isa = aur_isa_best()};
        struct aur_error err = {0};
        struct aur_backend *backend;
        fault_fail((enum fault_call)call, 0);
        assert_int_equal(aur_backend_new(&backend, &config, &err), AUR_EIO);
        if (!strstr(err.message, fault_names[call]))
            fail_msg("%s is not named in: %s", fault_names[call], err.message);
        backend = open_backend(false, true);
        assert_int_equal(settled(backend, &report), AUR_BACKEND_FAILED);
        struct outcome got = play(backend, 0, true, NULL);
        assert_true(got.hash == want);
        assert_int_equal(got.counts.backend_blocks, 0);
        aur_backend_free(backend);
        fault_clear();
    }
}

static enum fault_call failing;

static void fail_at_10(int chunk)
{
    if (chunk == 10)
        fault_fail(failing, 0);
}

static void device_lost_while_playing(void **state)
{
    static const enum fault_call calls[] = {FAULT_WRITE, FAULT_LAUNCH, FAULT_READ, FAULT_FINISH};
    (void)state;
    uint64_t want = play(NULL, 0, false, NULL).hash;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        for (int wait = 0; wait < 2; wait++) {
            struct aur_backend_report report;
            struct aur_backend *backend = open_backend(wait, true);
            settled(backend, &report);
            failing = calls[i];
            struct outcome got = play(backend, 0, true, fail_at_10);
            aur_backend_tell(backend, &report);
            assert_true(got.hash == want);
            assert_true(got.counts.backend_blocks > 0 && got.counts.cpu_blocks > 0);
            assert_int_equal(got.counts.fallbacks, 1);
            assert_int_equal(report.failed, 1);
            assert_int_equal(report.state, AUR_BACKEND_FAILED);
            assert_non_null(strstr(report.error.message, fault_names[calls[i]]));
            aur_backend_free(backend);
            fault_clear();
        }
}

static void stall_at_10(int chunk)
{
    if (chunk == 10)
        fault_stall(0);
    if (chunk == 25)
        fault_go_on();
}

/* The device hangs for a while: its job is replaced, and it goes on later. */
static void late_while_playing(void **state)
{
    (void)state;
    struct aur_backend_report report;
    uint64_t want = play(NULL, 0, false, NULL).hash;
    struct aur_backend *backend = open_backend(false, true);
    assert_int_equal(settled(backend, &report), AUR_BACKEND_READY);
    fault_stall(0);
    struct outcome got = play(backend, 0, false, NULL);
    assert_true(got.hash == want);
    assert_true(got.counts.fallbacks >= 1 && got.counts.cpu_blocks > 0);
    aur_backend_tell(backend, &report);
    assert_true(report.late >= 1);
    assert_int_equal(report.failed, 0);
    fault_go_on();
    aur_backend_free(backend);
    fault_clear();
}

/* Late every time: after a few it is left alone. */
static void always_late(void **state)
{
    (void)state;
    struct aur_backend_report report;
    uint64_t want = play(NULL, 0, false, NULL).hash;
    struct aur_backend *backend = open_backend(false, true);
    assert_int_equal(settled(backend, &report), AUR_BACKEND_READY);
    struct outcome got = play(backend, 0, false, stall_at_10);
    assert_true(got.hash == want);
    aur_backend_tell(backend, &report);
    assert_int_equal(report.state, AUR_BACKEND_FAILED);
    assert_int_equal(report.late, AUR_BACKEND_LATE);
    assert_int_equal(got.counts.fallbacks, AUR_BACKEND_LATE);
    assert_non_null(strstr(report.error.message, "too late for 3 jobs"));
    fault_go_on();
    aur_backend_free(backend);
    fault_clear();
}

/* ---- choosing ---- */

static int almost_run(void *self, const struct aur_device_work *work, size_t n, struct aur_error *err)
{
    static struct aur_lane_sums sums;
    (void)self;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        aur_job_render(work[i].job, work[i].result, aur_kernels_get(AUR_ISA_SCALAR), &sums);
        if (work[i].job->n_chains)
            work[i].result->sums[0].l[5] += 1e-6f;
    }
    return AUR_OK;
}

static int open_almost(struct aur_device *out, struct aur_error *err)
{
    (void)err;
    *out = (struct aur_device){.name = "almost", .run = almost_run};
    return AUR_OK;
}

static int open_scalar(struct aur_device *out, struct aur_error *err)
{
    (void)err;
    aur_device_cpu(out, aur_kernels_get(AUR_ISA_SCALAR));
    return AUR_OK;
}

static void taken_only_if_equal(void **state)
{
    static const struct {
        int (*open)(struct aur_device *out, struct aur_error *err);
        bool forced, exact;
        enum aur_backend_state state;
    } cases[] = {
        {open_almost, false, false, AUR_BACKEND_DECLINED},
        {open_almost, true, false, AUR_BACKEND_READY},
        {open_scalar, false, true, AUR_BACKEND_TRIAL}, /* has to prove itself on the work */
        {open_scalar, true, true, AUR_BACKEND_READY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aur_backend_report report;
        struct aur_backend *backend;
        struct aur_backend_config config = {
            .open = cases[i].open, .forced = cases[i].forced, .rate_hz = RATE, .isa = aur_isa_best()};
        assert_int_equal(aur_backend_new(&backend, &config, NULL), 0);
        assert_int_equal(settled(backend, &report), cases[i].state);
        assert_int_equal(report.exact, cases[i].exact);
        if (cases[i].forced)
            assert_int_equal(strstr(report.device, "inexact") != NULL, !cases[i].exact);
        aur_backend_free(backend);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_offline),  cmocka_unit_test(same_bytes_live),
        cmocka_unit_test(opening_fails),       cmocka_unit_test(device_lost_while_playing),
        cmocka_unit_test(late_while_playing),  cmocka_unit_test(always_late),
        cmocka_unit_test(taken_only_if_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
