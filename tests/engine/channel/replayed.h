/* A recorded session played again, by nothing but the journal, the composer and a synth of its own. */
#ifndef AUR_TESTS_CHANNEL_REPLAYED_H
#define AUR_TESTS_CHANNEL_REPLAYED_H

#include "compose/piece.h"
#include "journal/archive.h"
#include "synth/synth.h"
#include "synth/tables.h"

#define PHRASES 256
#define LIVES   256

struct replayed {
    struct aur_archive *archive;
    struct aur_tables *tables;
    struct aur_synth *synth;
    struct aur_fact lives[LIVES];
    size_t n_lives;
    size_t next_live;
    uint64_t frame;
    float *samples;              /* of all frames */
    struct aur_phrase *composed; /* newest that was not a repeat */
    struct aur_phrase *all[PHRASES];
    size_t n_all;
    struct aur_piece *piece;
    int n[2], rewound; /* phrases of each kind; those that do not follow the one before */
    uint64_t last_ordinal;
};

/* Plays all of it, `frames` frames. Phrases and states must be those that were recorded. */
void replayed_open(struct replayed *p, const char *path, const char *session, uint64_t frames);
void replayed_close(struct replayed *p);
/* Again from the newest keyframe on: the same samples. Returns its frame. */
uint64_t replayed_from_keyframe(struct replayed *p, const char *session, uint64_t frames);

#endif
