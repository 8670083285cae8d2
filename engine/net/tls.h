/* What the server shows who connects over TLS: certificate chain and key, from PEM files. */
#ifndef AUR_NET_TLS_H
#define AUR_NET_TLS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"

/* Fills an OpenSSL server context (SSL_CTX), TLS 1.2 and later, from AURALIS_SSL_CERT_PATH and AURALIS_SSL_KEY_PATH; NULL or
 * "": not set. AUR_EIO says which of the two it is, the path and what is wrong: missing, unreadable, not PEM, protected by a
 * passphrase, a key that belongs to another certificate. A certificate that is not valid today is only logged. Network
 * thread, before it serves. */
AUR_MUST_USE int aur_tls_load(void *context, const char *cert_path, const char *key_path, struct aur_log *log,
                              struct aur_error *err);

/* Whether the other end has said that it will send nothing more. ssl: an SSL; NULL, for no TLS: false. */
bool aur_tls_peer_ended(const void *ssl);

#endif
