/* Questions that wait for the scripts worker: nobody waits for anybody else's, clients may go or send too much, and what
 * becomes of an edit is told to all. */
#include "support/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_channel.h"
#include "fake_scripts.h"
#include "host.h"
#include "peer.h"

#define LOCAL "Host: localhost:8000\r\n"

static int set_up(void **state)
{
    struct host *host = calloc(1, sizeof *host);
    assert_non_null(host);
    fake_reset(400);
    fake_scripts_reset(4);
    struct aur_server_config config = {.cors_origins = "http://friend.example",
                                       .control_rate = 1000,
                                       .edit_token = "secret",
                                       .script_bytes = 100000,
                                       .max_clients = 4};
    host_start(host, &config);
    *state = host;
    return 0;
}

static int tear_down(void **state)
{
    host_stop(*state);
    free(*state);
    return 0;
}

static void begin(void **state, struct peer *peer, const char *request)
{
    const struct host *host = *state;
    peer_connect(peer, host->port, 0);
    peer_text(peer, request);
}

static struct peer_reply end(struct peer *peer, int status)
{
    struct peer_reply reply;
    peer_reply(peer, &reply, false);
    if (reply.status != status)
        fail_msg("expected %d, got %d: %s\n%s", status, reply.status, reply.head, reply.body);
    peer_close(peer);
    return reply;
}

/* Replies need not come in the order of the questions' connections, and meanwhile the server answers others. */
static void test_nobody_waits_for_another(void **state)
{
    struct peer slow, quick;
    begin(state, &slow, "PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}");
    (void)fake_scripts_next();
    begin(state, &quick, "GET /api/v1/status HTTP/1.1\r\n" LOCAL "\r\n");
    free(end(&quick, 200).body);
    fake_scripts_reply(AUR_OK, "{\"slow\":true}", "0123456789abcdef", "");
    struct peer_reply reply = end(&slow, 200);
    assert_string_equal(reply.body, "{\"slow\":true}");
    assert_string_equal(peer_header(&reply, "etag"), "\"0123456789abcdef\"");
    free(reply.body);
}

static void test_a_full_queue(void **state)
{
    struct peer waiting[4], late;
    for (size_t i = 0; i < 4; i++) {
        begin(state, &waiting[i], "POST /api/v1/scripts/a.lua/check HTTP/1.1\r\n" LOCAL "Content-Length: 1\r\n\r\n1");
        while (fake_scripts_waiting() < i + 1)
            usleep(1000);
    }
    begin(state, &late, "POST /api/v1/scripts/a.lua/check HTTP/1.1\r\n" LOCAL "Content-Length: 1\r\n\r\n1");
    struct peer_reply reply = end(&late, 503);
    assert_string_equal(peer_header(&reply, "retry-after"), "1");
    free(reply.body);
    for (size_t i = 0; i < 4; i++) {
        fake_scripts_reply(AUR_OK, "{}", "", "");
        free(end(&waiting[i], 200).body);
    }
}

static void test_clients_that_go(void **state)
{
    struct peer peer, next;
    for (int i = 0; i < 20; i++) {
        begin(state, &peer, "PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}");
        (void)fake_scripts_next();
        peer_close(&peer);
        if (i % 2) { /* the server has noticed, most likely */
            begin(state, &next, "GET /api/v1/status HTTP/1.1\r\n" LOCAL "\r\n");
            free(end(&next, 200).body);
        }
        fake_scripts_reply(AUR_OK, "{}", "", "");
    }
    begin(state, &peer, "GET /api/v1/scripts HTTP/1.1\r\n" LOCAL "\r\n");
    (void)fake_scripts_next();
    fake_scripts_reply(AUR_OK, "{\"still\":\"here\"}", "", "");
    free(end(&peer, 200).body);
}

