/* Thousands of listeners in one process: load [OPTIONS], which prints one line of JSON.
 *
 *   --port N --path P   of the server on this machine; /ws/stream?format=json
 *   --kind K            json, binary (pcm, flac and opus), counted (messages that are not looked into), ogg (HTTP)
 *   --listeners N       100
 *   --settle S          seconds before measuring, once all are there; 2
 *   --seconds S         measured; 10
 *   --pid N             the server's process, whose CPU time is taken over the measured time
 *   --slow N            of the listeners stop reading once they are there
 *   --storm N           of the listeners come and go, each about once a second
 *   --each FILE         writes what every listener got: number, chunks, lost, worst lateness in ms
 *
 * A listener has lost what its chunk numbers skip from its first chunk on, and at the end what others got and it did not
 * within a second. What late means stands in support/lateness.h: the publishing, the sending, the way and the reading here
 * count. Slow ones and comers and goers are in neither.
 * Every listener comes from an address of its own (127.1.0.0/16), so that limits by address need no lifting. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/ear.h"
#include "support/lateness.h"
#include "support/usage.h"

#define AT_ONCE   128 /* connections under way */
#define ALL_IN_NS INT64_C(60000000000)
#define DRAIN_NS  INT64_C(1000000000)

struct listener {
    struct load *load;
    struct ear ear;
    int fd;
    bool there, begun, counted;
    uint64_t next, chunks, lost;
    int64_t worst_ns; /* arrival - due */
};

struct load {
    int port, pid, epoll;
    const char *path, *each;
    enum ear_kind kind;
    size_t n, slow, storm, started, there, closed, broken, rejoined;
    double settle, seconds, in_s;
    struct listener *listeners;
    bool open; /* measuring, or draining */
    uint64_t newest, from, to;
    uint64_t messages, bytes;
    int64_t now;
    struct lateness lateness;
    unsigned char buffer[1 << 17];
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- chunks ---- */

static void take_sample(struct load *load, struct listener *l, const struct ear_event *event)
{
    int64_t late = load->now - event->due_ns, first = lateness_first(&load->lateness, event->index, load->now);
    if (!load->open || event->index < load->from || event->index > load->to)
        return;
    if (!lateness_add(&load->lateness, late, load->now - first))
        die("samples");
    if (!l->chunks++ || late > l->worst_ns)
        l->worst_ns = late;
}

static void pong(struct listener *l, const struct ear_event *event)
{
    unsigned char frame[6 + 64] = {0x8a, (unsigned char)(0x80 | event->len)}; /* masked with zeros */
    if (event->len > 64)
        return;
    memcpy(frame + 6, event->bytes, event->len);
    (void)!send(l->fd, frame, 6 + event->len, MSG_NOSIGNAL);
}

static void heard(void *user, const struct ear_event *event)
{
    struct listener *l = user;
    struct load *load = l->load;
    if (event->type == EAR_PING)
        pong(l, event);
    if (event->type != EAR_CHUNK)
        return;
    load->messages++;
    if (!l->counted)
        return;
    if (l->begun && event->index > l->next)
        l->lost += event->index - l->next;
    l->begun = true;
    l->next = event->index + 1;
    load->newest = event->index > load->newest ? event->index : load->newest;
    take_sample(load, l, event);
}

/* ---- connections ---- */

static void watch(struct listener *l, uint32_t events, int how)
{
    struct epoll_event event = {.events = events, .data.ptr = l};
    if (epoll_ctl(l->load->epoll, how, l->fd, &event) != 0)
        die("epoll_ctl");
}

static void start(struct load *load, struct listener *l)
{
    uint32_t number = (uint32_t)(l - load->listeners);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)}, from = to;
    const int one = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    from.sin_addr.s_addr = htonl((127u << 24 | 1u << 16) + number + 1);
    from.sin_port = 0;
    ear_init(&l->ear, load->kind);
    l->there = l->begun = false;
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        die("socket");
    setsockopt(l->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(l->fd, (struct sockaddr *)&from, sizeof from) != 0)
        die("bind");
    if (connect(l->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
        die("connect");
    watch(l, EPOLLOUT, EPOLL_CTL_ADD);
}

/* Without a wait in the kernel: thousands are gone before the next run. */
static void hang_up(struct listener *l)
{
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};
    if (l->fd < 0)
        return;
    setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(l->fd);
    l->fd = -1;
}

