/* Hostile scripts: each must end with a limit's error, and none may take the program with it. */
#include <stdio.h>
#include <string.h>

#include "engine/script/lua_case.h"
#include "support/failing_alloc.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void run_limited(const char *text, int code, const char *want)
{
    struct lua_case c = {.text = text, .config = {.instructions = 200000, .memory_bytes = 4 << 20}, .draws = true};
    int rc = lua_case_run(&c);
    if (rc != code || !strstr(c.err.message, want))
        fail_msg("%s\n  -> %d %s", text, rc, rc ? c.err.message : "");
    lua_case_free(&c);
}

static const char *const endless[] = {
    "while true do end",
    "local function f() return f() end f()",
    "for i = 1, math.huge do end",
    "repeat local x = 1 until false",
    "while true do pcall(function() while true do end end) end",
    "local function spin() while true do end end while true do xpcall(spin, spin) end",
    "while true do pcall(error, 'x') end",
    "local function again() pcall(again) pcall(again) end while true do pcall(function() again() while true do end "
    "end) end",
    "local co = coroutine.wrap(function() while true do end end) co()",
    "local co = coroutine.create(function() while true do coroutine.yield() end end) while true do "
    "coroutine.resume(co) end",
    "while true do local co = coroutine.create(function() while true do end end) coroutine.resume(co) end",
    "while true do pcall(coroutine.wrap(function() pcall(function() while true do end end) while true do end end)) "
    "end",
    "local t = setmetatable({}, { __index = function(t, k) while true do end end }) local x = t.a",
    "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) pcall(function() return t[1] "
    "end) while true do end",
    "local t = setmetatable({}, { __add = function() while true do pcall(error) end end }) local x = t + 1",
    "local t = setmetatable({}, { __lt = function() while true do end end }) pcall(function() return t < t end) "
    "while true do end",
    "local t = setmetatable({}, { __tostring = function() while true do end end }) print(t)",
    "local t = setmetatable({}, { __tostring = function() while true do end end }) error(t) while true do end",
    "local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function() while true do end end)",
    "local t = {} for i = 1, 100 do t[i] = -i end while true do pcall(table.sort, t, function(a, b) return a < b "
    "end) end",
    "local s = ('x'):rep(100) while true do s:gsub('x', function() while true do end end) end",
    "for w in ('x'):gmatch('x') do while true do end end",
    "local t = {} for i = 1, 1000 do t['k' .. i] = i end local k = next(t) while true do k = next(t, k) end",
    "local t = {} for i = 1, 1000 do t[i] = i end while true do for k in pairs(t) do break end end",
    "local t = {} for i = 1, 10000 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end",
    "local s = ('x'):rep(1e6) local i = 0 while true do i = i + 1 local y = s .. i end",
    "local s = ('x'):rep(1e6) while true do s = s:sub(2) end",
    "local t = {} for i = 1, 10000 do t[i] = 'abcdefgh' end while true do table.concat(t) end",
    "while true do math.random(6) end",
    "return (function(...) while true do end end)()",
};

static void endless_loops(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(endless); i++) {
        struct lua_case c = {
            .text = endless[i], .config = {.instructions = 200000, .memory_bytes = 16 << 20}, .draws = true};
        int rc = lua_case_run(&c);
        bool spent = strstr(c.err.message, "the script used up its 200000 instructions");
        bool object = strstr(endless[i], "error(t)"); /* never reaches its loop */
        if (object ? rc != AUR_ESCRIPT : rc != AUR_ELIMIT || !spent)
            fail_msg("%s\n  -> %d %s", endless[i], rc, rc ? c.err.message : "");
        if (!object && strncmp(c.err.message, "case.lua:1: ", 12) != 0)
            fail_msg("%s\n  has no line: %s", endless[i], c.err.message);
        lua_case_free(&c);
    }
}

