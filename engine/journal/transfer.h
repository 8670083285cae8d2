/* Sessions on their way between a database and a file: copying, packing, and looking hard at what comes from elsewhere. */
#ifndef AUR_JOURNAL_TRANSFER_H
#define AUR_JOURNAL_TRANSFER_H

#include "base/buf.h"
#include "journal/archive.h"
#include "journal/store.h"

struct aur_arena; /* strings that live as long as the archive */

struct aur_archive {
    sqlite3 *db;
    bool is_file; /* an exported session */
    struct aur_arena *arena;
    char path[4096]; /* for messages */
};

/* Opens an exported file; of what is none, nothing but its first bytes is read. own: path of a journal that may hold texts which
 * the file does without, or NULL. Errors: those of aur_archive_open. */
AUR_MUST_USE int aur_archive_open_file(struct aur_archive **out, const char *path, const char *own,
                                       struct aur_error *err);
/* What SQLite says, as an error. */
int aur_archive_fail(const struct aur_archive *archive, struct aur_error *err);
/* Phrases in the order of their numbers, dropped ones too. */
AUR_MUST_USE int aur_archive_all_phrases(struct aur_archive *archive, const char *session, aur_archive_phrase_fn *fn,
                                         void *user);
/* Hashes of the pieces that a session has, sorted. */
typedef int aur_archive_piece_fn(void *user, const char *piece);
AUR_MUST_USE int aur_archive_pieces(struct aur_archive *archive, const char *session, aur_archive_piece_fn *fn,
                                    void *user);

/* Puts a session into the store, under this key, inside the caller's transaction: everything but keyframes and takes. One
 * that is being recorded ends where it is known to have sounded; the channel of a private stream is called "private". The same session makes the same rows in the same order. */
AUR_MUST_USE int aur_session_copy(struct aur_store *to, int64_t key, struct aur_archive *from,
                                  const struct aur_session_info *session, struct aur_error *err);

/* gzip, the same bytes for the same data: no time, no name. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_pack(struct aur_buf *out, const void *data, size_t len);
/* Errors: AUR_EINVAL (damaged, or more than max_bytes), AUR_ENOMEM. path is for messages. */
AUR_MUST_USE int aur_unpack(struct aur_buf *out, const void *data, size_t len, size_t max_bytes, const char *path,
                            struct aur_error *err);

/* Opens what an exported file unpacked to, and trusts none of it: tables, types, references, lengths, texts and hashes are looked at.
 * own: as above. Errors: AUR_EINVAL, AUR_ENOTFOUND (a text that the file does without is not to be had), AUR_ENOMEM. */
AUR_MUST_USE int aur_inspect_open(sqlite3 **out, const void *data, size_t len, const char *own, const char *path,
                                  struct aur_error *err);

#endif
