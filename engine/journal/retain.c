/* Retention, on the writer's thread, in steps of some milliseconds between which groups are written: one session or its
 * keyframes at a time, then pages given back to the file system. A session goes with everything that only it refers to. */
#include <stdlib.h>

#include "base/clock.h"
#include "journal/inner.h"
#include "journal/schema.h"

#define EVERY_NS    600000000000ull
#define SHRINK_STEP "PRAGMA incremental_vacuum(512)"
#define DAY_MS      86400000.0
#define SPARE_PAGES 64 /* free pages that are not worth giving back */

/* Of the database as it will be without its free pages. */
static uint64_t used_bytes(const struct aur_journal *journal)
{
    sqlite3 *db = journal->store.db;
    long long pages = aur_sql_number(db, "PRAGMA page_count", NULL) - aur_sql_number(db, "PRAGMA freelist_count", NULL);
    return pages > 0 ? (uint64_t)pages * (uint64_t)aur_sql_number(db, "PRAGMA page_size", NULL) : 0;
}

static int drop(struct aur_journal *journal, int64_t key, bool keyframes)
{
    struct aur_store *store = &journal->store;
    int rc = aur_store_exec(store, "BEGIN IMMEDIATE");
    if (rc == AUR_OK)
        rc = keyframes ? aur_store_drop_keyframes(store, key) : aur_store_drop(store, key);
    if (rc == AUR_OK)
        rc = aur_store_exec(store, "COMMIT");
    if (rc < 0)
        aur_store_rollback(store);
    return rc;
}

/* Drops one thing that is too old or too much. False: there is none. */
static bool drop_one(struct aur_journal *journal)
{
    struct aur_store *store = &journal->store;
    int64_t key = 0;
    if (journal->keep_days > 0) {
        const int64_t before = aur_journal_now_ms() - (int64_t)(journal->keep_days * DAY_MS);
        if (aur_store_oldest(store, &key, before) == AUR_OK && key)
            return drop(journal, key, false) == AUR_OK;
    }
    if (!journal->keep_bytes || used_bytes(journal) <= journal->keep_bytes) {
        journal->told_too_large = false;
        return false;
    }
    if (aur_store_oldest_keyframes(store, &key) == AUR_OK && key)
        return drop(journal, key, true) == AUR_OK;
    if (aur_store_oldest(store, &key, INT64_MAX) == AUR_OK && key)
        return drop(journal, key, false) == AUR_OK;
    if (!journal->told_too_large)
        aur_log(journal->log, AUR_LOG_WARNING, "journal",
                "%s: what is being recorded and what takes need is larger than what is to be kept", journal->path);
    journal->told_too_large = true;
    return false;
}

/* Gives some pages back. False: done. */
static bool shrink_some(struct aur_journal *journal)
{
    sqlite3 *db = journal->store.db;
    const long long before = aur_sql_number(db, "PRAGMA freelist_count", NULL);
    if (before > SPARE_PAGES && aur_store_exec(&journal->store, SHRINK_STEP) == AUR_OK &&
        aur_sql_number(db, "PRAGMA freelist_count", NULL) < before)
        return true;
    /* Fails while somebody reads; then the log is cut back another time. */
    sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return false;
}

void aur_journal_retain_soon(struct aur_journal *journal)
{
    journal->retain_at_ns = 0;
}

bool aur_journal_retain(struct aur_journal *journal)
{
    switch (journal->retain) {
    case AUR_RETAIN_IDLE:
        if (aur_clock_mono_ns() < journal->retain_at_ns)
            return false;
        journal->retain_at_ns = aur_clock_mono_ns() + EVERY_NS;
        journal->retain = AUR_RETAIN_DROP;
        return true;
    case AUR_RETAIN_DROP:
        if (!drop_one(journal))
            journal->retain = aur_sql_number(journal->store.db, "PRAGMA freelist_count", NULL) > SPARE_PAGES
                                  ? AUR_RETAIN_SHRINK
                                  : AUR_RETAIN_IDLE;
        return journal->retain != AUR_RETAIN_IDLE;
    case AUR_RETAIN_SHRINK:
        if (!shrink_some(journal))
            journal->retain = AUR_RETAIN_IDLE;
        return journal->retain != AUR_RETAIN_IDLE;
    }
    return false;
}
