/* Whose edit a saved text is, where branches play several scripts: files saved and branches asked for while a channel is stepped by
 * hand, the scripts worker with it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "channel/internal.h"
#include "channel/scripts_worker.h"
#include "support/unit.h"

#define RATE       44100u
#define CHUNK      4410u
#define PHRASE     64u /* chunks, more than enough for a phrase that is composed now to be heard */
#define MUST(call) assert_int_equal((call), 0)

struct scene {
    char folder[64], versions[96];
    uint64_t now;
    struct aur_piece *piece;
    struct aur_channel *ch;
    struct aur_scripts *scripts;
    struct aur_former former; /* of the channel before */
    char answer[600];
};

static uint64_t stepped(void *user)
{
    return *(uint64_t *)user;
}

/* ---- files ---- */

static void put(struct scene *s, const char *name, const char *title, const char *body)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(
        out,
        "return { title = '%s', patches = { pad = { voice = 'pad' } }, state = { n = 0 },\n"
        "phrase = function(ctx, state)\n  state.n = state.n + 1\n  %s\n"
        "  ctx:note { patch = 'pad', at = 0, beats = 3, pitch = 40 + state.n, velocity = 0.4 }\n  return 1\nend }\n",
        title, body);
    fclose(out);
    MUST(utimensat(AT_FDCWD, path, (struct timespec[2]){{1, 0}, {1, 0}}, 0)); /* long ago: it is complete */
}

static void save(struct scene *s, const char *name, const char *title)
{
    put(s, name, title, "");
    aur_scripts_step(s->scripts);
}

/* ---- asking ---- */

static void answered(void *user, struct aur_scripts_reply *reply)
{
    struct scene *s = user;
    snprintf(s->answer, sizeof s->answer, "%s", reply->body.data ? reply->body.data : "");
}

static void ask(struct scene *s, const struct aur_scripts_request *request)
{
    MUST(aur_scripts_ask(s->scripts, request, answered, s));
    aur_scripts_step(s->scripts);
}

static void rewind_with(struct scene *s, const char *script)
{
    struct aur_scripts_request request = {.ask = AUR_SCRIPTS_REWIND, .channel = s->ch, .branch = {.phrases = 1}};
    snprintf(request.name, sizeof request.name, "%s", script);
    ask(s, &request);
    assert_non_null(strstr(s->answer, "\"branch\":"));
}

static void switch_to(struct scene *s, uint32_t branch)
{
    const struct aur_scripts_request request = {.ask = AUR_SCRIPTS_SWITCH, .channel = s->ch, .branch = {.id = branch}};
    ask(s, &request);
    assert_non_null(strstr(s->answer, "\"branch\":"));
}

/* ---- time ---- */

static void play(struct scene *s)
{
    for (int i = 0; i < (int)PHRASE; i++) {
        uint64_t index = aur_cast_head(s->ch->audio);
        while (aur_cast_head(s->ch->audio) == index)
            s->now = aur_channel_render_step(s->ch, s->now);
        while (aur_channel_compose_step(s->ch))
            ;
        aur_channel_encode_step(s->ch);
    }
}

static bool waits(struct scene *s)
{
    char armed[AUR_PIECE_HASH_SIZE];
    aur_channel_hashes(s->ch, armed, NULL);
    return *armed;
}

static void assert_plays(struct scene *s, const char *title)
{
    struct aur_msg_status status;
    play(s);
    aur_channel_status(s->ch, &status);
    assert_string_equal(status.current.title, title);
}

/* ---- life ---- */

static void make(struct scene *s, const struct aur_piece *piece, const struct aur_channel_start *start)
{
    struct aur_error err = {.message = ""};
    struct aur_channel_config channel = {.piece = piece,
                                         .seed = 5,
                                         .from = start,
                                         .synth = {.rate_hz = RATE, .isa = aur_isa_best()},
                                         .chunk_frames = CHUNK};
    aur_controls_default(&channel.controls, &aur_piece_describe(piece)->controls);
    channel.controls.bpm = 200;
    MUST(aur_channel_new(&s->ch, &channel, NULL, stepped, &s->now, NULL));
    struct aur_scripts_config config = {.folder = s->folder, .versions_dir = s->versions};
    if (aur_scripts_make(&s->scripts, &config, &err) < 0)
        fail_msg("%s", err.message);
    MUST(aur_scripts_follow(s->scripts, s->ch, "play.lua", NULL));
    aur_scripts_step(s->scripts);
}

