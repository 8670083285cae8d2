/* Users' wavetables: what a level holds, the store, and how they sound: without aliases, the same bytes on every
 * instruction set and on a device. */
#include "synth/tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "rig.h"
#include "rt/thread.h"
#include "support/failing_alloc.h"
#include "support/unit.h"
#include "synth/backend.h"
#include "synth/bandlimit.h"
#include "synth/wavetable.h"
#include "tone.h"

#define RATE   44100
#define FRAMES AUR_WAVE_FRAMES
#define MOST   256

static struct aur_tables *store_new(void)
{
    struct aur_tables *tables;
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    return tables;
}

/* A saw that jumps between two frames: partials of 2/(pi k) and a little more. */
static void saw(float *cycle)
{
    for (int i = 0; i < FRAMES; i++)
        cycle[i] = (float)((2 * i + 1) / (double)FRAMES - 1);
}

/* Anything, the same each time. */
static void noise(float *cycle, const char *name)
{
    uint64_t key = aur_rand_key(1, 0, name);
    for (int i = 0; i < FRAMES; i++)
        cycle[i] = (float)(aur_rand_unit(key, (uint64_t)i) - 0.3);
}

static struct aur_table add(struct aur_tables *tables, const float *frames, uint32_t n, uint32_t partials)
{
    const struct aur_cycles cycles = {frames, n, partials};
    struct aur_table table;
    struct aur_error err;
    if (aur_tables_add(tables, &table, 1, &cycles, &err) < 0)
        fail_msg("%s", err.message);
    return table;
}

/* ---- levels ---- */

/* Partials 0 to `n` of a period, complex. */
static void partials_of(double *re, double *im, const float *cycle, int n)
{
    static double c[FRAMES], s[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        c[i] = cos(2 * M_PI * i / FRAMES);
        s[i] = sin(2 * M_PI * i / FRAMES);
    }
    for (int k = 0; k <= n; k++) {
        re[k] = im[k] = 0;
        for (int i = 0; i < FRAMES; i++) {
            re[k] += (double)cycle[i] * c[k * i % FRAMES] * 2 / FRAMES;
            im[k] += (double)cycle[i] * s[k * i % FRAMES] * 2 / FRAMES;
        }
    }
}

/* Each level has the cycle's partials up to its own number, to a millionth, and nothing else up to half the frames. */
static void levels_hold_the_partials(void **state)
{
    (void)state;
    static double re[MOST + 1], im[MOST + 1], x[FRAMES / 2 + 1], y[FRAMES / 2 + 1];
    static float cycle[FRAMES], shape[AUR_WAVE_SHAPE_FLOATS];
    static struct aur_bandlimit work;
    static const unsigned limits[] = {3, 100, 2000};
    noise(cycle, "levels");
    partials_of(re, im, cycle, MOST);
    aur_bandlimit_init(&work);
    for (int l = 0; l < 3; l++) {
        double power = 0;
        for (unsigned k = 1; k <= MOST && k <= limits[l]; k++)
            power += re[k] * re[k] + im[k] * im[k];
        assert_true(fabs(aur_bandlimit(&work, shape, cycle, limits[l]) / power - 1) < 1e-9);
        for (int level = 0; level < AUR_WAVE_LEVELS; level++) {
            const float *table = shape + level * AUR_WAVE_STRIDE;
            partials_of(x, y, table, FRAMES / 2);
            for (unsigned k = 0; k <= FRAMES / 2; k++) {
                bool in = k > 0 && k <= 1u << level && k <= limits[l];
                double off = hypot(x[k] - (in ? re[k] / sqrt(power) : 0), y[k] - (in ? im[k] / sqrt(power) : 0));
                if (!(off < 1e-6))
                    fail_msg("limit %u, level %d, partial %u: %g off", limits[l], level, k, off);
            }
            assert_memory_equal(table, table + FRAMES, (AUR_WAVE_STRIDE - FRAMES) * sizeof *table);
        }
    }
}