static void memory_bombs(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local t = {} for i = 1, 1e9 do t[i] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "local s = 'x' while true do pcall(function() while true do s = s .. s end end) end",
        "local t = {} while true do pcall(function() while true do t[#t + 1] = ('y'):rep(100000) .. #t end end) end",
        "local t = {} while true do t[#t + 1] = coroutine.create(print) end",
        "local t = {} while true do t[#t + 1] = function() return t end end",
        "local t = {} for i = 1, 30 do t[i] = ('x'):rep(1e6) end local s = table.concat(t)",
        "local s = ('x'):rep(1e6) local t = {} for i = 1, 100 do t[i] = s:gsub('x', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyy') "
        "end",
        "local function deep(n) local t = { deep(n) } return t end pcall(deep) local t = {} while true do t[#t + 1] = "
        "{} end",
        "local s = ('%99d'):rep(1e5) local t = {} while true do t[#t + 1] = s .. #t end",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        run_limited(texts[i], AUR_ELIMIT, "");
    /* most have a line, because the hook raises them */
    struct lua_case c = {.text = "local t = {}\nfor i = 1, 1e9 do\nt[i] = { i }\nend",
                         .config = {.memory_bytes = 4 << 20}};
    assert_int_equal(lua_case_run(&c), AUR_ELIMIT);
    if (strncmp(c.err.message, "case.lua:", 9) != 0 ||
        !strstr(c.err.message, ": the script needs more than its 4096 KiB of memory"))
        fail_msg("%s", c.err.message);
    lua_case_free(&c);
    run_limited("local s = ('x'):rep(1e12)", AUR_ESCRIPT,
                "case.lua:1: string.rep: the result would be larger than 16 MiB");
    run_limited("local s = (''):rep(1e12, 'xy')", AUR_ESCRIPT, "case.lua:1: string.rep: the result would be larger");
    run_limited("print(#(''):rep(1e15), (''):rep(-1), ('x'):rep(3, '-'), #('%99d'):format(1))", AUR_OK, "");
    run_limited("('%100d'):format(1)", AUR_ESCRIPT, "case.lua:1: invalid ");
}

static void deep_nesting(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "local function f() return 1 + f() end f()",
        "local function f() coroutine.wrap(f)() end f()",
        "local function f() local co = coroutine.create(f) return assert(coroutine.resume(co)) end f()",
        "local function f(s) return (s:gsub('.', f)) end f('x')",
        "local t t = setmetatable({}, { __tostring = function() return tostring(t) end }) print(t)",
        "local t t = setmetatable({}, { __tostring = function() return ('%s'):format(t) end }) print(t)",
        "local function f() table.sort({ 1, 2, 3 }, f) end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] + 1 end print(t.x)",
        "local t = {} for i = 1, 300 do t = setmetatable({}, { __index = t }) end print(t.x) local function f() return "
        "f() + 1 end f()",
        "local a = unpack({}, 1, 1e8)",
        "return ('x'):byte(1, -1), (('x'):rep(1e5)):byte(1, -1)",
        "local s = 'x' for i = 1, 12 do s = s .. s end return ('('):rep(300) .. s:match(('('):rep(100))",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct lua_case c = {.text = texts[i], .config = {.instructions = 2000000}};
        int rc = lua_case_run(&c);
        if (rc != AUR_ESCRIPT || strncmp(c.err.message, "case.lua:1: ", 12) != 0)
            fail_msg("%s\n  -> %d %s", texts[i], rc, rc ? c.err.message : "");
        lua_case_free(&c);
    }
    /* source nested deeper than the parser goes */
    struct aur_buf text;
    aur_buf_init(&text);
    aur_buf_text(&text, "return ");
    for (int i = 0; i < 100000; i++)
        aur_buf_text(&text, i % 2 ? "{" : "(");
    expect_error(text.data, AUR_ESCRIPT, "case.lua:1: ");
    aur_buf_deinit(&text);
}

