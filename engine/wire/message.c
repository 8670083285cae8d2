/* Writing the server's messages, in the order docs/protocol.md shows. On encoder workers (audio: no allocation, one pass
 * over the samples) and the network thread (all others, through a growing buffer). Written by hand because the order of
 * keys, the digits of numbers and the cost of a chunk are ours to decide; the shapes are few. */
#include "wire/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "wire/base64.h"
#include "wire/json.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples go out in memory order: int16_le");

static const char audio_head[] = "{\"type\":\"audio\",\"data\":\"";

#define AUDIO_TAIL_SIZE 192 /* the longest: 27 + 20 + 10 characters in 95 of text */

size_t aur_msg_audio_size(uint32_t frames)
{
    return sizeof audio_head + AUR_BASE64_SIZE((size_t)frames * 4) + AUDIO_TAIL_SIZE;
}

size_t aur_msg_audio(char *out, const int16_t *pcm, uint32_t frames, uint64_t chunk_index, uint32_t rate_hz)
{
    char time[AUR_ISO8601_SIZE];
    aur_clock_iso8601(time);
    char *at = out;
    memcpy(at, audio_head, sizeof audio_head - 1);
    at += sizeof audio_head - 1;
    at += aur_base64_encode(at, pcm, (size_t)frames * 4);
    at += snprintf(at, AUDIO_TAIL_SIZE,
                   "\",\"timestamp\":\"%s\",\"chunk_index\":%" PRIu64 ",\"sample_rate\":%" PRIu32
                   ",\"channels\":2,\"format\":\"int16_le\"}",
                   time, chunk_index, rate_hz);
    return (size_t)(at - out);
}

static void put_now(struct aur_buf *out, const char *key)
{
    char time[AUR_ISO8601_SIZE];
    aur_clock_iso8601(time);
    aur_json_text(out, key, time);
}

static void put_phrase_id(struct aur_buf *out, const char *key, uint64_t phrase)
{
    aur_json_key(out, key);
    aur_buf_printf(out, "\"phrase_%" PRIu64 "\"", phrase);
}

/* The built-in controls, each key behind `prefix`. */
static void put_builtins(struct aur_buf *out, const char *prefix, const struct aur_controls *controls)
{
    char key[64];
    snprintf(key, sizeof key, "%skey", prefix);
    aur_json_text(out, key, controls->key.name);
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name; b++) {
        const char *at = (const char *)controls + b->offset;
        double number;
        int integer;
        memcpy(&number, at, sizeof number);
        memcpy(&integer, at, sizeof integer);
        snprintf(key, sizeof key, "%s%s", prefix, b->name);
        aur_json_real(out, key, b->integer ? integer : number);
    }
}

static void put_piece(struct aur_buf *out, const struct aur_controls *controls, const struct aur_control_specs *specs)
{
    for (size_t i = 0; specs && i < specs->n; i++)
        aur_json_real(out, specs->items[i].name, controls->piece[i]);
}

void aur_msg_phrase_write(struct aur_buf *out, const struct aur_msg_phrase *phrase)
{
    aur_buf_text(out, "{");
    aur_json_text(out, "type", "generation_update");
    put_phrase_id(out, "phrase_id", phrase->phrase);
    put_builtins(out, "", &phrase->controls);
    put_piece(out, &phrase->controls, &phrase->specs);
    aur_json_count(out, "bars", (uint64_t)phrase->bars);
    aur_json_ms(out, "next_phrase_in_ms", phrase->next_phrase_in_ms, 1);
    aur_json_ms(out, "sounds_in_ms", phrase->sounds_in_ms, 1);
    aur_json_text(out, "title", phrase->title);
    aur_buf_text(out, "}");
}

static void put_spec(struct aur_buf *out, const struct aur_control_spec *spec, bool integer, bool live)
{
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_text(out, "name", spec->name);
    aur_json_text(out, "label", spec->label);
    aur_json_real(out, "min", spec->min);
    aur_json_real(out, "max", spec->max);
    aur_json_real(out, "default", spec->def);
    aur_json_key(out, "integer");
    aur_buf_text(out, integer ? "true" : "false");
    aur_json_key(out, "live");
    aur_buf_text(out, live ? "true}" : "false}");
}

