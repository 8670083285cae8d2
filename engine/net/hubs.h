/* All channels that the server offers, a hub for each, and what REST needs beside them. A plain struct without sockets.
 * Network thread, except where a function says otherwise. */
#ifndef AUR_NET_HUBS_H
#define AUR_NET_HUBS_H

#include "net/hub.h"
#include "net/private.h"
#include "net/rate.h"

struct aur_hubs {
    struct aur_hub **items; /* the first is meant where no channel is named; the others as they came */
    size_t n;
    struct aur_log *log;
    uint32_t control_rate; /* control requests a second over REST */
    size_t framing;        /* bytes before each news text */
    struct aur_rate rest_rate, edit_rate;
    struct aur_rate preset_rate, export_rate, import_rate; /* of those who may not edit, who hold nobody up who may */

    /* set before the server runs */
    struct aur_scripts *scripts; /* NULL: none */
    struct aur_keep *keep;       /* NULL: no journal is kept */
    const char *edit_token;      /* "": none */
    bool loopback;               /* the server listens on loopback addresses only */
    size_t script_bytes;         /* of a script's text */
    struct aur_hub_tally gone;   /* what unlisted channels counted whose hub was dropped */
    struct aur_private private;
};

void aur_hubs_init(struct aur_hubs *hubs, struct aur_log *log, uint32_t control_rate, size_t framing);
/* Any thread that has it alone; the channels are not touched. */
void aur_hubs_deinit(struct aur_hubs *hubs);

/* A hub for the channel, whose name is no other's. It stays where it is until it is dropped. Also before the server runs, on
 * the thread that will run it. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_hubs_add(struct aur_hubs *hubs, struct aur_hub **out, struct aur_channel *channel);
/* Forgets a hub that has no listeners any more, and frees it; its channel is still there. */
void aur_hubs_drop(struct aur_hubs *hubs, struct aur_hub *hub);

/* The hub of the channel of this name, NULL meaning the first; NULL if there is none such. */
struct aur_hub *aur_hubs_find(const struct aur_hubs *hubs, const char *name);
/* Takes in what the channels published. */
void aur_hubs_update(struct aur_hubs *hubs);
/* Listeners of all channels. */
uint64_t aur_hubs_listeners(const struct aur_hubs *hubs);

#endif
