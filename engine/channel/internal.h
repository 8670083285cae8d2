/* Inside a channel: its state, split by the thread that owns it, and the steps that the workers (or a test, by hand and
 * with a clock of its own) make it take. Not for other rooms.
 *
 * How a phrase travels. Phrase n has one slot, ch->slots[n % AUR_CHANNEL_SLOTS]. As soon as phrase n - 1 is handed over,
 * the composer puts a repeat of it there (the spare). A second before the boundary it composes phrase n and exchanges the
 * spare for it by compare-and-swap; the render worker takes whatever is there when it reaches the boundary. Whoever comes
 * first wins, so a late or failing script can neither delay the sound nor leave a gap. What the synth has passed comes
 * back by the retire queue, and only the composer frees. */
#ifndef AUR_CHANNEL_INTERNAL_H
#define AUR_CHANNEL_INTERNAL_H

#include <stdatomic.h>

#include "channel/branch.h"
#include "channel/channel.h"
#include "channel/record.h"
#include "channel/stats.h"
#include "compose/session.h"
#include "journal/overview.h"
#include "rt/cast.h"
#include "rt/pool.h"
#include "rt/retire.h"
#include "rt/ring.h"
#include "rt/thread.h"
#include "wire/flac.h"
#include "wire/opus.h"

#define AUR_CHANNEL_SLOTS   8  /* phrases handed over and not yet taken, at most */
#define AUR_CHANNEL_PHRASES 32 /* phrases in existence, at most */
#define AUR_CHANNEL_RECORDS 16 /* phrases remembered for status and events */
#define AUR_CHANNEL_EVENTS  32 /* news not yet fetched; the oldest is dropped */
#define AUR_CHANNEL_STARTS  4  /* phrases that begin in one chunk and are told about */
#define AUR_CHANNEL_KNOWN   8  /* pieces that are known to be in the journal */
#define AUR_CHANNEL_FRAMING 16 /* bytes before a message, for the network thread */

/* One rendered chunk, a slot of the broadcast ring: written by the render worker, immutable once published. */
struct aur_chunk {
    uint64_t started[AUR_CHANNEL_STARTS]; /* numbers of the phrases that begin in it */
    uint32_t n_started;
    uint32_t silent_frames; /* frames for which there was no phrase */
    uint64_t late_ns;       /* how long after its time it came: 0 in time */
    bool stall;             /* late, and the chunk before was not */
    uint32_t fell_back;     /* jobs of the backend that were rendered here instead */
    bool by_device;         /* a backend rendered voices of it */
    float samples[];        /* chunk_frames x 2 */
};

/* What the render worker that holds the claim owns. */
struct aur_render_side {
    struct aur_synth *synth;
    const struct aur_phrase *held; /* taken from its slot, committed later */
    uint64_t next_number;          /* of the slot to take next */
    uint64_t frame;
    uint64_t committed, committed_start, committed_end; /* number and place of the phrase committed last */
    uint64_t ahead; /* frames before a phrase's start at which it is committed: 0 without a backend */
    struct {
        uint64_t number, frame;
    } starts[AUR_SYNTH_PHRASES_MAX]; /* committed, not begun */
    uint32_t n_starts;
    struct aur_record_render record;
    uint64_t epoch_ns; /* when frame 0 is due */
    bool started, late;
    bool gave_back; /* the composer has something to free */
};

/* A piece that played, as it was when another took over: where the music goes on if that one fails. */
struct aur_checkpoint {
    struct aur_piece *piece; /* a reference */
    char *state;
    struct aur_controls controls;
};

/* Where a phrase was composed from. */
struct aur_composed_from {
    uint64_t place; /* counted over the sessions that the channel goes on from; UINT64_MAX: none */
    uint32_t branch;
    struct aur_standing at;
};