static void what_is_no_cycle(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *message;
    } cases[] = {{0.5f, "cycle 2 is silent"},
                 {NAN, "cycle 2 holds what is not a sound: not a number, or beyond measure"},
                 {INFINITY, "cycle 2 holds what is not a sound: not a number, or beyond measure"}};
    static float frames[2 * FRAMES];
    struct aur_tables *tables = store_new();
    struct aur_table table, after;
    struct aur_error err;
    for (int i = 0; i < 3; i++) {
        const struct aur_cycles cycles = {frames, 2, MOST};
        saw(frames);
        for (int k = 0; k < FRAMES; k++)
            frames[FRAMES + k] = cases[i].value;
        assert_int_equal(aur_tables_add(tables, &table, 1, &cycles, &err), AUR_EINVAL);
        assert_string_equal(err.message, cases[i].message);
    }
    static const uint32_t numbers[] = {0, AUR_TABLE_CYCLES_MAX + 1};
    for (int i = 0; i < 2; i++) {
        const struct aur_cycles cycles = {frames, numbers[i], MOST};
        assert_int_equal(aur_tables_add(tables, &table, 1, &cycles, &err), AUR_EINVAL);
    }
    after = add(tables, frames, 1, MOST); /* nothing was lost by it */
    assert_int_equal(after.at, AUR_WAVE_FLOATS);
    aur_tables_free(tables);
}

/* ---- the store ---- */

static void found_by_hash(void **state)
{
    (void)state;
    static float frames[3 * FRAMES];
    struct aur_tables *a = store_new(), *b = store_new();
    struct aur_cycles kept;
    struct aur_table found;
    saw(frames);
    noise(frames + FRAMES, "one");
    noise(frames + 2 * FRAMES, "two");
    const struct aur_table set = add(a, frames, 3, MOST), one = add(a, frames, 1, MOST), few = add(a, frames, 1, 10);
    assert_int_equal(set.shapes, 3);
    assert_int_equal(one.shapes, 2);
    assert_true(set.hash != one.hash && one.hash != few.hash);
    assert_int_equal(one.at, set.at + 3 * AUR_WAVE_SHAPE_FLOATS);
    assert_int_equal(add(a, frames, 3, MOST).at, set.at); /* the same again */
    assert_true(aur_tables_find(a, &found, &kept, set.hash));
    assert_int_equal(found.at, set.at);
    assert_false(aur_tables_find(b, &found, &kept, set.hash));
    /* What one session kept gives another the same bytes, wherever they lie. */
    add(b, frames, 1, 10);
    const struct aur_table again = add(b, kept.frames, kept.n, kept.partials);
    assert_true(again.hash == set.hash && again.at != set.at);
    assert_memory_equal(aur_tables_values(a) + set.at, aur_tables_values(b) + again.at,
                        3 * AUR_WAVE_SHAPE_FLOATS * sizeof(float));
    assert_memory_equal(aur_tables_values(a) + one.at, aur_tables_values(a) + one.at + AUR_WAVE_SHAPE_FLOATS,
                        AUR_WAVE_SHAPE_FLOATS * sizeof(float));
    aur_tables_free(a);
    aur_tables_free(b);
}

static void found_by_source(void **state)
{
    (void)state;
    static float frames[FRAMES];
    struct aur_tables *tables = store_new();
    struct aur_table table, found;
    saw(frames);
    const struct aur_cycles cycles = {frames, 1, MOST};
    assert_false(aur_tables_find_source(tables, &found, 77));
    assert_int_equal(aur_tables_add(tables, &table, 77, &cycles, NULL), 0);
    assert_true(aur_tables_find_source(tables, &found, 77));
    assert_true(found.hash == table.hash && found.at == table.at);
    aur_tables_free(tables);
}

static void full_store(void **state)
{
    (void)state;
    static float frames[AUR_TABLE_CYCLES_MAX * FRAMES];
    struct aur_tables *tables = store_new();
    struct aur_table table, found;
    struct aur_cycles kept;
    struct aur_error err;
    int i = 0, rc = AUR_OK;
    for (; rc == AUR_OK; i++) {
        for (int k = 0; k < AUR_TABLE_CYCLES_MAX; k++)
            saw(frames + (size_t)k * FRAMES);
        frames[i] = 0.123f;
        const struct aur_cycles cycles = {frames, AUR_TABLE_CYCLES_MAX, MOST};
        rc = aur_tables_add(tables, &table, 1, &cycles, &err);
    }
    assert_int_equal(rc, AUR_ELIMIT);
    assert_int_equal(i - 1, AUR_TABLES_SHAPES / AUR_TABLE_CYCLES_MAX);
    assert_string_equal(err.message, "the session's store of wavetables is full (256 of 256 shapes, this needs 16); it "
                                     "empties when the program starts anew");
    assert_true(aur_tables_find(tables, &found, &kept, table.hash)); /* what is there stays */
    aur_tables_free(tables);
}

