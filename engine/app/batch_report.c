/* Telling about a batch. Under the run's lock, on whichever thread. */
#include "app/batch_report.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "app/bar.h"
#include "app/output.h"
#include "base/clock.h"

#define PROGRESS_NS 200000000u

void aur_batch_report_begin(struct aur_batch_report *report, const char *script, bool json)
{
    *report = (struct aur_batch_report){
        .script = script, .json = json, .terminal = !json && isatty(STDERR_FILENO), .start_ns = aur_clock_mono_ns()};
}

static void clear_line(const struct aur_batch_report *report)
{
    if (report->terminal)
        aur_bar_clear();
}

/* "album.lua:12: 01-rain: why"; what has a place of its own goes first as it is. */
static void print_failure(const struct aur_batch_report *report, const struct aur_task *task)
{
    const char *why = task->err ? task->err->message : "out of memory";
    if (task->entry->line)
        fprintf(stderr, "%s:%d: %s: %s\n", report->script, task->entry->line, task->entry->name, why);
    else
        fprintf(stderr, "%s: %s\n", task->entry->name, why);
}

static void print_task(const struct aur_batch_report *report, const struct aur_task *task)
{
    clear_line(report);
    if (task->state == AUR_TASK_FAILED)
        print_failure(report, task);
    else if (task->state == AUR_TASK_DONE && task->measured)
        fprintf(stderr, "%s: %.1f s, %.1f LUFS made %.1f (%+.2f dB%s)\n", task->entry->name, task->seconds,
                task->loudness.lufs, task->lufs, task->gain_db, task->limited ? ", limited" : "");
    else if (task->state == AUR_TASK_DONE)
        fprintf(stderr, "%s: %.1f s\n", task->entry->name, task->seconds);
}

static void print_task_json(const struct aur_task *task)
{
    json_t *event =
        json_pack("{ss ss ss}", "event", "task", "name", task->entry->name, "state", aur_task_state_names[task->state]);
    if (event && task->entry->line)
        json_object_set_new(event, "line", json_integer(task->entry->line));
    if (event && task->state == AUR_TASK_DONE)
        json_object_set_new(event, "seconds", json_real(task->seconds));
    if (event && task->state == AUR_TASK_DONE && task->measured) {
        json_object_set_new(event, "measured_lufs", json_real(task->loudness.lufs));
        json_object_set_new(event, "measured_dbtp", json_real(task->loudness.peak_dbtp));
        json_object_set_new(event, "gain_db", json_real(task->gain_db));
        json_object_set_new(event, "limited", json_boolean(task->limited));
        json_object_set_new(event, "lufs", json_real(task->lufs));
    }
    if (event && task->state == AUR_TASK_FAILED)
        json_object_set_new(event, "message", json_string(task->err ? task->err->message : "out of memory"));
    aur_print_json(event);
}

static void tell_task(const struct aur_batch_report *report, const struct aur_task *task)
{
    if (report->json)
        print_task_json(task);
    else
        print_task(report, task);
}

void aur_batch_report_task(void *user, const struct aur_task *task)
{
    struct aur_batch_report *report = user;
    report->count[task->state]++;
    if (task->state == AUR_TASK_DONE)
        report->seconds += task->seconds;
    tell_task(report, task);
}

static double elapsed_s(const struct aur_batch_report *report)
{
    return (double)(aur_clock_mono_ns() - report->start_ns) / 1e9;
}

static void show_bar(const struct aur_batch_report *report, double part)
{
    char done[32];
    const char *const pieces[] = {done};
    snprintf(done, sizeof done, "  %zu done", report->count[AUR_TASK_DONE]);
    aur_bar_show(part, elapsed_s(report), pieces, 1);
}

void aur_batch_report_part(void *user, double part)
{
    struct aur_batch_report *report = user;
    const uint64_t now = aur_clock_mono_ns();
    if (now - report->shown_ns < PROGRESS_NS)
        return;
    report->shown_ns = now;
    if (report->json)
        aur_print_json(json_pack("{ss sf sI}", "event", "progress", "part", part, "done",
                                 (json_int_t)report->count[AUR_TASK_DONE]));
    else if (report->terminal)
        show_bar(report, part);
}

static void end_in_words(const struct aur_batch_report *report, const char *dir, const char *device, double took,
                         bool interrupted)
{
    fprintf(stderr, "%s: %zu rendered, %zu skipped, %zu failed%s", dir, report->count[AUR_TASK_DONE],
            report->count[AUR_TASK_SKIPPED], report->count[AUR_TASK_FAILED], interrupted ? ", interrupted" : "");
    if (report->seconds > 0)
        fprintf(stderr, ": %.1f s of music in %.1f s (%.0f x real time, %s)", report->seconds, took,
                report->seconds / fmax(took, 1e-3), device);
    fputc('\n', stderr);
}

void aur_batch_report_end(struct aur_batch_report *report, const char *dir, const char *device, bool interrupted)
{
    const double took = elapsed_s(report);
    clear_line(report);
    report->ended = true;
    if (report->json)
        aur_print_json(json_pack("{ss ss sI sI sI sb sf sf ss}", "event", "done", "dir", dir, "rendered",
                                 (json_int_t)report->count[AUR_TASK_DONE], "skipped",
                                 (json_int_t)report->count[AUR_TASK_SKIPPED], "failed",
                                 (json_int_t)report->count[AUR_TASK_FAILED], "interrupted", interrupted, "seconds",
                                 report->seconds, "took_seconds", took, "device", device));
    else
        end_in_words(report, dir, device, took, interrupted);
}

void aur_batch_report_plan(const struct aur_task *task)
{
    static const char *const beside[AUR_BATCH_BESIDE] = {"stems", "midi", "events", "chords"};
    const struct aur_batch_entry *entry = task->entry;
    printf("%-10s %s: %s, seed %llu, ", aur_task_state_names[task->state], entry->name, entry->piece,
           (unsigned long long)entry->seed);
    if (entry->phrases)
        printf("%d phrases:", entry->phrases);
    else
        printf("%g s:", entry->duration_s);
    for (int k = 0; k < AUR_BATCH_FORMATS; k++)
        if (entry->formats[k])
            printf(" %s", aur_batch_format_names[k]);
    for (int k = 0; k < AUR_BATCH_BESIDE; k++)
        if (entry->beside[k])
            printf(" %s", beside[k]);
    printf("\n");
}
