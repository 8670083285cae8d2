/* Recording sessions by hand. */
#include "recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle.h"

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

void must(int rc, const struct aur_error *err)
{
    if (rc < 0)
        fail_msg("%s", err->message);
}

void live_put_piece(struct live *l, const struct aur_piece *piece)
{
    struct aur_bundle *bundle;
    struct aur_error err;
    must(aur_bundle_of(&bundle, piece, l->tables, &err), &err);
    aur_recorder_piece(l->recorder, bundle);
    free(bundle);
}

void live_start(struct live *l, const char *name)
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

void live_set(struct live *l, float level, float brightness, float intensity)
{
    const struct aur_live live = {level, brightness, intensity};
    const struct aur_fact fact = {.type = AUR_FACT_LIVE,
                                  .frame = aur_synth_live(l->synth, &live),
                                  .number = l->lives++,
                                  .level = level,
                                  .brightness = brightness,
                                  .intensity = intensity};
    aur_recorder_fact(l->recorder, &fact);
}

void live_render_to(struct live *l, uint64_t frame)
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

static void put_phrase(struct live *l, struct aur_phrase *phrase, struct aur_recorded_phrase *recorded,
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
}

/* Where it begins. */
static void commit(struct live *l, const struct aur_phrase *phrase)
{
    live_render_to(l, phrase->start_frame);
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
    put_phrase(l, phrase, &recorded, &l->controls);
    free(before);
    return phrase;
}

struct aur_phrase *live_compose(struct live *l)
{
    struct aur_phrase *phrase = compose(l);
    commit(l, phrase);
    return phrase;
}

void live_drop(struct live *l)
{
    const struct aur_phrase *phrase = compose(l);
    const struct aur_fact fact = {.type = AUR_FACT_DROPPED, .frame = phrase->start_frame, .number = phrase->number};
    aur_recorder_fact(l->recorder, &fact);
    live_render_to(l, phrase->start_frame + CHUNK);
}

void live_repeat(struct live *l, uint64_t number)
{
    struct aur_phrase *phrase;
    assert_int_equal(aur_phrase_repeat(&phrase, l->phrases[number], l->session.next_number, l->session.next_frame), 0);
    struct aur_recorded_phrase recorded = {.kind = AUR_PHRASE_REPEATED,
                                           .ordinal = l->session.next_ordinal,
                                           .repeats = number,
                                           .state_before = l->session.state,
                                           .state_after = l->session.state};
    put_phrase(l, phrase, &recorded, &l->controls);
    commit(l, phrase);
    aur_session_skip(&l->session, phrase);
}

void live_keyframe(struct live *l)
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

void live_end(struct live *l)
{
    aur_recorder_free(l->recorder, l->frame);
    aur_journal_close(l->journal);
    l->recorder = NULL;
    l->journal = NULL;
}

int recording_setup(void **state)
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

int recording_teardown(void **state)
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
