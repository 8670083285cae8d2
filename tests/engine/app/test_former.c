/* What is read back of a channel's branches and places is what it had, to the last control and byte of state, over one session and
 * over several that go on from each other: a real channel stepped by hand, its journal, and its memory to compare with. */
#include "app/former.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorded.h"
#include "support/unit.h"

enum what { SET, EDIT, BACK, BACK_EDITED, GO };

/* What happens before a chunk; a phrase lasts 12 of them at 200 BPM, 16 at 150. */
struct step {
    uint64_t chunk;
    enum what what;
    const char *name; /* of a control */
    double value;
};

static const struct step first[] = {
    {10, SET, "bpm", 200},       {20, SET, "density", 0.3},  {40, BACK, NULL, 2},
    {41, SET, "bpm", 150},   /* of the branch that waits */
    {42, SET, "level", 0.6}, /* nobody's */
    {80, SET, "intensity", 0.9}, {95, BACK_EDITED, NULL, 2}, {130, SET, "density", 0.4},
    {131, SET, "density", 0.45}, {132, SET, "bpm", 180},                                 /* held when it is left */
    {133, GO, NULL, 0},          {180, EDIT, NULL, 0},       {210, SET, "density", 0.9}, /* it fails: rolled back */
    {240, SET, "density", 0.5},  {250, GO, NULL, 2},         {251, SET, "bpm", 90},
    {252, GO, NULL, 0}, /* thought better of it: what was set is nobody's */
};

static const struct step second[] = {
    {15, SET, "density", 0.6}, {20, GO, NULL, 1},           {50, BACK, NULL, 5}, {75, SET, "bpm", 120},
    {78, GO, NULL, 2},         {100, SET, "density", 0.85}, /* its script fails: back to the one of before the rewind, a session ago */
};

static void take(struct recorded *s, const struct step *step)
{
    if (step->what == SET)
        recorded_set(s, step->name, step->value);
    else if (step->what == EDIT)
        recorded_arm(s, s->other, AUR_SWAP_PHRASE);
    else if (step->what == GO)
        recorded_switch(s, (uint32_t)step->value);
    else
        recorded_rewind(s, (uint32_t)step->value, UINT64_MAX, step->what == BACK ? NULL : s->other);
}

static void play(struct recorded *s, const struct step *steps, size_t n, uint64_t chunks)
{
    for (uint64_t k = 0; k < chunks; k++) {
        for (size_t i = 0; i < n; i++)
            if (steps[i].chunk == k)
                take(s, &steps[i]);
        recorded_chunk(s, k);
    }
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
}

static void assert_same_place(const struct aur_standing *a, const struct aur_standing *b)
{
    struct aur_buf texts[2];
    assert_string_equal(aur_piece_marks(a->piece)->hash, aur_piece_marks(b->piece)->hash);
    assert_int_equal(a->seed, b->seed);
    assert_int_equal(a->ordinal, b->ordinal);
    assert_true(!a->state == !b->state);
    if (a->state)
        assert_string_equal(a->state, b->state);
    for (int i = 0; i < 2; i++) {
        const struct aur_standing *at = i ? b : a;
        aur_buf_init(&texts[i]);
        aur_controls_print(&texts[i], &at->controls, &aur_piece_describe(at->piece)->controls);
    }
    assert_string_equal(texts[0].data, texts[1].data);
    aur_buf_deinit(&texts[0]);
    aur_buf_deinit(&texts[1]);
}

static void assert_same_branch(struct recorded *s, const struct aur_former_branch *was, bool current)
{
    const struct aur_session *session = &s->ch->compose.session;
    struct aur_branch_entry *entry = aur_branch_find(s->ch, was->id);
    struct aur_standing here = {(struct aur_piece *)(uintptr_t)session->piece, session->state, s->ch->shared.controls,
                                session->seed, session->next_ordinal};
    assert_non_null(entry);
    assert_int_equal(was->parent, entry->parent);
    assert_int_equal(was->from_number, entry->from_number);
    assert_int_equal(was->ordinal, entry->ordinal);
    assert_string_equal(was->session, *entry->session ? entry->session : s->session);
    assert_string_equal(was->follows, entry->follows);
    if (!current) { /* nobody's: they are those of now when it is gone to */
        here = entry->at;
        here.controls.level = was->at.controls.level;
        here.controls.brightness = was->at.controls.brightness;
    }
    assert_same_place(&was->at, &here);
    const struct aur_checkpoint *before = current ? s->ch->compose.before : entry->before;
    assert_int_equal(was->n_before, current ? s->ch->compose.n_before : entry->n_before);
    for (size_t i = 0; i < was->n_before; i++) {
        assert_string_equal(aur_piece_marks(was->before[i].piece)->hash, aur_piece_marks(before[i].piece)->hash);
        assert_string_equal(was->before[i].state, before[i].state);
    }
}

