/* Answers about takes. On the thread that answers. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "keep/folder.h"
#include "keep/inner.h"
#include "wire/json.h"

#define AGAIN_TIMES 5
#define AGAIN_NS    UINT64_C(50000000)

/* ---- one as JSON ---- */

struct files {
    struct aur_buf *out;
    bool session; /* is among them */
};

static void put_file(void *user, const char *name, uint64_t bytes)
{
    struct files *files = user;
    struct aur_buf *out = files->out;
    files->session = files->session || strcmp(name, AUR_FOLDER_SESSION) == 0;
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_text(out, "name", name);
    aur_json_count(out, "bytes", bytes);
    aur_json_text(out, "type", aur_folder_type(name));
    aur_buf_text(out, "}");
}

/* What was asked for: {"formats":["flac"],"stems":true,"midi":true,"asked_s":600} */
static void put_wanted(struct aur_buf *out, const struct aur_take *take, double seconds)
{
    json_t *wanted = json_loads(take->wanted, 0, NULL);
    double asked = json_number_value(json_object_get(wanted, "asked_s"));
    aur_buf_text(out, ",\"formats\":[\"flac\"]");
    aur_json_bool(out, "stems", json_is_true(json_object_get(wanted, "stems")));
    aur_json_bool(out, "midi", json_is_true(json_object_get(wanted, "midi")));
    aur_json_real(out, "asked_s", asked);
    aur_json_bool(out, "clipped", asked > seconds + 0.001);
    json_decref(wanted);
}

static void put_take(struct aur_keep *keep, struct aur_buf *out, const struct aur_take *take)
{
    char folder[AUR_FOLDER_PATH];
    double rate = take->rate_hz ? take->rate_hz : 1, seconds = (double)(take->to_frame - take->from_frame) / rate;
    aur_buf_text(out, "{");
    aur_json_text(out, "id", take->id);
    aur_json_text(out, "name", take->name);
    aur_json_text(out, "session", take->session);
    aur_json_text(out, "channel", take->channel);
    aur_json_real(out, "from_s", (double)take->from_frame / rate);
    aur_json_real(out, "to_s", (double)take->to_frame / rate);
    aur_json_count(out, "from_frame", take->from_frame);
    aur_json_count(out, "to_frame", take->to_frame);
    aur_json_count(out, "rate", take->rate_hz);
    aur_json_real(out, "seconds", seconds);
    aur_keep_put_time(out, "kept_at", take->kept_at);
    put_wanted(out, take, seconds);
    aur_json_text(out, "state", take->state);
    aur_json_ms(out, "progress", aur_takes_progress(&keep->takes, take), 3);
    aur_json_text(out, "error", take->error);
    aur_buf_text(out, ",\"files\":[");
    aur_folder_of(folder, keep->config.folder, take->id);
    struct files files = {.out = out};
    if (strcmp(take->state, "done") == 0)
        aur_folder_list(folder, put_file, &files);
    aur_buf_text(out, "]");
    aur_json_bool(out, "session_file", files.session);
    aur_buf_text(out, "}");
}

static int reply_take(struct aur_keep *keep, struct aur_keep_reply *reply, const struct aur_take *take)
{
    aur_buf_text(&reply->body, "{\"take\":");
    put_take(keep, &reply->body, take);
    aur_buf_text(&reply->body, "}");
    return AUR_OK;
}

static int find(struct aur_keep *keep, struct aur_take *out, const char *id, struct aur_error *err)
{
    return aur_takes_find(&keep->takes, out, id) ? AUR_OK
                                                 : aur_error_set(err, AUR_ENOTFOUND, "no such take: %.64s", id);
}

int aur_keep_ask_takes(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    (void)request;
    size_t n;
    struct aur_take *takes = aur_takes_copy(&keep->takes, &n);
    aur_buf_text(&reply->body, "{\"takes\":[");
    for (size_t i = 0; i < n; i++) {
        aur_buf_text(&reply->body, i ? "," : "");
        put_take(keep, &reply->body, &takes[i]);
    }
    aur_buf_text(&reply->body, "]}");
    free(takes);
    return AUR_OK;
}

int aur_keep_ask_take(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    struct aur_take take;
    int rc = find(keep, &take, request->id, &reply->error);
    return rc == AUR_OK ? reply_take(keep, reply, &take) : rc;
}

/* ---- a new one ---- */

struct search { /* the session that a channel is being recorded in */
    const char *channel;
    char id[AUR_SESSION_ID_SIZE];
};

static int note_recording(void *user, const struct aur_session_info *info)
{
    struct search *search = user;
    if (info->ended_at != 0 || strcmp(info->head.channel, search->channel) != 0)
        return 0;
    memcpy(search->id, info->id, sizeof search->id);
    return 1;
}

