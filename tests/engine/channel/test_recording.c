/* What a channel records is enough to make every sample again, to the bit: a real channel stepped by hand goes through all that
 * can happen to a stream; then its phrases are composed from the journal and given to a synth that knows nothing of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "bundle/bundle.h"
#include "channel/internal.h"
#include "journal/archive.h"
#include "support/unit.h"

#define RATE    44100u
#define CHUNK   4410u
#define CHUNKS  1240u /* just over two minutes */
#define FRAMES  ((uint64_t)CHUNKS * CHUNK)
#define PHRASES 256
#define SHORT   AURALIS_SOURCE_DIR "/tests/engine/channel/pieces/short.lua"

static struct aur_piece *load(const char *text)
{
    struct aur_piece *piece = NULL;
    struct aur_error err = {0};
    const struct aur_piece_text instead = {SHORT, text, text ? strlen(text) : 0};
    struct aur_piece_source source = {.path = SHORT,
                                      .lib_dir = AURALIS_SOURCE_DIR "/scripts/lib",
                                      .instead = text ? &instead : NULL,
                                      .n_instead = text ? 1 : 0};
    if (aur_piece_load(&piece, &source, &err) != 0)
        fail_msg("%s", err.message);
    return piece;
}

/* Other notes, state of another shape, and it fails when it is told to. */
static const char edited[] =
    "local theory = require \"theory\"\n"
    "return { title = \"Edited\", meter = { 3, 4 },\n"
    "  controls = { density = { min = 0, max = 1, default = 0.5, label = \"Density\" } },\n"
    "  patches = { pad = { voice = \"pad\", attack = 0.1 }, bell = { voice = \"bell\" } },\n"
    "  migrate = function(old) return { steps = old.bars or old.steps, n = 0 } end,\n"
    "  phrase = function(ctx, state)\n"
    "    state.steps, state.n = (state.steps or 0) + 1, (state.n or 0) + 1\n"
    "    if ctx.density > 0.8 then error(\"edited: too dense\") end\n"
    "    for beat = 0, 5 do\n"
    "      ctx:note { patch = \"bell\", at = beat, beats = 2, pitch = 60 + ctx.random(\"n\"):int(0, 12), velocity = "
    "0.6 }\n"
    "    end\n"
    "    ctx:note { patch = \"pad\", at = 0, beats = 7, pitch = 45 + state.steps % 7, velocity = 0.5 }\n"
    "    return 2\n"
    "  end }\n";

/* ---- the stream ---- */

struct stream {
    char dir[64], path[96];
    uint64_t now;
    struct aur_journal *journal;
    struct aur_channel *ch;
    struct aur_piece *piece, *other;
    float *samples;
    bool composes;
    char session[AUR_SESSION_ID_SIZE];
};

static uint64_t fake_clock(void *user)
{
    return *(uint64_t *)user;
}

static void open_journal(struct stream *s)
{
    struct aur_error err = {0};
    const struct aur_journal_config config = {.path = s->path};
    if (aur_journal_open(&s->journal, &config, &err) != AUR_OK)
        fail_msg("%s", err.message);
}

static void open_stream(struct stream *s)
{
    struct aur_error err = {0};
    *s = (struct stream){.dir = "test-recording-XXXXXX", .now = 1, .composes = true, .piece = load(NULL)};
    s->other = load(edited);
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->path, sizeof s->path, "%s/a.db", s->dir);
    open_journal(s);
    s->samples = calloc(FRAMES * 2, sizeof(float));
    struct aur_channel_config config = {.name = "main",
                                        .piece = s->piece,
                                        .seed = 11,
                                        .journal = s->journal,
                                        .synth = {.rate_hz = RATE, .isa = aur_isa_best(), .effects = true},
                                        .chunk_frames = CHUNK};
    aur_controls_default(&config.controls, &aur_piece_describe(s->piece)->controls);
    config.controls.bpm = 200;
    config.controls.level = 0.9;
    if (aur_channel_new(&s->ch, &config, NULL, fake_clock, &s->now, &err) != 0)
        fail_msg("%s", err.message);
    snprintf(s->session, sizeof s->session, "%s", aur_channel_session(s->ch));
    assert_int_equal(strlen(s->session), AUR_SESSION_ID_SIZE - 1);
}

static void remove_file(const struct stream *s, const char *suffix)
{
    char path[128];
    snprintf(path, sizeof path, "%s%s", s->path, suffix);
    unlink(path);
}

