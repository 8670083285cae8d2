/* Connections by address: a hash table whose key nobody outside knows, so that addresses cannot be chosen to collide, and a
 * list of those that wait, the next to go first. On the network thread. */
#include "net/gate.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/hash.h"

#define BUCKETS_MIN 64

struct house { /* an address with its guests */
    struct house *next;
    uint64_t key[2];
    uint32_t connections, listeners;
    bool spared;
};

struct aur_guest {
    struct aur_guest *next, *prev; /* all guests */
    struct aur_guest *after, *before;
    struct house *house;
    void *connection;
    enum aur_gate_verdict verdict;
    bool waits, asked, leaving, listens;
};

struct aur_gate {
    struct aur_gate_limits limits;
    uint64_t secret;
    struct house **buckets;
    size_t n_buckets;                        /* a power of two */
    struct aur_guest *guests, *first, *last; /* first to last: who waits */
    uint32_t n, leaving, told; /* leaving, told: among n, sent away or let in to hear that there are too many */
};

/* ---- addresses ---- */

static bool is_loopback(const struct sockaddr *from)
{
    if (from->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)from)->sin6_addr);
    return from->sa_family == AF_INET &&
           ntohl(((const struct sockaddr_in *)(const void *)from)->sin_addr.s_addr) >> 24 == 127;
}

static void key_of(uint64_t key[2], const struct sockaddr *from)
{
    key[0] = from->sa_family;
    key[1] = 0;
    if (from->sa_family == AF_INET)
        key[1] = ((const struct sockaddr_in *)(const void *)from)->sin_addr.s_addr;
    else if (from->sa_family == AF_INET6)
        memcpy(&key[1], &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, sizeof key[1]);
}

static struct house **bucket_of(const struct aur_gate *gate, const uint64_t key[2])
{
    uint64_t mixed = aur_mix64(aur_mix64(key[1] ^ gate->secret) + key[0] + gate->secret);
    return &gate->buckets[mixed & (gate->n_buckets - 1)];
}

/* Made if it is not there. */
static struct house *house_of(struct aur_gate *gate, const struct sockaddr *from)
{
    uint64_t key[2];
    key_of(key, from);
    struct house **bucket = bucket_of(gate, key);
    for (struct house *house = *bucket; house; house = house->next)
        if (house->key[0] == key[0] && house->key[1] == key[1])
            return house;
    struct house *house = calloc(1, sizeof *house);
    if (!house)
        return NULL;
    *house = (struct house){
        .next = *bucket, .key = {key[0], key[1]}, .spared = gate->limits.spare_loopback && is_loopback(from)};
    return *bucket = house;
}

static void drop_if_empty(struct aur_gate *gate, struct house *house)
{
    struct house **at = bucket_of(gate, house->key);
    if (house->connections)
        return;
    while (*at != house)
        at = &(*at)->next;
    *at = house->next;
    free(house);
}

/* ---- who waits ---- */

static void stop_waiting(struct aur_gate *gate, struct aur_guest *guest)
{
    if (!guest->waits)
        return;
    *(guest->before ? &guest->before->after : &gate->first) = guest->after;
    *(guest->after ? &guest->after->before : &gate->last) = guest->before;
    guest->after = guest->before = NULL;
    guest->waits = false;
}

static void wait_last(struct aur_gate *gate, struct aur_guest *guest)
{
    guest->before = gate->last;
    *(gate->last ? &gate->last->after : &gate->first) = guest;
    gate->last = guest;
    guest->waits = true;
}

static void wait_first(struct aur_gate *gate, struct aur_guest *guest)
{
    guest->after = gate->first;
    *(gate->first ? &gate->first->before : &gate->last) = guest;
    gate->first = guest;
    guest->waits = true;
}

/* ---- coming and going ---- */

int aur_gate_new(struct aur_gate **out, const struct aur_gate_limits *limits)
{
    struct aur_gate *gate = calloc(1, sizeof *gate);
    if (!gate)
        return AUR_ENOMEM;
    gate->limits = *limits;
    gate->n_buckets = BUCKETS_MIN;
    while (gate->n_buckets < limits->connections && gate->n_buckets < (size_t)1 << 20)
        gate->n_buckets *= 2;
    gate->buckets = calloc(gate->n_buckets, sizeof(struct house *));
    if (!gate->buckets || getrandom(&gate->secret, sizeof gate->secret, 0) != (ssize_t)sizeof gate->secret) {
        aur_gate_free(gate);
        return AUR_ENOMEM;
    }
    *out = gate;
    return AUR_OK;
}

