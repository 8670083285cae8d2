/* Batches rendered: the same files with any number of workers, failures that stay alone, and going on after a stop. */
#include "batch/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "support/unit.h"

#define TASKS 6

static const char good[] = "return { patches = { p = { voice = 'pluck' } }, phrase = function(ctx)\n"
                           "  local s = ctx.random('x')\n"
                           "  for i = 0, 7 do ctx:note { patch = 'p', at = i / 2, beats = 1, pitch = s:int(60, 80),\n"
                           "    velocity = 0.7 } end\n"
                           "  return 1 end }\n";
static const char bad[] = "return { phrase = function(ctx) if ctx.phrase > 0 then error('no') end return 1 end }\n";

struct fixture {
    char dir[64];
    struct aur_batch_entry entries[TASKS];
    char names[TASKS][8];
    struct aur_shelf shelf;
    struct aur_task tasks[TASKS];
    struct aur_batch_run run;
    int interrupted, stop_after, ended;
};

static void write_text(const struct fixture *f, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int load(void *user, struct aur_piece **out, const char *path, struct aur_error *err)
{
    const struct aur_piece_source source = {.path = path};
    (void)user;
    return aur_piece_load(out, &source, err);
}

/* On a worker's thread, one at a time. */
static void on_task(void *user, const struct aur_task *task)
{
    struct fixture *f = user;
    if (task->state == AUR_TASK_RUNNING)
        return;
    if (++f->ended == f->stop_after)
        __atomic_store_n(&f->interrupted, 1, __ATOMIC_RELAXED);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->dir, "/tmp/auralis-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    write_text(f, "good.lua", good);
    write_text(f, "bad.lua", bad);
    f->shelf = (struct aur_shelf){.folder = f->dir, .load = load};
    f->run = (struct aur_batch_run){.workers = 1, .on_task = on_task, .user = f};
    f->run.task = (struct aur_task_config){.dir = f->dir,
                                           .synth = {.rate_hz = 44100, .isa = aur_isa_best(), .effects = true},
                                           .interrupted = &f->interrupted};
    for (int i = 0; i < TASKS; i++) {
        snprintf(f->names[i], sizeof f->names[i], "t%d", i);
        aur_batch_entry_default(&f->entries[i]);
        f->entries[i].name = f->names[i];
        f->entries[i].piece = "good.lua";
        f->entries[i].seed = (uint64_t)i;
        f->entries[i].phrases = 0;
        f->entries[i].duration_s = 0.5;
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    for (int i = 0; i < TASKS; i++)
        aur_task_deinit(&f->tasks[i]);
    aur_shelf_deinit(&f->shelf);
    snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

/* One run of the whole batch into the folder `to`; returns aur_batch_run's answer. */
static int run(struct fixture *f, const char *to, unsigned workers)
{
    static char dir[128];
    struct aur_error err = {0};
    struct aur_manifest *manifest = NULL;
    char inside[160];
    snprintf(dir, sizeof dir, "%s/%s", f->dir, to);
    snprintf(inside, sizeof inside, "%s/x", dir);
    assert_int_equal(aur_task_folders(inside, &err), AUR_OK);
    assert_int_equal(aur_manifest_open(&manifest, dir, true, &err), AUR_OK);
    f->run.task.dir = dir;
    f->run.workers = workers;
    f->run.manifest = manifest;
    for (int i = 0; i < TASKS; i++) {
        aur_task_deinit(&f->tasks[i]);
        assert_true(aur_task_prepare(&f->tasks[i], &f->entries[i], &f->shelf, &f->run.task));
        aur_batch_decide(&f->tasks[i], manifest, dir, false);
    }
    int rc = aur_batch_run(f->tasks, TASKS, &f->run, &err);
    aur_manifest_close(manifest);
    return rc;
}

static void count(const struct fixture *f, int out[AUR_TASK_STATES])
{
    memset(out, 0, AUR_TASK_STATES * sizeof *out);
    for (int i = 0; i < TASKS; i++)
        out[f->tasks[i].state]++;
}

static void same_file(const struct fixture *f, const char *a, const char *b, const char *name)
{
    struct aur_buf x, y;
    char path[160];
    aur_buf_init(&x);
    aur_buf_init(&y);
    snprintf(path, sizeof path, "%s/%s/%s", f->dir, a, name);
    assert_int_equal(aur_buf_read_file(&x, path, 1 << 24, NULL), AUR_OK);
    snprintf(path, sizeof path, "%s/%s/%s", f->dir, b, name);
    assert_int_equal(aur_buf_read_file(&y, path, 1 << 24, NULL), AUR_OK);
    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.data, y.data, x.len);
    aur_buf_deinit(&x);
    aur_buf_deinit(&y);
}

static void any_number_of_workers_writes_the_same(void **state)
{
    struct fixture *f = *state;
    int n[AUR_TASK_STATES];
    f->entries[2].has_loudness = true;
    f->entries[2].loudness_lufs = -30;
    f->entries[3].formats[AUR_BATCH_OPUS] = true;
    f->entries[4].beside[AUR_BATCH_STEMS] = f->entries[4].beside[AUR_BATCH_CHORDS] = true;
    assert_int_equal(run(f, "one", 1), AUR_OK);
    assert_int_equal(run(f, "many", 4), AUR_OK);
    count(f, n);
    assert_int_equal(n[AUR_TASK_DONE], TASKS);
    static const char *const names[] = {"t0.flac", "t1.flac", "t2.flac", "t3.opus", "t4.stems/mix.flac", "t5.flac"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        same_file(f, "one", "many", names[i]);
    assert_int_equal(run(f, "many", 4), AUR_OK);
    count(f, n);
    assert_int_equal(n[AUR_TASK_SKIPPED], TASKS);
}

static void failures_stay_alone(void **state)
{
    struct fixture *f = *state;
    int n[AUR_TASK_STATES];
    f->entries[0].piece = "bad.lua";
    f->entries[0].duration_s = 30;
    f->entries[2].piece = "none.lua";
    f->entries[4].cover = "good.lua";
    assert_int_equal(aur_wanted_put(&f->entries[5].wanted, "bpm", 900, NULL), AUR_OK);
    assert_int_equal(run(f, "out", 3), AUR_OK);
    count(f, n);
    assert_int_equal(n[AUR_TASK_DONE], 2);
    assert_int_equal(n[AUR_TASK_FAILED], 4);
    assert_non_null(strstr(f->tasks[0].err->message, "bad.lua:1: no"));
    assert_non_null(strstr(f->tasks[2].err->message, "none.lua"));
    assert_non_null(strstr(f->tasks[4].err->message, "PNG or JPEG"));
    assert_non_null(strstr(f->tasks[5].err->message, "40 to 200"));
}

static void a_stop_keeps_what_is_done(void **state)
{
    struct fixture *f = *state;
    int n[AUR_TASK_STATES];
    f->stop_after = 2;
    assert_int_equal(run(f, "out", 2), AUR_EBUSY);
    count(f, n);
    const int done = n[AUR_TASK_DONE];
    assert_true(done >= 2 && done <= 3 && n[AUR_TASK_FAILED] == 0);
    f->interrupted = f->stop_after = 0;
    assert_int_equal(run(f, "out", 2), AUR_OK);
    count(f, n);
    assert_int_equal(n[AUR_TASK_SKIPPED], done);
    assert_int_equal(n[AUR_TASK_DONE], TASKS - done);
}

static enum aur_task_state state_after(struct fixture *f)
{
    struct aur_manifest *manifest;
    assert_int_equal(aur_manifest_open(&manifest, f->run.task.dir, false, NULL), AUR_OK);
    aur_task_deinit(&f->tasks[0]);
    assert_true(aur_task_prepare(&f->tasks[0], &f->entries[0], &f->shelf, &f->run.task));
    aur_batch_decide(&f->tasks[0], manifest, f->run.task.dir, false);
    aur_manifest_close(manifest);
    return f->tasks[0].state;
}

static void everything_that_changes_the_files_counts(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "out", 2), AUR_OK);
    const struct aur_batch_entry was = f->entries[0];
    assert_int_equal(state_after(f), AUR_TASK_SKIPPED);
#define CHANGES(statement)                                                                                             \
    do {                                                                                                               \
        statement;                                                                                                     \
        assert_int_equal(state_after(f), AUR_TASK_CHANGED);                                                            \
        f->entries[0] = was;                                                                                           \
        assert_int_equal(state_after(f), AUR_TASK_SKIPPED);                                                            \
    } while (0)
    CHANGES(f->entries[0].seed = 99);
    CHANGES(f->entries[0].duration_s = 0.6);
    CHANGES(f->entries[0].fade_s = 0.1);
    CHANGES(f->entries[0].tail_s = 0.1);
    CHANGES(f->entries[0].rate_hz = 48000);
    CHANGES(f->entries[0].bits = AUR_BITS_16);
    CHANGES(f->entries[0].formats[AUR_BATCH_OPUS] = true);
    CHANGES(f->entries[0].beside[AUR_BATCH_MIDI] = true);
    CHANGES(f->entries[0].has_loudness = true);
    CHANGES(f->entries[0].peak_dbtp = -2);
    CHANGES(f->entries[0].tags[AUR_TAG_TITLE] = "x");
    CHANGES(assert_int_equal(aur_wanted_put(&f->entries[0].wanted, "intensity", 0.75, NULL), AUR_OK));
    f->run.task.synth.rate_hz = 48000;
    assert_int_equal(state_after(f), AUR_TASK_CHANGED);
}

static bool is_there(const struct fixture *f, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/out/%s", f->dir, name);
    return access(path, F_OK) == 0;
}

/* A patch and formats that an entry has no more; what somebody put there instead stays, and so does what is another's. */
static void what_an_entry_makes_no_more_goes(void **state)
{
    struct fixture *f = *state;
    static const char two[] =
        "return { patches = { p = { voice = 'pluck' }, q = { voice = 'pad' } }, phrase = function(ctx)\n"
        "  ctx:note { patch = 'p', at = 0, beats = 1, pitch = 60, velocity = 0.7 }\n"
        "  ctx:note { patch = 'q', at = 0, beats = 1, pitch = 60, velocity = 0.7 }\n"
        "  return 1 end }\n";
    write_text(f, "two.lua", two);
    f->entries[0].piece = "two.lua";
    f->entries[0].beside[AUR_BATCH_STEMS] = true;
    f->entries[0].beside[AUR_BATCH_MIDI] = true;
    f->entries[0].beside[AUR_BATCH_CHORDS] = true;
    assert_int_equal(run(f, "out", 1), AUR_OK);
    assert_true(is_there(f, "t0.stems/p.flac") && is_there(f, "t0.stems/q.flac") && is_there(f, "t0.mid"));
    f->entries[0].piece = "good.lua";
    f->entries[0].beside[AUR_BATCH_MIDI] = f->entries[0].beside[AUR_BATCH_CHORDS] = false;
    write_text(f, "out/t0.chords.txt", "mine, and of another length");
    f->interrupted = 1; /* nothing is begun, nothing goes */
    (void)run(f, "out", 1);
    assert_true(is_there(f, "t0.stems/q.flac"));
    f->interrupted = 0;
    assert_int_equal(run(f, "out", 1), AUR_OK);
    assert_true(is_there(f, "t0.stems/p.flac") && !is_there(f, "t0.stems/q.flac") && !is_there(f, "t0.mid"));
    assert_true(is_there(f, "t0.chords.txt") && is_there(f, "t1.flac"));
    f->entries[0].beside[AUR_BATCH_STEMS] = false;
    assert_int_equal(run(f, "out", 1), AUR_OK);
    assert_false(is_there(f, "t0.stems"));
}

static void a_manifest_that_was_cut_short(void **state)
{
    struct fixture *f = *state;
    char path[160];
    assert_int_equal(run(f, "out", 1), AUR_OK);
    snprintf(path, sizeof path, "%s/out/" AUR_MANIFEST_NAME, f->dir);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs("{\"name\":\"t0\",\"state\":\"begun\",\"fing", file);
    fclose(file);
    int n[AUR_TASK_STATES];
    assert_int_equal(run(f, "out", 1), AUR_OK);
    count(f, n);
    assert_int_equal(n[AUR_TASK_SKIPPED], TASKS);
    f->entries[0].seed = 50;
    assert_int_equal(run(f, "out", 1), AUR_OK);
    assert_int_equal(f->tasks[0].state, AUR_TASK_DONE);
    assert_int_equal(state_after(f), AUR_TASK_SKIPPED);
}

static void one_batch_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct aur_manifest *first, *second;
    struct aur_error err;
    assert_int_equal(aur_manifest_open(&first, f->dir, true, &err), AUR_OK);
    assert_int_equal(aur_manifest_open(&second, f->dir, true, &err), AUR_EIO);
    assert_non_null(strstr(err.message, "another batch"));
    assert_int_equal(aur_manifest_open(&second, f->dir, false, &err), AUR_OK);
    aur_manifest_close(second);
    aur_manifest_close(first);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(any_number_of_workers_writes_the_same),
        TEST(failures_stay_alone),
        TEST(a_stop_keeps_what_is_done),
        TEST(everything_that_changes_the_files_counts),
        TEST(what_an_entry_makes_no_more_goes),
        TEST(a_manifest_that_was_cut_short),
        TEST(one_batch_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
