/* What a channel puts into the journal, as journal/records.h has it. Not for other rooms. Without a journal every function here
 * does nothing.
 *
 * Phrases are recorded when they are handed over, about a second before they sound, so the journal is ahead of what is heard.
 * What only the render side decides, it tells itself.
 *
 * Events (aur_recorder_event), kind and detail:
 *   control    {"changed":{"bpm":80},"controls":"bpm=80\n..."}: set by somebody, told once a second at most; controls: all as
 *              they are from then on, as aur_controls_print has them for the piece that composes. Also where an edit or another
 *              branch begins to compose; what was set for a branch that waits is told then
 *   script     {"state":"armed"|"playing"|"refused"|"rolled_back","script","version","phrase","message"}
 *   failed     {"phrase","message"}: a phrase was not composed, the last one plays again
 *   underrun   {"chunk","message"}
 *   device     {"chunk","message"}: this CPU rendered what the device did not bring
 *   silence    {"chunk","message"}: there was no phrase to play
 *   branch     {"branch","parent","phrase","ordinal","seed","script"}: a rewind; phrase is the first of the new branch; script:
 *              that it follows, if it is not the channel's own
 *   switch     the same: back to a branch that was left
 *   asked      {"branch","parent","fresh","ordinal","seed":"7","script","piece","controls"}: it takes over with the next phrase, which
 *              is told then; fresh: it begins with a rewind to that ordinal of its parent. Told again where a control is set
 *              for it, as often as those are. {"branch":null}: none does any more */
#ifndef AUR_CHANNEL_RECORD_H
#define AUR_CHANNEL_RECORD_H

#include "channel/channel.h"

#define AUR_MINUTE_SECONDS   60
#define AUR_KEYFRAME_SECONDS 300 /* of audio between two */

struct aur_attempt;
struct aur_chunk;

/* What the render worker that holds the claim keeps for it. */
struct aur_record_render {
    uint64_t hash, minute;  /* of the samples of this minute so far */
    uint64_t keyframe_from; /* the next one is taken at the first boundary from this frame on */
    uint64_t layout;        /* of keyframes */
    uint64_t lives;         /* live controls told */
};

/* Controls that were set since the last event of them. Under the lock. */
struct aur_record_held {
    char *before, *now; /* as aur_controls_print has them, malloc'd; NULL: none */
    bool asked;         /* some were set for the branch that waits */
    uint64_t from;      /* the frame from which the next event is written */
};

/* ---- while no worker has the channel ---- */

/* Starts the session, once the synth has its first live controls and the first phrase is composed. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_record_begin(struct aur_channel *channel, const struct aur_channel_config *config,
                                  struct aur_error *err);
void aur_record_end(struct aur_channel *channel);

/* ---- [render] ---- */

/* The live controls act from this frame on. */
void aur_record_live(struct aur_channel *channel, const struct aur_live *live, uint64_t frame);
/* A phrase was taken by the synth, or came too late for it. */
void aur_record_committed(struct aur_channel *channel, const struct aur_phrase *phrase, bool cuts);
void aur_record_dropped(struct aur_channel *channel, const struct aur_phrase *phrase);
/* The next frames of the stream. */
void aur_record_samples(struct aur_channel *channel, const float *samples, uint64_t first_frame, uint64_t frames);
/* Everything before this frame is rendered and published. */
void aur_record_reached(struct aur_channel *channel, uint64_t frame);
void aur_record_late(struct aur_channel *channel, uint64_t frame, uint64_t late_ns);
/* The next frame is the first of a phrase: a keyframe is taken if it is time for one. */
void aur_record_boundary(struct aur_channel *channel, uint64_t frame, uint64_t number);

/* ---- composer worker, once a phrase is handed over ---- */

void aur_record_composed(struct aur_channel *channel, const struct aur_attempt *attempt);
/* The last one again. */
void aur_record_repeated(struct aur_channel *channel, const struct aur_phrase *phrase);

/* ---- any thread but a render worker, under the lock ---- */

void aur_record_event(struct aur_channel *channel, const struct aur_channel_event *event);
/* A piece that is to compose and may not have been recorded; with the lock or without. */
void aur_record_piece(struct aur_channel *channel, const struct aur_piece *piece);
/* They are others than before, for the piece that composes. */
void aur_record_controls(struct aur_channel *channel, const struct aur_controls *before);

/* The branch that composes from the phrase of this number on; kind: "branch", "switch". What is held of controls was the other
 * one's, and is written before. */
void aur_record_branch(struct aur_channel *channel, const char *kind, uint64_t number);
/* The branch that waits to take over, or that none does, at once. */
void aur_record_asked(struct aur_channel *channel);
/* The controls as they are now, whoever set them, at once. */
void aur_record_all_controls(struct aur_channel *channel);
/* Writes what is held of controls. */
void aur_record_release_controls(struct aur_channel *channel);

/* ---- encoder worker ---- */

/* Writes what is held of controls once a second has passed, or now. Takes the lock. */
void aur_record_held_controls(struct aur_channel *channel, bool all);

/* The next frames that it got to see, for the journal's overview. */
void aur_record_heard(struct aur_channel *channel, const float *samples, uint64_t first_frame, uint64_t frames);
/* Tells the overview of the minute that runs; also once no worker has the channel. */
void aur_record_overview(struct aur_channel *channel);

/* A device rendered voices of this chunk, or may have: what it plays is not what the CPU would, if it is not exact. */
void aur_record_device(struct aur_channel *channel, uint64_t chunk_index);

#endif