static void assert_same(struct recorded *s, const struct aur_former *former, size_t n_branches)
{
    const struct aur_compose_side *c = &s->ch->compose;
    uint64_t end = c->n_former + c->session.next_number;
    size_t n = end < AUR_CHECKPOINTS_MAX ? end : AUR_CHECKPOINTS_MAX;
    assert_int_equal(former->n_branches, n_branches);
    assert_int_equal(former->branches[n_branches - 1].id, c->branch);
    for (size_t i = 0; i < n_branches; i++) {
        assert_same_branch(s, &former->branches[i], i + 1 == n_branches);
        if (i + 2 < n_branches)
            assert_true(aur_branch_find(s->ch, former->branches[i].id)->left <
                        aur_branch_find(s->ch, former->branches[i + 1].id)->left);
    }
    assert_int_equal(former->n_places, n);
    for (size_t i = 0; i < n; i++) {
        const struct aur_composed_from *from = &c->from[(end - n + i) % AUR_CHECKPOINTS_MAX];
        assert_int_equal(former->places[i].branch, from->branch);
        assert_same_place(&former->places[i].at, &from->at);
    }
}

static struct aur_former *read_back(const struct recorded *s, const struct aur_stage *stage)
{
    struct aur_archive *archive;
    struct aur_former *former;
    struct aur_error err = {0};
    assert_int_equal(aur_archive_open(&archive, s->path, NULL), AUR_OK);
    if (aur_former_read(&former, archive, s->session, stage, &err) != AUR_OK)
        fail_msg("%s", err.message);
    aur_archive_close(archive);
    return former;
}

/* The channel ends, as a killed one would, and another one goes on. */
static void go_on(struct recorded *s, const struct aur_former *former)
{
    const struct aur_standing *at = &former->branches[former->n_branches - 1].at;
    char session[AUR_SESSION_ID_SIZE];
    memcpy(session, s->session, sizeof session);
    const struct aur_channel_start start = {session, at->state, at->ordinal, former};
    struct aur_channel_config config = {.name = "main",
                                        .piece = at->piece,
                                        .seed = at->seed,
                                        .controls = at->controls,
                                        .from = &start,
                                        .journal = s->journal,
                                        .synth = {.rate_hz = RATE, .isa = aur_isa_best(), .effects = true},
                                        .chunk_frames = CHUNK};
    aur_channel_free(s->ch);
    assert_int_equal(aur_channel_new(&s->ch, &config, NULL, recorded_clock, &s->now, NULL), 0);
    snprintf(s->session, sizeof s->session, "%s", aur_channel_session(s->ch));
}

#define PLAY(s, steps, chunks) play(s, steps, sizeof(steps) / sizeof *(steps), chunks)

static void what_is_read_back_is_what_was(void **state)
{
    (void)state;
    struct recorded s;
    struct aur_stage stage = {.log = NULL};
    recorded_open(&s);
    assert_int_equal(aur_tables_new(&stage.tables, NULL), AUR_OK);
    PLAY(&s, first, 300);
    struct aur_former *former = read_back(&s, &stage);
    assert_same(&s, former, 3);
    assert_string_equal(former->branches[0].follows, "");
    assert_string_equal(former->branches[1].follows, "short.lua");
    assert_int_equal(former->branches[1].at.controls.bpm, 180);
    assert_true(former->branches[2].at.controls.level == 0.6);
    go_on(&s, former);
    aur_former_free(former);
    PLAY(&s, second, 150);
    assert_int_equal(s.ch->compose.next_branch, 4);
    assert_int_equal(s.ch->compose.branch, 2);
    assert_int_equal(s.ch->compose.n_before, 0);
    assert_string_equal(aur_piece_marks(s.ch->compose.session.piece)->hash, aur_piece_marks(s.piece)->hash);
    former = read_back(&s, &stage);
    assert_same(&s, former, 4);
    go_on(&s, former);
    aur_former_free(former);
    PLAY(&s, second, 3);
    former = read_back(&s, &stage);
    assert_same(&s, former, 4);
    aur_former_free(former);
    aur_tables_free(stage.tables);
    recorded_close(&s);
}

