/* WebSocket sessions at their limits, and how they end: rate, number, slowness, silence, shutdown. */
#include "support/unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_channel.h"
#include "host.h"
#include "peer.h"

#define CHUNK_BYTES 400

static void test_controls_are_limited_in_rate(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    struct aur_server_config config = {.control_rate = 2};
    fake_reset(CHUNK_BYTES);
    host_start(&host, &config);
    peer_listen(&peer, host.port);
    for (int i = 0; i < 60; i++)
        peer_say(&peer, "{\"type\":\"control\",\"bpm\":64}");
    peer_assert_error(&peer, "INVALID_CONTROL", "rate");
    assert_true(fake_controls_set() >= 2 && fake_controls_set() < 60);
    peer_say(&peer, "{\"type\":\"ping\"}");
    free(peer_message_of(&peer, "pong"));
    uint64_t accepted = (uint64_t)fake_controls_set();
    host_counts(&host, AUR_COUNT_MESSAGE_CONTROL, accepted);
    host_counts(&host, AUR_COUNT_MESSAGE_RATE, 60 - accepted); /* each once, */
    host_counts(&host, AUR_COUNT_MESSAGE_INVALID, 0);          /* and as nothing else */
    peer_close(&peer);
    host_stop(&host);
}

static void test_a_listener_too_many_is_told_and_closed(void **state)
{
    (void)state;
    struct host host;
    struct peer one, two, three;
    struct aur_server_config config = {.max_clients = 1};
    fake_reset(CHUNK_BYTES);
    fake_publish(10);
    host_start(&host, &config);
    peer_listen(&one, host.port);
    free(peer_message_of(&one, "status"));
    peer_listen(&two, host.port);
    char *text = peer_message(&two);
    assert_non_null(strstr(text, "\"code\":\"SERVER_OVERLOAD\""));
    assert_non_null(strstr(text, "\"severity\":\"critical\""));
    free(text);
    assert_int_equal(peer_close_code(&two), 1013);
    peer_close(&two);
    host_counts(&host, AUR_COUNT_REFUSED_CLIENTS, 1);
    assert_int_equal(fake_listeners(), 1);
    peer_frame_send(&one, PEER_CLOSE, true, "\x03\xe8", 2);
    assert_int_equal(peer_close_code(&one), 1000);
    peer_close(&one);
    peer_listen(&three, host.port); /* there is room again */
    free(peer_message_of(&three, "status"));
    peer_close(&three);
    host_stop(&host);
}

