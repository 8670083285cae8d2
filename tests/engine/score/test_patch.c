#include "score/patch.h"

#include <math.h>
#include <string.h>

#include "support/unit.h"

static void check_table(const struct aur_param_table *table)
{
    assert_in_range(table->n_params, 1, AUR_PARAMS_MAX);
    for (size_t i = 0; i < table->n_params; i++) {
        const struct aur_param *p = &table->params[i];
        assert_true(p->min < p->max && p->def >= p->min && p->def <= p->max);
        assert_true(strlen(p->about) > 0);
        assert_int_equal(aur_param_find(table, p->name), i); /* so no name comes twice */
        float params[AUR_PARAMS_MAX] = {0};
        assert_int_equal(aur_param_set(params, table, p->name, (double)p->min, NULL), AUR_OK);
        assert_int_equal(aur_param_set(params, table, p->name, (double)p->max, NULL), AUR_OK);
        assert_true(params[i] == p->max);
        double over = (double)nextafterf(p->max, INFINITY);
        struct aur_error err;
        assert_int_equal(aur_param_set(params, table, p->name, over, &err), AUR_EINVAL);
        assert_int_equal(aur_param_set(params, table, p->name, NAN, &err), AUR_EINVAL);
        assert_non_null(strstr(err.field, p->name));
        assert_true(params[i] == p->max);
    }
}

static void tables_hold_together(void **state)
{
    (void)state;
    for (int i = 0; i < AUR_VOICES; i++) {
        check_table(&aur_voices[i]);
        assert_int_equal(aur_voice_find(aur_voices[i].name), i);
        /* what every voice has, in one order */
        static const char *const common[] = {"level", "pan", "reverb", "delay"};
        for (size_t k = 0; k < 4; k++)
            assert_string_equal(aur_voices[i].params[k].name, common[k]);
    }
    for (int i = 0; i < AUR_EFFECTS; i++) {
        check_table(&aur_effects[i]);
        assert_int_equal(aur_effect_find(aur_effects[i].name), i);
    }
    assert_int_equal(aur_voice_find("organ"), -1);
    assert_int_equal(aur_effect_find(""), -1);
}

static void defaults_are_the_tables(void **state)
{
    (void)state;
    struct aur_patch patch;
    struct aur_effect_settings effects;
    aur_patch_default(&patch, "deep", AUR_VOICE_KICK);
    aur_effect_default(&effects);
    assert_string_equal(patch.name, "deep");
    assert_int_equal(patch.voice, AUR_VOICE_KICK);
    for (size_t i = 0; i < aur_voices[AUR_VOICE_KICK].n_params; i++)
        assert_true(patch.params[i] == aur_voices[AUR_VOICE_KICK].params[i].def);
    for (size_t i = 0; i < aur_effects[AUR_EFFECT_DELAY].n_params; i++)
        assert_true(effects.params[AUR_EFFECT_DELAY][i] == aur_effects[AUR_EFFECT_DELAY].params[i].def);
}

static void bounds_are_what_people_write(void **state)
{
    (void)state;
    float params[AUR_PARAMS_MAX];
    assert_int_equal(aur_param_set(params, &aur_voices[AUR_VOICE_PAD], "attack", 0.002, NULL), AUR_OK);
    assert_int_equal(aur_param_set(params, &aur_voices[AUR_VOICE_PAD], "attack", 0.0019, NULL), AUR_EINVAL);
    assert_int_equal(aur_param_set(params, &aur_voices[AUR_VOICE_PAD], "attack", 1e300, NULL), AUR_EINVAL);
}

static void unknown_parameter_lists_the_known(void **state)
{
    (void)state;
    float params[AUR_PARAMS_MAX];
    struct aur_error err;
    assert_int_equal(aur_param_set(params, &aur_effects[AUR_EFFECT_MASTER], "gain", 1, &err), AUR_EINVAL);
    assert_string_equal(err.allowed, "level, ceiling");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_hold_together), cmocka_unit_test(defaults_are_the_tables),
        cmocka_unit_test(bounds_are_what_people_write), cmocka_unit_test(unknown_parameter_lists_the_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
