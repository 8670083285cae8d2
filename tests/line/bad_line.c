/* A bad line between two network namespaces, for tests of what listeners hear over one. A program with one thread.
 *
 *     bad_line NAMESPACE NAMESPACE SEED
 *
 * It opens a TUN device named "line" in each and carries packets between them; who runs it sets addresses up. Packets stay
 * in order, as on most real lines: what is delayed holds up what is behind it. Commands come on standard input, one a line:
 *
 *     line DELAY_MS JITTER_MS LOSS   from now on: each burst of packets takes DELAY plus up to JITTER, evenly drawn; LOSS, a
 *                                    share of 1, of the packets are lost
 *     stall MS                       nothing passes for so long; then everything that waits does
 *     drop MS                        everything is lost for so long
 *     reset MS                       for so long TCP connections are reset, as by a middlebox that has forgotten them
 *
 * It prints "ready" once packets pass, and on the end of its input how many it carried, lost and reset. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET_BYTES 1600
#define QUEUE        4096 /* packets in each direction; what is more is lost */
#define NS_PER_MS    UINT64_C(1000000)
#define QUIET_NS     (10 * NS_PER_MS) /* after this a burst is a new one, and its delay is drawn anew */

struct packet {
    uint64_t due_ns;
    size_t len;
    unsigned char bytes[PACKET_BYTES];
};

struct way { /* one direction */
    int from, to;
    struct packet *queue;
    size_t first, n;
    uint64_t seen_ns, last_due_ns, delay_ns; /* of the burst that passes */
};

struct line {
    struct way ways[2];
    double delay_ms, jitter_ms, loss;
    uint64_t stall_until, drop_until, reset_until;
    uint64_t chance;
    unsigned long carried, lost, resets;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * NS_PER_MS + (uint64_t)t.tv_nsec;
}

/* Evenly in [0, 1): the same for the same seed. */
static double draw(struct line *line)
{
    line->chance ^= line->chance << 13;
    line->chance ^= line->chance >> 7;
    line->chance ^= line->chance << 17;
    return (double)(line->chance >> 11) / 9007199254740992.0;
}

static void fail(const char *what)
{
    fprintf(stderr, "bad_line: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int open_tun(const char *name)
{
    char path[256];
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(path, sizeof path, "/run/netns/%s", name);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) != 0)
        fail(path);
    close(space);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    strcpy(request.ifr_name, "line");
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
        fail("/dev/net/tun");
    return fd;
}

/* ---- resets ---- */

