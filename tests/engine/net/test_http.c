/* HTTP from outside the server: the page's files, REST's errors, bodies right and wrong, origins, refused upgrades. */
#include "support/unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_channel.h"
#include "host.h"
#include "peer.h"

struct fixture {
    struct host host;
    char dir[64];
};

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "/tmp/auralis-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    write_file(f->dir, "index.html", "<p>page</p>");
    write_file(f->dir, "app.js", "export {}");
    write_file(f->dir, ".secret", "secret");
    char path[128];
    snprintf(path, sizeof path, "%s/link.txt", f->dir);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/folder", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    fake_reset(400);
    struct aur_server_config config = {
        .client_dir = f->dir, .cors_origins = "http://friend.example", .control_rate = 1000};
    host_start(&f->host, &config);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    host_stop(&f->host);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

/* A request on a connection of its own; checks the status and returns the reply. */
static struct peer_reply ask(void **state, int status, const char *request)
{
    const struct fixture *f = *state;
    struct peer peer;
    struct peer_reply reply;
    peer_connect(&peer, f->host.port, 0);
    peer_http(&peer, &reply, request);
    if (reply.status != status)
        fail_msg("expected %d, got %d: %s\n%s", status, reply.status, reply.head, reply.body);
    peer_close(&peer);
    return reply;
}

static void assert_refused(void **state, int status, const char *error, const char *request)
{
    struct peer_reply reply = ask(state, status, request);
    char start[80];
    snprintf(start, sizeof start, "{\"error\":\"%s\",\"message\":\"", error);
    if (strncmp(reply.body, start, strlen(start)) != 0)
        fail_msg("expected %s..., got %s", start, reply.body);
    assert_string_equal(peer_header(&reply, "content-type"), "application/json");
    free(reply.body);
}

