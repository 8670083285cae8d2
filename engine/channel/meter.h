/* What a stream sounds like, in numbers: loudness by EBU R 128, peaks, offset, silence, clipping. Fed with every chunk by the
 * encoder worker, whether anyone listens or not.
 *
 * A meter belongs to one thread at a time; aur_meter_add may allocate nothing but is no render thread's work. */
#ifndef AUR_CHANNEL_METER_H
#define AUR_CHANNEL_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define AUR_METER_SILENCE   0.001f /* -60 dBFS: a sample below it is silence */
#define AUR_METER_SILENCE_S 5      /* silence that lasts as long is an episode */
#define AUR_METER_WINDOW_S  15     /* what peak and offset are taken over: whole seconds, the latest */

/* A sample at full scale: what 16 bits cannot tell from anything louder. */
#define AUR_METER_CLIP (32767.0f / 32768.0f)

struct aur_meter;

struct aur_meter_reading {
    double momentary_lufs, short_term_lufs; /* over 400 ms and 3 s; -HUGE_VAL in silence */
    double integrated_lufs;                 /* gated, since the beginning */
    double peak;                            /* highest |sample| of the window, 1 is full scale */
    double dc[2];                           /* mean of the window, left and right */
    double silent_s;                        /* how long it has been silent by now, 0 while it sounds */
    uint64_t frames;                        /* fed so far */
    uint64_t silences;                      /* episodes; one counts when it has lasted AUR_METER_SILENCE_S */
    uint64_t clipped;                       /* samples at full scale, either side */
    uint64_t not_finite;                    /* NaN and infinities; they count as silence in all the rest */
};

/* Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_meter_new(struct aur_meter **out, uint32_t rate_hz);
void aur_meter_free(struct aur_meter *meter);

/* The next frames, interleaved left and right. */
void aur_meter_add(struct aur_meter *meter, const float *samples, size_t frames);
/* Some 0.1 ms for the loudness of the last seconds: not for every frame. */
void aur_meter_read(const struct aur_meter *meter, struct aur_meter_reading *out);

#endif
