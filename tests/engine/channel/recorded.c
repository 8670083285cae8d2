#include "recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

#define SHORT AURALIS_SOURCE_DIR "/tests/engine/channel/pieces/short.lua"

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
    "  migrate = function(old) return { steps = old.bars, bars = old.bars, n = 0 } end,\n"
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

uint64_t recorded_clock(void *user)
{
    return *(uint64_t *)user;
}

static void open_journal(struct recorded *s)
{
    struct aur_error err = {0};
    const struct aur_journal_config config = {.path = s->path};
    if (aur_journal_open(&s->journal, &config, &err) != AUR_OK)
        fail_msg("%s", err.message);
}

void recorded_open(struct recorded *s)
{
    struct aur_error err = {0};
    *s = (struct recorded){.dir = "test-recording-XXXXXX", .now = 1, .composes = true, .piece = load(NULL)};
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
    if (aur_channel_new(&s->ch, &config, NULL, recorded_clock, &s->now, &err) != 0)
        fail_msg("%s", err.message);
    snprintf(s->session, sizeof s->session, "%s", aur_channel_session(s->ch));
    assert_int_equal(strlen(s->session), AUR_SESSION_ID_SIZE - 1);
}

static void remove_file(const struct recorded *s, const char *suffix)
{
    char path[128];
    snprintf(path, sizeof path, "%s%s", s->path, suffix);
    unlink(path);
}

void recorded_close(struct recorded *s)
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

void recorded_chunk(struct recorded *s, uint64_t k)
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

void recorded_set(struct recorded *s, const char *name, double value)
{
    struct aur_controls controls;
    struct aur_control_specs specs;
    struct aur_msg_phrase reply;
    aur_channel_controls(s->ch, &controls, &specs);
    assert_int_equal(aur_controls_set(&controls, &specs, name, value, NULL), AUR_OK);
    aur_channel_control(s->ch, &reply, &controls, &specs);
}

void recorded_key(struct recorded *s, const char *name)
{
    struct aur_controls controls;
    struct aur_msg_phrase reply;
    aur_channel_controls(s->ch, &controls, NULL);
    assert_int_equal(aur_key_parse(&controls.key, name, NULL), AUR_OK);
    aur_channel_control(s->ch, &reply, &controls, NULL);
}

void recorded_arm(struct recorded *s, struct aur_piece *piece, enum aur_swap swap)
{
    struct aur_msg_phrase reply;
    aur_channel_arm(s->ch, &reply, piece, swap);
}

void recorded_rewind(struct recorded *s, uint32_t phrases, uint64_t seed, struct aur_piece *piece)
{
    struct aur_msg_phrase reply;
    struct aur_error err = {0};
    uint32_t branch;
    if (aur_channel_rewind(s->ch, &reply, &branch, phrases, seed ? &seed : NULL, piece, &err) != AUR_OK)
        fail_msg("%s", err.message);
}

void recorded_switch(struct recorded *s, uint32_t branch)
{
    struct aur_msg_phrase reply;
    assert_int_equal(aur_channel_switch(s->ch, &reply, branch, NULL), AUR_OK);
}
