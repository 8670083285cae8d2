/* A committed phrase: notes at absolute frames with the patches and effects they sound with.
 *
 * Made by compose/, immutable from then on, read by the synth (render thread) and by writers of files. One allocation;
 * whoever owns the pointer frees it with aur_phrase_free, never on a render worker. */
#ifndef AUR_SCORE_PHRASE_H
#define AUR_SCORE_PHRASE_H

#include <stdint.h>

#include "score/control.h"
#include "score/patch.h"
#include "score/tempo.h"

#define AUR_NOTES_MAX       4096
#define AUR_CHORDS_MAX      256
#define AUR_CHORD_TONES_MAX 12

struct aur_note {
    uint64_t on_frame;    /* absolute, a multiple of 64, in [start_frame, start_frame + length_frames) */
    uint64_t off_frame;   /* absolute, a multiple of 64, > on_frame; may lie beyond the phrase */
    int64_t at_q20;       /* beats from the phrase's start, 2^-20 */
    int64_t beats_q20;    /* duration in beats, 2^-20 */
    int32_t pitch_q16;    /* MIDI note number, 2^-16 semitone */
    int32_t velocity_q16; /* 0 to 65536 */
    int32_t pan_q16;      /* -65536 to 65536 */
    uint16_t patch;       /* index into the phrase's patches */
    uint32_t line;        /* of the script, where the note was made */
    uint32_t callers[2];  /* and where that function was called from in the script, nearest first; 0: nowhere */
    uint32_t id;          /* order in which the script made it, from 0 */
};

/* Harmony a script declares with ctx:chord: an annotation that sounds nothing. */
struct aur_chord {
    uint64_t on_frame, off_frame;
    int64_t at_q20, beats_q20;
    char name[16];                            /* "VI9" */
    int32_t pitches_q16[AUR_CHORD_TONES_MAX]; /* chord tones */
    uint32_t n_pitches;
};

struct aur_phrase {
    uint64_t number;  /* in the stream, from 0, by ones */
    uint64_t ordinal; /* in the music: ctx.phrase, and the key of random streams; another than number after a rewind */
    uint64_t start_frame, length_frames; /* multiples of 64 */
    uint32_t rate_hz;
    int bars;
    int meter[2];
    struct aur_controls controls; /* those it was composed with */
    struct aur_effect_settings effects;
    uint32_t n_patches, n_notes, n_chords;
    const struct aur_patch *patches;
    const struct aur_note *notes;   /* sorted by on_frame, then id */
    const struct aur_chord *chords; /* sorted by on_frame */
};

/* Space for a phrase with these counts; arrays writable through the casts in phrase.c's builder only.
 * Copies the given arrays and sorts the notes. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_phrase_new(struct aur_phrase **out, const struct aur_phrase *header,
                                const struct aur_patch *patches, const struct aur_note *notes,
                                const struct aur_chord *chords);
/* The same music later, or earlier, under another number: the ladder's "last phrase again". Its ordinal stays. */
AUR_MUST_USE int aur_phrase_repeat(struct aur_phrase **out, const struct aur_phrase *phrase, uint64_t number,
                                   uint64_t start_frame);
/* Hash of all that the synth reads of a phrase, counted from its start: what has the same hash sounds the same under the same
 * number. The same on every machine, and wherever a session's store holds the wavetables. */
uint64_t aur_phrase_hash(const struct aur_phrase *phrase);
void aur_phrase_free(struct aur_phrase *phrase);

#endif
