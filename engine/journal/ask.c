/* What somebody waits for: a list of requests that live on the stacks of those who ask, answered by the writer in the order in
 * which they came, each after everything that was told before it. */
#include "base/clock.h"
#include "journal/inner.h"

#define MS 1000000ull

static int run_request(struct aur_journal *journal, struct aur_request *request)
{
    struct aur_store *store = &journal->store;
    int rc = aur_store_exec(store, "BEGIN IMMEDIATE");
    if (rc == AUR_OK)
        rc = request->run(journal, request->arg, request->err);
    else
        aur_error_set(request->err, rc, "%s: %s", journal->path, store->why);
    if (rc == AUR_OK && (rc = aur_store_exec(store, "COMMIT")) < 0)
        aur_error_set(request->err, rc, "%s: %s", journal->path, store->why);
    if (rc < 0)
        aur_store_rollback(store);
    return rc;
}

/* Under the lock: the next request that may be answered, taken out of the list; NULL: none. */
static struct aur_request *next_request(struct aur_journal *journal)
{
    for (struct aur_request **at = &journal->requests; *at; at = &(*at)->next) {
        struct aur_request *request = *at;
        if (!request->seen || (!request->run && journal->pending.first))
            continue;
        *at = request->next;
        if (journal->last_request == &request->next)
            journal->last_request = at;
        return request;
    }
    return NULL;
}

void aur_journal_answer(struct aur_journal *journal)
{
    aur_lock_take(&journal->lock);
    for (struct aur_request *request; (request = next_request(journal));) {
        if (request->run) {
            aur_lock_drop(&journal->lock);
            request->rc = run_request(journal, request);
            aur_lock_take(&journal->lock);
        }
        request->answered = true;
        aur_wake_post(&request->done);
    }
    aur_lock_drop(&journal->lock);
}

int aur_journal_ask(struct aur_journal *journal,
                    int (*run)(struct aur_journal *journal, void *arg, struct aur_error *err), void *arg,
                    uint32_t timeout_ms, struct aur_error *err)
{
    struct aur_request request = {.run = run, .arg = arg, .err = err, .rc = AUR_OK};
    aur_wake_init(&request.done);
    aur_lock_take(&journal->lock);
    *journal->last_request = &request;
    journal->last_request = &request.next;
    aur_lock_drop(&journal->lock);
    aur_wake_post(&journal->wake);
    if (timeout_ms)
        aur_wake_wait_until(&request.done, aur_clock_mono_ns() + timeout_ms * MS);
    else
        aur_wake_wait(&request.done);
    aur_lock_take(&journal->lock);
    bool waits = false;
    for (struct aur_request **at = &journal->requests; !request.answered && *at; at = &(*at)->next) {
        if (*at != &request)
            continue;
        *at = request.next;
        if (journal->last_request == &request.next)
            journal->last_request = at;
        waits = true;
        break;
    }
    const bool running = !request.answered && !waits;
    aur_lock_drop(&journal->lock);
    if (running)
        aur_wake_wait(&request.done);
    aur_wake_deinit(&request.done);
    return waits ? AUR_EIO : request.rc;
}
