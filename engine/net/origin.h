/* Who may use the server from a browser: pages it serves itself, and the origins the settings list. Pure; any thread. */
#ifndef AUR_NET_ORIGIN_H
#define AUR_NET_ORIGIN_H

enum aur_origin {
    AUR_ORIGIN_SAME,   /* none given, or this server's own */
    AUR_ORIGIN_LISTED, /* another one, and allowed */
    AUR_ORIGIN_DENIED,
};

/* origin, host: the headers' values, "" if absent. listed: comma separated, "*" for any; NULL for none. */
enum aur_origin aur_origin_judge(const char *listed, const char *origin, const char *host);

#endif
