#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/real.h"
#include "engine/script/lua_case.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void hidden_globals(void **state)
{
    (void)state;
    static const char *const names[] = {"_G",
                                        "_VERSION",
                                        "bit",
                                        "collectgarbage",
                                        "debug",
                                        "dofile",
                                        "ffi",
                                        "gcinfo",
                                        "getfenv",
                                        "io",
                                        "jit",
                                        "load",
                                        "loadfile",
                                        "loadstring",
                                        "module",
                                        "newproxy",
                                        "os",
                                        "package",
                                        "setfenv",
                                        "utf8",
                                        "string.dump",
                                        "table.foreach",
                                        "table.foreachi",
                                        "table.getn",
                                        "table.move",
                                        "math.nothing"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char text[200], want[200];
        bool field = strchr(names[i], '.');
        snprintf(text, sizeof text, field ? "print(%s)" : "\nprint(%s)", names[i]);
        if (field)
            expect_output(text, "nil\n");
        snprintf(want, sizeof want, "case.lua:2: undefined global '%s'", names[i]);
        if (!field)
            expect_error(text, AUR_ESCRIPT, want);
    }
}

/* Every name that a library table holds, so that none slips in. */
static void whole_libraries(void **state)
{
    (void)state;
    static const struct {
        const char *library, *names;
    } cases[] = {
        {"math",
         "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max min modf pi pow "
         "rad random randomseed sin sinh sqrt tan tanh "},
        {"string", "byte char find format gmatch gsub len lower match rep reverse sub upper "},
        {"table", "concat insert maxn remove sort "},
        {"coroutine", "create resume running status wrap yield "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[200], want[300];
        snprintf(text, sizeof text, "local s = '' for k in pairs(%s) do s = s .. k .. ' ' end print(s)",
                 cases[i].library);
        snprintf(want, sizeof want, "%s\n", cases[i].names);
        expect_output(text, want);
    }
    expect_output(
        "for _, f in ipairs { assert, error, ipairs, next, pairs, pcall, xpcall, select, tonumber, tostring, type, "
        "unpack, rawequal, rawget, rawset, setmetatable, getmetatable, require, print } do assert(f) end",
        "");
}

static void globals_are_not_written(void **state)
{
    (void)state;
    expect_error("local x = 1\ncount = x", AUR_ESCRIPT,
                 "case.lua:2: 'count' is written as a global; declare it with local");
    expect_error("math = nil", AUR_ESCRIPT, "case.lua:1: 'math' is written as a global");
    expect_error("function play() end", AUR_ESCRIPT, "case.lua:1: 'play' is written as a global");
    expect_error("local function f() print(missing) end\n\nf()", AUR_ESCRIPT, "case.lua:1: undefined global 'missing'");
    expect_output("print(pcall(function() lost = 1 end))",
                  "false\tcase.lua:1: 'lost' is written as a global; declare it with local\n");
}

static void locked_metatables(void **state)
{
    (void)state;
    expect_output("print(getmetatable(''), ('x'):rep(3), ('%d'):format(7))", "string\txxx\t7\n");
    expect_error("getmetatable('').__index = {}", AUR_ESCRIPT, "case.lua:1: ");
    expect_output("local t = setmetatable({}, { __index = function(_, k) return k .. '!' end }) print(t.a, "
                  "getmetatable(t) ~= nil)",
                  "a!\ttrue\n");
    expect_error("setmetatable(setmetatable({}, { __metatable = 1 }), {})", AUR_ESCRIPT,
                 "case.lua:1: cannot change a protected metatable");
    expect_error("setmetatable({}, { __mode = 'k' })", AUR_ESCRIPT, "case.lua:1: weak tables are not allowed");
    expect_error("setmetatable(1, {})", AUR_ESCRIPT, "case.lua:1: bad argument #1 to 'setmetatable'");
}

static void no_addresses(void **state)
{
    (void)state;
    expect_output("print({}, print, coroutine.create(print), function() end, nil, true, 1.5, -0/1, 'x')",
                  "table\tfunction\tthread\tfunction\tnil\ttrue\t1.5\t-0\tx\n");
    expect_output("print(tostring({}), ('%s %q %s %5s|%%'):format({}, print, nil, true))",
                  "table\ttable \"function\" nil  true|%\n");
    expect_output("print(0/0, -(0/0), 1/0, -1/0)", "nan\tnan\tinf\t-inf\n");
    expect_error("print(('%p'):format({}))", AUR_ESCRIPT, "case.lua:1: string.format: %p would show an address");
    expect_output("print(tostring(setmetatable({}, { __tostring = function() return 'mine' end })))", "mine\n");
    expect_output("print(('%s'):format(setmetatable({}, { __tostring = function() return 'mine' end })))", "mine\n");
}

static void stock_errors_keep_name_and_line(void **state)
{
    (void)state;
    expect_error("\nlocal x = ('%d'):format({})", AUR_ESCRIPT,
                 "case.lua:2: bad argument #2 to 'format' (number expected, got table)");
    expect_error("\nstring.gsub(1)", AUR_ESCRIPT, "case.lua:2: bad argument #2 to 'gsub'");
    expect_error("table.concat({ {} })", AUR_ESCRIPT, "case.lua:1: ");
    expect_error("table.sort({ 1, 'x' })", AUR_ESCRIPT, "case.lua:1: attempt to compare");
    expect_error("math.sin('x')", AUR_ESCRIPT, "case.lua:1: bad argument #1 to 'sin' (number expected, got string)");
    expect_error("local t = nil\nt.x = 1", AUR_ESCRIPT, "case.lua:2: attempt to index local 't' (a nil value)");
    expect_error("return (", AUR_ESCRIPT, "case.lua:1: unexpected symbol near '<eof>'");
    expect_error("table.insert(1, 2)", AUR_ESCRIPT, "case.lua:1: bad argument #1 to 'insert'");
    expect_error("table.insert({}, 1, 2, 3)", AUR_ESCRIPT, "case.lua:1: wrong number of arguments to 'insert'");
}

static void table_functions(void **state)
{
    (void)state;
    expect_output(
        "local t = { 1, 2, 3 } table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 3, 'm') "
        "print(table.concat(t, ',')) print(table.remove(t), table.remove(t, 1), table.remove(t, 2), table.remove({})) "
        "print(table.concat(t, ',')) table.sort(t, function(a, b) return a > b end) print(unpack(t))",
        "0,1,m,2,3,4\n4\t0\tm\n1,2,3\n3\t2\t1\n");
    expect_output("print(('a-b'):gsub('%w', { a = 'x' }), ('abc'):gsub('.', function(c) return c:upper() end))",
                  "x-b\tABC\t3\n");
}

static void bits_of(char out[64], double x)
{
    snprintf(out, 64, "%.17g", x);
}

/* Operators and folded constants go through aur_pow, to the bit. */
static void power_operator_is_ours(void **state)
{
    (void)state;
    char got[200], want[200], number[64];
    bits_of(number, aur_pow(2, 1.0 / 12));
    snprintf(want, sizeof want, "%s %s\n", number, number);
    expect_output("local two, twelve = 2, 12 print(('%.17g %.17g'):format(two ^ (1 / twelve), 2 ^ (1 / 12)))", want);
    for (int i = 0; i < 400; i++) {
        double x = 0.01 + 0.37 * i, y = 3.7 - 0.031 * i;
        bits_of(number, aur_pow(x, y));
        snprintf(want, sizeof want, "%s %s %s\n", number, number, number);
        snprintf(
            got, sizeof got,
            "local x, y = %.17g, %.17g print(('%%.17g %%.17g %%.17g'):format(x ^ y, math.pow(x, y), %.17g ^ %.17g))", x,
            y, x, y);
        expect_output(got, want);
    }
}

static void math_is_ours(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double (*f)(double);
        double x;
    } cases[] = {{"sin", aur_sin, 2.3},   {"cos", aur_cos, 2.3},  {"tan", aur_tan, 1.1},   {"asin", aur_asin, 0.3},
                 {"acos", aur_acos, 0.3}, {"atan", aur_atan, 5},  {"sinh", aur_sinh, 0.7}, {"cosh", aur_cosh, 0.7},
                 {"tanh", aur_tanh, 0.7}, {"exp", aur_exp, 3.3},  {"log", aur_ln, 7.7},    {"log10", aur_log10, 7.7},
                 {"sqrt", sqrt, 2},       {"floor", floor, -1.5}, {"ceil", ceil, 1.5},     {"abs", fabs, -2}};
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int k = 0; k < 50; k++) {
            char text[200], want[80], number[64];
            double x = cases[i].x * (1 - 0.013 * k);
            bits_of(number, cases[i].f(x));
            snprintf(want, sizeof want, "%s\n", number);
            snprintf(text, sizeof text, "print(('%%.17g'):format(math.%s(%.17g)))", cases[i].name, x);
            expect_output(text, want);
        }
    expect_output("print(math.log(8, 2), math.log(1000, 10), math.atan2(1, -1) == math.pi * 0.75, math.fmod(-7, 3), "
                  "math.max(1, 3, 2))",
                  "3\t3\ttrue\t-1\t3\n");
}

