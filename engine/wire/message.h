/* The messages of the WebSocket protocol and of REST: writing the server's, reading and checking the client's.
 * Pure; any thread except a render worker. docs/protocol.md shows each message. */
#ifndef AUR_WIRE_MESSAGE_H
#define AUR_WIRE_MESSAGE_H

#include <stdint.h>

#include "base/buf.h"
#include "score/control.h"
#include "wire/frame.h"

/* ---- server to client: each appends one JSON object to out ---- */

struct aur_msg_phrase { /* generation_update, and part of status */
    uint64_t phrase;    /* number; on the wire "phrase_<number>" */
    struct aur_controls controls;
    int bars;
    double next_phrase_in_ms; /* from what sounds now to the next boundary */
    double sounds_in_ms;      /* 0 for the phrase that sounds */
    char title[128];
    struct aur_control_specs specs; /* of the piece it belongs to, which controls.piece holds the values of */
};

/* Blocks of voices by who rendered them, and what became of the device's jobs; the last four count over all channels that
 * share the device. */
struct aur_msg_voices {
    uint64_t device_blocks, cpu_blocks, replaced; /* replaced: jobs that the device did not bring */
    uint64_t launches, jobs, late, failed;
};

/* What one listener was sent since it came. */
struct aur_msg_listener {
    uint64_t chunks_sent, chunks_dropped;
    const char *format;
};

struct aur_msg_status {
    double buffer_depth_ms, synthesis_latency_ms;
    uint64_t active_clients, phrases_generated, chunks_sent, chunks_dropped, underruns;
    uint32_t sample_rate, chunk_frames;
    uint64_t chunk_index;    /* newest chunk published, */
    double published_ms_ago; /* and how long ago that was */
    const char *run;         /* changes when the channel begins anew; NULL: not told */
    struct aur_msg_phrase current, pending;
    const char *channel, *device;
    bool inexact; /* a device rendered some of it and gives other samples than the CPU */
    struct aur_msg_voices voices;
    uint64_t seed;
    char script[128];                        /* the file that plays, below the scripts folder */
    char script_version[17];                 /* hash of its text */
    unsigned formats;                        /* that the channel offers, bits 1 << enum aur_format */
    const char *swap;                        /* when an edit takes over: "phrase", "bar" */
    const struct aur_msg_listener *listener; /* whom it is written to; NULL: nobody who listens */
};

/* Upper bound of an audio message with this many stereo frames of 16-bit PCM. */
size_t aur_msg_audio_size(uint32_t frames);
/* Writes an audio message into out (of at least aur_msg_audio_size), returns its length. */
size_t aur_msg_audio(char *out, const int16_t *pcm, uint32_t frames, uint64_t chunk_index, uint32_t rate_hz);

/* typed: begins with "type":"status", as on the WebSocket; REST leaves it out. */
void aur_msg_status_write(struct aur_buf *out, const struct aur_msg_status *status, bool typed);
/* A set of formats as an array of names. */
void aur_msg_formats_write(struct aur_buf *out, unsigned formats);
/* The generation_update. */
void aur_msg_phrase_write(struct aur_buf *out, const struct aur_msg_phrase *phrase);
/* code: "INVALID_CONTROL" ...; its severity comes from the table of codes. err may be NULL. */
void aur_msg_error_write(struct aur_buf *out, const char *code, const char *message, const struct aur_error *err);
/* client_time: the JSON text received, echoed verbatim; NULL if absent. */
void aur_msg_pong_write(struct aur_buf *out, const char *client_time);
/* REST: the error body {"error":code,"message":...} with the field, value and allowed of err, which may be NULL. */
void aur_msg_refusal_write(struct aur_buf *out, const char *code, const char *message, const struct aur_error *err);
/* REST: the answer to an accepted control. */
void aur_msg_updated_write(struct aur_buf *out, const struct aur_msg_phrase *reply);

/* ---- client to server ---- */

enum aur_msg_type { AUR_MSG_CONTROL, AUR_MSG_PING, AUR_MSG_STATUS_REQUEST, AUR_MSG_CLIENT_STATS };

struct aur_msg_client {
    enum aur_msg_type type;
    struct aur_controls controls; /* control: the given controls with what the message changes */
    bool live_changed, structural_changed;
    char *client_time;                      /* ping: JSON text, malloc'd, or NULL */
    double jitter_ms, underruns, buffer_ms; /* client_stats */
    char tier[16];
};

/* Reads one message. A control message starts from `now`; absent keys keep their value, any other key than the built-in
 * controls, "type", "timestamp" and the piece's names is refused, and nothing is changed then. Errors: AUR_EINVAL with
 * field, value, allowed ("type" for an unknown type, "message" for malformed JSON), AUR_ENOMEM. */
AUR_MUST_USE int aur_msg_read(struct aur_msg_client *out, const char *text, size_t len, const struct aur_controls *now,
                              const struct aur_control_specs *specs, struct aur_error *err);
void aur_msg_client_deinit(struct aur_msg_client *msg);
/* The same check for the body of POST /api/v1/control (no "type" needed). */
AUR_MUST_USE int aur_msg_read_control(struct aur_msg_client *out, const char *text, size_t len,
                                      const struct aur_controls *now, const struct aur_control_specs *specs,
                                      struct aur_error *err);

#endif