static void without_memory(void **state)
{
    (void)state;
    static float frames[FRAMES];
    const struct aur_cycles cycles = {frames, 1, MOST};
    saw(frames);
    int failed = 0;
    for (long nth = 0;; nth++) {
        struct aur_tables *tables = NULL;
        struct aur_table table;
        failing_alloc_arm(nth);
        int rc = aur_tables_new(&tables, NULL);
        if (rc == AUR_OK)
            rc = aur_tables_add(tables, &table, 1, &cycles, NULL);
        bool fired = failing_alloc_disarm();
        assert_int_equal(rc, fired ? AUR_ENOMEM : AUR_OK);
        aur_tables_free(tables);
        if (!fired)
            break;
        failed++;
    }
    assert_true(failed >= 4);
}

/* ---- how they sound ---- */

static const struct {
    const char *param;
    double value;
} open_wave[] = {{"cutoff", 16000}, {"keytrack", 0}, {"lfo_depth", 0}, {"detune", 0},
                 {"attack", 0.05},  {"sustain", 1},  {"place", 0}};

static uint16_t wave_patch(struct rig *rig, struct aur_table table)
{
    uint16_t patch = rig_patch(rig, "it", AUR_VOICE_WAVE);
    rig->patches[patch].table = table;
    for (size_t i = 0; i < sizeof open_wave / sizeof *open_wave; i++)
        rig_set(rig, patch, open_wave[i].param, open_wave[i].value);
    return patch;
}

static struct audio render(const struct aur_tables *tables, struct rig *rig, enum aur_isa isa,
                           struct aur_backend *backend, double seconds)
{
    const struct aur_synth_config config = {
        .rate_hz = rig->head.rate_hz, .isa = isa, .tables = tables, .backend = backend};
    struct aur_synth *synth;
    struct aur_phrase *phrase = rig_phrase(rig);
    assert_int_equal(aur_synth_new(&synth, &config, NULL), 0);
    assert_int_equal(aur_synth_commit(synth, phrase), 0);
    struct audio out = rig_more(synth, rig->head.rate_hz, (size_t)(seconds * rig->head.rate_hz));
    aur_synth_free(synth);
    aur_phrase_free(phrase);
    return out;
}

/* SuperCollider's Saw has -56, -57.6 and -53.4 dB at these pitches. */
static void saws_do_not_alias(void **state)
{
    (void)state;
    static const struct {
        double hz, most_db;
    } cases[] = {{1000, -56}, {2500, -57.6}, {5000, -53.4}};
    static const uint32_t rates[] = {44100, 48000};
    static struct rig rig;
    static float frames[FRAMES];
    struct aur_tables *tables = store_new();
    saw(frames);
    const struct aur_table table = add(tables, frames, 1, MOST);
    for (int i = 0; i < 6; i++) {
        rig_init(&rig, rates[i % 2]);
        struct aur_note *note = rig_note(&rig, wave_patch(&rig, table), 0, 8, tone_pitch(cases[i / 2].hz), 0.6);
        struct audio a = render(tables, &rig, aur_isa_best(), NULL, 6);
        struct audio steady = audio_slice(&a, a.rate, 4 * a.rate);
        double db = audio_off_harmonics_db(&steady, tone_hz((double)note->pitch_q16 / AUR_Q16_ONE));
        print_message("aliases of a user's saw at %.0f Hz, rate %u: %.1f dB\n", cases[i / 2].hz, a.rate, db);
        if (!(db < cases[i / 2].most_db))
            fail_msg("aliases at %g Hz: %g dB", cases[i / 2].hz, db);
        tone_free(&a);
    }
    aur_tables_free(tables);
}

