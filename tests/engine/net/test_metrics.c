/* The metrics page: its text, its families and its door; and health, which is judged by the same numbers. */
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_channel.h"
#include "fake_tally.h"
#include "host.h"
#include "net/exposition.h"
#include "net/health.h"
#include "net/metrics.h"
#include "net/process.h"
#include "peer.h"
#include "support/unit.h"

static const struct aur_label none = {NULL, NULL};

/* ---- text ---- */

static void numbers_read_back_as_they_were(void **state)
{
    (void)state;
    const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "x 0\n"},           {1, "x 1\n"},     {-0.5, "x -0.5\n"},      {1e300, "x 1e+300\n"},   {0.1, "x 0.1\n"},
        {INFINITY, "x +Inf\n"}, {NAN, "x NaN\n"}, {-INFINITY, "x -Inf\n"}, {1234567, "x 1234567\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aur_buf out;
        aur_buf_init(&out);
        aur_put_gauge(&out, "x", none, none, cases[i].value);
        assert_string_equal(out.data, cases[i].text);
        aur_buf_deinit(&out);
    }
}

static void labels_are_escaped(void **state)
{
    (void)state;
    struct aur_buf out;
    aur_buf_init(&out);
    aur_put_count(&out, "n_total", (struct aur_label){"a", "x\"y\\z\n"}, (struct aur_label){"b", ""}, 7);
    assert_string_equal(out.data, "n_total{a=\"x\\\"y\\\\z\\n\",b=\"\"} 7\n");
    aur_buf_deinit(&out);
}

static void histograms_are_cumulative(void **state)
{
    (void)state;
    static const struct aur_histogram_bounds bounds = {1000, 2, {500, 2000}};
    struct aur_histogram h;
    struct aur_histogram_copy copy = {.bounds = NULL};
    struct aur_buf out;
    aur_buf_init(&out);
    aur_put_histogram(&out, "h", none, none, &copy);
    assert_int_equal(out.len, 0);
    aur_histogram_init(&h, &bounds);
    aur_histogram_add(&h, 100);
    aur_histogram_add(&h, 1500);
    aur_histogram_add(&h, 9000);
    aur_histogram_tally(&h, &copy);
    aur_put_histogram(&out, "h", (struct aur_label){"c", "m"}, none, &copy);
    assert_string_equal(out.data, "h_bucket{c=\"m\",le=\"0.5\"} 1\nh_bucket{c=\"m\",le=\"2\"} 2\n"
                                  "h_bucket{c=\"m\",le=\"+Inf\"} 3\nh_sum{c=\"m\"} 10.6\nh_count{c=\"m\"} 3\n");
    aur_buf_deinit(&out);
}

static void the_process_is_found(void **state)
{
    (void)state;
    struct aur_process p, more;
    aur_process_read(&p);
    assert_true(p.cpu_s >= 0 && p.start_s > 1.6e9 && p.threads >= 1);
    assert_true(p.resident_bytes > 100000 && p.virtual_bytes >= p.resident_bytes);
    assert_true(p.open_fds >= 3 && p.max_fds >= p.open_fds);
    int fd = dup(0);
    aur_process_read(&more);
    close(fd);
    assert_true(more.open_fds == p.open_fds + 1);
}

/* ---- page ---- */

static struct aur_buf page_of(const struct aur_hubs *hubs, const struct aur_counts *counts,
                              const struct aur_players *players)
{
    struct aur_metrics_sources sources = {.hubs = hubs, .counts = counts, .players = players, .isa = "avx2"};
    struct aur_buf out;
    sources.listeners_by_tier[AUR_TIER_STABLE] = 3;
    aur_buf_init(&out);
    aur_metrics_write(&out, &sources);
    assert_true(aur_buf_ok(&out));
    return out;
}

static void assert_line(const struct aur_buf *page, const char *line)
{
    char whole[200];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (!strstr(page->data, whole))
        fail_msg("the page has no line %s", line);
}

static const char *const lines[] = {
    "auralis_chunks_rendered_total{channel=\"main\"} 12",
    "auralis_sound_clipped_samples_total{channel=\"main\"} 34",
    "auralis_reloads_total{channel=\"main\",result=\"refused\"} 3",
    "auralis_reloads_total{channel=\"main\",result=\"rolled_back\"} 4",
    "auralis_voice_blocks_total{channel=\"main\",renderer=\"cpu\"} 5",
    "auralis_render_lead_seconds{channel=\"main\"} 0.25",
    "auralis_sound_loudness_lufs{channel=\"main\",window=\"momentary\"} -Inf",
    "auralis_sound_dc_offset_ratio{channel=\"main\",side=\"right\"} -0.5",
    "auralis_listeners{channel=\"main\",format=\"opus\"} 7",
    "auralis_chunks_sent_total{channel=\"main\",format=\"opus\"} 70",
    "auralis_device_memory_bytes 4096",
    "auralis_journal_ok 1",
    "auralis_journal_facts_written_total 12",
    "auralis_journal_bytes 8192",
    "auralis_client_underruns_total{tier=\"stable\"} 2",
    "auralis_client_underruns_total{tier=\"other\"} 1000", /* not whatever a client says */
    "auralis_client_jitter_seconds_bucket{tier=\"stable\",le=\"0.01\"} 0",
    "auralis_client_jitter_seconds_bucket{tier=\"stable\",le=\"0.02\"} 1",
    "auralis_client_tier_listeners{tier=\"stable\"} 3",
    "auralis_websocket_refused_total{reason=\"origin\"} 1",
};