static void ask(struct listener *l)
{
    char text[512];
    size_t n = ear_request(text, sizeof text, l->load->kind, l->load->path, l->load->port);
    if (send(l->fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
        die("cannot ask for the stream");
    watch(l, EPOLLIN, EPOLL_CTL_MOD);
}

static void lose(struct listener *l, bool broken)
{
    hang_up(l);
    l->load->closed++;
    l->load->broken += broken;
}

static void answered(struct listener *l)
{
    struct load *load = l->load;
    if (l->ear.status != (load->kind == EAR_OGG ? 200 : 101)) {
        fprintf(stderr, "load: the server answers %d\n", l->ear.status);
        lose(l, true);
        exit(1);
    }
    l->there = true;
    load->there++;
    if ((size_t)(l - load->listeners) >= load->n - load->slow)
        watch(l, 0, EPOLL_CTL_MOD);
}

static void listen_to(struct load *load, struct listener *l)
{
    ssize_t n = recv(l->fd, load->buffer, sizeof load->buffer, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    load->now = now_ns();
    if (n <= 0) {
        lose(l, false);
        return;
    }
    load->bytes += (uint64_t)n;
    if (!ear_feed(&l->ear, load->buffer, (size_t)n, heard, l))
        lose(l, true);
    else if (!l->there && l->ear.status)
        answered(l);
}

static void serve(struct load *load, int timeout_ms)
{
    struct epoll_event events[256];
    int n = epoll_wait(load->epoll, events, 256, timeout_ms);
    for (int i = 0; i < n; i++) {
        struct listener *l = events[i].data.ptr;
        if (events[i].events & EPOLLOUT)
            ask(l);
        else if (l->fd >= 0)
            listen_to(load, l);
    }
}

/* Those that come and go are the first; each in its turn. */
static void storm(struct load *load, double *due)
{
    int64_t now = now_ns();
    while (load->storm && (double)now > *due) {
        struct listener *l = &load->listeners[load->rejoined++ % load->storm];
        *due += 1e9 / (double)load->storm;
        if (!l->there && l->fd >= 0)
            continue; /* not in yet */
        load->there -= l->there;
        hang_up(l);
        start(load, l);
    }
}

static void serve_for(struct load *load, double seconds)
{
    double due = (double)now_ns();
    for (int64_t end = now_ns() + (int64_t)(seconds * 1e9); now_ns() < end;) {
        storm(load, &due);
        serve(load, 10);
    }
}

static void all_in(struct load *load)
{
    const int64_t begin = now_ns();
    while (load->there < load->n) {
        if (now_ns() > begin + ALL_IN_NS || load->closed) {
            fprintf(stderr, "load: %zu of %zu listeners came in, %zu were hung up on\n", load->there, load->n,
                    load->closed);
            exit(1);
        }
        while (load->started < load->n && load->started - load->there < AT_ONCE)
            start(load, &load->listeners[load->started++]);
        serve(load, 10);
    }
    load->in_s = 1e-9 * (double)(now_ns() - begin);
}

/* ---- what came of it ---- */

static void print_lateness(struct load *load)
{
    if (!load->lateness.n)
        die("no chunk came");
    int64_t zero = lateness_print(&load->lateness);
    FILE *each = load->each ? fopen(load->each, "w") : NULL;
    for (size_t i = 0; each && i < load->n; i++) {
        const struct listener *l = &load->listeners[i];
        fprintf(each, "%zu %" PRIu64 " %" PRIu64 " %.3f\n", i, l->chunks, l->lost, 1e-6 * (double)(l->worst_ns - zero));
    }
    if (load->each && (!each || fclose(each) != 0))
        die(load->each);
}

static void print_losses(struct load *load)
{
    uint64_t lost = 0, hurt = 0;
    for (size_t i = 0; i < load->n; i++) {
        struct listener *l = &load->listeners[i];
        if (l->counted && l->next <= load->to)
            l->lost += load->to + 1 - l->next;
        lost += l->lost;
        hurt += l->lost > 0;
    }
    printf(",\"lost\":%" PRIu64 ",\"listeners_with_loss\":%" PRIu64 ",\"closed\":%zu,\"broken\":%zu,\"rejoined\":%zu",
           lost, hurt, load->closed, load->broken, load->rejoined);
}

static void measure(struct load *load)
{
    struct usage before = {0, 0}, after = {0, 0}, mine, mine_after;
    if (load->pid && !usage_read(&before, load->pid))
        die("--pid");
    usage_read(&mine, getpid());
    int64_t begin = now_ns();
    uint64_t messages = load->messages, bytes = load->bytes;
    load->from = load->newest + 1;
    load->to = UINT64_MAX;
    load->open = true;
    serve_for(load, load->seconds);
    load->to = load->newest;
    messages = load->messages - messages;
    bytes = load->bytes - bytes;
    double wall = 1e-9 * (double)(now_ns() - begin);
    if (load->pid && !usage_read(&after, load->pid))
        die("the server is gone");
    usage_read(&mine_after, getpid());
    for (int64_t end = now_ns() + DRAIN_NS; now_ns() < end;)
        serve(load, 10);
    printf("{\"listeners\":%zu,\"in_s\":%.2f,\"chunks\":%" PRIu64 ",\"messages\":%" PRIu64 ",\"bytes\":%" PRIu64
           ",\"wall_s\":%.3f,"
           "\"cpu_s\":%.4f,\"main_cpu_s\":%.4f,\"load_cpu_s\":%.4f",
           load->n, load->in_s, load->to + 1 - load->from, messages, bytes, wall,
           1e-9 * (double)(after.all_ns - before.all_ns), 1e-9 * (double)(after.main_ns - before.main_ns),
           1e-9 * (double)(mine_after.all_ns - mine.all_ns));
    print_losses(load);
    print_lateness(load);
    printf("}\n");
}

static bool find_kind(enum ear_kind *out, const char *name)
{
    static const char *const kinds[EAR_KINDS] = {"json", "binary", "counted", "ogg"};
    for (*out = EAR_JSON; *out < EAR_KINDS; ++*out)
        if (strcmp(kinds[*out], name) == 0)
            return true;
    return false;
}

static bool set_option(struct load *load, const char *name, const char *value)
{
    const struct {
        const char *name;
        int *number;
        size_t *count;
        double *seconds;
        const char **text;
    } options[] = {
        {.name = "--port", .number = &load->port},        {.name = "--pid", .number = &load->pid},
        {.name = "--listeners", .count = &load->n},       {.name = "--slow", .count = &load->slow},
        {.name = "--storm", .count = &load->storm},       {.name = "--settle", .seconds = &load->settle},
        {.name = "--seconds", .seconds = &load->seconds}, {.name = "--path", .text = &load->path},
        {.name = "--each", .text = &load->each},
    };
    if (strcmp(name, "--kind") == 0)
        return find_kind(&load->kind, value);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(options[i].name, name) != 0)
            continue;
        if (options[i].number)
            *options[i].number = (int)strtol(value, NULL, 10);
        if (options[i].count)
            *options[i].count = strtoul(value, NULL, 10);
        if (options[i].seconds)
            *options[i].seconds = strtod(value, NULL);
        if (options[i].text)
            *options[i].text = value;
        return true;
    }
    return false;
}

static bool read_options(struct load *load, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2)
        if (i + 1 == argc || !set_option(load, argv[i], argv[i + 1]))
            return false;
    return load->port && load->n && load->n <= 50000 && load->slow + load->storm < load->n;
}

int main(int argc, char **argv)
{
    struct load *load = calloc(1, sizeof *load);
    if (!load)
        die("load");
    load->n = 100;
    load->path = "/ws/stream?format=json";
    load->settle = 2;
    load->seconds = 10;
    if (!read_options(load, argc, argv)) {
        fprintf(stderr, "load: see the head of bench/load.c\n");
        free(load);
        return 2;
    }
    struct rlimit limit = {load->n + 64, load->n + 64}, now;
    if (getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur < limit.rlim_cur && setrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("descriptors (ulimit -n)");
    load->listeners = calloc(load->n, sizeof *load->listeners);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!load->listeners || load->epoll < 0)
        die("epoll");
    for (size_t i = 0; i < load->n; i++) {
        load->listeners[i].load = load;
        load->listeners[i].fd = -1;
        load->listeners[i].counted = i >= load->storm && i < load->n - load->slow;
    }
    all_in(load);
    serve_for(load, load->settle);
    measure(load);
    for (size_t i = 0; i < load->n; i++)
        hang_up(&load->listeners[i]);
    free(load->listeners);
    lateness_deinit(&load->lateness);
    free(load);
    return 0;
}
