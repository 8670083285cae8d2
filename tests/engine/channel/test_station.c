/* Stations with their real threads, on fake pieces and synths: chunks of 10 ms, so that a little time holds a lot of them.
 * Nothing here depends on how fast they come. Run it under TSan and ASan. */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "channel/internal.h"
#include "fakes.h"
#include "support/unit.h"

#define SHORT 13248 /* a phrase: 0.3 s */

struct bell { /* rung by notify */
    struct aur_wake wake;
};

static void ring_bell(void *user)
{
    aur_wake_post(&((struct bell *)user)->wake);
}

static struct aur_channel_config config_of(const char *name, struct aur_piece *piece, struct bell *bell)
{
    struct aur_channel_config config = {.name = name,
                                        .piece = piece,
                                        .synth = {.rate_hz = 44100},
                                        .chunk_frames = 441,
                                        .lead_ms = 50,
                                        .notify = ring_bell,
                                        .user = bell};
    aur_controls_default(&config.controls, &piece->info.controls);
    return config;
}

static struct aur_station *station_of(uint32_t render_workers, uint32_t composer_workers)
{
    struct aur_station *station = NULL;
    struct aur_station_config config = {.render_workers = render_workers, .composer_workers = composer_workers};
    assert_int_equal(aur_station_new(&station, &config, NULL), 0);
    return station;
}

static bool has_index(const unsigned char *data, enum aur_format format, uint64_t index)
{
    char text[40];
    if (format != AUR_FORMAT_JSON)
        return memcmp(data, "AUR1", 4) == 0 && data[4] == (unsigned char)format && memcmp(data + 8, &index, 8) == 0;
    snprintf(text, sizeof text, "\"chunk_index\":%llu", (unsigned long long)index);
    return strstr((const char *)data, text) != NULL;
}

/* Reads one message if it is there; true if the cursor moved. */
static bool read_next(struct aur_channel *ch, enum aur_format format, uint64_t *cursor)
{
    const unsigned char *data;
    size_t len;
    uint64_t next;
    int rc = aur_channel_message(ch, format, &data, &len, &next, *cursor);
    if (rc == AUR_EBUSY)
        return false;
    if (rc == AUR_ENOTFOUND) {
        assert_true(next > *cursor);
        *cursor = next;
        return true;
    }
    assert_int_equal(rc, 0);
    assert_true(has_index(data, format, *cursor));
    ++*cursor;
    return true;
}

static void listens(void **state)
{
    (void)state;
    struct aur_piece piece;
    struct bell bell;
    aur_wake_init(&bell.wake);
    fake_piece_init(&piece, SHORT);
    struct aur_station *station = station_of(0, 0);
    struct aur_channel_config config = config_of("main", &piece, &bell);
    struct aur_channel *ch;
    assert_int_equal(aur_station_add(station, &ch, &config, NULL), 0);
    uint64_t cursors[AUR_FORMATS], first = 0;
    for (int f = 0; f < AUR_FORMATS; f++)
        cursors[f] = first = aur_channel_join(ch, (enum aur_format)f, 8);
    struct aur_channel_event event;
    uint64_t phrases = 0;
    while (cursors[AUR_FORMATS - 1] < first + 100 || phrases < 3) {
        aur_wake_wait(&bell.wake);
        while (aur_channel_event(ch, &event))
            phrases += event.type == AUR_EVENT_PHRASE;
        for (int f = 0; f < AUR_FORMATS; f++)
            while (read_next(ch, (enum aur_format)f, &cursors[f]))
                ;
    }
    for (int f = 0; f < AUR_FORMATS; f++)
        aur_channel_leave(ch, (enum aur_format)f);
    aur_station_free(station);
    aur_wake_deinit(&bell.wake);
}

#define CHANNELS 6

static void many_channels(uint32_t render_workers, uint32_t composer_workers)
{
    struct aur_piece pieces[CHANNELS];
    struct aur_channel *channels[CHANNELS];
    uint64_t cursors[CHANNELS];
    struct bell bell;
    aur_wake_init(&bell.wake);
    struct aur_station *station = station_of(render_workers, composer_workers);
    for (int i = 0; i < CHANNELS; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        fake_piece_init(&pieces[i], SHORT + 64 * (uint64_t)i);
        struct aur_channel_config config = config_of(name, &pieces[i], &bell);
        assert_int_equal(aur_station_add(station, &channels[i], &config, NULL), 0);
        assert_string_equal(aur_channel_name(channels[i]), name);
        cursors[i] = aur_channel_join(channels[i], AUR_FORMAT_JSON, 4);
    }
    for (bool done = false; !done;) {
        aur_wake_wait(&bell.wake);
        done = true;
        for (int i = 0; i < CHANNELS; i++) {
            while (read_next(channels[i], AUR_FORMAT_JSON, &cursors[i]))
                ;
            done = done && cursors[i] > 60;
        }
    }
    aur_station_free(station);
    aur_wake_deinit(&bell.wake);
}

static void many_channels_on_one_worker(void **state)
{
    (void)state;
    many_channels(1, 1);
}

