/* Takes from the request to their files, over a journal written by hand: what is fixed at once, what a restart goes on with, what
 * fails and is tried again, what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kept.h"

/* The samples are those of the render that the session is a part of. */
static void a_take_is_what_sounded(void **state)
{
    struct fixture *f = *state;
    struct kept kept;
    char id[AUR_KEEP_ID_SIZE], path[300];
    kept_open(&kept, f);
    kept_record(&kept, 2);
    kept_start(&kept, NULL);
    assert_int_equal(kept_ask(&kept, kept_take_of(2, 5 * RATE, "First / take")), 0);
    assert_true(kept_says(&kept, "\"from_frame\":132300,\"to_frame\":220500"));
    assert_true(kept_says(&kept, "\"clipped\":false"));
    kept_id(&kept, id, sizeof id);
    kept_settle(&kept, id);
    assert_true(kept_says(&kept, "\"state\":\"done\",\"progress\":1.000"));
    assert_true(kept_says(&kept, "take.flac") && kept_says(&kept, "take.mid") && kept_says(&kept, "take.json") &&
                kept_says(&kept, "take.chords.txt") && kept_says(&kept, "take.auralis") &&
                kept_says(&kept, "\"session_file\":true"));
    struct aur_bounce_request whole = fixture_request(f, fixture_path(f, "whole.flac"));
    whole.duration_s = 5;
    whole.bits = AUR_BITS_16;
    fixture_render(&whole);
    snprintf(path, sizeof path, "%s/%s/take.flac", kept.folder, id);
    struct wav all = fixture_read(whole.out_path), part = fixture_read(path);
    assert_int_equal(part.frames, 2 * RATE);
    assert_memory_equal(part.ints, all.ints + (size_t)2 * 3 * RATE, part.frames * 2 * sizeof *part.ints);
    fixture_drop(&all);
    fixture_drop(&part);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_WAVEFORM, id, "")), 0);
    assert_true(kept_says(&kept, "{\"seconds\":2,\"peaks\":[["));
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_FILE, id, "take.mid")), 0);
    assert_true(kept.reply.fd >= 0 && kept.reply.bytes > 0);
    assert_string_equal(kept.reply.file, "First-take.mid");
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_FILE, id, "../../journal.db")), AUR_ENOTFOUND);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_SESSION_DELETE, kept.id, "")), AUR_EBUSY);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_NAME, id, "Rain")), 0);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_DELETE, id, "")), 0);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE, id, "")), AUR_ENOTFOUND);
    assert_int_not_equal(access(path, F_OK), 0);
    kept_close(&kept);
    kept_drop_files(&kept);
}

static void more_than_there_is_is_clipped_and_nothing_is_refused(void **state)
{
    struct kept kept;
    kept_open(&kept, *state);
    kept_record(&kept, 1);
    kept_start(&kept, NULL);
    struct aur_keep_request long_one = kept_take_of(600, 3 * RATE, "");
    long_one.asked_at = 1736937045123;
    assert_int_equal(kept_ask(&kept, long_one), 0);
    assert_true(kept_says(&kept, "\"from_frame\":0,\"to_frame\":132300"));
    assert_true(kept_says(&kept, "\"kept_at\":\"2025-01-15T10:30:45.123000Z\""));
    assert_true(kept_says(&kept, "\"asked_s\":600,\"clipped\":true"));
    assert_true(kept_says(&kept, "\"name\":\"A session\""));
    struct aur_keep_request request = kept_take_of(60, RATE, "");
    strcpy(request.span.channel, "other");
    assert_int_equal(kept_ask(&kept, request), AUR_ENOTSUP);
    request = kept_take_of(0, 0, "");
    request.span.channel[0] = '\0';
    strcpy(request.span.session, kept.id);
    request.span.from_s = 100;
    request.span.to_s = 200;
    assert_int_equal(kept_ask(&kept, request), AUR_EINVAL);
    strcpy(request.span.session, "nobody");
    assert_int_equal(kept_ask(&kept, request), AUR_ENOTFOUND);
    kept_close(&kept);
    kept_drop_files(&kept);
}

static void a_span_that_cannot_be_made_again(void **state)
{
    struct kept kept;
    kept_open(&kept, *state);
    kept_record(&kept, 2);
    aur_recorder_broken(kept.recorder, 2 * RATE, "the device is not exact");
    kept_start(&kept, NULL);
    assert_int_equal(kept_ask(&kept, kept_take_of(4, 4 * RATE, "")), AUR_ENOTSUP);
    assert_non_null(strstr(kept.reply.error.message, "2.000 s only: the device is not exact"));
    assert_int_equal(kept_ask(&kept, kept_take_of(1, 2 * RATE, "")), 0);
    kept_close(&kept);
    kept_drop_files(&kept);
}

