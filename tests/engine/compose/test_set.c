/* ctx:set: what one phrase sets of patches and effects, and what it may not. */
#include "engine/compose/piece_case.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static float of(const float *params, const struct aur_param_table *table, const char *name)
{
    int i = aur_param_find(table, name);
    assert_true(i >= 0);
    return params[i];
}

static float cutoff(const struct aur_phrase *phrase)
{
    return of(phrase->patches[1].params, &aur_voices[AUR_VOICE_PAD], "cutoff");
}

static float decay(const struct aur_phrase *phrase)
{
    return of(phrase->effects.params[AUR_EFFECT_REVERB], &aur_effects[AUR_EFFECT_REVERB], "decay");
}

static struct aur_phrase *compose(struct piece_case *c, uint64_t number)
{
    struct aur_phrase *phrase;
    char *after;
    if (piece_case_compose(c, &phrase, &after, 1, number, NULL) != AUR_OK)
        fail_msg("%s", c->err.message);
    free(after);
    return phrase;
}

static void one_phrase_alone(void **state)
{
    struct piece_case *c = *state;
    piece_case_load(c, "return { patches = { bell = { voice = 'bell' }, pad = { voice = 'pad', cutoff = 500 } },\n"
                       "effects = { reverb = { decay = 3, damping = 2000 } }, phrase = function(ctx)\n"
                       "  ctx:note { patch = 'pad', at = 0, beats = 1, pitch = 60 }\n"
                       "  if ctx.phrase == 1 then\n"
                       "    ctx:set { patches = { pad = { cutoff = 800 + ctx.intensity, reverb = 0.9 } } }\n"
                       "    ctx:set { effects = { reverb = { decay = 12 } }, patches = {} }\n"
                       "    ctx:set { patches = { pad = { reverb = 0.7 } } }\n"
                       "  end return 1 end }");
    for (uint64_t number = 0; number < 3; number++) {
        struct aur_phrase *phrase = compose(c, number);
        const float *pad = phrase->patches[1].params;
        assert_string_equal(phrase->patches[1].name, "pad");
        assert_true(cutoff(phrase) == (number == 1 ? 800.5f : 500));
        assert_true(of(pad, &aur_voices[AUR_VOICE_PAD], "reverb") == (number == 1 ? 0.7f : 0.3f));
        assert_true(of(pad, &aur_voices[AUR_VOICE_PAD], "attack") == 2);
        assert_true(decay(phrase) == (number == 1 ? 12 : 3));
        assert_true(of(phrase->effects.params[AUR_EFFECT_REVERB], &aur_effects[AUR_EFFECT_REVERB], "damping") == 2000);
        aur_phrase_free(phrase);
    }
}

static void what_is_refused(void **state)
{
    struct piece_case *c = *state;
    static const struct {
        const char *body, *want;
    } cases[] = {
        {"ctx.set { effects = {} }", "set: it is called as ctx:set { patches = { ... }, effects = { ... } }"},
        {"ctx:set()", "set: it is called as"},
        {"ctx:set { state = {} }", "set: 'state' is not a field; allowed: patches, effects"},
        {"ctx:set { { 1 } }", "set: '1' is not a field"},
        {"ctx:set { effects = 1 }", "set: effects: a table is needed, not a number"},
        {"ctx:set { effects = { revreb = {} } }",
         "set: effects: 'revreb' is not an effect (did you mean reverb?); allowed: reverb, delay"},
        {"ctx:set { effects = { reverb = 1 } }", "set: effects.reverb: a table is needed, not a number"},
        {"ctx:set { effects = { reverb = { decay = 99 } } }", "set: effects.reverb: reverb.decay: 99 is not allowed"},
        {"ctx:set { effects = { reverb = { decay = 0/0 } } }", "set: effects.reverb: reverb.decay: "},
        {"ctx:set { effects = { reverb = { decay = '3' } } }", "set: effects.reverb.decay: a number is needed, not a "},
        {"ctx:set { patches = { pda = {} } }",
         "set: patches: 'pda' is not one of the piece's (did you mean pad?); allowed: bell, pad"},
        {"ctx:set { patches = { pad = { voice = 'bell' } } }",
         "set: patches.pad: pad: voice is not allowed; allowed: "},
        {"ctx:set { patches = { pad = { [{}] = 1 } } }", ""},
        {"local t = setmetatable({}, { __index = error }) ctx:set { patches = { pad = t }, effects = t } error('end')",
         "end"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char want[300];
        snprintf(want, sizeof want, "piece.lua:2: %s", cases[i].want);
        assert_null(piece_case_play(c, cases[i].body));
        piece_case_expect(c, c->err.code, AUR_ESCRIPT, want);
    }
}

/* What was set before an error that the script caught is set; what the error was about is not. */
static void after_an_error(void **state)
{
    struct piece_case *c = *state;
    struct aur_phrase *phrase =
        piece_case_play(c, "ctx:set { effects = { reverb = { decay = 5 } } }\n"
                           "assert(not pcall(ctx.set, ctx, { effects = { reverb = { decay = -1 } } })) return 1");
    assert_non_null(phrase);
    assert_true(decay(phrase) == 5);
    aur_phrase_free(phrase);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piece_case_open, piece_case_close)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(one_phrase_alone), TEST(what_is_refused), TEST(after_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
