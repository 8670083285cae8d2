/* A request under way, shared by http.c (taking and answering it) and http_send.c (the reply on its way). Network thread. */
#ifndef AUR_NET_HTTP_H
#define AUR_NET_HTTP_H

#include "net/net.h"

struct aur_http {
    struct aur_server *server;
    struct aur_request request;
    struct aur_reply reply;
    struct lws *wsi;
    struct aur_errand *errand; /* under way at a worker; NULL: none */
    size_t body_max;
    bool expects_body, answered;
    bool turned_away; /* by the gate, which counts that itself */
    uint64_t sent;
};

/* ---- http_send.c; nonzero: close ---- */

int aur_http_send_headers(struct lws *wsi, const struct aur_reply *reply, const struct aur_request *request);
/* The next piece of the body; after the last one, the end. */
int aur_http_send_piece(struct aur_http *http, struct lws *wsi);
int aur_http_finish(const struct aur_http *http, struct lws *wsi);

#endif