static void many_channels_on_two_workers(void **state)
{
    (void)state;
    many_channels(2, 2);
}

struct busy {
    struct aur_channel *ch;
    _Atomic bool stop;
};

static void ask_and_turn(void *user)
{
    struct busy *busy = user;
    char reason[64];
    for (int i = 0; !atomic_load(&busy->stop); i++) {
        struct aur_controls controls;
        struct aur_msg_phrase reply;
        struct aur_msg_status status;
        aur_channel_controls(busy->ch, &controls, NULL);
        controls.level = i % 100 / 100.0;
        controls.bpm = 60 + i % 60;
        aur_channel_control(busy->ch, &reply, &controls, NULL);
        aur_channel_status(busy->ch, &status);
        aur_channel_healthy(busy->ch, reason, sizeof reason);
        aur_clock_sleep_until_ns(aur_clock_mono_ns() + 200000);
    }
}

/* Everything at once: others ask and turn, a script that fails now and then, listeners that come and go. */
static void busy_station(void **state)
{
    (void)state;
    struct aur_piece piece;
    struct bell bell;
    aur_wake_init(&bell.wake);
    fake_piece_init(&piece, SHORT);
    piece.shared = true;
    struct aur_station *station = station_of(2, 2);
    struct aur_channel_config config = config_of("main", &piece, &bell);
    struct busy busy = {0};
    assert_int_equal(aur_station_add(station, &busy.ch, &config, NULL), 0);
    struct aur_thread threads[2];
    struct aur_thread_config thread = {.name = "busy", .run = ask_and_turn, .user = &busy};
    for (int i = 0; i < 2; i++)
        assert_int_equal(aur_thread_start(&threads[i], &thread, NULL), 0);
    uint64_t cursor = aur_channel_join(busy.ch, AUR_FORMAT_JSON, 8), until = cursor + 150;
    int errors = 0;
    for (int i = 0; cursor < until; i++) {
        struct aur_channel_event event;
        aur_wake_wait(&bell.wake);
        while (aur_channel_event(busy.ch, &event))
            errors += event.type == AUR_EVENT_GENERATION_ERROR;
        while (read_next(busy.ch, AUR_FORMAT_JSON, &cursor))
            ;
        piece.fails = cursor / 50 % 2 == 1;
        if (i % 20 == 19) {
            aur_channel_leave(busy.ch, AUR_FORMAT_JSON);
            cursor = aur_channel_join(busy.ch, AUR_FORMAT_JSON, 8);
        }
    }
    atomic_store(&busy.stop, true);
    for (int i = 0; i < 2; i++)
        aur_thread_join(&threads[i]);
    assert_true(errors > 0);
    assert_true(piece.composed > 2);
    aur_station_free(station);
    aur_wake_deinit(&bell.wake);
}

static void starts_and_stops_many_times(void **state)
{
    (void)state;
    struct aur_piece piece;
    struct bell bell;
    aur_wake_init(&bell.wake);
    fake_piece_init(&piece, SHORT);
    piece.shared = true;
    for (int i = 0; i < 30; i++) {
        struct aur_station *station = station_of((uint32_t)i % 3, (uint32_t)i % 2);
        struct aur_channel *ch[2];
        struct aur_channel_config config = config_of("main", &piece, &bell);
        for (int c = 0; c < 2; c++)
            assert_int_equal(aur_station_add(station, &ch[c], &config, NULL), 0);
        uint64_t cursor = aur_channel_join(ch[0], AUR_FORMAT_JSON, 2);
        for (int k = 0; k < i % 4 * 3;)
            k += read_next(ch[0], AUR_FORMAT_JSON, &cursor) ? 1 : (sched_yield(), 0);
        aur_station_free(station); /* with a listener still there */
    }
    aur_station_free(NULL);
    aur_wake_deinit(&bell.wake);
}

static void refuses(void **state)
{
    (void)state;
    struct aur_piece piece;
    struct bell bell;
    aur_wake_init(&bell.wake);
    fake_piece_init(&piece, SHORT);
    struct aur_station *station = NULL;
    struct aur_station_config station_config = {.max_channels = 1};
    assert_int_equal(aur_station_new(&station, &station_config, NULL), 0);
    struct aur_channel_config config = config_of("main", &piece, &bell);
    struct aur_channel *ch = NULL;
    struct aur_error err = {0};
    piece.fails = true;
    assert_int_equal(aur_station_add(station, &ch, &config, &err), AUR_ESCRIPT);
    assert_int_equal(strncmp(err.message, "script.lua:7: boom", 18), 0);
    piece.fails = false;
    assert_int_equal(aur_station_add(station, &ch, &config, &err), 0);
    assert_int_equal(aur_station_add(station, &ch, &config, &err), AUR_ELIMIT);
    aur_station_free(station);
    aur_wake_deinit(&bell.wake);
}

struct guest { /* adds and removes channels of its own */
    struct aur_station *station;
    struct aur_piece *piece;
    struct bell *bell;
    int rounds;
    _Atomic int finished;
};

