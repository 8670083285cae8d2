#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/script/lua_case.h"

/* Streams are pushed from C here, as compose does for ctx.random. */
static const char prelude[] = "local random = ... ";

static int push_named(lua_State *L)
{
    aur_stream_push(L, luaL_checkstring(L, 1));
    return 1;
}

struct draw {
    struct lua_case c;
    const char *text;
};

static int body(lua_State *L)
{
    struct draw *draw = lua_touserdata(L, 1);
    char text[4000];
    if (draw->c.draws)
        aur_vm_seed(L, draw->c.seed, draw->c.phrase);
    snprintf(text, sizeof text, "%s%s", prelude, draw->text);
    aur_vm_load(L, "case.lua", text, strlen(text));
    lua_pushcfunction(L, push_named);
    lua_call(L, 1, 0);
    return 0;
}

/* What the text prints under (seed, phrase); the error's message if it fails. Caller frees. */
static char *drawn(const char *text, uint64_t seed, uint64_t phrase)
{
    struct draw draw = {.c = {.draws = phrase != UINT64_MAX, .seed = seed, .phrase = phrase}, .text = text};
    draw.c.config = (struct aur_vm_config){.name = "case.lua", .print = lua_case_print, .user = &draw.c};
    aur_buf_init(&draw.c.printed);
    struct aur_vm *vm;
    assert_int_equal(aur_vm_new(&vm, &draw.c.config, NULL), AUR_OK);
    if (aur_vm_call(vm, body, &draw, &draw.c.err) != AUR_OK)
        aur_buf_text(&draw.c.printed, draw.c.err.message);
    aur_vm_free(vm);
    return aur_buf_take(&draw.c.printed);
}

static void expect(const char *text, const char *want)
{
    char *got = drawn(text, 1, 2);
    if (strncmp(got, want, strlen(want)) != 0)
        fail_msg("%s\n -> %s", text, got);
    free(got);
}

static void follows_the_hash(void **state)
{
    (void)state;
    char want[200];
    uint64_t key = aur_rand_key(1, 2, "melody");
    snprintf(want, sizeof want, "%.17g %.17g\n", aur_rand_unit(key, 0), aur_rand_unit(key, 1));
    expect("local r = random 'melody' print(('%.17g %.17g'):format(r:float(), r:float()))", want);
    /* the counter goes on for the same name, however often it is asked for */
    expect("local a = random('melody'):float() print(('%.17g %.17g'):format(a, random('melody'):float()))", want);
    key = aur_rand_key(1, 2, "math");
    snprintf(want, sizeof want, "%.17g\n", aur_rand_unit(key, 0));
    expect("print(('%.17g'):format(math.random()))", want);
}

static void keyed_by_seed_phrase_and_name(void **state)
{
    (void)state;
    static const char text[] =
        "local r = random 'a' local t = {} for i = 1, 20 do t[i] = r:int(0, 999) end print(table.concat(t, ' '))";
    char *one = drawn(text, 1, 0), *same = drawn(text, 1, 0), *seed = drawn(text, 2, 0), *phrase = drawn(text, 1, 1);
    char *name =
        drawn("local r = random 'b' local t = {} for i = 1, 20 do t[i] = r:int(0, 999) end print(table.concat(t, ' '))",
              1, 0);
    assert_string_equal(one, same);
    assert_string_not_equal(one, seed);
    assert_string_not_equal(one, phrase);
    assert_string_not_equal(one, name);
    free(one), free(same), free(seed), free(phrase), free(name);
}

static void parts_do_not_disturb_each_other(void **state)
{
    (void)state;
    static const char alone[] =
        "local a = random 'a' local t = {} for i = 1, 50 do t[i] = a:int(1, 1000) end print(table.concat(t, ' '))";
    static const char mixed[] = "local a, b = random 'a', random 'b' local t = {} "
                                "for i = 1, 50 do for k = 1, i % 4 do b:float() math.random() random('c' .. k):int(1, "
                                "6) end t[i] = a:int(1, 1000) end "
                                "print(table.concat(t, ' '))";
    char *x = drawn(alone, 9, 4), *y = drawn(mixed, 9, 4);
    assert_string_equal(x, y);
    free(x), free(y);
}

