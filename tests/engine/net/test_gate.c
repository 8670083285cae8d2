/* Who may connect, without a socket. */
#include "support/unit.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/gate.h"
#include "support/failing_alloc.h"

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage out = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&out;
    out.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET;
    assert_int_equal(
        inet_pton(out.ss_family, text, out.ss_family == AF_INET6 ? (void *)&six->sin6_addr : (void *)&four->sin_addr),
        1);
    return out;
}

static struct aur_gate *gate_of(struct aur_gate_limits limits)
{
    struct aur_gate *gate;
    assert_int_equal(aur_gate_new(&gate, &limits), AUR_OK);
    return gate;
}

/* number: stands for the connection. */
static enum aur_gate_verdict come(struct aur_gate *gate, struct aur_guest **out, void **evicted, const char *from,
                                  intptr_t number)
{
    struct sockaddr_storage storage = address(from);
    enum aur_gate_verdict verdict;
    assert_int_equal(aur_gate_enter(gate, out, &verdict, evicted, (struct sockaddr *)&storage), AUR_OK);
    if (*out)
        aur_guest_bind(*out, (void *)number);
    return verdict;
}

static void test_an_address_is_limited_and_told(void **state)
{
    (void)state;
    struct aur_gate *gate = gate_of((struct aur_gate_limits){.connections = 100, .address_connections = 3});
    struct aur_guest *guest, *first = NULL;
    void *evicted;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(come(gate, &guest, &evicted, "192.0.2.1", i + 1), AUR_GATE_ENTER);
        first = first ? first : guest;
    }
    for (int i = 0; i < AUR_GATE_TELL_ADDRESS; i++) {
        assert_int_equal(come(gate, &guest, &evicted, "192.0.2.1", i + 4), AUR_GATE_REFUSE_ADDRESS);
        assert_int_equal(aur_guest_verdict(guest), AUR_GATE_REFUSE_ADDRESS);
    }
    assert_int_equal(come(gate, &guest, &evicted, "192.0.2.1", 99), AUR_GATE_DROP_ADDRESS);
    assert_null(guest);
    assert_int_equal(come(gate, &guest, &evicted, "192.0.2.2", 100), AUR_GATE_ENTER);
    assert_int_equal(aur_gate_connections(gate), 3 + AUR_GATE_TELL_ADDRESS + 1);
    aur_gate_leave(gate, first);
    assert_int_equal(come(gate, &guest, &evicted, "192.0.2.1", 5), AUR_GATE_REFUSE_ADDRESS); /* the told ones count */
    aur_gate_free(gate);
}

static void test_listeners_of_an_address(void **state)
{
    (void)state;
    struct aur_gate *gate = gate_of((struct aur_gate_limits){.connections = 100, .address_listeners = 2});
    struct aur_guest *guests[4];
    void *evicted;
    for (int i = 0; i < 3; i++)
        come(gate, &guests[i], &evicted, "2001:db8:1:2::1", i + 1);
    come(gate, &guests[3], &evicted, "2001:db8:1:3::1", 4);
    assert_true(aur_guest_listen(gate, guests[0]));
    assert_true(aur_guest_listen(gate, guests[1]));
    assert_false(aur_guest_listen(gate, guests[2]));
    assert_true(aur_guest_listen(gate, guests[3]));
    aur_gate_leave(gate, guests[0]);
    assert_true(aur_guest_listen(gate, guests[2]));
    aur_gate_free(gate);
}

static void test_what_an_address_is(void **state)
{
    (void)state;
    struct aur_gate *gate = gate_of((struct aur_gate_limits){.connections = 100, .address_connections = 1});
    struct aur_guest *guest;
    void *evicted;
    assert_int_equal(come(gate, &guest, &evicted, "2001:db8:1:2::1", 1), AUR_GATE_ENTER);
    assert_int_equal(come(gate, &guest, &evicted, "2001:db8:1:2:ffff::9", 2), AUR_GATE_REFUSE_ADDRESS);
    assert_int_equal(come(gate, &guest, &evicted, "2001:db8:1:3::1", 3), AUR_GATE_ENTER);
    assert_int_equal(come(gate, &guest, &evicted, "127.0.0.1", 4), AUR_GATE_ENTER);
    assert_int_equal(come(gate, &guest, &evicted, "127.0.0.1", 5), AUR_GATE_REFUSE_ADDRESS);
    aur_gate_free(gate);
    gate = gate_of((struct aur_gate_limits){.connections = 100, .address_connections = 1, .spare_loopback = true});
    for (int i = 0; i < 20; i++) {
        assert_int_equal(come(gate, &guest, &evicted, i % 2 ? "127.1.2.3" : "::1", i + 1), AUR_GATE_ENTER);
        assert_true(aur_guest_listen(gate, guest));
    }
    aur_gate_free(gate);
}