static void put_specs(struct aur_buf *out, const struct aur_control_specs *specs)
{
    aur_json_key(out, "controls");
    aur_buf_text(out, "[");
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name; b++) {
        struct aur_control_spec spec = {.min = b->min, .max = b->max, .def = b->def};
        snprintf(spec.name, sizeof spec.name, "%s", b->name);
        snprintf(spec.label, sizeof spec.label, "%s", b->label);
        put_spec(out, &spec, b->integer, b->live);
    }
    for (size_t i = 0; specs && i < specs->n; i++)
        put_spec(out, &specs->items[i], false, false);
    aur_buf_text(out, "]");
}

static void put_names(struct aur_buf *out, const char *key, const char *const *names)
{
    aur_json_key(out, key);
    for (size_t i = 0; names[i]; i++) {
        aur_buf_text(out, i ? "," : "[");
        aur_json_string(out, names[i]);
    }
    aur_buf_text(out, "]");
}

static void put_current(struct aur_buf *out, const struct aur_msg_status *status)
{
    put_builtins(out, "current_", &status->current.controls);
    put_phrase_id(out, "current_phrase_id", status->current.phrase);
    aur_json_ms(out, "next_phrase_in_ms", status->current.next_phrase_in_ms, 1);
    aur_json_key(out, "current_piece");
    aur_buf_text(out, "{");
    put_piece(out, &status->current.controls, &status->current.specs);
    aur_buf_text(out, "}");
}

static void put_pending(struct aur_buf *out, const struct aur_msg_status *status)
{
    aur_json_key(out, "pending");
    aur_buf_text(out, "{");
    put_phrase_id(out, "phrase_id", status->pending.phrase);
    put_builtins(out, "", &status->pending.controls);
    put_piece(out, &status->pending.controls, &status->pending.specs);
    aur_json_ms(out, "sounds_in_ms", status->pending.sounds_in_ms, 1);
    aur_buf_text(out, "}");
}

static void put_voices(struct aur_buf *out, const struct aur_msg_status *status)
{
    const struct aur_msg_voices *v = &status->voices;
    aur_json_key(out, "exact");
    aur_buf_text(out, status->inexact ? "false" : "true");
    aur_json_key(out, "voices");
    aur_buf_text(out, "{");
    aur_json_count(out, "device_blocks", v->device_blocks);
    aur_json_count(out, "cpu_blocks", v->cpu_blocks);
    aur_json_count(out, "replaced", v->replaced);
    aur_json_count(out, "launches", v->launches);
    aur_json_count(out, "jobs", v->jobs);
    aur_json_count(out, "late", v->late);
    aur_json_count(out, "failed", v->failed);
    aur_buf_text(out, "}");
}

void aur_msg_formats_write(struct aur_buf *out, unsigned formats)
{
    aur_buf_text(out, "[");
    for (int f = 0; f < AUR_FORMATS; f++)
        if (formats & 1u << f) {
            aur_buf_text(out, aur_json_ends_with(out, '[') ? "" : ",");
            aur_json_string(out, aur_format_name((enum aur_format)f));
        }
    aur_buf_text(out, "]");
}

static void put_listener(struct aur_buf *out, const struct aur_msg_listener *listener)
{
    aur_json_key(out, "listener");
    aur_buf_text(out, "{");
    aur_json_text(out, "format", listener->format);
    aur_json_count(out, "chunks_sent", listener->chunks_sent);
    aur_json_count(out, "chunks_dropped", listener->chunks_dropped);
    aur_buf_text(out, "}");
}

