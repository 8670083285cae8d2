/* Clients that take their time: with headers, with a body, with reading a reply, with reading the stream. */
#include "support/unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_channel.h"
#include "host.h"
#include "peer.h"

#define FILE_BYTES 8000000

/* Sends a piece now and then until the server answers or hangs up. */
static void dawdle(struct peer *peer, const char *piece)
{
    struct pollfd wait = {.fd = peer->fd, .events = POLLIN};
    for (int i = 0; i < 500 && poll(&wait, 1, 20) == 0; i++)
        peer_send(peer, piece, strlen(piece));
    assert_true(wait.revents & POLLIN);
}

static void assert_too_slow(struct peer *peer)
{
    struct peer_reply reply;
    peer_reply(peer, &reply, false);
    assert_int_equal(reply.status, 408);
    assert_non_null(strstr(reply.body, "\"TOO_SLOW\""));
    free(reply.body);
}

static void test_headers_and_body_have_a_time_limit(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    struct aur_server_config config = {.header_ms = 200, .body_ms = 200};
    const char *lines = "GET / HTTP/1.1\r\nHost: localhost\r\n",
               *post = "POST /api/v1/control HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n";
    fake_reset(100);
    host_start(&host, &config);
    peer_connect(&peer, host.port, 0);
    peer_send(&peer, lines, strlen(lines));
    dawdle(&peer, "X-More: 1\r\n");
    assert_too_slow(&peer);
    peer_close(&peer);
    peer_connect(&peer, host.port, 0);
    peer_send(&peer, post, strlen(post));
    dawdle(&peer, " ");
    assert_too_slow(&peer);
    peer_close(&peer);
    assert_int_equal(fake_controls_set(), 0);
    host_counts(&host, AUR_COUNT_CUT_HEADERS, 1);
    host_counts(&host, AUR_COUNT_CUT_BODY, 1);
    host_counts(&host, AUR_COUNT_DROPPED_UNREADABLE, 0);
    host_stop(&host);
}

static void test_who_says_nothing_is_hung_up_on(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    struct aur_server_config config = {.header_ms = 50};
    char byte;
    fake_reset(100);
    host_start(&host, &config);
    peer_connect(&peer, host.port, 0);
    assert_int_equal(read(peer.fd, &byte, 1), 0);
    peer_close(&peer);
    host_counts(&host, AUR_COUNT_DROPPED_SILENT, 1);
    host_stop(&host);
}

static void write_file(char *dir)
{
    char path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/big.txt", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < FILE_BYTES / 100; i++)
        fprintf(file, "%99d\n", i);
    assert_int_equal(fclose(file), 0);
}

/* What comes of the file to a client that begins to read only after a while. */
static size_t read_late(int port, int wait_ms)
{
    static const char request[] = "GET /big.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct peer peer;
    size_t got = 0;
    ssize_t n;
    char block[65536];
    peer_connect(&peer, port, 4096);
    peer_send(&peer, request, strlen(request));
    poll(NULL, 0, wait_ms);
    while ((n = read(peer.fd, block, sizeof block)) > 0)
        got += (size_t)n;
    peer_close(&peer);
    return got;
}

static void test_a_reply_that_nobody_reads_is_given_up(void **state)
{
    (void)state;
    struct host host;
    char dir[] = "/tmp/aur_slow_XXXXXX", path[64];
    struct aur_server_config config = {.client_dir = dir, .reply_ms = 100, .pace_bytes = 1 << 30};
    write_file(dir);
    fake_reset(100);
    host_start(&host, &config);
    assert_true(read_late(host.port, 600) < FILE_BYTES);
    host_counts(&host, AUR_COUNT_CUT_READER, 1);
    host_stop(&host);
    config.pace_bytes = FILE_BYTES / 8; /* eight seconds more */
    host_start(&host, &config);
    assert_true(read_late(host.port, 600) > FILE_BYTES);
    host_stop(&host);
    snprintf(path, sizeof path, "%s/big.txt", dir);
    unlink(path);
    rmdir(dir);
}

static void test_a_listener_that_takes_nothing_is_cut(void **state)
{
    (void)state;
    struct host host;
    struct peer peer, other;
    struct aur_server_config config = {.ping_ms = 50, .timeout_ms = 1000};
    fake_reset(60000);
    host_start(&host, &config);
    peer_connect(&peer, host.port, 4096);
    struct peer_reply reply;
    peer_http(&peer, &reply,
              "GET /ws/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    free(reply.body);
    peer_listen(&other, host.port);
    free(peer_message_of(&other, "status"));
    for (int i = 0; fake_listeners() != 2 && i < 1000; i++)
        poll(NULL, 0, 10);
    int rounds = 0;
    for (; fake_listeners() != 1 && rounds < 1000; rounds++) { /* alive, but deaf */
        fake_publish(1);
        host_notify(&host);
        if (fake_listeners() == 2)
            (void)!write(peer.fd, "\x8a\x84\0\0\0\0aura", 10); /* a pong; the library tells nothing of an empty one */
        free(peer_message_of(&other, "audio"));
        poll(NULL, 0, 5);
    }
    assert_true(rounds < 1000);
    host_counts(&host, AUR_COUNT_CLOSED_SLOW, 1);
    host_counts(&host, AUR_COUNT_CLOSED_PROTOCOL, 0);
    peer_close(&peer);
    peer_close(&other);
    host_stop(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers_and_body_have_a_time_limit),
        cmocka_unit_test(test_who_says_nothing_is_hung_up_on),
        cmocka_unit_test(test_a_reply_that_nobody_reads_is_given_up),
        cmocka_unit_test(test_a_listener_that_takes_nothing_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
