/* What is told of recorded sessions, as text for people and as JSON. Main thread; no state. */
#include "app/session_tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/playback.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "wire/json.h"

static double seconds_of(const struct aur_session_info *s, uint64_t frames)
{
    return s->head.rate_hz ? (double)frames / s->head.rate_hz : 0;
}

static uint64_t replayable(const struct aur_session_info *s)
{
    return s->broken_at < s->frames ? s->broken_at : s->frames;
}

static void put_time(struct aur_buf *out, const char *key, int64_t ms)
{
    char time[AUR_ISO8601_SIZE];
    aur_clock_iso8601_of(time, ms > 0 ? (uint64_t)ms * 1000 : 0);
    aur_json_key(out, key);
    aur_buf_printf(out, ms > 0 ? "\"%s\"" : "null", time);
}

/* The same members as the REST interface tells, but for the closing brace. */
static void put_json(struct aur_buf *out, const struct aur_session_info *s)
{
    aur_buf_text(out, "{");
    aur_json_text(out, "id", s->id);
    aur_json_text(out, "channel", s->head.channel);
    aur_json_text(out, "title", s->head.title);
    aur_json_text(out, "name", s->name);
    put_time(out, "started_at", s->head.started_at);
    put_time(out, "ended_at", s->ended_at);
    aur_json_real(out, "seconds", seconds_of(s, s->frames));
    aur_json_count(out, "seed", s->head.seed);
    aur_json_count(out, "rate", s->head.rate_hz);
    aur_json_bool(out, "exact", s->broken_at == UINT64_MAX);
    aur_json_real(out, "replayable_s", seconds_of(s, replayable(s)));
    aur_json_text(out, "broken_why", s->broken_why);
    aur_json_text(out, "resumed_from", s->head.resumed_from);
    aur_json_count(out, "sound_revision", s->head.sound_revision);
    aur_json_bool(out, "recording", s->ended_at == 0);
    aur_json_bool(out, "imported", s->imported_at != 0);
}

/* 2025-01-15 10:30:45 */
static const char *moment(char out[AUR_ISO8601_SIZE], int64_t ms)
{
    aur_clock_iso8601_of(out, ms > 0 ? (uint64_t)ms * 1000 : 0);
    out[10] = ' ';
    out[19] = '\0';
    return out;
}

static const char *state_of(const struct aur_session_info *s)
{
    const bool whole = s->broken_at >= s->frames;
    if (s->imported_at)
        return whole ? "imported" : "imported, not to the end";
    return s->ended_at == 0 ? "recording" : whole ? "" : "not to the end";
}

/* ---- list ---- */

struct listing {
    struct aur_buf *text;
    bool json;
};

static int list_one(void *user, const struct aur_session_info *s)
{
    struct listing *list = user;
    char at[AUR_ISO8601_SIZE], length[AUR_PLAYBACK_TIME_SIZE];
    if (list->json) {
        if (!aur_json_ends_with(list->text, '['))
            aur_buf_text(list->text, ",");
        put_json(list->text, s);
        aur_json_count(list->text, "phrases", s->phrases);
        aur_buf_text(list->text, "}");
        return AUR_OK;
    }
    aur_playback_time(length, s->frames, s->head.rate_hz);
    length[strlen(length) - 4] = '\0'; /* whole seconds */
    aur_buf_printf(list->text, "%s  %s  %-12s %9s  %s%s%s\n", s->id, moment(at, s->head.started_at), s->head.channel,
                   length, *s->name ? s->name : s->head.title, *state_of(s) ? "  # " : "", state_of(s));
    return AUR_OK;
}

int aur_session_list(struct aur_buf *out, struct aur_archive *archive, const char *channel, bool json)
{
    struct listing list = {out, json};
    if (json)
        aur_buf_text(out, "{\"sessions\":[");
    int rc = aur_archive_sessions(archive, channel, list_one, &list);
    if (json)
        aur_buf_text(out, "]}\n");
    else
        aur_verb_clean(out);
    return rc;
}

/* ---- show ---- */

struct showing {
    struct aur_buf *text;
    const struct aur_session_info *session;
};

