/* render: a script's music as a file. The main thread renders; a thread for signals asks it to stop. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/output.h"
#include "app/render.h"
#include "app/signals.h"
#include "app/stage.h"
#include "synth/backend.h"

#define HOURS_MAX (100.0 * 3600)

#define AT(member) AUR_MEMBER(struct aur_render_args, member)

static const struct aur_option render_table[] = {
    {"-o",
     "FILE",
     "the file to write, .wav, .flac or .opus; a folder for several",
     NULL,
     {AUR_FIELD_TEXT, AT(output.out)},
     false,
     NULL},
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
    {"--fade",
     "TIME",
     "fade out over the last of it",
     NULL,
     {AUR_FIELD_TIME, AT(output.fade), .max = 3600},
     false,
     NULL},
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
     {AUR_FIELD_INT, AT(output.rate), .min = 8000, .max = 192000},
     false,
     NULL},
    {"--bits",
     "BITS",
     "sample format; 24 if not given",
     NULL,
     {AUR_FIELD_CHOICE, AT(output.bits), .choices = "16|24|float"},
     false,
     NULL},
    {"--dither", NULL, "dither 16-bit samples", NULL, {AUR_FIELD_FLAG, AT(output.dither)}, false, NULL},
    {"--events", "FILE", "write the notes as JSON too", NULL, {AUR_FIELD_TEXT, AT(output.events)}, false, NULL},
    {"--midi", "FILE", "and as MIDI, a track for each patch", NULL, {AUR_FIELD_TEXT, AT(output.midi)}, false, NULL},
    {"--chords", "FILE", "and the chords, like a lead sheet", NULL, {AUR_FIELD_TEXT, AT(output.chords)}, false, NULL},
    {"--stems",
     "DIR",
     "each patch, what effects return, mix and master as files in DIR",
     NULL,
     {AUR_FIELD_TEXT, AT(output.stems)},
     false,
     NULL},
    {"--device", "DEVICE", "what synthesises", "AURALIS_DEVICE", {0}, false, NULL},
    {"--json", NULL, "print JSON events", NULL, {AUR_FIELD_FLAG, AT(output.json)}, false, NULL},
    {"--force", NULL, "overwrite files that exist", NULL, {AUR_FIELD_FLAG, AT(output.force)}, false, NULL},
    {"--format",
     "FORMAT",
     "of files in a folder; flac if not given",
     NULL,
     {AUR_FIELD_CHOICE, AT(batch.format), .choices = "wav|flac|opus"},
     false,
     NULL},
    {"--batch",
     "FILE",
     "render what a batch script describes, into the folder -o",
     NULL,
     {AUR_FIELD_TEXT, AT(batch.script)},
     false,
     NULL},
    {"--only",
     "NAME",
     "of a batch these entries, * standing for anything",
     NULL,
     {AUR_FIELD_LIST, AT(batch.only)},
     false,
     NULL},
    {"--dry-run",
     NULL,
     "of a batch tell what would be rendered",
     NULL,
     {AUR_FIELD_FLAG, AT(batch.dry_run)},
     false,
     NULL},
    {"--jobs",
     "N",
     "how many are rendered at a time; as many as there are processors if not given",
     NULL,
     {AUR_FIELD_INT, AT(batch.jobs), .min = 1, .max = 256},
     false,
     NULL},
    {0},
};
const struct aur_options aur_render_options = {"render", render_table, "SCRIPT... | --batch FILE", AUR_OPERANDS_ANY};

struct job { /* what is reported at the end */
    const struct aur_render_args *args;
    struct aur_progress progress;
    char device[160];
    struct aur_synth_counts counts;
};

/* One NAME=VALUE of --set. */
static int set_control(struct aur_controls *controls, const struct aur_control_specs *specs, const char *text,
                       struct aur_error *err)
{
    struct aur_set_option set;
    const int rc = aur_set_option_parse(&set, text, err);
    if (rc < 0)
        return rc;
    return set.key ? aur_key_parse(&controls->key, set.value, err)
                   : aur_controls_set(controls, specs, set.name, set.number, err);
}

