/* WebSocket sessions, from outside the server: what is sent when, what is answered, what is refused. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_channel.h"
#include "host.h"
#include "peer.h"

#define CHUNK_BYTES 400

static void test_status_then_burst_then_every_chunk(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    fake_reset(CHUNK_BYTES);
    fake_publish(15);
    host_start(&host, &(struct aur_server_config){.burst_chunks = 8});
    peer_listen(&peer, host.port);
    char *first = peer_message(&peer);
    assert_non_null(strstr(first, "\"type\":\"status\""));
    assert_int_equal(peer_number(first, "active_clients"), 1);
    free(first);
    for (long i = 15 - 8; i < 15; i++)
        assert_int_equal(peer_chunk(&peer), i);
    for (long i = 15; i < 30; i++) {
        fake_publish(1);
        host_notify(&host);
        assert_int_equal(peer_chunk(&peer), i);
    }
    peer_close(&peer);
    host_stop(&host);
    assert_int_equal(fake_listeners(), 0);
}

static void test_two_listeners_hear_the_same_chunks(void **state)
{
    (void)state;
    struct host host;
    struct peer one, two;
    fake_reset(23659);
    host_start(&host, NULL);
    peer_listen(&one, host.port);
    peer_listen(&two, host.port);
    for (int i = 0; i < 50; i++) {
        fake_publish(1);
        host_notify(&host);
        char *a = peer_message_of(&one, "audio"), *b = peer_message_of(&two, "audio");
        assert_string_equal(a, b);
        assert_int_equal(strlen(a), 23659);
        free(a);
        free(b);
    }
    peer_close(&one);
    peer_close(&two);
    host_stop(&host);
}

static void test_news_come_ahead_of_their_chunk(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    struct aur_channel_event event = {.type = AUR_EVENT_PHRASE, .chunk_index = 12, .phrase = {.phrase = 5, .bars = 8}};
    fake_reset(CHUNK_BYTES);
    fake_publish(10);
    event.phrase.controls = fake_controls();
    host_start(&host, &(struct aur_server_config){.burst_chunks = 8});
    fake_post(&(struct aur_channel_event){.type = AUR_EVENT_UNDERRUN, .chunk_index = 9}); /* over when it comes */
    fake_post(&event);
    host_notify(&host);
    peer_listen(&peer, host.port);
    free(peer_message(&peer));
    fake_publish(5);
    host_notify(&host);
    for (long i = 2; i < 12; i++)
        assert_int_equal(peer_chunk(&peer), i);
    char *update = peer_message(&peer);
    assert_non_null(strstr(update, "\"type\":\"generation_update\",\"phrase_id\":\"phrase_5\""));
    assert_non_null(strstr(update, "\"density\":0.4"));
    free(update);
    assert_int_equal(peer_chunk(&peer), 12);
    peer_close(&peer);
    host_stop(&host);
}

static void test_troubles_are_told(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    struct aur_channel_event event = {.type = AUR_EVENT_GENERATION_ERROR, .chunk_index = 1};
    snprintf(event.error.message, sizeof event.error.message, "ambient.lua:7: boom\nstack traceback: ...");
    fake_reset(CHUNK_BYTES);
    fake_publish(1);
    host_start(&host, NULL);
    peer_listen(&peer, host.port);
    free(peer_message_of(&peer, "status"));
    fake_post(&event);
    event.type = AUR_EVENT_UNDERRUN;
    event.error.message[0] = '\0';
    fake_post(&event);
    event.type = AUR_EVENT_SYNTHESIS;
    fake_post(&event);
    host_notify(&host);
    char *text = peer_message_of(&peer, "error");
    assert_non_null(
        strstr(text, "\"code\":\"GENERATION_ERROR\",\"message\":\"ambient.lua:7: boom\",\"severity\":\"error\""));
    free(text);
    peer_assert_error(&peer, "BUFFER_UNDERRUN", NULL);
    peer_assert_error(&peer, "SYNTHESIS_FAILED", NULL);
    peer_close(&peer);
    host_stop(&host);
}

static void test_a_control_is_answered_with_the_phrase_that_carries_it(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    fake_reset(CHUNK_BYTES);
    host_start(&host, NULL);
    peer_listen(&peer, host.port);
    peer_say(&peer, "{\"type\":\"control\",\"key\":\"D dorian\",\"bpm\":64,\"density\":0.9}");
    char *text = peer_message_of(&peer, "generation_update");
    assert_non_null(strstr(text, "\"phrase_id\":\"phrase_13\",\"key\":\"D dorian\",\"bpm\":64,\"intensity\":0.5"));
    assert_non_null(strstr(text, "\"density\":0.9"));
    assert_non_null(strstr(text, "\"sounds_in_ms\":1500.0"));
    free(text);
    assert_int_equal(fake_controls().bpm, 64);
    assert_string_equal(fake_controls().key.name, "D dorian");
    peer_close(&peer);
    host_stop(&host);
}