static void test_a_slow_listener_skips_forward_and_is_told(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    fake_reset(60000);
    host_start(&host, NULL);
    peer_connect(&peer, host.port, 4096);
    struct peer_reply reply;
    peer_http(&peer, &reply,
              "GET /ws/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    free(reply.body);
    while (fake_listeners() == 0)
        ;
    for (int i = 0; i < 400; i++) { /* 24 MB that nobody reads */
        fake_publish(1);
        host_notify(&host);
        struct peer probe; /* a request answered: the server has seen the chunk */
        peer_connect(&probe, host.port, 0);
        peer_http(&probe, &reply, "HEAD /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
        free(reply.body);
        peer_close(&probe);
    }
    long last = -1, skipped = 0, told = 0;
    while (last < 399) {
        char *text = peer_message(&peer);
        if (strstr(text, "BUFFER_OVERRUN"))
            told++;
        if (strncmp(text, "{\"type\":\"audio\"", 15) == 0) {
            long index = peer_number(text, "chunk_index");
            assert_true(index > last);
            skipped += index - last - 1;
            last = index;
        }
        free(text);
    }
    assert_true(told >= 1);
    assert_true(skipped > 300); /* the kernel's buffers hold a few dozen at most */
    peer_close(&peer);
    host_stop(&host);
}

static void test_whoever_is_silent_is_cut(void **state)
{
    (void)state;
    struct host host;
    struct peer silent, talking;
    struct aur_server_config config = {.ping_ms = 20, .timeout_ms = 1000};
    fake_reset(CHUNK_BYTES);
    host_start(&host, &config);
    peer_listen(&silent, host.port);
    peer_listen(&talking, host.port);
    int pings = 0, code = 0;
    while (code != PEER_END) { /* answers no ping */
        struct peer_frame frame;
        peer_frame_read(&silent, &frame);
        code = frame.opcode;
        pings += code == PEER_PING;
        free(frame.data);
        if (pings % 5 == 4) { /* the other answers, by peer_message */
            peer_say(&talking, "{\"type\":\"ping\"}");
            free(peer_message_of(&talking, "pong"));
        }
    }
    assert_true(pings >= 2);
    peer_say(&talking, "{\"type\":\"ping\"}");
    free(peer_message_of(&talking, "pong"));
    host_counts(&host, AUR_COUNT_CLOSED_TIMEOUT, 1);
    peer_close(&silent);
    peer_close(&talking);
    for (int i = 0; fake_listeners() > 0 && i < 1000; i++)
        poll(NULL, 0, 10);
    assert_int_equal(fake_listeners(), 0);
    host_counts(&host, AUR_COUNT_CLOSED_PROTOCOL, 0); /* who goes, or is cut, has done nothing wrong */
    host_stop(&host);
}

static void test_a_pong_is_a_sign_of_life(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    struct aur_server_config config = {.ping_ms = 20, .timeout_ms = 1000};
    fake_reset(CHUNK_BYTES);
    host_start(&host, &config);
    peer_listen(&peer, host.port);
    free(peer_message_of(&peer, "status"));
    for (int i = 0; i < 100; i++) { /* twice the timeout */
        struct peer_frame frame;
        peer_frame_read(&peer, &frame);
        assert_int_equal(frame.opcode, PEER_PING);
        peer_frame_send(&peer, PEER_PONG, true, frame.data, frame.len);
        free(frame.data);
    }
    peer_close(&peer);
    host_stop(&host);
}

static void test_a_client_that_does_not_read_is_not_read(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    struct aur_server_config config = {.message_rate = 300};
    fake_reset(CHUNK_BYTES);
    host_start(&host, &config);
    peer_listen(&peer, host.port);
    char text[4096];
    int n = snprintf(text, sizeof text, "{\"type\":\"ping\",\"client_time\":\"%*s\"}", 4000, "");
    for (int i = 0; i < 300; i++)
        peer_frame_send(&peer, PEER_TEXT, true, text, (size_t)n); /* 1.2 MB of answers */
    for (int i = 0; i < 300; i++)
        free(peer_message_of(&peer, "pong"));
    peer_close(&peer);
    host_stop(&host);
}

static void test_shutdown_closes_everyone(void **state)
{
    (void)state;
    struct host host;
    struct peer peers[3];
    fake_reset(CHUNK_BYTES);
    fake_publish(10);
    host_start(&host, NULL);
    for (int i = 0; i < 3; i++) {
        peer_listen(&peers[i], host.port);
        free(peer_message_of(&peers[i], "status"));
    }
    aur_server_stop(host.server);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(peer_close_code(&peers[i]), 1001);
        peer_close(&peers[i]);
    }
    host_stop(&host);
    assert_int_equal(fake_listeners(), 0);
}

static void test_shutdown_does_not_wait_for_the_deaf(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    struct aur_server_config config = {.drain_ms = 50};
    fake_reset(CHUNK_BYTES);
    host_start(&host, &config);
    peer_listen(&peer, host.port);
    host_stop(&host); /* returns although the close is never answered */
    peer_close(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_controls_are_limited_in_rate),
        cmocka_unit_test(test_a_listener_too_many_is_told_and_closed),
        cmocka_unit_test(test_a_slow_listener_skips_forward_and_is_told),
        cmocka_unit_test(test_whoever_is_silent_is_cut),
        cmocka_unit_test(test_a_pong_is_a_sign_of_life),
        cmocka_unit_test(test_a_client_that_does_not_read_is_not_read),
        cmocka_unit_test(test_shutdown_closes_everyone),
        cmocka_unit_test(test_shutdown_does_not_wait_for_the_deaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
