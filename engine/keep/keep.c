/* The threads. The one that answers and the one of files each take requests from a bounded queue, one after the other; the one that
 * renders takes takes from the table. Each has connections to the database of its own, and writes go through the journal's
 * writer. */
#include "keep/keep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "keep/folder.h"
#include "keep/inner.h"
#include "keep/presets.h"
#include "wire/json.h"

#define WAITING_MAX 20
#define FREE_MIN    (UINT64_C(256) << 20)
#define NICE        19

/* ---- what the answers share ---- */

const char *aur_keep_channel_shown(const char *channel, bool unlisted)
{
    return unlisted ? "private" : channel;
}

void aur_keep_put_time(struct aur_buf *out, const char *key, int64_t ms)
{
    char text[AUR_ISO8601_SIZE];
    if (ms > 0) {
        aur_clock_iso8601_of(text, (uint64_t)ms * 1000);
        aur_json_text(out, key, text);
    } else {
        aur_json_key(out, key);
        aur_buf_text(out, "null");
    }
}

bool aur_keep_flush(struct aur_keep *keep, uint32_t timeout_ms)
{
    return aur_journal_flush(keep->config.journal, timeout_ms) == AUR_OK;
}

void aur_keep_shorten(const struct aur_keep *keep, char *text)
{
    aur_folder_shorten(keep->config.folder, text);
    aur_folder_shorten(keep->around, text);
}

/* ---- replies ---- */

void aur_keep_reply_deinit(struct aur_keep_reply *reply)
{
    aur_buf_deinit(&reply->body);
    if (reply->fd >= 0)
        close(reply->fd);
    reply->fd = -1;
    for (size_t i = 0; i < reply->n_offers; i++)
        reply->offers[i].discard(reply->offers[i].made);
    free(reply->offers);
    reply->offers = NULL;
    reply->n_offers = 0;
}

static void answer(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    static aur_keep_answer_fn *const answers[] = {
        [AUR_KEEP_SESSIONS] = aur_keep_ask_sessions,
        [AUR_KEEP_SESSION] = aur_keep_ask_session,
        [AUR_KEEP_SESSION_NAME] = aur_keep_ask_session_name,
        [AUR_KEEP_SESSION_DELETE] = aur_keep_ask_session_delete,
        [AUR_KEEP_SESSION_WAVEFORM] = aur_keep_ask_session_waveform,
        [AUR_KEEP_SESSION_EXPORT] = aur_keep_ask_session_export,
        [AUR_KEEP_SESSION_IMPORT] = aur_keep_ask_session_import,
        [AUR_KEEP_TAKE_NEW] = aur_keep_ask_take_new,
        [AUR_KEEP_TAKES] = aur_keep_ask_takes,
        [AUR_KEEP_TAKE] = aur_keep_ask_take,
        [AUR_KEEP_TAKE_NAME] = aur_keep_ask_take_name,
        [AUR_KEEP_TAKE_DELETE] = aur_keep_ask_take_delete,
        [AUR_KEEP_TAKE_RETRY] = aur_keep_ask_take_retry,
        [AUR_KEEP_TAKE_FILE] = aur_keep_ask_take_file,
        [AUR_KEEP_TAKE_WAVEFORM] = aur_keep_ask_take_waveform,
        [AUR_KEEP_PRESETS] = aur_keep_ask_presets,
        [AUR_KEEP_PRESET_PUT] = aur_keep_ask_preset_put,
        [AUR_KEEP_PRESET_DELETE] = aur_keep_ask_preset_delete,
        [AUR_KEEP_PRESET_EXPORT] = aur_keep_ask_preset_export,
        [AUR_KEEP_PRESET_IMPORT] = aur_keep_ask_preset_import,
    };
    int rc = answers[request->ask](keep, request, reply);
    if (rc == AUR_OK && !aur_buf_ok(&reply->body))
        rc = aur_error_set(&reply->error, AUR_ENOMEM, "out of memory");
    if (rc < 0 && !reply->error.message[0])
        rc = aur_error_set(&reply->error, rc, "%s", aur_err_text(rc));
    aur_keep_shorten(keep, reply->error.message);
    reply->error.code = rc < 0 ? rc : AUR_OK;
}

/* ---- the queue ---- */

static bool take_job(struct aur_keep *keep, struct aur_keep_queue *queue, struct aur_keep_job *out)
{
    aur_lock_take(&keep->lock);
    bool any = queue->n > 0;
    if (any) {
        *out = queue->jobs[queue->first];
        queue->first = (queue->first + 1) % AUR_KEEP_QUEUE;
        queue->n--;
    }
    aur_lock_drop(&keep->lock);
    return any;
}

static void finish(struct aur_keep_job *job, struct aur_keep_reply *reply)
{
    job->done(job->user, reply);
    aur_keep_reply_deinit(reply);
    free(job->request.text);
}

static void answer_from(struct aur_keep *keep, struct aur_keep_queue *queue)
{
    struct aur_keep_job job;
    struct aur_keep_reply reply = {.fd = -1, .type = "application/json"};
    if (!take_job(keep, queue, &job))
        return;
    aur_buf_init(&reply.body);
    answer(keep, &job.request, &reply);
    finish(&job, &reply);
}

