/* Answers about sessions. On the thread that answers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "journal/overview.h"
#include "keep/inner.h"
#include "keep/peaks.h"
#include "wire/json.h"

#define NEWEST 200 /* phrases and events that are told of a session */
#define PIECES 32  /* of them, whose names are looked up */

/* ---- one as JSON ---- */

static double seconds_of(uint64_t frames, uint32_t rate_hz)
{
    return rate_hz ? (double)frames / rate_hz : 0;
}

static uint64_t replayable_of(const struct aur_session_info *info)
{
    return info->broken_at < info->frames ? info->broken_at : info->frames;
}

/* Its members, without the braces' end. */
static void put_session(struct aur_buf *out, const struct aur_session_info *info)
{
    const struct aur_session_head *head = &info->head;
    aur_buf_text(out, aur_json_ends_with(out, '[') || out->len == 0 ? "{" : ",{");
    aur_json_text(out, "id", info->id);
    aur_json_text(out, "channel", aur_keep_channel_shown(head->channel, head->unlisted));
    aur_json_text(out, "title", head->title);
    aur_json_text(out, "name", info->name);
    aur_keep_put_time(out, "started_at", head->started_at);
    aur_keep_put_time(out, "ended_at", info->ended_at);
    aur_json_real(out, "seconds", seconds_of(info->frames, head->rate_hz));
    aur_json_count(out, "seed", head->seed);
    aur_json_count(out, "rate", head->rate_hz);
    aur_json_bool(out, "exact", info->broken_at == UINT64_MAX);
    aur_json_real(out, "replayable_s", seconds_of(replayable_of(info), head->rate_hz));
    aur_json_text(out, "broken_why", info->broken_why);
    aur_json_text(out, "resumed_from", head->resumed_from);
    aur_json_count(out, "sound_revision", head->sound_revision);
    aur_json_bool(out, "recording", info->ended_at == 0);
    aur_json_bool(out, "imported", info->imported_at != 0);
}

static int put_listed(void *user, const struct aur_session_info *info)
{
    put_session(user, info);
    aur_json_count(user, "phrases", info->phrases);
    aur_buf_text(user, "}");
    return 0;
}

int aur_keep_ask_sessions(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    const char *channel = *request->name ? request->name : NULL;
    aur_buf_text(&reply->body, "{\"sessions\":[");
    int rc = aur_archive_sessions(keep->archive, channel, put_listed, &reply->body);
    aur_buf_text(&reply->body, "]}");
    return rc;
}

/* ---- its phrases ---- */

struct phrase { /* what is told of one */
    uint64_t number, ordinal, start_frame, length_frames;
    enum aur_phrase_kind kind;
    uint32_t branch;
    char piece[AUR_JOURNAL_HASH], key[32];
    double bpm;
};

struct piece {
    char hash[AUR_JOURNAL_HASH], name[128], version[17];
};

struct phrases {
    size_t n; /* seen; the newest lie at n % NEWEST */
    struct phrase items[NEWEST];
    struct piece pieces[PIECES];
    size_t n_pieces;
};

/* "name=value\n" of the phrase's controls. */
static void read_control(char *out, size_t size, const char *controls, const char *name)
{
    size_t n = strlen(name);
    *out = '\0';
    for (const char *line = controls; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, name, n) != 0 || line[n] != '=')
            continue;
        snprintf(out, size, "%.*s", (int)strcspn(line + n + 1, "\n"), line + n + 1);
        return;
    }
}

static int note_phrase(void *user, const struct aur_recorded_phrase *from)
{
    struct phrases *phrases = user;
    struct phrase *to = &phrases->items[phrases->n++ % NEWEST];
    char bpm[32];
    *to = (struct phrase){.number = from->number,
                          .ordinal = from->ordinal,
                          .start_frame = from->start_frame,
                          .length_frames = from->length_frames,
                          .kind = from->kind,
                          .branch = from->branch};
    snprintf(to->piece, sizeof to->piece, "%s", from->piece ? from->piece : "");
    read_control(to->key, sizeof to->key, from->controls, "key");
    read_control(bpm, sizeof bpm, from->controls, "bpm");
    to->bpm = strtod(bpm, NULL);
    return 0;
}

