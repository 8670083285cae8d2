/* Sessions written into a journal by hand, while a synth plays them as a channel would, and played again: the same samples,
 * whatever happened, from wherever. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounce/part.h"
#include "bundle/bundle.h"
#include "compose/session.h"
#include "fixture.h"
#include "journal/journal.h"
#include "synth/keyframe.h"

#define CHUNK      4410
#define FRAMES_MAX (40 * RATE)

static const char first_script[] =
    "local scale = require 'scale'\n"
    "return {\n"
    "  title = 'First',\n"
    "  controls = { wild = { min = 0, max = 1, default = 0.25, label = 'Wild' } },\n"
    "  patches = { pad = { voice = 'pad', attack = 0.3, release = 2 }, lead = { voice = 'lead', release = 0.8 } },\n"
    "  effects = { reverb = { decay = 3 }, delay = {} },\n"
    "  state = { n = 0 },\n"
    "  phrase = function(ctx, state)\n"
    "    state.n = state.n + 1\n"
    "    local random = ctx.random('lead')\n"
    "    for _, step in ipairs(scale) do\n"
    "      ctx:note { patch = 'pad', at = 0, beats = 5, pitch = 45 + step + state.n, velocity = 0.5 }\n"
    "    end\n"
    "    for i = 0, 7 do\n"
    "      ctx:note { patch = 'lead', at = i / 2 + 0.25 * ctx.wild, beats = 1, pitch = random:int(60, 84), velocity = "
    "0.6 }\n"
    "    end\n"
    "    ctx:chord { at = 0, beats = 4, name = 'i', pitches = { 57, 60, 64 } }\n"
    "    return 2\n"
    "  end,\n"
    "}\n";

static const char second_script[] =
    "return {\n"
    "  title = 'Second',\n"
    "  patches = { pad = { voice = 'pad', attack = 0.1 }, bell = { voice = 'pluck' } },\n"
    "  phrase = function(ctx, state)\n"
    "    state.n = state.n + 10\n"
    "    for i = 0, 3 do\n"
    "      ctx:note { patch = 'bell', at = i, beats = 1, pitch = ctx.random('x'):int(50, 70) + state.n, velocity = 0.7 "
    "}\n"
    "      ctx:note { patch = 'pad', at = i, beats = 2, pitch = 50 + i, velocity = 0.4 }\n"
    "    end\n"
    "    return 2\n"
    "  end,\n"
    "}\n";

struct live {
    struct fixture *f;
    struct aur_piece *first, *second;
    struct aur_tables *tables;
    struct aur_journal *journal;
    struct aur_recorder *recorder;
    char id[AUR_SESSION_ID_SIZE], path[512];
    struct aur_synth *synth;
    struct aur_session session;
    struct aur_controls controls;
    struct aur_phrase *phrases[32];
    size_t n_phrases;
    float *out;
    uint64_t frame; /* rendered so far */
    size_t keyframe_bytes;
    uint64_t keyframe_at, spoil; /* spoil: number of a phrase that is recorded as another */
};

static void must(int rc, const struct aur_error *err)
{
    if (rc < 0)
        fail_msg("%s", err->message);
}

static void put_piece(struct live *l, const struct aur_piece *piece)
{
    struct aur_bundle *bundle;
    struct aur_error err;
    must(aur_bundle_of(&bundle, piece, l->tables, &err), &err);
    aur_recorder_piece(l->recorder, bundle);
    free(bundle);
}

