/* A server with the fake channel, run by its own thread. */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>

#include "net/counts.h"
#include "net/server.h"

struct host {
    struct aur_server *server;
    int port;
    void *thread;
};

/* config may be NULL; host and port are filled in. */
void host_start(struct host *host, const struct aur_server_config *config);
/* Tells it that something was published. */
void host_notify(struct host *host);
/* What it has counted of this so far. */
uint64_t host_counted(const struct host *host, enum aur_count which);
/* Waits until it has counted so many, for a connection's end comes after its last byte; fails at any other number. */
void host_counts(const struct host *host, enum aur_count which, uint64_t n);
/* Stops the server and waits for it. */
void host_stop(struct host *host);

#endif
