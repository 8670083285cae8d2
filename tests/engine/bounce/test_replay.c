/* Sessions written into a journal by hand, while a synth plays them as a channel would, and played again: the same samples,
 * whatever happened, from wherever. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounce/part.h"
#include "bounce/records.h"
#include "recording.h"

/* Everything that can happen to a stream. */
static void play_all(struct live *l)
{
    live_start(l, "main");
    live_put_piece(l, l->first);
    live_set(l, 1, 0.5f, 0.5f);
    live_set(l, 0.8f, 0.5f, 0.7f); /* glides, the first did not */
    live_compose(l);               /* 0 */
    live_render_to(l, 5 * CHUNK);
    live_set(l, 0.5f, 0.9f, 0.2f);
    l->controls.piece[0] = 0.75;
    l->controls.bpm = 90;
    live_compose(l); /* 1 */
    live_render_to(l, l->frame + CHUNK);
    live_set(l, 0.9f, 0.1f, 0.2f);
    live_render_to(l, (l->frame / CHUNK + 2) * CHUNK); /* 2 comes again: a script hangs */
    live_set(l, 1, 0.1f, 1);
    l->controls.bpm = 120;
    live_compose(l);
    live_repeat(l, 2); /* 3 */
    live_repeat(l, 2); /* 4 */
    live_render_to(l, l->session.next_frame);
    live_keyframe(l);
    l->session.next_frame += 3 * 64 * 100; /* silence */
    live_compose(l);                       /* 5 */
    uint64_t cut = l->session.next_frame - 2 * 64 * 200;
    live_render_to(l, cut);
    l->session.piece = l->second; /* 6: an edit, at a bar line */
    l->session.next_frame = cut;
    live_put_piece(l, l->second);
    live_compose(l);
    l->session.piece = l->first; /* rolled back, with the ordinal and seed of a branch */
    l->session.next_ordinal = 2;
    l->session.seed = 43;
    live_compose(l); /* 7 */
    live_render_to(l, l->session.next_frame + 777);
    live_end(l);
}

/* A session file may claim any length: what is empty of it is not gone through. */
static void an_end_that_is_far_away(void **state)
{
    struct live *l = *state;
    struct aur_records records;
    struct aur_archive *archive;
    struct aur_error err;
    play_all(l);
    must(aur_archive_open(&archive, l->path, &err), &err);
    aur_records_init(&records, archive, l->id, 1, INT64_MAX); /* stretches of 600 frames */
    must(aur_records_fill(&records, 1, &err), &err);
    assert_int_equal(records.n_phrases - records.at_phrase, 1);
    must(aur_records_fill(&records, 1000, &err), &err);
    assert_in_range(records.n_phrases - records.at_phrase, 8, 999);
    records.at_live = records.n_live;
    must(aur_records_fill(&records, 0, &err), &err);
    aur_records_deinit(&records);
    aur_archive_close(archive);
}

/* ---- again ---- */

struct again {
    struct aur_archive *archive;
    struct aur_tables *tables;
    struct aur_replay *replay;
    float *out;
    size_t frames;
    struct {
        uint64_t number, start, length;
        uint32_t notes;
    } heard[16];
    size_t n_heard;
};

static void open_again(struct again *a, const struct live *l)
{
    struct aur_error err;
    *a = (struct again){0};
    must(aur_archive_open(&a->archive, l->path, &err), &err);
    must(aur_tables_new(&a->tables, &err), &err);
    const struct aur_replay_config config = {.archive = a->archive, .session = l->id, .tables = a->tables};
    must(aur_replay_new(&a->replay, &config, &err), &err);
    a->out = calloc(2 * FRAMES_MAX, sizeof *a->out);
}

static void close_again(struct again *a)
{
    aur_replay_free(a->replay);
    aur_archive_close(a->archive);
    aur_tables_free(a->tables);
    free(a->out);
}

static void on_audio(void *user, const float *samples, size_t frames)
{
    struct again *a = user;
    memcpy(a->out + 2 * a->frames, samples, 2 * frames * sizeof *samples);
    a->frames += frames;
}

static void on_phrase(void *user, const struct aur_phrase *phrase)
{
    struct again *a = user;
    assert_true(a->n_heard < 16);
    a->heard[a->n_heard].number = phrase->number;
    a->heard[a->n_heard].start = phrase->start_frame;
    a->heard[a->n_heard].length = phrase->length_frames;
    a->heard[a->n_heard++].notes = phrase->n_notes;
}

