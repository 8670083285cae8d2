/* The writer's thread: four times a second it takes what was told, and puts it into the database as one transaction. If that
 * fails the group waits and is tried again, later each time, and what is told meanwhile joins it. What the database refuses
 * for itself (not for the disk's sake) breaks its session alone.
 *
 * Order makes a killed process leave something whole: how far a stream was published is read before its facts are taken, so
 * a transaction that says "so far" holds everything that was told until then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/clock.h"
#include "journal/inner.h"

#define MS                1000000ull
#define GROUP_NS          (250 * MS)
#define IDLE_NS           (60000 * MS)
#define RETAIN_STEP_NS    (20 * MS)
#define PROGRESS_NS       (2000 * MS) /* how often a session that tells nothing else says how far it is */
#define BACK_OFF_FIRST_NS (250 * MS)
#define BACK_OFF_MOST_NS  (10000 * MS)
#define CLOSE_NS          (3000 * MS)

/* ---- taking what was told ---- */

static void take_facts(struct aur_journal *journal, struct aur_recorder *recorder)
{
    struct aur_fact fact;
    while (aur_ring_pop(recorder->facts, &fact)) {
        struct aur_record *record = aur_record_of_fact(recorder, &fact);
        if (record) {
            aur_journal_queue(journal, record);
            continue;
        }
        aur_lock_take(&journal->lock);
        aur_journal_lose(journal, recorder, fact.frame, "there was no memory for what was to be recorded");
        aur_lock_drop(&journal->lock);
    }
    const uint64_t lost_at = atomic_load_explicit(&recorder->facts_lost_at, memory_order_acquire);
    const uint64_t dropped = aur_ring_dropped(recorder->facts);
    if (lost_at == UINT64_MAX || dropped == recorder->dropped_told)
        return;
    aur_lock_take(&journal->lock);
    journal->lost += dropped - recorder->dropped_told - 1;
    aur_journal_lose(journal, recorder, lost_at, "more was done at once than the journal could take");
    aur_lock_drop(&journal->lock);
    recorder->dropped_told = dropped;
}

/* Everything told so far is in `pending` after this. Returns the recorders; the writer alone takes any out of the list. */
static struct aur_recorder *collect(struct aur_journal *journal)
{
    aur_lock_take(&journal->lock);
    struct aur_recorder *recorders = journal->recorders;
    for (struct aur_recorder *r = recorders; r; r = r->next) {
        r->reached_now = atomic_load_explicit(&r->reached, memory_order_acquire);
        r->ending_now = r->ended && !r->ending;
    }
    for (struct aur_request *request = journal->requests; request; request = request->next)
        request->seen = true;
    aur_lock_drop(&journal->lock);
    for (struct aur_recorder *r = recorders; r; r = r->next)
        take_facts(journal, r);
    aur_lock_take(&journal->lock);
    for (struct aur_recorder *r = recorders; r; r = r->next) {
        if (r->ending_now) {
            aur_record_list_add(&journal->incoming, &r->end);
            journal->waiting++;
            r->ending = true;
        }
    }
    aur_record_list_move(&journal->pending, &journal->incoming);
    aur_lock_drop(&journal->lock);
    return recorders;
}

/* Says once of each session that it cannot be replayed to its end. */
static void tell_broken(struct aur_journal *journal, struct aur_recorder *recorders)
{
    for (struct aur_recorder *r = recorders; r; r = r->next) {
        char why[sizeof r->broken_why];
        aur_lock_take(&journal->lock);
        const uint64_t frame = r->broken_at;
        memcpy(why, r->broken_why, sizeof why);
        aur_lock_drop(&journal->lock);
        if (frame == UINT64_MAX || r->broken_told)
            continue;
        r->broken_told = true;
        aur_log(journal->log, AUR_LOG_WARNING, "journal", "session %s cannot be replayed from frame %llu on: %s", r->id,
                (unsigned long long)frame, why);
    }
}

/* ---- one group ---- */

static int apply(struct aur_store *store, const struct aur_record *record)
{
    const int64_t key = record->recorder->key;
    switch (record->type) {
    case AUR_RECORD_START:
        return aur_store_session(store, key, record->recorder->id, &record->u.head);
    case AUR_RECORD_PIECE:
        return aur_store_piece(store, key, &record->u.bundle);
    case AUR_RECORD_PHRASE:
        return aur_store_phrase(store, key, &record->u.phrase);
    case AUR_RECORD_FACT:
        return aur_store_fact(store, key, &record->u.fact);
    case AUR_RECORD_OVERVIEW:
        return aur_store_overview(store, key, &record->u.overview);
    case AUR_RECORD_EVENT:
        return aur_store_event(store, key, record->u.event.frame, record->u.event.at_ms, record->u.event.kind,
                               record->u.event.detail);
    case AUR_RECORD_END:
        return aur_store_end(store, key, record->u.end.frames, record->u.end.at_ms);
    }
    return AUR_EINVAL;
}

