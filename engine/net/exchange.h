/* One HTTP request and the reply to it, apart from how they travel. A request's texts belong to the connection and last
 * until the reply was sent; a reply's body belongs to the reply. Network thread. */
#ifndef AUR_NET_EXCHANGE_H
#define AUR_NET_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/origin.h"

#define AUR_QUERY_MAX 40 /* a stream of one's own may name every control */

enum aur_method { /* bits, for the table of routes */
                  AUR_GET = 1,
                  AUR_HEAD = 2,
                  AUR_POST = 4,
                  AUR_PUT = 8,
                  AUR_DELETE = 16,
                  AUR_PATCH = 32,
                  AUR_OPTIONS = 64,
};

struct aur_query { /* "name=value", decoded */
    char args[AUR_QUERY_MAX][128];
    size_t n;
};

struct aur_request {
    enum aur_method method;
    char path[512];
    struct aur_query query;
    enum aur_origin judged;
    char origin[256], host[256];
    char authorization[320];
    char if_none_match[64], if_match[64], range[64];
    bool forwarded; /* a proxy has put itself between */
    struct aur_buf body;
};

struct aur_reply_file { /* a body that is read while it is sent */
    bool open;          /* fd is the reply's */
    int fd;
    uint64_t from, bytes; /* of the file: what is sent */
    uint64_t whole;       /* how long it is */
};

struct aur_reply {
    int status;
    const char *type; /* of the body */
    struct aur_buf body;
    int allow;                  /* methods, for 405 and OPTIONS; 0: no header */
    char etag[40];              /* "": none */
    char playing[64];           /* X-Auralis-Playing; "": none */
    bool challenge;             /* WWW-Authenticate: Bearer */
    unsigned retry_s;           /* Retry-After; 0: none */
    char save_as[256];          /* Content-Disposition: attachment, under this name; "": none */
    struct aur_reply_file file; /* in the place of the body */
};

/* The value of an argument, or NULL. */
const char *aur_query_get(const struct aur_query *query, const char *name);

/* A path by its pattern, behind a prefix: * stands for one part, ** for all that is left. parts (two of them) are what the
 * stars stand for. */
struct aur_path_part {
    const char *at;
    size_t len;
};
bool aur_path_matches(struct aur_path_part *parts, const char *prefix, const char *pattern, const char *path);
/* What does not fit is cut: it is nobody's name. */
void aur_path_copy(char *out, size_t size, const struct aur_path_part *part);

/* {"error":code,"message":...} with this status. */
void aur_reply_refuse(struct aur_reply *reply, int status, const char *code, const char *fmt, ...) AUR_PRINTF(4, 5);

/* 422: what is wrong with a value, with field, value and allowed. */
void aur_reply_invalid(struct aur_reply *reply, const struct aur_error *err);

/* Bytes that follow its headers. */
uint64_t aur_reply_length(const struct aur_reply *reply);
/* Frees its body, closes its file. */
void aur_reply_deinit(struct aur_reply *reply);

/* Turns a reply of a whole file into one of the part that "Range: bytes=..." asks for, 206 or 416; whatever else it asks
 * for is answered with the whole. */
void aur_reply_range(struct aur_reply *reply, const char *range);

/* "GET, HEAD" */
void aur_methods_text(char *out, size_t size, int methods);

#endif
