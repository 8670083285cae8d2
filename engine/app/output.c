/* Files and progress of the commands that render. Main thread, but for the interruption. */
#include "app/output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "app/bar.h"
#include "app/command.h"
#include "base/clock.h"

#define PROGRESS_NS 200000000u

/* ---- files ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcasecmp(text + n - m, end) == 0;
}

int aur_output_check(const struct aur_output_args *args, const char *command, struct aur_error *err)
{
    if (!*args->out)
        return aur_error_set(err, AUR_EINVAL, "%s: -o FILE is missing; see 'auralis %s --help'", command, command);
    if (!ends_with(args->out, ".wav") && !ends_with(args->out, ".flac") && !ends_with(args->out, ".opus"))
        return aur_error_value(err, "-o", args->out, "a name that ends in .wav, .flac or .opus");
    if (strcmp(args->bits, "float") == 0 && !ends_with(args->out, ".wav"))
        return aur_error_value(err, "--bits", "float", "16, 24 in a FLAC or Opus file");
    if (args->dither && ends_with(args->out, ".opus"))
        return aur_error_set(err, AUR_EINVAL, "--dither: only for .wav and .flac");
    if (args->rate && args->rate != 48000 && ends_with(args->out, ".opus"))
        return aur_error_set(err, AUR_EINVAL, "--rate %d: an Opus file has 48000", args->rate);
    if (args->dither && strcmp(args->bits, "16") != 0)
        return aur_error_set(err, AUR_EINVAL, "--dither: only for --bits 16");
    return AUR_OK;
}

static enum aur_bounce_bits bits_of(const char *text)
{
    if (strcmp(text, "16") == 0)
        return AUR_BITS_16;
    return strcmp(text, "float") == 0 ? AUR_BITS_FLOAT : AUR_BITS_24;
}

void aur_output_request(struct aur_bounce_request *request, const struct aur_output_args *args)
{
    request->out_path = args->out;
    request->bits = bits_of(args->bits);
    request->dither = args->dither;
    request->force = args->force;
    request->fade_s = args->fade;
    request->events_path = *args->events ? args->events : NULL;
    request->midi_path = *args->midi ? args->midi : NULL;
    request->chords_path = *args->chords ? args->chords : NULL;
    if (*args->stems)
        request->stems = (struct aur_bounce_stems){
            .dir = args->stems, .flac = !ends_with(args->out, ".wav"), .bits = request->bits, .dither = args->dither};
}

/* ---- progress ---- */

void aur_print_json(json_t *event)
{
    char *line = event ? json_dumps(event, JSON_COMPACT) : NULL;
    if (line)
        printf("%s\n", line);
    fflush(stdout);
    free(line);
    json_decref(event);
}

int aur_output_fail(const struct aur_error *err, bool json)
{
    if (json)
        aur_print_json(json_pack("{ss ss si}", "event", "error", "message",
                                 *err->message ? err->message : aur_err_text(err->code), "exit",
                                 (int)aur_exit_of(err->code)));
    return aur_fail(err);
}

double aur_progress_elapsed_s(const struct aur_progress *progress)
{
    return (double)(aur_clock_mono_ns() - progress->start_ns) / 1e9;
}

static void on_phrase(void *user, const struct aur_phrase *phrase)
{
    struct aur_progress *progress = user;
    progress->phrases++;
    if (progress->json)
        aur_print_json(json_pack("{ss sI si sI sI}", "event", "phrase", "number", (json_int_t)phrase->number, "bars",
                                 phrase->bars, "notes", (json_int_t)phrase->n_notes, "start_frame",
                                 (json_int_t)phrase->start_frame));
}

static void print_stems(const struct aur_stems_told *told, double db)
{
    json_t *files = json_array();
    for (size_t i = 0; i < told->n_files; i++)
        json_array_append_new(files, json_pack("{ss ss ss?}", "file", told->files[i].path, "kind", told->files[i].kind,
                                               "patch", told->files[i].patch));
    aur_print_json(json_pack("{ss ss so s{sI sI sf so}}", "event", "stems", "dir", told->dir, "files", files, "null",
                             "samples", (json_int_t)told->samples, "differing", (json_int_t)told->differing,
                             "max_difference", told->largest, "max_difference_db",
                             told->differing ? json_real(db) : json_null()));
}

static void on_stems(void *user, const struct aur_stems_told *told)
{
    const struct aur_progress *progress = user;
    const double db = 20 * log10(told->largest);
    aur_progress_end(progress);
    if (progress->json)
        print_stems(told, db);
    else
        fprintf(stderr,
                "%s: %zu stems and returns, mix and master; of %llu samples of the mix %llu are not their sum (%s%.1f "
                "dB)\n",
                told->dir, told->n_files - 2, (unsigned long long)told->samples, (unsigned long long)told->differing,
                told->differing ? "by up to " : "", db);
}

static void show_bar(const struct aur_progress *progress, double done_s, double total_s)
{
    const double took_s = fmax(aur_progress_elapsed_s(progress), 1e-3);
    char rate[32], seconds[48];
    const char *const pieces[] = {rate, " real time", seconds};
    snprintf(rate, sizeof rate, "  %.0f x", done_s / took_s);
    snprintf(seconds, sizeof seconds, "  %.0f of %.0f s", done_s, total_s);
    aur_bar_show(total_s > 0 ? done_s / total_s : 0, took_s, pieces, sizeof pieces / sizeof *pieces);
}

static void on_progress(void *user, double done_s, double total_s)
{
    struct aur_progress *progress = user;
    uint64_t now = aur_clock_mono_ns();
    progress->seconds = done_s;
    if (now - progress->shown_ns < PROGRESS_NS)
        return;
    progress->shown_ns = now;
    if (progress->json)
        aur_print_json(json_pack("{ss sf sf}", "event", "progress", "seconds", done_s, "total_seconds", total_s));
    else if (progress->terminal)
        show_bar(progress, done_s, total_s);
}

void aur_progress_begin(struct aur_progress *progress, struct aur_bounce_request *request, bool json)
{
    *progress = (struct aur_progress){
        .json = json, .terminal = !json && isatty(STDERR_FILENO), .start_ns = aur_clock_mono_ns()};
    request->on_phrase = on_phrase;
    request->on_progress = on_progress;
    request->on_stems = on_stems;
    request->user = progress;
    request->interrupted = &progress->interrupted;
}

void aur_progress_end(const struct aur_progress *progress)
{
    if (progress->terminal)
        aur_bar_clear();
}

void aur_progress_interrupt(void *user)
{
    struct aur_progress *progress = user;
    __atomic_store_n(&progress->interrupted, 1, __ATOMIC_RELAXED);
}
