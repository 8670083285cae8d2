/* A session's records in the order in which a replay takes them: phrases and live controls.
 *
 * They come by stretches of ten minutes, empty ones left out: the archive hands them out by callback, and a render wants one at a time, hours of them.
 * One thread at a time. */
#ifndef AUR_BOUNCE_RECORDS_H
#define AUR_BOUNCE_RECORDS_H

#include "journal/archive.h"

struct aur_record { /* of a phrase: what replay needs, state_after left out; texts in one block */
    struct aur_recorded_phrase phrase;
    char *texts; /* freed by whoever has the record */
};

struct aur_records { /* the caller's */
    struct aur_archive *archive;
    const char *session;
    uint64_t stretch_frames, end;
    struct aur_record *phrases; /* [at, n): to come */
    size_t at_phrase, n_phrases, room_phrases;
    struct aur_fact *live; /* likewise */
    size_t at_live, n_live, room_live;
    uint64_t phrases_to, live_to; /* read up to there */
};

/* session: its whole id, borrowed as is the archive; nothing from `end` on is read. */
void aur_records_init(struct aur_records *records, struct aur_archive *archive, const char *session, uint32_t rate_hz,
                      uint64_t end);
void aur_records_deinit(struct aur_records *records); /* legal on a zeroed struct */

/* What comes next is what is at this frame or after it. */
void aur_records_seek(struct aur_records *records, uint64_t frame);
/* Reads until `phrases` of them and a live control are in [at, n), or there are no more. Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_records_fill(struct aur_records *records, size_t phrases, struct aur_error *err);
/* A phrase by its number, wherever it is, dropped or not. Errors: AUR_EIO (also where there is none), AUR_ENOMEM. */
AUR_MUST_USE int aur_records_find(const struct aur_records *records, struct aur_record *out, uint64_t number,
                                  struct aur_error *err);

#endif