/* Played at 110 Hz, a saw's partials fall as 1/k, as far as the filter at 16 kHz lets them. */
static void partials_are_heard(void **state)
{
    (void)state;
    static struct rig rig;
    static float frames[FRAMES];
    double phase;
    struct aur_tables *tables = store_new();
    saw(frames);
    rig_init(&rig, RATE);
    rig_note(&rig, wave_patch(&rig, add(tables, frames, 1, MOST)), 0, 8, 45, 0.6);
    struct audio a = render(tables, &rig, aur_isa_best(), NULL, 3);
    double first = tone_component(&phase, &a, 110, RATE, RATE);
    for (int k = 2; k <= 32; k++) {
        double db = 20 * log10(k * tone_component(&phase, &a, 110.0 * k, RATE, RATE) / first);
        if (!(fabs(db) < 0.2))
            fail_msg("partial %d is %g dB off", k, db);
    }
    tone_free(&a);
    aur_tables_free(tables);
}

/* One cycle alone, a set of three and the built-in shapes, each walked through by the LFO. */
/* They are worked out when they are asked for, or when a user's come; until then nobody plays them. */
static void built_in_ones_come_when_they_are_needed(void **state)
{
    (void)state;
    static float own[AUR_WAVE_FLOATS];
    struct aur_tables *tables = store_new();
    struct aur_synth_config config = {.rate_hz = 48000, .isa = AUR_ISA_SCALAR, .tables = tables};
    struct aur_synth *synth;
    static struct rig rig;
    rig_init(&rig, 48000);
    rig_note(&rig, rig_patch(&rig, "it", AUR_VOICE_WAVE), 0, 1, 60, 0.6);
    struct aur_phrase *phrase = rig_phrase(&rig);
    assert_int_equal(aur_synth_new(&synth, &config, NULL), 0);
    assert_false(aur_tables_have_builtin(tables));
    assert_int_equal(aur_synth_commit(synth, phrase), AUR_EINVAL);
    aur_tables_builtin(tables);
    aur_tables_builtin(tables);
    assert_true(aur_tables_have_builtin(tables));
    assert_int_equal(aur_synth_commit(synth, phrase), 0);
    aur_wavetable_fill(own);
    assert_memory_equal(aur_tables_values(tables), own, sizeof own);
    aur_synth_free(synth);
    aur_tables_free(tables);
    tables = store_new();
    static const float frames[FRAMES] = {1};
    add(tables, frames, 1, MOST);
    assert_memory_equal(aur_tables_values(tables), own, sizeof own);
    aur_tables_free(tables);
    aur_phrase_free(phrase);
}

static void make_score(struct rig *rig, struct aur_tables *tables)
{
    static float frames[3 * FRAMES];
    saw(frames);
    noise(frames + FRAMES, "one");
    noise(frames + 2 * FRAMES, "two");
    const struct aur_table refs[] = {add(tables, frames, 1, MOST), add(tables, frames, 3, MOST), {0}};
    static const char *const names[] = {"one", "set", "own"};
    rig_init(rig, RATE);
    for (int i = 0; i < 3; i++) {
        uint16_t patch = rig_patch(rig, names[i], AUR_VOICE_WAVE);
        rig->patches[patch].table = refs[i];
        rig_set(rig, patch, "place", 0.5);
        rig_set(rig, patch, "lfo_depth", 1);
        rig_set(rig, patch, "lfo_rate", 3);
        for (int k = 0; k < 20; k++)
            rig_note(rig, patch, 0.07 * k + 0.01 * i, 0.4, 30 + 3.3 * k, 0.5);
    }
}

static void same_on_every_isa(void **state)
{
    (void)state;
    static struct rig rig;
    struct aur_tables *tables = store_new();
    make_score(&rig, tables);
    struct audio want = render(tables, &rig, AUR_ISA_SCALAR, NULL, 2);
    struct audio_levels levels;
    audio_measure(&levels, &want);
    assert_true(levels.finite && levels.rms_db > -40);
    for (int isa = 0; isa < AUR_ISAS; isa++) {
        if (!aur_isa_supported((enum aur_isa)isa))
            continue;
        struct audio got = render(tables, &rig, (enum aur_isa)isa, NULL, 2);
        assert_memory_equal(got.data, want.data, want.frames * 2 * sizeof(float));
        tone_free(&got);
    }
    tone_free(&want);
    aur_tables_free(tables);
}

