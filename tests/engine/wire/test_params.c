/* The tables of voices and effects as JSON say what the tables say. */
#include <jansson.h>
#include <math.h>

#include "score/patch.h"
#include "support/unit.h"
#include "wire/params.h"

static void same_param(const json_t *got, const struct aur_param *want)
{
    assert_string_equal(json_string_value(json_object_get(got, "name")), want->name);
    assert_string_equal(json_string_value(json_object_get(got, "unit")), want->unit);
    assert_string_equal(json_string_value(json_object_get(got, "about")), want->about);
    assert_true((float)json_number_value(json_object_get(got, "min")) == want->min);
    assert_true((float)json_number_value(json_object_get(got, "max")) == want->max);
    assert_true((float)json_number_value(json_object_get(got, "default")) == want->def);
}

static void same_tables(const json_t *list, const struct aur_param_table *tables, size_t n)
{
    assert_int_equal(json_array_size(list), n);
    for (size_t i = 0; i < n; i++) {
        const json_t *table = json_array_get(list, i), *params = json_object_get(table, "params");
        assert_string_equal(json_string_value(json_object_get(table, "name")), tables[i].name);
        assert_int_equal(json_array_size(params), tables[i].n_params);
        for (size_t p = 0; p < tables[i].n_params; p++)
            same_param(json_array_get(params, p), &tables[i].params[p]);
    }
}

static void tables_are_told(void **state)
{
    struct aur_buf text;
    (void)state;
    aur_buf_init(&text);
    aur_msg_params_write(&text);
    json_t *root = json_loadb(text.data, text.len, 0, NULL);
    assert_non_null(root);
    same_tables(json_object_get(root, "voices"), aur_voices, AUR_VOICES);
    same_tables(json_object_get(root, "effects"), aur_effects, AUR_EFFECTS);
    json_decref(root);
    aur_buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tables_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
