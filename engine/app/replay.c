/* replay: a recorded session, or a span of it, as a file. The main thread renders; a thread for signals asks it to stop. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/output.h"
#include "app/playback.h"
#include "app/signals.h"

#define HOURS_MAX (366 * 86400.0)

struct replay_args {
    struct aur_output_args output;
    double from, to; /* 0: the end */
};

#define AT(member) AUR_MEMBER(struct replay_args, member)

static const struct aur_option replay_table[] = {
    {"-o", "FILE", "the file to write, .wav, .flac or .opus", NULL, {AUR_FIELD_TEXT, AT(output.out)}, false, NULL},
    {"--from",
     "TIME",
     "begin at this time of the session; 0 if not given",
     NULL,
     {AUR_FIELD_TIME, AT(from), .max = HOURS_MAX},
     false,
     NULL},
    {"--to",
     "TIME",
     "end at this time of the session; where it ends if not given",
     NULL,
     {AUR_FIELD_TIME, AT(to), .min = 0.001, .max = HOURS_MAX},
     false,
     NULL},
    {"--fade",
     "TIME",
     "fade out over the last of it",
     NULL,
     {AUR_FIELD_TIME, AT(output.fade), .max = 3600},
     false,
     NULL},
    {"--rate",
     "HZ",
     "frames a second of the file; those of the session if not given",
     NULL,
     {AUR_FIELD_INT, AT(output.rate), .min = 8000, .max = 192000},
     false,
     NULL},
    {"--bits",
     "BITS",
     "sample format; 24 if not given; 16 are the stream's own samples",
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
    {"--db", "FILE", "where sessions are recorded", "AURALIS_DB", {0}, false, NULL},
    {"--json", NULL, "print JSON events", NULL, {AUR_FIELD_FLAG, AT(output.json)}, false, NULL},
    {"--force", NULL, "overwrite files that exist", NULL, {AUR_FIELD_FLAG, AT(output.force)}, false, NULL},
    {0},
};
const struct aur_options aur_replay_options = {"replay", replay_table, "SESSION", 1};

static int beyond(const struct aur_replay *replay, const char *field, double value, struct aur_error *err)
{
    const struct aur_session_info *info = aur_replay_session(replay);
    char end[AUR_PLAYBACK_TIME_SIZE];
    aur_playback_time(end, aur_replay_end(replay), info->head.rate_hz);
    if (info->broken_at < info->frames)
        return aur_error_set(err, AUR_EINVAL, "%s: %.10g s: session %s can be played to %s; what came then cannot: %s",
                             field, value, info->id, end, info->broken_why);
    return aur_error_set(err, AUR_EINVAL, "%s: %.10g s is not in session %s, which ends at %s", field, value, info->id,
                         end);
}

/* The span in frames. */
static int find_span(struct aur_bounce_request *request, const struct aur_replay *replay,
                     const struct replay_args *args, struct aur_error *err)
{
    const struct aur_session_info *info = aur_replay_session(replay);
    const uint64_t end = aur_replay_end(replay);
    request->from_frame = (uint64_t)floor(args->from * info->head.rate_hz + 0.5);
    request->to_frame = args->to > 0 ? (uint64_t)floor(args->to * info->head.rate_hz + 0.5) : end;
    if (request->to_frame > end)
        return beyond(replay, "--to", args->to, err);
    if (end == 0)
        return aur_error_set(err, AUR_EINVAL, "session %s holds no sound%s%s", info->id,
                             info->broken_at == 0 ? ": " : "", info->broken_at == 0 ? info->broken_why : "");
    if (args->to > 0 && request->from_frame >= request->to_frame)
        return aur_error_set(err, AUR_EINVAL, "--from %.10g: allowed: less than --to, which is %.10g", args->from,
                             args->to);
    if (request->from_frame >= end)
        return beyond(replay, "--from", args->from, err);
    if (args->to == 0 && info->broken_at < info->frames)
        fprintf(stderr, "warning: the last %.1f s of session %s cannot be played: %s\n",
                (double)(info->frames - end) / info->head.rate_hz, info->id, info->broken_why);
    return AUR_OK;
}

static void report(const struct aur_playback *playback, const struct aur_bounce_request *request,
                   const struct aur_progress *progress, int rc)
{
    const struct aur_session_info *info = aur_replay_session(playback->replay);
    const double took = aur_progress_elapsed_s(progress), rate = info->head.rate_hz;
    const double from = (double)request->from_frame / rate, to = (double)request->to_frame / rate;
    aur_progress_end(progress);
    if (rc < 0)
        return;
    if (progress->json)
        aur_print_json(json_pack("{ss ss ss sf sf sf sI sI sI sI sf}", "event", "done", "file", request->out_path,
                                 "session", info->id, "from", from, "to", to, "seconds", to - from, "phrases",
                                 (json_int_t)progress->phrases, "from_frame", (json_int_t)request->from_frame,
                                 "to_frame", (json_int_t)request->to_frame, "rendered_from_frame",
                                 (json_int_t)aur_replay_began(playback->replay), "took_seconds", took));
    else
        fprintf(stderr, "%s: %.1f s of \"%s\", session %s from %.1f s, %" PRIu64 " phrases, in %.1f s\n",
                request->out_path, to - from, info->head.title, info->id, from, progress->phrases, took);
}

static int replay(struct aur_playback *playback, const struct replay_args *args, struct aur_error *err)
{
    struct aur_bounce_request request = aur_playback_request(playback, 0, 0);
    struct aur_progress progress;
    struct aur_signals signals = {.on_stop = aur_progress_interrupt,
                                  .user = &progress,
                                  .repeat_ms = AUR_SIGNAL_REPEAT_MS,
                                  .forced_exit = AUR_EXIT_INTERRUPTED};
    aur_output_request(&request, &args->output);
    aur_progress_begin(&progress, &request, args->output.json);
    if ((uint32_t)args->output.rate != request.synth.rate_hz)
        request.file_rate_hz = (uint32_t)args->output.rate;
    int rc = find_span(&request, playback->replay, args, err);
    if (rc == AUR_OK)
        rc = aur_signals_start(&signals, err);
    if (rc < 0)
        return rc;
    rc = aur_bounce(&request, err);
    aur_signals_end(&signals);
    report(playback, &request, &progress, rc);
    return rc;
}

int aur_run_replay(const struct aur_command *command, int argc, char **argv)
{
    struct replay_args args = {0};
    struct aur_parsed parsed;
    struct aur_settings settings;
    struct aur_playback playback;
    struct aur_error err = {0};
    int exit_code;
    if (!aur_command_parse(command, &parsed, &args, argc, argv, &exit_code))
        return exit_code;
    if (aur_output_check(&args.output, "replay", &err) < 0 || aur_command_settings(&settings, &parsed, &err) < 0 ||
        aur_playback_open(&playback, parsed.operands[0], &settings, &err) < 0)
        return aur_output_fail(&err, args.output.json);
    int rc = replay(&playback, &args, &err);
    aur_playback_close(&playback);
    return rc < 0 ? aur_output_fail(&err, args.output.json) : AUR_EXIT_OK;
}
