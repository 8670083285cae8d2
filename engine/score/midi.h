/* A score as a standard MIDI file, format 1: the first track has the tempo map, time and key signatures and a marker
 * for each phrase, then comes one track per patch, by name.
 *
 * 960 ticks are a quarter note. A phrase's tempo is what its frames make it, so that bar lines lie where the audio's
 * do to within a tick. What is left of a phrase that is shorter than its bars takes as many ticks less; where there is silence
 * before a phrase, the tempo goes on. Pitches are rounded to semitones; a note of a key that sounds already ends the one before. Kick
 * and tick play on channel 10, the others go round the remaining fifteen, each with a program of General MIDI near its
 * voice. Modes have the signature of their scale, minor where their third is.
 *
 * Collects notes until it is asked for the file: some 24 bytes a note. The struct is the caller's; one thread.
 * Source: Standard MIDI-File Format Spec. 1.1. */
#ifndef AUR_SCORE_MIDI_H
#define AUR_SCORE_MIDI_H

#include "base/buf.h"
#include "score/phrase.h"

struct aur_midi_track;

struct aur_midi {
    struct aur_buf conductor; /* the first track's events so far */
    uint64_t conductor_tick;  /* of the last of them */
    uint64_t start_tick;      /* of the next phrase */
    uint64_t end_frame;       /* of the last one */
    struct aur_midi_track *tracks;
    size_t n_tracks;
    int meter[2];
    char key[AUR_KEY_NAME_SIZE];
    uint32_t quarter_us;
    bool failed; /* sticky: memory ran out */
};

/* title: the first track's name. */
void aur_midi_init(struct aur_midi *midi, const char *title);
void aur_midi_deinit(struct aur_midi *midi);

/* The phrase that follows those added before; frame 0 is where the file begins. */
void aur_midi_add(struct aur_midi *midi, const struct aur_phrase *phrase);

/* The whole file, appended to out. AUR_ENOMEM, also for what failed before. */
AUR_MUST_USE int aur_midi_write(struct aur_midi *midi, struct aur_buf *out);

#endif
