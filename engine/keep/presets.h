/* Presets that people keep in a journal: JSON taken in, checked and kept. Requests to a server and the command line share it, so what the
 * one takes the other takes. A preset is kept as the JSON object it was given as, with its name in it, so that what is exported can be
 * imported anywhere. One thread at a time, which may run scripts and wait for the disk. */
#ifndef AUR_KEEP_PRESETS_H
#define AUR_KEEP_PRESETS_H

#include "journal/archive.h"
#include "keep/keep.h"

#define AUR_PRESETS_MAX 100 /* own ones, where nothing else is wanted */

struct aur_shelf {
    struct aur_journal *journal;     /* that they are put into */
    struct aur_archive *archive;     /* of the same database */
    struct aur_keep_presets presets; /* by which they are checked */
    uint32_t max;
};

/* One preset of this name from a JSON object; into the reply's body comes {"preset":{...}}, and what may be offered now. Errors,
 * also in reply->error: those of struct aur_keep_presets, AUR_ELIMIT (too many). */
AUR_MUST_USE int aur_shelf_put(const struct aur_shelf *shelf, struct aur_keep_reply *reply, const char *name,
                               const char *text, size_t len);
/* All of {"presets":[...]}, or none where one is refused; {"imported":3}. Errors as above. */
AUR_MUST_USE int aur_shelf_import(const struct aur_shelf *shelf, struct aur_keep_reply *reply, const char *text,
                                  size_t len);
/* Every preset as {"presets":[...]} and a line's end. Errors: the archive's. */
AUR_MUST_USE int aur_shelf_export(struct aur_archive *archive, struct aur_buf *out);

#endif
