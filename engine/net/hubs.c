/* The list of hubs. On the network thread. There are a few dozen at most, so everything looks through all of them. */
#include "net/hubs.h"

#include <stdlib.h>
#include <string.h>

void aur_hubs_init(struct aur_hubs *hubs, struct aur_log *log, uint32_t control_rate, size_t framing)
{
    memset(hubs, 0, sizeof *hubs);
    hubs->log = log;
    hubs->control_rate = control_rate;
    hubs->framing = framing;
}

static void free_hub(struct aur_hub *hub)
{
    aur_hub_deinit(hub);
    free(hub);
}

void aur_hubs_deinit(struct aur_hubs *hubs)
{
    for (size_t i = 0; i < hubs->n; i++)
        free_hub(hubs->items[i]);
    free(hubs->items);
    hubs->items = NULL;
    hubs->n = 0;
    aur_private_deinit(&hubs->private);
}

int aur_hubs_add(struct aur_hubs *hubs, struct aur_hub **out, struct aur_channel *channel)
{
    struct aur_hub *hub = malloc(sizeof *hub);
    struct aur_hub **items = hub ? realloc(hubs->items, (hubs->n + 1) * sizeof(struct aur_hub *)) : NULL;
    if (!items) {
        free(hub);
        return AUR_ENOMEM;
    }
    aur_hub_init(hub, channel, hubs->log, hubs->framing);
    hubs->items = items;
    hubs->items[hubs->n++] = hub;
    if (out)
        *out = hub;
    return AUR_OK;
}

void aur_hubs_drop(struct aur_hubs *hubs, struct aur_hub *hub)
{
    size_t at = 0;
    while (at < hubs->n && hubs->items[at] != hub)
        at++;
    if (at == hubs->n)
        return;
    if (aur_channel_unlisted(hub->channel))
        aur_hub_tally(hub, &hubs->gone);
    memmove(hubs->items + at, hubs->items + at + 1, (--hubs->n - at) * sizeof(struct aur_hub *));
    free_hub(hub);
}

struct aur_hub *aur_hubs_find(const struct aur_hubs *hubs, const char *name)
{
    if (!name)
        return hubs->n ? hubs->items[0] : NULL;
    for (size_t i = 0; i < hubs->n; i++)
        if (strcmp(name, aur_channel_name(hubs->items[i]->channel)) == 0)
            return hubs->items[i];
    return NULL;
}

void aur_hubs_update(struct aur_hubs *hubs)
{
    for (size_t i = 0; i < hubs->n; i++)
        aur_hub_update(hubs->items[i]);
}

uint64_t aur_hubs_listeners(const struct aur_hubs *hubs)
{
    uint64_t n = 0;
    for (size_t i = 0; i < hubs->n; i++)
        n += hubs->items[i]->listeners;
    return n;
}
