/* The journal's life, its queue, and what people ask of it. Opening, closing and asking are for threads that may wait; the
 * queue's lock is held for as long as it takes to put something in a list.
 *
 * A preset alone may be written beside the process that has the database: it is one transaction that touches nothing which that
 * process remembers, and every writer takes SQLite's own lock before it reads (BEGIN IMMEDIATE) and waits for it.
 *
 * Another process is kept out by a lock on a file beside the database, which the kernel takes back however a process ends.
 * It is not on the database itself: closing any descriptor of that would take SQLite's own locks away. */
#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "journal/archive.h"
#include "journal/inner.h"
#include "journal/schema.h"
#include "journal/transfer.h"

#define QUEUE_BYTES ((size_t)64 << 20)
#define BUSY_MS     2000 /* another program may hold the database for so long before a group is tried again later */

int64_t aur_journal_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- opening ---- */

static int make_folder(const char *path, struct aur_error *err)
{
    char part[4096];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return aur_error_set(err, AUR_EINVAL, "%s: the name is too long", path);
    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST && access(part, F_OK) != 0)
            return aur_error_set(err, AUR_EIO, "%s: %s", part, strerror(errno));
        *p = '/';
    }
    return AUR_OK;
}

static int take_lock(int *fd, const char *path, struct aur_error *err)
{
    char name[4096 + 8];
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    snprintf(name, sizeof name, "%s-lock", path);
    *fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        return aur_error_set(err, AUR_EIO, "%s: %s", name, strerror(errno));
    if (fcntl(*fd, F_OFD_SETLK, &whole) == 0)
        return AUR_OK;
    int rc = errno == EAGAIN || errno == EACCES
                 ? aur_error_set(err, AUR_EBUSY, "%s: in use by another process, a running server perhaps", path)
                 : aur_error_set(err, AUR_EIO, "%s: %s", name, strerror(errno));
    close(*fd);
    *fd = -1;
    return rc;
}

/* Which another process made, and keeps: nothing of it is changed. */
static int check_tables(sqlite3 *db, const char *path, struct aur_error *err)
{
    const int rc = aur_schema_check(db, path, err);
    if (rc == AUR_OK && aur_sql_number(db, "PRAGMA user_version", NULL) != AUR_SCHEMA_VERSION)
        return aur_error_set(err, AUR_EBUSY, "%s: in use by a process of another version", path);
    return rc;
}

