/* Audio files: floats in, WAV (libsndfile), FLAC or Opus out, resampled where the file's rate is another (libsamplerate).
 * The file's length is given beforehand and kept exactly. One thread at a time. */
#ifndef AUR_BOUNCE_SINK_H
#define AUR_BOUNCE_SINK_H

#include <stddef.h>

#include "bounce/bounce.h"

#define AUR_SINK_FRAMES 32768 /* few calls of the system, and the cache holds them */

struct aur_sink;

struct aur_sink_config {
    const char *path; /* borrowed; .wav, .flac or .opus */
    bool force;
    uint32_t in_rate_hz, file_rate_hz;
    uint64_t file_frames; /* exact length of the file */
    enum aur_bounce_bits bits;
    bool dither; /* 16 bits only */
    uint64_t dither_key;
    uint32_t serial;             /* of an Ogg stream */
    const struct aur_tags *tags; /* borrowed until the sink is finished; NULL: none */
};

/* Whether this path, depth and dither go together. AUR_EINVAL with field, value, allowed. */
AUR_MUST_USE int aur_sink_check(const char *path, enum aur_bounce_bits bits, bool dither, struct aur_error *err);
/* The only rate that files of this name can have; 0: any. */
uint32_t aur_sink_rate(const char *path);
/* Errors: of aur_sink_check, AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_sink_open(struct aur_sink **out, const struct aur_sink_config *config, struct aur_error *err);
/* Takes interleaved frames at in_rate_hz. */
AUR_MUST_USE int aur_sink_write(struct aur_sink *sink, const float *in, size_t frames, struct aur_error *err);
/* How many frames the next write had best have, at most AUR_SINK_FRAMES: then it ends where a stretch of the file does
 * that is a power of two long, and the system puts it into few large pages. Any other number is as good a file. */
size_t aur_sink_frames(const struct aur_sink *sink);
/* Writes what is left in the resampler, brings the file to its length and completes it, still under its other name. */
AUR_MUST_USE int aur_sink_finish(struct aur_sink *sink, struct aur_error *err);
/* Gives the finished file its name. */
AUR_MUST_USE int aur_sink_publish(struct aur_sink *sink, struct aur_error *err);
/* Removes the file if it was not published. NULL is legal. */
void aur_sink_free(struct aur_sink *sink);

#endif
