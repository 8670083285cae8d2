/* Listening sockets. Made by the thread that makes the server, used by the network thread. */
#ifndef AUR_NET_SOCKETS_H
#define AUR_NET_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sockaddr_storage;

#define AUR_SOCKETS_MAX 8

struct aur_sockets { /* one for each address the host's name stands for */
    int fds[AUR_SOCKETS_MAX];
    size_t n;
    int port;      /* the one bound, also where 0 was asked for */
    bool loopback; /* all of them are addresses of this machine alone */
};

/* Binds and listens. AUR_EIO names host, port and the reason. */
AUR_MUST_USE int aur_sockets_open(struct aur_sockets *out, const char *host, int port, struct aur_error *err);
void aur_sockets_close(struct aur_sockets *sockets);

#define AUR_SOCKETS_NONE    (-1)
#define AUR_SOCKETS_DROPPED (-2)
/* The next connection, set up for streaming, and where it comes from; or AUR_SOCKETS_NONE if none waits. `spare` is an open
 * descriptor given up for a moment when there are none left, so that the connection can be closed (AUR_SOCKETS_DROPPED)
 * instead of waiting for ever. */
int aur_sockets_accept(int listening, int *spare, struct sockaddr_storage *from);

/* The other end has not closed: if the connection ends now, it is this end that ends it. */
bool aur_sockets_peer_stays(int fd);

/* Makes room for this many connections in the process's limit of descriptors, and keeps the limit within reason. Returns how
 * many there is room for. */
uint32_t aur_sockets_fit_limit(uint32_t connections);

#endif