static int open_database(struct aur_store *store, const char *path, bool beside, struct aur_error *err)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    aur_store_init(store, db);
    if (code != SQLITE_OK)
        return aur_error_set(err, AUR_EIO, "%s: %s", path, db ? sqlite3_errmsg(db) : "out of memory");
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* Before the first table, or it would stay without. */
    if (aur_sql_number(db, "SELECT count(*) FROM sqlite_schema", &code) == 0 && code == SQLITE_OK)
        sqlite3_exec(db, "PRAGMA auto_vacuum=INCREMENTAL", NULL, NULL, NULL);
    int rc = beside ? check_tables(db, path, err) : aur_schema_make(db, path, false, err);
    if (rc == AUR_OK &&
        aur_store_exec(store,
                       "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                       "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA journal_size_limit=4194304") < 0)
        rc = aur_error_set(err, AUR_EIO, "%s: %s", path, store->why);
    if (rc == AUR_OK && !beside && aur_store_end_all(store) < 0)
        rc = aur_error_set(err, AUR_EIO, "%s: %s", path, store->why);
    return rc;
}

static void destroy(struct aur_journal *journal)
{
    aur_store_deinit(&journal->store);
    if (journal->lock_fd >= 0)
        close(journal->lock_fd);
    aur_wake_deinit(&journal->wake);
    aur_lock_deinit(&journal->lock);
    free(journal);
}

int aur_journal_open(struct aur_journal **out, const struct aur_journal_config *config, struct aur_error *err)
{
    *out = NULL;
    struct aur_journal *journal = calloc(1, sizeof *journal);
    if (!journal)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", config->path);
    journal->log = config->log;
    journal->keep_days = config->keep_days;
    journal->keep_bytes = config->keep_bytes;
    journal->queue_bytes = config->queue_bytes ? config->queue_bytes : QUEUE_BYTES;
    journal->lock_fd = -1;
    journal->last_request = &journal->requests;
    aur_record_list_init(&journal->incoming);
    aur_record_list_init(&journal->pending);
    aur_lock_init(&journal->lock);
    aur_wake_init(&journal->wake);
    snprintf(journal->path, sizeof journal->path, "%s", config->path);
    struct aur_thread_config thread = {.name = "journal", .run = aur_journal_write, .user = journal};
    int rc = make_folder(config->path, err);
    if (rc == AUR_OK)
        rc = take_lock(&journal->lock_fd, journal->path, err);
    const bool beside = rc == AUR_EBUSY && config->beside;
    if (rc == AUR_OK || beside)
        rc = open_database(&journal->store, journal->path, beside, err);
    if (rc == AUR_OK && aur_store_next_key(&journal->store, &journal->next_key) < 0)
        rc = aur_error_set(err, AUR_EIO, "%s: %s", config->path, journal->store.why);
    if (rc == AUR_OK)
        rc = aur_thread_start(&journal->thread, &thread, err);
    if (rc < 0) {
        destroy(journal);
        return rc;
    }
    *out = journal;
    return AUR_OK;
}

void aur_journal_close(struct aur_journal *journal)
{
    if (!journal)
        return;
    aur_lock_take(&journal->lock);
    journal->closing = true;
    aur_lock_drop(&journal->lock);
    aur_wake_post(&journal->wake);
    aur_thread_join(&journal->thread);
    destroy(journal);
}

const char *aur_journal_path(const struct aur_journal *journal)
{
    return journal->path;
}

void aur_journal_health(struct aur_journal *journal, struct aur_journal_health *out)
{
    aur_lock_take(&journal->lock);
    *out = (struct aur_journal_health){.ok = !journal->failing,
                                       .written = journal->written,
                                       .waiting = journal->waiting,
                                       .lost = journal->lost,
                                       .bytes = journal->bytes};
    if (journal->failing)
        snprintf(out->reason, sizeof out->reason, "%s", journal->reason);
    aur_lock_drop(&journal->lock);
}

/* ---- the queue ---- */

void aur_journal_lose(struct aur_journal *journal, struct aur_recorder *recorder, uint64_t frame, const char *why)
{
    journal->lost++;
    aur_recorder_break(recorder, frame, why);
}

void aur_journal_queue(struct aur_journal *journal, struct aur_record *record)
{
    aur_lock_take(&journal->lock);
    const bool fits = record->bytes <= journal->queue_bytes - journal->waiting_bytes;
    if (fits) {
        aur_record_list_add(&journal->incoming, record);
        journal->waiting_bytes += record->bytes;
        journal->waiting++;
    } else {
        aur_journal_lose(journal, record->recorder, record->frame,
                         "the disk did not take it for so long that what waited no longer fitted in memory");
    }
    aur_lock_drop(&journal->lock);
    if (!fits)
        free(record);
}

int aur_journal_flush(struct aur_journal *journal, uint32_t timeout_ms)
{
    return aur_journal_ask(journal, NULL, NULL, timeout_ms ? timeout_ms : 1, NULL);
}

/* ---- what people ask ---- */

/* What the store said, as an error. */
static int explain(struct aur_journal *journal, int rc, struct aur_error *err)
{
    return rc == AUR_OK ? rc : aur_error_set(err, rc, "%s: %s", journal->path, journal->store.why);
}

static int find_session(struct aur_journal *journal, int64_t *key, const char *id, struct aur_error *err)
{
    int rc = aur_store_find(&journal->store, key, id);
    return rc == AUR_ENOTFOUND ? aur_error_set(err, rc, "there is no session %s", id) : explain(journal, rc, err);
}

static int put_take(struct aur_journal *journal, void *arg, struct aur_error *err)
{
    const struct aur_take *take = arg;
    int64_t key;
    int rc = find_session(journal, &key, take->session, err);
    return rc == AUR_OK ? explain(journal, aur_store_take(&journal->store, key, take), err) : rc;
}

int aur_journal_take_put(struct aur_journal *journal, const struct aur_take *take, struct aur_error *err)
{
    struct aur_take copy = *take;
    return aur_journal_ask(journal, put_take, &copy, 0, err);
}

static int delete_take(struct aur_journal *journal, void *arg, struct aur_error *err)
{
    int rc = aur_store_drop_take(&journal->store, arg);
    if (rc == AUR_OK)
        aur_journal_retain_soon(journal);
    return rc == AUR_ENOTFOUND ? aur_error_set(err, rc, "there is no take %s", (char *)arg) : explain(journal, rc, err);
}

int aur_journal_take_delete(struct aur_journal *journal, const char *id, struct aur_error *err)
{
    return aur_journal_ask(journal, delete_take, (void *)(uintptr_t)id, 0, err);
}

struct named { /* a preset, or a session and its name */
    const char *name, *text;
};

static int put_preset(struct aur_journal *journal, void *arg, struct aur_error *err)
{
    const struct named *preset = arg;
    return explain(journal, aur_store_preset(&journal->store, preset->name, preset->text), err);
}

int aur_journal_preset_put(struct aur_journal *journal, const char *name, const char *json, struct aur_error *err)
{
    struct named preset = {name, json};
    return aur_journal_ask(journal, put_preset, &preset, 0, err);
}

static int delete_preset(struct aur_journal *journal, void *arg, struct aur_error *err)
{
    int rc = aur_store_drop_preset(&journal->store, arg);
    return rc == AUR_ENOTFOUND ? aur_error_set(err, rc, "there is no preset %s", (char *)arg)
                               : explain(journal, rc, err);
}

int aur_journal_preset_delete(struct aur_journal *journal, const char *name, struct aur_error *err)
{
    return aur_journal_ask(journal, delete_preset, (void *)(uintptr_t)name, 0, err);
}

static int name_session(struct aur_journal *journal, void *arg, struct aur_error *err)
{
    const struct named *session = arg;
    int64_t key;
    int rc = find_session(journal, &key, session->name, err);
    return rc == AUR_OK ? explain(journal, aur_store_name(&journal->store, key, session->text), err) : rc;
}

int aur_journal_session_name(struct aur_journal *journal, const char *id, const char *name, struct aur_error *err)
{
    struct named session = {id, name};
    return aur_journal_ask(journal, name_session, &session, 0, err);
}

static bool is_recorded(struct aur_journal *journal, int64_t key)
{
    bool found = false;
    aur_lock_take(&journal->lock);
    for (struct aur_recorder *r = journal->recorders; r && !found; r = r->next)
        found = r->key == key;
    aur_lock_drop(&journal->lock);
    return found;
}

static int delete_session(struct aur_journal *journal, void *arg, struct aur_error *err)
{
    int64_t key;
    int rc = find_session(journal, &key, arg, err);
    if (rc < 0)
        return rc;
    if (is_recorded(journal, key))
        return aur_error_set(err, AUR_EBUSY, "session %s is being recorded", (char *)arg);
    rc = aur_store_drop(&journal->store, key);
    if (rc == AUR_EINVAL)
        return aur_error_set(err, AUR_EBUSY, "session %s is needed by a take; delete that first", (char *)arg);
    if (rc == AUR_OK)
        aur_journal_retain_soon(journal);
    return explain(journal, rc, err);
}

int aur_journal_session_delete(struct aur_journal *journal, const char *id, struct aur_error *err)
{
    return aur_journal_ask(journal, delete_session, (void *)(uintptr_t)id, 0, err);
}

/* ---- import ---- */

struct import {
    struct aur_archive *from;
    const struct aur_session_info *session;
};

static int import_session(struct aur_journal *journal, void *arg, struct aur_error *err)
{
    const struct import *import = arg;
    int64_t key;
    int rc = aur_store_find(&journal->store, &key, import->session->id);
    if (rc != AUR_ENOTFOUND)
        return explain(journal, rc, err);
    aur_lock_take(&journal->lock);
    key = journal->next_key++;
    aur_lock_drop(&journal->lock);
    rc = aur_session_copy(&journal->store, key, import->from, import->session, err);
    return rc == AUR_OK ? explain(journal, aur_store_imported(&journal->store, key, aur_journal_now_ms()), err) : rc;
}

int aur_journal_session_import(struct aur_journal *journal, const char *path, char id[AUR_SESSION_ID_SIZE],
                               struct aur_error *err)
{
    struct aur_session_info session;
    struct import import = {NULL, &session};
    int rc = aur_archive_open_file(&import.from, path, journal->path, err);
    if (rc < 0) {
        rc = rc == AUR_EIO ? AUR_EINVAL : rc;
        if (err)
            err->code = rc;
        return rc;
    }
    rc = aur_archive_session(import.from, &session, NULL, err);
    if (rc == AUR_OK)
        rc = aur_journal_ask(journal, import_session, &import, 0, err);
    if (rc == AUR_OK)
        snprintf(id, AUR_SESSION_ID_SIZE, "%s", session.id);
    aur_archive_close(import.from);
    return rc;
}
