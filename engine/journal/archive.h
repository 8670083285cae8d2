/* The journal, reading side: a database, also one that is being written, or a file that one session was exported to.
 *
 * Each reader has a connection of its own; one thread at a time. Strings and blobs handed to a callback are valid until it
 * returns; a callback that returns nonzero ends the walk, and that is returned. */
#ifndef AUR_JOURNAL_ARCHIVE_H
#define AUR_JOURNAL_ARCHIVE_H

#include "journal/records.h"

struct aur_archive;

/* path: a database, or an exported file (a gzip'd database of one session). Errors: AUR_EIO, AUR_EINVAL (neither), AUR_ENOTFOUND (a
 * file that does without texts which this version does not have; the message tells which and what to do), AUR_ENOMEM. */
AUR_MUST_USE int aur_archive_open(struct aur_archive **out, const char *path, struct aur_error *err);
void aur_archive_close(struct aur_archive *archive); /* NULL is legal */

struct aur_session_info {
    char id[AUR_SESSION_ID_SIZE];
    struct aur_session_head head; /* its strings as above */
    const char *name;             /* given by people, or "" */
    int64_t imported_at;          /* Unix time, ms, when it came from elsewhere; 0: recorded by this database */
    int64_t ended_at;             /* 0: being recorded */
    uint64_t frames;              /* that are known to have sounded */
    uint64_t broken_at;           /* not replayable from here on; UINT64_MAX: all of it is */
    const char *broken_why;
    uint64_t phrases;
};
typedef int aur_archive_session_fn(void *user, const struct aur_session_info *session);
/* The newest first; channel NULL: all. Unlisted ones only if asked for by channel. */
AUR_MUST_USE int aur_archive_sessions(struct aur_archive *archive, const char *channel, aur_archive_session_fn *fn,
                                      void *user);
/* One session; strings live as long as the archive. id: whole, or its first letters if only one begins so; "" or NULL: the
 * only one of an exported file, else the newest listed that this database recorded. Errors: AUR_ENOTFOUND, AUR_EINVAL (several). */
AUR_MUST_USE int aur_archive_session(struct aur_archive *archive, struct aur_session_info *out, const char *id,
                                     struct aur_error *err);

typedef int aur_archive_phrase_fn(void *user, const struct aur_recorded_phrase *phrase);
/* Phrases that begin in [from_frame, to_frame), dropped ones left out, by number. */
AUR_MUST_USE int aur_archive_phrases(struct aur_archive *archive, const char *session, uint64_t from_frame,
                                     uint64_t to_frame, aur_archive_phrase_fn *fn, void *user);
/* The phrase of this number, dropped or not: what came after may repeat it. fn is not called if there is none. */
AUR_MUST_USE int aur_archive_phrase(struct aur_archive *archive, const char *session, uint64_t number,
                                    aur_archive_phrase_fn *fn, void *user);
/* Where the first phrase, or fact of one type, at or after a frame is; UINT64_MAX: there is none. */
AUR_MUST_USE int aur_archive_next_phrase(struct aur_archive *archive, const char *session, uint64_t frame,
                                         uint64_t *next);
AUR_MUST_USE int aur_archive_next_fact(struct aur_archive *archive, const char *session, enum aur_fact_type type,
                                       uint64_t frame, uint64_t *next);
typedef int aur_archive_fact_fn(void *user, const struct aur_fact *fact);
/* Facts of one type by frame. */
AUR_MUST_USE int aur_archive_facts(struct aur_archive *archive, const char *session, enum aur_fact_type type,
                                   uint64_t from_frame, uint64_t to_frame, aur_archive_fact_fn *fn, void *user);
typedef int aur_archive_event_fn(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail);
AUR_MUST_USE int aur_archive_events(struct aur_archive *archive, const char *session, uint64_t from_frame,
                                    uint64_t to_frame, aur_archive_event_fn *fn, void *user);
/* Everything a piece is made of; *out is freed with aur_bundle_free. AUR_ENOTFOUND. */
AUR_MUST_USE int aur_archive_bundle(struct aur_archive *archive, struct aur_bundle **out, const char *piece,
                                    struct aur_error *err);
void aur_bundle_free(struct aur_bundle *bundle);
/* The newest keyframe of this layout at or before the frame; *bytes is malloc'd. AUR_ENOTFOUND: none. */
AUR_MUST_USE int aur_archive_keyframe(struct aur_archive *archive, const char *session, uint64_t layout,
                                      uint64_t at_or_before, struct aur_keyframe_head *head, void **bytes, size_t *len);

typedef int aur_archive_take_fn(void *user, const struct aur_take *take);
AUR_MUST_USE int aur_archive_takes(struct aur_archive *archive, aur_archive_take_fn *fn, void *user);
typedef int aur_archive_preset_fn(void *user, const char *name, const char *json);
AUR_MUST_USE int aur_archive_presets(struct aur_archive *archive, aur_archive_preset_fn *fn, void *user);

/* About how many bytes a session is before it is packed; reads no texts, so it takes milliseconds where an export takes seconds. */
AUR_MUST_USE int aur_archive_weigh(struct aur_archive *archive, uint64_t *bytes, const char *session,
                                   struct aur_error *err);
enum aur_export {
    AUR_EXPORT_LEAN, /* without the texts that come with this version of the program: a few kilobytes for ten minutes */
    AUR_EXPORT_WHOLE, /* with everything that a replay needs */
};
/* Writes one session as a file that this header opens: the same session gives the same bytes. It holds no path of this
 * machine, no name of a private stream (its channel is "private"), no keyframe and no take. The file appears when it is complete. Errors: AUR_EIO (exists without force), AUR_ENOTFOUND. */
AUR_MUST_USE int aur_archive_export(struct aur_archive *archive, const char *session, const char *path,
                                    enum aur_export kind, bool force, struct aur_error *err);

#endif
