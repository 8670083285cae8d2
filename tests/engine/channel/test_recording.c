/* What a channel records is enough to make every sample again, to the bit: a real channel stepped by hand goes through all that
 * can happen to a stream; then its phrases are composed from the journal and given to a synth that knows nothing of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "recorded.h"
#include "replayed.h"
#include "support/unit.h"

enum what { SET, KEY, EDIT, EDIT_AT_BAR, COMPOSING, BACK, BACK_EDITED, GO };

/* What happens before a chunk. */
static const struct step {
    uint64_t chunk;
    enum what what;
    const char *name; /* of a control, a key or a piece */
    double value;
} steps[] = {
    {0, SET, "level", 0.8}, /* before anything sounds */
    {33, SET, "bpm", 190},
    {47, SET, "brightness", 0.9},
    {48, SET, "brightness", 0.2},
    {61, SET, "intensity", 1.0 / 3},
    {90, KEY, "F# dorian", 0},
    {120, EDIT, "edited", 0},
    {190, SET, "density", 0.9}, /* it fails: back to the piece before */
    {230, SET, "density", 0.3},
    {260, EDIT_AT_BAR, "edited", 0},
    {330, SET, "bpm", 63}, /* phrases long enough to be cut */
    {358, EDIT_AT_BAR, "short", 0},
    {410, EDIT, "edited", 0},
    {455, EDIT_AT_BAR, "short", 0},
    {480, SET, "bpm", 200},
    {520, COMPOSING, NULL, 0}, /* a late script: the last phrase again */
    {536, COMPOSING, NULL, 1},
    {580, COMPOSING, NULL, 0}, /* silence */
    {620, COMPOSING, NULL, 1},
    {680, BACK, NULL, 12},
    {760, BACK_EDITED, NULL, 5},
    {800, SET, "level", 0.4},
    {850, GO, NULL, 0},
    {920, SET, "density", 0.95}, /* nothing works: repeats */
    {980, SET, "density", 0.5},
    {1050, GO, NULL, 2},
    {1100, SET, "density", 1}, /* rolls back inside the branch */
};

static void take(struct recorded *s, const struct step *step)
{
    struct aur_piece *piece = step->name && strcmp(step->name, "edited") == 0 ? s->other : s->piece;
    if (step->what == SET)
        recorded_set(s, step->name, step->value);
    else if (step->what == KEY)
        recorded_key(s, step->name);
    else if (step->what == EDIT || step->what == EDIT_AT_BAR)
        recorded_arm(s, piece, step->what == EDIT ? AUR_SWAP_PHRASE : AUR_SWAP_BAR);
    else if (step->what == COMPOSING)
        s->composes = step->value != 0;
    else if (step->what == GO)
        recorded_switch(s, (uint32_t)step->value);
    else
        recorded_rewind(s, (uint32_t)step->value, step->what == BACK ? 0 : 77, step->what == BACK ? NULL : s->other);
}

static void happen(struct recorded *s, uint64_t chunk_index)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].chunk == chunk_index)
            take(s, &steps[i]);
}

/* ---- the same from the journal ---- */

struct tally {
    int controls, branches, switches, failed, silences, rolled_back, armed, playing, refused;
};

static int count_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct tally *t = user;
    assert_null(strstr(detail, AURALIS_SOURCE_DIR)); /* nothing about the machine */
    assert_true(frame <= FRAMES);
    assert_true(at_ms > 0);
    assert_int_equal(detail[0], '{');
    assert_int_equal(detail[strlen(detail) - 1], '}');
    t->controls += strcmp(kind, "control") == 0 && strstr(detail, "\"controls\":\"b");
    t->branches += strcmp(kind, "branch") == 0;
    t->switches += strcmp(kind, "switch") == 0;
    t->failed += strcmp(kind, "failed") == 0;
    t->silences += strcmp(kind, "silence") == 0;
    t->armed += strstr(detail, "\"state\":\"armed\"") != NULL;
    t->playing += strstr(detail, "\"state\":\"playing\"") != NULL;
    t->rolled_back += strstr(detail, "\"state\":\"rolled_back\"") != NULL;
    t->refused += strstr(detail, "\"state\":\"refused\"") != NULL;
    return 0;
}

/* Hashes of minutes, the last one begun; they are those of the samples that were streamed. */
static int check_minute(void *user, const struct aur_fact *fact)
{
    const float *samples = user;
    uint64_t from = fact->number * 60 * RATE, to = from + (uint64_t)60 * RATE;
    assert_true(from < FRAMES);
    to = to < FRAMES ? to : FRAMES;
    assert_int_equal(fact->frame, to);
    assert_true(fact->hash == aur_hash_frames(samples + 2 * from, to - from, AUR_HASH_START));
    return 0;
}

static int count_facts(void *user, const struct aur_fact *fact)
{
    (void)fact;
    ++*(int *)user;
    return 0;
}

