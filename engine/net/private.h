/* Private channels: streams of their own that listeners ask for, each with its own piece, key, tempo and whatever else can be
 * turned. This is who may have one, and what was asked for; it knows no sockets. Network thread. */
#ifndef AUR_NET_PRIVATE_H
#define AUR_NET_PRIVATE_H

#include "channel/opening.h"
#include "keep/keep.h"
#include "net/exchange.h"

#define AUR_PRIVATE_NAME "private" /* what a listener asks for; the channel's name goes on with "-" and a secret */

struct aur_hubs;

struct aur_preset { /* borrowed, all of it, until the server is freed; one that people keep: until it is discarded */
    const char *name, *title, *about;
    const char *script;                    /* its file, as aur_scripts_follow takes it */
    const char *called;                    /* what listeners are told of it */
    const struct aur_piece *piece;         /* as it was at start */
    const struct aur_control_specs *specs; /* of that piece */
    const struct aur_wanted *wanted;       /* how it is to be played */
    const struct aur_controls *controls;   /* the same, as the piece's controls */
};

struct aur_private_config {
    uint32_t max;                 /* at a time; 0: none */
    uint32_t idle_ms;             /* one stays so long after its last listener has left; 0: 30000 */
    double margin_min;            /* 0 to 1: what must be free of the render workers' time */
    double (*margin)(void *user); /* what is free */
    void *user;
    const struct aur_preset *presets;
    size_t n_presets;
    struct aur_preset own; /* where no preset is named; its specs are asked of the first channel */
};

struct aur_private {
    struct aur_private_config config;
    uint32_t open;               /* those being made included */
    struct aur_keep_offer *kept; /* presets of the journal; each made is a struct aur_preset */
    size_t n_kept;
};

/* Whether one more can be had; else why not. */
bool aur_private_available(const struct aur_private *p, char *reason, size_t size);

/* What the query asks for, as a channel to be made with a name that nobody can guess. Errors: AUR_EINVAL with field, value
 * and allowed; AUR_ENOMEM, AUR_EIO (no random numbers). */
AUR_MUST_USE int aur_private_read(struct aur_opening **out, const struct aur_hubs *hubs, const struct aur_query *query,
                                  struct aur_error *err);

/* Offers a preset that people keep from now on, in the place of the one of that name. The offer is taken. Errors: AUR_ENOMEM;
 * then it is the caller's. */
AUR_MUST_USE int aur_private_offer(struct aur_private *p, const struct aur_keep_offer *offer);
void aur_private_withdraw(struct aur_private *p, const char *name); /* nothing if there is none */
/* All but those of these names. */
void aur_private_withdraw_others(struct aur_private *p, const struct aur_keep_offer *offers, size_t n);
void aur_private_deinit(struct aur_private *p);

/* {"presets":[...]}; "private":{...} with whether there is room. */
void aur_private_put_presets(struct aur_buf *out, const struct aur_private *p);
void aur_private_put(struct aur_buf *out, const struct aur_private *p);

#endif
