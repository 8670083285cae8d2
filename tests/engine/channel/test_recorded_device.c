/* From which frame on a session is not replayable because a device whose samples are not the CPU's rendered voices: the first chunk
 * of its, or, where the encoder came too late to see, the first that may have been. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hand.h"
#include "journal/archive.h"
#include "support/unit.h"
#include "synth/backend.h"

struct device {
    struct hand h;
    struct aur_journal *journal;
    char dir[32], path[48];
};

static bool exact;

/* In place of the synth's: the channel asks a backend for nothing else. */
void aur_backend_tell(struct aur_backend *backend, struct aur_backend_report *out)
{
    (void)backend;
    *out = (struct aur_backend_report){.state = AUR_BACKEND_READY, .device = "fake", .exact = exact};
}

static void open_device(struct device *d, bool is_exact)
{
    struct aur_channel_config config;
    memset(d, 0, sizeof *d);
    strcpy(d->dir, "test-device-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    snprintf(d->path, sizeof d->path, "%s/a.db", d->dir);
    const struct aur_journal_config journal = {.path = d->path};
    assert_int_equal(aur_journal_open(&d->journal, &journal, NULL), AUR_OK);
    fake_piece_init(&d->h.piece, TWO_BARS);
    hand_config(&d->h, &config);
    config.journal = d->journal;
    config.synth.backend = (struct aur_backend *)(uintptr_t)1; /* only told about */
    exact = is_exact;
    hand_open_with(&d->h, &config);
}

/* The device renders voices of the next chunks; else the CPU does. */
static void play(struct device *d, int chunks, bool by_device)
{
    while (chunks-- > 0) {
        d->h.ch->render.synth->counts.backend_blocks += by_device;
        hand_chunk(&d->h);
    }
}

static uint64_t close_device(struct device *d)
{
    struct aur_archive *archive;
    struct aur_session_info info;
    char path[64];
    hand_close(&d->h);
    aur_journal_close(d->journal);
    assert_int_equal(aur_archive_open(&archive, d->path, NULL), AUR_OK);
    assert_int_equal(aur_archive_session(archive, &info, "", NULL), AUR_OK);
    assert_string_equal(info.broken_why, info.broken_at == UINT64_MAX
                                             ? ""
                                             : "rendered by a device whose samples are not those of the CPU");
    aur_archive_close(archive);
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(path, sizeof path, "%s%s", d->path, suffixes[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(d->dir), 0);
    return info.broken_at;
}

static void the_first_chunk_of_it(void **state)
{
    (void)state;
    struct device d;
    open_device(&d, false);
    play(&d, 33, false);
    play(&d, 20, true);
    play(&d, 5, false);
    play(&d, 5, true);
    assert_true(close_device(&d) == 33 * CHUNK);
}

static void nothing_where_it_is_exact_or_silent(void **state)
{
    (void)state;
    struct device d;
    open_device(&d, true);
    play(&d, 40, true);
    assert_true(close_device(&d) == UINT64_MAX);
    open_device(&d, false);
    play(&d, 40, false);
    assert_true(close_device(&d) == UINT64_MAX);
}

/* The encoder stood still while the ring went round: of what is gone nobody knows. */
static void the_first_that_nobody_saw(void **state)
{
    (void)state;
    struct device d;
    open_device(&d, false);
    play(&d, 12, false);
    d.h.no_encoder = true;
    play(&d, 2 * (int)d.h.ch->n_chunks, true);
    assert_true(aur_cast_oldest(d.h.ch->audio) > 12);
    d.h.no_encoder = false;
    play(&d, 1, true);
    assert_true(close_device(&d) == 12 * CHUNK);
}

/* It stood still for less, and sees all that the device did. */
static void what_it_still_sees(void **state)
{
    (void)state;
    struct device d;
    open_device(&d, false);
    play(&d, 12, false);
    d.h.no_encoder = true;
    play(&d, 4, false);
    play(&d, 4, true);
    d.h.no_encoder = false;
    play(&d, 1, false);
    assert_true(close_device(&d) == 16 * CHUNK);
}

/* Where the device is exact, a chunk that nobody saw is no worse. */
static void nobody_saw_but_exact(void **state)
{
    (void)state;
    struct device d;
    open_device(&d, true);
    play(&d, 12, true);
    d.h.no_encoder = true;
    play(&d, 2 * (int)d.h.ch->n_chunks, true);
    d.h.no_encoder = false;
    play(&d, 1, true);
    assert_true(close_device(&d) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_chunk_of_it),     cmocka_unit_test(nothing_where_it_is_exact_or_silent),
        cmocka_unit_test(the_first_that_nobody_saw), cmocka_unit_test(what_it_still_sees),
        cmocka_unit_test(nobody_saw_but_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
