/* A session being recorded. What threads tell becomes a record, one allocation with everything copied, in the journal's
 * queue; what the render side tells goes through a ring of facts, one buffer for keyframes and an atomic count, and the
 * writer takes it from there. Recorders belong to the writer once they have ended, because their last facts may still wait. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "journal/inner.h"

#define FACTS 1024 /* what fits while the writer waits for the disk: minutes of live controls moved in every chunk */

/* ---- records: one block, filled from the front ---- */

struct packer {
    char *at;
    size_t need; /* counted while at is NULL */
};

static const void *pack(struct packer *packer, const void *data, size_t len)
{
    const size_t room = (len + 1 + 15) & ~(size_t)15;
    packer->need += room;
    if (!packer->at)
        return NULL;
    char *copy = packer->at;
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    packer->at += room;
    return copy;
}

static const char *pack_text(struct packer *packer, const char *text)
{
    return text ? pack(packer, text, strlen(text)) : NULL;
}

/* JSON, whatever was given. */
static const char *object_text(const char *json)
{
    return json && *json ? json : "{}";
}

static void pack_head(struct packer *p, struct aur_record *to, const void *from)
{
    struct aur_session_head head = *(const struct aur_session_head *)from;
    const char **texts[] = {&head.channel, &head.title, &head.device, &head.engine, &head.settings, &head.resumed_from};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = pack_text(p, texts[i] == &head.settings ? object_text(*texts[i]) : *texts[i] ? *texts[i] : "");
    if (to)
        to->u.head = head;
}

static void pack_bundle(struct packer *p, struct aur_record *to, const void *from)
{
    struct aur_bundle bundle = *(const struct aur_bundle *)from;
    const struct aur_bundle_file *files = bundle.files;
    const struct aur_bundle_table *tables = bundle.tables;
    bundle.hash = pack_text(p, bundle.hash);
    bundle.name = pack_text(p, bundle.name);
    bundle.files = pack(p, files, bundle.n_files * sizeof *files);
    bundle.tables = pack(p, tables, bundle.n_tables * sizeof *tables);
    for (size_t i = 0; i < bundle.n_files; i++) {
        struct aur_bundle_file file = files[i];
        file.name = pack_text(p, file.name);
        file.text = pack(p, file.text, file.len);
        if (to)
            ((struct aur_bundle_file *)(uintptr_t)bundle.files)[i] = file;
    }
    for (size_t i = 0; i < bundle.n_tables; i++) {
        struct aur_bundle_table table = tables[i];
        table.file = pack_text(p, table.file);
        table.frames = pack(p, table.frames, table.n_floats * sizeof *table.frames);
        if (to)
            ((struct aur_bundle_table *)(uintptr_t)bundle.tables)[i] = table;
    }
    if (to)
        to->u.bundle = bundle;
}

static void pack_phrase(struct packer *p, struct aur_record *to, const void *from)
{
    struct aur_recorded_phrase phrase = *(const struct aur_recorded_phrase *)from;
    const char **texts[] = {&phrase.piece, &phrase.controls, &phrase.state_before, &phrase.state_after};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = pack_text(p, *texts[i]);
    if (to)
        to->u.phrase = phrase;
}

struct event {
    uint64_t frame;
    const char *kind, *detail;
};

static void pack_event(struct packer *p, struct aur_record *to, const void *from)
{
    const struct event *event = from;
    const char *kind = pack_text(p, event->kind), *detail = pack_text(p, object_text(event->detail));
    if (to) {
        to->u.event.frame = event->frame;
        to->u.event.at_ms = aur_journal_now_ms();
        to->u.event.kind = kind;
        to->u.event.detail = detail;
    }
}

static void pack_fact(struct packer *p, struct aur_record *to, const void *from)
{
    (void)p;
    if (to)
        to->u.fact = *(const struct aur_fact *)from;
}

static void pack_overview(struct packer *p, struct aur_record *to, const void *from)
{
    (void)p;
    if (to)
        to->u.overview = *(const struct aur_overview *)from;
}

