/* The REST interface: docs/protocol.md shows every route. Knows the hubs, no sockets. Network thread. */
#ifndef AUR_NET_REST_H
#define AUR_NET_REST_H

#include "net/errand.h"
#include "net/exchange.h"
#include "net/hubs.h"

#define AUR_REST_PREFIX "/api/"
#define AUR_BODY_MAX    65536 /* but for scripts and imports */

/* A request whose path begins with AUR_REST_PREFIX goes through both, the second once its body is there. reply->body is
 * empty at first.
 *
 * Finds the route and judges method, origin and token. True: it may go on; *body_max is how long its body may be. False:
 * reply is there, a refusal or the answer to OPTIONS. */
bool aur_rest_admit(struct aur_reply *reply, size_t *body_max, const struct aur_hubs *hubs,
                    const struct aur_request *request);
/* True: reply is there. False: a worker must be asked first, *ask is the question and owns its text; what it replies goes to
 * aur_rest_scripts_reply or aur_rest_keep_reply. */
bool aur_rest_answer(struct aur_reply *reply, struct aur_question *ask, struct aur_hubs *hubs,
                     struct aur_request *request);
/* Whether one more edit may be asked for now; false: reply refuses. */
bool aur_rest_edit_rate(struct aur_reply *reply, struct aur_hubs *hubs);

/* The hub of the channel that the request names, or of the first; NULL: there is none, and reply refuses. */
struct aur_hub *aur_rest_hub(struct aur_reply *reply, const struct aur_hubs *hubs, const struct aur_request *request);

#endif