static const struct piece *piece_of(struct aur_keep *keep, struct phrases *phrases, const char *hash)
{
    struct aur_bundle *bundle;
    for (size_t i = 0; i < phrases->n_pieces; i++)
        if (strcmp(phrases->pieces[i].hash, hash) == 0)
            return &phrases->pieces[i];
    struct piece *piece = &phrases->pieces[phrases->n_pieces < PIECES ? phrases->n_pieces++ : PIECES - 1];
    *piece = (struct piece){.name = ""};
    memmove(piece->hash, hash, strlen(hash) + 1);
    if (aur_archive_bundle(keep->archive, &bundle, hash, NULL) < 0)
        return piece;
    snprintf(piece->name, sizeof piece->name, "%s", bundle->name);
    if (bundle->n_files)
        snprintf(piece->version, sizeof piece->version, "%016" PRIx64,
                 aur_hash64(bundle->files[0].text, bundle->files[0].len, AUR_HASH_START));
    aur_bundle_free(bundle);
    return piece;
}

static void put_phrase(struct aur_keep *keep, struct aur_buf *out, struct phrases *phrases, const struct phrase *phrase,
                       uint32_t rate_hz)
{
    const struct piece *piece = piece_of(keep, phrases, phrase->piece);
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_count(out, "number", phrase->number);
    aur_json_count(out, "ordinal", phrase->ordinal);
    aur_json_real(out, "at_s", seconds_of(phrase->start_frame, rate_hz));
    aur_json_real(out, "seconds", seconds_of(phrase->length_frames, rate_hz));
    aur_json_text(out, "script", piece->name);
    aur_json_text(out, "version", piece->version);
    aur_json_text(out, "kind", phrase->kind == AUR_PHRASE_REPEATED ? "repeated" : "composed");
    aur_json_count(out, "branch", phrase->branch);
    aur_json_text(out, "key", phrase->key);
    aur_json_real(out, "bpm", phrase->bpm);
    aur_buf_text(out, "}");
}

/* The newest, oldest first. Most sessions are longer: only about as much is read as is told, if phrases are alike. */
static int put_phrases(struct aur_keep *keep, struct aur_buf *out, const struct aur_session_info *info)
{
    struct phrases *phrases = calloc(1, sizeof *phrases);
    uint64_t mean = info->phrases ? info->frames / info->phrases + 1 : 1, span = mean * NEWEST * 5 / 4;
    uint64_t from = info->frames > span ? info->frames - span : 0;
    if (!phrases)
        return AUR_ENOMEM;
    int rc = aur_archive_phrases(keep->archive, info->id, from, UINT64_MAX, note_phrase, phrases);
    if (rc == AUR_OK && from && phrases->n < NEWEST) {
        phrases->n = 0;
        rc = aur_archive_phrases(keep->archive, info->id, 0, UINT64_MAX, note_phrase, phrases);
    }
    size_t first = phrases->n > NEWEST ? phrases->n - NEWEST : 0;
    aur_buf_text(out, ",\"phrases\":[");
    for (size_t i = first; rc == AUR_OK && i < phrases->n; i++)
        put_phrase(keep, out, phrases, &phrases->items[i % NEWEST], info->head.rate_hz);
    aur_buf_text(out, "]");
    free(phrases);
    return rc;
}

/* ---- its events ---- */

struct events {
    size_t n;
    uint32_t rate_hz;
    struct aur_buf items[NEWEST]; /* as JSON */
};

static int note_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct events *events = user;
    struct aur_buf *out = &events->items[events->n++ % NEWEST];
    aur_buf_clear(out);
    aur_buf_text(out, "{");
    aur_json_real(out, "at_s", seconds_of(frame, events->rate_hz));
    aur_keep_put_time(out, "at", at_ms);
    aur_json_text(out, "kind", kind);
    aur_json_key(out, "detail");
    aur_buf_text(out, detail && *detail ? detail : "{}");
    aur_buf_text(out, "}");
    return 0;
}

