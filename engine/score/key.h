/* Musical keys: "<C..B with # or b> <mode>", mode one of ionian, dorian, phrygian, lydian, mixolydian, aeolian,
 * locrian, major (= ionian), minor (= aeolian). Pure; any thread. */
#ifndef AUR_SCORE_KEY_H
#define AUR_SCORE_KEY_H

#include <stddef.h>

#include "base/error.h"

#define AUR_KEY_NAME_SIZE 16
#define AUR_SCALE_NOTES   7

struct aur_key {
    char tonic[4];                /* as written: "F#", "Bb" */
    char mode[12];                /* as written: "minor", "dorian" */
    char name[AUR_KEY_NAME_SIZE]; /* "F# minor" */
    int pitch_class;              /* 0 (C) to 11 (B) */
    int root;                     /* MIDI note of the tonic, 57 (A3) to 68 (G#4) */
    int scale[AUR_SCALE_NOTES];   /* semitones above the root, ascending from 0 */
};

/* Reads text exactly as written above: one space, tonic in upper case, mode in lower case. AUR_EINVAL otherwise. */
AUR_MUST_USE int aur_key_parse(struct aur_key *out, const char *text, struct aur_error *err);

/* Tonics a page offers ("C", "C#", "D", "Eb", ...; 12) and the modes (9), NULL-terminated. */
extern const char *const aur_key_tonics[];
extern const char *const aur_key_modes[];

#endif