/* A disk that cannot be written, here a file where the folder is to be. */
static void what_failed_is_tried_again(void **state)
{
    struct kept kept;
    char id[AUR_KEEP_ID_SIZE];
    kept_open(&kept, *state);
    kept_record(&kept, 1);
    kept_start(&kept, NULL);
    FILE *file = fopen(kept.folder, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(kept_ask(&kept, kept_take_of(1, RATE, "")), 0);
    kept_id(&kept, id, sizeof id);
    kept_settle(&kept, id);
    assert_true(kept_says(&kept, "\"state\":\"failed\""));
    assert_false(kept_says(&kept, "\"error\":\"\""));
    assert_false(kept_says(&kept, kept.folder));
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_FILE, id, "take.flac")), AUR_EBUSY);
    assert_int_equal(unlink(kept.folder), 0);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_RETRY, id, "")), 0);
    kept_settle(&kept, id);
    assert_true(kept_says(&kept, "\"state\":\"done\""));
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_RETRY, id, "")), AUR_EBUSY);
    kept_close(&kept);
    kept_drop_files(&kept);
}

/* What waits when the process ends is rendered by the next; what is complete is not rendered twice. */
static void a_restart_goes_on(void **state)
{
    struct kept kept;
    struct aur_error err = {0};
    char path[300], id[AUR_KEEP_ID_SIZE];
    struct stat about_file;
    kept_open(&kept, *state);
    kept_record(&kept, 1);
    struct aur_take take = {.id = "takeoftheformerx", .rate_hz = RATE, .to_frame = RATE, .kept_at = 5};
    strcpy(take.session, kept.id);
    strcpy(take.state, "rendering");
    strcpy(take.wanted, "{\"stems\":true}");
    snprintf(path, sizeof path, "%s/.%s.part", kept.folder, take.id);
    assert_int_equal(aur_journal_take_put(kept.journal, &take, &err), 0);
    assert_int_equal(mkdir(kept.folder, 0777) || mkdir(path, 0777), 0);
    kept_start(&kept, NULL);
    kept_settle(&kept, take.id);
    assert_true(kept_says(&kept, "\"state\":\"done\""));
    assert_true(kept_says(&kept, "stems/pad.flac") && kept_says(&kept, "stems/mix.flac"));
    assert_int_not_equal(access(path, F_OK), 0);
    kept_stop(&kept);
    strcpy(take.state, "waiting");
    assert_int_equal(aur_journal_take_put(kept.journal, &take, &err), 0);
    snprintf(path, sizeof path, "%s/%s/take.flac", kept.folder, take.id);
    assert_int_equal(truncate(path, 7), 0);
    kept_start(&kept, NULL);
    snprintf(id, sizeof id, "%s", take.id);
    kept_settle(&kept, id);
    assert_true(kept_says(&kept, "\"state\":\"done\""));
    assert_int_equal(stat(path, &about_file), 0);
    assert_int_equal(about_file.st_size, 7);
    kept_close(&kept);
    kept_drop_files(&kept);
}

/* The first one is being rendered for longer than it takes to ask for two more; deleting it makes room. */
static void no_more_wait_than_may(void **state)
{
    struct kept kept;
    struct aur_keep_config config = {.waiting_max = 1};
    char first[AUR_KEEP_ID_SIZE], second[AUR_KEEP_ID_SIZE];
    struct aur_keep_request request = kept_take_of(600, 600 * RATE, "");
    kept_open(&kept, *state);
    kept_record(&kept, 150);
    kept_start(&kept, &config);
    request.stems = true;
    request.span.sounded = 590 * RATE;
    assert_int_equal(kept_ask(&kept, request), 0);
    kept_id(&kept, first, sizeof first);
    do
        assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE, first, "")), 0);
    while (kept_says(&kept, "\"state\":\"waiting\""));
    assert_true(kept_says(&kept, "\"state\":\"rendering\""));
    assert_int_equal(kept_ask(&kept, kept_take_of(1, RATE, "")), 0);
    kept_id(&kept, second, sizeof second);
    assert_int_equal(kept_ask(&kept, kept_take_of(1, RATE, "")), AUR_ELIMIT);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_DELETE, first, "")), 0);
    kept_settle(&kept, second);
    assert_true(kept_says(&kept, "\"state\":\"done\""));
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKES, "", "")), 0);
    assert_false(kept_says(&kept, first));
    kept_close(&kept);
    kept_drop_files(&kept);
}

