/* What the files of the writing side share: the journal, its recorders and what waits to be written. */
#ifndef AUR_JOURNAL_INNER_H
#define AUR_JOURNAL_INNER_H

#include <stdatomic.h>

#include "journal/journal.h"
#include "journal/store.h"
#include "rt/ring.h"
#include "rt/thread.h"

/* ---- what waits to be written ---- */

enum aur_record_type {
    AUR_RECORD_START,
    AUR_RECORD_PIECE,
    AUR_RECORD_PHRASE,
    AUR_RECORD_FACT,
    AUR_RECORD_OVERVIEW,
    AUR_RECORD_EVENT,
    AUR_RECORD_END
};

struct aur_record {
    struct aur_record *next;
    struct aur_recorder *recorder;
    enum aur_record_type type;
    bool refused;   /* the database does not take it: passed over when the group is tried again */
    size_t bytes;   /* that it takes of the queue; 0: part of its recorder */
    uint64_t frame; /* from which the session is broken without it; UINT64_MAX: it is not */
    union {
        struct aur_session_head head;
        struct aur_bundle bundle;
        struct aur_recorded_phrase phrase;
        struct aur_fact fact;
        struct aur_overview overview;
        struct {
            uint64_t frame;
            int64_t at_ms;
            const char *kind, *detail;
        } event;
        struct {
            uint64_t frames;
            int64_t at_ms;
        } end;
    } u; /* what it points to follows in the same allocation */
};

struct aur_record_list {
    struct aur_record *first, **last;
};

void aur_record_list_init(struct aur_record_list *list);
void aur_record_list_add(struct aur_record_list *list, struct aur_record *record);
/* Moves everything in `from` to the end of `to`. */
void aur_record_list_move(struct aur_record_list *to, struct aur_record_list *from);

/* ---- a session being recorded ---- */

enum aur_keyframe_state {
    AUR_KEYFRAME_FREE,
    AUR_KEYFRAME_FULL
}; /* render fills FREE ones, the writer empties FULL ones */

struct aur_recorder {
    struct aur_journal *journal;
    struct aur_recorder *next; /* in the journal's list: written under its lock, taken out by the writer only */
    char id[AUR_SESSION_ID_SIZE];
    int64_t key;
    uint32_t rate_hz;
    struct aur_record *start, end; /* so that neither can fail to be queued */

    struct aur_ring *facts; /* render side to writer */
    _Atomic uint64_t
        facts_lost_at;          /* render side writes: frame of the first one that found no room; UINT64_MAX: none */
    _Atomic uint64_t reached;   /* render side, and whoever tells events */
    _Atomic int keyframe_state; /* enum aur_keyframe_state */
    void *keyframe;             /* whose it is says keyframe_state */
    struct aur_keyframe_head keyframe_head;
    size_t keyframe_size, keyframe_len;

    /* Under the journal's lock. */
    uint64_t broken_at; /* UINT64_MAX: not */
    char broken_why[128];
    bool ended; /* nobody uses it any more */

    /* The writer's. */
    uint64_t reached_now; /* as read before this turn's facts were taken */
    uint64_t reached_put; /* as in the database */
    uint64_t broken_put, broken_trying;
    uint64_t dropped_told; /* facts that the ring did not take, as counted */
    bool touched;          /* this group has something of it */
    bool progress_trying, keyframe_trying, broken_told;
    bool ending_now, ending; /* its last record is to be queued, is queued */
};

/* ---- what somebody waits for ---- */

struct aur_request {
    struct aur_request *next;
    /* On the writer, in a transaction; NULL: only that everything before it is written. */
    int (*run)(struct aur_journal *journal, void *arg, struct aur_error *err);
    void *arg;
    struct aur_error *err;
    int rc;
    bool seen, answered; /* under the lock: what was told before it is in this group; it has its answer */
    struct aur_wake done;
};

/* ---- the journal ---- */

enum aur_retain_stage { AUR_RETAIN_IDLE, AUR_RETAIN_DROP, AUR_RETAIN_SHRINK };

struct aur_journal {
    char path[4096];
    struct aur_log *log;
    double keep_days;
    uint64_t keep_bytes;
    size_t queue_bytes;
    int lock_fd; /* -1: another process has the database */
    struct aur_thread thread;
    struct aur_wake wake;
    struct aur_store store; /* the writer's, once it runs */

    struct aur_lock lock; /* what follows, for as long as it takes to put something in a list */
    struct aur_recorder *recorders;
    struct aur_record_list incoming;
    size_t waiting_bytes;
    uint64_t waiting, written, lost, bytes;
    struct aur_request *requests, **last_request;
    int64_t next_key;
    bool closing, failing;
    char reason[256];

    /* The writer's. */
    struct aur_record_list pending;
    uint64_t retry_at_ns, back_off_ns, progress_at_ns, retain_at_ns; /* retain_at_ns: of the next look, while idle */
    enum aur_retain_stage retain;
    bool told_too_large;
};

int64_t aur_journal_now_ms(void);
/* Queues a record, if there is room for it; else marks its session as broken and frees it. */
void aur_journal_queue(struct aur_journal *journal, struct aur_record *record);
/* Under the lock: the session is broken from here on. */
void aur_recorder_break(struct aur_recorder *recorder, uint64_t frame, const char *why);
/* Under the lock: something of the session was lost. */
void aur_journal_lose(struct aur_journal *journal, struct aur_recorder *recorder, uint64_t frame, const char *why);
/* A fact as a record; NULL: no memory. */
struct aur_record *aur_record_of_fact(struct aur_recorder *recorder, const struct aur_fact *fact);
void aur_recorder_destroy(struct aur_recorder *recorder);

/* The writer's thread. */
void aur_journal_write(void *journal);
/* Asks for a look at age and size now rather than at the next turn of ten minutes. */
void aur_journal_retain_soon(struct aur_journal *journal);
/* One step of retention; true: there is more to do. */
bool aur_journal_retain(struct aur_journal *journal);
/* The writer: answers what can be answered. */
void aur_journal_answer(struct aur_journal *journal);
/* Runs a request and waits for its answer; timeout_ms 0: as long as it takes. */
AUR_MUST_USE int aur_journal_ask(struct aur_journal *journal,
                                 int (*run)(struct aur_journal *journal, void *arg, struct aur_error *err), void *arg,
                                 uint32_t timeout_ms, struct aur_error *err);

#endif
