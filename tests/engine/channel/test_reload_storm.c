/* Two hundred edits saved in a row, on the stream's own samples: good ones whose parts come and go, broken, slow, huge and
 * hostile ones. The music must go on without a gap, a click or a jump in level, phrase after phrase on time, and no text may
 * stay in memory. The seed is printed; AURALIS_TEST_SEED sets it. */
#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "channel/internal.h"
#include "channel/scripts_worker.h"
#include "support/unit.h"

#define RATE         44100u
#define CHUNK        4410u
#define EDITS        USUAL_OR_SANITIZED(200, 80)
#define INSTR        400000u
#define WINDOW       4             /* chunks of a loudness */
#define MEMORY_SLACK (512u * 1024) /* the long texts have 300 KB each, the others 1 KB and their pieces 20 */
#define MUST(call)   assert_int_equal((call), 0)

/* Good texts: which parts, with which voices. */
static const char *const forms[] = {
    "pad = { voice = 'pad', attack = 0.3 }",
    "pad = { voice = 'pad', attack = 0.3 }, lead = { voice = 'lead' }",
    "pad = { voice = 'pad', attack = 0.3 }, lead = { voice = 'bell' }, kick = { voice = 'kick' }",
    "pad = { voice = 'pad', attack = 1 }, lead = { voice = 'pluck' }, swell = { voice = 'swell' }",
    "drone = { voice = 'pad', attack = 0.5, release = 4 }, lead = { voice = 'bass' }",
};
#define FORMS (int)(sizeof forms / sizeof *forms)

struct storm {
    char folder[64], script[128], versions[128];
    uint64_t key, draws, now;
    struct aur_scripts *scripts;
    struct aur_channel *ch;
    struct aur_piece *piece;
    float last[2], step; /* the largest from sample to sample */
    double power[WINDOW], loudest, softest;
    uint64_t chunks, next_phrase;
    int armed, playing, refused, rolled_back;
};

static uint32_t draw(struct storm *s, uint32_t n)
{
    return (uint32_t)(aur_rand_at(s->key, s->draws++) % n);
}

/* ---- texts ---- */

static void put_good(FILE *out, int form, int bars, int variant, const char *before)
{
    fprintf(out,
            "return { title = 'Form %d.%d', patches = { %s }, meter = { %d, 4 },\n"
            "controls = { c%d = { min = 0, max = 1, default = 0.5, label = 'C' } }, state = { n = 0 },\n"
            "phrase = function(ctx, state)\n  state.n = (state.n or 0) + 1\n  %s\n"
            "  local parts = { %s }\n  for name, patch in pairs(parts) do\n"
            "    for beat = 0, ctx.beats_per_bar * %d - 1 do\n"
            "      local low = name == 'pad' or name == 'drone'\n"
            "      ctx:note { patch = name, at = beat, beats = low and 3 or 0.5, pitch = (low and 45 or 60) + beat %% "
            "3 + %d,"
            " velocity = low and 0.35 or 0.3 }\n    end\n  end\n  return %d\nend }\n",
            form, variant, forms[form], 3 + variant % 2, variant % 3, before, forms[form], bars, variant % 5, bars);
}

static void put_bad(FILE *out, struct storm *s)
{
    static const char *const bad[] = {
        "return {",
        "return { phrase = function() return 1 end",
        "error('at the top')",
        "while true do end",
        "return { phrase = function() while true do pcall(function() while true do end end) end end }",
        "return { phrase = function() return 0/0 end }",
        "return { phrase = function() return 1000000 end }",
        "return { phrase = function() end }",
        "return { phrase = function(ctx, state) state.f = print return 1 end }",
        "return { phrase = function() return 1 end, migrate = function() error('no') end }",
        "return { phrase = function() return 1 end, migrate = function() return 7 end }",
        "return { phrase = function() local t = {} for i = 1, 1e9 do t[i] = i end return 1 end }",
        "return { phrase = function() string.rep('x', 1e9) return 1 end }",
        "local s = ('a'):rep(30) return { phrase = function() s:find(('a?'):rep(30) .. ('a'):rep(30)) return 1 end }",
        "return { phrase = function(ctx) ctx:note { patch = 'none', at = 0, beats = 1, pitch = 60 } return 1 end }",
        "\033LJ\001",
        "return require 'nowhere'",
        "",
    };
    fputs(bad[draw(s, sizeof bad / sizeof *bad)], out);
}

static void put_random(FILE *out, struct storm *s)
{
    char later[128];
    unsigned mine = (unsigned)s->draws;
    int form = (int)draw(s, (uint32_t)FORMS), bars = 1 + (int)draw(s, 2), variant = (int)draw(s, 100);
    switch (draw(s, 6)) {
    case 0:
        put_bad(out, s);
        break;
    case 1: /* fails some phrases later */
        snprintf(later, sizeof later, "state.m%u = (state.m%u or 0) + 1 if state.m%u > %u then error('later') end",
                 mine, mine, mine, 2 + draw(s, 3));
        put_good(out, form, bars, variant, later);
        break;
    case 2: /* slow, within the limits */
        put_good(out, form, bars, variant, "for i = 1, 50000 do local x = i * i end");
        break;
    case 3: /* huge */
        for (int i = 0; i < 4000; i++)
            fprintf(out, "-- %d: a comment that only makes the text long, as long as a text may be\n", i);
        put_good(out, form, bars, variant, "");
        break;
    default:
        put_good(out, form, bars, variant, "");
    }
}