/* As much as is set, and not the disk's last bytes; the folder's name alone stays in what is told. */
static void no_more_is_kept_than_there_is_room_for(void **state)
{
    struct kept kept;
    struct aur_keep_config small = {.takes_bytes_max = 8 << 20}, full = {.free_bytes_min = UINT64_MAX};
    char id[AUR_KEEP_ID_SIZE], folder[sizeof kept.folder];
    struct aur_keep_request request = kept_take_of(60, 60 * RATE, "");
    kept_open(&kept, *state);
    kept_record(&kept, 15);
    strcpy(folder, kept.folder);
    strcpy(kept.folder, "takes");
    kept_start(&kept, &full);
    assert_int_equal(kept_ask(&kept, request), AUR_EBUSY);
    assert_non_null(strstr(kept.reply.error.message, "the disk of takes has"));
    kept_stop(&kept);
    strcpy(kept.folder, folder);
    kept_start(&kept, &small);
    request.stems = true;
    assert_int_equal(kept_ask(&kept, request), AUR_EBUSY);
    assert_non_null(strstr(kept.reply.error.message, "of the 8 MiB that they may (AURALIS_TAKES_MB)"));
    request.stems = false;
    assert_int_equal(kept_ask(&kept, request), 0);
    kept_id(&kept, id, sizeof id);
    assert_int_equal(kept_ask(&kept, request), AUR_EBUSY); /* whether that one is there or to be made */
    kept_settle(&kept, id);
    assert_int_equal(kept_ask(&kept, kept_take_of(1, RATE, "")), 0);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_TAKE_DELETE, id, "")), 0);
    assert_int_equal(kept_ask(&kept, request), 0);
    kept_close(&kept);
    kept_drop_files(&kept);
}

/* A title of 127 bytes and two characters of two bytes: half of one would fit. */
static void what_is_too_long_is_left_out(void **state)
{
    struct kept kept;
    struct aur_keep_config config = {.session_bytes_max = 1000};
    char id[AUR_KEEP_ID_SIZE], title[200];
    kept_open(&kept, *state);
    memset(title, 'x', sizeof title);
    strcpy(title + 127, "\u00e9\u00e9");
    kept.title = title;
    kept_record(&kept, 1);
    kept_start(&kept, &config);
    assert_int_equal(kept_ask(&kept, kept_take_of(1, RATE, "")), 0);
    kept_id(&kept, id, sizeof id);
    assert_true(kept_says(&kept, "xx\",\"session\":"));
    kept_settle(&kept, id);
    assert_true(kept_says(&kept, "\"state\":\"done\"") && kept_says(&kept, "\"session_file\":false"));
    assert_true(kept_says(&kept, "take.flac") && !kept_says(&kept, "take.auralis"));
    kept_close(&kept);
    kept_drop_files(&kept);
}

static void sessions_tell_what_is_in_them(void **state)
{
    struct kept kept;
    kept_open(&kept, *state);
    kept_record(&kept, 2);
    kept_start(&kept, NULL);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_SESSIONS, "", "")), 0);
    assert_true(kept_says(&kept, kept.id) && kept_says(&kept, "\"recording\":true,\"imported\":false,\"phrases\":2"));
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_SESSIONS, "", "other")), 0);
    assert_true(kept_says(&kept, "{\"sessions\":[]}"));
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_SESSION, kept.id, "")), 0);
    assert_true(kept_says(&kept, "\"number\":1,\"ordinal\":1,\"at_s\":"));
    assert_true(kept_says(&kept, "\"kind\":\"control\",\"detail\":{\"bpm\":120}"));
    assert_true(kept_says(&kept, "\"key\":\"A minor\",\"bpm\":120"));
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_SESSION, "", "")), AUR_ENOTFOUND);
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_SESSION_NAME, kept.id, "Evening")), 0);
    assert_true(kept_says(&kept, "\"name\":\"Evening\""));
    assert_int_equal(kept_ask(&kept, kept_about(AUR_KEEP_SESSION_EXPORT, kept.id, "")), 0);
    assert_true(kept.reply.fd >= 0 && kept.reply.bytes > 100);
    assert_non_null(strstr(kept.reply.file, "Evening-"));
    char *file = malloc(kept.reply.bytes);
    struct aur_keep_request import = {.ask = AUR_KEEP_SESSION_IMPORT, .text = file, .len = (size_t)kept.reply.bytes};
    assert_int_equal(read(kept.reply.fd, file, import.len), (ssize_t)import.len);
    assert_int_equal(kept_ask(&kept, import), 0);
    assert_true(kept_says(&kept, kept.id));
    import.text = strdup("no such thing");
    import.len = 13;
    assert_int_equal(kept_ask(&kept, import), AUR_EINVAL);
    assert_string_equal(kept.reply.error.field, "body");
    kept_close(&kept);
    kept_drop_files(&kept);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_take_is_what_sounded),
        TEST(more_than_there_is_is_clipped_and_nothing_is_refused),
        TEST(a_span_that_cannot_be_made_again),
        TEST(what_failed_is_tried_again),
        TEST(a_restart_goes_on),
        TEST(no_more_wait_than_may),
        TEST(no_more_is_kept_than_there_is_room_for),
        TEST(what_is_too_long_is_left_out),
        TEST(sessions_tell_what_is_in_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