static void close_stream(struct stream *s)
{
    aur_channel_free(s->ch);
    aur_journal_close(s->journal);
    aur_piece_free(s->piece);
    aur_piece_free(s->other);
    free(s->samples);
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        remove_file(s, suffixes[i]);
    assert_int_equal(rmdir(s->dir), 0);
}

static void chunk(struct stream *s, uint64_t k)
{
    const void *slot;
    while (aur_channel_published(s->ch) == k * CHUNK)
        s->now = aur_channel_render_step(s->ch, s->now);
    while (s->composes && aur_channel_compose_step(s->ch))
        ;
    aur_channel_encode_step(s->ch);
    assert_int_equal(aur_cast_read(s->ch->audio, &slot, k), 0);
    memcpy(s->samples + k * CHUNK * 2, ((const struct aur_chunk *)slot)->samples, CHUNK * 2 * sizeof(float));
    aur_cast_done(s->ch->audio);
}

static void set(struct stream *s, const char *name, double value)
{
    struct aur_controls controls;
    struct aur_control_specs specs;
    struct aur_msg_phrase reply;
    aur_channel_controls(s->ch, &controls, &specs);
    assert_int_equal(aur_controls_set(&controls, &specs, name, value, NULL), AUR_OK);
    aur_channel_control(s->ch, &reply, &controls, &specs);
}

static void set_key(struct stream *s, const char *name)
{
    struct aur_controls controls;
    struct aur_msg_phrase reply;
    aur_channel_controls(s->ch, &controls, NULL);
    assert_int_equal(aur_key_parse(&controls.key, name, NULL), AUR_OK);
    aur_channel_control(s->ch, &reply, &controls, NULL);
}

static void arm(struct stream *s, struct aur_piece *piece, enum aur_swap swap)
{
    struct aur_msg_phrase reply;
    aur_channel_arm(s->ch, &reply, piece, swap);
}

static void back(struct stream *s, uint32_t phrases, uint64_t seed, struct aur_piece *piece)
{
    struct aur_msg_phrase reply;
    struct aur_error err = {0};
    uint32_t branch;
    if (aur_channel_rewind(s->ch, &reply, &branch, phrases, seed ? &seed : NULL, piece, &err) != AUR_OK)
        fail_msg("%s", err.message);
}

static void go_to(struct stream *s, uint32_t branch)
{
    struct aur_msg_phrase reply;
    assert_int_equal(aur_channel_switch(s->ch, &reply, branch, NULL), AUR_OK);
}

/* What happens before chunk k. */
static void happen(struct stream *s, uint64_t k)
{
    switch (k) {
    case 0:
        set(s, "level", 0.8);
        break; /* before anything sounds */
    case 33:
        set(s, "bpm", 190);
        break;
    case 47:
        set(s, "brightness", 0.9);
        break;
    case 48:
        set(s, "brightness", 0.2);
        break;
    case 61:
        set(s, "intensity", 1.0 / 3);
        break;
    case 90:
        set_key(s, "F# dorian");
        break;
    case 120:
        arm(s, s->other, AUR_SWAP_PHRASE);
        break; /* an edit */
    case 190:
        set(s, "density", 0.9);
        break; /* which fails: back to the piece before */
    case 230:
        set(s, "density", 0.3);
        break;
    case 260:
        arm(s, s->other, AUR_SWAP_BAR);
        break;
    case 330:
        set(s, "bpm", 63);
        break; /* long enough for a bar swap */
    case 400:
        arm(s, s->piece, AUR_SWAP_BAR);
        break;
    case 480:
        set(s, "bpm", 200);
        break;
    case 520:
        s->composes = false;
        break; /* a late script: the last phrase again */
    case 536:
        s->composes = true;
        break;
    case 580:
        s->composes = false;
        break; /* silence */
    case 620:
        s->composes = true;
        break;
    case 680:
        back(s, 12, 0, NULL);
        break;
    case 760:
        back(s, 5, 77, s->other);
        break;
    case 800:
        set(s, "level", 0.4);
        break;
    case 850:
        go_to(s, 0);
        break;
    case 920:
        set(s, "density", 0.95);
        break; /* nothing works: repeats */
    case 980:
        set(s, "density", 0.5);
        break;
    case 1050:
        go_to(s, 2);
        break;
    case 1100:
        set(s, "density", 1);
        break; /* rolls back inside the branch */
    default:
        break;
    }
}

/* ---- the same from the journal ---- */

