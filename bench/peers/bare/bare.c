/* The least that a server of a stream can do: bare PORT BYTES json|binary
 *
 * Accepts listeners, answers every request with 101, and ten times a second send()s each of them one message of so many
 * bytes in a WebSocket frame. Nothing is made, nothing is looked after: what a listener cannot take at once is lost. The
 * sockets are set up as Auralis sets up its own. */
#include <endian.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LISTENERS 20000
#define TICK_NS   100000000L

static int fds[LISTENERS];
static size_t n;

static void set_option(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof value);
}

static int listen_on(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0) {
        perror("bare");
        exit(1);
    }
    return fd;
}

static void take_in(int listening)
{
    static const char answer[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    char request[2048];
    for (int fd; n < LISTENERS && (fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        set_option(fd, SOL_SOCKET, SO_SNDBUF, 65536);
        set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 32768);
        if (recv(fd, request, sizeof request, 0) <= 0)
            continue;
        (void)!send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
        fds[n++] = fd;
    }
}

/* A message of this many bytes with its number where the load generator looks for it. Returns the frame's length. */
static size_t make_frame(unsigned char *frame, size_t bytes, int json, unsigned long index)
{
    size_t head = bytes < 65536 ? 4 : 10;
    unsigned char *body = frame + head;
    frame[0] = json ? 0x81 : 0x82;
    frame[1] = head == 4 ? 126 : 127;
    for (size_t i = 2; i < head; i++)
        frame[i] = (unsigned char)((unsigned long)bytes >> 8 * (head - 1 - i));
    memset(body, 'A', bytes);
    if (json) {
        char tail[64];
        int len = snprintf(tail, sizeof tail, "\",\"chunk_index\":%lu}", index);
        memcpy(body, "{\"type\":\"audio\",\"data\":\"", 24);
        memcpy(body + bytes - len, tail, (size_t)len);
    } else {
        unsigned long little = htole64(index);
        memcpy(body, "AUR1\1\0", 6);
        memcpy(body + 8, &little, sizeof little);
    }
    return head + bytes;
}

int main(int argc, char **argv)
{
    size_t bytes = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
    unsigned char *frame = malloc(bytes + 10);
    struct rlimit limit = {LISTENERS + 64, LISTENERS + 64};
    struct timespec due;
    if (bytes < 128 || !frame)
        return 2;
    setrlimit(RLIMIT_NOFILE, &limit);
    int listening = listen_on(atoi(argv[1]));
    clock_gettime(CLOCK_MONOTONIC, &due);
    for (unsigned long index = 0;; index++) {
        size_t len = make_frame(frame, bytes, strcmp(argv[3], "json") == 0, index);
        for (size_t i = 0; i < n; i++)
            (void)!send(fds[i], frame, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        take_in(listening);
        if ((due.tv_nsec += TICK_NS) >= 1000000000L)
            due.tv_nsec -= 1000000000L, due.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    }
}