void aur_msg_status_write(struct aur_buf *out, const struct aur_msg_status *status, bool typed)
{
    aur_buf_text(out, "{");
    if (typed)
        aur_json_text(out, "type", "status");
    put_now(out, "server_time");
    aur_json_text(out, "channel", status->channel);
    if (status->run)
        aur_json_text(out, "run", status->run);
    aur_json_text(out, "title", status->current.title);
    aur_json_text(out, "device", status->device);
    put_voices(out, status);
    aur_json_count(out, "seed", status->seed);
    aur_json_text(out, "script", status->script);
    aur_json_text(out, "script_version", status->script_version);
    aur_json_text(out, "swap", status->swap ? status->swap : "phrase");
    aur_json_key(out, "formats");
    aur_msg_formats_write(out, status->formats);
    aur_json_count(out, "sample_rate", status->sample_rate);
    aur_json_count(out, "chunk_frames", status->chunk_frames);
    aur_json_count(out, "chunk_index", status->chunk_index);
    aur_json_ms(out, "published_ms_ago", status->published_ms_ago, 3);
    aur_json_ms(out, "buffer_depth_ms", status->buffer_depth_ms, 1);
    aur_json_ms(out, "synthesis_latency_ms", status->synthesis_latency_ms, 3);
    aur_json_count(out, "active_clients", status->active_clients);
    aur_json_count(out, "phrases_generated", status->phrases_generated);
    aur_json_count(out, "chunks_sent", status->chunks_sent);
    aur_json_count(out, "chunks_dropped", status->chunks_dropped);
    aur_json_count(out, "underruns", status->underruns);
    if (status->listener)
        put_listener(out, status->listener);
    put_current(out, status);
    put_pending(out, status);
    put_specs(out, &status->pending.specs);
    aur_json_key(out, "keys");
    aur_buf_text(out, "{");
    put_names(out, "tonics", aur_key_tonics);
    put_names(out, "modes", aur_key_modes);
    aur_buf_text(out, "}}");
}

static const char *severity_of(const char *code)
{
    static const char *const severities[][2] = {
        {"SYNTHESIS_FAILED", "warning"}, {"BUFFER_UNDERRUN", "warning"}, {"BUFFER_OVERRUN", "info"},
        {"INVALID_CONTROL", "error"},    {"GENERATION_ERROR", "error"},  {"SERVER_OVERLOAD", "critical"},
    };
    for (size_t i = 0; i < sizeof severities / sizeof *severities; i++)
        if (strcmp(severities[i][0], code) == 0)
            return severities[i][1];
    return "error";
}

/* A script error carries a traceback behind its first line: that stays in the log. */
static void put_first_line(struct aur_buf *out, const char *key, const char *text)
{
    char line[sizeof((struct aur_error *)0)->message];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
    aur_json_text(out, key, line);
}

static void put_refused(struct aur_buf *out, const struct aur_error *err)
{
    if (!err || !err->field[0])
        return;
    aur_json_text(out, "field", err->field);
    aur_json_text(out, "value", err->value);
    aur_json_text(out, "allowed", err->allowed);
}

void aur_msg_error_write(struct aur_buf *out, const char *code, const char *message, const struct aur_error *err)
{
    aur_buf_text(out, "{");
    aur_json_text(out, "type", "error");
    aur_json_text(out, "code", code);
    put_first_line(out, "message", message);
    aur_json_text(out, "severity", severity_of(code));
    put_now(out, "timestamp");
    put_refused(out, err);
    aur_buf_text(out, "}");
}

void aur_msg_refusal_write(struct aur_buf *out, const char *code, const char *message, const struct aur_error *err)
{
    aur_buf_text(out, "{");
    aur_json_text(out, "error", code);
    put_first_line(out, "message", message);
    put_refused(out, err);
    aur_buf_text(out, "}");
}

void aur_msg_pong_write(struct aur_buf *out, const char *client_time)
{
    aur_buf_text(out, "{");
    aur_json_text(out, "type", "pong");
    if (client_time) {
        aur_json_key(out, "client_time");
        aur_buf_text(out, client_time);
    }
    put_now(out, "server_time");
    aur_buf_text(out, "}");
}

void aur_msg_updated_write(struct aur_buf *out, const struct aur_msg_phrase *reply)
{
    aur_buf_text(out, "{");
    aur_json_text(out, "status", "updated");
    aur_json_key(out, "params");
    aur_buf_text(out, "{");
    put_builtins(out, "", &reply->controls);
    put_piece(out, &reply->controls, &reply->specs);
    aur_buf_text(out, "}");
    put_phrase_id(out, "phrase_id", reply->phrase);
    aur_json_ms(out, "sounds_in_ms", reply->sounds_in_ms, 1);
    aur_buf_text(out, "}");
}
