/* What REST, files and the HTTP layer share. On the network thread. */
#include "net/exchange.h"

#include <stdio.h>
#include <string.h>

#include "wire/message.h"

const char *aur_query_get(const struct aur_query *query, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < query->n; i++)
        if (strncmp(query->args[i], name, length) == 0 && query->args[i][length] == '=')
            return query->args[i] + length + 1;
    return NULL;
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
