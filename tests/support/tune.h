/* What was played, as numbers: measures over the notes of many phrases, laid flat.
 *
 * Uses the engine's plain data only. Tunes grow by tune_add and are freed by tune_deinit; measures read. Pitches count as
 * their nearest semitone, onsets as their nearest sixteenth of a 4/4 bar (a quarter of a beat). */
#ifndef AUR_TESTS_TUNE_H
#define AUR_TESTS_TUNE_H

#include "score/harmony.h"

/* The lead is the patch of that name, or where there is none every patch with a lead voice; the pad likewise. */
enum tune_part { TUNE_OTHER, TUNE_PAD, TUNE_LEAD, TUNE_ALL };

struct tune_note {
    uint64_t on_frame, off_frame;
    int64_t bar;       /* from the start of the tune */
    int quarter_beats; /* from the bar's start */
    int pitch;
    int step; /* number of the scale's note at or below the pitch: intervals in steps survive diatonic transposition */
    enum tune_part part;
    uint16_t patch;
    enum aur_harmony harmony;
};

struct tune_chord {
    uint64_t on_frame, off_frame;
};

struct tune {
    uint32_t rate_hz;
    int64_t bars;
    uint64_t frames;
    struct tune_note *notes; /* in order of onset within a phrase */
    size_t n_notes, notes_cap;
    struct tune_chord *chords;
    size_t n_chords, chords_cap;
};

/* harmony: of each of the phrase's notes. Aborts without memory. */
void tune_add(struct tune *tune, const struct aur_phrase *phrase, const enum aur_harmony *harmony);
void tune_deinit(struct tune *tune);

/* Onsets in order, malloc'd, for the click detector; only those before `end`. */
uint64_t *tune_onsets(size_t *n, const struct tune *tune, uint64_t end);

struct tune_shares {
    size_t notes;
    double chord, scale, chromatic; /* of 1; 0 without notes */
};
void tune_share(struct tune_shares *out, const struct tune *tune, enum tune_part part);

double tune_onsets_per_bar(const struct tune *tune, enum tune_part part);
double tune_empty_bars(const struct tune *tune, enum tune_part part); /* share of bars without an onset of it */

/* Passages of so many bars (from any bar on, with at least four onsets) that equal an earlier one that does not overlap:
 * all notes' patch, bar, time and pitch. */
size_t tune_returns(const struct tune *tune, int bars);

struct tune_ngrams {
    size_t n;     /* runs of 8 notes of the lead */
    double far;   /* share whose pitches were played before, more than 5 minutes ago */
    double near;  /* share whose steps, transposed or not, were played within the last 2 minutes, not overlapping */
    double motif; /* the same with runs of 4: how much the lead answers itself */
};
void tune_ngram(struct tune_ngrams *out, const struct tune *tune);

/* Mean way of a voice of the pad from one declared chord to the next, in semitones; *changes says how many. */
double tune_voicing_step(const struct tune *tune, size_t *changes);

/* Share of a's notes that b plays as well: same part, bar, time, pitch. */
double tune_overlap(const struct tune *a, const struct tune *b, enum tune_part part);

#endif
