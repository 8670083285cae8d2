/* The routes of branches: which request is which question to the scripts worker, who answers them (channel/branch.h). Knows no
 * sockets. Network thread. */
#ifndef AUR_NET_REST_BRANCHES_H
#define AUR_NET_REST_BRANCHES_H

#include "channel/scripts.h"
#include "net/exchange.h"
#include "net/hubs.h"

/* As their namesakes of rest_scripts.h. The reply is taken by aur_rest_scripts_reply. */
int aur_rest_branches_methods(const char *path);
bool aur_rest_branches_edits(const char *path, enum aur_method method);
bool aur_rest_branches_ask(struct aur_scripts_request *out, struct aur_reply *reply, struct aur_hubs *hubs,
                           const struct aur_request *request);

#endif