static void test_page(void **state)
{
    struct peer_reply reply = ask(state, 200, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(reply.body, "<p>page</p>");
    assert_string_equal(peer_header(&reply, "content-type"), "text/html; charset=utf-8");
    assert_string_equal(peer_header(&reply, "cache-control"), "no-cache");
    assert_string_equal(peer_header(&reply, "x-content-type-options"), "nosniff");
    assert_string_equal(peer_header(&reply, "cross-origin-opener-policy"), "same-origin");
    assert_string_equal(peer_header(&reply, "cross-origin-embedder-policy"), "require-corp");
    assert_non_null(peer_header(&reply, "content-security-policy"));
    free(reply.body);
    reply = ask(state, 200, "GET /app.js?v=1 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(peer_header(&reply, "content-type"), "text/javascript; charset=utf-8");
    free(reply.body);
}

static void test_head_and_unchanged_files(void **state)
{
    struct peer_reply reply = ask(state, 200, "HEAD /index.html HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(peer_header(&reply, "content-length"), "11");
    char request[256];
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: h\r\nIf-None-Match: %s\r\n\r\n",
             peer_header(&reply, "etag"));
    free(reply.body);
    reply = ask(state, 304, request);
    assert_null(peer_header(&reply, "content-length"));
    free(reply.body);
}

static void test_nothing_outside_the_folder(void **state)
{
    static const char *const paths[] = {
        "/nothing.js",
        "/../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/.secret",
        "/link.txt",
        "/folder",
        "/folder/",
        "//etc/passwd",
        "/a\\..\\b",
        "/app.js/x",
    };
    char request[256];
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const struct fixture *f = *state;
        struct peer peer;
        struct peer_reply reply;
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", paths[i]);
        peer_connect(&peer, f->host.port, 0);
        peer_http(&peer, &reply, request);
        if (reply.status < 400 || strstr(reply.body, "root:") || strstr(reply.body, "secret\n"))
            fail_msg("%s: %d %s", paths[i], reply.status, reply.body);
        free(reply.body);
        peer_close(&peer);
    }
}

static void test_a_large_file_arrives_whole(void **state)
{
    const struct fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/big.wasm", f->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000000; i++)
        fwrite(&i, sizeof i, 1, file);
    fclose(file);
    struct peer_reply reply = ask(state, 200, "GET /big.wasm HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(reply.body_len, 4000000);
    assert_string_equal(peer_header(&reply, "content-type"), "application/wasm");
    for (int i = 0; i < 1000000; i++)
        assert_memory_equal(reply.body + 4 * i, &i, 4);
    free(reply.body);
}

/* A client may send requests ahead; a server may answer the first and close. */
static void test_requests_sent_ahead(void **state)
{
    static const char get[] = "GET /app.js HTTP/1.1\r\nHost: h\r\n\r\n";
    static const char post[] = "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{\"bpm\":64}";
    static const char odd[] = "GET /app.js HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcdef";
    const char *const parts[] = {get, post, odd};
    const struct fixture *f = *state;
    for (int i = 0; i < 27; i++) {
        char text[1024];
        struct peer peer;
        struct peer_reply reply;
        snprintf(text, sizeof text, "%s%s%s", parts[i / 9], parts[i / 3 % 3], parts[i % 3]);
        peer_connect(&peer, f->host.port, 0);
        peer_http(&peer, &reply, text);
        assert_int_equal(reply.status, 200);
        assert_string_equal(peer_header(&reply, "connection"), "close");
        free(reply.body);
        peer_close(&peer);
    }
}

static void test_frames_right_behind_the_upgrade(void **state)
{
    static const char text[] = "GET /ws/stream HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
                               "\x81\x8f\0\0\0\0{\"type\":\"ping\"}";
    const struct fixture *f = *state;
    struct peer peer;
    struct peer_reply reply;
    peer_connect(&peer, f->host.port, 0);
    peer_send(&peer, text, sizeof text - 1);
    peer_reply(&peer, &reply, true);
    assert_int_equal(reply.status, 101);
    free(reply.body);
    free(peer_message_of(&peer, "pong"));
    peer_close(&peer);
}

static void test_control(void **state)
{
    struct peer_reply reply =
        ask(state, 200,
            "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nContent-Length: 25\r\n\r\n{\"bpm\":64,\"density\":0.75} ");
    assert_string_equal(reply.body,
                        "{\"status\":\"updated\",\"params\":{\"key\":\"A minor\",\"bpm\":64,\"intensity\":0.5,"
                        "\"melody_complexity\":0.5,\"level\":1,\"brightness\":0.5,\"density\":0.75},"
                        "\"phrase_id\":\"phrase_13\",\"sounds_in_ms\":1500.0}");
    free(reply.body);
    assert_int_equal(fake_controls().bpm, 64);
    reply = ask(state, 422, "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n{\"bpm\":300}");
    assert_non_null(strstr(reply.body, "{\"error\":\"INVALID_CONTROL\",\"message\":\""));
    assert_non_null(strstr(reply.body, "\"field\":\"bpm\",\"value\":\"300\",\"allowed\":\""));
    free(reply.body);
    assert_int_equal(fake_controls().bpm, 64);
    assert_refused(state, 422, "INVALID_CONTROL",
                   "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
}

static void test_bodies_refused(void **state)
{
    assert_refused(state, 411, "LENGTH_REQUIRED", "POST /api/v1/control HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_refused(
        state, 411, "LENGTH_REQUIRED",
        "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{\"bpm\":64}\r\n0\r\n\r\n");
    assert_refused(state, 400, "BAD_REQUEST", "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n");
    assert_refused(state, 400, "BAD_REQUEST", "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nContent-Length: 5x\r\n\r\n");
    assert_refused(state, 400, "BAD_REQUEST",
                   "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nContent-Length: 1x\r\n\r\n{}GET / HTTP/1.1\r\n\r\n");
    assert_refused(state, 411, "LENGTH_REQUIRED",
                   "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
    size_t size = 70000;
    char *request = malloc(size + 200);
    assert_non_null(request);
    int head = snprintf(request, 200, "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", size);
    memset(request + head, ' ', size);
    request[(size_t)head + size] = '\0';
    assert_refused(state, 413, "TOO_LARGE", request);
    free(request);
    assert_refused(state, 413, "TOO_LARGE",
                   "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n");
}

static void test_routes(void **state)
{
    struct peer_reply reply = ask(state, 200, "GET /api/v1/health HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(reply.body, "{\"status\":\"healthy\",\"service\":\"auralis\",\"reasons\":[]}");
    assert_string_equal(peer_header(&reply, "cache-control"), "no-store");
    free(reply.body);
    reply = ask(state, 200, "GET /api/v1/status?channel=main HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(strncmp(reply.body, "{\"server_time\":\"", 16), 0);
    free(reply.body);
    reply = ask(state, 405, "DELETE /api/v1/status HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(peer_header(&reply, "allow"), "GET, HEAD, OPTIONS");
    free(reply.body);
    assert_refused(state, 404, "NOT_FOUND", "GET /api/v1/status?channel=other HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_refused(state, 404, "NOT_FOUND", "GET /api/v1/nothing HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_refused(state, 405, "METHOD_NOT_ALLOWED", "GET /api/v1/control HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_refused(state, 426, "UPGRADE_REQUIRED", "GET /ws/stream HTTP/1.1\r\nHost: h\r\n\r\n");
}

static void test_origins(void **state)
{
    struct peer_reply reply =
        ask(state, 200, "GET /api/v1/health HTTP/1.1\r\nHost: h\r\nOrigin: http://friend.example\r\n\r\n");
    assert_string_equal(peer_header(&reply, "access-control-allow-origin"), "http://friend.example");
    assert_string_equal(peer_header(&reply, "vary"), "Origin");
    free(reply.body);
    reply = ask(state, 200, "GET /api/v1/health HTTP/1.1\r\nHost: h\r\nOrigin: http://stranger.example\r\n\r\n");
    assert_null(peer_header(&reply, "access-control-allow-origin"));
    free(reply.body);
    reply = ask(state, 204,
                "OPTIONS /api/v1/control HTTP/1.1\r\nHost: h\r\nOrigin: http://friend.example\r\n"
                "Access-Control-Request-Method: POST\r\n\r\n");
    assert_string_equal(peer_header(&reply, "access-control-allow-methods"), "POST, OPTIONS");
    free(reply.body);
    assert_refused(state, 403, "FORBIDDEN",
                   "POST /api/v1/control HTTP/1.1\r\nHost: h\r\nOrigin: http://stranger.example\r\n"
                   "Content-Length: 10\r\n\r\n{\"bpm\":64}");
    reply = ask(state, 200,
                "POST /api/v1/control HTTP/1.1\r\nHost: h:80\r\nOrigin: http://h\r\n"
                "Content-Length: 10\r\n\r\n{\"bpm\":64}");
    free(reply.body);
}

#define UPGRADE(path, more)                                                                                            \
    "GET " path " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" more                           \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define V13 "Sec-WebSocket-Version: 13\r\n"

static void test_upgrades_refused(void **state)
{
    assert_refused(state, 404, "NOT_FOUND", UPGRADE("/ws/other", V13));
    assert_refused(state, 404, "NOT_FOUND", UPGRADE("/ws/stream?channel=other", V13));
    assert_refused(state, 400, "BAD_REQUEST", UPGRADE("/ws/stream?format=mp3", V13));
    assert_refused(state, 400, "BAD_REQUEST", UPGRADE("/ws/stream?volume=3", V13));
    assert_refused(state, 501, "NOT_IMPLEMENTED", UPGRADE("/ws/stream?format=opus", V13)); /* not of this channel */
    assert_refused(state, 403, "FORBIDDEN", UPGRADE("/ws/stream", V13 "Origin: http://stranger.example\r\n"));
    assert_refused(state, 426, "UPGRADE_REQUIRED", UPGRADE("/ws/stream", "Sec-WebSocket-Version: 8\r\n"));
    assert_refused(state, 400, "BAD_REQUEST", UPGRADE("/ws/stream", V13 "Sec-WebSocket-Protocol: chat\r\n"));
    assert_refused(state, 501, "NOT_IMPLEMENTED",
                   "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                   "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n");
    struct peer_reply reply =
        ask(state, 101, UPGRADE("/ws/stream?format=json&channel=main", V13 "Origin: http://friend.example\r\n"));
    free(reply.body);
}

static void test_junk_does_no_harm(void **state)
{
    static const char *const junk[] = {"\x16\x03\x01\x02",
                                       "GET\r\n\r\n",
                                       "GET /app.js%00.html HTTP/1.1\r\n\r\n",
                                       "\r\n\r\n\r\n",
                                       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                       "GET http://x/ HTTP/1.1\r\n\r\n",
                                       "FLY /index.html HTTP/1.1\r\nHost: h\r\n\r\n"};
    const struct fixture *f = *state;
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        struct peer peer;
        peer_connect(&peer, f->host.port, 0);
        peer_text(&peer, junk[i]);
        peer_close(&peer);
    }
    test_page(state);
}

/* What the library refuses without asking anybody. */
static void test_what_is_no_request_is_counted(void **state)
{
    static char headers[20000] = "GET / HTTP/1.1\r\nHost: h\r\nX-Long: ";
    const char *const unreadable[] = {"FLY /index.html HTTP/1.1\r\nHost: h\r\n\r\n",
                                      "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n",
                                      "GET /app.js%00 HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\n", headers};
    const struct fixture *f = *state;
    uint64_t before = host_counted(&f->host, AUR_COUNT_DROPPED_UNREADABLE);
    memset(headers + strlen(headers), 'x', sizeof headers - strlen(headers) - 1);
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
        struct peer peer;
        char block[4096];
        peer_connect(&peer, f->host.port, 0);
        peer_text(&peer, unreadable[i]);
        while (read(peer.fd, block, sizeof block) > 0)
            ;
        host_counts(&f->host, AUR_COUNT_DROPPED_UNREADABLE, before + i + 1);
        peer_close(&peer);
    }
    struct peer peer; /* who goes in the middle of it is not counted */
    peer_connect(&peer, f->host.port, 0);
    peer_text(&peer, "GET / HT");
    peer_close(&peer);
    test_page(state);
    host_counts(&f->host, AUR_COUNT_DROPPED_UNREADABLE, before + sizeof unreadable / sizeof *unreadable);
}

/* Nothing that the library could answer with a close frame. */
static void test_who_is_hung_up_on_is_counted(void **state)
{
    static const char long_ping[4 + 4 + 126] = "\x89\xfe\0\x7e";
    const struct fixture *f = *state;
    uint64_t before = host_counted(&f->host, AUR_COUNT_CLOSED_PROTOCOL);
    struct peer peer;
    peer_listen(&peer, f->host.port);
    peer_send(&peer, long_ping, sizeof long_ping);
    assert_int_equal(peer_close_code(&peer), PEER_END);
    host_counts(&f->host, AUR_COUNT_CLOSED_PROTOCOL, before + 1);
    peer_close(&peer);
    peer_listen(&peer, f->host.port);
    free(peer_message_of(&peer, "status"));
    peer_close(&peer); /* without a word: that is no fault */
    for (int i = 0; fake_listeners() > 0 && i < 1000; i++)
        poll(NULL, 0, 10);
    assert_int_equal(fake_listeners(), 0);
    host_counts(&f->host, AUR_COUNT_CLOSED_PROTOCOL, before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_head_and_unchanged_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_outside_the_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_large_file_arrives_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_requests_sent_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_frames_right_behind_the_upgrade, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_control, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bodies_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_routes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_origins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_upgrades_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_junk_does_no_harm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_request_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_is_hung_up_on_is_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
