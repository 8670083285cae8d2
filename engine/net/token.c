/* The edit token. On the network thread. A page of any site may send requests to localhost from a browser, and may give its
 * own name localhost's address: hence the looks at Origin and at Host. */
#include "net/token.h"

#include <string.h>
#include <strings.h>

/* Takes as long for a wrong token as for the right one; only the length of the request's shows. */
static bool same_token(const char *token, const char *given)
{
    size_t n = strlen(token), m = strlen(given);
    volatile unsigned char differs = n != m;
    for (size_t i = 0; i < m; i++)
        differs = (unsigned char)(differs | (unsigned char)(given[i] ^ token[n ? i % n : 0]));
    return !differs && n > 0;
}

static const char *bearer(const char *authorization)
{
    if (strncasecmp(authorization, "Bearer ", 7) != 0)
        return "";
    return authorization + 7 + strspn(authorization + 7, " ");
}

/* "localhost:8000" and the like. */
static bool is_this_machine(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);
        if (strncasecmp(host, names[i], n) != 0)
            continue;
        if (host[n] == '\0' || (host[n] == ':' && host[n + 1 + strspn(host + n + 1, "0123456789")] == '\0'))
            return true;
    }
    return false;
}

bool aur_token_admits(const char *token, bool loopback, const struct aur_request *request)
{
    if (loopback && !request->forwarded && is_this_machine(request->host) && request->judged == AUR_ORIGIN_SAME)
        return true;
    return token && *token && same_token(token, bearer(request->authorization));
}
