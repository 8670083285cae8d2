/* Binding and accepting, without libwebsockets' listener: that one hides why a bind failed and leaves a stalled listener
 * twelve seconds of kernel buffer. The five-chunk queue only means what it says if the kernel holds little. */
#include "net/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_BUFFER_BYTES 65536
#define UNSENT_BYTES      32768
#define BACKLOG           4096 /* the system may allow fewer */
#define DESCRIPTORS_MAX   (1 << 20)
#define DESCRIPTORS_ELSE  192 /* files, devices, event loop */

static void set_option(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static int bound_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* 127.0.0.0/8 or ::1 */
static bool is_loopback(const struct addrinfo *info)
{
    if (info->ai_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)info->ai_addr)->sin6_addr);
    uint32_t address = ntohl(((const struct sockaddr_in *)(const void *)info->ai_addr)->sin_addr.s_addr);
    return address >> 24 == 127;
}

/* A listening socket, or -errno. */
static int listen_on(const struct addrinfo *info, int port)
{
    struct sockaddr_storage address;
    memcpy(&address, info->ai_addr, info->ai_addrlen);
    if (info->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)&address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&address)->sin_port = htons((uint16_t)port);
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (info->ai_family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (bind(fd, (struct sockaddr *)&address, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

/* A name may stand for an address this machine does not have (localhost's ::1 in a container): that one is left out. */
static int open_all(struct aur_sockets *out, const struct addrinfo *list, int port)
{
    int error = EADDRNOTAVAIL;
    for (const struct addrinfo *info = list; info && out->n < AUR_SOCKETS_MAX; info = info->ai_next) {
        if (info->ai_family != AF_INET && info->ai_family != AF_INET6)
            continue;
        int fd = listen_on(info, out->n ? out->port : port);
        if (fd == -EADDRNOTAVAIL || fd == -EAFNOSUPPORT)
            continue;
        if (fd < 0)
            return -fd;
        out->fds[out->n++] = fd;
        out->port = bound_port(fd);
        out->loopback = out->loopback && is_loopback(info);
        error = 0;
    }
    return error;
}

int aur_sockets_open(struct aur_sockets *out, const char *host, int port, struct aur_error *err)
{
    *out = (struct aur_sockets){.loopback = true};
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    int found = getaddrinfo(host, NULL, &hints, &list);
    if (found != 0)
        return aur_error_set(err, AUR_EIO, "cannot listen on %s:%d: %s", host, port, gai_strerror(found));
    int error = open_all(out, list, port);
    freeaddrinfo(list);
    if (error == 0)
        return AUR_OK;
    aur_sockets_close(out);
    return aur_error_set(err, AUR_EIO, "cannot listen on %s:%d: %s", host, port, strerror(error));
}

void aur_sockets_close(struct aur_sockets *sockets)
{
    for (size_t i = 0; i < sockets->n; i++)
        close(sockets->fds[i]);
    sockets->n = 0;
}

int aur_sockets_accept(int listening, int *spare, struct sockaddr_storage *from)
{
    socklen_t size = sizeof *from;
    int fd = accept4(listening, (struct sockaddr *)from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && *spare >= 0) {
        close(*spare);
        fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd);
        *spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return fd >= 0 ? AUR_SOCKETS_DROPPED : AUR_SOCKETS_NONE;
    }
    if (fd < 0)
        return AUR_SOCKETS_NONE;
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES);
    set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES);
    return fd;
}

bool aur_sockets_peer_stays(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return false;
    int state = info.tcpi_state; /* the latter ones: this end has closed before the other did */
    return state == TCP_ESTABLISHED || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_TIME_WAIT;
}

/* The library's tables grow with the limit: some containers set it to a thousand million, some shells to 1,024. */
uint32_t aur_sockets_fit_limit(uint32_t connections)
{
    struct rlimit limit;
    rlim_t need = (rlim_t)connections + DESCRIPTORS_ELSE;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return connections;
    rlim_t now = limit.rlim_cur;
    if (limit.rlim_cur > DESCRIPTORS_MAX)
        limit.rlim_cur = need > DESCRIPTORS_MAX ? need : DESCRIPTORS_MAX;
    if (limit.rlim_cur < need)
        limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
    if (limit.rlim_cur != now && setrlimit(RLIMIT_NOFILE, &limit) != 0)
        limit.rlim_cur = now;
    if (limit.rlim_cur >= need)
        return connections;
    return limit.rlim_cur > DESCRIPTORS_ELSE ? (uint32_t)(limit.rlim_cur - DESCRIPTORS_ELSE) : 1;
}