/* Going on from somewhere else, from the next phrase on. */
struct aur_turn {
    uint32_t branch, parent;
    bool fresh;                 /* the branch begins with it */
    struct aur_standing at;     /* piece NULL: no turn */
    struct aur_checkpoint back; /* where the branch goes on from if its piece fails; piece NULL: nowhere */
    char follows[AUR_BRANCH_SCRIPT];
};

/* A branch; while it is the current one, where it stands is in the session. */
struct aur_branch_entry {
    bool used;
    uint32_t id, parent;
    uint64_t from_number, ordinal;
    char session[AUR_SESSION_ID_SIZE]; /* in which it began; "": in this one */
    char follows[AUR_BRANCH_SCRIPT];   /* as in struct aur_former_branch */
    uint64_t left;                     /* the higher, the later another one took over */
    struct aur_standing at;
    struct aur_checkpoint before[AUR_BRANCH_BEFORE];
    uint32_t n_before;
};

/* A phrase in existence. */
struct aur_phrase_entry {
    struct aur_phrase *phrase; /* NULL: free entry */
    bool back;                 /* the synth is done with it */
};

/* What the composer worker that holds the claim owns: it alone writes, and under the lock, so it reads without and others
 * read under the lock. `failing` is all its own. */
struct aur_compose_side {
    struct aur_session session;                      /* with a reference to its piece */
    struct aur_checkpoint before[AUR_BRANCH_BEFORE]; /* the newest last */
    uint32_t n_before;
    struct aur_phrase_entry all[AUR_CHANNEL_PHRASES];   /* every phrase but the spare */
    struct aur_phrase *last;                            /* the phrase handed over last */
    struct aur_phrase *spare;                           /* in the slot of session.next_number, or taken from it */
    bool spare_back;                                    /* and it came back already */
    struct aur_compose_usage usage;                     /* of the last call of the script */
    char failing[256];                                  /* the failure that was logged; "" while all is well */
    uint64_t original;                                  /* number of the phrase that `last` is or repeats */
    struct aur_composed_from from[AUR_CHECKPOINTS_MAX]; /* by place */
    uint64_t n_former;                                  /* places of the sessions before: that of phrase 0 */
    struct aur_branch_entry branches[AUR_BRANCHES_MAX];
    uint32_t branch, next_branch; /* the current one; the id after the newest's, under the lock, whoever rewinds */
    uint64_t n_left;              /* times that a branch was left */
    char known[AUR_CHANNEL_KNOWN][AUR_PIECE_HASH_SIZE];
    uint32_t n_known;
};

struct aur_phrase_record {
    uint64_t number, start_frame, length_frames;
    struct aur_controls controls;
    int bars;
    struct aur_piece *piece; /* that composed it; a reference, or NULL */
};

/* Under ch->lock; never touched by a render worker. */
struct aur_shared_side {
    struct aur_controls controls;                          /* as last set; the piece's own are those of session.piece */
    bool live_waits;                                       /* the ring of live controls was full */
    struct aur_phrase_record records[AUR_CHANNEL_RECORDS]; /* by number */
    uint64_t next_number, next_frame;                      /* of the phrase not yet handed over */
    bool composing;                                        /* its controls are taken */
    struct aur_controls composing_controls;
    struct aur_piece *armed; /* takes over next; a reference, or NULL */
    enum aur_swap armed_swap;
    struct aur_turn turn;    /* waits to be taken, before what is armed */
    struct aur_turn turning; /* while composing: the one that was taken, borrowed from the attempt; piece NULL: none */
    struct aur_piece *heard; /* of the phrase that began last; a reference, or NULL */
    uint64_t phrases_generated;
    struct aur_channel_event events[AUR_CHANNEL_EVENTS];
    size_t first_event, n_events;
    bool news; /* an event was queued since the encoder last looked */
    struct aur_record_held held;
    uint32_t listeners[AUR_FORMATS];
    uint64_t want_from[AUR_FORMATS]; /* a new listener starts here; UINT64_MAX: nobody asked */
    uint64_t overruns;               /* chunks the encoder came too late for */
};