struct lives {
    struct aur_fact items[256];
    size_t n;
};

static int keep_live(void *user, const struct aur_fact *fact)
{
    struct lives *lives = user;
    assert_true(lives->n < 256);
    lives->items[lives->n++] = *fact;
    return 0;
}

struct player {
    struct aur_archive *archive;
    struct aur_tables *tables;
    struct aur_synth *synth;
    struct lives lives;
    size_t next_live;
    uint64_t frame;
    float *samples;
    struct aur_phrase *composed; /* newest that was not a repeat */
    struct aur_phrase *all[PHRASES];
    size_t n_all;
    struct aur_piece *piece;
    int n[2], rewound;
    uint64_t last_ordinal;
};

/* Up to this frame, with live controls where they belong. */
static void play_until(struct player *p, uint64_t until)
{
    while (p->frame < until || p->next_live < p->lives.n) {
        const struct aur_fact *live = p->next_live < p->lives.n ? &p->lives.items[p->next_live] : NULL;
        if (live && live->frame == p->frame) {
            struct aur_live set = {live->level, live->brightness, live->intensity};
            aur_synth_live(p->synth, &set);
            p->next_live++;
            continue;
        }
        uint64_t to = live && live->frame < until ? live->frame : until;
        if (to == p->frame)
            return;
        aur_synth_render(p->synth, p->samples + p->frame * 2, to - p->frame);
        p->frame = to;
        const struct aur_phrase *done;
        while ((done = aur_synth_retired(p->synth)) != NULL)
            assert_true(done->start_frame < p->frame);
    }
}

static struct aur_phrase *compose(struct player *p, const struct aur_recorded_phrase *r)
{
    struct aur_error err = {0};
    struct aur_bundle *bundle;
    struct aur_controls controls;
    struct aur_phrase *phrase = NULL;
    char *after = NULL;
    assert_int_equal(aur_archive_bundle(p->archive, &bundle, r->piece, &err), AUR_OK);
    aur_piece_free(p->piece);
    if (aur_bundle_load(&p->piece, bundle, p->tables, &(struct aur_script_limits){0}, NULL, &err) != AUR_OK)
        fail_msg("%s", err.message);
    aur_bundle_free(bundle);
    assert_string_equal(aur_piece_marks(p->piece)->hash, r->piece);
    assert_int_equal(aur_controls_parse(&controls, &aur_piece_describe(p->piece)->controls, r->controls, NULL), AUR_OK);
    struct aur_compose_request request = {.seed = r->seed,
                                          .number = r->ordinal,
                                          .start_frame = r->start_frame,
                                          .rate_hz = RATE,
                                          .controls = &controls,
                                          .state = r->state_before};
    if (aur_piece_compose(p->piece, &request, &phrase, &after, &err) != AUR_OK)
        fail_msg("phrase %llu: %s", (unsigned long long)r->number, err.message);
    assert_string_equal(after, r->state_after);
    free(after);
    return phrase;
}

static int play_phrase(void *user, const struct aur_recorded_phrase *r)
{
    struct player *p = user;
    struct aur_phrase *phrase = NULL;
    if (r->kind == AUR_PHRASE_REPEATED) {
        assert_int_equal(r->repeats, p->composed->number);
        assert_int_equal(aur_phrase_repeat(&phrase, p->composed, r->number, r->start_frame), AUR_OK);
    } else {
        phrase = compose(p, r);
    }
    phrase->number = r->number;
    p->n[r->kind]++;
    p->rewound += p->n[0] > 1 && r->ordinal <= p->last_ordinal;
    p->last_ordinal = r->ordinal;
    assert_true(aur_phrase_hash(phrase) == r->notes_hash);
    assert_int_equal(phrase->length_frames, r->length_frames);
    play_until(p, r->start_frame);
    assert_int_equal(aur_synth_commit(p->synth, phrase), AUR_OK);
    if (r->kind == AUR_PHRASE_COMPOSED)
        p->composed = phrase;
    assert_true(p->n_all < PHRASES);
    p->all[p->n_all++] = phrase;
    return 0;
}

struct tally {
    int controls, branches, switches, failed, silences, rolled_back, armed, playing, refused;
};

