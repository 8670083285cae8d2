/* What a session sounds like at a glance: how loud each of its seconds got, a character a second and a row of the database a
 * minute. A picture for people; nothing is rendered from it.
 *
 * '0': nobody looked at that second. '1': silent, below -60 dBFS. From '2' on a decibel a step: the loudest sample of the second, either
 * side, is at most (c - 'm') dBFS, and 'm' is all above -1. */
#ifndef AUR_JOURNAL_OVERVIEW_H
#define AUR_JOURNAL_OVERVIEW_H

#include "journal/archive.h"

#define AUR_OVERVIEW_UNKNOWN '0'
#define AUR_OVERVIEW_SILENT  '1'
#define AUR_OVERVIEW_FULL    'm'

/* The character of a loudest |sample|; negative: nobody looked. What is not finite counts as full scale. */
char aur_overview_of(float loudest);
/* The upper end of a character's range, 0 to 1; 0 for what is silent, unknown, or no such character. */
double aur_overview_level(char second);

/* A minute on its way; plain data, of one thread. */
struct aur_overview_maker {
    uint64_t minute;
    float loudest[AUR_OVERVIEW_SECONDS]; /* of each second; negative: nothing of it came */
};

void aur_overview_begin(struct aur_overview_maker *maker, uint64_t minute);
/* Frames of this second of the minute (0 to 59), interleaved left and right. */
void aur_overview_add(struct aur_overview_maker *maker, unsigned second, const float *samples, size_t frames);
/* Up to the last second of which something came; false: there is none. */
bool aur_overview_make(struct aur_overview *out, const struct aur_overview_maker *maker);

typedef int aur_archive_overview_fn(void *user, const struct aur_overview *overview);
/* The minutes that a session has an overview of, in their order; none in what an earlier version wrote. As the walks of
 * journal/archive.h. */
AUR_MUST_USE int aur_archive_overviews(struct aur_archive *archive, const char *session, aur_archive_overview_fn *fn,
                                       void *user);

#endif
