/* Harmonic validation: where a phrase's notes stand to the chords its script declared and to its key.
 *
 * Every note is counted once: a tone of the chord that sounds (in any octave), else a tone of the key's scale, else
 * chromatic. A fractional pitch counts as its nearest semitone. The chord is the one declared for the moment a quarter
 * of a beat (or half the note, if shorter) after the onset, so that a note that leans into a change belongs to what it
 * leans into; where declarations overlap, the one that starts last. Pure; any thread. */
#ifndef AUR_SCORE_HARMONY_H
#define AUR_SCORE_HARMONY_H

#include "score/phrase.h"

enum aur_harmony { AUR_HARMONY_CHORD, AUR_HARMONY_SCALE, AUR_HARMONY_CHROMATIC, AUR_HARMONIES };

struct aur_harmony_counts {
    uint32_t notes;            /* the sum of n */
    uint32_t n[AUR_HARMONIES]; /* by enum aur_harmony */
};

enum aur_harmony aur_harmony_of(const struct aur_phrase *phrase, const struct aur_note *note);

/* Adds the phrase's notes to counts, an array with one element per patch of the phrase; start with zeros. */
void aur_harmony_count(struct aur_harmony_counts *counts, const struct aur_phrase *phrase);

/* The same for who watches a stream, where a script need not declare chords: at a moment without a declared chord, what
 * the notes that sound then say that are a pad's or last AUR_HARMONY_LONG beats. A note may be outside of both. */
#define AUR_HARMONY_LONG (4 * AUR_BEAT_ONE)

struct aur_harmony_watch {
    uint32_t notes, outside_key;     /* outside_key: no tone of the scale, chord or not */
    uint32_t chorded, outside_chord; /* chorded: notes at whose moment there is a chord */
};
void aur_harmony_watch(struct aur_harmony_watch *out, const struct aur_phrase *phrase);

#endif