static int facts(struct aur_archive *archive, const char *session, enum aur_fact_type type)
{
    int n = 0;
    assert_int_equal(aur_archive_facts(archive, session, type, 0, UINT64_MAX, count_facts, &n), AUR_OK);
    return n;
}

/* Bit for bit. */
static void assert_same(const struct replayed *p, const struct recorded *s)
{
    for (uint64_t k = 0; k < CHUNKS; k++) {
        size_t at = k * CHUNK * 2;
        if (aur_hash_frames(p->samples + at, CHUNK, AUR_HASH_START) !=
            aur_hash_frames(s->samples + at, CHUNK, AUR_HASH_START))
            fail_msg("chunk %llu is not what was streamed", (unsigned long long)k);
    }
}

struct glance {
    const struct recorded *s;
    unsigned minutes;
};

/* Each second as loud as it was streamed. */
static int check_overview(void *user, const struct aur_overview *o)
{
    struct glance *glance = user;
    const struct recorded *s = glance->s;
    const size_t n = strlen(o->seconds);
    assert_int_equal(n, o->minute < CHUNKS / 600 ? 60 : (CHUNKS % 600 + 9) / 10);
    for (size_t i = 0; i < n; i++) {
        const size_t from = (size_t)(o->minute * 60 + i) * RATE * 2, to = from + RATE * 2;
        float loudest = 0;
        for (size_t k = from; k < to && k < FRAMES * 2; k++)
            loudest = fabsf(s->samples[k]) > loudest ? fabsf(s->samples[k]) : loudest;
        assert_int_equal(o->seconds[i], aur_overview_of(loudest));
    }
    assert_int_equal(o->minute, glance->minutes++);
    return 0;
}

static void every_sample_again(void **state)
{
    (void)state;
    struct recorded s;
    struct replayed p;
    struct tally t = {0};
    struct glance glance = {&s, 0};
    recorded_open(&s);
    s.ch->render.record.keyframe_from = (uint64_t)95 * RATE; /* sooner than after five minutes */
    for (uint64_t k = 0; k < CHUNKS; k++) {
        happen(&s, k);
        recorded_chunk(&s, k);
    }
    aur_channel_free(s.ch);
    s.ch = NULL;
    assert_int_equal(aur_journal_flush(s.journal, 10000), AUR_OK);
    replayed_open(&p, s.path, s.session, FRAMES);
    assert_same(&p, &s);
    assert_true(p.n[AUR_PHRASE_COMPOSED] > 50);
    assert_true(p.n[AUR_PHRASE_REPEATED] > 3);
    assert_true(p.rewound >= 2);
    assert_true(facts(p.archive, s.session, AUR_FACT_CUT) >= 2);
    assert_int_equal(facts(p.archive, s.session, AUR_FACT_MINUTE), 3);
    assert_int_equal(aur_archive_facts(p.archive, s.session, AUR_FACT_MINUTE, 0, UINT64_MAX, check_minute, s.samples),
                     AUR_OK);
    assert_int_equal(aur_archive_overviews(p.archive, s.session, check_overview, &glance), AUR_OK);
    assert_int_equal(glance.minutes, CHUNKS / 600 + 1);
    assert_int_equal(aur_archive_events(p.archive, s.session, 0, UINT64_MAX, count_event, &t), AUR_OK);
    assert_int_equal(t.branches, 2);
    assert_int_equal(t.switches, 2);
    assert_true(t.controls >= 15);
    assert_true(t.failed >= 1);
    assert_int_equal(t.silences, 1);
    assert_true(t.armed == 5 && t.rolled_back >= 2 && t.playing >= 6);
    uint64_t keyframe = replayed_from_keyframe(&p, s.session, FRAMES);
    assert_true(keyframe >= (uint64_t)95 * RATE && keyframe < (uint64_t)100 * RATE);
    struct aur_session_info info;
    assert_int_equal(aur_archive_session(p.archive, &info, s.session, NULL), AUR_OK);
    assert_int_equal(info.frames, FRAMES);
    assert_true(info.broken_at == UINT64_MAX);
    replayed_close(&p);
    recorded_close(&s);
}

struct told {
    int n;
    char last[400];
};

static int note_control(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct told *told = user;
    (void)frame;
    (void)at_ms;
    told->n += strcmp(kind, "control") == 0;
    if (strcmp(kind, "control") == 0)
        snprintf(told->last, sizeof told->last, "%s", detail);
    return 0;
}

static void assert_told(const struct recorded *s, int n, const char *changed, const char *controls)
{
    struct aur_archive *archive;
    struct told told = {0};
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    assert_int_equal(aur_archive_open(&archive, s->path, NULL), AUR_OK);
    assert_int_equal(aur_archive_events(archive, s->session, 0, UINT64_MAX, note_control, &told), AUR_OK);
    assert_int_equal(told.n, n);
    assert_non_null(strstr(told.last, changed));
    assert_non_null(strstr(told.last, controls));
    aur_archive_close(archive);
}

