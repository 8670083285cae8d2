/* The routes of scripts and phrases: which request is which question to the scripts worker, and its reply as HTTP. Knows
 * no sockets. Network thread. */
#ifndef AUR_NET_REST_SCRIPTS_H
#define AUR_NET_REST_SCRIPTS_H

#include "channel/scripts.h"
#include "net/exchange.h"
#include "net/hubs.h"

/* Methods that the path takes, AUR_OPTIONS left out; 0: it is not a route of scripts. */
int aur_rest_scripts_methods(const char *path);
/* Whether a request of this method and path changes something, or costs as much as if it did. */
bool aur_rest_scripts_edits(const char *path, enum aur_method method);

/* The question, with the body as its text where it has one (taken from the request). False: reply refuses. The method is
 * one that the path takes. */
bool aur_rest_scripts_ask(struct aur_scripts_request *out, struct aur_reply *reply, struct aur_hubs *hubs,
                          struct aur_request *request);
/* The worker's reply; its body is taken. */
void aur_rest_scripts_reply(struct aur_reply *reply, const struct aur_request *request, enum aur_scripts_ask ask,
                            struct aur_scripts_reply *from);

#endif