static void methods(void **state)
{
    (void)state;
    expect("local r = random 'a' for i = 1, 5000 do local x = r:int(-3, 3) assert(x >= -3 and x <= 3 and x % 1 == 0) "
           "local f = r:float() assert(f >= 0 and f < 1) local p = r:pick { 'x', 'y' } assert(p == 'x' or p == 'y') "
           "end print('ok')",
           "ok\n");
    expect("local r = random 'a' print(r:int(5, 5), r:pick { 'only' })", "5\tonly\n");
    expect("local seen = {} for i = 1, 2000 do seen[math.random(6)] = true end print(#seen) for i = 1, 100 do local x "
           "= math.random(2, 4) assert(x >= 2 and x <= 4) end",
           "6\n");
    expect("print(random 'a', getmetatable(random 'a'))", "userdata\trandom stream\n");
}

static void misuse(void **state)
{
    (void)state;
    expect("\nrandom('a'):int(2, 1)", "case.lua:2: int: there is no integer from 2 to 1; the first is the least");
    expect("random('a'):int(1.5, 2)", "case.lua:1: int: 1.5 is no integer; two are needed: stream:int(1, 6)");
    expect("random('a'):int(0/0, 2)", "case.lua:1: int: nan is no integer");
    expect("random('a'):int(1)", "case.lua:1: bad argument #2 to 'int' (number expected, got no value)");
    expect("random('a'):pick {}", "case.lua:1: pick: the list is empty; it needs at least one element");
    expect("random('a').float()", "case.lua:1: a random stream's functions are called with a colon: stream:int(1, 6)");
    expect("random('a').int(1, 6)", "case.lua:1: a random stream's functions are called with a colon");
    expect("random('a').x = 1", "case.lua:1: ");
    expect("math.randomseed(1)", "case.lua:1: math.randomseed: random numbers follow the session's seed");
    expect("math.random(0)", "case.lua:1: ");
    char *top = drawn("local x = math.random()", 1, UINT64_MAX);
    assert_non_null(strstr(top, "case.lua:1: random numbers can be drawn only inside phrase()"));
    free(top);
}

/* Chi-square of :int over 97 values, of the low and high digits of :float, and of pairs of neighbouring draws, for
 * several seeds: the 99.99 % point of the distribution with n - 1 degrees of freedom, by Wilson and Hilferty. */
static void is_uniform(void **state)
{
    (void)state;
    static const struct {
        const char *draw;
        int cells;
    } cases[] = {{"r:int(0, 96)", 97},
                 {"math.floor(r:float() * 64)", 64},
                 {"math.floor(r:float() * 2 ^ 30) % 64", 64},
                 {"r:int(0, 7) * 8 + r:int(0, 7)", 64},
                 {"random('s' .. i % 500):int(0, 63)", 64}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            char text[600];
            int n = cases[c].cells, draws = n * 400;
            snprintf(text, sizeof text,
                     "local r, seen = random 'u', {} for i = 0, %d do seen[i] = 0 end for i = 1, %d do local x = %s "
                     "seen[x] = seen[x] + 1 end "
                     "local sum = 0 for i = 0, %d do sum = sum + (seen[i] - 400) ^ 2 / 400 end print(sum)",
                     n - 1, draws, cases[c].draw, n - 1);
            char *got = drawn(text, seed * 1000, 3);
            double k = n - 1, z = 3.719, a = 2 / (9 * k), limit = k * pow(1 - a + z * sqrt(a), 3),
                   floor_ = k * pow(1 - a - z * sqrt(a), 3);
            double chi = strtod(got, NULL);
            if (!(chi < limit && chi > floor_))
                fail_msg("%s, seed %d: chi-square %s, not in %.1f to %.1f", cases[c].draw, (int)seed * 1000, got,
                         floor_, limit);
            free(got);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_hash),
        cmocka_unit_test(keyed_by_seed_phrase_and_name),
        cmocka_unit_test(parts_do_not_disturb_each_other),
        cmocka_unit_test(methods),
        cmocka_unit_test(misuse),
        cmocka_unit_test(is_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