static int find_session(struct aur_keep *keep, struct aur_session_info *out, const struct aur_keep_span *span,
                        struct aur_error *err)
{
    struct search search = {.channel = span->channel};
    const char *id = span->session;
    if (*span->channel) {
        int found = aur_archive_sessions(keep->archive, span->channel, note_recording, &search);
        if (found <= 0)
            return aur_error_set(err, AUR_ENOTSUP, "channel %s is not being recorded",
                                 strncmp(span->channel, "private-", 8) == 0 ? "private" : span->channel);
        id = search.id;
    }
    if (!*id || aur_archive_session(keep->archive, out, id, NULL) < 0 || strcmp(out->id, id) != 0)
        return aur_error_set(err, AUR_ENOTFOUND, "no such session: %.64s", id);
    return AUR_OK;
}

/* The journal hears of a chunk a little later than whoever asks: after a crash it is to know of all that was kept. */
static int find_sounded(struct aur_keep *keep, struct aur_session_info *out, const struct aur_keep_span *span,
                        struct aur_error *err)
{
    for (int attempt = 0;; attempt++) {
        bool flushed = aur_keep_flush(keep, AUR_KEEP_FLUSH_MS);
        int rc = find_session(keep, out, span, err);
        if (rc < 0 || !flushed || !*span->channel || out->frames >= span->sounded || attempt == AGAIN_TIMES)
            return rc;
        aur_clock_sleep_until_ns(aur_clock_mono_ns() + AGAIN_NS);
    }
}

static uint64_t frame_at(double seconds, uint32_t rate_hz)
{
    return (uint64_t)floor(seconds * rate_hz + 0.5);
}

/* What of the span there is; *asked_s: how long it was to be. */
static int place(struct aur_take *out, double *asked_s, const struct aur_session_info *info,
                 const struct aur_keep_span *span, struct aur_error *err)
{
    uint32_t rate = info->head.rate_hz;
    uint64_t end = *span->channel ? span->sounded : info->frames;
    if (*span->channel) {
        uint64_t frames = frame_at(span->last_s, rate);
        out->to_frame = end;
        out->from_frame = end > frames ? end - frames : 0;
        *asked_s = span->last_s;
    } else {
        uint64_t to = frame_at(span->to_s, rate);
        out->from_frame = frame_at(span->from_s, rate);
        out->to_frame = to < end ? to : end;
        *asked_s = span->to_s - span->from_s;
    }
    if (out->from_frame >= out->to_frame)
        return aur_error_set(err, AUR_EINVAL, "nothing of the span has sounded: the session has %.3f s",
                             (double)end / rate);
    if (info->broken_at < out->to_frame)
        return aur_error_set(err, AUR_ENOTSUP, "the session can be made again up to %.3f s only: %s",
                             (double)info->broken_at / rate, info->broken_why);
    return AUR_OK;
}