static void what_is_counted_is_told(void **state)
{
    (void)state;
    struct aur_hubs hubs;
    struct aur_counts counts = {0};
    struct aur_players players;
    struct aur_channel_tally tally = {.chunks = 12, .clipped = 34, .edits = {1, 2, 3, 4}, .cpu_blocks = 5};
    struct aur_channel_gauges gauges = {.buffer_s = 0.25, .momentary_lufs = -HUGE_VAL, .peak = NAN, .dc = {0.5, -0.5}};
    fake_reset(100);
    fake_tally_set(&tally, &gauges);
    aur_players_init(&players);
    aur_players_report(&players, "stable", 12.5, 600, 2);
    aur_players_report(&players, "a tier of its own", NAN, -5, 1e12);
    aur_count(&counts, AUR_COUNT_REFUSED_ORIGIN);
    aur_hubs_init(&hubs, NULL, 20, 16);
    assert_int_equal(aur_hubs_add(&hubs, NULL, fake_channel()), AUR_OK);
    hubs.items[0]->formats[AUR_FORMAT_OPUS].listeners = 7;
    hubs.items[0]->formats[AUR_FORMAT_OPUS].sent = 70;
    struct aur_buf page = page_of(&hubs, &counts, &players);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_line(&page, lines[i]);
    assert_null(strstr(page.data, "sound_peak_ratio{")); /* not known: not told */
    assert_null(strstr(page.data, "channel=\"private\""));
    assert_non_null(strstr(page.data, "isa=\"avx2\"} 1\n"));
    aur_buf_deinit(&page);
    aur_hubs_deinit(&hubs);
    fake_tally_reset();
}

static void private_channels_that_are_gone_still_count(void **state)
{
    (void)state;
    struct aur_hubs hubs;
    struct aur_counts counts = {0};
    struct aur_players players;
    fake_reset(100);
    aur_players_init(&players);
    aur_hubs_init(&hubs, NULL, 20, 16);
    hubs.gone.channel.chunks = 99;
    hubs.gone.sent[AUR_FORMAT_PCM] = 5;
    struct aur_buf page = page_of(&hubs, &counts, &players);
    assert_line(&page, "auralis_chunks_rendered_total{channel=\"private\"} 99");
    assert_line(&page, "auralis_chunks_sent_total{channel=\"private\",format=\"pcm\"} 5");
    assert_line(&page, "auralis_private_channels_open 0");
    assert_null(strstr(page.data, "auralis_render_lead_seconds{"));
    aur_buf_deinit(&page);
    aur_hubs_deinit(&hubs);
}

/* ---- door ---- */

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static struct peer_reply ask(int port, const char *request)
{
    struct peer peer;
    struct peer_reply reply;
    peer_connect(&peer, port, 0);
    peer_send(&peer, request, strlen(request));
    peer_reply(&peer, &reply, strncmp(request, "HEAD", 4) == 0);
    peer_close(&peer);
    return reply;
}

