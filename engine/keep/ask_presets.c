/* Answers about presets of the journal. On the thread that answers: to make a preset runs its script. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "keep/inner.h"
#include "keep/presets.h"

static struct aur_shelf shelf_of(const struct aur_keep *keep)
{
    return (struct aur_shelf){keep->config.journal, keep->archive, keep->config.presets, keep->config.presets_max};
}

int aur_keep_ask_preset_put(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    const struct aur_shelf shelf = shelf_of(keep);
    return aur_shelf_put(&shelf, reply, request->id, request->text, request->len);
}

int aur_keep_ask_preset_import(struct aur_keep *keep, const struct aur_keep_request *request,
                               struct aur_keep_reply *reply)
{
    const struct aur_shelf shelf = shelf_of(keep);
    return aur_shelf_import(&shelf, reply, request->text, request->len);
}

int aur_keep_ask_preset_delete(struct aur_keep *keep, const struct aur_keep_request *request,
                               struct aur_keep_reply *reply)
{
    int rc = aur_journal_preset_delete(keep->config.journal, request->id, &reply->error);
    if (rc < 0)
        return rc;
    snprintf(reply->name, sizeof reply->name, "%s", request->id);
    aur_buf_text(&reply->body, "{\"deleted\":true}");
    return rc;
}

int aur_keep_ask_preset_export(struct aur_keep *keep, const struct aur_keep_request *request,
                               struct aur_keep_reply *reply)
{
    (void)request;
    snprintf(reply->file, sizeof reply->file, "auralis-presets.json");
    return aur_shelf_export(keep->archive, &reply->body);
}

/* ---- all that are offered: when the server starts, and when another process may have changed some ---- */

static int hash_one(void *user, const char *name, const char *json)
{
    uint64_t *hash = user;
    *hash = aur_hash64(name, strlen(name) + 1, *hash);
    *hash = aur_hash64(json, strlen(json) + 1, *hash);
    return 0;
}

struct offers {
    struct aur_keep *keep;
    struct aur_keep_offer *items;
    size_t n;
    uint64_t hash; /* of all there are */
};

static int offer_one(void *user, const char *name, const char *json)
{
    struct offers *offers = user;
    const struct aur_keep_config *config = &offers->keep->config;
    struct aur_keep_offer offer = {.discard = config->presets.discard};
    struct aur_error err = {0};
    hash_one(&offers->hash, name, json);
    if (offers->n >= config->presets_max)
        return 0;
    if (config->presets.make(config->presets.user, &offer.made, offer.name, name, json, &err) == AUR_OK)
        offers->items[offers->n++] = offer;
    else
        aur_log(config->log, AUR_LOG_WARNING, "presets", "%s is left out: %s", name, err.message);
    return 0;
}

int aur_keep_offers(struct aur_keep *keep, struct aur_keep_offer **out, size_t *n, struct aur_error *err)
{
    struct offers offers = {
        .keep = keep, .items = calloc(keep->config.presets_max, sizeof *offers.items), .hash = AUR_HASH_START};
    if (!offers.items)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    int rc = aur_archive_presets(keep->archive, offer_one, &offers);
    keep->presets_hash = rc < 0 ? 0 : offers.hash; /* 0: tried again */
    *out = offers.items;
    *n = offers.n;
    return rc < 0 ? aur_error_set(err, rc, "the journal's presets cannot be read: %s", aur_err_text(rc)) : AUR_OK;
}

int aur_keep_ask_presets(struct aur_keep *keep, const struct aur_keep_request *request, struct aur_keep_reply *reply)
{
    (void)request;
    uint64_t hash = AUR_HASH_START;
    int rc = aur_archive_presets(keep->archive, hash_one, &hash);
    if (rc < 0 || hash == keep->presets_hash)
        return rc;
    rc = aur_keep_offers(keep, &reply->offers, &reply->n_offers, &reply->error);
    reply->all = rc == AUR_OK;
    return rc;
}