static int show_phrase(void *user, const struct aur_recorded_phrase *p)
{
    struct showing *show = user;
    struct aur_buf *out = show->text;
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_count(out, "number", p->number);
    aur_json_count(out, "ordinal", p->ordinal);
    aur_json_real(out, "at_s", seconds_of(show->session, p->start_frame));
    aur_json_real(out, "seconds", seconds_of(show->session, p->length_frames));
    aur_json_text(out, "kind", p->kind == AUR_PHRASE_REPEATED ? "repeated" : "composed");
    aur_json_count(out, "branch", p->branch);
    aur_json_text(out, "piece", p->piece);
    aur_json_text(out, "controls", p->controls);
    aur_buf_text(out, "}");
    return AUR_OK;
}

static int show_event_json(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct showing *show = user;
    struct aur_buf *out = show->text;
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_real(out, "at_s", seconds_of(show->session, frame));
    put_time(out, "at", at_ms);
    aur_json_text(out, "kind", kind);
    aur_json_key(out, "detail");
    aur_buf_text(out, *detail ? detail : "{}");
    aur_buf_text(out, "}");
    return AUR_OK;
}

static int show_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct showing *show = user;
    char time[AUR_PLAYBACK_TIME_SIZE];
    (void)at_ms;
    aur_buf_printf(show->text, "%15s  %s  %s\n", aur_playback_time(time, frame, show->session->head.rate_hz), kind,
                   detail);
    return AUR_OK;
}

static int show_json(struct showing *show, struct aur_archive *archive)
{
    const struct aur_session_info *s = show->session;
    struct aur_buf *out = show->text;
    put_json(out, s);
    aur_json_text(out, "device", s->head.device);
    aur_json_text(out, "engine", s->head.engine);
    aur_json_key(out, "settings");
    aur_buf_text(out, *s->head.settings ? s->head.settings : "{}");
    aur_json_key(out, "phrases");
    aur_buf_text(out, "[");
    int rc = aur_archive_phrases(archive, s->id, 0, UINT64_MAX, show_phrase, show);
    aur_buf_text(out, "]");
    aur_json_key(out, "events");
    aur_buf_text(out, "[");
    if (rc == AUR_OK)
        rc = aur_archive_events(archive, s->id, 0, UINT64_MAX, show_event_json, show);
    aur_buf_text(out, "]}\n");
    return rc;
}

static int show_text(struct showing *show, struct aur_archive *archive)
{
    const struct aur_session_info *s = show->session;
    struct aur_buf *out = show->text;
    char started[AUR_ISO8601_SIZE], ended[AUR_ISO8601_SIZE], length[AUR_PLAYBACK_TIME_SIZE];
    aur_buf_printf(out, "session   %s\nchannel   %s\ntitle     %s\n", s->id, s->head.channel, s->head.title);
    if (*s->name)
        aur_buf_printf(out, "name      %s\n", s->name);
    aur_buf_printf(out, "started   %s UTC\nended     %s\n", moment(started, s->head.started_at),
                   s->ended_at ? moment(ended, s->ended_at) : "it is being recorded");
    if (s->imported_at)
        aur_buf_printf(out, "imported  %s UTC\n", moment(ended, s->imported_at));
    aur_buf_printf(out, "length    %s, %" PRIu64 " phrases\n", aur_playback_time(length, s->frames, s->head.rate_hz),
                   s->phrases);
    if (s->broken_at < s->frames)
        aur_buf_printf(out, "replay    until %s: %s\n", aur_playback_time(length, s->broken_at, s->head.rate_hz),
                       s->broken_why);
    if (*s->head.resumed_from)
        aur_buf_printf(out, "resumed   from %s\n", s->head.resumed_from);
    aur_buf_printf(out, "seed      %" PRIu64 "\nmade by   Auralis %s, sound revision %u, %s, %u frames a second\n",
                   s->head.seed, s->head.engine, (unsigned)s->head.sound_revision, s->head.device,
                   (unsigned)s->head.rate_hz);
    return aur_archive_events(archive, s->id, 0, UINT64_MAX, show_event, show);
}

int aur_session_show(struct aur_buf *out, struct aur_archive *archive, const struct aur_session_info *session,
                     bool json)
{
    struct showing show = {out, session};
    int rc = json ? show_json(&show, archive) : show_text(&show, archive);
    if (!json)
        aur_verb_clean(out);
    return rc;
}