static int play_again(struct again *a, enum aur_isa isa, uint64_t from, uint64_t to, struct aur_error *err)
{
    const struct aur_bounce_request request = {.replay = a->replay,
                                               .from_frame = from,
                                               .to_frame = to,
                                               .synth = aur_replay_synth(a->replay, isa),
                                               .on_audio = on_audio,
                                               .on_phrase = on_phrase,
                                               .user = a};
    a->frames = a->n_heard = 0;
    return aur_bounce(&request, err);
}

static bool same_bits(const void *a, const void *b, size_t bytes)
{
    return memcmp(a, b, bytes) == 0;
}

static void same(struct live *l, enum aur_isa isa, uint64_t from, uint64_t to)
{
    struct again a;
    struct aur_error err;
    open_again(&a, l);
    must(play_again(&a, isa, from, to, &err), &err);
    assert_int_equal(a.frames, to - from);
    for (size_t i = 0; i < 2 * a.frames; i++)
        if (!same_bits(&a.out[i], &l->out[2 * from + i], sizeof *a.out))
            fail_msg("from %llu: frame %llu differs: %.9g, not %.9g", (unsigned long long)from,
                     (unsigned long long)(from + i / 2), a.out[i], l->out[2 * from + i]);
    close_again(&a);
}

static void a_session_is_the_same_again(void **state)
{
    struct live *l = *state;
    play_all(l);
    double loud = 0;
    for (size_t i = 0; i < 2 * l->frame; i++)
        loud += l->out[i] * l->out[i];
    assert_true(loud > 10);
    same(l, aur_isa_best(), 0, l->frame);
    same(l, AUR_ISA_SCALAR, 0, l->frame);
}

static void from_anywhere(void **state)
{
    struct live *l = *state;
    play_all(l);
    const uint64_t froms[] = {1,
                              3 * CHUNK + 5,
                              l->phrases[1]->start_frame,
                              l->keyframe_at - 1,
                              l->keyframe_at,
                              l->keyframe_at + 1,
                              l->phrases[7]->start_frame + 100,
                              l->frame - 1};
    for (size_t i = 0; i < sizeof froms / sizeof *froms; i++)
        same(l, aur_isa_best(), froms[i], froms[i] + 3000 < l->frame ? froms[i] + 3000 : l->frame);
    same(l, aur_isa_best(), l->keyframe_at + 64, l->frame);
    same(l, AUR_ISA_SCALAR, l->keyframe_at, l->frame);
}

static void a_phrase_that_never_sounded_comes_again(void **state)
{
    struct live *l = *state;
    live_start(l, "main");
    live_put_piece(l, l->first);
    live_set(l, 1, 0.5f, 0.5f);
    live_compose(l); /* 0 */
    live_drop(l);    /* 1 */
    live_repeat(l, 1);
    live_compose(l); /* 3 */
    live_render_to(l, l->session.next_frame);
    live_end(l);
    same(l, aur_isa_best(), 0, l->frame);
}

static void a_keyframe_saves_the_way(void **state)
{
    struct live *l = *state;
    struct again a;
    struct aur_error err;
    struct aur_synth *synth;
    struct aur_phrase *begun;
    play_all(l);
    open_again(&a, l);
    const struct aur_synth_config config = aur_replay_synth(a.replay, aur_isa_best());
    must(aur_replay_seek(a.replay, &synth, &begun, &config, l->keyframe_at + 5000, &err), &err);
    assert_int_equal(aur_synth_frame(synth), l->keyframe_at);
    assert_int_equal(aur_replay_began(a.replay), l->keyframe_at);
    assert_null(begun);
    aur_synth_free(synth);
    must(aur_replay_seek(a.replay, &synth, &begun, &config, l->keyframe_at - 1, &err), &err);
    assert_int_equal(aur_synth_frame(synth), 0);
    assert_int_equal(aur_replay_began(a.replay), 0);
    aur_synth_free(synth);
    close_again(&a);
}

static void phrases_are_told_as_they_are_heard(void **state)
{
    struct live *l = *state;
    struct again a;
    struct aur_error err;
    play_all(l);
    open_again(&a, l);
    must(play_again(&a, aur_isa_best(), 0, l->frame, &err), &err);
    assert_int_equal(a.n_heard, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(a.heard[i].number, i);
        assert_int_equal(a.heard[i].start, l->phrases[i]->start_frame);
        assert_int_equal(a.heard[i].length,
                         i == 5 ? l->phrases[6]->start_frame - a.heard[i].start : l->phrases[i]->length_frames);
    }
    uint64_t from = l->phrases[1]->start_frame + 10000, to = l->phrases[2]->start_frame + 64;
    must(play_again(&a, aur_isa_best(), from, to, &err), &err);
    assert_int_equal(a.n_heard, 2);
    assert_int_equal(a.heard[0].number, 1);
    assert_int_equal(a.heard[0].start, 0);
    assert_int_equal(a.heard[0].length, l->phrases[2]->start_frame - from);
    assert_int_equal(a.heard[1].start, l->phrases[2]->start_frame - from);
    assert_int_equal(a.heard[1].length, 64);
    assert_true(a.heard[1].notes >= 3 && a.heard[1].notes < l->phrases[2]->n_notes);
    close_again(&a);
}