static uint32_t add_words(uint32_t sum, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

struct segment { /* IPv4 without options, TCP without options or data */
    struct iphdr ip;
    struct tcphdr tcp;
};

static void send_reset(int fd, struct segment *s)
{
    s->ip = (struct iphdr){.version = 4,
                           .ihl = 5,
                           .tot_len = htons(sizeof *s),
                           .ttl = 64,
                           .protocol = IPPROTO_TCP,
                           .saddr = s->ip.saddr,
                           .daddr = s->ip.daddr};
    s->ip.check = fold(add_words(0, &s->ip, sizeof s->ip));
    s->tcp.doff = 5;
    s->tcp.rst = 1;
    s->tcp.check = 0;
    uint32_t sum = add_words(IPPROTO_TCP + sizeof s->tcp, &s->ip.saddr, 8); /* the pseudo-header */
    s->tcp.check = fold(add_words(sum, &s->tcp, sizeof s->tcp));
    if (write(fd, s, sizeof *s) < 0 && errno != EAGAIN)
        fail("write");
}

/* Both ends of the packet's connection are told that it is no more. */
static void reset_both(struct line *line, const struct way *way, const unsigned char *packet, size_t len)
{
    struct iphdr ip;
    struct tcphdr tcp;
    if (len < sizeof ip)
        return;
    memcpy(&ip, packet, sizeof ip);
    if (ip.version != 4 || ip.protocol != IPPROTO_TCP || len < ip.ihl * 4u + sizeof tcp)
        return;
    memcpy(&tcp, packet + ip.ihl * 4u, sizeof tcp);
    if (tcp.rst)
        return;
    struct segment on = {.ip = ip, .tcp = {.source = tcp.source, .dest = tcp.dest, .seq = tcp.seq}};
    struct segment back = {.ip = ip, .tcp = {.source = tcp.dest, .dest = tcp.source, .seq = tcp.ack_seq}};
    back.ip.saddr = ip.daddr;
    back.ip.daddr = ip.saddr;
    if (tcp.syn && !tcp.ack) {
        back.tcp.seq = 0;
        back.tcp.ack = 1;
        back.tcp.ack_seq = htonl(ntohl(tcp.seq) + 1);
    } else {
        send_reset(way->to, &on);
    }
    send_reset(way->from, &back);
    line->resets++;
}

/* ---- carrying ---- */

static void enqueue(struct line *line, struct way *way, const unsigned char *bytes, size_t len, uint64_t now)
{
    if (now < line->drop_until || way->n == QUEUE || draw(line) < line->loss) {
        line->lost++;
        return;
    }
    if (now - way->seen_ns > QUIET_NS)
        way->delay_ns = (uint64_t)((line->delay_ms + line->jitter_ms * draw(line)) * (double)NS_PER_MS);
    way->seen_ns = now;
    uint64_t due = now + way->delay_ns;
    if (due < line->stall_until)
        due = line->stall_until;
    if (due < way->last_due_ns)
        due = way->last_due_ns;
    way->last_due_ns = due;
    struct packet *packet = &way->queue[(way->first + way->n++) % QUEUE];
    packet->due_ns = due;
    packet->len = len;
    memcpy(packet->bytes, bytes, len);
}

static void take_in(struct line *line, struct way *way)
{
    unsigned char bytes[PACKET_BYTES];
    for (;;) {
        ssize_t len = read(way->from, bytes, sizeof bytes);
        uint64_t now = now_ns();
        if (len <= 0)
            return;
        if (now < line->reset_until)
            reset_both(line, way, bytes, (size_t)len);
        else
            enqueue(line, way, bytes, (size_t)len, now);
    }
}

static void put_out(struct line *line, struct way *way, uint64_t now)
{
    while (way->n > 0 && way->queue[way->first].due_ns <= now) {
        const struct packet *packet = &way->queue[way->first];
        if (now < line->stall_until)
            return;
        if (write(way->to, packet->bytes, packet->len) < 0)
            line->lost++; /* the device's own queue is full */
        else
            line->carried++;
        way->first = (way->first + 1) % QUEUE;
        way->n--;
    }
}

static void obey(struct line *line, const char *text)
{
    char verb[16] = "";
    double a = 0, b = 0, c = 0;
    int n = sscanf(text, "%15s %lf %lf %lf", verb, &a, &b, &c);
    uint64_t until = now_ns() + (uint64_t)(a * (double)NS_PER_MS);
    if (strcmp(verb, "line") == 0 && n == 4) {
        line->delay_ms = a;
        line->jitter_ms = b;
        line->loss = c;
    } else if (strcmp(verb, "stall") == 0 && n == 2) {
        line->stall_until = until;
    } else if (strcmp(verb, "drop") == 0 && n == 2) {
        line->drop_until = until;
    } else if (strcmp(verb, "reset") == 0 && n == 2) {
        line->reset_until = until;
    } else {
        fprintf(stderr, "bad_line: not understood: %s\n", text);
    }
}

/* False: there is no more to come. */
static bool read_commands(struct line *line)
{
    static char text[1024];
    static size_t have;
    ssize_t len = read(0, text + have, sizeof text - 1 - have);
    if (len <= 0)
        return false;
    have += (size_t)len;
    for (char *end; (end = memchr(text, '\n', have)) != NULL;) {
        *end = '\0';
        obey(line, text);
        size_t used = (size_t)(end + 1 - text);
        have -= used;
        memmove(text, end + 1, have);
    }
    return true;
}

/* When the next packet is to go on, or within a second. */
static struct timespec pause_until_due(const struct line *line)
{
    uint64_t now = now_ns(), wait = 1000 * NS_PER_MS - 1;
    for (int i = 0; i < 2; i++) {
        const struct way *way = &line->ways[i];
        if (way->n == 0)
            continue;
        uint64_t due = way->queue[way->first].due_ns;
        if (due < line->stall_until)
            due = line->stall_until;
        uint64_t left = due > now ? due - now : 0;
        wait = left < wait ? left : wait;
    }
    return (struct timespec){.tv_nsec = (long)wait};
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "bad_line NAMESPACE NAMESPACE SEED\n");
        return 2;
    }
    struct line line = {.chance = UINT64_C(0x9e3779b97f4a7c15) ^ strtoull(argv[3], NULL, 10)};
    int fds[2] = {open_tun(argv[1]), open_tun(argv[2])};
    for (int i = 0; i < 2; i++) {
        line.ways[i] = (struct way){.from = fds[i], .to = fds[1 - i], .queue = calloc(QUEUE, sizeof(struct packet))};
        if (!line.ways[i].queue)
            fail("memory");
    }
    printf("ready\n");
    fflush(stdout);
    struct pollfd polled[] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}, {0, POLLIN, 0}};
    for (bool more = true; more;) {
        struct timespec pause = pause_until_due(&line);
        if (ppoll(polled, 3, &pause, NULL) < 0 && errno != EINTR)
            fail("poll");
        for (int i = 0; i < 2; i++) {
            take_in(&line, &line.ways[i]);
            put_out(&line, &line.ways[i], now_ns());
        }
        if (polled[2].revents)
            more = read_commands(&line);
    }
    printf("%lu packets carried, %lu lost, %lu reset\n", line.carried, line.lost, line.resets);
    return 0;
}
