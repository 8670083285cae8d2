/* render: a script's music as a file. The main thread renders; a thread for signals asks it to stop. Progress is one
 * line that is written over on a terminal, or JSON events, one a line, with --json. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "app/command.h"
#include "app/signals.h"
#include "app/stage.h"
#include "base/clock.h"
#include "bounce/bounce.h"
#include "synth/backend.h"

#define DEFAULT_PHRASES 8
#define DEFAULT_SEED    1
#define PROGRESS_NS     200000000u
#define HOURS_MAX       (100.0 * 3600)

struct render_args {
    char out[AUR_PATH_SIZE], events[AUR_PATH_SIZE], midi[AUR_PATH_SIZE], chords[AUR_PATH_SIZE];
    int phrases;
    double duration, fade, tail;
    int rate;
    char bits[8];
    bool dither, force, json;
    struct aur_text_list set;
};

#define AT(member) AUR_MEMBER(struct render_args, member)

static const struct aur_option render_table[] = {
    {"-o", "FILE", "the file to write, .wav, .flac or .opus", NULL, {AUR_FIELD_TEXT, AT(out)}, false, NULL},
    {"--phrases",
     "N",
     "end at the boundary after N phrases; 8 without --duration",
     NULL,
     {AUR_FIELD_INT, AT(phrases), .min = 1, .max = 1000000},
     false,
     NULL},
    {"--duration",
     "TIME",
     "end after this time exactly",
     NULL,
     {AUR_FIELD_TIME, AT(duration), .min = 0.001, .max = HOURS_MAX},
     false,
     NULL},
    {"--fade", "TIME", "fade out over the last of it", NULL, {AUR_FIELD_TIME, AT(fade), .max = 3600}, false, NULL},
    {"--tail",
     "TIME",
     "let it ring for this long after the end",
     NULL,
     {AUR_FIELD_TIME, AT(tail), .max = 3600},
     false,
     NULL},
    {"--seed", "N", "seed of the piece; 1 if not given", "AURALIS_SEED", {0}, false, NULL},
    {"--key", "KEY", "key", "AURALIS_DEFAULT_KEY", {0}, false, NULL},
    {"--bpm", "BPM", "tempo", "AURALIS_DEFAULT_BPM", {0}, false, NULL},
    {"--intensity", "I", "intensity", "AURALIS_DEFAULT_INTENSITY", {0}, false, NULL},
    {"--set", "NAME=VALUE", "set any control, the piece's own too", NULL, {AUR_FIELD_LIST, AT(set)}, false, NULL},
    {"--rate",
     "HZ",
     "frames a second of the file",
     NULL,
     {AUR_FIELD_INT, AT(rate), .min = 8000, .max = 192000},
     false,
     NULL},
    {"--bits",
     "BITS",
     "sample format; 24 if not given",
     NULL,
     {AUR_FIELD_CHOICE, AT(bits), .choices = "16|24|float"},
     false,
     NULL},
    {"--dither", NULL, "dither 16-bit samples", NULL, {AUR_FIELD_FLAG, AT(dither)}, false, NULL},
    {"--events", "FILE", "write the notes as JSON too", NULL, {AUR_FIELD_TEXT, AT(events)}, false, NULL},
    {"--midi", "FILE", "and as MIDI, a track for each patch", NULL, {AUR_FIELD_TEXT, AT(midi)}, false, NULL},
    {"--chords", "FILE", "and the chords, like a lead sheet", NULL, {AUR_FIELD_TEXT, AT(chords)}, false, NULL},
    {"--device", "DEVICE", "what synthesises", "AURALIS_DEVICE", {0}, false, NULL},
    {"--json", NULL, "print JSON events", NULL, {AUR_FIELD_FLAG, AT(json)}, false, NULL},
    {"--force", NULL, "overwrite files that exist", NULL, {AUR_FIELD_FLAG, AT(force)}, false, NULL},
    {"--stems", "DIR", "write each patch to a file of its own", NULL, {0}, true, NULL},
    {"--batch", "FILE", "render a list of jobs", NULL, {0}, true, NULL},
    {0},
};
const struct aur_options aur_render_options = {"render", render_table, "SCRIPT", 1};

struct progress {
    const struct render_args *args;
    uint64_t start_ns, shown_ns;
    uint64_t phrases;
    double seconds;
    bool terminal;
    int interrupted;
    char device[160];
    struct aur_synth_counts counts;
};

static void print_json(json_t *event)
{
    char *line = event ? json_dumps(event, JSON_COMPACT) : NULL;
    if (line)
        printf("%s\n", line);
    fflush(stdout);
    free(line);
    json_decref(event);
}

static double elapsed_s(const struct progress *progress)
{
    return (double)(aur_clock_mono_ns() - progress->start_ns) / 1e9;
}

static void on_phrase(void *user, const struct aur_phrase *phrase)
{
    struct progress *progress = user;
    progress->phrases++;
    if (progress->args->json)
        print_json(json_pack("{ss sI si sI sI}", "event", "phrase", "number", (json_int_t)phrase->number, "bars",
                             phrase->bars, "notes", (json_int_t)phrase->n_notes, "start_frame",
                             (json_int_t)phrase->start_frame));
}

/* A bar, how far it is, how fast, and how long it will still take: over what was there. */
static void show_bar(const struct progress *progress, double done_s, double total_s)
{
    static const char full[] = "########################################";
    double took_s = fmax(elapsed_s(progress), 1e-3), part = total_s > 0 ? done_s / total_s : 0;
    int width = (int)sizeof full - 1, filled = (int)(part * width);
    unsigned left_s = done_s > 0 ? (unsigned)ceil(took_s * (total_s - done_s) / done_s) : 0;
    fprintf(stderr, "\r[%.*s%*s] %3.0f %%  %.0f of %.0f s  %.0f x real time  %u:%02u:%02u left ", filled, full,
            width - filled, "", 100 * part, done_s, total_s, done_s / took_s, left_s / 3600, left_s / 60 % 60,
            left_s % 60);
}