static void only_text(void **state)
{
    (void)state;
    struct lua_case c = {.text = "\033LJ\002\0\0", .len = 6};
    assert_int_equal(lua_case_run(&c), AUR_ESCRIPT);
    assert_non_null(strstr(c.err.message, "case.lua:1: bytecode is not allowed"));
    lua_case_free(&c);
    c = (struct lua_case){.text = "local a = 1\nprint(a)\0 error('hidden')", .len = 37};
    assert_int_equal(lua_case_run(&c), AUR_ESCRIPT);
    assert_non_null(strstr(c.err.message, "case.lua:2: a zero byte"));
    lua_case_free(&c);
}

static void modules(void **state)
{
    (void)state;
    static const struct aur_vm_module list[] = {
        {.path = "theory", .text = "print('read') return { fifth = 7 }"},
        {.path = "a/b", .text = "return 'nested'"},
        {.path = "nothing", .text = "local x = 1"},
        {.path = "loop", .text = "return require 'pool'"},
        {.path = "pool", .text = "return require 'loop'"},
        {.path = "broken", .text = "local t = {}\nerror('inside')"},
        {.path = "global", .text = "\n\nlost = 1"},
        {0},
    };
    static const struct {
        const char *text, *printed, *error;
    } cases[] = {
        {"print(require('theory').fifth, require 'theory' == require 'theory')", "read\n7\ttrue\n", NULL},
        {"print(require 'a/b', require 'a.b', require 'nothing')", "nested\tnested\ttrue\n", NULL},
        {"\nrequire 'missing'", "", "case.lua:2: require 'missing': no such module"},
        {"require 'loop'", "", "case.lua:1: require 'loop': the module requires itself"},
        {"require 'broken'", "", "broken:2: inside"},
        {"require 'global'", "", "global:3: 'lost' is written as a global"},
        {"require '../etc/passwd'", "", "case.lua:1: require '../etc/passwd': a module's name"},
        {"require '/etc/passwd'", "", "case.lua:1: require '/etc/passwd': a module's name"},
        {"require 'a..b'", "", "case.lua:1: require 'a..b': a module's name"},
        {"require ''", "", "case.lua:1: require '': a module's name"},
        {"require 'a/'", "", "case.lua:1: require 'a/': a module's name"},
        {"require 'A'", "", "case.lua:1: require 'A': a module's name"},
        {"require 'a\\0b'", "", "case.lua:1: "},
        {"require {}", "", "case.lua:1: bad argument #1 to 'require'"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct lua_case c = {.text = cases[i].text, .modules = list};
        int rc = lua_case_run(&c);
        assert_int_equal(rc, cases[i].error ? AUR_ESCRIPT : AUR_OK);
        if (cases[i].error && strncmp(c.err.message, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("%s -> %s", cases[i].text, c.err.message);
        assert_string_equal(c.printed.data ? c.printed.data : "", cases[i].printed);
        lua_case_free(&c);
    }
}

static void printing_is_bounded(void **state)
{
    (void)state;
    struct lua_case c = {.text = "print() print(('x'):rep(5000)) for i = 1, 1000 do print(i) end"};
    assert_int_equal(lua_case_run(&c), AUR_OK);
    assert_true(c.printed.len < 70000);
    assert_true(strncmp(c.printed.data, "\nxxx", 4) == 0);
    assert_null(strstr(c.printed.data, "\n999\n"));
    lua_case_free(&c);
}

static void error_objects(void **state)
{
    (void)state;
    expect_error("error({})", AUR_ESCRIPT, "case.lua:1: the error object is a table value, not a message");
    expect_error("\nerror()", AUR_ESCRIPT, "case.lua:2: the error object is a nil value, not a message");
    expect_error("error(false)", AUR_ESCRIPT, "case.lua:1: the error object is a boolean value");
    expect_error("error(setmetatable({}, { __tostring = function() error 'again' end }))", AUR_ESCRIPT,
                 "case.lua:1: the error object is a table");
    expect_error("\n\nerror('plain', 0)", AUR_ESCRIPT, "case.lua:3: plain");
    expect_error("error('with\\nlines')", AUR_ESCRIPT, "case.lua:1: with\nlines");
    expect_error("error(12)", AUR_ESCRIPT, "case.lua:1: 12");
    expect_error("assert(false)", AUR_ESCRIPT, "case.lua:1: assertion failed!");
    expect_error("assert(nil, 'because')", AUR_ESCRIPT, "case.lua:1: because");
    expect_error("coroutine.wrap(function() error('deep') end)()", AUR_ESCRIPT, "case.lua:1: deep");
    expect_error("coroutine.yield()", AUR_ESCRIPT, "case.lua:1: ");
}

static void traceback_names_the_callers(void **state)
{
    (void)state;
    struct lua_case c = {
        .text = "local function inner() error('here') end\nlocal function outer() inner() return 1 end\nouter()"};
    assert_int_equal(lua_case_run(&c), AUR_ESCRIPT);
    assert_string_equal(c.err.message,
                        "case.lua:1: here\n  case.lua:1: in function inner\n  case.lua:2: in function outer\n"
                        "  case.lua:3: in the main chunk");
    lua_case_free(&c);
}

static void long_paths_are_whole(void **state)
{
    (void)state;
    static const char path[] = "/srv/music/of/somebody/pieces/of/the/winter/of/some/year/long-name-of-a-piece.lua";
    static const char *const texts[] = {"error('x')", "local t t.x = 1", "return ("};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct lua_case c = {.text = texts[i], .config.name = path};
        assert_int_equal(lua_case_run(&c), AUR_ESCRIPT);
        assert_true(strncmp(c.err.message, path, strlen(path)) == 0);
        assert_true(strncmp(c.err.message + strlen(path), ":1: ", 4) == 0);
        lua_case_free(&c);
    }
}

static void coroutines_work(void **state)
{
    (void)state;
    expect_output(
        "local gen = coroutine.wrap(function(a) for i = 1, 3 do a = coroutine.yield(a + i) end return 'end' end) "
        "print(gen(10), gen(20), gen(30), gen(40)) print(pcall(gen))",
        "11\t22\t33\tend\nfalse\tcannot resume a coroutine that has ended\n");
    expect_output("local co = coroutine.create(function() error('no') end) print(coroutine.resume(co)) "
                  "print(coroutine.status(co), coroutine.resume(co))",
                  "false\tcase.lua:1: no\ndead\tfalse\tcannot resume a coroutine that has ended\n");
    expect_output(
        "local co co = coroutine.create(function() return coroutine.resume(co) end) print(coroutine.resume(co))",
        "true\tfalse\tcannot resume a coroutine that is running\n");
    expect_output("local co = coroutine.wrap(function() print(pcall(function() coroutine.yield(1) error('later') end)) "
                  "end) print(co()) co()",
                  "1\nfalse\tcase.lua:1: later\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hidden_globals),
        cmocka_unit_test(whole_libraries),
        cmocka_unit_test(globals_are_not_written),
        cmocka_unit_test(locked_metatables),
        cmocka_unit_test(no_addresses),
        cmocka_unit_test(stock_errors_keep_name_and_line),
        cmocka_unit_test(table_functions),
        cmocka_unit_test(power_operator_is_ours),
        cmocka_unit_test(math_is_ours),
        cmocka_unit_test(only_text),
        cmocka_unit_test(modules),
        cmocka_unit_test(printing_is_bounded),
        cmocka_unit_test(error_objects),
        cmocka_unit_test(traceback_names_the_callers),
        cmocka_unit_test(long_paths_are_whole),
        cmocka_unit_test(coroutines_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