static int make_id(char out[AUR_TAKE_ID_SIZE], struct aur_error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char drawn[AUR_TAKE_ID_SIZE - 1];
    if (getrandom(drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
        return aur_error_set(err, AUR_EIO, "no random numbers could be drawn");
    for (size_t i = 0; i < sizeof drawn; i++)
        out[i] = letters[drawn[i] % 32];
    out[sizeof drawn] = '\0';
    return AUR_OK;
}

/* What does not fit is cut between two characters of UTF-8. */
static void copy_name(char *out, size_t size, const char *name)
{
    size_t n = strnlen(name, size - 1);
    while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
        n--;
    memcpy(out, name, n);
    out[n] = '\0';
}

static void describe(struct aur_take *out, const struct aur_keep_request *request, const struct aur_session_info *info,
                     double asked_s)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    out->kept_at = request->asked_at ? request->asked_at : (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    out->rate_hz = info->head.rate_hz;
    memcpy(out->session, info->id, sizeof out->session);
    strcpy(out->state, "waiting");
    snprintf(out->channel, sizeof out->channel, "%s", aur_keep_channel_shown(info->head.channel, info->head.unlisted));
    copy_name(out->name, sizeof out->name, *request->name ? request->name : info->head.title);
    snprintf(out->wanted, sizeof out->wanted, "{\"formats\":[\"flac\"],\"stems\":%s,\"midi\":%s,\"asked_s\":%.3f}",
             request->stems ? "true" : "false", request->midi ? "true" : "false", asked_s);
}

int aur_keep_ask_take_new(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    struct aur_session_info info = {.id = ""};
    struct aur_take take = {.id = ""};
    double asked_s = 0;
    if (aur_takes_waiting(&keep->takes) >= keep->config.waiting_max)
        return aur_error_set(&reply->error, AUR_ELIMIT,
                             "%" PRIu32 " takes wait to be rendered already; try again later",
                             keep->config.waiting_max);
    int rc = find_sounded(keep, &info, &request->span, &reply->error);
    if (rc == AUR_OK)
        rc = place(&take, &asked_s, &info, &request->span, &reply->error);
    if (rc == AUR_OK)
        rc = make_id(take.id, &reply->error);
    if (rc < 0)
        return rc;
    describe(&take, request, &info, asked_s);
    rc = aur_keep_room(keep, &take, &reply->error);
    if (rc == AUR_OK)
        rc = aur_takes_put(&keep->takes, &take, &reply->error);
    if (rc < 0)
        return rc;
    aur_pool_wake(keep->renderer);
    return reply_take(keep, reply, &take);
}

/* ---- changes ---- */

int aur_keep_ask_take_name(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    struct aur_take take;
    int rc = aur_takes_change(&keep->takes, &take, request->id, request->name, NULL, NULL, &reply->error);
    return rc == AUR_OK ? reply_take(keep, reply, &take) : rc;
}

int aur_keep_ask_take_retry(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    struct aur_take take;
    int rc = find(keep, &take, request->id, &reply->error);
    if (rc == AUR_OK && strcmp(take.state, "failed") != 0)
        rc = aur_error_set(&reply->error, AUR_EBUSY, "the take is %s: only one that failed is tried again", take.state);
    if (rc == AUR_OK)
        rc = aur_takes_change(&keep->takes, &take, request->id, NULL, "waiting", NULL, &reply->error);
    if (rc < 0)
        return rc;
    aur_pool_wake(keep->renderer);
    return reply_take(keep, reply, &take);
}

int aur_keep_ask_take_delete(struct aur_keep *keep, const struct aur_keep_request *request,
                             struct aur_keep_reply *reply)
{
    char folder[AUR_FOLDER_PATH], part[AUR_FOLDER_PATH];
    struct aur_take take;
    int rc = find(keep, &take, request->id, &reply->error);
    if (rc < 0)
        return rc;
    /* a part folder is swept by the next start, whatever ends this one now */
    aur_folder_of(folder, keep->config.folder, take.id);
    aur_folder_part(part, keep->config.folder, take.id);
    bool moved = rename(folder, part) == 0;
    rc = aur_takes_delete(&keep->takes, take.id, &reply->error);
    if (rc < 0 && moved)
        (void)!rename(part, folder);
    if (rc < 0)
        return rc;
    aur_folder_remove(moved ? part : folder);
    aur_buf_text(&reply->body, "{\"deleted\":true}");
    return AUR_OK;
}

/* ---- files ---- */

static int find_done(struct aur_keep *keep, struct aur_take *out, char folder[AUR_FOLDER_PATH], const char *id,
                     struct aur_error *err)
{
    int rc = find(keep, out, id, err);
    if (rc == AUR_OK && strcmp(out->state, "done") != 0)
        rc = aur_error_set(err, AUR_EBUSY, "the take is %s: it has no files%s", out->state,
                           strcmp(out->state, "failed") == 0 ? "" : " yet");
    if (rc == AUR_OK)
        aur_folder_of(folder, keep->config.folder, out->id);
    return rc;
}

/* "take.flac" is saved under the take's name, "stems/pad.flac" under the take's name and its own. */
static void name_download(char *out, size_t size, const struct aur_take *take, const char *file)
{
    char slug[AUR_KEEP_NAME_SIZE];
    const char *slash = strrchr(file, '/'), *dot = strchr(slash ? slash : file, '.');
    aur_folder_slug(slug, sizeof slug, take->name);
    if (slash)
        snprintf(out, size, "%s-%.90s", *slug ? slug : "take", slash + 1);
    else
        snprintf(out, size, "%s%.90s", *slug ? slug : "take", dot ? dot : "");
}

int aur_keep_ask_take_file(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    struct aur_take take;
    char folder[AUR_FOLDER_PATH];
    int rc = find_done(keep, &take, folder, request->id, &reply->error);
    if (rc == AUR_OK)
        rc = aur_folder_open(folder, request->name, &reply->fd, &reply->bytes, &reply->error);
    if (rc < 0)
        return rc;
    reply->type = aur_folder_type(request->name);
    name_download(reply->file, sizeof reply->file, &take, request->name);
    return AUR_OK;
}

int aur_keep_ask_take_waveform(struct aur_keep *keep, const struct aur_keep_request *request,
                               struct aur_keep_reply *reply)
{
    struct aur_take take;
    char folder[AUR_FOLDER_PATH], path[AUR_FOLDER_PATH + 32];
    int rc = find_done(keep, &take, folder, request->id, &reply->error);
    if (rc < 0)
        return rc;
    snprintf(path, sizeof path, "%s/%s", folder, AUR_FOLDER_WAVEFORM);
    return aur_buf_read_file(&reply->body, path, 65536, &reply->error);
}
