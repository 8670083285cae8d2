/* The routes of scripts from outside the server: which question each is, what becomes of the reply, and who may ask. */
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

static void assert_refused(void **state, int status, const char *error, const char *request)
{
    struct peer peer;
    char start[80];
    begin(state, &peer, request);
    struct peer_reply reply = end(&peer, status);
    snprintf(start, sizeof start, "{\"error\":\"%s\",\"message\":\"", error);
    if (strncmp(reply.body, start, strlen(start)) != 0)
        fail_msg("%s\nexpected %s..., got %s", request, start, reply.body);
    free(reply.body);
    assert_int_equal(fake_scripts_waiting(), 0);
}

static const struct {
    const char *request;
    enum aur_scripts_ask ask;
    const char *name, *version, *text;
} questions[] = {
    {"GET /api/v1/scripts HTTP/1.1\r\n" LOCAL "\r\n", AUR_SCRIPTS_LIST, "", "", NULL},
    {"GET /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "\r\n", AUR_SCRIPTS_READ, "a.lua", "", NULL},
    {"GET /api/v1/scripts/n/%61%2Elua?version=0123456789abcdef HTTP/1.1\r\nHost: stranger\r\n\r\n", AUR_SCRIPTS_READ,
     "n/a.lua", "0123456789abcdef", NULL},
    {"GET /api/v1/scripts/a.lua?version=0123456789abcdef0 HTTP/1.1\r\n" LOCAL "\r\n", AUR_SCRIPTS_READ, "a.lua", "-",
     NULL},
    {"GET /api/v1/scripts/n%2fa.lua/versions HTTP/1.1\r\n" LOCAL "\r\n", AUR_SCRIPTS_VERSIONS, "n/a.lua", "", NULL},
    {"GET /api/v1/phrases?channel=main HTTP/1.1\r\n" LOCAL "\r\n", AUR_SCRIPTS_PHRASES, "", "", NULL},
    {"POST /api/v1/scripts/a.lua/check HTTP/1.1\r\n" LOCAL "Content-Length: 8\r\n\r\nreturn 1", AUR_SCRIPTS_CHECK,
     "a.lua", "", "return 1"},
    {"POST /api/v1/scripts/a.lua/check HTTP/1.1\r\n" LOCAL "Content-Length: 0\r\n\r\n", AUR_SCRIPTS_CHECK, "a.lua", "",
     ""},
    {"PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}", AUR_SCRIPTS_WRITE, "a.lua", "",
     "{}"},
    {"PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "Content-Length: 0\r\n\r\n", AUR_SCRIPTS_WRITE, "a.lua", "", ""},
    {"PUT /api/v1/scripts/versions HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}", AUR_SCRIPTS_WRITE, "versions", "",
     "{}"},
    {"PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "If-Match: \"0123456789abcdef\"\r\nContent-Length: 2\r\n\r\n{}",
     AUR_SCRIPTS_WRITE, "a.lua", "0123456789abcdef", "{}"},
    {"PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "If-Match: *\r\nContent-Length: 2\r\n\r\n{}", AUR_SCRIPTS_WRITE,
     "a.lua", "*", "{}"},
    {"PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "If-Match: \"much too long for one\"\r\nContent-Length: 2\r\n"
     "\r\n{}",
     AUR_SCRIPTS_WRITE, "a.lua", "-", "{}"},
    {"POST /api/v1/scripts/a.lua/restore HTTP/1.1\r\n" LOCAL
     "Content-Length: 30\r\n\r\n{\"version\":\"0123456789abcdef\"}",
     AUR_SCRIPTS_RESTORE, "a.lua", "0123456789abcdef", NULL},
};

static void test_questions(void **state)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct peer peer;
        begin(state, &peer, questions[i].request);
        struct aur_scripts_request got = fake_scripts_next();
        assert_int_equal(got.ask, questions[i].ask);
        assert_string_equal(got.name, questions[i].name);
        assert_string_equal(got.version, questions[i].version);
        assert_true(got.channel == (got.ask == AUR_SCRIPTS_PHRASES ? fake_channel() : NULL));
        if (questions[i].text) {
            assert_int_equal(got.len, strlen(questions[i].text));
            assert_string_equal(got.text, questions[i].text);
        } else {
            assert_null(got.text);
        }
        fake_scripts_reply(AUR_OK, "{\"n\":1}", "", "");
        struct peer_reply reply = end(&peer, 200);
        assert_string_equal(reply.body, "{\"n\":1}");
        free(reply.body);
    }
}

