/* Sessions in the binary formats: which frames are binary, what comes first, what a skip and a format not offered do. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_channel.h"
#include "host.h"
#include "peer.h"

#define CHUNK_BYTES 400

/* Upgrades; the status that follows is text whatever the format. */
static void listen_in(struct peer *peer, int port, const char *format)
{
    struct peer_reply reply;
    char request[256];
    snprintf(request, sizeof request,
             "GET /ws/stream?channel=main&format=%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
             format);
    peer_connect(peer, port, 0);
    peer_http(peer, &reply, request);
    assert_int_equal(reply.status, 101);
    free(reply.body);
    char *status = peer_message(peer);
    assert_non_null(strstr(status, "\"formats\":[\"json\",\"pcm\",\"flac\"]"));
    free(status);
}

/* The next frame is a chunk (the fake's are JSON inside), sent as binary. */
static void assert_binary_chunk(struct peer *peer, long index)
{
    struct peer_frame frame;
    peer_frame_read(peer, &frame);
    assert_int_equal(frame.opcode, PEER_BINARY);
    assert_int_equal(frame.len, CHUNK_BYTES);
    assert_int_equal(peer_number(frame.data, "chunk_index"), index);
    free(frame.data);
}

static void chunks_are_binary_news_are_text(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    struct aur_channel_event event = {.type = AUR_EVENT_PHRASE, .chunk_index = 11, .phrase = {.phrase = 5, .bars = 8}};
    fake_reset(CHUNK_BYTES);
    fake_publish(10);
    event.phrase.controls = fake_controls();
    host_start(&host, &(struct aur_server_config){.burst_chunks = 2});
    listen_in(&peer, host.port, "pcm");
    assert_binary_chunk(&peer, 8);
    assert_binary_chunk(&peer, 9);
    fake_post(&event);
    fake_publish(2);
    host_notify(&host);
    assert_binary_chunk(&peer, 10);
    free(peer_message_of(&peer, "generation_update"));
    assert_binary_chunk(&peer, 11);
    peer_close(&peer);
    host_stop(&host);
    assert_int_equal(fake_listeners(), 0);
}

static void the_codec_header_comes_before_the_first_chunk(void **state)
{
    (void)state;
    struct host host;
    struct peer peer;
    struct peer_frame frame;
    fake_reset(CHUNK_BYTES);
    fake_publish(10);
    host_start(&host, &(struct aur_server_config){.burst_chunks = 2});
    listen_in(&peer, host.port, "flac");
    peer_frame_read(&peer, &frame);
    assert_int_equal(frame.opcode, PEER_BINARY);
    assert_int_equal(frame.len, 28);
    assert_memory_equal(frame.data, "AUR1\2\1\0\0\10\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0fake", 28);
    free(frame.data);
    assert_binary_chunk(&peer, 8);
    assert_binary_chunk(&peer, 9);
    peer_close(&peer);
    host_stop(&host);
}

/* Formats have heads of their own: who comes first in one moves nobody in another. */
static void formats_side_by_side(void **state)
{
    (void)state;
    struct host host;
    struct peer json, pcm;
    fake_reset(CHUNK_BYTES);
    fake_publish(10);
    host_start(&host, &(struct aur_server_config){.burst_chunks = 2});
    listen_in(&json, host.port, "json");
    for (long i = 8; i < 10; i++)
        assert_int_equal(peer_chunk(&json), i);
    fake_publish(9); /* fewer than the fake keeps: it writes what the server may be reading */
    listen_in(&pcm, host.port, "pcm");
    assert_binary_chunk(&pcm, 17);
    assert_binary_chunk(&pcm, 18);
    host_notify(&host);
    peer_assert_error(&json, "BUFFER_OVERRUN", NULL);
    for (long i = 14; i < 19; i++)
        assert_int_equal(peer_chunk(&json), i);
    peer_close(&json);
    fake_publish(1);
    host_notify(&host);
    assert_binary_chunk(&pcm, 19);
    peer_close(&pcm);
    host_stop(&host);
    assert_int_equal(fake_listeners(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_binary_news_are_text),
        cmocka_unit_test(the_codec_header_comes_before_the_first_chunk),
        cmocka_unit_test(formats_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