static void test_what_is_refused_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text, *field;
    } cases[] = {
        {"{\"type\":\"control\",\"bpm\":300}", "bpm"},
        {"{\"type\":\"control\",\"bpm\":64,\"key\":\"H minor\"}", "key"},
        {"{\"type\":\"control\",\"bpm\":64,\"tempo\":3}", "tempo"},
        {"{\"type\":\"dance\"}", "type"},
        {"{\"bpm\":64}", "type"},
        {"{\"type\":\"control\"", "message"},
        {"[1]", "message"},
        {"", "message"},
    };
    struct host host;
    struct peer peer;
    fake_reset(CHUNK_BYTES);
    host_start(&host, NULL);
    peer_listen(&peer, host.port);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        peer_say(&peer, cases[i].text);
        peer_assert_error(&peer, "INVALID_CONTROL", cases[i].field);
    }
    peer_frame_send(&peer, PEER_BINARY, true, "\1\2\3", 3);
    peer_assert_error(&peer, "INVALID_CONTROL", "message");
    assert_int_equal(fake_controls_set(), 0);
    peer_say(&peer, "{\"type\":\"status_request\"}");
    free(peer_message_of(&peer, "status"));
    peer_close(&peer);
    host_stop(&host);
}

static void test_messages_in_pieces_and_too_long_ones(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    fake_reset(CHUNK_BYTES);
    host_start(&host, NULL);
    peer_listen(&peer, host.port);
    free(peer_message_of(&peer, "status"));
    peer_frame_send(&peer, PEER_TEXT, false, "{\"type\":", 8);
    peer_frame_send(&peer, PEER_PING, true, "x", 1);
    peer_frame_send(&peer, 0, true, "\"ping\"}", 7);
    struct peer_frame frame;
    do { /* its pong and ours may come in either order */
        peer_frame_read(&peer, &frame);
        assert_true(frame.opcode == PEER_TEXT || frame.opcode == PEER_PONG);
        free(frame.data);
    } while (frame.opcode != PEER_TEXT);

    char *huge = malloc(1100000);
    assert_non_null(huge);
    memset(huge, ' ', 1100000);
    memcpy(huge, "{\"type\":\"ping\"}", 15);
    peer_frame_send(&peer, PEER_TEXT, true, huge, 65536);
    free(peer_message_of(&peer, "pong"));
    peer_frame_send(&peer, PEER_TEXT, true, huge, 65537);
    peer_assert_error(&peer, "INVALID_CONTROL", "message");
    peer_frame_send(&peer, PEER_TEXT, true, huge, 1 << 20);
    peer_assert_error(&peer, "INVALID_CONTROL", "message");
    peer_say(&peer, "{\"type\":\"ping\"}");
    free(peer_message_of(&peer, "pong"));
    peer_frame_send(&peer, PEER_TEXT, true, huge, 1100000);
    assert_int_equal(peer_close_code(&peer), 1009);
    free(huge);
    peer_close(&peer);
    host_stop(&host);
}

static void test_text_that_is_not_utf8_closes(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    fake_reset(CHUNK_BYTES);
    host_start(&host, NULL);
    peer_listen(&peer, host.port);
    peer_say(&peer, "{\"type\":\"ping\",\"client_time\":\"\xff\"}");
    assert_int_equal(peer_close_code(&peer), 1007);
    peer_close(&peer);
    host_stop(&host);
}

static void test_pong_echoes_verbatim(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    fake_reset(CHUNK_BYTES);
    host_start(&host, NULL);
    peer_listen(&peer, host.port);
    peer_say(&peer, "{\"type\":\"ping\",\"client_time\":{\"a\": [1.50, \"\\u00e9\"]}}");
    char *text = peer_message_of(&peer, "pong");
    assert_non_null(strstr(text, "\"client_time\":{\"a\": [1.50, \"\\u00e9\"]},\"server_time\":\""));
    free(text);
    peer_close(&peer);
    host_stop(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_then_burst_then_every_chunk),
        cmocka_unit_test(test_two_listeners_hear_the_same_chunks),
        cmocka_unit_test(test_news_come_ahead_of_their_chunk),
        cmocka_unit_test(test_troubles_are_told),
        cmocka_unit_test(test_a_control_is_answered_with_the_phrase_that_carries_it),
        cmocka_unit_test(test_what_is_refused_changes_nothing),
        cmocka_unit_test(test_messages_in_pieces_and_too_long_ones),
        cmocka_unit_test(test_text_that_is_not_utf8_closes),
        cmocka_unit_test(test_pong_echoes_verbatim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
