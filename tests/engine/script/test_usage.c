/* What a VM tells of its memory and collections, and that counting them changes nothing a script can see. */
#include <string.h>

#include "script/vm.h"
#include "support/unit.h"

static int run_body(lua_State *L)
{
    const char *text = lua_touserdata(L, 1);
    aur_vm_load(L, "usage.lua", text, strlen(text));
    lua_call(L, 0, 0);
    return 0;
}

static int run(struct aur_vm_usage *usage, const char *text, size_t memory_bytes)
{
    struct aur_vm_config config = {.name = "usage.lua", .memory_bytes = memory_bytes};
    struct aur_error err;
    struct aur_vm *vm;
    assert_int_equal(aur_vm_new(&vm, &config, &err), AUR_OK);
    int rc = aur_vm_call(vm, run_body, (void *)(uintptr_t)text, &err);
    aur_vm_usage(vm, usage);
    aur_vm_free(vm);
    return rc;
}

#define GARBAGE "for i = 1, 100000 do local t = { i } end"
#define KEPT    "local all = {} for i = 1, 20000 do all[i] = { i } end"

static void a_small_script_collects_nothing(void **state)
{
    (void)state;
    struct aur_vm_usage usage;
    assert_int_equal(run(&usage, "local x = 1", 0), AUR_OK);
    assert_int_equal(usage.collections, 0);
    assert_true(usage.peak_bytes > 10000 && usage.peak_bytes < 200000);
}

static void garbage_is_collected_again_and_again(void **state)
{
    (void)state;
    struct aur_vm_usage once, twice;
    assert_int_equal(run(&once, GARBAGE, 0), AUR_OK);
    assert_int_equal(run(&twice, GARBAGE " " GARBAGE, 0), AUR_OK);
    assert_true(once.collections >= 5);
    assert_true(twice.collections > once.collections);
    assert_true(once.peak_bytes < 1000000); /* it did not pile up */
}

static void the_peak_is_what_was_held_at_once(void **state)
{
    (void)state;
    struct aur_vm_usage usage;
    assert_int_equal(run(&usage, "do " KEPT " end " GARBAGE, 0), AUR_OK);
    assert_true(usage.peak_bytes > 20000 * 40);
}

static void the_same_script_is_told_the_same(void **state)
{
    (void)state;
    struct aur_vm_usage a, b;
    assert_int_equal(run(&a, KEPT " " GARBAGE, 0), AUR_OK);
    assert_int_equal(run(&b, KEPT " " GARBAGE, 0), AUR_OK);
    assert_int_equal(a.collections, b.collections);
    assert_int_equal(a.peak_bytes, b.peak_bytes);
}

static void counting_is_no_way_past_the_limit(void **state)
{
    (void)state;
    struct aur_vm_usage usage;
    assert_int_equal(run(&usage, "local all = {} for i = 1, 1e9 do all[i] = { i } end", 1 << 20), AUR_ELIMIT);
    assert_true(usage.peak_bytes <= (1 << 20) + (1 << 17));
    assert_int_equal(run(&usage, "local s = 'x' while true do s = s .. s end", 1 << 20), AUR_ELIMIT);
    assert_int_equal(
        run(&usage, "while true do pcall(function() local t = {} for i = 1, 1e9 do t[i] = {} end end) end", 1 << 20),
        AUR_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_script_collects_nothing),   cmocka_unit_test(garbage_is_collected_again_and_again),
        cmocka_unit_test(the_peak_is_what_was_held_at_once), cmocka_unit_test(the_same_script_is_told_the_same),
        cmocka_unit_test(counting_is_no_way_past_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