static int put_records(struct aur_journal *journal)
{
    for (struct aur_record *record = journal->pending.first; record; record = record->next) {
        int rc = record->refused ? AUR_OK : apply(&journal->store, record);
        if (rc == AUR_EINVAL) {
            record->refused = true;
            aur_lock_take(&journal->lock);
            aur_journal_lose(journal, record->recorder, record->frame, journal->store.why);
            aur_lock_drop(&journal->lock);
        } else if (rc < 0) {
            return rc;
        }
        record->recorder->touched = true;
    }
    return AUR_OK;
}

/* A keyframe is a cache: one that the database does not take is forgotten. */
static int put_keyframe(struct aur_store *store, struct aur_recorder *recorder)
{
    uLongf len = compressBound(recorder->keyframe_len);
    void *packed = malloc(len);
    if (!packed)
        return AUR_ENOMEM;
    int rc = AUR_OK;
    if (compress2(packed, &len, recorder->keyframe, recorder->keyframe_len, 1) == Z_OK)
        rc = aur_store_keyframe(store, recorder->key, &recorder->keyframe_head, packed, len, recorder->keyframe_len);
    free(packed);
    return rc == AUR_EINVAL ? AUR_OK : rc;
}

static int put_state(struct aur_journal *journal, struct aur_recorder *r, bool progress)
{
    struct aur_store *store = &journal->store;
    char why[sizeof r->broken_why];
    int rc = AUR_OK;
    r->keyframe_trying = atomic_load_explicit(&r->keyframe_state, memory_order_acquire) == AUR_KEYFRAME_FULL;
    r->progress_trying = !r->ending && r->reached_now > r->reached_put && (progress || r->touched);
    aur_lock_take(&journal->lock);
    r->broken_trying = r->broken_at;
    memcpy(why, r->broken_why, sizeof why);
    aur_lock_drop(&journal->lock);
    if (r->progress_trying)
        rc = aur_store_progress(store, r->key, r->reached_now, aur_journal_now_ms());
    if (rc == AUR_OK && r->broken_trying != r->broken_put)
        rc = aur_store_broken(store, r->key, r->broken_trying, why);
    if (rc == AUR_OK && r->keyframe_trying)
        rc = put_keyframe(store, r);
    return rc;
}

static bool is_needed(struct aur_journal *journal, struct aur_recorder *recorders, bool progress)
{
    bool needed = journal->pending.first != NULL;
    aur_lock_take(&journal->lock);
    for (struct aur_recorder *r = recorders; r && !needed; r = r->next)
        needed = (progress && r->reached_now > r->reached_put) || r->broken_at != r->broken_put ||
                 atomic_load_explicit(&r->keyframe_state, memory_order_acquire) == AUR_KEYFRAME_FULL;
    aur_lock_drop(&journal->lock);
    return needed;
}

static int put_group(struct aur_journal *journal, struct aur_recorder *recorders, bool progress)
{
    struct aur_store *store = &journal->store;
    int moved = 0;
    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved) {
        snprintf(store->why, sizeof store->why, "the file was moved or deleted");
        return AUR_EIO;
    }
    int rc = aur_store_exec(store, "BEGIN IMMEDIATE");
    if (rc == AUR_OK)
        rc = put_records(journal);
    for (struct aur_recorder *r = recorders; r && rc == AUR_OK; r = r->next)
        rc = put_state(journal, r, progress);
    if (rc == AUR_OK)
        rc = aur_store_exec(store, "COMMIT");
    if (rc < 0)
        aur_store_rollback(store);
    return rc;
}

/* ---- after it ---- */

static uint64_t bytes_of(const struct aur_journal *journal)
{
    char wal[sizeof journal->path + 4];
    struct stat of_file = {0}, of_wal = {0};
    snprintf(wal, sizeof wal, "%s-wal", journal->path);
    stat(journal->path, &of_file);
    stat(wal, &of_wal);
    return (uint64_t)of_file.st_size + (uint64_t)of_wal.st_size;
}

static void remove_recorder(struct aur_journal *journal, struct aur_recorder *recorder)
{
    aur_lock_take(&journal->lock);
    for (struct aur_recorder **at = &journal->recorders; *at; at = &(*at)->next) {
        if (*at == recorder) {
            *at = recorder->next;
            break;
        }
    }
    aur_lock_drop(&journal->lock);
    aur_recorder_destroy(recorder);
}

/* Frees everything pending; returns how many there were. */
static uint64_t free_pending(struct aur_journal *journal, size_t *bytes)
{
    uint64_t n = 0;
    for (struct aur_record *record = journal->pending.first, *next; record; record = next) {
        next = record->next;
        *bytes += record->bytes;
        n++;
        if (record->type != AUR_RECORD_END) {
            free(record);
            continue;
        }
        remove_recorder(journal, record->recorder);
        aur_journal_retain_soon(journal);
    }
    aur_record_list_init(&journal->pending);
    return n;
}

