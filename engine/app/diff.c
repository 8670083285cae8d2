/* diff: two recorded sessions, note by note, and where their sound parts. Main thread. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/output.h"
#include "app/playback.h"
#include "app/signals.h"
#include "bounce/compare.h"

#define EXIT_DIFFERENT 1
#define SHOWN_MAX      100 /* of the notes that differ; JSON lists more */
#define LISTED_MAX     10000

struct diff_args {
    bool json;
};

static const struct aur_option diff_table[] = {
    {"--db", "FILE", "where sessions are recorded", "AURALIS_DB", {0}, false, NULL},
    {"--json", NULL, "print JSON", NULL, {AUR_FIELD_FLAG, AUR_MEMBER(struct diff_args, json)}, false, NULL},
    {0},
};
const struct aur_options aur_diff_options = {"diff", diff_table, "A B", 2};

static const char *const kinds[AUR_NOTE_DIFFERENCES] = {"only_a", "only_b", "changed"};
static const char *const words[AUR_NOTE_DIFFERENCES] = {"only in A", "only in B", "changed"};

struct diff {
    struct aur_playback a, b;
    uint32_t rate_hz;
    uint64_t end;  /* of the shorter */
    json_t *notes; /* those listed; NULL: printed as text */
    uint64_t listed;
    struct aur_compare_counts counts;
    uint64_t parts_at;
    struct aur_progress progress;
};

static double q16(int32_t x)
{
    return (double)x / AUR_Q16_ONE;
}

static const char *patch_of(const struct aur_compared_note *note)
{
    return note->phrase->patches[note->note->patch].name;
}

static json_t *values(const struct diff *d, const struct aur_compared_note *note)
{
    if (!note->note)
        return json_null();
    return json_pack("{sI sf sf sf sf}", "phrase", (json_int_t)note->phrase->number, "pitch",
                     q16(note->note->pitch_q16), "velocity", q16(note->note->velocity_q16), "pan",
                     q16(note->note->pan_q16), "seconds",
                     (double)(note->note->off_frame - note->note->on_frame) / d->rate_hz);
}

static void list(struct diff *d, enum aur_note_difference difference, const struct aur_compared_note *a,
                 const struct aur_compared_note *b)
{
    const struct aur_compared_note *any = a->note ? a : b;
    if (++d->listed > LISTED_MAX)
        return;
    json_array_append_new(d->notes,
                          json_pack("{ss sf sI ss so so}", "difference", kinds[difference], "at_s",
                                    (double)any->note->on_frame / d->rate_hz, "frame", (json_int_t)any->note->on_frame,
                                    "patch", patch_of(any), "a", values(d, a), "b", values(d, b)));
}

/* "velocity 0.5, 0.6": of a changed note what is another in B. */
static void show_change(const char *name, double a, double b)
{
    if (a != b)
        printf(", %s %.6g in A, %.6g in B", name, a, b);
}

static void show(struct diff *d, enum aur_note_difference difference, const struct aur_compared_note *a,
                 const struct aur_compared_note *b)
{
    const struct aur_compared_note *any = a->note ? a : b;
    char time[AUR_PLAYBACK_TIME_SIZE];
    if (++d->listed > SHOWN_MAX)
        return;
    printf("%s: phrase %" PRIu64 ", %s, %s, pitch %.6g", words[difference], any->phrase->number,
           aur_playback_time(time, any->note->on_frame, d->rate_hz), patch_of(any), q16(any->note->pitch_q16));
    if (a->note && b->note) {
        show_change("pitch", q16(a->note->pitch_q16), q16(b->note->pitch_q16));
        show_change("velocity", q16(a->note->velocity_q16), q16(b->note->velocity_q16));
        show_change("pan", q16(a->note->pan_q16), q16(b->note->pan_q16));
        show_change("seconds", (double)(a->note->off_frame - a->note->on_frame) / d->rate_hz,
                    (double)(b->note->off_frame - b->note->on_frame) / d->rate_hz);
    }
    printf("\n");
}

static void on_note(void *user, enum aur_note_difference difference, const struct aur_compared_note *a,
                    const struct aur_compared_note *b)
{
    struct diff *d = user;
    if (d->notes)
        list(d, difference, a, b);
    else
        show(d, difference, a, b);
}

static int compare(struct diff *d, struct aur_error *err)
{
    struct aur_signals signals = {.on_stop = aur_progress_interrupt,
                                  .user = &d->progress,
                                  .repeat_ms = AUR_SIGNAL_REPEAT_MS,
                                  .forced_exit = AUR_EXIT_INTERRUPTED};
    int rc = aur_compare_notes(&d->counts, d->a.replay, d->b.replay, d->end, on_note, d, err);
    if (rc == AUR_OK)
        rc = aur_signals_start(&signals, err);
    if (rc < 0)
        return rc;
    rc = aur_compare_sound(&d->parts_at, d->a.replay, d->b.replay, d->end, d->a.isa, &d->progress.interrupted, err);
    aur_signals_end(&signals);
    return rc;
}

