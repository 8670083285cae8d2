/* Live streams. A station owns the worker pools; its channels are state machines that the workers move.
 *
 *   composer worker  composes the next phrase one second of audio before its boundary, in the place of a repeat of the
 *                    last phrase that lies ready there: a late or failing script never leaves a gap
 *   render worker    renders the next chunk when the stream leads its clock by less than the lead, publishes it in the
 *                    broadcast ring; allocates, locks and logs nothing
 *   encoder worker   turns chunks into messages, once in each format that someone listens to; then calls `notify`
 *   network thread   joins, reads published messages by index, passes controls in
 *
 * The piece's clock is the count of rendered frames; wall time paces it, and a stall moves the pace, not the music.
 *
 * Where a time until a phrase is told (sounds_in_ms, next_phrase_in_ms), it is counted from the end of the newest published
 * chunk, where every listener's queue ends: who has b ms of audio buffered hears the phrase b ms later than that. What
 * "sounds", the current phrase, is the one in that chunk. */
#ifndef AUR_CHANNEL_CHANNEL_H
#define AUR_CHANNEL_CHANNEL_H

#include "base/log.h"
#include "compose/piece.h"
#include "journal/journal.h"
#include "synth/synth.h"
#include "wire/frame.h"
#include "wire/message.h"

#define AUR_CHANNEL_NAME_SIZE 33 /* [a-z0-9-], 1 to 32 of them */

struct aur_station;
struct aur_channel;

struct aur_station_config {
    uint32_t render_workers;   /* 0: 1 */
    uint32_t composer_workers; /* 0: 1 */
    uint32_t max_channels;     /* 0: 16 */
    struct aur_log *log;
};

/* When an armed piece takes over: at the next phrase boundary, or at the next bar line that can still be reached, where the
 * phrase that sounds then ends: later notes of it are dropped, sounding ones released. */
enum aur_swap { AUR_SWAP_PHRASE, AUR_SWAP_BAR };

/* Where the music of an earlier session goes on. */
struct aur_former;
struct aur_channel_start {
    const char *session;             /* its id */
    const char *state;               /* that its last phrase left; NULL: none */
    uint64_t ordinal;                /* of the next phrase */
    const struct aur_former *former; /* its branches (channel/branch.h); NULL: there is one, 0 */
};

struct aur_channel_config {
    const char *name;              /* "main" */
    const struct aur_piece *piece; /* the channel has references of its own */
    uint64_t seed;
    struct aur_controls controls;         /* to start with */
    const struct aur_channel_start *from; /* borrowed until the channel is made; NULL: at the beginning */
    struct aur_journal *journal;          /* borrowed, longer than the channel: where it is recorded; NULL: nowhere */
    const char *no_journal;               /* borrowed likewise: why it is not recorded although it is to be; NULL */
    const char *settings; /* JSON object for the journal: what else it was started with; NULL: nothing */
    struct aur_synth_config synth;
    uint32_t chunk_frames; /* 4410 */
    uint32_t ring_chunks;  /* messages kept for listeners; 0: 2 seconds */
    uint32_t lead_ms;      /* 0: 200 */
    const char *device;    /* for status: "simd (avx2)" */
    enum aur_swap swap;    /* likewise: when edits take over */
    unsigned formats;      /* offered to listeners, bits 1 << enum aur_format; 0: all */
    bool unlisted;         /* its name is a secret of those who listen to it: no list shows it */
    /* Called on an encoder worker after a message was published or an event queued; must not block. */
    void (*notify)(void *user);
    void *user;
};

AUR_MUST_USE int aur_station_new(struct aur_station **out, const struct aur_station_config *config,
                                 struct aur_error *err);
/* Stops and joins the workers, frees the channels. */
void aur_station_free(struct aur_station *station);

/* Composes the first phrase (so a broken script is refused here, AUR_ESCRIPT), then starts to play. AUR_ELIMIT: the
 * station has max_channels. The channel belongs to the station. Not on one of its workers. */
AUR_MUST_USE int aur_station_add(struct aur_station *station, struct aur_channel **out,
                                 const struct aur_channel_config *config, struct aur_error *err);
/* Stops and frees a channel of the station, and gives its seat at the device back. Nobody else uses it any more. Waits for
 * the workers that are in it: for a phrase that is being composed at most. Not on one of its workers. */