static int fill_controls(struct aur_controls *out, const struct aur_stage *stage, const struct aur_render_args *args,
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

static void report(const struct job *job, const struct aur_stage *stage, uint64_t seed, int rc)
{
    const struct aur_progress *progress = &job->progress;
    const char *out = job->args->output.out;
    double took = aur_progress_elapsed_s(progress);
    aur_progress_end(progress);
    if (rc < 0)
        return;
    if (progress->json)
        aur_print_json(json_pack("{ss ss sf sI sI ss sf sI sI sI}", "event", "done", "file", out, "seconds",
                                 progress->seconds, "phrases", (json_int_t)progress->phrases, "seed", (json_int_t)seed,
                                 "device", job->device, "took_seconds", took, "device_blocks",
                                 (json_int_t)job->counts.backend_blocks, "cpu_blocks",
                                 (json_int_t)job->counts.cpu_blocks, "fallbacks", (json_int_t)job->counts.fallbacks));
    else
        fprintf(stderr,
                "%s: %.1f s of \"%s\", %" PRIu64 " phrases, seed %" PRIu64 ", in %.1f s (%.0f x real time, %s)\n", out,
                progress->seconds, aur_piece_describe(stage->piece)->title, progress->phrases, seed, took,
                progress->seconds / fmax(took, 1e-3), job->device);
}

/* With the device and until a signal. */
static int bounce(struct aur_bounce_request *request, struct job *job, const struct aur_stage *stage,
                  struct aur_error *err)
{
    struct aur_signals signals = {.on_stop = aur_progress_interrupt,
                                  .user = &job->progress,
                                  .repeat_ms = AUR_SIGNAL_REPEAT_MS,
                                  .forced_exit = AUR_EXIT_INTERRUPTED};
    int rc = AUR_OK;
    if (request->stems.dir) /* which this CPU renders */
        snprintf(job->device, sizeof job->device, request->synth.isa == AUR_ISA_SCALAR ? "scalar" : "simd (%s)",
                 aur_isa_name(request->synth.isa));
    else
        rc = aur_device_open(&request->synth, job->device, sizeof job->device, stage, err);
    if (rc == AUR_OK)
        rc = aur_signals_start(&signals, err);
    if (rc == AUR_OK) {
        rc = aur_bounce(request, err);
        aur_signals_end(&signals);
        report(job, stage, request->seed, rc);
    }
    aur_backend_free(request->synth.backend);
    return rc;
}

static int render(const struct aur_stage *stage, const struct aur_render_args *args, struct aur_error *err)
{
    struct job job = {.args = args};
    struct aur_bounce_request request = {
        .piece = stage->piece,
        .seed = stage->settings.seed.set ? stage->settings.seed.value : AUR_RENDER_SEED,
        .synth = aur_stage_synth(stage),
        .phrases = (uint64_t)args->phrases,
        .duration_s = args->duration,
        .tail_s = args->tail,
        .counts = &job.counts,
    };
    aur_output_request(&request, &args->output);
    aur_progress_begin(&job.progress, &request, args->output.json);
    if (args->output.rate)
        choose_rates(&request, args->output.rate);
    if (!args->phrases && args->duration <= 0)
        request.phrases = AUR_RENDER_PHRASES;
    int rc = fill_controls(&request.controls, stage, args, err);
    return rc < 0 ? rc : bounce(&request, &job, stage, err);
}

static int check_args(const struct aur_render_args *args, struct aur_error *err)
{
    int rc = aur_output_check(&args->output, "render", err);
    if (rc == AUR_OK && args->phrases && args->duration > 0)
        return aur_error_set(err, AUR_EINVAL, "--phrases and --duration: only one of them");
    return rc;
}

int aur_run_render(const struct aur_command *command, int argc, char **argv)
{
    struct aur_render_args args = {0};
    struct aur_parsed parsed;
    struct aur_stage stage;
    struct aur_error err = {0};
    int exit_code;
    if (!aur_command_parse(command, &parsed, &args, argc, argv, &exit_code))
        return exit_code;
    if (aur_render_is_many(&args, &parsed))
        return aur_render_many(&args, &parsed);
    if (aur_render_check_one(&args, &parsed, &err) < 0 || check_args(&args, &err) < 0 ||
        aur_command_settings(&stage.settings, &parsed, &err) < 0 ||
        aur_stage_init(&stage, parsed.operands[0], false, &err) < 0)
        return aur_output_fail(&err, args.output.json);
    int rc = render(&stage, &args, &err);
    aur_stage_deinit(&stage);
    return rc < 0 ? aur_output_fail(&err, args.output.json) : AUR_EXIT_OK;
}