static void start(struct live *l, const char *name)
{
    struct aur_error err = {0};
    const struct aur_journal_config config = {.path = l->path};
    const struct aur_synth_config synth = {
        .rate_hz = RATE, .isa = aur_isa_best(), .effects = true, .max_voices = 64, .tables = l->tables};
    const struct aur_session_head head = {.channel = name,
                                          .title = "A session",
                                          .seed = 42,
                                          .rate_hz = RATE,
                                          .chunk_frames = CHUNK,
                                          .max_voices = 64,
                                          .effects = true,
                                          .device = "simd",
                                          .engine = "test",
                                          .sound_revision = AUR_SOUND_REVISION,
                                          .settings = "{}",
                                          .resumed_from = "",
                                          .started_at = 1};
    snprintf(l->path, sizeof l->path, "%s", fixture_path(l->f, "journal.db"));
    must(aur_journal_open(&l->journal, &config, &err), &err);
    must(aur_synth_new(&l->synth, &synth, &err), &err);
    l->keyframe_bytes = aur_synth_keyframe_bytes(l->synth);
    assert_int_equal(aur_recorder_new(&l->recorder, l->journal, &head, l->keyframe_bytes), 0);
    snprintf(l->id, sizeof l->id, "%s", aur_recorder_id(l->recorder));
    aur_session_init(&l->session, l->first, 42, RATE);
    l->controls = aur_piece_describe(l->first)->start;
    l->controls.bpm = 120;
    l->out = calloc(2 * FRAMES_MAX, sizeof *l->out);
}

static void set_live(struct live *l, float level, float brightness, float intensity)
{
    const struct aur_live live = {level, brightness, intensity};
    const struct aur_fact fact = {.type = AUR_FACT_LIVE,
                                  .frame = aur_synth_live(l->synth, &live),
                                  .level = level,
                                  .brightness = brightness,
                                  .intensity = intensity};
    aur_recorder_fact(l->recorder, &fact);
}

static void render_to(struct live *l, uint64_t frame)
{
    assert_true(frame <= FRAMES_MAX);
    while (l->frame < frame) { /* in the lengths of chunks, as a channel */
        uint64_t to = (l->frame / CHUNK + 1) * CHUNK;
        to = to < frame ? to : frame;
        aur_synth_render(l->synth, l->out + 2 * l->frame, (size_t)(to - l->frame));
        l->frame = to;
        while (aur_synth_retired(l->synth))
            continue;
    }
}

/* Records it and commits it where it begins. */
static void hand_over(struct live *l, struct aur_phrase *phrase, struct aur_recorded_phrase *recorded,
                      const struct aur_controls *controls)
{
    struct aur_buf text;
    aur_buf_init(&text);
    aur_controls_print(&text, controls, &aur_piece_describe(l->session.piece)->controls);
    recorded->number = phrase->number;
    recorded->seed = l->session.seed;
    recorded->start_frame = phrase->start_frame;
    recorded->length_frames = phrase->length_frames;
    recorded->piece = aur_piece_marks(l->session.piece)->hash;
    recorded->controls = text.data;
    recorded->notes_hash = aur_phrase_hash(phrase) + (l->spoil && phrase->number == l->spoil);
    aur_recorder_phrase(l->recorder, recorded);
    aur_buf_deinit(&text);
    l->phrases[l->n_phrases++] = phrase;
    render_to(l, phrase->start_frame);
    assert_int_equal(aur_synth_commit(l->synth, phrase), 0);
}

static struct aur_phrase *compose(struct live *l)
{
    struct aur_error err;
    struct aur_phrase *phrase;
    char *before = l->session.state ? strdup(l->session.state) : NULL;
    must(aur_session_next(&l->session, &phrase, &l->controls, &err), &err);
    struct aur_recorded_phrase recorded = {.kind = AUR_PHRASE_COMPOSED,
                                           .ordinal = phrase->ordinal,
                                           .state_before = before,
                                           .state_after = l->session.state};
    hand_over(l, phrase, &recorded, &l->controls);
    free(before);
    return phrase;
}

static void repeat(struct live *l, uint64_t number)
{
    struct aur_phrase *phrase;
    assert_int_equal(aur_phrase_repeat(&phrase, l->phrases[number], l->session.next_number, l->session.next_frame), 0);
    struct aur_recorded_phrase recorded = {.kind = AUR_PHRASE_REPEATED,
                                           .ordinal = l->session.next_ordinal,
                                           .repeats = number,
                                           .state_before = l->session.state,
                                           .state_after = l->session.state};
    hand_over(l, phrase, &recorded, &l->controls);
    aur_session_skip(&l->session, phrase);
}

