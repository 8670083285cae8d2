/* The order of pairs and next, in many VMs and in many processes (run with an argument, the program prints it). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/script/lua_case.h"

static const char walk[] =
    "local t = {} "
    "for i = 1, 200 do t['key' .. (i * 7919) % 1009] = i; t[(i * 31) % 97 - 40] = i; t[i / 8] = i end "
    "t[true], t[false], t[''], t['\\0'], t['a\\0b'], t['a'], t['\\255'] = 1, 2, 3, 4, 5, 6, 7 "
    "local out = {} for k, v in pairs(t) do out[#out + 1] = tostring(k) .. '=' .. v end local s = table.concat(out, ' "
    "') for i = 1, #s, 900 do print(s:sub(i, i + 899)) end";

static char *walked(void)
{
    struct lua_case c = {.text = walk};
    int rc = lua_case_run(&c);
    if (rc != AUR_OK)
        fail_msg("%s", c.err.message);
    return aur_buf_take(&c.printed);
}

static void the_documented_order(void **state)
{
    (void)state;
    expect_output("local t = { 'a', 'b', x = 1, [true] = 2, [-1.5] = 3, [false] = 4, Z = 5, [1e300] = 6, [0] = 7, aa = "
                  "8, a = 9 } "
                  "local s = '' for k, v in pairs(t) do s = s .. tostring(k) .. '=' .. tostring(v) .. ' ' end print(s)",
                  "-1.5=3 0=7 1=a 2=b 1e+300=6 Z=5 a=9 aa=8 x=1 false=4 true=2 \n");
    expect_output("local t = { 'a', x = 1, [false] = 4 } local s, k, v = '', next(t) "
                  "while k ~= nil do s = s .. tostring(k) .. '=' .. tostring(v) .. ' ' k, v = next(t, k) end print(s)",
                  "1=a x=1 false=4 \n");
    expect_output("print(next({}), next({ 1 }), next({ 1 }, 1), pairs({}))", "nil\t1\tnil\tfunction\ttable\tnil\n");
    expect_output("local s = '' for k in next, { b = 1, a = 2 } do s = s .. k end print(s)", "ab\n");
}

static void changes_on_the_way(void **state)
{
    (void)state;
    expect_output("local t = { a = 1, b = 2, c = 3, d = 4 } local s = '' "
                  "for k, v in pairs(t) do s = s .. k t[k] = nil t.c = nil t.e = 5 end print(s, next(t))",
                  "abd\te\t5\n");
    expect_output("local t = { a = 1, b = 2 } for k, v in pairs(t) do t[k] = v * 10 end print(t.a, t.b)", "10\t20\n");
    expect_output(
        "local t = { a = 1, b = 2, c = 3 } for k in pairs(t) do for j in pairs(t) do t[j] = nil end end print(next(t))",
        "nil\n");
    expect_output("local t = {} t.a = 1 t.a = nil print(next(t, 'a'))", "nil\n");
}

static void keys_without_an_order(void **state)
{
    (void)state;
    expect_error("\nfor k in pairs({ [{}] = 1 }) do end", AUR_ESCRIPT,
                 "case.lua:2: a table is a key of this table: only");
    expect_error("next({ [print] = 1 })", AUR_ESCRIPT, "case.lua:1: a function is a key");
    expect_error("pairs()", AUR_ESCRIPT, "case.lua:1: bad argument #1 to 'pairs' (table expected, got no value)");
    expect_error("pairs('x')", AUR_ESCRIPT, "case.lua:1: bad argument #1 to 'pairs'");
    expect_error("next(nil)", AUR_ESCRIPT, "case.lua:1: bad argument #1 to 'next'");
}

static void the_same_in_every_vm(void **state)
{
    (void)state;
    char *first = walked();
    assert_true(strlen(first) > 2000);
    for (int i = 0; i < 20; i++) {
        char *again = walked();
        assert_string_equal(again, first);
        free(again);
    }
    free(first);
}

static void the_same_in_every_process(void **state)
{
    (void)state;
    char *want = walked(), program[512];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    assert_true(n > 0);
    program[n] = '\0';
    size_t size = strlen(want) + 16;
    char *got = malloc(size);
    char command[600];
    snprintf(command, sizeof command, "'%s' walk", program);
    for (int i = 0; i < 20; i++) {
        FILE *child = popen(command, "r");
        assert_non_null(child);
        size_t len = fread(got, 1, size - 1, child);
        got[len] = '\0';
        assert_int_equal(pclose(child), 0);
        assert_string_equal(got, want);
    }
    free(got);
    free(want);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        char *text = walked();
        fputs(text, stdout);
        free(text);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_order),      cmocka_unit_test(changes_on_the_way),
        cmocka_unit_test(keys_without_an_order),     cmocka_unit_test(the_same_in_every_vm),
        cmocka_unit_test(the_same_in_every_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
