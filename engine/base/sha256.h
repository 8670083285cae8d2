/* SHA-256 (FIPS 180-4), for what must be told apart from anything that somebody might make: texts named in a session file. Pure
 * function; any thread. */
#ifndef AUR_BASE_SHA256_H
#define AUR_BASE_SHA256_H

#include <stddef.h>

#define AUR_SHA256_SIZE 32

void aur_sha256(unsigned char out[AUR_SHA256_SIZE], const void *data, size_t len);

#endif
