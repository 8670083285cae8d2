/* Requests under way at the workers who answer what the network thread must not wait for: the scripts worker (channel/scripts.h)
 * and the one that keeps (keep/keep.h). The network thread sends one and goes on; the worker brings the reply and wakes the
 * server, which takes it in. Whoever asked may have gone meanwhile: then nobody reads the reply. */
#ifndef AUR_NET_ERRAND_H
#define AUR_NET_ERRAND_H

#include <stdatomic.h>

#include "channel/scripts.h"
#include "keep/keep.h"

enum aur_errand_to { AUR_ERRAND_SCRIPTS, AUR_ERRAND_KEEP };

struct aur_question { /* one of the two, by `to` */
    enum aur_errand_to to;
    struct aur_scripts_request scripts;
    struct aur_keep_request keep;
};

struct aur_errand {
    struct aur_errand *next; /* of a list of done ones */
    struct aur_errands *home;
    enum aur_errand_to to;
    enum aur_scripts_ask ask;   /* of SCRIPTS */
    enum aur_keep_ask keep_ask; /* of KEEP */
    void *asker;                /* network thread: whose it is; NULL: gone */
    struct aur_scripts_reply reply;
    struct aur_keep_reply kept;
};

struct aur_errands {
    _Atomic(struct aur_errand *) done; /* the workers push, the network thread takes all */
    void (*wake)(void *user);          /* any thread */
    void *user;
};

void aur_errands_init(struct aur_errands *errands, void (*wake)(void *user), void *user);
/* Frees what came back. The workers must have ended. */
void aur_errands_deinit(struct aur_errands *errands);

/* Network thread. Takes the request's text and opening, whatever comes of it. Errors: AUR_EBUSY (the queue is full), AUR_ENOMEM. */
AUR_MUST_USE int aur_errand_send(struct aur_errand **out, struct aur_errands *errands, struct aur_scripts *scripts,
                                 struct aur_scripts_request *request, void *asker);
/* The same to the worker who keeps; takes the request's text. */
AUR_MUST_USE int aur_errand_send_keep(struct aur_errand **out, struct aur_errands *errands, struct aur_keep *keep,
                                      struct aur_keep_request *request, void *asker);
/* Network thread. Those that are done, linked by next, in the order in which they came back; the caller frees each. */
struct aur_errand *aur_errands_take(struct aur_errands *errands);
void aur_errand_free(struct aur_errand *errand);

#endif
