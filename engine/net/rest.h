/* The REST interface: docs/protocol.md shows every route. Knows the hub, no sockets. Network thread. */
#ifndef AUR_NET_REST_H
#define AUR_NET_REST_H

#include "net/exchange.h"
#include "net/hub.h"

#define AUR_REST_PREFIX "/api/"
#define AUR_BODY_MAX    65536

/* Answers a request whose path begins with AUR_REST_PREFIX. reply->body is empty at first. */
void aur_rest_answer(struct aur_reply *reply, struct aur_hub *hub, const struct aur_request *request);

/* The channel of this name, NULL meaning the first; NULL if there is none such. */
struct aur_channel *aur_rest_channel(const struct aur_hub *hub, const char *name);

#endif