struct aur_message_slot {
    _Atomic uint64_t tag; /* chunk index + 1, 0 while empty or being written: encoder writes, network reads */
    size_t len;
    unsigned char *data; /* after AUR_CHANNEL_FRAMING bytes */
};

struct aur_format_side {            /* the ring of one format */
    struct aur_message_slot *slots; /* n_chunks of them; NULL: not offered */
    unsigned char *memory;
    _Atomic uint64_t head;    /* chunks below it may be in the ring: encoder writes, network reads */
    _Atomic uint64_t encoded; /* messages made: encoder writes, anyone reads */
};

/* What the encoder worker that holds the claim owns, but for the atomics. */
struct aur_encode_side {
    struct aur_format_side formats[AUR_FORMATS];
    struct aur_flac *flac;
    struct aur_opus *opus;
    uint64_t opus_next; /* chunk that follows what the Opus encoder was given */
    int16_t *pcm;       /* of the chunk loaded last, as are */
    float *samples;
    uint64_t loaded; /* its index + 1; 0: none */
    uint64_t seen;   /* chunks whose news were told */
    uint64_t next;   /* chunk to encode next */
    bool silent;     /* the chunk last seen lacked a phrase */
    bool inexact;    /* the journal knows that a device gives other samples */
    uint64_t quiet;  /* fallbacks of chunks before this one are part of a trouble that has been told */
    struct aur_meter *meter;
    uint64_t heard, metered;            /* chunks that were measured; frames of them */
    struct aur_overview_maker overview; /* for the journal */
};

struct aur_channel {
    /* immutable */
    char *name, *device;
    struct aur_backend *backend; /* or NULL */
    uint64_t seed;
    enum aur_swap swap; /* for status */
    unsigned formats;   /* offered */
    bool unlisted;
    uint32_t rate_hz, chunk_frames, n_chunks;
    uint64_t lead_ns;
    struct aur_log *log;
    struct aur_journal *journal; /* or NULL, as may be: */
    const char *no_journal;
    struct aur_recorder *recorder;
    size_t keyframe_bytes;
    const struct aur_tables *tables; /* or NULL */
    void (*notify)(void *user);
    void *user;
    uint64_t (*clock)(void *clock_user);
    void *clock_user;
    struct aur_pool *composers, *encoders; /* set before the channel is published to workers; NULL: stepped by hand */

    /* between render worker and others */
    struct aur_cast *audio;     /* of struct aur_chunk */
    struct aur_ring *live;      /* struct aur_live; producer: whoever holds the lock */
    struct aur_retire *retired; /* phrases; to the composer */
    _Atomic(struct aur_phrase *) slots[AUR_CHANNEL_SLOTS];
    _Atomic uint64_t commit_at;    /* composer writes: frame from which it wants to be woken */
    _Atomic uint64_t look_at;      /* likewise, for something else than composing in time */
    _Atomic uint64_t cut_at;       /* composer writes: where the phrase that sounds then ends early; see swap.c */
    _Atomic uint64_t reach;        /* render writes: frames before it are decided */
    _Atomic uint64_t sounding;     /* render writes from here on: number of the newest phrase begun */
    _Atomic uint64_t epoch_ns;     /* when frame 0 is due */
    _Atomic uint64_t published_ns; /* when the newest chunk came */
    _Atomic uint64_t latency_ns;   /* smoothed */
    _Atomic uint64_t underruns;
    _Atomic uint64_t backend_blocks, cpu_blocks, fallbacks;
    _Atomic bool silent; /* the newest chunk lacked a phrase */

    /* the station's */
    _Atomic uint64_t wake_ns;
    _Atomic bool rendering, composing, encoding; /* claims: whoever sets one owns that side */

    struct aur_render_side render;
    struct aur_compose_side compose;
    struct aur_encode_side encode;
    struct aur_lock lock;
    struct aur_shared_side shared;
    struct aur_channel_stats stats;
};