static void only_the_page_is_behind_the_door(void **state)
{
    (void)state;
    const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
        {"HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
        {"GET /metrics?x=y HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 404},
        {"GET /metrics/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404},
        {"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", 404},
        {"PUT /api/v1/scripts/main.lua HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 404},
        {"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 405},
        {"DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
        {"GET /ws/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
         404},
    };
    struct host host;
    struct aur_server_config config = {.client_dir = "/nonexistent", .metrics_port = free_port()};
    fake_reset(400);
    host_start(&host, &config);
    for (int round = 0; round < 20; round++) /* more than may be open at a time: none is left behind */
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct peer_reply reply = ask(config.metrics_port, cases[i].request);
            if (reply.status != cases[i].status)
                fail_msg("%s -> %d", cases[i].request, reply.status);
            free(reply.body);
        }
    struct peer_reply reply = ask(config.metrics_port, cases[0].request);
    assert_string_equal(peer_header(&reply, "content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(reply.body, "auralis_build_info{"));
    assert_string_equal(reply.body + reply.body_len - 1, "\n");
    free(reply.body);
    reply = ask(host.port, cases[0].request); /* and the page is not on the other door */
    assert_int_equal(reply.status, 404);
    free(reply.body);
    host_stop(&host);
}

static void a_taken_port_stops_nothing(void **state)
{
    (void)state;
    struct host first, second;
    struct aur_server_config config = {.metrics_port = free_port()};
    fake_reset(400);
    host_start(&first, &config);
    host_start(&second, &config);
    struct peer_reply reply = ask(second.port, "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_int_equal(reply.status, 200);
    free(reply.body);
    host_stop(&second);
    reply = ask(config.metrics_port, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"); /* the first one's */
    assert_int_equal(reply.status, 200);
    free(reply.body);
    host_stop(&first);
}

/* ---- health ---- */

static double little(void *user)
{
    return *(const double *)user;
}

static void assert_degraded(const struct aur_hubs *hubs, const char *reason)
{
    struct aur_reply reply = {.status = 0};
    aur_buf_init(&reply.body);
    aur_health_write(&reply, hubs, NULL);
    assert_int_equal(reply.status, 200);
    if (!strstr(reply.body.data, reason ? "\"degraded\"" : "\"healthy\"") ||
        !strstr(reply.body.data, reason ? reason : "[]"))
        fail_msg("%s instead of: %s", reply.body.data, reason ? reason : "healthy");
    aur_buf_deinit(&reply.body);
}

static void sound_and_listeners_are_judged(void **state)
{
    (void)state;
    const struct aur_channel_gauges well = {.silent_s = 0, .clipped_ago_s = NAN, .not_finite_ago_s = NAN};
    struct aur_channel_gauges cases[6] = {well, well, well, well, well, well};
    cases[1].silent_s = 7, cases[1].notes_due = true;
    cases[2].silent_s = 7;
    cases[3].clipped_ago_s = 10;
    cases[4].not_finite_ago_s = 59;
    cases[5].repeating = true;
    const char *const reasons[6] = {NULL,
                                    "silent for 7 s although the script plays notes",
                                    NULL, /* as it should be */
                                    "clipped samples",
                                    "samples that are no numbers",
                                    "its last phrase plays again"};
    struct aur_hubs hubs;
    double margin = 0.05;
    fake_reset(100);
    aur_hubs_init(&hubs, NULL, 20, 16);
    assert_int_equal(aur_hubs_add(&hubs, NULL, fake_channel()), AUR_OK);
    for (size_t i = 0; i < 6; i++) {
        fake_tally_set(&(struct aur_channel_tally){.chunks = 1}, &cases[i]);
        assert_degraded(&hubs, reasons[i]);
    }
    cases[3].clipped_ago_s = 61;
    fake_tally_set(&(struct aur_channel_tally){.chunks = 1}, &cases[3]);
    assert_degraded(&hubs, NULL);
    hubs.private.config.margin = little;
    hubs.private.config.user = &margin;
    assert_degraded(&hubs, "rendering has 5 % of its time left");
    margin = 0.5;
    hubs.items[0]->formats[AUR_FORMAT_PCM].sent = 10000;
    hubs.items[0]->formats[AUR_FORMAT_PCM].dropped = 99;
    assert_degraded(&hubs, NULL); /* less than one in a hundred */
    hubs.items[0]->formats[AUR_FORMAT_PCM].dropped = 500;
    assert_degraded(&hubs, "listeners were too slow for 500 of 10500 chunks");
    aur_hubs_deinit(&hubs);
    fake_tally_reset();
}

static void device_journal_and_troubles_are_judged(void **state)
{
    (void)state;
    struct aur_hubs hubs;
    fake_reset(100);
    aur_hubs_init(&hubs, NULL, 20, 16);
    assert_int_equal(aur_hubs_add(&hubs, NULL, fake_channel()), AUR_OK);
    fake_tally_fail(true, NULL);
    assert_degraded(&hubs, "the OpenCL device failed: this CPU renders instead");
    fake_tally_fail(false, "the disk is full");
    assert_degraded(&hubs, "[\"the disk is full\"]");
    fake_tally_fail(false, NULL);
    assert_degraded(&hubs, NULL);
    fake_post(&(struct aur_channel_event){.type = AUR_EVENT_SYNTHESIS});
    aur_hubs_update(&hubs);
    assert_degraded(&hubs, "1 failed block(s), the last 0 s ago");
    aur_hubs_deinit(&hubs);
    fake_tally_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_read_back_as_they_were),
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(histograms_are_cumulative),
        cmocka_unit_test(the_process_is_found),
        cmocka_unit_test(what_is_counted_is_told),
        cmocka_unit_test(private_channels_that_are_gone_still_count),
        cmocka_unit_test(only_the_page_is_behind_the_door),
        cmocka_unit_test(a_taken_port_stops_nothing),
        cmocka_unit_test(sound_and_listeners_are_judged),
        cmocka_unit_test(device_journal_and_troubles_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
