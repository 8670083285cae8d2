/* One output of a batch: what is to be rendered, and how. Plain data, filled from a batch script (batch/script.h) or from a
 * command line. Texts belong to the list that the entry is in. */
#ifndef AUR_BATCH_ENTRY_H
#define AUR_BATCH_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bounce/bounce.h"
#include "bounce/tags.h"
#include "score/wanted.h"

#define AUR_BATCH_ENTRIES_MAX 100000
#define AUR_BATCH_NAME_MAX    200

enum aur_batch_format { AUR_BATCH_WAV, AUR_BATCH_FLAC, AUR_BATCH_OPUS, AUR_BATCH_FORMATS };

enum aur_batch_beside { AUR_BATCH_STEMS, AUR_BATCH_MIDI, AUR_BATCH_EVENTS, AUR_BATCH_CHORDS, AUR_BATCH_BESIDE };

struct aur_batch_entry {
    const char *name;  /* of its files, without ending; may lie in folders: "train/0001" */
    const char *piece; /* as written; a path, or the name of one of Auralis's pieces */
    const char *cover; /* path as written, or NULL */
    int line;          /* of the batch script; 0: none */
    uint64_t seed;
    int phrases; /* 0: duration_s counts */
    double duration_s, fade_s, tail_s;
    struct aur_wanted wanted; /* key and controls */
    int rate_hz;              /* 0: the settings' */
    enum aur_bounce_bits bits;
    bool dither;
    bool formats[AUR_BATCH_FORMATS];
    bool beside[AUR_BATCH_BESIDE];
    bool has_loudness;
    double loudness_lufs;
    double peak_dbtp; /* with a loudness: what true peaks may reach */
    bool limit;       /* and what to do where they would go beyond: hold them down, else refuse */
    const char *tags[AUR_TAGS];
};

struct aur_batch_list {
    struct aur_batch_entry *items;
    size_t n, room;
    char **texts; /* the entries' texts, each its own allocation */
    size_t n_texts, texts_room;
};

extern const char *const aur_batch_format_names[AUR_BATCH_FORMATS]; /* "wav": the endings too */

/* Eight phrases, seed 1, 24 bits, FLAC, peaks up to -1 dBTP. */
void aur_batch_entry_default(struct aur_batch_entry *entry);
/* What no single field can know. AUR_EINVAL with field, value, allowed. */
AUR_MUST_USE int aur_batch_entry_check(const struct aur_batch_entry *entry, struct aur_error *err);

/* A list that is zero is empty. */
void aur_batch_list_deinit(struct aur_batch_list *list);
/* A copy of the text that lives as long as the list; NULL: out of memory. */
const char *aur_batch_keep(struct aur_batch_list *list, const char *text);
/* Appends a copy of the entry. AUR_ENOMEM, AUR_ELIMIT. */
AUR_MUST_USE int aur_batch_add(struct aur_batch_list *list, const struct aur_batch_entry *entry, struct aur_error *err);
/* Whether every name is there once. AUR_EINVAL; *line: of the entry that repeats one. */
AUR_MUST_USE int aur_batch_names_check(const struct aur_batch_list *list, int *line, struct aur_error *err);

#endif