/* In place, or by a file renamed over it; written long enough ago to be taken for complete. */
static void save(struct storm *s, void (*put)(FILE *out, struct storm *s))
{
    char other[140];
    snprintf(other, sizeof other, "%s~", s->script);
    bool in_place = draw(s, 2);
    FILE *out = fopen(in_place ? s->script : other, "w");
    assert_non_null(out);
    put(out, s);
    fclose(out);
    MUST(utimensat(AT_FDCWD, in_place ? s->script : other, (struct timespec[2]){{1, 0}, {1, 0}}, 0));
    if (!in_place)
        MUST(rename(other, s->script));
    aur_scripts_step(s->scripts);
}

/* ---- what is heard ---- */

static void hear(struct storm *s, const struct aur_chunk *chunk)
{
    double power = 0;
    assert_int_equal(chunk->silent_frames, 0);
    for (uint32_t i = 0; i < 2 * CHUNK; i++) {
        float x = chunk->samples[i], *last = &s->last[i % 2];
        s->step = fmaxf(s->step, fabsf(x - *last));
        *last = x;
        power += (double)x * (double)x;
    }
    s->power[s->chunks++ % WINDOW] = power / (2 * CHUNK);
    for (uint32_t i = 0; i < chunk->n_started; i++)
        assert_int_equal(chunk->started[i], s->next_phrase++);
    if (s->chunks < 20)
        return; /* it begins */
    double mean = 0;
    for (int i = 0; i < WINDOW; i++)
        mean += s->power[i] / WINDOW;
    s->loudest = fmax(s->loudest, mean);
    s->softest = fmin(s->softest, mean);
}

static void take_news(struct storm *s)
{
    struct aur_channel_event event;
    int *const counts[] = {
        [AUR_SCRIPT_ARMED] = &s->armed,
        [AUR_SCRIPT_PLAYING] = &s->playing,
        [AUR_SCRIPT_REFUSED] = &s->refused,
        [AUR_SCRIPT_ROLLED_BACK] = &s->rolled_back,
    };
    while (aur_channel_event(s->ch, &event))
        if (event.type == AUR_EVENT_SCRIPT)
            ++*counts[event.script_state];
        else
            assert_int_equal(event.type, AUR_EVENT_PHRASE); /* no repeat, no underrun, no silence */
}

static void play(struct storm *s, uint32_t chunks)
{
    while (chunks-- > 0) {
        uint64_t index = aur_cast_head(s->ch->audio);
        const void *slot;
        while (aur_cast_head(s->ch->audio) == index)
            s->now = aur_channel_render_step(s->ch, s->now);
        while (aur_channel_compose_step(s->ch))
            ;
        aur_channel_encode_step(s->ch);
        MUST(aur_cast_read(s->ch->audio, &slot, index));
        hear(s, slot);
        take_news(s);
    }
}

/* ---- life ---- */

static uint64_t stepped(void *user)
{
    return *(uint64_t *)user;
}

static void put_form_0(FILE *out, struct storm *s)
{
    (void)s;
    put_good(out, 0, 2, 0, "");
}

static const struct aur_script_limits usual = {.instructions = INSTR, .memory_bytes = 4 << 20};

