/* Requests under way at the scripts worker. The network thread sends one and goes on; the worker brings the reply and wakes
 * the server, which takes it in. Whoever asked may have gone meanwhile: then nobody reads the reply. */
#ifndef AUR_NET_ERRAND_H
#define AUR_NET_ERRAND_H

#include <stdatomic.h>

#include "channel/scripts.h"

struct aur_errand {
    struct aur_errand *next; /* of a list of done ones */
    struct aur_errands *home;
    enum aur_scripts_ask ask;
    void *asker; /* network thread: whose it is; NULL: gone */
    struct aur_scripts_reply reply;
};

struct aur_errands {
    _Atomic(struct aur_errand *) done; /* the worker pushes, the network thread takes all */
    void (*wake)(void *user);          /* any thread */
    void *user;
};

void aur_errands_init(struct aur_errands *errands, void (*wake)(void *user), void *user);
/* Frees what came back. The worker must have ended. */
void aur_errands_deinit(struct aur_errands *errands);

/* Network thread. Takes the request's text and opening, whatever comes of it. Errors: AUR_EBUSY (the queue is full), AUR_ENOMEM. */
AUR_MUST_USE int aur_errand_send(struct aur_errand **out, struct aur_errands *errands, struct aur_scripts *scripts,
                                 struct aur_scripts_request *request, void *asker);
/* Network thread. Those that are done, linked by next, in the order in which they came back; the caller frees each. */
struct aur_errand *aur_errands_take(struct aur_errands *errands);
void aur_errand_free(struct aur_errand *errand);

#endif
