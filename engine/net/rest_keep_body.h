/* The bodies of requests about takes and sessions. Pure but for the hubs, which are asked how far a channel has come.
 * Network thread. */
#ifndef AUR_NET_REST_KEEP_BODY_H
#define AUR_NET_REST_KEEP_BODY_H

#include <jansson.h>

#include "keep/keep.h"
#include "net/hubs.h"

/* Errors: AUR_EINVAL with field, value, allowed; AUR_ENOTFOUND (a channel). */
typedef int aur_rest_keep_body_fn(struct aur_keep_request *out, const struct aur_hubs *hubs, json_t *body,
                                  struct aur_error *err);
aur_rest_keep_body_fn aur_rest_keep_body_name; /* {"name":"..."} */
aur_rest_keep_body_fn aur_rest_keep_body_take; /* {"channel","minutes",...} or {"session","from_s","to_s",...} */

/* Parses the text as a JSON object and has it read; no body at all is an empty object. */
AUR_MUST_USE int aur_rest_keep_body(aur_rest_keep_body_fn *read, struct aur_keep_request *out,
                                    const struct aur_hubs *hubs, const struct aur_buf *body, struct aur_error *err);

#endif