static void open_storm(struct storm *s, enum aur_swap swap, void (*first)(FILE *out, struct storm *s),
                       struct aur_script_limits limits)
{
    const char *seed = getenv("AURALIS_TEST_SEED");
    struct aur_error err = {.message = ""};
    memset(s, 0, sizeof *s);
    s->key = aur_rand_key(seed ? strtoull(seed, NULL, 10) : 20250115, 0, "storm");
    s->softest = 1;
    s->now = 1;
    strcpy(s->folder, "/tmp/aur_storm_XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->script, sizeof s->script, "%s/storm.lua", s->folder);
    snprintf(s->versions, sizeof s->versions, "%s/versions", s->folder);
    FILE *out = fopen(s->script, "w");
    first(out, s);
    fclose(out);
    struct aur_piece_source source = {.path = s->script, .limits = limits};
    if (aur_piece_load(&s->piece, &source, &err) < 0)
        fail_msg("%s", err.message);
    struct aur_channel_config channel = {.piece = s->piece,
                                         .seed = 5,
                                         .synth = {.rate_hz = RATE, .isa = aur_isa_best(), .effects = true},
                                         .chunk_frames = CHUNK};
    aur_controls_default(&channel.controls, &aur_piece_describe(s->piece)->controls);
    MUST(aur_channel_new(&s->ch, &channel, NULL, stepped, &s->now, NULL));
    struct aur_scripts_config config = {
        .folder = s->folder, .versions_dir = s->versions, .limits = limits, .swap = swap};
    if (aur_scripts_make(&s->scripts, &config, &err) < 0)
        fail_msg("%s", err.message);
    MUST(aur_scripts_follow(s->scripts, s->ch, "storm.lua", NULL));
    aur_scripts_step(s->scripts);
}

static void close_storm(struct storm *s)
{
    char command[128];
    aur_scripts_free(s->scripts);
    aur_channel_free(s->ch);
    aur_piece_free(s->piece);
    snprintf(command, sizeof command, "rm -r '%s'", s->folder);
    MUST(system(command));
}

/* ---- tests ---- */

static int form_alone;

static void put_alone(FILE *out, struct storm *s)
{
    put_good(out, form_alone, 1 + (int)draw(s, 2), (int)draw(s, 100), "");
}

/* What the same music has of itself: the largest step and the range of loudness, of each form played alone. */
static struct storm reference(void)
{
    struct storm all = {.softest = 1};
    for (form_alone = 0; form_alone < FORMS; form_alone++) {
        struct storm s;
        open_storm(&s, AUR_SWAP_PHRASE, put_alone, usual);
        play(&s, 150);
        all.step = fmaxf(all.step, s.step);
        all.loudest = fmax(all.loudest, s.loudest);
        all.softest = fmin(all.softest, s.softest);
        close_storm(&s);
    }
    return all;
}

static int form_next;

static void put_next(FILE *out, struct storm *s)
{
    (void)s;
    put_good(out, form_next % FORMS, 1, 1 + form_next, "");
}

/* What is in use when everything a channel remembers (pieces to go back to, phrases played) is of short texts. 0 where the
 * allocator does not tell. */
static size_t settled_bytes(struct storm *s)
{
    for (int i = 0; i < AUR_BRANCH_BEFORE + 2; i++, form_next++) {
        save(s, put_next);
        play(s, 150);
    }
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void storm(enum aur_swap swap)
{
    struct storm s, alone = reference();
    open_storm(&s, swap, put_form_0, usual);
    size_t before = settled_bytes(&s);
    for (int i = 0; i < EDITS; i++) {
        save(&s, put_random);
        play(&s, i % 10 == 9 ? 200 : draw(&s, 30)); /* now and then time to fail later */
    }
    size_t after = settled_bytes(&s);
    save(&s, put_form_0); /* and it obeys still */
    play(&s, 200);
    struct aur_msg_status status;
    aur_channel_status(s.ch, &status);
    print_message("seed %s, swap %s: armed %d, playing %d, refused %d, rolled back %d; %llu phrases in %llu chunks\n"
                  "%zu KB more in use after them; largest step %.4f (alone %.4f), loudness %.1f to %.1f dB (alone %.1f "
                  "to %.1f)\n",
                  getenv("AURALIS_TEST_SEED") ? getenv("AURALIS_TEST_SEED") : "20250115",
                  swap == AUR_SWAP_BAR ? "bar" : "phrase", s.armed, s.playing, s.refused, s.rolled_back,
                  (unsigned long long)s.next_phrase, (unsigned long long)s.chunks,
                  (after > before ? after - before : 0) / 1024, (double)s.step, (double)alone.step,
                  10 * log10(s.softest), 10 * log10(s.loudest), 10 * log10(alone.softest), 10 * log10(alone.loudest));
    assert_string_equal(status.current.title, "Form 0.0");
    assert_true(s.armed > EDITS / 4 && s.playing > EDITS / 8 && s.refused > EDITS / 20 &&
                (s.rolled_back > 0 || EDITS < 200));
    assert_true(after < before + MEMORY_SLACK);
    assert_true(s.step < 1.5f * alone.step);
    assert_true(s.loudest < 1.6 * alone.loudest); /* 2 dB */
    assert_true(s.softest > alone.softest / 4);   /* 6 dB */
    close_storm(&s);
}

static void put_endless(FILE *out, struct storm *s)
{
    (void)s;
    put_good(out, 1, 1, 0, "state.m = (state.m or 0) + 1 while state.m > 4 do end");
}

/* It composes some phrases and then does not come back: the clock ends it, not the count of instructions. */
static void one_that_never_returns(void **state)
{
    (void)state;
    struct storm s;
    struct aur_msg_status status;
    open_storm(&s, AUR_SWAP_PHRASE, put_form_0, (struct aur_script_limits){.instructions = 1u << 30, .wall_ms = 300});
    save(&s, put_endless);
    play(&s, 300); /* take_news() fails on a repeat or a gap */
    assert_int_equal(s.armed, 1);
    assert_int_equal(s.rolled_back, 1);
    assert_int_equal(s.playing, 2);
    aur_channel_status(s.ch, &status);
    assert_string_equal(status.current.title, "Form 0.0");
    save(&s, put_next);
    play(&s, 150);
    assert_int_equal(s.playing, 3);
    close_storm(&s);
}

static void at_phrases(void **state)
{
    (void)state;
    storm(AUR_SWAP_PHRASE);
}

static void at_bars(void **state)
{
    (void)state;
    storm(AUR_SWAP_BAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_never_returns),
        cmocka_unit_test(at_phrases),
        cmocka_unit_test(at_bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