static struct aur_record *record_new(struct aur_recorder *recorder, enum aur_record_type type, uint64_t frame,
                                     void (*fill)(struct packer *, struct aur_record *, const void *), const void *from)
{
    struct packer packer = {0};
    fill(&packer, NULL, from);
    const size_t head = (sizeof(struct aur_record) + 15) & ~(size_t)15;
    struct aur_record *record = malloc(head + packer.need);
    if (!record)
        return NULL;
    *record = (struct aur_record){.recorder = recorder, .type = type, .bytes = head + packer.need, .frame = frame};
    packer.at = (char *)record + head;
    fill(&packer, record, from);
    return record;
}

struct aur_record *aur_record_of_fact(struct aur_recorder *recorder, const struct aur_fact *fact)
{
    return record_new(recorder, AUR_RECORD_FACT, fact->frame, pack_fact, fact);
}

void aur_record_list_init(struct aur_record_list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

void aur_record_list_add(struct aur_record_list *list, struct aur_record *record)
{
    record->next = NULL;
    *list->last = record;
    list->last = &record->next;
}

void aur_record_list_move(struct aur_record_list *to, struct aur_record_list *from)
{
    if (!from->first)
        return;
    *to->last = from->first;
    to->last = from->last;
    aur_record_list_init(from);
}

/* ---- beginning and end ---- */

/* Letters that spell no word, so that "last" begins no id. */
static void make_id(char id[AUR_SESSION_ID_SIZE])
{
    static const char letters[] = "0123456789bcdfghjkmnpqrstvwxyz";
    unsigned char bytes[AUR_SESSION_ID_SIZE - 1];
    size_t n = 0;
    while (n < AUR_SESSION_ID_SIZE - 1) {
        if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
            continue;
        for (size_t i = 0; i < sizeof bytes && n < AUR_SESSION_ID_SIZE - 1; i++)
            if (bytes[i] < 8 * (sizeof letters - 1)) /* every letter as likely */
                id[n++] = letters[bytes[i] % (sizeof letters - 1)];
    }
    id[n] = '\0';
}

int aur_recorder_new(struct aur_recorder **out, struct aur_journal *journal, const struct aur_session_head *head,
                     size_t keyframe_bytes)
{
    struct aur_recorder *recorder = calloc(1, sizeof *recorder);
    if (!recorder)
        return AUR_ENOMEM;
    recorder->journal = journal;
    recorder->rate_hz = head->rate_hz;
    recorder->keyframe_size = keyframe_bytes;
    recorder->broken_at = recorder->broken_put = UINT64_MAX;
    recorder->end = (struct aur_record){.recorder = recorder, .type = AUR_RECORD_END};
    atomic_init(&recorder->facts_lost_at, UINT64_MAX);
    atomic_init(&recorder->reached, 0);
    atomic_init(&recorder->keyframe_state, AUR_KEYFRAME_FREE);
    make_id(recorder->id);
    recorder->start = record_new(recorder, AUR_RECORD_START, 0, pack_head, head);
    recorder->keyframe = keyframe_bytes ? malloc(keyframe_bytes) : NULL;
    if (!recorder->start || (keyframe_bytes && !recorder->keyframe) ||
        aur_ring_new(&recorder->facts, sizeof(struct aur_fact), FACTS) < 0) {
        free(recorder->start);
        aur_recorder_destroy(recorder);
        return AUR_ENOMEM;
    }
    recorder->start->bytes = 0;
    aur_lock_take(&journal->lock);
    recorder->key = journal->next_key++;
    recorder->next = journal->recorders;
    journal->recorders = recorder;
    aur_record_list_add(&journal->incoming, recorder->start);
    journal->waiting++;
    aur_lock_drop(&journal->lock);
    aur_wake_post(&journal->wake);
    *out = recorder;
    return AUR_OK;
}

void aur_recorder_destroy(struct aur_recorder *recorder)
{
    aur_ring_free(recorder->facts);
    free(recorder->keyframe);
    free(recorder);
}

void aur_recorder_free(struct aur_recorder *recorder, uint64_t frames)
{
    if (!recorder)
        return;
    struct aur_journal *journal = recorder->journal;
    recorder->end.u.end.frames = frames;
    recorder->end.u.end.at_ms = aur_journal_now_ms();
    aur_lock_take(&journal->lock);
    recorder->ended = true;
    aur_lock_drop(&journal->lock);
    aur_wake_post(&journal->wake);
}

const char *aur_recorder_id(const struct aur_recorder *recorder)
{
    return recorder->id;
}

/* ---- any thread but a render worker ---- */

void aur_recorder_break(struct aur_recorder *recorder, uint64_t frame, const char *why)
{
    if (frame >= recorder->broken_at)
        return;
    recorder->broken_at = frame;
    snprintf(recorder->broken_why, sizeof recorder->broken_why, "%s", why);
}

/* record NULL: there was no memory for it. */
static void tell(struct aur_recorder *recorder, struct aur_record *record, uint64_t frame)
{
    struct aur_journal *journal = recorder->journal;
    if (record) {
        aur_journal_queue(journal, record);
        return;
    }
    aur_lock_take(&journal->lock);
    aur_journal_lose(journal, recorder, frame, "there was no memory for what was to be recorded");
    aur_lock_drop(&journal->lock);
}

void aur_recorder_piece(struct aur_recorder *recorder, const struct aur_bundle *bundle)
{
    /* Where it is lost, each of its phrases is refused and says from where on. */
    tell(recorder, record_new(recorder, AUR_RECORD_PIECE, UINT64_MAX, pack_bundle, bundle), UINT64_MAX);
}

void aur_recorder_phrase(struct aur_recorder *recorder, const struct aur_recorded_phrase *phrase)
{
    tell(recorder, record_new(recorder, AUR_RECORD_PHRASE, phrase->start_frame, pack_phrase, phrase),
         phrase->start_frame);
}

void aur_recorder_overview(struct aur_recorder *recorder, const struct aur_overview *overview)
{
    /* Nothing breaks without it. */
    tell(recorder, record_new(recorder, AUR_RECORD_OVERVIEW, UINT64_MAX, pack_overview, overview), UINT64_MAX);
}

void aur_recorder_event(struct aur_recorder *recorder, uint64_t frame, const char *kind, const char *detail)
{
    /* Nothing breaks without it. */
    struct event event = {frame, kind, detail};
    tell(recorder, record_new(recorder, AUR_RECORD_EVENT, UINT64_MAX, pack_event, &event), UINT64_MAX);
}

void aur_recorder_broken(struct aur_recorder *recorder, uint64_t frame, const char *why)
{
    aur_lock_take(&recorder->journal->lock);
    aur_recorder_break(recorder, frame, why);
    aur_lock_drop(&recorder->journal->lock);
}

/* ---- [render] ---- */

void aur_recorder_reached(struct aur_recorder *recorder, uint64_t frame)
{
    atomic_store_explicit(&recorder->reached, frame, memory_order_release);
}

void aur_recorder_fact(struct aur_recorder *recorder, const struct aur_fact *fact)
{
    if (aur_ring_push(recorder->facts, fact))
        return;
    if (fact->frame < atomic_load_explicit(&recorder->facts_lost_at, memory_order_relaxed))
        atomic_store_explicit(&recorder->facts_lost_at, fact->frame, memory_order_release);
}

void *aur_recorder_keyframe(struct aur_recorder *recorder)
{
    if (atomic_load_explicit(&recorder->keyframe_state, memory_order_acquire) != AUR_KEYFRAME_FREE)
        return NULL;
    return recorder->keyframe;
}

void aur_recorder_keyframe_done(struct aur_recorder *recorder, const struct aur_keyframe_head *head, size_t bytes)
{
    recorder->keyframe_head = *head;
    recorder->keyframe_len = bytes;
    atomic_store_explicit(&recorder->keyframe_state, AUR_KEYFRAME_FULL, memory_order_release);
}
