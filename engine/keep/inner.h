/* What the files of keep/ share. Not for other rooms.
 *
 *   keep.c      the threads, the queues of requests
 *   takes.c     the table of takes, in step with the journal
 *   render.c    a take's files, on the thread that renders
 *   room.c      whether one more take may be kept
 *   peaks.c     a waveform from samples
 *   folder.c    files and folders on disk
 *   presets.c   presets taken in, for the answers and the command line
 *   ask_files.c sessions as files, on the thread of files
 *   ask_*.c     the other answers, on the thread that answers */
#ifndef AUR_KEEP_INNER_H
#define AUR_KEEP_INNER_H

#include "journal/archive.h"
#include "keep/keep.h"
#include "keep/takes.h"
#include "rt/pool.h"
#include "rt/thread.h"

struct aur_keep_job {
    struct aur_keep_request request;
    void (*done)(void *user, struct aur_keep_reply *reply);
    void *user;
};

struct aur_keep_queue { /* a ring; under the lock of what it belongs to */
    struct aur_keep_job jobs[AUR_KEEP_QUEUE];
    size_t first, n, room;
};

struct aur_keep {
    struct aur_keep_config config; /* strings owned; immutable */
    char *around;                  /* the folder that the takes' lies in */
    struct aur_takes takes;
    struct aur_pool *answerer, *filer, *renderer;
    struct aur_archive *archive; /* of the thread that answers */
    uint64_t presets_hash;       /* its: of those offered last */
    int stop;                    /* stored atomically by aur_keep_free: no render begins any more */

    struct aur_lock lock; /* of what follows */
    struct aur_keep_queue asked, files;
    bool closed;
};

/* ---- render.c: on the thread that renders ---- */

/* The oldest take that waits, from its start to its files and its state in the journal; nothing if none waits. */
void aur_keep_render_next(struct aur_keep *keep);

/* ---- room.c: on the thread that answers ---- */

/* Whether there is room for a take of this span and these stems. Errors: AUR_EBUSY. */
AUR_MUST_USE int aur_keep_room(struct aur_keep *keep, const struct aur_take *take, struct aur_error *err);

/* ---- the answers: fill reply, return reply->error.code ---- */

typedef int aur_keep_answer_fn(struct aur_keep *keep, const struct aur_keep_request *request,
                               struct aur_keep_reply *reply);
aur_keep_answer_fn aur_keep_ask_sessions, aur_keep_ask_session, aur_keep_ask_session_name, aur_keep_ask_session_delete,
    aur_keep_ask_session_waveform, aur_keep_ask_session_export, aur_keep_ask_session_import;
aur_keep_answer_fn aur_keep_ask_take_new, aur_keep_ask_takes, aur_keep_ask_take, aur_keep_ask_take_name,
    aur_keep_ask_take_delete, aur_keep_ask_take_retry, aur_keep_ask_take_file, aur_keep_ask_take_waveform;
aur_keep_answer_fn aur_keep_ask_preset_put, aur_keep_ask_preset_delete, aur_keep_ask_preset_export,
    aur_keep_ask_preset_import, aur_keep_ask_presets;

/* Only by its whole id: what is short might be anybody's. Errors: AUR_ENOTFOUND. */
AUR_MUST_USE int aur_keep_find_session(struct aur_archive *archive, struct aur_session_info *out, const char *id,
                                       struct aur_error *err);
/* What sessions are called where they are told: the name of a private stream is a secret. */
const char *aur_keep_channel_shown(const char *channel, bool unlisted);
/* "key":"2025-01-15T10:30:45.123456Z", or null for 0. */
void aur_keep_put_time(struct aur_buf *out, const char *key, int64_t ms);
/* Whether the journal has written what is queued by now. */
bool aur_keep_flush(struct aur_keep *keep, uint32_t timeout_ms);
/* Takes the paths of takes and database out of an error's text. */
void aur_keep_shorten(const struct aur_keep *keep, char *text);

/* This thread gives way to everything else. */
void aur_keep_give_way(const struct aur_keep *keep);

#define AUR_KEEP_FLUSH_MS 3000 /* for what is to be kept */
#define AUR_KEEP_LOOK_MS  300  /* for a look */

#endif
