/* Who may change scripts: whoever has the token, and this machine itself. Pure; any thread. */
#ifndef AUR_NET_TOKEN_H
#define AUR_NET_TOKEN_H

#include "net/exchange.h"

/* token: the setting, "" or NULL if there is none. loopback: the server listens on loopback addresses only. Without the
 * token a request passes only if it can come from nowhere but a program or the server's own page on this machine: the
 * server is bound to loopback, no proxy has left its mark, Host is a name of this machine, Origin is absent or the same. */
bool aur_token_admits(const char *token, bool loopback, const struct aur_request *request);

#endif
