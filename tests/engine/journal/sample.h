/* A folder of a test's own, a journal in it, and sessions to put there. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "base/buf.h"
#include "journal/archive.h"
#include "journal/journal.h"
#include "shipped/shipped.h"

struct sample {
    char folder[64], path[96];
    struct aur_journal *journal;
};

int sample_set_up(void **state);    /* makes a folder and an empty journal */
int sample_tear_down(void **state); /* closes it, if it is open, and deletes the folder */
void sample_open(struct sample *s, const struct aur_journal_config *config); /* NULL: nothing special */
void sample_close(struct sample *s);
struct aur_archive *sample_read(const struct sample *s);
/* A path in the folder; the buffer is the caller's. */
const char *sample_file(const struct sample *s, char out[160], const char *name);

struct aur_session_head sample_head(const char *channel, int64_t started_at);
struct aur_recorder *sample_record(struct sample *s, const char *channel, int64_t started_at);
/* A piece of two texts and a table; `variant` (0 to 3) changes the script and the table. Of variant SAMPLE_SHIPPED the other text,
 * lib/theory.lua, is the one that comes with the program. */
#define SAMPLE_SHIPPED 3
const struct aur_shipped *sample_shipped(void);
void sample_piece(struct aur_recorder *recorder, unsigned variant);
/* Each thread has its own copy. */
const char *sample_piece_hash(unsigned variant);
/* Phrases [from, to) of a second each (at 48000 frames a second), whose states follow each other, and what goes with them. */
void sample_phrases(struct aur_recorder *recorder, unsigned from, unsigned to, unsigned variant);
/* A whole session of n phrases, ended; its id. */
void sample_session(struct sample *s, char id[AUR_SESSION_ID_SIZE], const char *channel, int64_t started_at,
                    unsigned n);

void sample_session_of(struct sample *s, char id[AUR_SESSION_ID_SIZE], const char *channel, int64_t started_at,
                       unsigned n, unsigned variant);

/* A file's bytes; sample_load fills a buffer that the caller frees. */
void sample_load(struct aur_buf *out, const char *path);
void sample_store(const char *path, const void *data, size_t len);
/* Exports a session, over what is there. */
void sample_export(const struct sample *s, const char *id, const char *path); /* lean */
void sample_export_as(const struct sample *s, const char *id, const char *path, enum aur_export kind);

/* The database in a session file, changed by a statement, as another file, or in its own place. */
void sample_change(const char *to, const char *from, const char *sql);

/* How many rows a statement counts in the file of the journal. */
long long sample_count(const struct sample *s, const char *sql);

#endif