static void test_who_waits_makes_room(void **state)
{
    (void)state;
    struct aur_gate *gate = gate_of((struct aur_gate_limits){.connections = 4});
    struct aur_guest *guests[5], *guest;
    void *evicted;
    for (int i = 0; i < 4; i++) {
        come(gate, &guests[i], &evicted, "192.0.2.1", i + 1);
        assert_null(evicted);
    }
    aur_guest_ask(gate, guests[0]); /* 2, 3, 4 wait */
    assert_int_equal(come(gate, &guests[4], &evicted, "192.0.2.2", 5), AUR_GATE_ENTER);
    assert_ptr_equal(evicted, (void *)2);
    aur_guest_ask(gate, guests[4]);
    aur_guest_done(gate, guests[0]);
    aur_gate_leave(gate, guests[1]); /* the one that was sent away */
    assert_int_equal(come(gate, &guest, &evicted, "192.0.2.2", 6), AUR_GATE_ENTER);
    assert_ptr_equal(evicted, (void *)1); /* it was served, and only had to go */
    aur_guest_done(gate, guests[0]);      /* it is going already: nobody takes it for one that waits */
    assert_int_equal(come(gate, &guest, &evicted, "192.0.2.2", 7), AUR_GATE_ENTER);
    assert_ptr_equal(evicted, (void *)3);
    aur_gate_free(gate);
}

static void test_full_of_those_who_asked(void **state)
{
    (void)state;
    struct aur_gate *gate = gate_of((struct aur_gate_limits){.connections = 4});
    struct aur_guest *guest;
    void *evicted;
    int told = 0;
    for (int i = 0; i < 4; i++) {
        come(gate, &guest, &evicted, "192.0.2.1", i + 1);
        aur_guest_ask(gate, guest);
    }
    for (;;) {
        enum aur_gate_verdict verdict = come(gate, &guest, &evicted, "192.0.2.2", 10);
        assert_null(evicted);
        if (verdict == AUR_GATE_DROP_TOTAL)
            break;
        assert_int_equal(verdict, AUR_GATE_REFUSE_TOTAL);
        told++; /* and it says nothing */
    }
    assert_int_equal(told, AUR_GATE_TELL_TOTAL);
    assert_int_equal(aur_gate_connections(gate), 4 + AUR_GATE_TELL_TOTAL);
    aur_gate_free(gate);
}

static void test_many_addresses(void **state)
{
    (void)state;
    struct aur_gate *gate = gate_of((struct aur_gate_limits){.connections = 5000, .address_connections = 1});
    struct aur_guest *guests[4000];
    void *evicted;
    char text[32];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 4000; i++) {
            snprintf(text, sizeof text, "10.%d.%d.1", i / 250, i % 250);
            assert_int_equal(come(gate, &guests[i], &evicted, text, i + 1), AUR_GATE_ENTER);
        }
        for (int i = 0; i < 4000; i++)
            aur_gate_leave(gate, guests[(i * 7) % 4000]);
        assert_int_equal(aur_gate_connections(gate), 0);
    }
    aur_gate_leave(gate, NULL);
    aur_gate_free(gate);
    aur_gate_free(NULL);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct sockaddr_storage from = address("192.0.2.1");
    for (long nth = 0;; nth++) {
        struct aur_gate *gate = NULL;
        struct aur_guest *guest = NULL;
        enum aur_gate_verdict verdict;
        void *evicted;
        failing_alloc_arm(nth);
        int rc = aur_gate_new(&gate, &(struct aur_gate_limits){.connections = 4});
        if (rc == AUR_OK)
            rc = aur_gate_enter(gate, &guest, &verdict, &evicted, (struct sockaddr *)&from);
        bool failed = failing_alloc_disarm();
        assert_int_equal(rc, failed ? AUR_ENOMEM : AUR_OK);
        assert_int_equal(gate ? aur_gate_connections(gate) : 0, failed ? 0 : 1);
        aur_gate_free(gate);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_is_limited_and_told),
        cmocka_unit_test(test_listeners_of_an_address),
        cmocka_unit_test(test_what_an_address_is),
        cmocka_unit_test(test_who_waits_makes_room),
        cmocka_unit_test(test_full_of_those_who_asked),
        cmocka_unit_test(test_many_addresses),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
