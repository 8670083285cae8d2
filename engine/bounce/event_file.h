/* The score of a render as JSON, phrase by phrase: for tools, charts and tests.
 *
 *     {"title": "...", "seed": 1, "sample_rate": 44100, "phrases": [
 *     {"number": 0, "start_frame": 0, "length_frames": ..., "bars": 8, "meter": [4, 4], "key": "A minor", "bpm": 70,
 *      "intensity": 0.5, "melody_complexity": 0.5,
 *      "notes": [{"patch": "pad", "voice": "pad", "at": 0, "beats": 4, "pitch": 57, "velocity": 0.6, "pan": 0,
 *                 "line": 12, "on_frame": 0, "off_frame": 151168}, ...],
 *      "chords": [{"name": "i", "at": 0, "beats": 16, "pitches": [57, 60, 64], "on_frame": 0, "off_frame": ...}]},
 *     ...]}
 *
 * Notes are in the order in which they sound. One thread at a time. */
#ifndef AUR_BOUNCE_EVENT_FILE_H
#define AUR_BOUNCE_EVENT_FILE_H

#include <stdio.h>

#include "bounce/outfile.h"
#include "compose/piece.h"

struct aur_event_file { /* the caller's */
    struct aur_outfile file;
    FILE *out;
    uint64_t phrases;
    bool failed; /* sticky; aur_event_file_finish reports it */
};

/* Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_event_file_open(struct aur_event_file *events, const char *path, bool force, const char *title,
                                     uint64_t seed, uint32_t rate_hz, struct aur_error *err);
void aur_event_file_add(struct aur_event_file *events, const struct aur_phrase *phrase);
/* Completes the file, still under its other name. AUR_EIO also for what failed before. */
AUR_MUST_USE int aur_event_file_finish(struct aur_event_file *events, struct aur_error *err);
AUR_MUST_USE int aur_event_file_publish(struct aur_event_file *events, struct aur_error *err);
/* Removes the file if it was not published. Legal on a struct that is zero but for file.fd = -1. */
void aur_event_file_deinit(struct aur_event_file *events);

#endif
