/* Writing the score as JSON. Runs on the thread of the render; one phrase is in memory at a time. Numbers have as many
 * digits as their quantum needs to be read back exactly. */
#include "bounce/event_file.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define DIGITS 12 /* tells multiples of 2^-20 below 1024 apart */

static double q16(int32_t x)
{
    return (double)x / AUR_Q16_ONE;
}

static double q20(int64_t x)
{
    return (double)x / (double)AUR_BEAT_ONE;
}

static json_t *note_json(const struct aur_phrase *phrase, const struct aur_note *note)
{
    const struct aur_patch *patch = &phrase->patches[note->patch];
    return json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:I}", "patch", patch->name, "voice",
                     aur_voices[patch->voice].name, "at", q20(note->at_q20), "beats", q20(note->beats_q20), "pitch",
                     q16(note->pitch_q16), "velocity", q16(note->velocity_q16), "pan", q16(note->pan_q16), "line",
                     (json_int_t)note->line, "on_frame", (json_int_t)note->on_frame, "off_frame",
                     (json_int_t)note->off_frame);
}

static json_t *chord_json(const struct aur_chord *chord)
{
    json_t *pitches = json_array();
    for (uint32_t i = 0; i < chord->n_pitches; i++)
        json_array_append_new(pitches, json_real(q16(chord->pitches_q16[i])));
    return json_pack("{s:s, s:f, s:f, s:o, s:I, s:I}", "name", chord->name, "at", q20(chord->at_q20), "beats",
                     q20(chord->beats_q20), "pitches", pitches, "on_frame", (json_int_t)chord->on_frame, "off_frame",
                     (json_int_t)chord->off_frame);
}

/* NULL when memory ran out. */
static json_t *phrase_json(const struct aur_phrase *phrase)
{
    json_t *notes = json_array(), *chords = json_array();
    int bad = 0;
    for (uint32_t i = 0; i < phrase->n_notes; i++)
        bad |= json_array_append_new(notes, note_json(phrase, &phrase->notes[i]));
    for (uint32_t i = 0; i < phrase->n_chords; i++)
        bad |= json_array_append_new(chords, chord_json(&phrase->chords[i]));
    json_t *all =
        json_pack("{s:I, s:I, s:I, s:i, s:[i,i], s:s, s:i, s:f, s:f, s:o, s:o}", "number", (json_int_t)phrase->number,
                  "start_frame", (json_int_t)phrase->start_frame, "length_frames", (json_int_t)phrase->length_frames,
                  "bars", phrase->bars, "meter", phrase->meter[0], phrase->meter[1], "key", phrase->controls.key.name,
                  "bpm", phrase->controls.bpm, "intensity", phrase->controls.intensity, "melody_complexity",
                  phrase->controls.melody_complexity, "notes", notes, "chords", chords);
    if (all && !bad)
        return all;
    json_decref(all);
    return NULL;
}

int aur_event_file_open(struct aur_event_file *events, const char *path, bool force, const char *title, uint64_t seed,
                        uint32_t rate_hz, struct aur_error *err)
{
    memset(events, 0, sizeof *events);
    int rc = aur_outfile_open(&events->file, path, force, err);
    if (rc)
        return rc;
    events->out = fdopen(events->file.fd, "w");
    if (!events->out)
        return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", path, strerror(errno));
    events->file.fd = -1; /* the stream's now */
    json_t *text = json_string(title);
    char *quoted = text ? json_dumps(text, JSON_ENCODE_ANY) : NULL;
    events->failed =
        !quoted ||
        fprintf(events->out, "{\"title\": %s, \"seed\": %" PRIu64 ", \"sample_rate\": %" PRIu32 ", \"phrases\": [",
                quoted, seed, rate_hz) < 0;
    free(quoted);
    json_decref(text);
    return AUR_OK;
}

void aur_event_file_add(struct aur_event_file *events, const struct aur_phrase *phrase)
{
    json_t *json = phrase_json(phrase);
    if (!json || fputs(events->phrases ? ",\n" : "\n", events->out) < 0 ||
        json_dumpf(json, events->out, JSON_REAL_PRECISION(DIGITS)))
        events->failed = true;
    json_decref(json);
    events->phrases++;
}

int aur_event_file_finish(struct aur_event_file *events, struct aur_error *err)
{
    bool failed = fputs("\n]}\n", events->out) < 0 || events->failed;
    failed |= fclose(events->out) != 0;
    events->out = NULL;
    if (failed)
        return aur_error_set(err, AUR_EIO, "%s: cannot be written completely", events->file.path);
    return AUR_OK;
}

int aur_event_file_publish(struct aur_event_file *events, struct aur_error *err)
{
    return aur_outfile_publish(&events->file, err);
}

void aur_event_file_deinit(struct aur_event_file *events)
{
    if (events->out)
        fclose(events->out);
    events->out = NULL;
    aur_outfile_deinit(&events->file);
}