static void the_same_instructions_every_time(void **state)
{
    (void)state;
    char first[64] = "";
    for (int i = 0; i < 5; i++) {
        struct lua_case c = {.text = "for i = 1, 1e9 do if i % 1000 == 0 then print(i) end end",
                             .config = {.instructions = 100000}};
        assert_int_equal(lua_case_run(&c), AUR_ELIMIT);
        const char *last = c.printed.data + c.printed.len - 6;
        if (i == 0)
            snprintf(first, sizeof first, "%s", last);
        assert_string_equal(last, first);
        lua_case_free(&c);
    }
}

static void a_script_within_its_limits(void **state)
{
    (void)state;
    run_limited("local n = 0 for i = 1, 20000 do n = n + i end print(n)", AUR_OK, "");
    run_limited("for i = 1, 500 do local s = ('x'):rep(5000) .. i end", AUR_OK, "");
    struct lua_case c = {.text =
                             "for i = 1, 50 do local s = ('x'):rep(200000) end", /* garbage is collected in between */
                         .config = {.memory_bytes = 4 << 20}};
    assert_int_equal(lua_case_run(&c), AUR_OK);
    lua_case_free(&c);
}

static void without_memory(void **state)
{
    (void)state;
    int failures = 0;
    for (long nth = 0; nth < 2000; nth++) {
        struct lua_case c = {.text = "local t = {} for i = 1, 50 do t['k' .. i] = { i } end error(#t)"};
        failing_alloc_arm(nth);
        int rc = lua_case_run(&c);
        bool failed = failing_alloc_disarm();
        lua_case_free(&c);
        if (!failed) {
            assert_int_equal(rc, AUR_ESCRIPT);
            break;
        }
        failures++;
        assert_int_equal(rc, AUR_ENOMEM);
    }
    assert_true(failures > 100);
}

static void too_little_memory_for_a_vm(void **state)
{
    (void)state;
    struct lua_case c = {.text = "", .config = {.memory_bytes = 1000}};
    assert_int_equal(lua_case_run(&c), AUR_ELIMIT);
    struct lua_case d = {.text = "", .config = {.memory_bytes = 10000}};
    assert_int_equal(lua_case_run(&d), AUR_ELIMIT);
}

static uint64_t count_milliseconds(void *user)
{
    struct lua_case *c = user;
    return ++c->seed * 1000000;
}

static uint64_t stand_still(void *user)
{
    (void)user;
    return 5;
}

/* Each look at the clock takes a millisecond: at most so many looks, whatever the script does. */
static void the_watchdog(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "while true do pcall(function() while true do end end) end",
        "xpcall(function() while true do end end, function() while true do end end)",
        "coroutine.wrap(function() while true do end end)()",
        "local s = (('a'):rep(99)):find(('a*'):rep(20) .. 'b')",
        "local t = {} for i = 1, 1e9 do t[i] = -i table.sort(t) end",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct lua_case c = {.text = texts[i],
                             .config = {.instructions = 1000000000, .wall_ms = 50, .clock = count_milliseconds}};
        int rc = lua_case_run(&c);
        if (rc != AUR_ELIMIT || strncmp(c.err.message, "case.lua:1: the script took longer than 50 ms", 45) != 0)
            fail_msg("%s -> %d %s", texts[i], rc, rc ? c.err.message : "");
        assert_int_equal(c.seed, 51); /* the start, and fifty looks */
        lua_case_free(&c);
    }
    struct lua_case c = {.text = "for i = 1, 1e6 do end", .config = {.wall_ms = 1, .clock = stand_still}};
    assert_int_equal(lua_case_run(&c), AUR_OK);
    lua_case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endless_loops),
        cmocka_unit_test(memory_bombs),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(the_same_instructions_every_time),
        cmocka_unit_test(a_script_within_its_limits),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(too_little_memory_for_a_vm),
        cmocka_unit_test(the_watchdog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