/* ---- channel.c; not while workers have the channel ---- */

/* Composes the first phrase. clock: the monotonic clock, aur_clock_mono_ns's unless a test brings its own. */
AUR_MUST_USE int aur_channel_new(struct aur_channel **out, const struct aur_channel_config *config, struct aur_log *log,
                                 uint64_t (*clock)(void *clock_user), void *clock_user, struct aur_error *err);
void aur_channel_free(struct aur_channel *channel);

/* Any thread: frames of audio in nanoseconds and milliseconds; frames published. */
uint64_t aur_channel_frames_ns(const struct aur_channel *channel, uint64_t frames);
double aur_channel_frames_ms(const struct aur_channel *channel, uint64_t frames);
uint64_t aur_channel_published(const struct aur_channel *channel);
/* controls.c, any thread: how far rendering leads the clock. */
double aur_channel_buffer_ms(const struct aur_channel *channel);

/* ---- steps ---- */

/* render.c [render], one at a time: renders and publishes the next chunk if its time has come. Returns when to come
 * again. */
uint64_t aur_channel_render_step(struct aur_channel *channel, uint64_t now_ns);
/* [render] When chunk `index` is due; it is rendered lead_ns before. */
uint64_t aur_channel_due_ns(const struct aur_channel *channel, uint64_t index);

/* compose.c, composer worker, one at a time: frees what came back, and composes the next phrase if its commit point has
 * come. False: nothing was to be composed. */
bool aur_channel_compose_step(struct aur_channel *channel);
/* Composes phrase 0, starts the recording and hands it over. */
AUR_MUST_USE int aur_channel_compose_first(struct aur_channel *channel, const struct aur_channel_config *config,
                                           struct aur_error *err);

/* swap.c, composer worker: what composes the next phrase, and with it what was armed. */
struct aur_attempt {
    struct aur_piece *piece; /* that takes over, a reference; NULL: the one that composed before */
    enum aur_swap swap;      /* it was armed for */
    struct aur_phrase *phrase;
    char *before;                  /* the state it was composed on; NULL: none */
    uint32_t branch;               /* that it belongs to */
    struct aur_turn turn;          /* it takes; piece NULL: none */
    struct aur_controls meanwhile; /* as set when a turn was taken */
    struct aur_session after;
};
/* Composes the next phrase, at start_frame: by what is armed; if that fails, or nothing is, by the session's piece; if that
 * fails, by the piece before it, from its own checkpoint. armed_only: the first of these alone, AUR_EBUSY if nothing is
 * armed. On failure out is empty. */
AUR_MUST_USE int aur_channel_attempt(struct aur_channel *channel, struct aur_attempt *out, uint64_t start_frame,
                                     bool armed_only, struct aur_error *err);
/* The attempt's phrase was handed over: its session is the channel's. Empties it. Under the lock; *old: to be freed
 * after. */
void aur_channel_adopt(struct aur_channel *channel, struct aur_attempt *attempt, struct aur_checkpoint *old);
/* It was not: what it would have taken over with waits again. Empties it. */
void aur_channel_drop_attempt(struct aur_channel *channel, struct aur_attempt *attempt);
void aur_checkpoint_deinit(struct aur_checkpoint *checkpoint);

/* ---- branch.c, branch_list.c ---- */

void aur_turn_deinit(struct aur_turn *turn);
/* Branch 0, or those of before; every branch and place freed. Not while workers have the channel. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_branches_begin(struct aur_channel *channel, const struct aur_former *former,
                                    struct aur_error *err);
void aur_branches_free(struct aur_channel *channel);
/* Under the lock: a branch of the list, or NULL; a place in it, free or that of the branch left longest ago, which goes. */
struct aur_branch_entry *aur_branch_find(struct aur_channel *channel, uint32_t id);
struct aur_branch_entry *aur_branch_make_room(struct aur_channel *channel);
/* Under the lock: aur_channel_follows. */
const char *aur_branch_script(struct aur_channel *channel);
/* Under the lock: an edit that waits is one of the script `from`. If the channel follows `to` instead it is taken back and told;
 * the caller frees what is returned, after. */
