/* Plain data of the journal: what a session is made of. Strings are borrowed where they are passed in; where they come out,
 * the header of the function says whose they are. */
#ifndef AUR_JOURNAL_RECORDS_H
#define AUR_JOURNAL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define AUR_SESSION_ID_SIZE 17 /* lower case letters and digits, and NUL */
#define AUR_TAKE_ID_SIZE    17
#define AUR_JOURNAL_HASH    17 /* 16 hexadecimal digits and NUL */

#define AUR_OVERVIEW_SECONDS 60

/* How a session began. */
struct aur_session_head {
    const char *channel, *title;
    bool unlisted; /* a private stream: no list shows it */
    uint64_t seed;
    uint32_t rate_hz, chunk_frames, max_voices;
    bool effects;
    const char *device; /* "simd (avx2)" */
    const char *engine; /* version of the program */
    uint32_t sound_revision;
    const char *settings;     /* JSON object: what else it was started with */
    const char *resumed_from; /* session that it goes on from, or "" */
    int64_t started_at;       /* Unix time, ms */
};

/* The files of a piece, under names that no machine matters for ("ambient.lua", "lib/theory.lua"). */
struct aur_bundle_file {
    const char *name, *text;
    size_t len;
};
struct aur_bundle_table { /* a wavetable: cycles as they came from its file, resampled */
    const char *file;     /* as the script names it */
    uint64_t hash;
    uint32_t cycles, partials;
    const float *frames; /* AUR_WAVE_FRAMES of each cycle */
    size_t n_floats;
};
struct aur_bundle {
    const char *hash;                    /* of the piece, 16 hexadecimal digits: aur_hash_named (base/hash.h) */
    const char *name;                    /* the script's, as listeners are told */
    const struct aur_bundle_file *files; /* the script first */
    size_t n_files;
    const struct aur_bundle_table *tables;
    size_t n_tables;
};

enum aur_phrase_kind { AUR_PHRASE_COMPOSED, AUR_PHRASE_REPEATED };

struct aur_recorded_phrase {
    uint64_t number;  /* in the stream, from 0, by ones: struct aur_phrase's */
    uint64_t ordinal; /* in the music: ctx.phrase and the key of random streams; differs after a rewind */
    uint64_t seed;
    uint64_t start_frame, length_frames;
    enum aur_phrase_kind kind;
    uint64_t repeats;         /* REPEATED: number of the phrase that sounds again */
    uint32_t branch;          /* 0: the first */
    const char *piece;        /* hash */
    const char *controls;     /* "name=value\n", sorted: aur_controls_print (score/control.h) */
    const char *state_before; /* what it was composed on, migrated; NULL: the piece's own start */
    const char *state_after;  /* what it left: the composer's checkpoint */
    uint64_t notes_hash;      /* aur_phrase_hash (score/phrase.h) */
};

/* What the render side decided. */
enum aur_fact_type {
    AUR_FACT_LIVE, /* live controls, from `frame` on (a multiple of 64); those of one frame in the order of `number` */
    AUR_FACT_DROPPED, /* phrase `number` came too late and never sounded */
    AUR_FACT_CUT,     /* phrase `number` begins at `frame`, inside the one before */
    AUR_FACT_MINUTE, /* hash of the float samples of minute `number`: frames [60 rate number, frame); 60 rate of them, fewer
                         only at the session's end */
    AUR_FACT_UNDERRUN /* a chunk came `number` microseconds late; nothing in the samples tells */
};
struct aur_fact {
    enum aur_fact_type type;
    uint64_t frame, number, hash;
    float level, brightness, intensity;
};

/* How loud each second of a minute got: a character each, as journal/overview.h has them. A picture: nothing depends on it. */
struct aur_overview {
    uint64_t minute; /* the session's, from 0 */
    char seconds[AUR_OVERVIEW_SECONDS + 1];
};

/* A copy of the synth's state at a boundary: a cache, good for the same build of the program only. */
struct aur_keyframe_head {
    uint64_t frame, number; /* of the phrase that begins there */
    uint64_t layout;        /* aur_synth_layout: what the bytes are for */
};

/* A span that somebody kept. */
struct aur_take {
    char id[AUR_TAKE_ID_SIZE];
    char session[AUR_SESSION_ID_SIZE];
    char name[129], channel[33];
    uint64_t from_frame, to_frame;
    uint32_t rate_hz;
    int64_t kept_at; /* Unix time, ms */
    char state[16];  /* "waiting", "rendering", "done", "failed" */
    char error[256];
    char wanted[256]; /* JSON: formats, stems, midi */
};

#endif
