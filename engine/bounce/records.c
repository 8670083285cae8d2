/* Stretches of records into queues, on the thread of the render. Queues give room from their front, so that they stay as long as
 * a stretch has records. */
#include "bounce/records.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STRETCH_SECONDS 600

void aur_records_init(struct aur_records *records, struct aur_archive *archive, const char *session, uint32_t rate_hz,
                      uint64_t end)
{
    *records = (struct aur_records){
        .archive = archive, .session = session, .stretch_frames = (uint64_t)STRETCH_SECONDS * rate_hz, .end = end};
}

void aur_records_seek(struct aur_records *records, uint64_t frame)
{
    for (size_t i = records->at_phrase; i < records->n_phrases; i++)
        free(records->phrases[i].texts);
    records->at_phrase = records->n_phrases = 0;
    records->at_live = records->n_live = 0;
    records->phrases_to = records->live_to = frame;
}

void aur_records_deinit(struct aur_records *records)
{
    aur_records_seek(records, 0);
    free(records->phrases);
    free(records->live);
    *records = (struct aur_records){0};
}

static const char *put_text(char **at, const char *text)
{
    char *start = *at;
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    memcpy(start, text, size);
    *at += size;
    return start;
}

/* A copy of what replay needs of the phrase's record. */
static int copy_record(struct aur_record *out, const struct aur_recorded_phrase *phrase)
{
    const char *piece = phrase->piece ? phrase->piece : "", *controls = phrase->controls ? phrase->controls : "";
    size_t size = strlen(piece) + strlen(controls) + 2 + (phrase->state_before ? strlen(phrase->state_before) + 1 : 0);
    char *at = malloc(size);
    *out = (struct aur_record){*phrase, at};
    if (!at)
        return AUR_ENOMEM;
    out->phrase.piece = put_text(&at, piece);
    out->phrase.controls = put_text(&at, controls);
    out->phrase.state_before = put_text(&at, phrase->state_before);
    out->phrase.state_after = NULL;
    return AUR_OK;
}

/* Room for one more of `size` bytes behind n; what is before *at is gone and gives way first. */
static void *make_room(void *items, size_t *at, size_t *n, size_t *room, size_t size)
{
    if (*at > 0) {
        memmove(items, (char *)items + *at * size, (*n - *at) * size);
        *n -= *at;
        *at = 0;
    }
    if (*n < *room)
        return items;
    size_t more = *room ? 2 * *room : 64;
    void *grown = realloc(items, more * size);
    if (grown)
        *room = more;
    return grown;
}

static int add_phrase(void *user, const struct aur_recorded_phrase *phrase)
{
    struct aur_records *r = user;
    void *phrases = make_room(r->phrases, &r->at_phrase, &r->n_phrases, &r->room_phrases, sizeof *r->phrases);
    if (!phrases)
        return AUR_ENOMEM;
    r->phrases = phrases;
    int rc = copy_record(&r->phrases[r->n_phrases], phrase);
    r->n_phrases += rc == AUR_OK;
    return rc;
}

static int add_live(void *user, const struct aur_fact *fact)
{
    struct aur_records *r = user;
    void *live = make_room(r->live, &r->at_live, &r->n_live, &r->room_live, sizeof *r->live);
    if (!live)
        return AUR_ENOMEM;
    r->live = live;
    r->live[r->n_live++] = *fact;
    return AUR_OK;
}

static int failed(const struct aur_records *records, int rc, struct aur_error *err)
{
    return rc == AUR_ENOMEM ? aur_error_set(err, rc, "out of memory")
                            : aur_error_set(err, rc, "session %s cannot be read to its end", records->session);
}

/* The end of a stretch; a stretch begins where something is, so that what is empty takes no time. */
static uint64_t step(const struct aur_records *records, uint64_t from)
{
    return from < records->end && records->end - from > records->stretch_frames ? from + records->stretch_frames
                                                                                : records->end;
}

int aur_records_fill(struct aur_records *r, size_t phrases, struct aur_error *err)
{
    int rc = AUR_OK;
    while (rc == AUR_OK && r->n_phrases - r->at_phrase < phrases && r->phrases_to < r->end) {
        uint64_t from;
        rc = aur_archive_next_phrase(r->archive, r->session, r->phrases_to, &from);
        r->phrases_to = step(r, from);
        if (rc == AUR_OK && from < r->end)
            rc = aur_archive_phrases(r->archive, r->session, from, r->phrases_to, add_phrase, r);
    }
    while (rc == AUR_OK && r->n_live == r->at_live && r->live_to < r->end) {
        uint64_t from;
        rc = aur_archive_next_fact(r->archive, r->session, AUR_FACT_LIVE, r->live_to, &from);
        r->live_to = step(r, from);
        if (rc == AUR_OK && from < r->end)
            rc = aur_archive_facts(r->archive, r->session, AUR_FACT_LIVE, from, r->live_to, add_live, r);
    }
    return rc == AUR_OK ? rc : failed(r, rc, err);
}

static int take(void *user, const struct aur_recorded_phrase *phrase)
{
    int rc = copy_record(user, phrase);
    return rc == AUR_OK ? 1 : rc;
}

int aur_records_find(const struct aur_records *records, struct aur_record *out, uint64_t number, struct aur_error *err)
{
    int rc = aur_archive_phrase(records->archive, records->session, number, take, out);
    if (rc < 0)
        return failed(records, rc, err);
    if (rc == 0)
        return aur_error_set(err, AUR_EIO, "phrase %" PRIu64 ", which it needs, was not recorded", number);
    return AUR_OK;
}