void aur_station_remove(struct aur_station *station, struct aur_channel *channel);

/* The share of the render workers' time that is free, 0 to 1, over about the last 10 seconds. Any thread. */
double aur_station_margin(const struct aur_station *station);

/* ---- any thread but a render worker ---- */

const char *aur_channel_name(const struct aur_channel *channel);
bool aur_channel_unlisted(const struct aur_channel *channel);
/* Id of the session that is being recorded; "": none is. */
const char *aur_channel_session(const struct aur_channel *channel);
/* Frames published so far: the session's clock. */
uint64_t aur_channel_frames(const struct aur_channel *channel);
/* The controls as last set (what a new control message starts from), and what the piece's own among them are: those of the
 * piece that composes the next phrase. specs may be NULL. */
void aur_channel_controls(struct aur_channel *channel, struct aur_controls *out, struct aur_control_specs *specs);
/* Sets all controls (already validated against specs, as aur_channel_controls gave them; if another piece composes by now,
 * values are carried over by name; NULL: against that one); the last write wins. reply: the controls and number of the phrase that will
 * carry them, with sounds_in_ms. A phrase's controls are taken at its commit point, a second of audio before its boundary;
 * until then they reach that phrase, afterwards the one after it (whose boundary is an estimate for the few milliseconds
 * in which the one before is being composed). Where only live controls changed, which act from the next chunk on, reply
 * is the current phrase with its own key and so on, the live values, and sounds_in_ms 0. */
void aur_channel_control(struct aur_channel *channel, struct aur_msg_phrase *reply, const struct aur_controls *controls,
                         const struct aur_control_specs *specs);
/* Everything but the counts over listeners (active_clients, chunks_sent, chunks_dropped), which are 0 for the caller to
 * fill. pending is the first phrase after the current one that carries the controls as last set. */
void aur_channel_status(struct aur_channel *channel, struct aur_msg_status *out);

/* ---- edits: any thread but a render worker ---- */

/* What a rehearsal or a preview needs: where the composer stands. */
struct aur_channel_place {
    struct aur_piece *piece; /* that composes now; a reference */
    struct aur_piece *armed; /* that takes over with the phrase of this number; a reference, or NULL */
    uint64_t armed_frame;    /* where, as it stands */
    char *state;             /* malloc'd; NULL before the first phrase */
    uint64_t seed, number, ordinal, start_frame; /* of the next phrase not composed yet */
    uint32_t rate_hz;
    struct aur_controls controls; /* as last set */
};
/* The caller ends it with aur_channel_place_deinit. Errors: AUR_ENOMEM; then out is empty. */
AUR_MUST_USE int aur_channel_place(struct aur_channel *channel, struct aur_channel_place *out, struct aur_error *err);
void aur_channel_place_deinit(struct aur_channel_place *place);

/* Arms a piece, rehearsed by the caller: the next phrase whose commit point has not passed is composed by it, from the
 * state of then, migrated. Takes a reference of its own. A piece armed before and not yet taken gives way. If it fails, at
 * once or phrases later, the piece before it goes on from its own checkpoint and AUR_EVENT_SCRIPT tells so. Controls that
 * both pieces declare keep their values (within the new range); others start at their defaults. reply: the phrase that will
 * be the first, with sounds_in_ms. */
void aur_channel_arm(struct aur_channel *channel, struct aur_msg_phrase *reply, struct aur_piece *piece,
                     enum aur_swap swap);
/* Takes back what waits to take over, if anything does: true, and AUR_SCRIPT_PLAYING tells that what plays goes on. */
bool aur_channel_disarm(struct aur_channel *channel);
/* Tells that an edit was refused (AUR_EVENT_SCRIPT, the log once); what is armed stays armed. */
void aur_channel_refuse(struct aur_channel *channel, const char *script, const char *version,
                        const struct aur_error *err);
/* Hashes of all texts of the piece that waits ("" if none does) and of the one that composes next, that of a branch that waits included;
 * either may be NULL. */
void aur_channel_hashes(struct aur_channel *channel, char armed[AUR_PIECE_HASH_SIZE],
                        char composing[AUR_PIECE_HASH_SIZE]);