static void test_a_text_and_its_headers(void **state)
{
    struct peer peer;
    begin(state, &peer, "GET /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "\r\n");
    (void)fake_scripts_next();
    fake_scripts_reply(AUR_OK, "return {}", "0123456789abcdef", "main");
    struct peer_reply reply = end(&peer, 200);
    assert_string_equal(reply.body, "return {}");
    assert_string_equal(peer_header(&reply, "content-type"), "text/x-lua; charset=utf-8");
    assert_string_equal(peer_header(&reply, "etag"), "\"0123456789abcdef\"");
    assert_string_equal(peer_header(&reply, "x-auralis-playing"), "main");
    assert_string_equal(peer_header(&reply, "cache-control"), "no-cache");
    free(reply.body);
    begin(state, &peer, "GET /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "If-None-Match: \"0123456789abcdef\"\r\n\r\n");
    (void)fake_scripts_next();
    fake_scripts_reply(AUR_OK, "return {}", "0123456789abcdef", "");
    reply = end(&peer, 304);
    assert_null(peer_header(&reply, "x-auralis-playing"));
    free(reply.body);
    begin(state, &peer, "GET /api/v1/scripts/empty.lua HTTP/1.1\r\n" LOCAL "\r\n");
    (void)fake_scripts_next();
    fake_scripts_reply(AUR_OK, "", "0123456789abcdef", "");
    reply = end(&peer, 200);
    assert_int_equal(reply.body_len, 0);
    free(reply.body);
}

static void test_codes(void **state)
{
    static const struct {
        int code, status;
    } cases[] = {{AUR_EINVAL, 400}, {AUR_ENOTFOUND, 404}, {AUR_ENOTSUP, 403}, {AUR_ESCRIPT, 422},
                 {AUR_ELIMIT, 413}, {AUR_EBUSY, 503},     {AUR_EIO, 500},     {AUR_ENOMEM, 500}};
    struct peer peer;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int with_body = 0; with_body < 2; with_body++) {
            begin(state, &peer, "PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}");
            (void)fake_scripts_next();
            fake_scripts_reply(cases[i].code, with_body ? "{\"error\":\"X\"}" : "", "", "");
            struct peer_reply reply = end(&peer, with_body || cases[i].status == 503 ? cases[i].status : 500);
            assert_non_null(strstr(reply.body, with_body ? "{\"error\":\"X\"}" : "{\"error\":\""));
            assert_null(peer_header(&reply, "etag"));
            free(reply.body);
        }
    }
    begin(state, &peer, "PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}");
    (void)fake_scripts_next();
    fake_scripts_reply_stale("{\"error\":\"PRECONDITION_FAILED\"}");
    free(end(&peer, 412).body);
}

