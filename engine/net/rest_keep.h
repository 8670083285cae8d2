/* The routes of takes, sessions and the presets that people keep: which request is which question to the worker who keeps
 * (keep/keep.h), and its reply as HTTP. Knows no sockets. Network thread. */
#ifndef AUR_NET_REST_KEEP_H
#define AUR_NET_REST_KEEP_H

#include "keep/keep.h"
#include "net/exchange.h"
#include "net/hubs.h"

#define AUR_IMPORT_MAX AUR_KEEP_FILE_MAX /* bytes of a session file that is sent here */

/* Methods that the path takes, AUR_OPTIONS left out; 0: it is not a route of these. */
int aur_rest_keep_methods(const char *path);
/* Whether a request of this method and path needs the edit token; *body_max is raised where its body may be longer. */
bool aur_rest_keep_edits(const char *path, enum aur_method method, size_t *body_max);

/* The question, with the body as its text where it has one (taken from the request). False: reply refuses. The method is
 * one that the path takes. */
bool aur_rest_keep_ask(struct aur_keep_request *out, struct aur_reply *reply, struct aur_hubs *hubs,
                       struct aur_request *request);
/* A reply has come, whether somebody still waits for it or not: what it offers is offered from now on. */
void aur_rest_keep_came(struct aur_hubs *hubs, enum aur_keep_ask ask, struct aur_keep_reply *from);
/* The worker's reply; its body and file are taken. */
void aur_rest_keep_reply(struct aur_reply *reply, const struct aur_request *request, enum aur_keep_ask ask,
                         struct aur_keep_reply *from);

#endif
