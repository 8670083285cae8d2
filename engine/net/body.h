/* Bodies of requests that are JSON objects, and what is said of one that is not as it should be. Pure; any thread. */
#ifndef AUR_NET_BODY_H
#define AUR_NET_BODY_H

#include <jansson.h>

#include "base/buf.h"

/* The object, a reference of the caller's; no body at all is an empty one. Errors: AUR_EINVAL. */
AUR_MUST_USE int aur_body_read(json_t **out, const struct aur_buf *text, struct aur_error *err);
/* known: the keys that it may have, NULL at the end. A key that is not known is refused, so that a misspelt one is not a wish
 * that silently is not heard. Errors: AUR_EINVAL. */
AUR_MUST_USE int aur_body_check(json_t *body, const char *const *known, struct aur_error *err);
/* AUR_EINVAL, with the value as it came (NULL: nothing). */
int aur_body_refuse(struct aur_error *err, const char *field, const json_t *value, const char *allowed);

#endif
