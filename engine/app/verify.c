/* verify: a recorded session rendered again, minute by minute against the hashes taken while it was streamed. Main thread. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/output.h"
#include "app/playback.h"
#include "app/signals.h"
#include "base/hash.h"

#define MINUTE_SECONDS 60
#define EXIT_DIFFERENT 1

struct verify_args {
    bool json;
};

static const struct aur_option verify_table[] = {
    {"--db", "FILE", "where sessions are recorded", "AURALIS_DB", {0}, false, NULL},
    {"--json", NULL, "print JSON", NULL, {AUR_FIELD_FLAG, AUR_MEMBER(struct verify_args, json)}, false, NULL},
    {0},
};
const struct aur_options aur_verify_options = {"verify", verify_table, "SESSION", 1};

struct minute {
    uint64_t number, end, hash;
};

struct check {
    const struct aur_session_info *info;
    struct minute *minutes; /* those that can be compared, by number */
    size_t n, room, at;     /* at: the next to be compared */
    uint64_t frames_a_minute, end;
    uint64_t frame, hash; /* rendered so far; of this minute */
    uint64_t equal;
    json_t *different;
    bool json;
};

static int add_minute(void *user, const struct aur_fact *fact)
{
    struct check *c = user;
    if (fact->frame > c->end)
        return 0;
    if (c->n == c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        struct minute *minutes = realloc(c->minutes, room * sizeof *minutes);
        if (!minutes)
            return AUR_ENOMEM;
        c->minutes = minutes;
        c->room = room;
    }
    c->minutes[c->n++] = (struct minute){fact->number, fact->frame, fact->hash};
    return 0;
}

static void compare(struct check *c, const struct minute *minute)
{
    char time[AUR_PLAYBACK_TIME_SIZE];
    if (minute->hash == c->hash) {
        c->equal++;
        return;
    }
    json_array_append_new(c->different, json_integer((json_int_t)minute->number));
    if (!c->json)
        printf("minute %" PRIu64 " (from %s) differs\n", minute->number,
               aur_playback_time(time, minute->number * c->frames_a_minute, c->info->head.rate_hz));
}

/* Up to the end of the minute, or of what was hashed of it. */
static uint64_t next_stop(const struct check *c)
{
    uint64_t stop = (c->frame / c->frames_a_minute + 1) * c->frames_a_minute;
    if (c->at < c->n && c->minutes[c->at].end > c->frame && c->minutes[c->at].end < stop)
        stop = c->minutes[c->at].end;
    return stop;
}

static void on_audio(struct check *c, const float *samples, size_t frames)
{
    while (frames) {
        const uint64_t left = next_stop(c) - c->frame;
        const size_t n = left < frames ? (size_t)left : frames;
        c->hash = aur_hash_frames(samples, n, c->hash);
        c->frame += n;
        samples += 2 * n;
        frames -= n;
        if (c->at < c->n && c->frame == c->minutes[c->at].end)
            compare(c, &c->minutes[c->at++]);
        if (c->frame % c->frames_a_minute == 0)
            c->hash = AUR_HASH_START;
    }
}

struct run { /* what the request's callbacks get: the progress, which they know, first */
    struct aur_progress progress;
    struct check *check;
};

static void take_audio(void *user, const float *samples, size_t frames)
{
    struct run *run = user;
    on_audio(run->check, samples, frames);
}

/* No events: only the line on a terminal. */
static int render(const struct aur_playback *playback, struct check *c, struct aur_error *err)
{
    struct run run = {.check = c};
    struct aur_bounce_request request = aur_playback_request(playback, 0, c->end);
    struct aur_signals signals = {.on_stop = aur_progress_interrupt,
                                  .user = &run.progress,
                                  .repeat_ms = AUR_SIGNAL_REPEAT_MS,
                                  .forced_exit = AUR_EXIT_INTERRUPTED};
    aur_progress_begin(&run.progress, &request, false);
    request.on_audio = take_audio;
    int rc = aur_signals_start(&signals, err);
    if (rc < 0)
        return rc;
    rc = aur_bounce(&request, err);
    aur_signals_end(&signals);
    aur_progress_end(&run.progress);
    return rc;
}

static void report(const struct check *c, const struct aur_error *err)
{
    const double rate = c->info->head.rate_hz;
    char end[AUR_PLAYBACK_TIME_SIZE];
    const bool broken = c->info->broken_at < c->info->frames;
    aur_playback_time(end, c->end, c->info->head.rate_hz);
    if (c->json) {
        aur_print_json(
            json_pack("{ss sb sI sI sO sf sf ss ss}", "session", c->info->id, "ok", c->equal == c->n && !err->code,
                      "minutes", (json_int_t)c->n, "equal", (json_int_t)c->equal, "different", c->different, "seconds",
                      (double)c->info->frames / rate, "replayable_seconds", (double)c->end / rate, "broken_why",
                      broken ? c->info->broken_why : "", "error", err->code ? err->message : ""));
        return;
    }
    if (err->code)
        printf("%s\n", err->message);
    printf("session %s: %" PRIu64 " of %zu minutes are as they were streamed; it can be played to %s%s%s\n",
           c->info->id, c->equal, c->n, end, broken ? ", not on from there: " : "", broken ? c->info->broken_why : "");
}

/* *different: the answer, where there is one. */
static int verify(const struct aur_playback *playback, bool json, bool *different, struct aur_error *err)
{
    const struct aur_session_info *info = aur_replay_session(playback->replay);
    struct check c = {
        .info = info,
        .frames_a_minute = (uint64_t)MINUTE_SECONDS * info->head.rate_hz,
        .end = aur_replay_end(playback->replay),
        .hash = AUR_HASH_START,
        .different = json_array(),
        .json = json,
    };
    int rc = aur_archive_facts(playback->archive, info->id, AUR_FACT_MINUTE, 0, INT64_MAX, add_minute, &c);
    if (rc < 0)
        rc = aur_error_set(err, rc, "session %s cannot be read to its end", info->id);
    else if (c.end > 0)
        rc = render(playback, &c, err);
    /* What keeps a phrase from being made again is the answer, not a failure to find one. */
    if (rc != AUR_EBUSY && rc != AUR_ENOMEM) {
        *different = rc < 0 || c.equal < c.n;
        report(&c, rc < 0 ? err : &(struct aur_error){0});
        rc = AUR_OK;
    }
    json_decref(c.different);
    free(c.minutes);
    return rc;
}

int aur_run_verify(const struct aur_command *command, int argc, char **argv)
{
    struct verify_args args = {0};
    struct aur_parsed parsed;
    struct aur_settings settings;
    struct aur_playback playback;
    struct aur_error err = {0};
    bool different = false;
    int exit_code;
    if (!aur_command_parse(command, &parsed, &args, argc, argv, &exit_code))
        return exit_code;
    if (aur_command_settings(&settings, &parsed, &err) < 0 ||
        aur_playback_open(&playback, parsed.operands[0], &settings, &err) < 0)
        return aur_fail(&err);
    int rc = verify(&playback, args.json, &different, &err);
    aur_playback_close(&playback);
    return rc < 0 ? aur_fail(&err) : different ? EXIT_DIFFERENT : AUR_EXIT_OK;
}
