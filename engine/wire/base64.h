/* Base64 (RFC 4648, with padding). Pure; any thread. */
#ifndef AUR_WIRE_BASE64_H
#define AUR_WIRE_BASE64_H

#include <stddef.h>

#define AUR_BASE64_SIZE(n) (((n) + 2) / 3 * 4)

/* Writes AUR_BASE64_SIZE(len) characters, no NUL; returns how many. */
size_t aur_base64_encode(char *out, const void *data, size_t len);

#endif
