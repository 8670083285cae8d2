/* A request's headers, copied out of libwebsockets. On the network thread. */
#include <stdlib.h>
#include <string.h>

#include "net/net.h"

static const struct {
    enum lws_token_indexes token;
    enum aur_method method;
} methods[] = {
    {WSI_TOKEN_GET_URI, AUR_GET},         {WSI_TOKEN_HEAD_URI, AUR_HEAD},     {WSI_TOKEN_POST_URI, AUR_POST},
    {WSI_TOKEN_PUT_URI, AUR_PUT},         {WSI_TOKEN_DELETE_URI, AUR_DELETE}, {WSI_TOKEN_PATCH_URI, AUR_PATCH},
    {WSI_TOKEN_OPTIONS_URI, AUR_OPTIONS},
};

static bool read_query(struct aur_query *out, struct lws *wsi)
{
    out->n = 0;
    while (lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, (int)out->n) > 0) {
        if (out->n == AUR_QUERY_MAX || lws_hdr_copy_fragment(wsi, out->args[out->n], sizeof out->args[out->n],
                                                             WSI_TOKEN_HTTP_URI_ARGS, (int)out->n) < 0)
            return false;
        out->n++;
    }
    return true;
}

/* Whatever names a proxy is known to leave. */
static bool is_forwarded(struct lws *wsi)
{
    static const char *const names[] = {
        "forwarded:",
        "x-forwarded-for:",
        "x-forwarded-host:",
        "x-forwarded-proto:",
        "x-forwarded-port:",
        "x-forwarded-server:",
        "x-forwarded-by:",
        "x-forwarded-prefix:",
        "x-forwarded-scheme:",
        "x-forwarded-ssl:",
        "x-forwarded-path:",
        "x-forwarded-uri:",
        "x-forwarded-method:",
        "x-forwarded-user:",
        "x-forwarded-protocol:",
        "x-original-host:",
        "x-original-url:",
        "x-real-ip:",
        "via:",
    };
    if (lws_hdr_total_length(wsi, WSI_TOKEN_X_FORWARDED_FOR) > 0 || lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_VIA) > 0 ||
        lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_X_REAL_IP) > 0)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lws_hdr_custom_length(wsi, names[i], (int)strlen(names[i])) >= 0)
            return true;
    return false;
}

bool aur_http_read(struct aur_request *out, const struct aur_server *server, struct lws *wsi)
{
    bool fits = false;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (lws_hdr_total_length(wsi, methods[i].token) <= 0)
            continue;
        out->method = methods[i].method;
        int length = lws_hdr_copy(wsi, out->path, sizeof out->path, methods[i].token);
        fits = length > 0 && (size_t)length == strlen(out->path); /* no NUL in it */
    }
    fits = lws_hdr_copy(wsi, out->host, sizeof out->host, WSI_TOKEN_HOST) >= 0 && fits;
    fits = lws_hdr_copy(wsi, out->origin, sizeof out->origin, WSI_TOKEN_ORIGIN) >= 0 && fits;
    fits = read_query(&out->query, wsi) && fits;
    fits = lws_hdr_copy(wsi, out->authorization, sizeof out->authorization, WSI_TOKEN_HTTP_AUTHORIZATION) >= 0 && fits;
    fits = lws_hdr_copy(wsi, out->if_match, sizeof out->if_match, WSI_TOKEN_HTTP_IF_MATCH) >= 0 && fits;
    out->forwarded = is_forwarded(wsi);
    (void)lws_hdr_copy(wsi, out->if_none_match, sizeof out->if_none_match, WSI_TOKEN_HTTP_IF_NONE_MATCH);
    (void)lws_hdr_copy(wsi, out->range, sizeof out->range, WSI_TOKEN_HTTP_RANGE);
    out->judged = fits ? aur_origin_judge(server->config.cors_origins, out->origin, out->host) : AUR_ORIGIN_DENIED;
    return fits && out->path[0] == '/';
}

long long aur_http_body_length(struct lws *wsi)
{
    char text[24];
    int length = lws_hdr_copy(wsi, text, sizeof text, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    if (length == 0)
        return -1;
    if (length < 0 || strspn(text, "0123456789") != (size_t)length || length > 15)
        return -2;
    return atoll(text);
}