/* Another text has a control in a smaller range, and the one after it takes what is left. */
static void a_value_that_an_edit_changed(void **state)
{
    static const char text[] =
        "return { controls = { density = { min = 0, max = 0.25, default = 0, label = 'Density' } },\n"
        "  patches = { pad = { voice = 'pad' } }, phrase = function() return 1 end }\n";
    (void)state;
    struct recorded s;
    struct aur_piece *narrow = NULL;
    struct aur_stage stage = {.log = NULL};
    const struct aur_piece_text instead = {"/narrow.lua", text, sizeof text - 1};
    const struct aur_piece_source source = {.path = "/narrow.lua", .sealed = true, .instead = &instead, .n_instead = 1};
    recorded_open(&s);
    assert_int_equal(aur_tables_new(&stage.tables, NULL), AUR_OK);
    assert_int_equal(aur_piece_load(&narrow, &source, NULL), AUR_OK);
    recorded_set(&s, "density", 0.75);
    recorded_arm(&s, narrow, AUR_SWAP_PHRASE);
    PLAY(&s, second, 14);
    recorded_arm(&s, s.piece, AUR_SWAP_PHRASE);
    for (uint64_t k = 14; k < 40; k++)
        recorded_chunk(&s, k);
    assert_int_equal(aur_journal_flush(s.journal, 10000), AUR_OK);
    struct aur_former *former = read_back(&s, &stage);
    assert_string_equal(aur_piece_marks(former->branches[0].at.piece)->hash, aur_piece_marks(s.piece)->hash);
    assert_true(former->branches[0].at.controls.piece[0] == 0.25);
    assert_same(&s, former, 1);
    aur_former_free(former);
    aur_piece_free(narrow);
    aur_tables_free(stage.tables);
    recorded_close(&s);
}

/* ---- what was asked for, and had not begun ---- */

/* It is what waits in the channel. */
static void assert_same_turn(const struct recorded *s, const struct aur_former_turn *was)
{
    const struct aur_turn *turn = &s->ch->shared.turn;
    assert_non_null(turn->at.piece);
    assert_non_null(was->at.piece);
    assert_int_equal(was->branch, turn->branch);
    assert_int_equal(was->parent, turn->parent);
    assert_int_equal(was->fresh, turn->fresh);
    assert_string_equal(was->follows, turn->follows);
    assert_same_place(&was->at, &turn->at);
    assert_true(!was->back.piece == !turn->back.piece);
    if (turn->back.piece) {
        assert_string_equal(aur_piece_marks(was->back.piece)->hash, aur_piece_marks(turn->back.piece)->hash);
        assert_string_equal(was->back.state, turn->back.state);
    }
}

/* The channel ends with it and another goes on: its first phrase is what the turn would have made. */
static void assert_goes_on_with_it(struct recorded *s, const struct aur_stage *stage)
{
    struct aur_former *former = read_back(s, stage);
    assert_same_turn(s, &former->turn);
    const uint32_t branch = former->turn.branch;
    const uint64_t ordinal = former->turn.at.ordinal, seed = former->turn.at.seed;
    const int bpm = former->turn.at.controls.bpm;
    const struct aur_former_branch *left = &former->branches[former->n_branches - 1];
    go_on(s, former);
    assert_int_equal(s->ch->compose.branch, branch);
    assert_int_equal(s->ch->compose.session.seed, seed);
    assert_int_equal(s->ch->compose.from[s->ch->compose.n_former % AUR_CHECKPOINTS_MAX].at.ordinal, ordinal);
    assert_int_equal(s->ch->shared.controls.bpm, bpm);
    assert_null(s->ch->shared.turn.at.piece);
    assert_same_place(&left->at, &aur_branch_find(s->ch, left->id)->at); /* and the one it left stands where it stood */
    aur_former_free(former);
    recorded_chunk(s, 0);
    assert_int_equal(aur_journal_flush(s->journal, 10000), AUR_OK);
    former = read_back(s, stage);
    assert_null(former->turn.at.piece);
    assert_int_equal(former->branches[former->n_branches - 1].id, branch);
    aur_former_free(former);
}

