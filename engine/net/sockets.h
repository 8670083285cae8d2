/* Listening sockets. Made by the thread that makes the server, used by the network thread. */
#ifndef AUR_NET_SOCKETS_H
#define AUR_NET_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

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

/* The next connection, set up for streaming, or -1 if none waits. `spare` is an open descriptor given up for a moment when
 * there are none left, so that the connection can be refused instead of waiting for ever. */
int aur_sockets_accept(int listening, int *spare);

/* Makes room for this many connections in the process's limit of descriptors, and keeps the limit within reason. */
void aur_sockets_fit_limit(uint32_t max_clients);

#endif