static void on_progress(void *user, double done_s, double total_s)
{
    struct progress *progress = user;
    uint64_t now = aur_clock_mono_ns();
    progress->seconds = done_s;
    if (now - progress->shown_ns < PROGRESS_NS)
        return;
    progress->shown_ns = now;
    if (progress->args->json)
        print_json(json_pack("{ss sf sf}", "event", "progress", "seconds", done_s, "total_seconds", total_s));
    else if (progress->terminal)
        show_bar(progress, done_s, total_s);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcasecmp(text + n - m, end) == 0;
}

/* What no single option can know. */
static int check_args(const struct render_args *args, struct aur_error *err)
{
    if (!*args->out)
        return aur_error_set(err, AUR_EINVAL, "render: -o FILE is missing; see 'auralis render --help'");
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
    if (args->phrases && args->duration > 0)
        return aur_error_set(err, AUR_EINVAL, "--phrases and --duration: only one of them");
    return AUR_OK;
}

/* One NAME=VALUE of --set. */
static int set_control(struct aur_controls *controls, const struct aur_control_specs *specs, const char *text,
                       struct aur_error *err)
{
    char name[AUR_CONTROL_NAME_SIZE], *end;
    size_t len = strcspn(text, "=");
    if (!text[len] || len == 0 || len >= sizeof name)
        return aur_error_value(err, "--set", text, "NAME=VALUE");
    memcpy(name, text, len);
    name[len] = '\0';
    const char *value = text + len + 1;
    if (strcmp(name, "key") == 0)
        return aur_key_parse(&controls->key, value, err);
    double number = strtod(value, &end);
    if (end == value || *end)
        return aur_error_value(err, name, value, "a number");
    return aur_controls_set(controls, specs, name, number, err);
}

static int fill_controls(struct aur_controls *out, const struct aur_stage *stage, const struct render_args *args,
                         struct aur_error *err)
{
    int rc = aur_stage_controls(out, stage, err);
    for (size_t i = 0; rc == AUR_OK && i < args->set.n; i++)
        rc = set_control(out, &aur_piece_describe(stage->piece)->controls, args->set.items[i], err);
    return rc;
}

/* Synthesis runs at the file's rate where it can, else at the settings' and is resampled. */
static void choose_rates(struct aur_bounce_request *request, int file_rate)
{
    bool native = file_rate == 44100 || file_rate == 48000 || file_rate == 96000;
    if (native)
        request->synth.rate_hz = (uint32_t)file_rate;
    request->file_rate_hz = native ? 0 : (uint32_t)file_rate;
}

static enum aur_bounce_bits bits_of(const char *text)
{
    if (strcmp(text, "16") == 0)
        return AUR_BITS_16;
    return strcmp(text, "float") == 0 ? AUR_BITS_FLOAT : AUR_BITS_24;
}

