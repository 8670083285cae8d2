/* Hundreds of listeners at once: everyone gets everything, whoever comes, goes or stalls beside them. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fake_channel.h"
#include "host.h"
#include "peer.h"

#define LISTENERS 300
#define STEPS     30

static void come_in(struct peer *peer, int port, int receive_bytes)
{
    struct peer_reply reply;
    peer_connect(peer, port, receive_bytes);
    peer_http(peer, &reply,
              "GET /ws/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    assert_int_equal(reply.status, 101);
    free(reply.body);
}

static void publish(struct host *host, unsigned chunks)
{
    fake_publish(chunks);
    host_notify(host);
}

/* Without a goodbye, as a lost line ends. */
static void vanish(struct peer *peer)
{
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    peer_close(peer);
}

static void test_everyone_gets_every_chunk(void **state)
{
    (void)state;
    static struct peer peers[LISTENERS];
    struct host host;
    struct aur_server_config config = {.max_clients = LISTENERS + 1};
    fake_reset(2000);
    host_start(&host, &config);
    for (int i = 0; i < LISTENERS; i++) {
        come_in(&peers[i], host.port, 0);
        free(peer_message_of(&peers[i], "status"));
    }
    assert_int_equal(fake_listeners(), LISTENERS);
    long next = 0;
    for (int step = 0; step < STEPS; step++) {
        unsigned chunks = 1 + (unsigned)step % 3;
        publish(&host, chunks);
        for (int i = 0; i < LISTENERS; i++)
            for (unsigned c = 0; c < chunks; c++)
                assert_int_equal(peer_chunk(&peers[i]), next + c);
        next += chunks;
    }
    for (int i = 0; i < LISTENERS; i++)
        peer_close(&peers[i]);
    host_stop(&host);
}

static void test_who_comes_and_goes_costs_the_others_nothing(void **state)
{
    (void)state;
    static struct peer stay[LISTENERS / 3], restless[LISTENERS / 3];
    const int n = LISTENERS / 3;
    struct host host;
    struct aur_server_config config = {.max_clients = 2 * LISTENERS};
    fake_reset(2000);
    host_start(&host, &config);
    for (int i = 0; i < n; i++) { /* in turns, so that each goes from between two who stay */
        come_in(&stay[i], host.port, 0);
        free(peer_message_of(&stay[i], "status"));
        come_in(&restless[i], host.port, 0);
    }
    for (long step = 0; step < STEPS; step++) {
        for (int i = (int)step % 3; i < n; i += 3) {
            if (i % 2)
                vanish(&restless[i]);
            else
                peer_close(&restless[i]);
        }
        publish(&host, 1);
        for (int i = (int)step % 3; i < n; i += 3)
            come_in(&restless[i], host.port, 0);
        for (int i = 0; i < n; i++)
            assert_int_equal(peer_chunk(&stay[i]), step);
    }
    for (int i = 0; i < n; i++) {
        peer_close(&stay[i]);
        peer_close(&restless[i]);
    }
    host_stop(&host);
}

/* Reads to a chunk: frames are whole whatever went between, pongs to its pings among them. */
static void catch_up(struct peer *peer, long last, long *pongs, long *told, long *skipped)
{
    for (long index = -1; index < last;) {
        struct peer_frame frame;
        peer_frame_read(peer, &frame);
        if (frame.opcode == PEER_PONG) {
            assert_memory_equal(frame.data, "still here", 10);
            ++*pongs;
        } else {
            assert_int_equal(frame.opcode, PEER_TEXT);
            *told += strstr(frame.data, "\"code\":\"BUFFER_OVERRUN\"") != NULL;
        }
        if (frame.opcode == PEER_TEXT && strncmp(frame.data, "{\"type\":\"audio\"", 15) == 0) {
            long now = peer_number(frame.data, "chunk_index");
            assert_true(now > index);
            assert_string_equal(frame.data + frame.len - 3, "A\"}");
            *skipped += now - index - 1;
            index = now;
        }
        free(frame.data);
    }
}

static void test_the_stalled_cost_the_others_nothing(void **state)
{
    (void)state;
    enum { MOVING = 60, STALLED = 12, CHUNKS = 60 };
    static struct peer moving[MOVING], stalled[STALLED];
    struct host host;
    struct aur_server_config config = {.max_clients = MOVING + STALLED, .control_rate = 1000};
    fake_reset(23000);
    host_start(&host, &config);
    for (int i = 0; i < MOVING; i++) {
        come_in(&moving[i], host.port, 0);
        free(peer_message_of(&moving[i], "status"));
        if (i < STALLED)
            come_in(&stalled[i], host.port, 4096);
    }
    for (int step = 0; step < CHUNKS; step++) {
        publish(&host, 1);
        if (step % 7 == 3)
            for (int i = 0; i < STALLED; i++)
                peer_frame_send(&stalled[i], PEER_PING, true, "still here", 10);
        for (int i = 0; i < MOVING; i++)
            assert_int_equal(peer_chunk(&moving[i]), step);
    }
    for (int i = 0; i < STALLED; i++) {
        long pongs = 0, told = 0, skipped = 0;
        catch_up(&stalled[i], CHUNKS - 1, &pongs, &told, &skipped);
        assert_true(pongs >= 1);
        assert_true(told >= 1);
        assert_true(skipped > CHUNKS / 2);
        peer_close(&stalled[i]);
    }
    for (int i = 0; i < MOVING; i++)
        peer_close(&moving[i]);
    host_stop(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everyone_gets_every_chunk),
        cmocka_unit_test(test_who_comes_and_goes_costs_the_others_nothing),
        cmocka_unit_test(test_the_stalled_cost_the_others_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
