/* The journal, writing side: what was done to a live stream, durable, so that the same samples can be made again.
 *
 * One SQLite database (WAL), one writer thread of its own. Everybody else hands it facts and goes on: render workers by a
 * ring that never waits, other threads by a bounded queue. What arrives is written in groups, a quarter of a second apart at
 * most; what was written survives the end of the process at any moment.
 *
 * A disk that is full or gone never stops sound: facts wait in memory and are tried again; if they no longer fit, the
 * sessions that lost some are marked as not replayable from that frame on, a warning says so once, and health tells it.
 *
 * A session is one run of one channel: its frames count from 0 without a break. A run that resumes another is a session of
 * its own that names it. */
#ifndef AUR_JOURNAL_JOURNAL_H
#define AUR_JOURNAL_JOURNAL_H

#include "base/log.h"
#include "journal/records.h"

struct aur_journal;
struct aur_recorder; /* a session being recorded */

struct aur_journal_config {
    const char *path; /* of the database; its folder is made if it is not there */
    struct aur_log *log;
    double keep_days;    /* sessions that ended, or were imported, longer ago are dropped, but for takes; 0: for ever */
    uint64_t keep_bytes; /* the oldest ended ones are dropped while the file is larger, keyframes first; 0: any size */
    size_t queue_bytes;  /* of what may wait in memory while the disk does not take it; 0: 64 MiB */
    bool
        beside; /* where another process has the database it is written beside that one: presets are, nothing else may be */
};

/* Opens or makes the database, takes it for itself (AUR_EBUSY: another process writes it), marks sessions that a killed
 * process left open as ended, and starts the writer. Errors: AUR_EIO, AUR_EBUSY, AUR_EINVAL (a file that is no journal, or one
 * of a later version), AUR_ENOMEM. */
AUR_MUST_USE int aur_journal_open(struct aur_journal **out, const struct aur_journal_config *config,
                                  struct aur_error *err);
/* Writes what waits (a few seconds at most, then says what is lost) and ends the writer. All recorders have ended. */
void aur_journal_close(struct aur_journal *journal);
const char *aur_journal_path(const struct aur_journal *journal);

struct aur_journal_health {
    bool ok;
    char reason[256];          /* why not */
    uint64_t written, waiting; /* facts */
    uint64_t lost;             /* facts that no longer fitted */
    uint64_t bytes;            /* of the database with its log */
};
/* Any thread but a render worker. */
void aur_journal_health(struct aur_journal *journal, struct aur_journal_health *out);

/* ---- a session; any thread but a render worker ---- */

/* Starts a session. Never fails for the database's sake: facts are queued. Nothing in the head, in a bundle or in an event's
 * detail names a path of this machine: sessions are exported. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_recorder_new(struct aur_recorder **out, struct aur_journal *journal,
                                  const struct aur_session_head *head, size_t keyframe_bytes);
/* Ends it at this frame. No thread uses it any more. NULL is legal. */
void aur_recorder_free(struct aur_recorder *recorder, uint64_t frames);
const char *aur_recorder_id(const struct aur_recorder *recorder);

/* Everything that the piece is made of; once for each piece, before the first phrase it composes: a phrase of a piece that
 * was not told, or that the database refused, breaks the session. Copied. A text or table
 * that the database has is not stored twice. */
void aur_recorder_piece(struct aur_recorder *recorder, const struct aur_bundle *bundle);
/* A phrase that was handed over: what it was composed of. Copied. */
void aur_recorder_phrase(struct aur_recorder *recorder, const struct aur_recorded_phrase *phrase);
/* What a minute looks like so far; takes the place of what was told of it before. Copied. */
void aur_recorder_overview(struct aur_recorder *recorder, const struct aur_overview *overview);
/* Something that people want to know, and that replay does not need: a control as set, an edit, a fallback. `frame`: up to where
 * the stream was published. detail: JSON object. Copied. */
void aur_recorder_event(struct aur_recorder *recorder, uint64_t frame, const char *kind, const char *detail);
/* The samples from this frame on cannot be made again (why: one of a backend that is not exact, ...). */
void aur_recorder_broken(struct aur_recorder *recorder, uint64_t frame, const char *why);

/* ---- [render]: one thread at a time; no lock, no allocation, no wait ---- */

/* The stream was published up to this frame, and everything before it was told. What a killed process leaves is known to have
 * sounded so far. An atomic store. */
void aur_recorder_reached(struct aur_recorder *recorder, uint64_t frame);
/* If the ring is full the session is marked as broken from that frame on. */
void aur_recorder_fact(struct aur_recorder *recorder, const struct aur_fact *fact);
/* Room for a keyframe of keyframe_bytes, or NULL: the one before is still being written (or keyframe_bytes was 0). */
void *aur_recorder_keyframe(struct aur_recorder *recorder);
/* It is filled, with so many bytes. */
void aur_recorder_keyframe_done(struct aur_recorder *recorder, const struct aur_keyframe_head *head, size_t bytes);

/* ---- what people keep; waits for the writer: not on the network or a worker thread of channels ---- */

/* Runs on the writer thread, in a transaction of its own; its result is returned. For keep/, presets and sessions. */
AUR_MUST_USE int aur_journal_take_put(struct aur_journal *journal, const struct aur_take *take, struct aur_error *err);
AUR_MUST_USE int aur_journal_take_delete(struct aur_journal *journal, const char *id, struct aur_error *err);
AUR_MUST_USE int aur_journal_preset_put(struct aur_journal *journal, const char *name, const char *json,
                                        struct aur_error *err);
AUR_MUST_USE int aur_journal_preset_delete(struct aur_journal *journal, const char *name, struct aur_error *err);
/* name "": none. AUR_ENOTFOUND. */
AUR_MUST_USE int aur_journal_session_name(struct aur_journal *journal, const char *id, const char *name,
                                          struct aur_error *err);
/* AUR_EBUSY: it is being recorded, or a take needs it. */
AUR_MUST_USE int aur_journal_session_delete(struct aur_journal *journal, const char *id, struct aur_error *err);
/* Takes in a session file (archive.h). AUR_EINVAL: no such file; AUR_ENOTFOUND: neither this version nor the journal has a text that it
 * does without. A session that is there already is left as it is. */
AUR_MUST_USE int aur_journal_session_import(struct aur_journal *journal, const char *path, char id[AUR_SESSION_ID_SIZE],
                                            struct aur_error *err);
/* Everything queued so far is on disk when this returns AUR_OK; AUR_EIO if it could not be written within timeout_ms. */
AUR_MUST_USE int aur_journal_flush(struct aur_journal *journal, uint32_t timeout_ms);

#endif
