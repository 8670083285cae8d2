/* Who may connect: how many connections there are, in all and of each address, how many of them listen, and which have not
 * said yet what they want. Knows no sockets: a connection is whatever the caller hands in. Network thread.
 *
 * Where there are as many as may be, the one that has waited longest without a request makes room for a newcomer, so that
 * silent connections keep nobody out. */
#ifndef AUR_NET_GATE_H
#define AUR_NET_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define AUR_GATE_TELL_ADDRESS 8  /* connections beyond an address's limit that are told so; others are closed unheard */
#define AUR_GATE_TELL_TOTAL   64 /* the same beyond the limit in all */
#define AUR_GATE_LEAVING      64 /* connections that are being sent away, before it is crowded */
#define AUR_GATE_EXTRA        160 /* connections there may be beyond the limit in all, with all of these */

struct sockaddr;

struct aur_gate_limits {
    uint32_t connections;         /* in all, of any kind */
    uint32_t address_connections; /* of one address, of any kind; 0: any number */
    uint32_t address_listeners;   /* of one address; 0: any number */
    bool spare_loopback;          /* addresses of this machine are not limited */
};

enum aur_gate_verdict {
    AUR_GATE_ENTER,
    AUR_GATE_REFUSE_ADDRESS, /* is to be told that its address has too many connections */
    AUR_GATE_REFUSE_TOTAL,   /* is to be told that there are too many */
    AUR_GATE_DROP_ADDRESS,   /* is to be closed at once: its address has far too many */
    AUR_GATE_DROP_TOTAL,
};

struct aur_gate;
struct aur_guest; /* a connection from its coming to its going */

/* Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_gate_new(struct aur_gate **out, const struct aur_gate_limits *limits);
void aur_gate_free(struct aur_gate *gate); /* and all that are still there */

/* A connection comes. Unless it is to be dropped, *out is there until it leaves, and it waits. *evicted: who has to leave
 * for it, to be closed by the caller (as given to aur_guest_bind), or NULL. An address is an IPv4 address or an IPv6 network
 * of 64 bits; any other family counts as one address. Errors: AUR_ENOMEM, nothing changed. */
AUR_MUST_USE int aur_gate_enter(struct aur_gate *gate, struct aur_guest **out, enum aur_gate_verdict *verdict,
                                void **evicted, const struct sockaddr *from);
void aur_gate_leave(struct aur_gate *gate, struct aur_guest *guest); /* NULL is legal */
uint32_t aur_gate_connections(const struct aur_gate *gate);

/* So many are being sent away that newcomers had better wait until they are gone. */
bool aur_gate_crowded(const struct aur_gate *gate);

/* What stands for the guest outside; not NULL. */
void aur_guest_bind(struct aur_guest *guest, void *connection);
enum aur_gate_verdict aur_guest_verdict(const struct aur_guest *guest);
/* It has said what it wants, and is not sent away for another any more; or it was sent away. */
bool aur_guest_asked(const struct aur_guest *guest);
void aur_guest_ask(struct aur_gate *gate, struct aur_guest *guest);
/* It has got what it wanted, and only has to go: the first to make room. */
void aur_guest_done(struct aur_gate *gate, struct aur_guest *guest);
/* It wants to listen, until it leaves. False: its address has as many listeners as it may have. */
bool aur_guest_listen(const struct aur_gate *gate, struct aur_guest *guest);

#endif
