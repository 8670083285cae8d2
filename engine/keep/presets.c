/* Taking presets in. Anything that one has to be is judged by the caller's function that makes one (app/); here is what JSON has to
 * be, and what a set of them has to be. */
#include "keep/presets.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

/* ---- reading ---- */

static int not_json(struct aur_error *err, const char *field, const json_error_t *at)
{
    char value[96];
    snprintf(value, sizeof value, "line %d: %.80s", at->line, at->text);
    return aur_error_value(err, field, value, "a JSON object");
}

/* The object with its name in it, as text to be freed; "own" is what lists say of it, and no setting. */
static int normalise(char **out, json_t *preset, const char *name, struct aur_error *err)
{
    const char *said = json_string_value(json_object_get(preset, "name"));
    if (!json_is_object(preset))
        return aur_error_value(err, "preset", "this", "a JSON object");
    if (name && said && strcmp(said, name) != 0)
        return aur_error_value(err, "name", said, name);
    if (name && json_object_set_new(preset, "name", json_string(name)) < 0)
        return aur_error_value(err, "name", name, "text in UTF-8");
    json_object_del(preset, "own");
    *out = json_dumps(preset, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15)); /* 0.9, as it was given */
    return *out ? AUR_OK : aur_error_set(err, AUR_ENOMEM, "out of memory");
}

/* One made and ready to be kept. */
struct ready {
    struct aur_keep_offer offer;
    char *json;
};

static int make(const struct aur_shelf *shelf, struct ready *out, json_t *preset, const char *name,
                struct aur_error *err)
{
    const struct aur_keep_presets *presets = &shelf->presets;
    *out = (struct ready){.offer.discard = presets->discard};
    int rc = normalise(&out->json, preset, name, err);
    if (rc == AUR_OK)
        rc = presets->make(presets->user, &out->offer.made, out->offer.name, name, out->json, err);
    if (rc < 0) {
        free(out->json);
        out->json = NULL;
    }
    return rc;
}

static void drop(struct ready *ready, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(ready[i].json);
        if (ready[i].offer.made)
            ready[i].offer.discard(ready[i].offer.made);
    }
    free(ready);
}

/* ---- keeping ---- */

struct count {
    const struct ready *ready;
    size_t n_ready, others;
};

static int count_other(void *user, const char *name, const char *json)
{
    (void)json;
    struct count *count = user;
    for (size_t i = 0; i < count->n_ready; i++)
        if (strcmp(count->ready[i].offer.name, name) == 0)
            return 0;
    count->others++;
    return 0;
}

static int check_room(const struct aur_shelf *shelf, const struct ready *ready, size_t n, struct aur_error *err)
{
    struct count count = {ready, n, 0};
    int rc = aur_archive_presets(shelf->archive, count_other, &count);
    if (rc == AUR_OK && count.others + n > shelf->max)
        rc = aur_error_set(err, AUR_ELIMIT, "at most %u presets are kept here", (unsigned)shelf->max);
    return rc;
}

static int check_unique(const struct ready *ready, size_t n, struct aur_error *err)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(ready[i].offer.name, ready[k].offer.name) == 0)
                return aur_error_value(err, "name", ready[i].offer.name, "each name once");
    return AUR_OK;
}

/* Into the journal and into the reply; what was kept before an error is offered too. */
static int keep_all(const struct aur_shelf *shelf, struct aur_keep_reply *reply, struct ready *ready, size_t n)
{
    int rc = check_unique(ready, n, &reply->error);
    if (rc == AUR_OK)
        rc = check_room(shelf, ready, n, &reply->error);
    reply->offers = calloc(n ? n : 1, sizeof *reply->offers);
    if (rc == AUR_OK && !reply->offers)
        rc = AUR_ENOMEM;
    for (size_t i = 0; rc == AUR_OK && i < n; i++) {
        rc = aur_journal_preset_put(shelf->journal, ready[i].offer.name, ready[i].json, &reply->error);
        if (rc < 0)
            break;
        reply->offers[reply->n_offers++] = ready[i].offer;
        ready[i].offer.made = NULL;
    }
    return rc;
}

int aur_shelf_put(const struct aur_shelf *shelf, struct aur_keep_reply *reply, const char *name, const char *text,
                  size_t len)
{
    json_error_t at;
    json_t *preset = json_loadb(text ? text : "", len, JSON_REJECT_DUPLICATES, &at);
    struct ready *ready = calloc(1, sizeof *ready);
    int rc = !preset ? not_json(&reply->error, "body", &at) : ready ? AUR_OK : AUR_ENOMEM;
    if (rc == AUR_OK)
        rc = make(shelf, ready, preset, name, &reply->error);
    if (rc == AUR_OK)
        rc = keep_all(shelf, reply, ready, 1);
    if (rc == AUR_OK)
        aur_buf_printf(&reply->body, "{\"preset\":%s}", ready->json);
    if (ready)
        drop(ready, 1);
    json_decref(preset);
    return rc;
}

/* The first that is not right, and which it is. */
static int refuse_entry(struct aur_error *err, size_t index, json_t *preset)
{
    char message[sizeof err->message];
    const char *name = json_string_value(json_object_get(preset, "name"));
    snprintf(message, sizeof message, "preset %zu%s%.40s: %.900s", index + 1, name ? ", " : "", name ? name : "",
             err->message);
    memcpy(err->message, message, sizeof message);
    return err->code;
}

static int import(const struct aur_shelf *shelf, struct aur_keep_reply *reply, json_t *list)
{
    size_t n = json_array_size(list);
    struct ready *ready = calloc(n ? n : 1, sizeof *ready);
    int rc = ready ? AUR_OK : AUR_ENOMEM;
    for (size_t i = 0; rc == AUR_OK && i < n; i++) {
        rc = make(shelf, &ready[i], json_array_get(list, i), NULL, &reply->error);
        if (rc < 0 && reply->error.code)
            rc = refuse_entry(&reply->error, i, json_array_get(list, i));
    }
    if (rc == AUR_OK)
        rc = keep_all(shelf, reply, ready, n);
    if (rc == AUR_OK)
        aur_buf_printf(&reply->body, "{\"imported\":%zu}", n);
    if (ready)
        drop(ready, n);
    return rc;
}

int aur_shelf_import(const struct aur_shelf *shelf, struct aur_keep_reply *reply, const char *text, size_t len)
{
    json_error_t at;
    json_t *root = json_loadb(text ? text : "", len, JSON_REJECT_DUPLICATES, &at);
    json_t *list = json_object_get(root, "presets");
    char allowed[64];
    int rc = AUR_OK;
    snprintf(allowed, sizeof allowed, "{\"presets\":[...]} with at most %u", (unsigned)shelf->max);
    if (!root)
        rc = not_json(&reply->error, "body", &at);
    else if (!json_is_array(list) || json_object_size(root) != 1 || json_array_size(list) > shelf->max)
        rc = aur_error_value(&reply->error, "body", "this", allowed);
    if (rc == AUR_OK)
        rc = import(shelf, reply, list);
    json_decref(root);
    return rc;
}

/* ---- all of them ---- */

static int put_preset(void *user, const char *name, const char *json)
{
    (void)name;
    struct aur_buf *out = user;
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "" : ",");
    aur_buf_text(out, json);
    return 0;
}

int aur_shelf_export(struct aur_archive *archive, struct aur_buf *out)
{
    aur_buf_text(out, "{\"presets\":[");
    int rc = aur_archive_presets(archive, put_preset, out);
    aur_buf_text(out, "]}\n");
    return rc;
}