static void answer_next(void *user)
{
    struct aur_keep *keep = user;
    answer_from(keep, &keep->asked);
}

static void file_next(void *user)
{
    struct aur_keep *keep = user;
    aur_keep_give_way(keep);
    answer_from(keep, &keep->files);
}

static void refuse_all(struct aur_keep *keep, struct aur_keep_queue *queue)
{
    struct aur_keep_job job;
    while (take_job(keep, queue, &job)) {
        struct aur_keep_reply reply = {.fd = -1};
        (void)!aur_error_set(&reply.error, AUR_EBUSY, "the server ends");
        aur_buf_init(&reply.body);
        finish(&job, &reply);
    }
}

int aur_keep_ask(struct aur_keep *keep, const struct aur_keep_request *request,
                 void (*done)(void *user, struct aur_keep_reply *reply), void *user)
{
    const bool file = request->ask == AUR_KEEP_SESSION_EXPORT || request->ask == AUR_KEEP_SESSION_IMPORT;
    struct aur_keep_queue *queue = file ? &keep->files : &keep->asked;
    aur_lock_take(&keep->lock);
    bool room = queue->n < queue->room && !keep->closed;
    if (room)
        queue->jobs[(queue->first + queue->n++) % AUR_KEEP_QUEUE] = (struct aur_keep_job){*request, done, user};
    aur_lock_drop(&keep->lock);
    if (!room)
        return AUR_EBUSY;
    aur_pool_wake(file ? keep->filer : keep->answerer);
    return AUR_OK;
}

/* ---- from start to end ---- */

void aur_keep_give_way(const struct aur_keep *keep)
{
    if (setpriority(PRIO_PROCESS, 0, NICE) != 0) /* of this thread alone */
        aur_log(keep->config.log, AUR_LOG_DEBUG, "keep", "a thread that should give way keeps its priority");
}

static void render_next(void *user)
{
    aur_keep_render_next(user);
}

static int open_all(struct aur_keep *keep, struct aur_error *err)
{
    int rc = aur_archive_open(&keep->archive, aur_journal_path(keep->config.journal), err);
    if (rc == AUR_OK)
        rc = aur_takes_init(&keep->takes, keep->config.journal, keep->archive, err);
    if (rc == AUR_OK)
        rc = aur_pool_new(&keep->answerer, "keep", 1, answer_next, keep, err);
    if (rc == AUR_OK)
        rc = aur_pool_new(&keep->filer, "files", 1, file_next, keep, err);
    if (rc == AUR_OK)
        rc = aur_pool_new(&keep->renderer, "takes", 1, render_next, keep, err);
    return rc;
}

int aur_keep_new(struct aur_keep **out, const struct aur_keep_config *config, struct aur_error *err)
{
    struct aur_keep *keep = calloc(1, sizeof *keep);
    char path[AUR_FOLDER_PATH]; /* with a slash: a bare word is not taken out of messages */
    snprintf(path, sizeof path, "%s%.4096s", strchr(config->folder, '/') ? "" : "./", config->folder);
    char *folder = strdup(path), *around = strdup(path);
    if (!keep || !folder || !around) {
        free(keep);
        free(folder);
        free(around);
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    }
    keep->config = *config;
    keep->config.folder = folder;
    keep->around = around;
    *(strrchr(around, '/') ? strrchr(around, '/') : around) = '\0';
    keep->config.waiting_max = config->waiting_max ? config->waiting_max : WAITING_MAX;
    keep->config.presets_max = config->presets_max ? config->presets_max : AUR_PRESETS_MAX;
    keep->config.free_bytes_min = config->free_bytes_min ? config->free_bytes_min : FREE_MIN;
    keep->config.session_bytes_max = config->session_bytes_max ? config->session_bytes_max : AUR_KEEP_FILE_MAX;
    keep->asked.room = AUR_KEEP_QUEUE;
    keep->files.room = AUR_KEEP_FILES;
    aur_lock_init(&keep->lock);
    aur_folder_sweep(folder);
    int rc = open_all(keep, err);
    if (rc < 0) {
        aur_keep_free(keep);
        return rc;
    }
    for (size_t i = aur_takes_waiting(&keep->takes); i > 0; i--)
        aur_pool_wake(keep->renderer);
    *out = keep;
    return AUR_OK;
}

void aur_keep_free(struct aur_keep *keep)
{
    if (!keep)
        return;
    aur_lock_take(&keep->lock);
    keep->closed = true;
    aur_lock_drop(&keep->lock);
    __atomic_store_n(&keep->stop, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&keep->takes.cancelled, 1, __ATOMIC_SEQ_CST);
    aur_pool_free(keep->renderer);
    aur_pool_free(keep->filer);
    aur_pool_free(keep->answerer);
    refuse_all(keep, &keep->asked);
    refuse_all(keep, &keep->files);
    if (keep->takes.journal)
        aur_takes_deinit(&keep->takes);
    aur_archive_close(keep->archive);
    aur_lock_deinit(&keep->lock);
    free((char *)(uintptr_t)keep->config.folder);
    free(keep->around);
    free(keep);
}
