/* A server with the fake channel, run by its own thread. */
#ifndef HOST_H
#define HOST_H

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
/* Stops the server and waits for it. */
void host_stop(struct host *host);

#endif
