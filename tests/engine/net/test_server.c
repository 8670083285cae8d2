/* Starting: what cannot be had is refused with its name. Health. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_channel.h"
#include "host.h"
#include "net/hubs.h"
#include "net/rest.h"
#include "peer.h"

static void assert_not_started(const struct aur_server_config *config, const char *first, const char *second)
{
    struct aur_server *server = NULL;
    struct aur_error err = {0};
    assert_int_equal(aur_server_new(&server, config, &err), AUR_EIO);
    if (!strstr(err.message, first) || !strstr(err.message, second))
        fail_msg("'%s' names neither or not both of '%s' and '%s'", err.message, first, second);
}

static void test_a_busy_port_is_named(void **state)
{
    (void)state;
    struct host host;
    fake_reset(100);
    host_start(&host, NULL);
    char name[32];
    snprintf(name, sizeof name, "127.0.0.1:%d", host.port);
    assert_not_started(&(struct aur_server_config){.host = "127.0.0.1", .port = host.port}, name,
                       "Address already in use");
    host_stop(&host);
}

static void test_a_host_that_is_not_ours_is_named(void **state)
{
    (void)state;
    assert_not_started(&(struct aur_server_config){.host = "192.0.2.1", .port = 18123}, "192.0.2.1:18123",
                       "Cannot assign");
    assert_not_started(&(struct aur_server_config){.host = "not a host", .port = 18123}, "not a host:18123", ": ");
}

static void test_ssl_without_files_is_refused(void **state)
{
    (void)state;
    assert_not_started(&(struct aur_server_config){.ssl = true}, "AURALIS_SSL_CERT_PATH", "is not set");
    assert_not_started(
        &(struct aur_server_config){.ssl = true, .ssl_cert_path = "/nothing.pem", .ssl_key_path = "/nothing.key"},
        "/nothing.pem", "No such file");
    assert_not_started(
        &(struct aur_server_config){.ssl = true, .ssl_cert_path = "/etc/hostname", .ssl_key_path = "/etc/hostname"},
        "AURALIS_SSL_CERT_PATH: /etc/hostname", "not a certificate chain in PEM");
}

static void test_stop_before_run(void **state)
{
    (void)state;
    struct aur_server *server;
    struct aur_error err;
    assert_int_equal(aur_server_new(&server, &(struct aur_server_config){.host = "127.0.0.1"}, &err), AUR_OK);
    assert_true(aur_server_port(server) > 0);
    aur_server_stop(server);
    assert_int_equal(aur_server_run(server), AUR_OK);
    aur_server_free(server);
    aur_server_free(NULL);
}

static struct aur_reply ask(struct aur_hubs *hubs, const char *path)
{
    struct aur_request request = {.method = AUR_GET};
    struct aur_reply reply = {0};
    snprintf(request.path, sizeof request.path, "%s", path);
    size_t body_max;
    if (aur_rest_admit(&reply, &body_max, hubs, &request))
        assert_true(aur_rest_answer(&reply, NULL, hubs, &request));
    return reply;
}

static void test_health(void **state)
{
    (void)state;
    struct aur_hubs hubs;
    fake_reset(100);
    aur_hubs_init(&hubs, NULL, 20, 16);
    struct aur_reply reply = ask(&hubs, "/api/v1/health");
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr(reply.body.data, "no channel plays"));
    aur_buf_deinit(&reply.body);
    assert_int_equal(aur_hubs_add(&hubs, NULL, fake_channel()), AUR_OK);
    reply = ask(&hubs, "/api/v1/health");
    assert_int_equal(reply.status, 200);
    aur_buf_deinit(&reply.body);
    fake_post(&(struct aur_channel_event){.type = AUR_EVENT_UNDERRUN});
    fake_post(&(struct aur_channel_event){.type = AUR_EVENT_UNDERRUN});
    aur_hubs_update(&hubs);
    reply = ask(&hubs, "/api/v1/health");
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body.data, "\"status\":\"degraded\""));
    assert_non_null(strstr(reply.body.data, "[\"2 late chunk(s), the last 0 s ago\"]"));
    aur_buf_deinit(&reply.body);
    fake_set_healthy(false);
    reply = ask(&hubs, "/api/v1/health");
    assert_int_equal(reply.status, 503);
    assert_non_null(
        strstr(reply.body.data, "\"status\":\"unhealthy\",\"service\":\"auralis\",\"reasons\":[\"no chunk for 3 s\","));
    aur_buf_deinit(&reply.body);
    char text[64];
    assert_false(aur_hub_trouble(hubs.items[0], AUR_TROUBLE_UNDERRUN,
                                 hubs.items[0]->troubles[0].last_ns + UINT64_C(60000000000), text, sizeof text));
    aur_hubs_deinit(&hubs);
}

static void test_no_channel(void **state)
{
    (void)state;
    struct aur_hubs hubs;
    aur_hubs_init(&hubs, NULL, 20, 16);
    struct aur_reply reply = ask(&hubs, "/api/v1/status");
    assert_int_equal(reply.status, 503);
    aur_buf_deinit(&reply.body);
    reply = ask(&hubs, "/api/v1/channels");
    assert_non_null(strstr(reply.body.data, "{\"channels\":[],\"private\":{\"max\":0,"));
    aur_buf_deinit(&reply.body);
    aur_hubs_deinit(&hubs);
}

static void test_rest_controls_are_limited_in_rate(void **state)
{
    (void)state;
    struct aur_hubs hubs;
    struct aur_request request = {.method = AUR_POST};
    fake_reset(100);
    aur_hubs_init(&hubs, NULL, 2, 16);
    assert_int_equal(aur_hubs_add(&hubs, NULL, fake_channel()), AUR_OK);
    snprintf(request.path, sizeof request.path, "/api/v1/control");
    aur_buf_text(&request.body, "{}");
    int refused = 0;
    for (int i = 0; i < 5; i++) {
        struct aur_reply reply = {0};
        assert_true(aur_rest_answer(&reply, NULL, &hubs, &request));
        refused += reply.status == 429 && reply.retry_s == 1;
        aur_buf_deinit(&reply.body);
    }
    assert_true(refused >= 2);
    aur_buf_deinit(&request.body);
    aur_hubs_deinit(&hubs);
}

static void test_news_are_kept_for_a_while(void **state)
{
    (void)state;
    struct aur_hub hub;
    fake_reset(100);
    aur_hub_init(&hub, fake_channel(), NULL, 16);
    for (uint64_t i = 0; i < 100; i++)
        fake_post(&(struct aur_channel_event){.type = AUR_EVENT_UNDERRUN, .chunk_index = 10 * i});
    aur_hub_update(&hub);
    uint64_t n = 0;
    const struct aur_news *news = aur_hub_news(&hub, &n, 0);
    assert_int_equal(n, 100 - AUR_NEWS_KEPT);
    assert_int_equal(news->chunk, 10 * n);
    news = aur_hub_news(&hub, &n, 985);
    assert_int_equal(n, 99);
    assert_int_equal(news->chunk, 990);
    assert_null(aur_hub_news(&hub, &n, 2000));
    assert_int_equal(n, 100);
    aur_hub_deinit(&hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_busy_port_is_named),
        cmocka_unit_test(test_a_host_that_is_not_ours_is_named),
        cmocka_unit_test(test_ssl_without_files_is_refused),
        cmocka_unit_test(test_stop_before_run),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_no_channel),
        cmocka_unit_test(test_rest_controls_are_limited_in_rate),
        cmocka_unit_test(test_news_are_kept_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