static void test_refused_before_the_worker(void **state)
{
    char request[1024], name[200];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    snprintf(request, sizeof request, "GET /api/v1/scripts/%s.lua HTTP/1.1\r\n" LOCAL "\r\n", name);
    assert_refused(state, 400, "BAD_REQUEST", request);
    assert_refused(state, 404, "NOT_FOUND", "GET /api/v1/scripts/ HTTP/1.1\r\n" LOCAL "\r\n");
    assert_refused(state, 404, "NOT_FOUND", "GET /api/v1/scriptsx HTTP/1.1\r\n" LOCAL "\r\n");
    assert_refused(state, 404, "NOT_FOUND", "GET /api/v1/phrases?channel=other HTTP/1.1\r\n" LOCAL "\r\n");
    assert_refused(state, 411, "LENGTH_REQUIRED", "PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "\r\n");
    assert_refused(state, 405, "METHOD_NOT_ALLOWED",
                   "POST /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}");
    assert_refused(state, 405, "METHOD_NOT_ALLOWED", "GET /api/v1/scripts/a.lua/check HTTP/1.1\r\n" LOCAL "\r\n");
    assert_refused(state, 405, "METHOD_NOT_ALLOWED", "DELETE /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL "\r\n");
    assert_refused(state, 400, "BAD_REQUEST",
                   "POST /api/v1/scripts/a.lua/restore HTTP/1.1\r\n" LOCAL "Content-Length: 2\r\n\r\n{}");
    assert_refused(state, 400, "BAD_REQUEST",
                   "POST /api/v1/scripts/a.lua/restore HTTP/1.1\r\n" LOCAL "Content-Length: 0\r\n\r\n");
}

static char *long_request(size_t len, const char *head)
{
    char *request = malloc(len + 300);
    assert_non_null(request);
    int n = sprintf(request, "%sContent-Length: %zu\r\n\r\n", head, len);
    memset(request + n, '-', len);
    request[(size_t)n + len] = '\0';
    return request;
}

static void test_lengths(void **state)
{
    struct peer peer;
    char *request = long_request(100000, "PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL);
    begin(state, &peer, request);
    assert_int_equal(fake_scripts_next().len, 100000);
    fake_scripts_reply(AUR_OK, "{}", "", "");
    free(end(&peer, 200).body);
    free(request);
    request = long_request(100001, "PUT /api/v1/scripts/a.lua HTTP/1.1\r\n" LOCAL);
    assert_refused(state, 413, "TOO_LARGE", request);
    free(request);
    request = long_request(100000, "POST /api/v1/control HTTP/1.1\r\n" LOCAL);
    assert_refused(state, 413, "TOO_LARGE", request);
    free(request);
    request = long_request(100000, "PUT /api/v1/scripts/a.lua HTTP/1.1\r\nHost: stranger\r\n");
    assert_refused(state, 401, "UNAUTHORIZED", request);
    free(request);
}

static const struct {
    const char *headers;
    int status;
} visitors[] = {
    {"Host: localhost\r\n", 200},
    {"Host: LOCALHOST:8000\r\n", 200},
    {"Host: 127.0.0.1:80\r\n", 200},
    {"Host: [::1]:80\r\n", 200},
    {"Host: localhost:80\r\nOrigin: http://localhost:80\r\n", 200},
    {"Host: stranger.example\r\n", 401},
    {"Host: localhost.stranger.example\r\n", 401},
    {"Host: localhost:80@stranger.example\r\n", 401},
    {"Host: 127.0.0.10\r\n", 401},
    {"Host: \r\n", 401},
    {"Host: localhost\r\nForwarded: for=1.2.3.4\r\n", 401},
    {"Host: localhost\r\nX-Forwarded-For: 1.2.3.4\r\n", 401},
    {"Host: localhost\r\nX-FORWARDED-PROTO: https\r\n", 401},
    {"Host: localhost\r\nX-Forwarded-Host: h\r\n", 401},
    {"Host: localhost\r\nX-Real-IP: 1.2.3.4\r\n", 401},
    {"Host: localhost\r\nVia: 1.1 proxy\r\n", 401},
    {"Host: localhost\r\nOrigin: http://friend.example\r\n", 401},
    {"Host: localhost\r\nOrigin: http://stranger.example\r\n", 403},
    {"Host: localhost\r\nOrigin: null\r\n", 403},
    {"Host: stranger.example\r\nAuthorization: Bearer secret\r\n", 200},
    {"Host: localhost\r\nX-Forwarded-For: 1.2.3.4\r\nAuthorization: bearer   secret\r\n", 200},
    {"Host: localhost\r\nOrigin: http://friend.example\r\nAuthorization: Bearer secret\r\n", 200},
    {"Host: localhost\r\nOrigin: http://stranger.example\r\nAuthorization: Bearer secret\r\n", 403},
    {"Host: stranger.example\r\nAuthorization: Bearer secre\r\n", 401},
    {"Host: stranger.example\r\nAuthorization: Bearer secrets\r\n", 401},
    {"Host: stranger.example\r\nAuthorization: Bearer secretsecret\r\n", 401},
    {"Host: stranger.example\r\nAuthorization: Bearer \r\n", 401},
    {"Host: stranger.example\r\nAuthorization: Basic secret\r\n", 401},
    {"Host: stranger.example\r\nAuthorization: secret\r\n", 401},
};

static void test_who_may(void **state)
{
    static const char *const routes[] = {"PUT /api/v1/scripts/a.lua", "POST /api/v1/scripts/a.lua/check",
                                         "POST /api/v1/scripts/a.lua/restore"};
    for (size_t i = 0; i < sizeof visitors / sizeof *visitors; i++) {
        for (size_t k = 0; k < sizeof routes / sizeof *routes; k++) {
            struct peer peer;
            char request[400];
            snprintf(request, sizeof request, "%s HTTP/1.1\r\n%sContent-Length: 15\r\n\r\n{\"version\":\"0\"}",
                     routes[k], visitors[i].headers);
            begin(state, &peer, request);
            if (visitors[i].status == 200) {
                (void)fake_scripts_next();
                fake_scripts_reply(AUR_OK, "{}", "", "");
            }
            struct peer_reply reply;
            peer_reply(&peer, &reply, false);
            if (reply.status != visitors[i].status)
                fail_msg("expected %d, got %d: %s%s", visitors[i].status, reply.status, request, reply.body);
            assert_int_equal(fake_scripts_waiting(), 0);
            if (reply.status == 401)
                assert_non_null(peer_header(&reply, "www-authenticate"));
            free(reply.body);
            peer_close(&peer);
        }
    }
}

static void test_preflight(void **state)
{
    struct peer peer;
    begin(state, &peer,
          "OPTIONS /api/v1/scripts/a.lua HTTP/1.1\r\nHost: h\r\nOrigin: http://friend.example\r\n"
          "Access-Control-Request-Method: PUT\r\n\r\n");
    struct peer_reply reply = end(&peer, 204);
    assert_non_null(strstr(peer_header(&reply, "access-control-allow-methods"), "PUT"));
    assert_non_null(strstr(peer_header(&reply, "access-control-allow-headers"), "If-Match"));
    assert_non_null(strstr(peer_header(&reply, "access-control-expose-headers"), "ETag"));
    free(reply.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_questions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_text_and_its_headers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_codes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_before_the_worker, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lengths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_may, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_preflight, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