/* What a client sends ahead of the reply is neither read as a body nor carried out, and stops nothing. */
static void test_sent_ahead(void **state)
{
    static const char *const ahead[] = {
        "GET /api/v1/scripts HTTP/1.1\r\n" LOCAL "\r\nGET /api/v1/status HTTP/1.1\r\n" LOCAL "\r\n",
        "GET /api/v1/scripts HTTP/1.1\r\n" LOCAL "\r\nPOST /api/v1/control HTTP/1.1\r\n" LOCAL
        "Content-Length: 2\r\n\r\n{}",
        "PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL
        "Content-Length: 2\r\n\r\n{}POST /api/v1/control HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}",
        "PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}more than was announced",
    };
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++) {
        for (int later = 0; later < 2; later++) {
            struct peer peer, other;
            begin(state, &peer, ahead[i]);
            (void)fake_scripts_next();
            if (later)
                peer_text(&peer, "POST /api/v1/control HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
            begin(state, &other, "GET /api/v1/status HTTP/1.1\r\n" LOCAL "\r\n");
            free(end(&other, 200).body);
            fake_scripts_reply(AUR_OK, "{\"n\":1}", "", "");
            peer_close(&peer); /* whether it had the reply or lost the connection */
            begin(state, &other, "GET /api/v1/status HTTP/1.1\r\n" LOCAL "\r\n");
            free(end(&other, 200).body);
            assert_int_equal(fake_scripts_waiting(), 0);
            assert_int_equal(fake_controls_set(), 0);
        }
    }
}

static void test_a_long_reply(void **state)
{
    struct peer peer;
    char *text = malloc(1000001);
    assert_non_null(text);
    memset(text, 'x', 1000000);
    text[1000000] = '\0';
    begin(state, &peer, "GET /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "\r\n");
    (void)fake_scripts_next();
    fake_scripts_reply(AUR_OK, text, "0123456789abcdef", "");
    struct peer_reply reply = end(&peer, 200);
    assert_int_equal(reply.body_len, 1000000);
    assert_memory_equal(reply.body, text, 1000000);
    free(reply.body);
    free(text);
}

/* The server ends while the worker still has a question: nothing is left behind. */
static void test_ends_with_questions_open(void **state)
{
    struct peer peer;
    begin(state, &peer, "PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}");
    (void)fake_scripts_next();
    peer_close(&peer);
}

static void post_script(void **state, enum aur_script_state what, const char *error, uint64_t chunk)
{
    struct aur_channel_event event = {.type = AUR_EVENT_SCRIPT, .chunk_index = chunk, .script_state = what};
    snprintf(event.error.message, sizeof event.error.message, "%s", error);
    strcpy(event.script, "a.lua");
    strcpy(event.script_version, "0123456789abcdef");
    strcpy(event.playing_version, "fedcba9876543210");
    event.phrase.phrase = 13;
    event.phrase.sounds_in_ms = what == AUR_SCRIPT_ARMED ? 1500 : 0;
    fake_post(&event);
    for (int i = 0; i < 5; i++) { /* it goes out ahead of a chunk, so the stream has to go on */
        fake_publish(1);
        host_notify(*state);
        usleep(5000);
    }
}

static void test_script_updates(void **state)
{
    static const char head[] =
        "\"name\":\"a.lua\",\"version\":\"0123456789abcdef\",\"playing_version\":\"fedcba9876543210\"";
    static const struct {
        enum aur_script_state what;
        const char *name, *error, *says;
    } cases[] = {
        {AUR_SCRIPT_ARMED, "armed", "", "\"phrase_id\":\"phrase_13\",\"sounds_in_ms\":1500.0,\"diagnostics\":[]"},
        {AUR_SCRIPT_PLAYING, "playing", "", "\"phrase_id\":\"phrase_13\",\"sounds_in_ms\":0.0,\"diagnostics\":[]"},
        {AUR_SCRIPT_REFUSED, "refused", "a.lua:12: bad\nstack", "\"diagnostics\":[{\"file\":\"a.lua\",\"line\":12,"},
        {AUR_SCRIPT_ROLLED_BACK, "rolled_back", "a.lua:3: worse", "\"message\":\"worse\""},
    };
    const struct host *host = *state;
    struct peer peer;
    fake_publish(5);
    peer_listen(&peer, host->port);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[64];
        post_script(state, cases[i].what, cases[i].error, fake_published());
        char *message = peer_message_of(&peer, "script_update");
        snprintf(want, sizeof want, "\"state\":\"%s\"", cases[i].name);
        if (!strstr(message, want) || !strstr(message, head) || !strstr(message, cases[i].says))
            fail_msg("%s: %s", want, message);
        assert_true((strstr(message, "phrase_id") == NULL) == (cases[i].what == AUR_SCRIPT_REFUSED));
        free(message);
    }
    /* an event of a chunk long gone is told all the same */
    post_script(state, AUR_SCRIPT_REFUSED, "a.lua:1: old", 0);
    char *message = peer_message_of(&peer, "script_update");
    assert_non_null(strstr(message, "\"message\":\"old\""));
    free(message);
    peer_close(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nobody_waits_for_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clients_that_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sent_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_reply, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ends_with_questions_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_script_updates, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