static void open_scene(struct scene *s)
{
    char path[96];
    struct aur_error err = {.message = ""};
    memset(s, 0, sizeof *s);
    s->now = 1;
    strcpy(s->folder, "/tmp/aur_branch_XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->versions, sizeof s->versions, "%s/versions", s->folder);
    snprintf(path, sizeof path, "%s/play.lua", s->folder);
    put(s, "play.lua", "Play", "");
    put(s, "other.lua", "Other", "");
    struct aur_piece_source source = {.path = path};
    if (aur_piece_load(&s->piece, &source, &err) < 0)
        fail_msg("%s", err.message);
    make(s, s->piece, NULL);
    play(s);
}

static void end_channel(struct scene *s)
{
    aur_scripts_free(s->scripts);
    aur_channel_free(s->ch);
}

static void close_scene(struct scene *s)
{
    char command[128];
    end_channel(s);
    aur_piece_free(s->piece);
    snprintf(command, sizeof command, "rm -r '%s'", s->folder);
    MUST(system(command));
}

/* The channel ends, and another one goes on from what it had. */
static void restart(struct scene *s)
{
    struct aur_compose_side *c = &s->ch->compose;
    struct aur_former *former = &s->former;
    const struct aur_standing here = {(struct aur_piece *)(uintptr_t)c->session.piece, c->session.state,
                                      s->ch->shared.controls, c->session.seed, c->session.next_ordinal};
    memset(former, 0, sizeof *former);
    for (uint32_t id = 0; id < c->next_branch; id++) {
        struct aur_branch_entry *entry = aur_branch_find(s->ch, id == 0 ? c->branch : id - (id <= c->branch));
        struct aur_former_branch *was = &former->branches[c->next_branch - 1 - id];
        *was = (struct aur_former_branch){.id = entry->id, .parent = entry->parent, .ordinal = entry->ordinal};
        memcpy(was->follows, entry->follows, sizeof was->follows);
        assert_true(aur_standing_copy(&was->at, id == 0 ? &here : &entry->at));
        former->n_branches++;
    }
    const struct aur_standing *at = &former->branches[former->n_branches - 1].at;
    const struct aur_channel_start start = {.state = at->state, .ordinal = at->ordinal, .former = former};
    end_channel(s);
    make(s, at->piece, &start);
    for (size_t i = 0; i < former->n_branches; i++)
        aur_standing_deinit(&former->branches[i].at);
}

/* ---- tests ---- */

static void an_edit_is_of_the_script_that_plays(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    rewind_with(&s, "other.lua");
    save(&s, "play.lua", "Play 2"); /* from the moment it was asked for */
    assert_false(waits(&s));
    assert_plays(&s, "Other");
    save(&s, "play.lua", "Play 3");
    assert_false(waits(&s));
    save(&s, "other.lua", "Other 2");
    assert_true(waits(&s));
    assert_plays(&s, "Other 2");
    rewind_with(&s, ""); /* goes off from it, and has its script */
    save(&s, "other.lua", "Other 3");
    assert_plays(&s, "Other 3");
    switch_to(&s, 0);
    assert_plays(&s, "Play"); /* the text it had */
    save(&s, "other.lua", "Other 4");
    assert_false(waits(&s));
    save(&s, "play.lua", "Play 4");
    assert_plays(&s, "Play 4");
    switch_to(&s, 1);
    assert_plays(&s, "Other 2");
    save(&s, "unknown.lua", "Unknown"); /* something else in the folder */
    assert_false(waits(&s));
    close_scene(&s);
}

static void an_edit_that_waits_stays_with_its_script(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    save(&s, "play.lua", "Play 2");
    assert_true(waits(&s));
    rewind_with(&s, ""); /* the same script: it takes over there */
    assert_true(waits(&s));
    play(&s);
    assert_plays(&s, "Play 2");
    save(&s, "play.lua", "Play 3");
    assert_true(waits(&s));
    rewind_with(&s, "other.lua");
    assert_false(waits(&s));
    assert_plays(&s, "Other");
    switch_to(&s, 0);
    save(&s, "play.lua", "Play 5"); /* the branch that waits is the one that is edited */
    switch_to(&s, 2);               /* thought better of it */
    assert_false(waits(&s));
    assert_plays(&s, "Other");
    close_scene(&s);
}

static void saved_again_after_a_rollback_to_another_script(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    put(&s, "other.lua", "Fails", "state.m = (state.m or 0) + 1 if state.m > 3 then error('later') end");
    rewind_with(&s, "other.lua");
    play(&s);
    assert_plays(&s, "Play"); /* rolled back */
    save(&s, "play.lua", "Play 2");
    assert_false(waits(&s));
    save(&s, "other.lua", "Mended");
    assert_plays(&s, "Mended");
    close_scene(&s);
}

/* The branch that was asked for does not begin: the script that plays on is followed again. */
static void a_branch_that_fails_to_begin(void **state)
{
    (void)state;
    struct scene s;
    struct aur_controls controls;
    struct aur_msg_phrase reply;
    open_scene(&s);
    put(&s, "other.lua", "Fails", "if ctx.intensity > 0.9 then error('too much') end");
    rewind_with(&s, "other.lua");
    save(&s, "other.lua", "Other"); /* an edit of the branch that waits: it goes with it */
    assert_true(waits(&s));
    aur_channel_controls(s.ch, &controls, NULL);
    controls.intensity = 1;
    aur_channel_control(s.ch, &reply, &controls, NULL);
    assert_plays(&s, "Play");
    assert_int_equal(aur_channel_branches(s.ch, NULL, 0), 1);
    save(&s, "other.lua", "Other 2");
    assert_false(waits(&s));
    save(&s, "play.lua", "Play 2");
    assert_plays(&s, "Play 2");
    close_scene(&s);
}

static void over_a_restart(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    rewind_with(&s, "other.lua");
    assert_plays(&s, "Other");
    save(&s, "play.lua", "Play 2"); /* not heard */
    restart(&s);
    assert_false(waits(&s));
    assert_plays(&s, "Other");
    save(&s, "other.lua", "Other 2");
    assert_plays(&s, "Other 2");
    rewind_with(&s, "");
    save(&s, "other.lua", "Other 3");
    play(&s);
    assert_plays(&s, "Other 3");
    switch_to(&s, 1);
    assert_plays(&s, "Other 2");
    restart(&s); /* the file is what another branch plays: heard already */
    assert_false(waits(&s));
    assert_plays(&s, "Other 2");
    put(&s, "other.lua", "Other 4", ""); /* while nothing ran */
    restart(&s);
    assert_true(waits(&s));
    assert_plays(&s, "Other 4");
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edit_is_of_the_script_that_plays),
        cmocka_unit_test(an_edit_that_waits_stays_with_its_script),
        cmocka_unit_test(saved_again_after_a_rollback_to_another_script),
        cmocka_unit_test(a_branch_that_fails_to_begin),
        cmocka_unit_test(over_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