static void interrupt(void *user)
{
    struct progress *progress = user;
    __atomic_store_n(&progress->interrupted, 1, __ATOMIC_RELAXED);
}

static void report(const struct progress *progress, const struct aur_stage *stage, uint64_t seed, int rc,
                   const struct aur_error *err)
{
    const struct render_args *args = progress->args;
    double took = elapsed_s(progress);
    if (progress->terminal)
        fprintf(stderr, "\r%60s\r", "");
    if (args->json && rc < 0)
        print_json(json_pack("{ss ss si}", "event", "error", "message", err->message, "exit", (int)aur_exit_of(rc)));
    else if (args->json)
        print_json(json_pack(
            "{ss ss sf sI sI ss sf sI sI sI}", "event", "done", "file", args->out, "seconds", progress->seconds,
            "phrases", (json_int_t)progress->phrases, "seed", (json_int_t)seed, "device", progress->device,
            "took_seconds", took, "device_blocks", (json_int_t)progress->counts.backend_blocks, "cpu_blocks",
            (json_int_t)progress->counts.cpu_blocks, "fallbacks", (json_int_t)progress->counts.fallbacks));
    else if (rc == AUR_OK)
        fprintf(stderr,
                "%s: %.1f s of \"%s\", %" PRIu64 " phrases, seed %" PRIu64 ", in %.1f s (%.0f x real time, %s)\n",
                args->out, progress->seconds, aur_piece_describe(stage->piece)->title, progress->phrases, seed, took,
                progress->seconds / fmax(took, 1e-3), progress->device);
}

/* With the device and until a signal. */
static int bounce(struct aur_bounce_request *request, struct progress *progress, const struct aur_stage *stage,
                  struct aur_error *err)
{
    struct aur_signals signals = {
        .on_stop = interrupt, .user = progress, .repeat_ms = AUR_SIGNAL_REPEAT_MS, .forced_exit = AUR_EXIT_INTERRUPTED};
    int rc = aur_device_open(&request->synth, progress->device, sizeof progress->device, stage, err);
    if (rc == AUR_OK)
        rc = aur_signals_start(&signals, err);
    if (rc == AUR_OK) {
        rc = aur_bounce(request, err);
        aur_signals_end(&signals);
        report(progress, stage, request->seed, rc, err);
    }
    aur_backend_free(request->synth.backend);
    return rc;
}

static int render(const struct aur_stage *stage, const struct render_args *args, struct aur_error *err)
{
    struct progress progress = {.args = args, .start_ns = aur_clock_mono_ns()};
    progress.terminal = !args->json && isatty(STDERR_FILENO);
    struct aur_bounce_request request = {
        .piece = stage->piece,
        .seed = stage->settings.seed.set ? stage->settings.seed.value : DEFAULT_SEED,
        .synth = aur_stage_synth(stage),
        .out_path = args->out,
        .bits = bits_of(args->bits),
        .dither = args->dither,
        .force = args->force,
        .phrases = (uint64_t)args->phrases,
        .duration_s = args->duration,
        .fade_s = args->fade,
        .tail_s = args->tail,
        .events_path = *args->events ? args->events : NULL,
        .midi_path = *args->midi ? args->midi : NULL,
        .chords_path = *args->chords ? args->chords : NULL,
        .interrupted = &progress.interrupted,
        .on_phrase = on_phrase,
        .on_progress = on_progress,
        .user = &progress,
        .counts = &progress.counts,
    };
    if (args->rate)
        choose_rates(&request, args->rate);
    if (!args->phrases && args->duration <= 0)
        request.phrases = DEFAULT_PHRASES;
    int rc = fill_controls(&request.controls, stage, args, err);
    return rc < 0 ? rc : bounce(&request, &progress, stage, err);
}

int aur_run_render(const struct aur_command *command, int argc, char **argv)
{
    struct render_args args = {0};
    struct aur_parsed parsed;
    struct aur_stage stage;
    struct aur_error err = {0};
    int exit_code;
    if (!aur_command_parse(command, &parsed, &args, argc, argv, &exit_code))
        return exit_code;
    if (check_args(&args, &err) < 0 || aur_command_settings(&stage.settings, &parsed, &err) < 0 ||
        aur_stage_init(&stage, parsed.operands[0], false, &err) < 0)
        return aur_fail(&err);
    int rc = render(&stage, &args, &err);
    aur_stage_deinit(&stage);
    return rc < 0 ? aur_fail(&err) : AUR_EXIT_OK;
}
