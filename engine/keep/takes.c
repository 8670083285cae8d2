/* The table of takes. Two threads use it, the one that answers and the one that renders; each change is written to the
 * journal under the lock, so that two changes of one take cannot undo each other. */
#include "keep/takes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- inside the lock ---- */

static struct aur_take *find(struct aur_takes *takes, const char *id)
{
    for (size_t i = 0; i < takes->n; i++)
        if (strcmp(takes->items[i].id, id) == 0)
            return &takes->items[i];
    return NULL;
}

static int reserve(struct aur_takes *takes, struct aur_error *err)
{
    if (takes->n < takes->room)
        return AUR_OK;
    size_t room = takes->room ? 2 * takes->room : 16;
    struct aur_take *items = realloc(takes->items, room * sizeof *items);
    if (!items)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    takes->items = items;
    takes->room = room;
    return AUR_OK;
}

static void insert(struct aur_takes *takes, const struct aur_take *take)
{
    size_t at = takes->n++;
    for (; at > 0 && takes->items[at - 1].kept_at > take->kept_at; at--)
        takes->items[at] = takes->items[at - 1];
    takes->items[at] = *take;
}

static bool is_rendering(const struct aur_takes *takes, const char *id)
{
    return *takes->rendering && strcmp(takes->rendering, id) == 0;
}

static void set_state(struct aur_take *take, const char *state, const char *why)
{
    snprintf(take->state, sizeof take->state, "%s", state);
    snprintf(take->error, sizeof take->error, "%s", why ? why : "");
}

/* ---- all of them ---- */

static int read_one(void *user, const struct aur_take *take)
{
    struct aur_takes *takes = user;
    int rc = reserve(takes, NULL);
    if (rc < 0)
        return rc;
    struct aur_take copy = *take;
    if (strcmp(copy.state, "rendering") == 0)
        set_state(&copy, "waiting", NULL);
    insert(takes, &copy);
    return AUR_OK;
}

int aur_takes_init(struct aur_takes *takes, struct aur_journal *journal, struct aur_archive *archive,
                   struct aur_error *err)
{
    memset(takes, 0, sizeof *takes);
    takes->journal = journal;
    aur_lock_init(&takes->lock);
    int rc = aur_archive_takes(archive, read_one, takes);
    return rc < 0 ? aur_error_set(err, rc, "the takes of the journal cannot be read: %s", aur_err_text(rc)) : AUR_OK;
}

void aur_takes_deinit(struct aur_takes *takes)
{
    aur_lock_deinit(&takes->lock);
    free(takes->items);
    takes->items = NULL;
    takes->n = takes->room = 0;
}

struct aur_take *aur_takes_copy(struct aur_takes *takes, size_t *n)
{
    aur_lock_take(&takes->lock);
    struct aur_take *out = takes->n ? malloc(takes->n * sizeof *out) : NULL;
    *n = out ? takes->n : 0;
    for (size_t i = 0; i < *n; i++)
        out[i] = takes->items[takes->n - 1 - i];
    aur_lock_drop(&takes->lock);
    return out;
}

bool aur_takes_find(struct aur_takes *takes, struct aur_take *out, const char *id)
{
    aur_lock_take(&takes->lock);
    const struct aur_take *take = find(takes, id);
    if (take)
        *out = *take;
    aur_lock_drop(&takes->lock);
    return take != NULL;
}

double aur_takes_progress(struct aur_takes *takes, const struct aur_take *take)
{
    aur_lock_take(&takes->lock);
    double progress = is_rendering(takes, take->id) ? takes->progress : strcmp(take->state, "done") == 0;
    aur_lock_drop(&takes->lock);
    return progress;
}

size_t aur_takes_waiting(struct aur_takes *takes)
{
    size_t n = 0;
    aur_lock_take(&takes->lock);
    for (size_t i = 0; i < takes->n; i++)
        n += strcmp(takes->items[i].state, "waiting") == 0;
    aur_lock_drop(&takes->lock);
    return n;
}

/* ---- changes ---- */

int aur_takes_put(struct aur_takes *takes, const struct aur_take *take, struct aur_error *err)
{
    aur_lock_take(&takes->lock);
    struct aur_take *there = find(takes, take->id);
    int rc = there ? AUR_OK : reserve(takes, err);
    if (rc == AUR_OK)
        rc = aur_journal_take_put(takes->journal, take, err);
    if (rc == AUR_OK && there)
        *there = *take;
    else if (rc == AUR_OK)
        insert(takes, take);
    aur_lock_drop(&takes->lock);
    return rc;
}

static int no_such(const char *id, struct aur_error *err)
{
    return aur_error_set(err, AUR_ENOTFOUND, "no such take: %.32s", id);
}

int aur_takes_change(struct aur_takes *takes, struct aur_take *out, const char *id, const char *name, const char *state,
                     const char *why, struct aur_error *err)
{
    aur_lock_take(&takes->lock);
    struct aur_take *there = find(takes, id);
    int rc = there ? AUR_OK : no_such(id, err);
    if (there) {
        struct aur_take changed = *there;
        if (name)
            snprintf(changed.name, sizeof changed.name, "%s", name);
        if (state)
            set_state(&changed, state, why);
        rc = aur_journal_take_put(takes->journal, &changed, err);
        if (rc == AUR_OK)
            *there = *out = changed;
    }
    aur_lock_drop(&takes->lock);
    return rc;
}

int aur_takes_delete(struct aur_takes *takes, const char *id, struct aur_error *err)
{
    aur_lock_take(&takes->lock);
    const struct aur_take *there = find(takes, id);
    int rc = there ? aur_journal_take_delete(takes->journal, id, err) : no_such(id, err);
    if (there && (rc == AUR_OK || rc == AUR_ENOTFOUND)) {
        size_t at = (size_t)(there - takes->items);
        if (is_rendering(takes, id))
            __atomic_store_n(&takes->cancelled, 1, __ATOMIC_SEQ_CST);
        memmove(takes->items + at, takes->items + at + 1, (--takes->n - at) * sizeof *takes->items);
        rc = AUR_OK;
    }
    aur_lock_drop(&takes->lock);
    return rc;
}

/* ---- rendering ---- */

bool aur_takes_begin(struct aur_takes *takes, struct aur_take *out)
{
    struct aur_take *found = NULL;
    aur_lock_take(&takes->lock);
    for (size_t i = 0; i < takes->n && !found; i++)
        if (strcmp(takes->items[i].state, "waiting") == 0)
            found = &takes->items[i];
    if (found) {
        set_state(found, "rendering", NULL);
        memcpy(takes->rendering, found->id, sizeof takes->rendering);
        takes->progress = 0;
        __atomic_store_n(&takes->cancelled, 0, __ATOMIC_SEQ_CST);
        *out = *found;
    }
    aur_lock_drop(&takes->lock);
    return found != NULL;
}

void aur_takes_report(struct aur_takes *takes, double progress)
{
    aur_lock_take(&takes->lock);
    takes->progress = progress;
    aur_lock_drop(&takes->lock);
}

int aur_takes_end(struct aur_takes *takes, const char *id, const char *state, const char *why, struct aur_error *err)
{
    aur_lock_take(&takes->lock);
    struct aur_take *there = find(takes, id);
    int rc = there ? AUR_OK : no_such(id, err);
    if (there) {
        set_state(there, state, why);
        if (strcmp(state, "waiting") != 0)
            rc = aur_journal_take_put(takes->journal, there, err);
    }
    takes->rendering[0] = '\0';
    aur_lock_drop(&takes->lock);
    return rc;
}
