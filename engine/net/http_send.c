/* Replies on their way: headers, then the body piece by piece, from memory or from a file, so that a large one takes neither
 * memory nor long from the others. On the network thread: a piece of a file comes from the page cache as a rule, and is small
 * where it does not. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/http.h"

#define PIECE_BYTES 65536
#define LINGER_S    2

static bool add_header(struct lws *wsi, const char *name, const char *value, unsigned char **at, unsigned char *end)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value,
                                       (int)strlen(value), at, end) == 0;
}

static bool add_origin_headers(struct lws *wsi, const struct aur_reply *reply, const struct aur_request *request,
                               unsigned char **at, unsigned char *end)
{
    if (request->judged != AUR_ORIGIN_LISTED)
        return true;
    bool ok =
        add_header(wsi, "access-control-allow-origin:", request->origin, at, end) &&
        add_header(wsi, "access-control-expose-headers:", "ETag, X-Auralis-Playing, Content-Disposition", at, end) &&
        add_header(wsi, "vary:", "Origin", at, end);
    if (request->method != AUR_OPTIONS)
        return ok;
    char allow[64];
    aur_methods_text(allow, sizeof allow, reply->allow);
    return ok && add_header(wsi, "access-control-allow-methods:", allow, at, end) &&
           add_header(wsi, "access-control-allow-headers:", "Content-Type, Authorization, If-Match, Range", at, end) &&
           add_header(wsi, "access-control-max-age:", "600", at, end);
}

/* RFC 6266: the name in ASCII for the old, as it is for the others. */
static void name_file(char out[1100], const char *name)
{
    char ascii[256], encoded[768];
    size_t n = 0, used = 0;
    for (const unsigned char *at = (const unsigned char *)name; *at && n + 1 < sizeof ascii; at++) {
        if (*at < 0x80)
            ascii[n++] = (char)*at;
        else if ((*at & 0xc0) != 0x80)
            ascii[n++] = '_';
        used += (size_t)snprintf(encoded + used, sizeof encoded - used, *at < 0x80 ? "%c" : "%%%02X", *at);
    }
    ascii[n] = '\0';
    snprintf(out, 1100, "attachment; filename=\"%s\"; filename*=UTF-8''%s", ascii, encoded);
}

/* Of a file: what it is called where it is saved, and what part of it comes. */
static bool add_file_headers(struct lws *wsi, const struct aur_reply *reply, unsigned char **at, unsigned char *end)
{
    char text[1100];
    bool ok = true;
    if (reply->save_as[0]) {
        name_file(text, reply->save_as);
        ok = add_header(wsi, "content-disposition:", text, at, end);
    }
    if (reply->file.open)
        ok = ok && add_header(wsi, "accept-ranges:", "bytes", at, end);
    if (reply->status == 206)
        snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, reply->file.from,
                 reply->file.from + reply->file.bytes - 1, reply->file.whole);
    else
        snprintf(text, sizeof text, "bytes */%" PRIu64, reply->file.whole);
    if (reply->status == 206 || reply->status == 416)
        ok = ok && add_header(wsi, "content-range:", text, at, end);
    return ok;
}

static bool add_own_headers(struct lws *wsi, const struct aur_reply *reply, unsigned char **at, unsigned char *end)
{
    char allow[64], text[16];
    bool ok = add_header(wsi, "connection:", "close", at, end) &&
              add_header(wsi, "cache-control:", reply->etag[0] ? "no-cache" : "no-store", at, end);
    if (reply->etag[0])
        ok = ok && add_header(wsi, "etag:", reply->etag, at, end);
    if (reply->playing[0])
        ok = ok && add_header(wsi, "x-auralis-playing:", reply->playing, at, end);
    if (reply->challenge)
        ok = ok && add_header(wsi, "www-authenticate:", "Bearer realm=\"auralis\"", at, end);
    snprintf(text, sizeof text, "%u", reply->retry_s);
    if (reply->retry_s)
        ok = ok && add_header(wsi, "retry-after:", text, at, end);
    ok = ok && add_file_headers(wsi, reply, at, end);
    if (reply->allow) {
        aur_methods_text(allow, sizeof allow, reply->allow);
        ok = ok && add_header(wsi, "allow:", allow, at, end);
    }
    return ok;
}

int aur_http_send_headers(struct lws *wsi, const struct aur_reply *reply, const struct aur_request *request)
{
    unsigned char block[LWS_PRE + 3072], *start = block + LWS_PRE, *at = start, *end = block + sizeof block - 1;
    bool bodiless = reply->status == 204 || reply->status == 304;
    bool ok = lws_add_http_header_status(wsi, (unsigned)reply->status, &at, end) == 0 &&
              add_own_headers(wsi, reply, &at, end) && add_origin_headers(wsi, reply, request, &at, end);
    if (!bodiless)
        ok = ok && add_header(wsi, "content-type:", reply->type, &at, end) &&
             lws_add_http_header_content_length(wsi, aur_reply_length(reply), &at, end) == 0;
    return !ok || lws_finalize_write_http_header(wsi, start, &at, end) != 0;
}

/* One request a connection: what a client sends ahead after the first, this library takes for the body of a later POST and
 * then never gets out of its loop. */
int aur_http_finish(const struct aur_http *http, struct lws *wsi)
{
    if (!http->expects_body)
        return -1;
    aur_door_done(http->server, wsi);
    lws_set_timer_usecs(wsi, LINGER_S * LWS_USEC_PER_SEC); /* let the client read before the reset */
    return 0;
}

/* False: the file is not what it was, and the client sees that something is missing. */
static bool read_piece(const struct aur_http *http, unsigned char *out, size_t n)
{
    const struct aur_reply_file *file = &http->reply.file;
    if (!file->open) {
        memcpy(out, http->reply.body.data + http->sent, n);
        return true;
    }
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(file->fd, out + done, n - done, (off_t)(file->from + http->sent + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

int aur_http_send_piece(struct aur_http *http, struct lws *wsi)
{
    unsigned char piece[LWS_PRE + PIECE_BYTES];
    uint64_t left = aur_reply_length(&http->reply) - http->sent;
    size_t n = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
    if (!read_piece(http, piece + LWS_PRE, n))
        return -1;
    if (lws_write(wsi, piece + LWS_PRE, n, n == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
        return -1;
    http->sent += n;
    if (n == left)
        return aur_http_finish(http, wsi);
    lws_callback_on_writable(wsi);
    return 0;
}
