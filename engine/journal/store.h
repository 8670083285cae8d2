/* What a session is made of, put into a database: the tables' insert statements behind functions.
 *
 * A store is a connection with its statements; one thread at a time. None of these begins or ends a transaction. They return
 * AUR_OK; AUR_EINVAL: the database does not take this record (the transaction goes on without it); AUR_EIO, AUR_ENOMEM: the
 * database could not be written, the transaction is to be rolled back. `why` then says why. */
#ifndef AUR_JOURNAL_STORE_H
#define AUR_JOURNAL_STORE_H

#include <sqlite3.h>

#include "journal/records.h"

#define AUR_STORE_STATEMENTS 48

struct aur_store {
    sqlite3 *db;
    sqlite3_stmt *statements[AUR_STORE_STATEMENTS];
    char why[200]; /* of the last failure */
};

void aur_store_init(struct aur_store *store, sqlite3 *db); /* takes db */
void aur_store_deinit(struct aur_store *store);            /* closes it */
/* Plain statements, like BEGIN. */
AUR_MUST_USE int aur_store_exec(struct aur_store *store, const char *sql);
/* Ends a transaction that failed. */
void aur_store_rollback(struct aur_store *store);

/* Sessions are known by a key while they are written; the next free one. */
AUR_MUST_USE int aur_store_next_key(struct aur_store *store, int64_t *key);
/* The key of a session. AUR_ENOTFOUND. */
AUR_MUST_USE int aur_store_find(struct aur_store *store, int64_t *key, const char *id);

AUR_MUST_USE int aur_store_session(struct aur_store *store, int64_t key, const char *id,
                                   const struct aur_session_head *head);
AUR_MUST_USE int aur_store_piece(struct aur_store *store, int64_t key, const struct aur_bundle *bundle);
/* AUR_EINVAL: aur_store_piece did not put its piece into this session. */
AUR_MUST_USE int aur_store_phrase(struct aur_store *store, int64_t key, const struct aur_recorded_phrase *phrase);
AUR_MUST_USE int aur_store_fact(struct aur_store *store, int64_t key, const struct aur_fact *fact);
/* Over what is there of the minute. */
AUR_MUST_USE int aur_store_overview(struct aur_store *store, int64_t key, const struct aur_overview *overview);
AUR_MUST_USE int aur_store_event(struct aur_store *store, int64_t key, uint64_t frame, int64_t at_ms, const char *kind,
                                 const char *detail);
/* bytes: compressed by zlib; size: what they come to. */
AUR_MUST_USE int aur_store_keyframe(struct aur_store *store, int64_t key, const struct aur_keyframe_head *head,
                                    const void *bytes, size_t len, size_t size);
/* How far it has sounded; never less than it was. */
AUR_MUST_USE int aur_store_progress(struct aur_store *store, int64_t key, uint64_t frames, int64_t at_ms);
AUR_MUST_USE int aur_store_broken(struct aur_store *store, int64_t key, uint64_t frame, const char *why);
AUR_MUST_USE int aur_store_end(struct aur_store *store, int64_t key, uint64_t frames, int64_t at_ms);
/* Ends every session that is still open, at what is known of it. */
AUR_MUST_USE int aur_store_end_all(struct aur_store *store);

/* It comes from elsewhere, and came at this Unix time in ms. */
AUR_MUST_USE int aur_store_imported(struct aur_store *store, int64_t key, int64_t at_ms);
AUR_MUST_USE int aur_store_name(struct aur_store *store, int64_t key, const char *name);
/* Deletes the session and all that nothing else refers to. AUR_EINVAL: a take needs it. */
AUR_MUST_USE int aur_store_drop(struct aur_store *store, int64_t key);
AUR_MUST_USE int aur_store_drop_keyframes(struct aur_store *store, int64_t key);
/* The oldest ended session that no take needs and that ended before `before` (Unix ms); key 0: none. */
AUR_MUST_USE int aur_store_oldest(struct aur_store *store, int64_t *key, int64_t before);
/* The oldest session with keyframes to spare, an ended one if there is one; key 0: none. One that is being recorded keeps
 * its newest. */
AUR_MUST_USE int aur_store_oldest_keyframes(struct aur_store *store, int64_t *key);

AUR_MUST_USE int aur_store_take(struct aur_store *store, int64_t session_key, const struct aur_take *take);
AUR_MUST_USE int aur_store_drop_take(struct aur_store *store, const char *id); /* AUR_ENOTFOUND */
AUR_MUST_USE int aur_store_preset(struct aur_store *store, const char *name, const char *json);
AUR_MUST_USE int aur_store_drop_preset(struct aur_store *store, const char *name); /* AUR_ENOTFOUND */

#endif
