/* Scripts and scores as JSON, in the order docs/protocol.md shows. On the network thread and the scripts worker. */
#include "wire/script.h"

#include <inttypes.h>

#include "base/clock.h"
#include "score/tempo.h"
#include "wire/json.h"

/* [ or , before another item of an array */
static void begin_item(struct aur_buf *out, bool first)
{
    aur_buf_text(out, first ? "{" : ",{");
}

static void put_phrase_id(struct aur_buf *out, uint64_t phrase)
{
    aur_json_key(out, "phrase_id");
    aur_buf_printf(out, "\"phrase_%" PRIu64 "\"", phrase);
}

void aur_msg_diagnostics_write(struct aur_buf *out, const struct aur_diagnostic *diagnostics, size_t n)
{
    aur_buf_text(out, "[");
    for (size_t i = 0; i < n; i++) {
        const struct aur_diagnostic *d = &diagnostics[i];
        begin_item(out, i == 0);
        aur_json_text(out, "file", d->file);
        aur_json_count(out, "line", d->line > 0 ? (uint64_t)d->line : 1);
        aur_json_count(out, "column", d->column > 0 ? (uint64_t)d->column : 1);
        aur_json_text(out, "severity", aur_severity_name(d->severity));
        aur_json_text(out, "message", d->message);
        aur_json_text(out, "traceback", d->traceback);
        aur_buf_text(out, "}");
    }
    aur_buf_text(out, "]");
}

void aur_msg_script_write(struct aur_buf *out, const struct aur_msg_script *script)
{
    char time[AUR_ISO8601_SIZE];
    aur_clock_iso8601(time);
    aur_buf_text(out, "{");
    aur_json_text(out, "type", "script_update");
    aur_json_text(out, "state", script->state);
    aur_json_text(out, "name", script->name);
    aur_json_text(out, "version", script->version);
    aur_json_text(out, "playing_version", script->playing_version);
    if (script->has_phrase) {
        put_phrase_id(out, script->phrase);
        aur_json_ms(out, "sounds_in_ms", script->sounds_in_ms, 1);
    }
    aur_json_key(out, "diagnostics");
    aur_msg_diagnostics_write(out, script->diagnostics, script->n_diagnostics);
    aur_json_text(out, "timestamp", time);
    aur_buf_text(out, "}");
}

/* ---- scores ---- */

static double beats_of(int64_t q20)
{
    return (double)q20 / (double)AUR_BEAT_ONE;
}

static double q16(int32_t value)
{
    return (double)value / AUR_Q16_ONE;
}

static void put_patches(struct aur_buf *out, const struct aur_phrase *phrase)
{
    aur_json_key(out, "patches");
    aur_buf_text(out, "[");
    for (uint32_t i = 0; i < phrase->n_patches; i++) {
        begin_item(out, i == 0);
        aur_json_text(out, "name", phrase->patches[i].name);
        aur_json_text(out, "voice", aur_voices[phrase->patches[i].voice].name);
        aur_buf_text(out, "}");
    }
    aur_buf_text(out, "]");
}

static void put_notes(struct aur_buf *out, const struct aur_phrase *phrase)
{
    aur_json_key(out, "notes");
    aur_buf_text(out, "[");
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        const struct aur_note *note = &phrase->notes[i];
        begin_item(out, i == 0);
        aur_json_count(out, "patch", note->patch);
        aur_json_real(out, "at", beats_of(note->at_q20));
        aur_json_real(out, "beats", beats_of(note->beats_q20));
        aur_json_real(out, "pitch", q16(note->pitch_q16));
        aur_json_real(out, "velocity", q16(note->velocity_q16));
        aur_json_real(out, "pan", q16(note->pan_q16));
        aur_json_count(out, "line", note->line);
        aur_json_key(out, "callers");
        aur_buf_text(out, "[");
        for (int c = 0; c < 2 && note->callers[c]; c++)
            aur_buf_printf(out, "%s%u", c ? "," : "", note->callers[c]);
        aur_buf_text(out, "]}");
    }
    aur_buf_text(out, "]");
}

static void put_chords(struct aur_buf *out, const struct aur_phrase *phrase)
{
    aur_json_key(out, "chords");
    aur_buf_text(out, "[");
    for (uint32_t i = 0; i < phrase->n_chords; i++) {
        const struct aur_chord *chord = &phrase->chords[i];
        begin_item(out, i == 0);
        aur_json_real(out, "at", beats_of(chord->at_q20));
        aur_json_real(out, "beats", beats_of(chord->beats_q20));
        aur_json_text(out, "name", chord->name);
        aur_json_key(out, "pitches");
        aur_buf_text(out, "[");
        for (uint32_t k = 0; k < chord->n_pitches; k++) {
            aur_buf_text(out, k ? "," : "");
            aur_json_number(out, q16(chord->pitches_q16[k]));
        }
        aur_buf_text(out, "]}");
    }
    aur_buf_text(out, "]");
}

void aur_msg_score_write(struct aur_buf *out, const struct aur_msg_score *score)
{
    const struct aur_phrase *phrase = score->phrase;
    aur_buf_text(out, "{");
    put_phrase_id(out, phrase->number);
    aur_json_bool(out, "preview", score->preview);
    aur_json_text(out, "script", score->script);
    aur_json_text(out, "version", score->version);
    aur_json_text(out, "key", phrase->controls.key.name);
    aur_json_count(out, "bpm", (uint64_t)phrase->controls.bpm);
    aur_json_count(out, "bars", (uint64_t)phrase->bars);
    aur_json_count(out, "beats", (uint64_t)phrase->bars * (uint64_t)phrase->meter[0]);
    aur_json_count(out, "beats_per_bar", (uint64_t)phrase->meter[0]);
    aur_json_count(out, "start_frame", phrase->start_frame);
    aur_json_count(out, "length_frames", phrase->length_frames);
    put_patches(out, phrase);
    put_notes(out, phrase);
    put_chords(out, phrase);
    aur_buf_text(out, "}");
}
