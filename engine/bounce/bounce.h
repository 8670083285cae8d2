/* Offline renders: the same session and synth as live, pulled as fast as they go, written to a file.
 * Any thread; one render is one call. Memory does not depend on the length. */
#ifndef AUR_BOUNCE_BOUNCE_H
#define AUR_BOUNCE_BOUNCE_H

#include "bounce/replay.h"
#include "bounce/tags.h"
#include "compose/piece.h"
#include "synth/synth.h"

enum aur_bounce_bits { AUR_BITS_16, AUR_BITS_24, AUR_BITS_FLOAT };

#define AUR_BOUNCE_SECONDS_MAX (366.0 * 86400) /* of duration, fade and tail */
#define AUR_FILE_RATE_MIN      8000
#define AUR_FILE_RATE_MAX      192000

#define AUR_BOUNCE_MORE_MAX 5

struct aur_bounce_output { /* one audio file; as the members of the same names below */
    const char *path;
    uint32_t file_rate_hz;
    enum aur_bounce_bits bits;
    bool dither;
};

/* Files of the parts that the sound is the sum of (bounce/stems.h). Voices are rendered on this CPU then. */
struct aur_bounce_stems {
    const char *dir; /* made if it is not there; without force it must not hold such files; NULL: none are wanted */
    bool flac;       /* else WAV */
    enum aur_bounce_bits bits;
    bool dither;
};

struct aur_stem_told {
    const char *path;
    const char *kind;  /* "stem", "return", "mix", "master" */
    const char *patch; /* of a stem, else NULL */
};
/* In the order in which the sum is taken, then mix and master. */
struct aur_stems_told {
    const char *dir;
    const struct aur_stem_told *files;
    size_t n_files;
    uint64_t samples, differing; /* compared; in which the sum is not the mix */
    double largest;              /* difference */
};

/* After the fade, before the files. Zeros change nothing. */
struct aur_bounce_master {
    double gain_db;
    bool limit; /* holds the true peak below ceiling_db, at the rate of synthesis */
    double ceiling_db;
};

struct aur_bounce_request {
    /* Borrowed: a recorded session from from_frame to to_frame, in place of all that says what is played and for how long
     * (piece, seed, controls, phrases, duration, tail); synth is aur_replay_synth's. NULL: the piece. */
    struct aur_replay *replay;
    uint64_t from_frame, to_frame;
    const struct aur_piece *piece;
    uint64_t seed;
    struct aur_controls controls;
    struct aur_synth_config synth; /* rate_hz is the rate of synthesis */
    const char *out_path;          /* .wav, .flac or .opus by its ending; NULL: render only (with on_audio) */
    uint32_t file_rate_hz; /* 0: the rate of synthesis (48000 with .opus); else resampled (libsamplerate, best) */
    enum aur_bounce_bits bits;
    bool dither, force;                   /* dither: with 16 bits only */
    const struct aur_bounce_output *more; /* the same sound in further files, beside out_path */
    size_t n_more;                        /* at most AUR_BOUNCE_MORE_MAX */
    struct aur_bounce_stems stems;        /* at the rate of out_path; with an Opus file at that of synthesis */
    const struct aur_tags *tags;          /* of all audio files; NULL: none */
    struct aur_bounce_master master;
    uint64_t phrases;        /* end at this boundary; or 0 and */
    double duration_s;       /* exactly round(duration_s x rate) frames, a hard end */
    double fade_s;           /* fades out over the last fade_s of the file */
    double tail_s;           /* goes on for so long after the end: no new notes, releases and effects ring out */
    const char *events_path; /* the phrases' notes as JSON (bounce/event_file.h); NULL: none */
    const char *midi_path;   /* and as MIDI (score/midi.h); NULL: none */
    const char *chords_path; /* and their harmony as text (bounce/chord_chart.h); NULL: none */
    const int *interrupted;  /* stored nonzero atomically, by any thread, to stop; may be NULL */
    /* When composed; may be NULL. Of a replay's what is heard of it, frames counted from from_frame. */
    void (*on_phrase)(void *user, const struct aur_phrase *phrase);
    void (*on_audio)(void *user, const float *interleaved,
                     size_t frames); /* at the rate of synthesis, before the master; may be NULL */
    void (*on_master)(void *user, const float *interleaved,
                      size_t frames); /* the same after it: what goes into the files; may be NULL */
    void (*on_stems)(void *user, const struct aur_stems_told *told); /* when the files are there; may be NULL */
    void (*on_progress)(void *user, double done_s, double total_s);  /* about every second of audio; may be NULL */
    void *user;
    struct aur_synth_counts *counts; /* filled when the render ends; may be NULL */
};

/* Renders. The files appear only when they are complete (written beside their names, then renamed); none does on an
 * error. Errors: AUR_EIO (exists without force, cannot write), AUR_EINVAL (float with FLAC or Opus, unknown ending, a
 * time or rate out of range, frames that a replay does not have), those of aur_replay_phrase, AUR_ESCRIPT and AUR_ELIMIT from
 * the script, AUR_EBUSY when interrupted. */
AUR_MUST_USE int aur_bounce(const struct aur_bounce_request *request, struct aur_error *err);

#endif
