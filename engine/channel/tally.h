/* What a channel counts of its own doings, for the metrics page and health. Counts only go up; channels that are told
 * together are told by one tally that all are added to. Any thread but a render worker. */
#ifndef AUR_CHANNEL_TALLY_H
#define AUR_CHANNEL_TALLY_H

#include "base/histogram.h"
#include "channel/channel.h"

enum aur_failure { /* why a phrase was not composed */
                   AUR_FAILURE_ERROR,
                   AUR_FAILURE_LIMIT,
                   AUR_FAILURE_MEMORY,
                   AUR_FAILURE_LATE,
                   AUR_FAILURES
};

#define AUR_EDITS (AUR_SCRIPT_ROLLED_BACK + 1) /* results of edits, by enum aur_script_state */

struct aur_channel_tally {
    struct aur_histogram_copy render_seconds, realtime; /* of each chunk; how many times faster than it lasts */
    struct aur_histogram_copy compose_seconds;          /* of each call of the script for a phrase, failed ones too */
    uint64_t chunks;                                    /* rendered */
    uint64_t underruns;                                 /* chunks rendered after their time */
    uint64_t encoder_overruns;                          /* chunks that the encoder came too late for */
    uint64_t encoded[AUR_FORMATS];                      /* messages made */
    uint64_t device_blocks, cpu_blocks, replaced;       /* as struct aur_synth_counts */
    uint64_t phrases, repeats;                          /* composed; played again for want of a new one */
    uint64_t failures[AUR_FAILURES], edits[AUR_EDITS];
    uint64_t collections;                                /* of Lua's garbage */
    uint64_t notes, outside_key, chorded, outside_chord; /* as struct aur_harmony_watch, of all phrases to be heard */
    uint64_t silences, clipped, not_finite;              /* as struct aur_meter_reading */
};
/* Adds the channel's counts to io. */
void aur_channel_tally(struct aur_channel *channel, struct aur_channel_tally *io);

/* What is true now. Sound is told as it was when the last whole second was encoded, NAN before. */
struct aur_channel_gauges {
    double buffer_s;     /* that rendering leads the clock by */
    double buffer_aim_s; /* that it should */
    double momentary_lufs, short_term_lufs, integrated_lufs, peak, dc[2], silent_s;
    double outside_key, outside_chord;      /* shares of the newest phrase's notes; NAN without such notes */
    double lua_bytes;                       /* most that composing the newest phrase took */
    double clipped_ago_s, not_finite_ago_s; /* since the last such sample, in audio; NAN: there was none */
    bool repeating;                         /* the newest phrase is the last one again */
    bool notes_due; /* though it is silent for 5 s, the script plays notes, at a level that is not 0 */
};
void aur_channel_gauges(struct aur_channel *channel, struct aur_channel_gauges *out);

/* The device that renders voices for all channels, as told by one of them; false: there is none, or not yet. */
struct aur_device_tally {
    char name[128];
    uint64_t bytes; /* of its memory that this program has allocated */
    uint64_t launches, jobs, late, failed;
    bool renders; /* now */
    bool failed_for_good;
};
bool aur_channel_device(struct aur_channel *channel, struct aur_device_tally *out);

/* The journal that all channels share, as told by one of them; false: nothing is to be recorded. */
struct aur_journal_tally {
    bool ok;
    char reason[320];                       /* why not */
    uint64_t written, waiting, lost, bytes; /* as struct aur_journal_health */
};
bool aur_channel_journal(struct aur_channel *channel, struct aur_journal_tally *out);

#endif