static double seconds_of(const struct aur_playback *playback)
{
    return (double)aur_replay_end(playback->replay) / aur_replay_session(playback->replay)->head.rate_hz;
}

static bool are_same(const struct diff *d)
{
    uint64_t differences = 0;
    for (int i = 0; i < AUR_NOTE_DIFFERENCES; i++)
        differences += d->counts.differences[i];
    return differences == 0 && d->parts_at == AUR_COMPARE_SAME &&
           aur_replay_end(d->a.replay) == aur_replay_end(d->b.replay);
}

static void report_json(const struct diff *d)
{
    const bool parts = d->parts_at != AUR_COMPARE_SAME;
    const uint64_t *n = d->counts.differences;
    aur_print_json(json_pack("{sb ss ss sf sf s{sI sI sI sI} sO so so}", "same", are_same(d), "a",
                             aur_replay_session(d->a.replay)->id, "b", aur_replay_session(d->b.replay)->id, "seconds_a",
                             seconds_of(&d->a), "seconds_b", seconds_of(&d->b), "counts", "same",
                             (json_int_t)d->counts.same, kinds[0], (json_int_t)n[0], kinds[1], (json_int_t)n[1],
                             kinds[2], (json_int_t)n[2], "notes", d->notes, "audio_differs_at_frame",
                             parts ? json_integer((json_int_t)d->parts_at) : json_null(), "audio_differs_at_s",
                             parts ? json_real((double)d->parts_at / d->rate_hz) : json_null()));
}

static void report_text(const struct diff *d)
{
    const uint64_t *n = d->counts.differences;
    char time[AUR_PLAYBACK_TIME_SIZE];
    if (d->listed > SHOWN_MAX)
        printf("... and %" PRIu64 " more\n", d->listed - SHOWN_MAX);
    if (aur_replay_end(d->a.replay) != aur_replay_end(d->b.replay))
        printf("length: %.3f s in A, %.3f s in B; compared up to the end of the shorter\n", seconds_of(&d->a),
               seconds_of(&d->b));
    printf("notes: %" PRIu64 " the same, %" PRIu64 " only in A, %" PRIu64 " only in B, %" PRIu64 " changed\n",
           d->counts.same, n[AUR_NOTE_ONLY_A], n[AUR_NOTE_ONLY_B], n[AUR_NOTE_CHANGED]);
    if (d->parts_at == AUR_COMPARE_SAME)
        printf("audio: the same to the bit, up to %s\n", aur_playback_time(time, d->end, d->rate_hz));
    else
        printf("audio: the first frame that differs is %" PRIu64 ", at %s\n", d->parts_at,
               aur_playback_time(time, d->parts_at, d->rate_hz));
}

static int diff(struct diff *d, bool json, struct aur_error *err)
{
    const uint32_t rate = aur_replay_session(d->b.replay)->head.rate_hz;
    const uint64_t a = aur_replay_end(d->a.replay), b = aur_replay_end(d->b.replay);
    d->rate_hz = aur_replay_session(d->a.replay)->head.rate_hz;
    d->end = a < b ? a : b;
    d->parts_at = AUR_COMPARE_SAME;
    if (d->rate_hz != rate)
        return aur_error_set(err, AUR_EINVAL, "A has %u frames a second and B %u: they have none in common",
                             (unsigned)d->rate_hz, (unsigned)rate);
    d->notes = json ? json_array() : NULL;
    int rc = compare(d, err);
    if (rc == AUR_OK && json)
        report_json(d);
    else if (rc == AUR_OK)
        report_text(d);
    json_decref(d->notes);
    return rc;
}

int aur_run_diff(const struct aur_command *command, int argc, char **argv)
{
    struct diff_args args = {0};
    struct diff d = {0};
    struct aur_parsed parsed;
    struct aur_settings settings;
    struct aur_error err = {0};
    int exit_code;
    if (!aur_command_parse(command, &parsed, &args, argc, argv, &exit_code))
        return exit_code;
    int rc = aur_command_settings(&settings, &parsed, &err);
    if (rc == AUR_OK)
        rc = aur_playback_open(&d.a, parsed.operands[0], &settings, &err);
    if (rc == AUR_OK)
        rc = aur_playback_open(&d.b, parsed.operands[1], &settings, &err);
    if (rc == AUR_OK)
        rc = diff(&d, args.json, &err);
    const bool same = rc == AUR_OK && are_same(&d);
    aur_playback_close(&d.a);
    aur_playback_close(&d.b);
    return rc < 0 ? aur_fail(&err) : same ? AUR_EXIT_OK : EXIT_DIFFERENT;
}