/* Copies of the phrase that sounds and, if it is composed already, of the one after it, with the script that composed each;
 * phrase NULL where there is none. The caller frees both phrases. Errors: AUR_ENOMEM. */
struct aur_channel_phrase {
    struct aur_phrase *phrase;
    char script[128], script_version[17]; /* as in struct aur_channel_event */
};
AUR_MUST_USE int aur_channel_phrases(struct aur_channel *channel, struct aur_channel_phrase *current,
                                     struct aur_channel_phrase *next, struct aur_error *err);

/* Blocks of voices by who rendered them: the backend or this CPU; and jobs that the backend did not bring in time. */
void aur_channel_counts(struct aur_channel *channel, struct aur_synth_counts *out);

/* Health: true while music comes; else `reason` says why not: the stream stands still, or is silent for want of a phrase.
 * Late chunks and failing scripts do not stop the music; they are told as events. */
bool aur_channel_healthy(struct aur_channel *channel, char *reason, size_t size);

/* ---- network thread ---- */

/* The formats offered, bits 1 << enum aur_format; any thread. The functions below take one of these. */
unsigned aur_channel_formats(const struct aur_channel *channel);

/* One more, one fewer listener of a format: chunks are encoded in it only while there are some. Returns the chunk to start
 * from so that depth_chunks are at hand at once. In Opus, whose chunks are made in order, one from before those already
 * made is an empty frame: it does not happen while all ask for the same depth. */
uint64_t aur_channel_join(struct aur_channel *channel, enum aur_format format, uint32_t depth_chunks);
/* The same for a listener whose connection broke: it goes on with chunk `from`. False, and nobody joined, if that is kept no
 * more or is not one of the next. In Opus the encoder goes on too if nobody listened meanwhile, so nothing is missing. */
AUR_MUST_USE bool aur_channel_rejoin(struct aur_channel *channel, enum aur_format format, uint64_t from);
void aur_channel_leave(struct aur_channel *channel, enum aur_format format);

/* The frame that tells a decoder what is to come, for a listener that begins with chunk_index: its bytes in out (of at least
 * AUR_FRAME_HEAD + AUR_CODEC_HEADER_MAX), 0 for formats that need none. Any thread. */
size_t aur_channel_codec(const struct aur_channel *channel, unsigned char *out, enum aur_format format,
                         uint64_t chunk_index);

/* The audio message of a chunk, text in JSON, binary in all others. 0: *data and *len (NUL excluded; room for 16 bytes before data is writable by the network
 * thread, for framing) stay valid until the ring has moved on by ring_chunks - 3 chunks. AUR_EBUSY: not published yet.
 * AUR_ENOTFOUND: too old; *next is the oldest that can be read. */
AUR_MUST_USE int aur_channel_message(struct aur_channel *channel, enum aur_format format, const unsigned char **data,
                                     size_t *len, uint64_t *next, uint64_t index);

/* News for everyone on the channel: 1 and *out, or 0. */
enum aur_channel_event_type {
    AUR_EVENT_PHRASE,
    AUR_EVENT_UNDERRUN,
    AUR_EVENT_GENERATION_ERROR,
    AUR_EVENT_SYNTHESIS,
    AUR_EVENT_SCRIPT,
};
/* What became of an edit. */
enum aur_script_state {
    AUR_SCRIPT_ARMED,       /* it takes over with event.phrase, in its sounds_in_ms */
    AUR_SCRIPT_PLAYING,     /* event.phrase is its first; or a waiting edit was taken back and it plays on */
    AUR_SCRIPT_REFUSED,     /* event.error says why; what played plays on */
    AUR_SCRIPT_ROLLED_BACK, /* it played, then failed (event.error); the text before it goes on with event.phrase */
};
struct aur_channel_event {
    enum aur_channel_event_type type;
    uint64_t chunk_index; /* the chunk it belongs before */
    bool silence;         /* of AUR_EVENT_SYNTHESIS: there is no phrase to play */
    struct aur_msg_phrase phrase;
    struct aur_error error;
    enum aur_script_state script_state;
    char script[128];         /* the piece's file as --script's folder has it */
    char script_version[17];  /* hash of its text */
    char playing_version[17]; /* hash of the text that sounds */
};
int aur_channel_event(struct aur_channel *channel, struct aur_channel_event *out);

#endif
