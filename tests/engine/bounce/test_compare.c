/* Two sessions side by side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounce/compare.h"
#include "recording.h"

struct pair {
    struct live *a, *b;
};

static int setup(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    void *a, *b;
    recording_setup(&a);
    recording_setup(&b);
    p->a = a;
    p->b = b;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pair *p = *state;
    void *a = p->a, *b = p->b;
    recording_teardown(&a);
    recording_teardown(&b);
    free(p);
    return 0;
}

/* Three phrases of 4 s; the control of the second, and live controls in it. */
static void record(struct live *l, double wild, float brightness)
{
    live_start(l, "main");
    live_put_piece(l, l->first);
    live_set(l, 1, 0.5f, 0.5f);
    live_compose(l);
    l->controls.piece[0] = wild;
    live_compose(l);
    live_render_to(l, l->phrases[1]->start_frame + 10 * CHUNK);
    live_set(l, 1, brightness, 0.5f);
    l->controls.piece[0] = 0;
    live_compose(l);
    live_render_to(l, l->session.next_frame);
    live_end(l);
}

struct open_session {
    struct aur_archive *archive;
    struct aur_tables *tables;
    struct aur_replay *replay;
};

static void open_it(struct open_session *s, const struct live *l)
{
    struct aur_error err;
    must(aur_archive_open(&s->archive, l->path, &err), &err);
    must(aur_tables_new(&s->tables, &err), &err);
    const struct aur_replay_config config = {.archive = s->archive, .session = l->id, .tables = s->tables};
    must(aur_replay_new(&s->replay, &config, &err), &err);
}

static void close_it(struct open_session *s)
{
    aur_replay_free(s->replay);
    aur_archive_close(s->archive);
    aur_tables_free(s->tables);
}

struct told {
    struct aur_compare_counts counts;
    uint64_t frame; /* of sound */
    uint64_t first; /* note's */
    int calls;
};

static void on_note(void *user, enum aur_note_difference difference, const struct aur_compared_note *a,
                    const struct aur_compared_note *b)
{
    struct told *told = user;
    const struct aur_compared_note *any = a->note ? a : b;
    assert_int_equal(a->note == NULL, difference == AUR_NOTE_ONLY_B);
    assert_int_equal(b->note == NULL, difference == AUR_NOTE_ONLY_A);
    assert_string_equal(any->phrase->patches[any->note->patch].name, "lead");
    assert_int_equal(any->phrase->number, 1);
    if (told->calls++ == 0)
        told->first = any->note->on_frame;
}

static struct told compare(const struct pair *p)
{
    struct told told = {0};
    struct open_session a, b;
    struct aur_error err;
    open_it(&a, p->a);
    open_it(&b, p->b);
    uint64_t end = aur_replay_end(a.replay);
    assert_int_equal(end, aur_replay_end(b.replay));
    must(aur_compare_notes(&told.counts, a.replay, b.replay, end, on_note, &told, &err), &err);
    must(aur_compare_sound(&told.frame, a.replay, b.replay, end, aur_isa_best(), NULL, &err), &err);
    const int interrupted = 1;
    uint64_t none;
    assert_int_equal(aur_compare_sound(&none, a.replay, b.replay, end, aur_isa_best(), &interrupted, &err), AUR_EBUSY);
    close_it(&a);
    close_it(&b);
    return told;
}

static void the_same(void **state)
{
    const struct pair *p = *state;
    record(p->a, 0.5, 0.9f);
    record(p->b, 0.5, 0.9f);
    const struct told told = compare(p);
    assert_int_equal(told.calls, 0);
    assert_int_equal(told.counts.same, 3 * 11);
    assert_true(told.frame == AUR_COMPARE_SAME);
}

static void notes_that_moved(void **state)
{
    const struct pair *p = *state;
    record(p->a, 0.25, 0.9f);
    record(p->b, 1, 0.9f);
    const struct told told = compare(p);
    assert_int_equal(told.counts.same, 3 * 11 - 8);
    assert_int_equal(told.counts.differences[AUR_NOTE_ONLY_A], 8);
    assert_int_equal(told.counts.differences[AUR_NOTE_ONLY_B], 8);
    assert_int_equal(told.counts.differences[AUR_NOTE_CHANGED], 0);
    assert_int_equal(told.calls, 16);
    assert_int_equal(told.first, p->a->phrases[1]->notes[3].on_frame);
    assert_true(told.frame >= told.first && told.frame < told.first + CHUNK);
}

static void live_controls_are_no_notes(void **state)
{
    const struct pair *p = *state;
    record(p->a, 0.5, 0.9f);
    record(p->b, 0.5, 0.1f);
    const struct told told = compare(p);
    const uint64_t at = p->a->phrases[1]->start_frame + 10 * CHUNK;
    assert_int_equal(told.calls, 0);
    assert_true(told.frame >= at && told.frame < at + CHUNK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_same),
        TEST(notes_that_moved),
        TEST(live_controls_are_no_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