static int count_event(void *user, uint64_t frame, int64_t at_ms, const char *kind, const char *detail)
{
    struct tally *t = user;
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
    assert_int_equal(fact->frame, from);
    assert_true(from < FRAMES);
    to = to < FRAMES ? to : FRAMES;
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

static void replay(struct player *p, const struct stream *s)
{
    struct aur_error err = {0};
    *p = (struct player){.samples = calloc(FRAMES * 2, sizeof(float))};
    assert_non_null(p->samples);
    assert_int_equal(aur_tables_new(&p->tables, &err), AUR_OK);
    if (aur_archive_open(&p->archive, s->path, &err) != AUR_OK)
        fail_msg("%s", err.message);
    struct aur_synth_config config = {.rate_hz = RATE, .isa = aur_isa_best(), .effects = true, .tables = p->tables};
    assert_int_equal(aur_synth_new(&p->synth, &config, NULL), AUR_OK);
    assert_int_equal(aur_archive_facts(p->archive, s->session, AUR_FACT_LIVE, 0, UINT64_MAX, keep_live, &p->lives),
                     AUR_OK);
    assert_int_equal(aur_archive_phrases(p->archive, s->session, 0, FRAMES, play_phrase, p), AUR_OK);
    play_until(p, FRAMES);
}

static void end_replay(struct player *p)
{
    aur_synth_free(p->synth);
    for (size_t i = 0; i < p->n_all; i++)
        aur_phrase_free(p->all[i]);
    aur_piece_free(p->piece);
    aur_archive_close(p->archive);
    aur_tables_free(p->tables);
    free(p->samples);
}

static void every_sample_again(void **state)
{
    (void)state;
    struct stream s;
    struct player p;
    struct tally t = {0};
    open_stream(&s);
    for (uint64_t k = 0; k < CHUNKS; k++) {
        happen(&s, k);
        chunk(&s, k);
    }
    aur_channel_free(s.ch);
    s.ch = NULL;
    assert_int_equal(aur_journal_flush(s.journal, 10000), AUR_OK);
    replay(&p, &s);
    for (uint64_t i = 0; i < FRAMES * 2; i++)
        if (memcmp(&p.samples[i], &s.samples[i], sizeof(float)) != 0)
            fail_msg("frame %llu: %a was streamed, %a comes from the journal", (unsigned long long)(i / 2),
                     (double)s.samples[i], (double)p.samples[i]);
    assert_true(p.n[AUR_PHRASE_COMPOSED] > 50);
    assert_true(p.n[AUR_PHRASE_REPEATED] > 3);
    assert_true(p.rewound >= 3);
    assert_true(facts(p.archive, s.session, AUR_FACT_CUT) >= 2);
    assert_int_equal(facts(p.archive, s.session, AUR_FACT_MINUTE), 3);
    assert_int_equal(aur_archive_facts(p.archive, s.session, AUR_FACT_MINUTE, 0, UINT64_MAX, check_minute, s.samples),
                     AUR_OK);
    assert_int_equal(aur_archive_events(p.archive, s.session, 0, UINT64_MAX, count_event, &t), AUR_OK);
    assert_int_equal(t.branches, 2);
    assert_int_equal(t.switches, 2);
    assert_true(t.controls >= 15);
    assert_true(t.failed >= 1);
    assert_int_equal(t.silences, 1);
    assert_true(t.armed == 3 && t.rolled_back >= 2 && t.playing >= 6);
    struct aur_session_info info;
    assert_int_equal(aur_archive_session(p.archive, &info, s.session, NULL), AUR_OK);
    assert_int_equal(info.frames, FRAMES);
    assert_true(info.broken_at == UINT64_MAX);
    end_replay(&p);
    close_stream(&s);
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
    struct stream s;
    struct aur_archive *archive;
    struct aur_session_info info;
    struct aur_channel_start start = {.session = ""};
    open_stream(&s);
    for (uint64_t k = 0; k < 100; k++)
        chunk(&s, k);
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
    assert_int_equal(aur_channel_new(&s.ch, &config, NULL, fake_clock, &s.now, NULL), 0);
    assert_int_equal(aur_journal_flush(s.journal, 10000), AUR_OK);
    const char *id = aur_channel_session(s.ch);
    assert_string_not_equal(id, s.session);
    assert_int_equal(aur_archive_session(archive, &info, id, NULL), AUR_OK);
    assert_string_equal(info.head.resumed_from, s.session);
    assert_int_equal(info.ended_at, 0);
    assert_int_equal(aur_archive_phrases(archive, id, 0, UINT64_MAX, check_first, &start), 1);
    aur_archive_close(archive);
    free((char *)(uintptr_t)start.state);
    close_stream(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_again),
        cmocka_unit_test(a_session_goes_on_from_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
