/* The files of one render: the audio and what is asked for beside it. They are opened together, written side by side and
 * get their names together: all of them, or none. For bounce.c; one thread at a time. */
#ifndef AUR_BOUNCE_FILES_H
#define AUR_BOUNCE_FILES_H

#include "bounce/bounce.h"
#include "bounce/chord_chart.h"
#include "bounce/event_file.h"
#include "bounce/sink.h"
#include "bounce/stems.h"
#include "score/midi.h"

struct aur_files {
    const struct aur_bounce_request *request;
    struct aur_sink *sinks[1 + AUR_BOUNCE_MORE_MAX];
    size_t n_sinks;
    struct aur_stems *stems; /* NULL: none */
    struct aur_event_file events;
    struct aur_outfile midi_file;
    struct aur_midi midi;
    struct aur_outfile chords_file;
    struct aur_chord_chart chords;
    bool has_events, has_midi, has_chords;
};

/* seconds at a rate, to the nearest frame. */
uint64_t aur_files_frames(double seconds, uint32_t rate_hz);

/* Whether these files can be made, and that none is in the way. AUR_EINVAL, AUR_EIO. */
AUR_MUST_USE int aur_files_check(const struct aur_bounce_request *request, struct aur_error *err);
/* Opens what the request asks for; the music ends at stop_frame (at the rate of synthesis), without the tail. On failure
 * aur_files_deinit is still due. */
AUR_MUST_USE int aur_files_open(struct aur_files *files, const struct aur_bounce_request *request, uint64_t stop_frame,
                                struct aur_error *err);
void aur_files_phrase(struct aur_files *files, const struct aur_phrase *phrase);
/* How many frames the next write had best have, at most AUR_SINK_FRAMES (see aur_sink_frames). */
size_t aur_files_frames_best(const struct aur_files *files);
AUR_MUST_USE int aur_files_write(struct aur_files *files, const float *interleaved, size_t frames,
                                 struct aur_error *err);
/* Completes the files and gives them their names; on failure those that had theirs already are removed. */
AUR_MUST_USE int aur_files_finish(struct aur_files *files, struct aur_error *err);
/* Removes what has no name yet. Legal on a struct that is zero but for its three fd, which are -1. */
void aur_files_deinit(struct aur_files *files);

#endif