static void what_comes_out_otherwise_is_named(void **state)
{
    struct live *l = *state;
    struct again a;
    struct aur_error err;
    l->spoil = 5;
    play_all(l);
    open_again(&a, l);
    assert_int_equal(play_again(&a, aur_isa_best(), 0, l->frame, &err), AUR_EIO);
    char want[64];
    snprintf(want, sizeof want, "phrase 5 (at %.3f s): it is composed of what",
             (double)l->phrases[5]->start_frame / RATE);
    if (strncmp(err.message, want, strlen(want)) != 0)
        fail_msg("%s\n  instead of %s", err.message, want);
    must(play_again(&a, aur_isa_best(), 0, l->phrases[5]->start_frame, &err), &err); /* before it all is well */

    assert_int_equal(play_again(&a, aur_isa_best(), 5, 5, &err), AUR_EINVAL);
    assert_int_equal(play_again(&a, aur_isa_best(), 0, l->frame + 1, &err), AUR_EINVAL);
    close_again(&a);
}

static void a_part_of_a_phrase(void **state)
{
    (void)state;
    struct aur_patch patch;
    const struct aur_note notes[] = {
        {.on_frame = 96000, .off_frame = 144000, .at_q20 = 0, .beats_q20 = 2 << 20, .id = 0},
        {.on_frame = 96000, .off_frame = 108000, .at_q20 = 0, .beats_q20 = 1 << 19, .id = 1},
        {.on_frame = 120000, .off_frame = 240000, .at_q20 = 1 << 20, .beats_q20 = 5 << 20, .id = 2},
        {.on_frame = 168000, .off_frame = 192000, .at_q20 = 3 << 20, .beats_q20 = 1 << 20, .id = 3},
    };
    const struct aur_chord chord = {.on_frame = 96000, .off_frame = 192000, .beats_q20 = 4 << 20};
    struct aur_phrase *phrase, *part,
        header = {.start_frame = 96000,
                  .length_frames = 96000,
                  .rate_hz = 48000,
                  .bars = 1,
                  .meter = {4, 4},
                  .n_patches = 1,
                  .n_notes = 4,
                  .n_chords = 1};
    aur_patch_default(&patch, "p", AUR_VOICE_PAD);
    assert_int_equal(aur_phrase_new(&phrase, &header, &patch, notes, &chord), 0);
    assert_int_equal(aur_phrase_part(&part, phrase, &(struct aur_part){108000, 168000, 100000, true}), 0);
    assert_int_equal(part->start_frame, 8000);
    assert_int_equal(part->length_frames, 60000);
    assert_int_equal(part->n_notes, 2);
    assert_int_equal(part->notes[0].on_frame, 8000);
    assert_int_equal(part->notes[0].off_frame, 44000);
    assert_int_equal(part->notes[0].at_q20, 0);
    assert_int_equal(part->notes[0].beats_q20, 3 << 19);
    assert_int_equal(part->notes[1].on_frame, 20000);
    assert_int_equal(part->notes[1].off_frame, 68000); /* the cut */
    assert_int_equal(part->notes[1].at_q20, 1 << 19);
    assert_int_equal(part->notes[1].beats_q20, 2 << 20);
    assert_int_equal(part->chords[0].on_frame, 8000);
    assert_int_equal(part->chords[0].off_frame, 68000);
    aur_phrase_free(part);
    assert_int_equal(aur_phrase_part(&part, phrase, &(struct aur_part){96000, 192000, 0, false}), 0);
    assert_int_equal(part->n_notes, 4);
    assert_memory_equal(part->notes, phrase->notes, sizeof notes);
    aur_phrase_free(part);
    aur_phrase_free(phrase);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, recording_setup, recording_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_session_is_the_same_again),       TEST(from_anywhere),
        TEST(an_end_that_is_far_away),           TEST(a_phrase_that_never_sounded_comes_again),
        TEST(a_keyframe_saves_the_way),          TEST(phrases_are_told_as_they_are_heard),
        TEST(what_comes_out_otherwise_is_named), cmocka_unit_test(a_part_of_a_phrase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
