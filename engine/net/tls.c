/* Loading certificate and key with OpenSSL itself: libwebsockets only says that something did not work. On the thread that
 * makes the server. */
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CERT "AURALIS_SSL_CERT_PATH"
#define KEY  "AURALIS_SSL_KEY_PATH"

/* A pipe would be waited for. */
static int check_file(const char *name, const char *path, struct aur_error *err)
{
    struct stat about;
    if (!path || !*path)
        return aur_error_set(err, AUR_EIO, "%s is not set; AURALIS_ENABLE_SSL needs the path of a PEM file", name);
    if (stat(path, &about) != 0 || access(path, R_OK) != 0)
        return aur_error_set(err, AUR_EIO, "%s: %s: %s", name, path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return aur_error_set(err, AUR_EIO, "%s: %s: not a file", name, path);
    return AUR_OK;
}

static int fail(const char *name, const char *path, const char *what, struct aur_error *err)
{
    unsigned long code = ERR_peek_last_error();
    const char *why = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return aur_error_set(err, AUR_EIO, "%s: %s: %s%s%s%s", name, path, what, why ? " (" : "", why ? why : "",
                         why ? ")" : "");
}

/* In place of a question on the terminal. */
static int no_passphrase(char *out, int size, int writing, void *asked)
{
    (void)out, (void)size, (void)writing;
    *(int *)asked = 1;
    return -1;
}

static int load_key(SSL_CTX *context, const char *cert_path, const char *path, struct aur_error *err)
{
    int asked = 0;
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
    int loaded = SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM);
    SSL_CTX_set_default_passwd_cb(context, NULL);
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    if (asked)
        return fail(KEY, path, "the key is protected by a passphrase; a key without one is needed", err);
    if (loaded == 1 && SSL_CTX_check_private_key(context) == 1)
        return AUR_OK;
    if (loaded != 1 && ERR_GET_LIB(ERR_peek_last_error()) != ERR_LIB_X509)
        return fail(KEY, path, "not a private key in PEM", err);
    ERR_clear_error();
    return aur_error_set(err, AUR_EIO, KEY ": %s: not the key of the certificate %s", path, cert_path);
}

static void look_at_dates(const SSL_CTX *context, const char *path, struct aur_log *log)
{
    const X509 *cert = SSL_CTX_get0_certificate(context);
    const char *what = X509_cmp_current_time(X509_get0_notAfter(cert)) < 0    ? "has expired"
                       : X509_cmp_current_time(X509_get0_notBefore(cert)) > 0 ? "is not valid yet"
                                                                              : NULL;
    if (what)
        aur_log(log, AUR_LOG_WARNING, "net", CERT ": %s: the certificate %s", path, what);
}

int aur_tls_load(void *context, const char *cert_path, const char *key_path, struct aur_log *log, struct aur_error *err)
{
    SSL_CTX *ctx = context;
    int rc = check_file(CERT, cert_path, err);
    if (rc == AUR_OK)
        rc = check_file(KEY, key_path, err);
    if (rc != AUR_OK)
        return rc;
    ERR_clear_error();
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_path) != 1)
        return fail(CERT, cert_path, "not a certificate chain in PEM", err);
    rc = load_key(ctx, cert_path, key_path, err);
    if (rc == AUR_OK)
        look_at_dates(ctx, cert_path, log);
    return rc;
}

bool aur_tls_peer_ended(const void *ssl)
{
    return ssl && (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN);
}