/* The first at once, those that follow as one after a second, or when the session ends. */
static void many_controls_are_few_events(void **state)
{
    (void)state;
    struct recorded s;
    uint64_t k = 0;
    recorded_open(&s);
    for (; k < 5; k++)
        recorded_chunk(&s, k);
    for (int i = 0; i < 50; i++)
        recorded_set(&s, "bpm", 61 + i);
    assert_told(&s, 1, "{\"changed\":{\"bpm\":61},", "bpm=61");
    recorded_set(&s, "brightness", 0.25);
    for (; k < 20; k++)
        recorded_chunk(&s, k);
    assert_told(&s, 2, "{\"changed\":{\"bpm\":110,\"brightness\":0.25},", "bpm=110");
    recorded_set(&s, "bpm", 70);
    aur_channel_free(s.ch);
    s.ch = NULL;
    assert_told(&s, 3, "{\"changed\":{\"bpm\":70},", "bpm=70");
    recorded_close(&s);
}

/* Where the music of a session ended, another one goes on. */
static int keep_last(void *user, const struct aur_recorded_phrase *r)
{
    struct aur_channel_start *start = user;
    free((char *)(uintptr_t)start->state);
    start->state = strdup(r->state_after);
    start->ordinal = r->ordinal + 1;
    return 0;
}

static int check_first(void *user, const struct aur_recorded_phrase *r)
{
    const struct aur_channel_start *start = user;
    assert_string_equal(r->state_before, start->state);
    assert_int_equal(r->ordinal, start->ordinal);
    assert_int_equal(r->number, 0);
    return 1;
}

static void a_session_goes_on_from_another(void **state)
{
    (void)state;
    struct recorded s;
    struct aur_archive *archive;
    struct aur_session_info info;
    struct aur_channel_start start = {.session = ""};
    recorded_open(&s);
    for (uint64_t k = 0; k < 100; k++)
        recorded_chunk(&s, k);
    aur_channel_free(s.ch);
    assert_int_equal(aur_journal_flush(s.journal, 10000), AUR_OK);
    assert_int_equal(aur_archive_open(&archive, s.path, NULL), AUR_OK);
    assert_int_equal(aur_archive_phrases(archive, s.session, 0, UINT64_MAX, keep_last, &start), AUR_OK);
    assert_true(start.ordinal > 7);
    start.session = s.session;
    struct aur_channel_config config = {.name = "main",
                                        .piece = s.piece,
                                        .from = &start,
                                        .seed = 11,
                                        .journal = s.journal,
                                        .synth = {.rate_hz = RATE, .isa = aur_isa_best(), .effects = true},
                                        .chunk_frames = CHUNK};
    aur_controls_default(&config.controls, &aur_piece_describe(s.piece)->controls);
    assert_int_equal(aur_channel_new(&s.ch, &config, NULL, recorded_clock, &s.now, NULL), 0);
    assert_int_equal(aur_journal_flush(s.journal, 10000), AUR_OK);
    const char *id = aur_channel_session(s.ch);
    assert_string_not_equal(id, s.session);
    assert_int_equal(aur_archive_session(archive, &info, id, NULL), AUR_OK);
    assert_string_equal(info.head.resumed_from, s.session);
    assert_int_equal(info.ended_at, 0);
    assert_int_equal(aur_archive_phrases(archive, id, 0, UINT64_MAX, check_first, &start), 1);
    aur_archive_close(archive);
    free((char *)(uintptr_t)start.state);
    recorded_close(&s);
}

static int count_session(void *user, const struct aur_session_info *session)
{
    (void)session;
    ++*(int *)user;
    return 0;
}

static void a_piece_that_makes_no_phrase_leaves_no_session(void **state)
{
    (void)state;
    struct recorded s;
    struct aur_archive *archive;
    struct aur_channel *ch;
    struct aur_error err = {0};
    int n = 0;
    recorded_open(&s);
    struct aur_channel_config config = {.name = "main",
                                        .piece = s.piece,
                                        .journal = s.journal,
                                        .synth = {.rate_hz = RATE, .isa = aur_isa_best()},
                                        .chunk_frames = CHUNK};
    aur_controls_default(&config.controls, &aur_piece_describe(s.piece)->controls);
    config.controls.piece[0] = 1;
    assert_int_equal(aur_channel_new(&ch, &config, NULL, recorded_clock, &s.now, &err), AUR_ESCRIPT);
    assert_int_equal(aur_journal_flush(s.journal, 10000), AUR_OK);
    assert_int_equal(aur_archive_open(&archive, s.path, NULL), AUR_OK);
    assert_int_equal(aur_archive_sessions(archive, "main", count_session, &n), AUR_OK);
    assert_int_equal(n, 1); /* of open_stream */
    aur_archive_close(archive);
    recorded_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_again),
        cmocka_unit_test(many_controls_are_few_events),
        cmocka_unit_test(a_session_goes_on_from_another),
        cmocka_unit_test(a_piece_that_makes_no_phrase_leaves_no_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
