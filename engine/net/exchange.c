/* What REST, files and the HTTP layer share. On the network thread. */
#include "net/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/message.h"

const char *aur_query_get(const struct aur_query *query, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < query->n; i++)
        if (strncmp(query->args[i], name, length) == 0 && query->args[i][length] == '=')
            return query->args[i] + length + 1;
    return NULL;
}

bool aur_path_matches(struct aur_path_part *parts, const char *prefix, const char *pattern, const char *path)
{
    if (strncmp(path, prefix, strlen(prefix)) != 0)
        return false;
    for (path += strlen(prefix); *pattern; pattern++) {
        if (*pattern != '*') {
            if (*path++ != *pattern)
                return false;
            continue;
        }
        bool rest = pattern[1] == '*';
        size_t len = rest ? strlen(path) : strcspn(path, "/");
        if (!len)
            return false;
        *parts++ = (struct aur_path_part){path, len};
        path += len;
        pattern += rest;
    }
    return !*path;
}

void aur_path_copy(char *out, size_t size, const struct aur_path_part *part)
{
    snprintf(out, size, "%.*s", (int)(part->len < size ? part->len : size - 1), part->at);
}

void aur_reply_refuse(struct aur_reply *reply, int status, const char *code, const char *fmt, ...)
{
    char message[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    reply->status = status;
    reply->type = "application/json";
    aur_buf_clear(&reply->body);
    aur_msg_refusal_write(&reply->body, code, message, NULL);
}

void aur_reply_invalid(struct aur_reply *reply, const struct aur_error *err)
{
    reply->status = 422;
    reply->type = "application/json";
    aur_buf_clear(&reply->body);
    aur_msg_refusal_write(&reply->body, "INVALID_REQUEST", err->message, err);
}

uint64_t aur_reply_length(const struct aur_reply *reply)
{
    return reply->file.open ? reply->file.bytes : reply->body.len;
}

static void close_file(struct aur_reply *reply)
{
    if (reply->file.open)
        close(reply->file.fd);
    reply->file.open = false;
}

void aur_reply_deinit(struct aur_reply *reply)
{
    aur_buf_deinit(&reply->body);
    close_file(reply);
}

/* A position in a file; false: these are no digits. */
static bool read_position(uint64_t *out, const char *text, size_t len)
{
    if (len == 0 || len > 18 || strspn(text, "0123456789") < len)
        return false;
    *out = strtoull(text, NULL, 10);
    return true;
}

void aur_reply_range(struct aur_reply *reply, const char *range)
{
    struct aur_reply_file *file = &reply->file;
    uint64_t first, last = UINT64_MAX, whole = file->whole;
    if (!file->open || reply->status != 200 || strncmp(range, "bytes=", 6) != 0)
        return;
    const char *from = range + 6, *dash = strchr(from, '-');
    if (!dash || strchr(from, ',') || (dash[1] && !read_position(&last, dash + 1, strlen(dash + 1))))
        return;
    if (dash == from) { /* so many from the end */
        if (!dash[1])
            return;
        first = last < whole ? whole - last : 0;
        last = UINT64_MAX;
    } else if (!read_position(&first, from, (size_t)(dash - from)) || last < first) {
        return;
    }
    if (first >= whole) {
        close_file(reply);
        aur_reply_refuse(reply, 416, "RANGE_NOT_SATISFIABLE", "the file has %" PRIu64 " bytes", whole);
        return;
    }
    file->from = first;
    file->bytes = (last < whole ? last + 1 : whole) - first;
    reply->status = 206;
}

void aur_methods_text(char *out, size_t size, int methods)
{
    static const struct {
        enum aur_method method;
        const char *name;
    } names[] = {{AUR_GET, "GET"},       {AUR_HEAD, "HEAD"},   {AUR_POST, "POST"},      {AUR_PUT, "PUT"},
                 {AUR_DELETE, "DELETE"}, {AUR_PATCH, "PATCH"}, {AUR_OPTIONS, "OPTIONS"}};
    size_t used = 0;
    *out = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names && used < size; i++)
        if (methods & (int)names[i].method)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", names[i].name);
}