struct aur_piece *aur_branch_drop_edit(struct aur_channel *channel, const char *from, const char *to);
/* Composer worker, under the lock: the phrase is settled; attempt NULL: the last one again. What is given up is in *old. */
void aur_branch_settled(struct aur_channel *channel, const struct aur_phrase *phrase, struct aur_attempt *attempt,
                        struct aur_standing *old);
/* Likewise: the attempt's turn is taken. */
void aur_branch_adopt(struct aur_channel *channel, struct aur_attempt *attempt);
/* Another reference to the piece and a copy of the state; false: out of memory, and nothing is held. */
bool aur_standing_copy(struct aur_standing *out, const struct aur_standing *from);
/* Under the lock: what will compose the next phrase, and the controls as set for it. */
const struct aur_piece *aur_channel_next_piece(const struct aur_channel *channel);
struct aur_controls *aur_channel_next_controls(struct aur_channel *channel);

/* ---- arm.c ---- */

/* Where a piece armed for a bar takes over: the first bar line inside the phrase of this record, at least a commit lead
 * after what is published; 0: none. *bars: of the phrase until there. Under the lock. */
uint64_t aur_channel_bar_line(const struct aur_channel *channel, const struct aur_phrase_record *record, int *bars);

/* encode.c, encoder worker, one at a time: tells the news of chunks, encodes what someone listens to, notifies. */
void aur_channel_encode_step(struct aur_channel *channel);

/* formats.c: everything that encoding needs. Errors: AUR_ENOMEM, AUR_EINVAL. */
AUR_MUST_USE int aur_channel_formats_make(struct aur_channel *channel, unsigned formats);
void aur_channel_formats_free(struct aur_channel *channel);
/* Encoder worker: a chunk's samples, as they are and in 16 bits, into ch->encode; false: no longer there. */
bool aur_channel_load(struct aur_channel *channel, uint64_t index);
/* Encoder worker: makes a chunk's message and publishes it in its slot; false: it was there, or the chunk is gone. */
bool aur_channel_format_put(struct aur_channel *channel, enum aur_format format, uint64_t index);

/* events.c, any thread but a render worker, with the lock or without: the composers and encoders look at the channel. */
void aur_channel_wake(struct aur_channel *channel);

/* ---- under ch->lock, any thread but a render worker ---- */

/* events.c */
void aur_channel_event_put(struct aur_channel *channel, const struct aur_channel_event *event);
/* The phrase that begins in this chunk; nothing if it is no longer on record. */
void aur_channel_event_phrase(struct aur_channel *channel, uint64_t number, uint64_t chunk_index);
/* What became of an edit; err may be NULL. */
void aur_channel_event_script(struct aur_channel *channel, enum aur_script_state state, const char *script,
                              const char *version, const struct aur_msg_phrase *phrase, const struct aur_error *err);
/* The same, of a piece's script. */
void aur_channel_event_piece(struct aur_channel *channel, enum aur_script_state state, const struct aur_piece *piece,
                             const struct aur_msg_phrase *phrase, const struct aur_error *err);
/* controls.c: the phrase that sounds; the first whose controls are still open. */
struct aur_msg_phrase aur_channel_current(const struct aur_channel *channel);
struct aur_msg_phrase aur_channel_open(const struct aur_channel *channel);
/* A phrase of a piece, with these controls, that begins at this frame. */
struct aur_msg_phrase aur_channel_coming(const struct aur_channel *channel, const struct aur_piece *piece,
                                         const struct aur_controls *controls, uint64_t number, uint64_t frame);
/* controls.c: hands the live half of shared.controls to the render worker. */
void aur_channel_live_push(struct aur_channel *channel);

#endif