static int put_events(struct aur_keep *keep, struct aur_buf *out, const struct aur_session_info *info)
{
    struct events *events = calloc(1, sizeof *events);
    if (!events)
        return AUR_ENOMEM;
    events->rate_hz = info->head.rate_hz;
    int rc = aur_archive_events(keep->archive, info->id, 0, UINT64_MAX, note_event, events);
    size_t first = events->n > NEWEST ? events->n - NEWEST : 0;
    aur_buf_text(out, ",\"events\":[");
    for (size_t i = first; rc == AUR_OK && i < events->n; i++) {
        const struct aur_buf *event = &events->items[i % NEWEST];
        aur_buf_text(out, i > first ? "," : "");
        aur_buf_add(out, event->data, event->len);
        rc = aur_buf_ok(event) ? AUR_OK : AUR_ENOMEM;
    }
    aur_buf_text(out, "]");
    for (size_t i = 0; i < NEWEST; i++)
        aur_buf_deinit(&events->items[i]);
    free(events);
    return rc;
}

/* ---- one ---- */

int aur_keep_find_session(struct aur_archive *archive, struct aur_session_info *out, const char *id,
                          struct aur_error *err)
{
    if (!*id || aur_archive_session(archive, out, id, NULL) < 0 || strcmp(out->id, id) != 0)
        return aur_error_set(err, AUR_ENOTFOUND, "no such session: %.64s", id);
    return AUR_OK;
}

int aur_keep_ask_session(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    struct aur_session_info info;
    (void)aur_keep_flush(keep, AUR_KEEP_LOOK_MS);
    int rc = aur_keep_find_session(keep->archive, &info, request->id, &reply->error);
    if (rc < 0)
        return rc;
    put_session(&reply->body, &info);
    rc = put_phrases(keep, &reply->body, &info);
    if (rc == AUR_OK)
        rc = put_events(keep, &reply->body, &info);
    aur_buf_text(&reply->body, "}");
    return rc;
}

int aur_keep_ask_session_name(struct aur_keep *keep, const struct aur_keep_request *request,
                              struct aur_keep_reply *reply)
{
    struct aur_session_info info;
    int rc = aur_keep_find_session(keep->archive, &info, request->id, &reply->error);
    if (rc == AUR_OK)
        rc = aur_journal_session_name(keep->config.journal, request->id, request->name, &reply->error);
    if (rc == AUR_OK)
        rc = aur_keep_find_session(keep->archive, &info, request->id, &reply->error);
    if (rc == AUR_OK)
        put_listed(&reply->body, &info);
    return rc;
}

int aur_keep_ask_session_delete(struct aur_keep *keep, const struct aur_keep_request *request,
                                struct aur_keep_reply *reply)
{
    struct aur_session_info info;
    int rc = aur_keep_find_session(keep->archive, &info, request->id, &reply->error);
    if (rc == AUR_OK)
        rc = aur_journal_session_delete(keep->config.journal, request->id, &reply->error);
    if (rc == AUR_OK)
        aur_buf_text(&reply->body, "{\"deleted\":true}");
    return rc;
}

/* ---- its picture ---- */

static int add_minute(void *user, const struct aur_overview *overview)
{
    aur_outline_add(user, overview);
    return 0;
}

int aur_keep_ask_session_waveform(struct aur_keep *keep, const struct aur_keep_request *request,
                                  struct aur_keep_reply *reply)
{
    struct aur_session_info info;
    struct aur_outline outline;
    int rc = aur_keep_find_session(keep->archive, &info, request->id, &reply->error);
    if (rc < 0)
        return rc;
    aur_outline_init(&outline, info.frames, info.head.rate_hz);
    rc = aur_archive_overviews(keep->archive, info.id, add_minute, &outline);
    aur_outline_write(&outline, &reply->body);
    return rc;
}