static void group_written(struct aur_journal *journal, struct aur_recorder *recorders)
{
    for (struct aur_recorder *r = recorders; r; r = r->next) {
        if (r->progress_trying)
            r->reached_put = r->reached_now;
        r->broken_put = r->broken_trying;
        r->touched = false;
        if (r->keyframe_trying)
            atomic_store_explicit(&r->keyframe_state, AUR_KEYFRAME_FREE, memory_order_release);
        r->keyframe_trying = false;
    }
    size_t bytes = 0;
    const uint64_t n = free_pending(journal, &bytes), size = bytes_of(journal);
    aur_lock_take(&journal->lock);
    journal->waiting_bytes -= bytes;
    journal->waiting -= n;
    journal->written += n;
    journal->bytes = size;
    const bool recovered = journal->failing;
    journal->failing = false;
    aur_lock_drop(&journal->lock);
    journal->back_off_ns = 0;
    if (recovered)
        aur_log(journal->log, AUR_LOG_INFO, "journal", "%s is written again", journal->path);
}

static void group_failed(struct aur_journal *journal, uint64_t now)
{
    journal->back_off_ns = journal->back_off_ns ? journal->back_off_ns * 2 : BACK_OFF_FIRST_NS;
    if (journal->back_off_ns > BACK_OFF_MOST_NS)
        journal->back_off_ns = BACK_OFF_MOST_NS;
    journal->retry_at_ns = now + journal->back_off_ns;
    aur_lock_take(&journal->lock);
    const bool news = !journal->failing;
    journal->failing = true;
    snprintf(journal->reason, sizeof journal->reason, "the journal cannot be written: %s", journal->store.why);
    aur_lock_drop(&journal->lock);
    if (news)
        aur_log(journal->log, AUR_LOG_WARNING, "journal",
                "%s cannot be written: %s; what is to be recorded waits in memory, and is tried again", journal->path,
                journal->store.why);
}

/* A keyframe is a cache, and the largest thing of a group: what was to be written does without. False: there was none. */
static bool forget_keyframes(struct aur_recorder *recorders)
{
    bool any = false;
    for (struct aur_recorder *r = recorders; r; r = r->next) {
        any |= r->keyframe_trying;
        if (r->keyframe_trying)
            atomic_store_explicit(&r->keyframe_state, AUR_KEYFRAME_FREE, memory_order_release);
        r->keyframe_trying = false;
    }
    return any;
}

static void write_group(struct aur_journal *journal, bool at_once)
{
    const uint64_t now = aur_clock_mono_ns();
    struct aur_recorder *recorders = collect(journal);
    const bool progress = at_once || now >= journal->progress_at_ns;
    tell_broken(journal, recorders);
    if ((!at_once && journal->back_off_ns && now < journal->retry_at_ns) || !is_needed(journal, recorders, progress))
        return;
    int rc = put_group(journal, recorders, progress);
    if (rc < 0 && forget_keyframes(recorders)) /* the rest may fit */
        rc = put_group(journal, recorders, progress);
    if (rc < 0) {
        group_failed(journal, now);
        return;
    }
    if (progress)
        journal->progress_at_ns = now + PROGRESS_NS;
    group_written(journal, recorders);
}

/* ---- the thread ---- */

/* What could not be written by the end. */
static void give_up(struct aur_journal *journal)
{
    size_t bytes = 0;
    const uint64_t n = free_pending(journal, &bytes);
    if (n)
        aur_log(journal->log, AUR_LOG_ERROR, "journal", "%s: %llu facts could not be written and are lost: %s",
                journal->path, (unsigned long long)n, journal->store.why);
}

static uint64_t next_turn_ns(struct aur_journal *journal, bool retaining)
{
    if (retaining)
        return RETAIN_STEP_NS;
    aur_lock_take(&journal->lock);
    const bool busy = journal->recorders || journal->pending.first;
    aur_lock_drop(&journal->lock);
    return busy ? GROUP_NS : IDLE_NS;
}

void aur_journal_write(void *user)
{
    struct aur_journal *journal = user;
    uint64_t give_up_at = 0;
    for (;;) {
        aur_lock_take(&journal->lock);
        const bool closing = journal->closing, asked = journal->requests != NULL;
        aur_lock_drop(&journal->lock);
        if (closing && !give_up_at)
            give_up_at = aur_clock_mono_ns() + CLOSE_NS;
        write_group(journal, closing || asked);
        aur_journal_answer(journal);
        if (closing && (!journal->pending.first || aur_clock_mono_ns() >= give_up_at))
            break;
        const bool retaining =
            !closing && !journal->back_off_ns && journal->lock_fd >= 0 && aur_journal_retain(journal);
        aur_wake_wait_until(&journal->wake, aur_clock_mono_ns() + next_turn_ns(journal, retaining));
    }
    give_up(journal);
}