static void come_and_go(void *user)
{
    struct guest *guest = user;
    for (int i = 0; i < guest->rounds; i++) {
        struct aur_channel_config config = config_of("guest", guest->piece, guest->bell);
        struct aur_channel *ch;
        assert_int_equal(aur_station_add(guest->station, &ch, &config, NULL), 0);
        uint64_t cursor = aur_channel_join(ch, AUR_FORMAT_PCM, 2);
        for (int k = 0; k < i % 4 * 4;)
            k += read_next(ch, AUR_FORMAT_PCM, &cursor) ? 1 : (sched_yield(), 0);
        aur_channel_leave(ch, AUR_FORMAT_PCM);
        aur_station_remove(guest->station, ch);
    }
    atomic_fetch_add(&guest->finished, 1);
}

/* Others come and go all the time, and one channel plays on: every chunk of it is there. */
static void guests_come_and_go(void **state)
{
    (void)state;
    struct aur_piece piece;
    struct bell bell;
    aur_wake_init(&bell.wake);
    fake_piece_init(&piece, SHORT);
    piece.shared = true;
    struct aur_station *station = station_of(2, 2);
    struct aur_channel_config config = config_of("main", &piece, &bell);
    struct aur_channel *ch;
    assert_int_equal(aur_station_add(station, &ch, &config, NULL), 0);
    struct guest guest = {.station = station, .piece = &piece, .bell = &bell, .rounds = 40};
    struct aur_thread threads[3];
    struct aur_thread_config thread = {.name = "guest", .run = come_and_go, .user = &guest};
    for (int i = 0; i < 3; i++)
        assert_int_equal(aur_thread_start(&threads[i], &thread, NULL), 0);
    uint64_t cursor = aur_channel_join(ch, AUR_FORMAT_JSON, 8), until = cursor + 100, chunks = 0;
    while (cursor < until || atomic_load(&guest.finished) < 3) {
        struct aur_channel_event event;
        aur_wake_wait(&bell.wake);
        while (aur_channel_event(ch, &event))
            ;
        while (read_next(ch, AUR_FORMAT_JSON, &cursor))
            chunks++;
    }
    assert_true(chunks > 50);
    for (int i = 0; i < 3; i++)
        aur_thread_join(&threads[i]);
    aur_station_free(station);
    aur_wake_deinit(&bell.wake);
}

static void a_place_is_free_again(void **state)
{
    (void)state;
    struct aur_piece piece;
    struct bell bell;
    aur_wake_init(&bell.wake);
    fake_piece_init(&piece, SHORT);
    piece.shared = true;
    struct aur_station *station = NULL;
    struct aur_station_config station_config = {.max_channels = 2};
    assert_int_equal(aur_station_new(&station, &station_config, NULL), 0);
    struct aur_channel_config config = config_of("main", &piece, &bell);
    struct aur_channel *ch[3];
    assert_int_equal(aur_station_add(station, &ch[0], &config, NULL), 0);
    assert_int_equal(aur_station_add(station, &ch[1], &config, NULL), 0);
    assert_int_equal(aur_station_add(station, &ch[2], &config, NULL), AUR_ELIMIT);
    aur_station_remove(station, ch[0]);
    assert_int_equal(aur_station_add(station, &ch[2], &config, NULL), 0);
    uint64_t cursor = aur_channel_join(ch[1], AUR_FORMAT_JSON, 0);
    while (!read_next(ch[1], AUR_FORMAT_JSON, &cursor))
        aur_wake_wait(&bell.wake);
    aur_station_free(station);
    aur_wake_deinit(&bell.wake);
}

static void the_margin_is_what_is_free(void **state)
{
    (void)state;
    struct aur_piece piece;
    struct bell bell;
    aur_wake_init(&bell.wake);
    fake_piece_init(&piece, SHORT);
    struct aur_station *station = station_of(1, 1);
    assert_true(aur_station_margin(station) == 1);
    struct aur_channel_config config = config_of("main", &piece, &bell);
    struct aur_channel *ch;
    assert_int_equal(aur_station_add(station, &ch, &config, NULL), 0);
    for (uint64_t cursor = aur_channel_join(ch, AUR_FORMAT_JSON, 0), until = cursor + 20; cursor < until;) {
        aur_wake_wait(&bell.wake);
        while (read_next(ch, AUR_FORMAT_JSON, &cursor))
            ;
    }
    double margin = aur_station_margin(station);
    assert_true(margin > 0 && margin < 1);
    aur_station_free(station);
    aur_wake_deinit(&bell.wake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listens),
        cmocka_unit_test(many_channels_on_one_worker),
        cmocka_unit_test(many_channels_on_two_workers),
        cmocka_unit_test(busy_station),
        cmocka_unit_test(starts_and_stops_many_times),
        cmocka_unit_test(refuses),
        cmocka_unit_test(guests_come_and_go),
        cmocka_unit_test(a_place_is_free_again),
        cmocka_unit_test(the_margin_is_what_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