void aur_gate_free(struct aur_gate *gate)
{
    while (gate && gate->guests)
        aur_gate_leave(gate, gate->guests);
    free(gate ? gate->buckets : NULL);
    free(gate);
}

static enum aur_gate_verdict judge(const struct aur_gate *gate, const struct house *house)
{
    uint32_t may = gate->limits.address_connections, total = gate->limits.connections;
    if (may && !house->spared && house->connections >= may)
        return house->connections < may + AUR_GATE_TELL_ADDRESS ? AUR_GATE_REFUSE_ADDRESS : AUR_GATE_DROP_ADDRESS;
    if (gate->n - gate->leaving - gate->told < total || gate->first)
        return AUR_GATE_ENTER;
    return gate->told < AUR_GATE_TELL_TOTAL ? AUR_GATE_REFUSE_TOTAL : AUR_GATE_DROP_TOTAL;
}

/* The next to go, NULL if there is room; the newcomer is counted. */
static void *evict(struct aur_gate *gate)
{
    struct aur_guest *guest = gate->first;
    if (gate->n - gate->leaving - gate->told <= gate->limits.connections || !guest)
        return NULL;
    stop_waiting(gate, guest);
    guest->leaving = true;
    gate->leaving++;
    return guest->connection;
}

static struct aur_guest *add(struct aur_gate *gate, struct house *house, enum aur_gate_verdict verdict)
{
    struct aur_guest *guest = calloc(1, sizeof *guest);
    if (!guest)
        return NULL;
    guest->house = house;
    guest->verdict = verdict;
    guest->next = gate->guests;
    if (guest->next)
        guest->next->prev = guest;
    gate->guests = guest;
    gate->n++;
    gate->told += verdict == AUR_GATE_REFUSE_TOTAL;
    house->connections++;
    return guest;
}

int aur_gate_enter(struct aur_gate *gate, struct aur_guest **out, enum aur_gate_verdict *verdict, void **evicted,
                   const struct sockaddr *from)
{
    struct house *house = house_of(gate, from);
    *out = NULL;
    *evicted = NULL;
    if (!house)
        return AUR_ENOMEM;
    *verdict = judge(gate, house);
    bool enters = *verdict < AUR_GATE_DROP_ADDRESS;
    if (enters)
        *out = add(gate, house, *verdict);
    if (*out && *verdict != AUR_GATE_REFUSE_TOTAL) {
        *evicted = evict(gate);
        wait_last(gate, *out);
    }
    int rc = enters && !*out ? AUR_ENOMEM : AUR_OK;
    drop_if_empty(gate, house);
    return rc;
}

void aur_gate_leave(struct aur_gate *gate, struct aur_guest *guest)
{
    if (!guest)
        return;
    stop_waiting(gate, guest);
    *(guest->prev ? &guest->prev->next : &gate->guests) = guest->next;
    if (guest->next)
        guest->next->prev = guest->prev;
    gate->n--;
    gate->leaving -= guest->leaving;
    gate->told -= guest->verdict == AUR_GATE_REFUSE_TOTAL;
    guest->house->connections--;
    guest->house->listeners -= guest->listens;
    drop_if_empty(gate, guest->house);
    free(guest);
}

uint32_t aur_gate_connections(const struct aur_gate *gate)
{
    return gate->n;
}

bool aur_gate_crowded(const struct aur_gate *gate)
{
    return gate->leaving >= AUR_GATE_LEAVING;
}

void aur_guest_bind(struct aur_guest *guest, void *connection)
{
    guest->connection = connection;
}

enum aur_gate_verdict aur_guest_verdict(const struct aur_guest *guest)
{
    return guest->verdict;
}

void aur_guest_ask(struct aur_gate *gate, struct aur_guest *guest)
{
    guest->asked = true;
    stop_waiting(gate, guest);
}

bool aur_guest_asked(const struct aur_guest *guest)
{
    return guest->asked || guest->leaving;
}

void aur_guest_done(struct aur_gate *gate, struct aur_guest *guest)
{
    if (guest->leaving || guest->verdict == AUR_GATE_REFUSE_TOTAL)
        return;
    stop_waiting(gate, guest);
    wait_first(gate, guest);
}

bool aur_guest_listen(const struct aur_gate *gate, struct aur_guest *guest)
{
    uint32_t may = gate->limits.address_listeners;
    if (may && !guest->house->spared && guest->house->listeners >= may)
        return false;
    guest->house->listeners += !guest->listens;
    guest->listens = true;
    return true;
}