static void keyframe(struct live *l)
{
    struct aur_keyframe_head head = {.frame = l->frame, .number = l->session.next_number};
    head.layout = aur_synth_layout(l->synth);
    void *room = aur_recorder_keyframe(l->recorder);
    assert_non_null(room);
    size_t bytes = aur_synth_save(l->synth, room, l->keyframe_bytes);
    assert_true(bytes > 0);
    aur_recorder_keyframe_done(l->recorder, &head, bytes);
    l->keyframe_at = l->frame;
}

static void end(struct live *l)
{
    aur_recorder_free(l->recorder, l->frame);
    aur_journal_close(l->journal);
    l->recorder = NULL;
    l->journal = NULL;
}

/* Everything that can happen to a stream. */
static void play_all(struct live *l)
{
    start(l, "main");
    put_piece(l, l->first);
    set_live(l, 1, 0.5f, 0.5f);
    compose(l); /* 0 */
    render_to(l, 5 * CHUNK);
    set_live(l, 0.5f, 0.9f, 0.2f);
    l->controls.piece[0] = 0.75;
    l->controls.bpm = 90;
    compose(l); /* 1 */
    render_to(l, l->frame + CHUNK);
    set_live(l, 0.9f, 0.1f, 0.2f);
    render_to(l, (l->frame / CHUNK + 2) * CHUNK); /* 2 comes again: a script hangs */
    set_live(l, 1, 0.1f, 1);
    l->controls.bpm = 120;
    compose(l);
    repeat(l, 2); /* 3 */
    repeat(l, 2); /* 4 */
    render_to(l, l->session.next_frame);
    keyframe(l);
    l->session.next_frame += 3 * 64 * 100; /* silence */
    compose(l);                            /* 5 */
    uint64_t cut = l->session.next_frame - 2 * 64 * 200;
    render_to(l, cut);
    l->session.piece = l->second; /* 6: an edit, at a bar line */
    l->session.next_frame = cut;
    put_piece(l, l->second);
    compose(l);
    l->session.piece = l->first; /* rolled back, with the ordinal and seed of a branch */
    l->session.next_ordinal = 2;
    l->session.seed = 43;
    compose(l); /* 7 */
    render_to(l, l->session.next_frame + 777);
    end(l);
}

static int setup(void **state)
{
    struct live *l = calloc(1, sizeof *l);
    void *f;
    struct aur_error err;
    fixture_setup(&f);
    l->f = f;
    FILE *module = fopen(fixture_path(l->f, "scale.lua"), "w");
    fputs("return { 0, 3, 7 }", module);
    assert_int_equal(fclose(module), 0);
    l->first = fixture_piece(l->f, "first.lua", first_script);
    l->second = fixture_piece(l->f, "second.lua", second_script);
    must(aur_tables_new(&l->tables, &err), &err);
    *state = l;
    return 0;
}

static int teardown(void **state)
{
    struct live *l = *state;
    aur_synth_free(l->synth);
    aur_session_deinit(&l->session);
    for (size_t i = 0; i < l->n_phrases; i++)
        aur_phrase_free(l->phrases[i]);
    aur_piece_free(l->first);
    aur_piece_free(l->second);
    aur_tables_free(l->tables);
    free(l->out);
    void *f = l->f;
    free(l);
    return fixture_teardown(&f);
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

static void same(struct live *l, enum aur_isa isa, uint64_t from, uint64_t to)
{
    struct again a;
    struct aur_error err;
    open_again(&a, l);
    must(play_again(&a, isa, from, to, &err), &err);
    assert_int_equal(a.frames, to - from);
    for (size_t i = 0; i < 2 * a.frames; i++)
        if (memcmp(&a.out[i], &l->out[2 * from + i], sizeof *a.out) != 0)
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
    assert_null(begun);
    aur_synth_free(synth);
    must(aur_replay_seek(a.replay, &synth, &begun, &config, l->keyframe_at - 1, &err), &err);
    assert_int_equal(aur_synth_frame(synth), 0);
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
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_session_is_the_same_again),       TEST(from_anywhere),
        TEST(a_keyframe_saves_the_way),          TEST(phrases_are_told_as_they_are_heard),
        TEST(what_comes_out_otherwise_is_named), cmocka_unit_test(a_part_of_a_phrase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