static int open_cpu(struct aur_device *out, struct aur_error *err)
{
    (void)err;
    aur_device_cpu(out, aur_kernels_get(AUR_ISA_SCALAR));
    return AUR_OK;
}

/* On a device that is the CPU, and on the OpenCL device if there is one. Twice: the second synth finds the first one's
 * tables and more. */
static void same_on_a_device(void **state)
{
    (void)state;
    static struct rig rig;
    static float frames[FRAMES];
    for (int opencl = 0; opencl < 2; opencl++) {
        struct aur_tables *tables = store_new();
        const struct aur_backend_config config = {
            .open = opencl ? NULL : open_cpu, .forced = true, .wait = true, .rate_hz = RATE, .isa = aur_isa_best()};
        struct aur_backend *backend;
        struct aur_backend_report report;
        int rc = aur_backend_new(&backend, &config, NULL);
        if (opencl && rc == AUR_ENOTFOUND) {
            print_message("there is no OpenCL device\n");
            aur_tables_free(tables);
            return;
        }
        assert_int_equal(rc, 0);
        for (int again = 0; again < 2; again++) {
            make_score(&rig, tables);
            noise(frames, "later");
            if (again)
                rig.patches[2].table = add(tables, frames, 1, MOST);
            struct audio want = render(tables, &rig, aur_isa_best(), NULL, 2);
            struct audio got = render(tables, &rig, aur_isa_best(), backend, 2);
            assert_memory_equal(got.data, want.data, want.frames * 2 * sizeof(float));
            tone_free(&want);
            tone_free(&got);
        }
        aur_backend_tell(backend, &report);
        assert_int_equal(report.failed, 0);
        assert_true(report.blocks > 0);
        aur_backend_free(backend);
        aur_tables_free(tables);
    }
}

static void a_patch_needs_its_store(void **state)
{
    (void)state;
    static struct rig rig;
    static const struct aur_table bad[] = {{1, AUR_WAVE_FLOATS, 2},
                                           {1, 0, AUR_WAVE_SHAPES + 1},
                                           {1, UINT32_MAX, 2},
                                           {1, AUR_WAVE_SHAPE_FLOATS, UINT32_MAX},
                                           {1, 0, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rig_init(&rig, RATE);
        wave_patch(&rig, bad[i]);
        struct aur_synth *synth = rig_synth(RATE, false);
        struct aur_phrase *phrase = rig_phrase(&rig);
        assert_int_equal(aur_synth_commit(synth, phrase), AUR_EINVAL);
        aur_synth_free(synth);
        aur_phrase_free(phrase);
    }
}

/* ---- while it sounds ---- */

static void keep_adding(void *user)
{
    static float frames[FRAMES];
    noise(frames, "more");
    for (int i = 0; i < 20; i++) {
        frames[i] += 0.25f;
        add(user, frames, 1, MOST);
    }
}

/* Tables come while others are played: the sound is what it would be, and nobody reads what is being written. */
static void added_while_it_sounds(void **state)
{
    (void)state;
    static struct rig rig;
    struct aur_tables *tables = store_new();
    struct aur_thread thread;
    make_score(&rig, tables);
    struct audio want = render(tables, &rig, aur_isa_best(), NULL, 1);
    const struct aur_thread_config config = {.name = "adds", .run = keep_adding, .user = tables};
    assert_int_equal(aur_thread_start(&thread, &config, NULL), 0);
    for (int i = 0; i < 3; i++) {
        struct audio got = render(tables, &rig, aur_isa_best(), NULL, 1);
        assert_memory_equal(got.data, want.data, want.frames * 2 * sizeof(float));
        tone_free(&got);
    }
    aur_thread_join(&thread);
    tone_free(&want);
    aur_tables_free(tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_hold_the_partials),
        cmocka_unit_test(what_is_no_cycle),
        cmocka_unit_test(found_by_hash),
        cmocka_unit_test(found_by_source),
        cmocka_unit_test(full_store),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(built_in_ones_come_when_they_are_needed),
        cmocka_unit_test(saws_do_not_alias),
        cmocka_unit_test(partials_are_heard),
        cmocka_unit_test(same_on_every_isa),
        cmocka_unit_test(same_on_a_device),
        cmocka_unit_test(a_patch_needs_its_store),
        cmocka_unit_test(added_while_it_sounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
