/* Entries and the list of them: checks and memory. Any thread that owns them; no state. */
#include "batch/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PHRASES 8
#define OPUS_RATE       48000

const char *const aur_batch_format_names[AUR_BATCH_FORMATS] = {"wav", "flac", "opus"};

void aur_batch_entry_default(struct aur_batch_entry *entry)
{
    *entry = (struct aur_batch_entry){.seed = 1, .phrases = DEFAULT_PHRASES, .bits = AUR_BITS_24, .peak_dbtp = -1};
    entry->formats[AUR_BATCH_FLAC] = true;
}

/* Parts divided by '/', none of them hidden or empty, so nothing lies outside of the folder. */
static bool is_name(const char *name)
{
    if (!*name || strlen(name) > AUR_BATCH_NAME_MAX)
        return false;
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '\\')
            return false;
    for (const char *at = name; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
        if (*at == '.' || *at == '/' || !*at)
            return false;
    return true;
}

static int check_sound(const struct aur_batch_entry *entry, struct aur_error *err)
{
    const bool wav_only = !entry->formats[AUR_BATCH_FLAC] && !entry->formats[AUR_BATCH_OPUS];
    const bool opus_only = !entry->formats[AUR_BATCH_FLAC] && !entry->formats[AUR_BATCH_WAV];
    if (entry->bits == AUR_BITS_FLOAT && !wav_only)
        return aur_error_value(err, "bits", "float", "16 and 24, or formats = \"wav\" alone");
    if (entry->dither && entry->bits != AUR_BITS_16)
        return aur_error_value(err, "dither", "true", "with bits = 16 only");
    if (opus_only && entry->rate_hz && entry->rate_hz != OPUS_RATE)
        return aur_error_value(err, "rate", "another than 48000", "48000 in an Opus file");
    if (entry->limit && !entry->has_loudness)
        return aur_error_value(err, "limit", "true", "with a loudness only");
    return AUR_OK;
}

int aur_batch_entry_check(const struct aur_batch_entry *entry, struct aur_error *err)
{
    bool any = false;
    if (!entry->name)
        return aur_error_value(err, "name", "nothing", "a name for its files");
    if (!is_name(entry->name))
        return aur_error_value(err, "name", entry->name,
                               "up to 200 characters, folders divided by /, none of them beginning with a dot");
    if (!entry->piece)
        return aur_error_value(err, "piece", "nothing", "the path of a script, or the name of one of Auralis's");
    for (int i = 0; i < AUR_BATCH_FORMATS; i++)
        any |= entry->formats[i];
    if (!any)
        return aur_error_value(err, "formats", "none", "wav, flac, opus, or several of them in a list");
    return check_sound(entry, err);
}

void aur_batch_list_deinit(struct aur_batch_list *list)
{
    for (size_t i = 0; i < list->n_texts; i++)
        free(list->texts[i]);
    free(list->texts);
    free(list->items);
    *list = (struct aur_batch_list){0};
}

/* Room for one more of `size` bytes in an array of n; false: out of memory. */
static bool grow(void **items, size_t *room, size_t n, size_t size)
{
    if (n < *room)
        return true;
    const size_t more = *room ? 2 * *room : 16;
    void *bigger = realloc(*items, more * size);
    if (!bigger)
        return false;
    *items = bigger;
    *room = more;
    return true;
}

const char *aur_batch_keep(struct aur_batch_list *list, const char *text)
{
    void *texts = list->texts;
    if (!grow(&texts, &list->texts_room, list->n_texts, sizeof *list->texts))
        return NULL;
    list->texts = texts;
    char *copy = strdup(text);
    if (copy)
        list->texts[list->n_texts++] = copy;
    return copy;
}

int aur_batch_add(struct aur_batch_list *list, const struct aur_batch_entry *entry, struct aur_error *err)
{
    void *items = list->items;
    if (list->n == AUR_BATCH_ENTRIES_MAX)
        return aur_error_set(err, AUR_ELIMIT, "render: more than %d entries in a batch", AUR_BATCH_ENTRIES_MAX);
    if (!grow(&items, &list->room, list->n, sizeof *list->items))
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    list->items = items;
    list->items[list->n++] = *entry;
    return AUR_OK;
}

struct sorted {
    const struct aur_batch_entry *entry;
};

static int by_name(const void *a, const void *b)
{
    const struct aur_batch_entry *x = ((const struct sorted *)a)->entry, *y = ((const struct sorted *)b)->entry;
    const int order = strcmp(x->name, y->name);
    return order ? order : x < y ? -1 : x > y;
}

int aur_batch_names_check(const struct aur_batch_list *list, int *line, struct aur_error *err)
{
    struct sorted *sorted = malloc((list->n + 1) * sizeof *sorted);
    int rc = AUR_OK;
    if (!sorted)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    for (size_t i = 0; i < list->n; i++)
        sorted[i].entry = &list->items[i];
    qsort(sorted, list->n, sizeof *sorted, by_name);
    for (size_t i = 1; !rc && i < list->n; i++)
        if (strcmp(sorted[i - 1].entry->name, sorted[i].entry->name) == 0) {
            *line = sorted[i].entry->line;
            rc = aur_error_value(err, "name", sorted[i].entry->name, "a name that no other entry has");
        }
    free(sorted);
    return rc;
}
