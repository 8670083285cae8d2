/* Comparing origins. On the network thread. The scheme of an origin that names this very host and port is not compared:
 * behind a proxy that ends TLS the server cannot know its own. */
#include "net/origin.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Name and port of "name[:port]" or "[v6][:port]", with the scheme's own port where none is given. */
static void split(char name[256], char port[8], const char *authority, const char *default_port)
{
    const char *colon = strrchr(authority, ':');
    if (colon && strchr(colon, ']'))
        colon = NULL;
    snprintf(name, 256, "%.*s", colon ? (int)(colon - authority) : 255, authority);
    snprintf(port, 8, "%s", colon ? colon + 1 : default_port);
}

static bool same_authority(const char *origin, const char *host)
{
    const char *behind = strstr(origin, "://");
    if (!behind || !*host)
        return false;
    const char *default_port = strncmp(origin, "https:", 6) == 0 ? "443" : "80";
    char name[2][256], port[2][8];
    split(name[0], port[0], behind + 3, default_port);
    split(name[1], port[1], host, default_port);
    return strcasecmp(name[0], name[1]) == 0 && strcmp(port[0], port[1]) == 0;
}

static bool is_listed(const char *listed, const char *origin)
{
    while (listed && *listed) {
        listed += strspn(listed, ", \t");
        size_t length = strcspn(listed, ",");
        size_t item = length;
        while (item && strchr(" \t/", listed[item - 1]))
            item--;
        if (item == 1 && *listed == '*')
            return true;
        if (item && item == strlen(origin) && strncasecmp(listed, origin, item) == 0)
            return true;
        listed += length;
    }
    return false;
}

enum aur_origin aur_origin_judge(const char *listed, const char *origin, const char *host)
{
    if (!*origin || same_authority(origin, host))
        return AUR_ORIGIN_SAME;
    return is_listed(listed, origin) ? AUR_ORIGIN_LISTED : AUR_ORIGIN_DENIED;
}
