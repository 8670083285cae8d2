/* Where the workers of a channel count; inside the channel alone. Everything is atomic but what is
 * marked so, which is under the channel's lock. */
#ifndef AUR_CHANNEL_STATS_H
#define AUR_CHANNEL_STATS_H

#include "channel/meter.h"
#include "channel/tally.h"
#include "compose/piece.h"
#include "score/harmony.h"

struct aur_channel_stats {
    /* render worker */
    struct aur_histogram render_seconds, realtime;
    /* composer worker */
    struct aur_histogram compose_seconds;
    _Atomic uint64_t repeats, failures[AUR_FAILURES], collections;
    _Atomic uint64_t notes, outside_key, chorded, outside_chord;
    _Atomic uint64_t lua_bytes;
    struct aur_harmony_watch watch; /* under the lock: of the newest phrase */
    bool repeating;                 /* likewise: it is the last one again */
    /* whoever puts the event */
    _Atomic uint64_t edits[AUR_EDITS];
    /* encoder worker */
    struct aur_meter_reading reading;  /* under the lock; frames 0: none yet */
    uint64_t clipped_frame, bad_frame; /* likewise, of the reading that had more of them than the one before; 0: none */
};

void aur_stats_init(struct aur_channel_stats *stats);
/* [render] A chunk that lasts audio_ns was rendered in took_ns. */
void aur_stats_rendered(struct aur_channel_stats *stats, uint64_t audio_ns, uint64_t took_ns);
/* Composer worker: the script was called for a phrase; code: what came of it. */
void aur_stats_composed(struct aur_channel_stats *stats, const struct aur_compose_usage *usage, int code,
                        uint64_t took_ns);
void aur_stats_failed(struct aur_channel_stats *stats, enum aur_failure why);
/* Composer worker: this phrase will sound; again: the last one once more. */
void aur_stats_phrase(struct aur_channel *channel, const struct aur_phrase *phrase, bool again);
/* Encoder worker: the next frames of the stream. */
void aur_stats_heard(struct aur_channel *channel, const float *samples, size_t frames);

#endif