static void what_was_asked_for_begins_after_the_restart(void **state)
{
    static const struct step back[] = {{10, SET, "bpm", 200}, {40, BACK, NULL, 2}, {41, SET, "bpm", 150}},
                             edited[] = {{20, BACK_EDITED, NULL, 2}, {21, SET, "density", 0.35}},
                             to[] = {{12, SET, "bpm", 70}, {30, GO, NULL, 0}, {31, SET, "bpm", 180}};
    (void)state;
    struct recorded s;
    struct aur_stage stage = {.log = NULL};
    recorded_open(&s);
    assert_int_equal(aur_tables_new(&stage.tables, NULL), AUR_OK);
    PLAY(&s, back, 42);
    aur_record_held_controls(s.ch, true); /* at most a second later */
    assert_int_equal(aur_journal_flush(s.journal, 10000), AUR_OK);
    assert_goes_on_with_it(&s, &stage);
    PLAY(&s, edited, 22);
    aur_record_held_controls(s.ch, true);
    assert_int_equal(aur_journal_flush(s.journal, 10000), AUR_OK);
    assert_goes_on_with_it(&s, &stage);
    PLAY(&s, to, 32);
    aur_record_held_controls(s.ch, true);
    assert_int_equal(aur_journal_flush(s.journal, 10000), AUR_OK);
    assert_goes_on_with_it(&s, &stage);
    aur_tables_free(stage.tables);
    recorded_close(&s);
}

static void what_was_taken_back_or_is_gone_does_not_begin(void **state)
{
    static const struct step steps[] = {{20, BACK, NULL, 1}, {21, GO, NULL, 0}};
    (void)state;
    struct recorded s;
    struct aur_stage stage = {.log = NULL};
    recorded_open(&s);
    assert_int_equal(aur_tables_new(&stage.tables, NULL), AUR_OK);
    PLAY(&s, steps, 22);
    struct aur_former *former = read_back(&s, &stage);
    assert_null(former->turn.at.piece);
    go_on(&s, former);
    aur_former_free(former);
    char before[AUR_SESSION_ID_SIZE];
    memcpy(before, aur_recorder_id(s.ch->recorder), sizeof before);
    PLAY(&s, steps, 18);
    former = read_back(&s, &stage);
    go_on(&s, former); /* a place of the session before is gone back to */
    aur_former_free(former);
    recorded_rewind(&s, 2, 5, NULL);
    recorded_chunk(&s, 0);
    assert_int_equal(aur_journal_session_delete(s.journal, before, NULL), AUR_OK);
    former = read_back(&s, &stage);
    assert_int_equal(former->branches[former->n_branches - 1].id, 0);
    assert_null(former->turn.at.piece);
    go_on(&s, former);
    assert_int_equal(s.ch->compose.branch, 0);
    aur_former_free(former);
    aur_tables_free(stage.tables);
    recorded_close(&s);
}

static void a_session_that_is_gone_takes_its_branches_along(void **state)
{
    (void)state;
    struct recorded s;
    struct aur_stage stage = {.log = NULL};
    char before[AUR_SESSION_ID_SIZE];
    recorded_open(&s);
    assert_int_equal(aur_tables_new(&stage.tables, NULL), AUR_OK);
    PLAY(&s, first, 133);
    struct aur_former *former = read_back(&s, &stage);
    memcpy(before, s.session, sizeof before);
    go_on(&s, former);
    aur_former_free(former);
    PLAY(&s, first, 30);
    assert_int_equal(aur_journal_session_delete(s.journal, before, NULL), AUR_OK);
    former = read_back(&s, &stage);
    assert_int_equal(former->n_branches, 1);
    assert_int_equal(former->branches[0].id, 2);
    assert_int_equal(former->n_places, s.ch->compose.session.next_number);
    go_on(&s, former);
    assert_int_equal(s.ch->compose.next_branch, 3);
    aur_former_free(former);
    aur_tables_free(stage.tables);
    recorded_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_back_is_what_was),
        cmocka_unit_test(a_value_that_an_edit_changed),
        cmocka_unit_test(what_was_asked_for_begins_after_the_restart),
        cmocka_unit_test(what_was_taken_back_or_is_gone_does_not_begin),
        cmocka_unit_test(a_session_that_is_gone_takes_its_branches_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
