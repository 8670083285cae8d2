#include "script/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/script/lua_case.h"

struct trip {
    const char *expression; /* Lua text of the value; NULL: read `text` instead */
    const char *text;
    struct aur_buf once, twice;
    struct aur_error err;
    int rc;
};

/* Value to text, text to value, value to text again. */
static int trip_body(lua_State *L)
{
    struct trip *t = lua_touserdata(L, 1);
    if (t->expression) {
        char chunk[3000];
        snprintf(chunk, sizeof chunk, "return %s", t->expression);
        aur_vm_load(L, "case.lua", chunk, strlen(chunk));
        lua_call(L, 0, 1);
        t->rc = aur_value_write(L, -1, &t->once, "state", &t->err);
        if (t->rc != AUR_OK)
            return 0;
    } else {
        aur_buf_text(&t->once, t->text);
    }
    int top = lua_gettop(L);
    t->rc = aur_value_read(L, t->once.data, &t->err);
    assert_int_equal(lua_gettop(L), t->rc == AUR_OK ? top + 1 : top);
    if (t->rc == AUR_OK)
        t->rc = aur_value_write(L, -1, &t->twice, "state", &t->err);
    return 0;
}

static void run(struct trip *t)
{
    struct aur_vm_config config = {.name = "case.lua"};
    struct aur_vm *vm;
    struct aur_error err;
    assert_int_equal(aur_vm_new(&vm, &config, NULL), AUR_OK);
    if (aur_vm_call(vm, trip_body, t, &err) != AUR_OK)
        fail_msg("%s", err.message);
    aur_vm_free(vm);
}

static void done(struct trip *t)
{
    aur_buf_deinit(&t->once);
    aur_buf_deinit(&t->twice);
}

static void the_text(void **state)
{
    (void)state;
    static const struct {
        const char *value, *text;
    } cases[] = {
        {"{}", "{}"},
        {"{ 1, 2, 'x' }", "{[1]=1,[2]=2,[3]=\"x\"}"},
        {"{ b = 1, a = 0.1, [true] = false, [-1] = 0, ['two words'] = {}, [1.5] = 'h' }",
         "{[-1]=0,[1.5]=\"h\",a=0.10000000000000001,b=1,[\"two words\"]={},[true]=false}"},
        {"{ 'q\"\\\\\\n\\0\\r\\255' }", "{[1]=\"q\\\"\\\\\\n\\000\\013\377\"}"},
        {"{ -0, 1e308, 5e-324, 2^53, 2^53 - 1, 1e15, -7, 0.5 }",
         "{[1]=-0,[2]=1e+308,[3]=4.9406564584124654e-324,[4]=9007199254740992,[5]=9007199254740991,[6]="
         "1000000000000000,[7]=-7,[8]=0.5}"},
        {"{ [''] = 1, [' '] = 2, ['1a'] = 3, ['a\\0'] = 4 }", "{[\"\"]=1,[\" \"]=2,[\"1a\"]=3,[\"a\\000\"]=4}"},
        {"'alone'", "\"alone\""},
        {"true", "true"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trip t = {.expression = cases[i].value};
        run(&t);
        assert_int_equal(t.rc, AUR_OK);
        assert_string_equal(t.once.data, cases[i].text);
        assert_string_equal(t.twice.data, cases[i].text);
        done(&t);
    }
}

static int bits_body(lua_State *L)
{
    struct trip *t = lua_touserdata(L, 1);
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t bits = aur_rand_at(3, i);
        double x, y;
        if (i % 4 == 0)
            bits &= 0x800fffffffffffffu; /* denormals */
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        lua_settop(L, 0);
        lua_pushnumber(L, x);
        aur_buf_clear(&t->once);
        assert_int_equal(aur_value_write(L, 1, &t->once, "state", NULL), AUR_OK);
        assert_int_equal(aur_value_read(L, t->once.data, NULL), AUR_OK);
        y = lua_tonumber(L, -1);
        assert_memory_equal(&x, &y, sizeof x);
    }
    return 0;
}

static void numbers_keep_every_bit(void **state)
{
    (void)state;
    struct trip t = {0};
    struct aur_vm_config config = {.name = "case.lua"};
    struct aur_vm *vm;
    assert_int_equal(aur_vm_new(&vm, &config, NULL), AUR_OK);
    assert_int_equal(aur_vm_call(vm, bits_body, &t, NULL), AUR_OK);
    aur_vm_free(vm);
    done(&t);
}

static void what_cannot_be_kept(void **state)
{
    (void)state;
    static const struct {
        const char *value, *message;
    } cases[] = {
        {"{ chords = { 1, 2, print } }", "state.chords[3]: a function cannot be kept"},
        {"{ a = { ['b c'] = { [true] = 0/0 } } }", "state.a[\"b c\"][true]: NaN cannot be kept"},
        {"{ 1/0 }", "state[1]: an infinite number cannot be kept"},
        {"{ x = { coroutine.create(print) } }", "state.x[1]: a thread cannot be kept"},
        {"(function() local t = {} t.inner = { back = t } return t end)()", "state.inner.back: a cycle cannot be kept"},
        {"(function() local t = {} t.t = t return t end)()", "state.t: a cycle cannot be kept"},
        {"{ m = setmetatable({}, {}) }", "state.m: a table with a metatable cannot be kept"},
        {"{ k = { [{}] = 1 } }", "state.k: a key that is a table cannot be kept"},
        {"{ k = { [print] = 1 } }", "state.k: a key that is a function cannot be kept"},
        {"{ k = { [1/0] = 1 } }", "state.k: a key that is an infinite number cannot be kept"},
        {"(function() local t = {} for i = 1, 100 do t = { t } end return t end)()", "state[1][1]"},
        {"{ ('x'):rep(2e6) }", "state: more than 1 MiB of text cannot be kept"},
        {"(function() local t = {} for i = 1, 1e5 do t[i] = 'longer text' end return t end)()",
         "state: more than 1 MiB of text"},
        {"print", "state: a function cannot be kept"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trip t = {.expression = cases[i].value};
        run(&t);
        assert_int_equal(t.rc, AUR_EINVAL);
        if (strncmp(t.err.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s -> %s", cases[i].value, t.err.message);
        done(&t);
    }
}

static void shared_tables_become_two(void **state)
{
    (void)state;
    struct trip t = {.expression = "(function() local s = { 1 } return { a = s, b = s } end)()"};
    run(&t);
    assert_int_equal(t.rc, AUR_OK);
    assert_string_equal(t.twice.data, "{a={[1]=1},b={[1]=1}}");
    done(&t);
}

static void deepest_that_is_kept(void **state)
{
    (void)state;
    struct trip t = {.expression = "(function() local t = {} for i = 1, 63 do t = { t } end return t end)()"};
    run(&t);
    assert_int_equal(t.rc, AUR_OK);
    assert_string_equal(t.once.data, t.twice.data);
    done(&t);
}

static const char *const not_values[] = {"",
                                         "{",
                                         "}",
                                         "{}x",
                                         " {}",
                                         "{ }",
                                         "{1}",
                                         "{[1]}",
                                         "{[1]=}",
                                         "{[1]=1,}",
                                         "{a=1 b=2}",
                                         "{a=nan}",
                                         "{a=inf}",
                                         "{a=0x}",
                                         "{a=1e999}",
                                         "{a=\"x}",
                                         "{a=\"\\x\"}",
                                         "{a=\"\\999\"}",
                                         "{a=\"\\12\"}",
                                         "{a=print}",
                                         "nil",
                                         "{a=nil}",
                                         "{[nil]=1}",
                                         "{=1}",
                                         "{[{}]=1}",
                                         "tru",
                                         "1 2",
                                         "--",
                                         "{a=1--\n}",
                                         "os.exit()",
                                         "{a=11111111111111111111111111111111111111111111}"};

static void texts_that_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof not_values / sizeof *not_values; i++) {
        struct trip t = {.text = not_values[i]};
        run(&t);
        if (t.rc != AUR_EINVAL)
            fail_msg("accepted: %s", not_values[i]);
        assert_non_null(strstr(t.err.message, "state: cannot be read at byte"));
        done(&t);
    }
    struct aur_buf deep;
    aur_buf_init(&deep);
    for (int i = 0; i < 100000; i++)
        aur_buf_text(&deep, "{a=");
    struct trip t = {.text = deep.data};
    run(&t);
    assert_int_equal(t.rc, AUR_EINVAL);
    done(&t);
    aur_buf_deinit(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text),
        cmocka_unit_test(numbers_keep_every_bit),
        cmocka_unit_test(what_cannot_be_kept),
        cmocka_unit_test(shared_tables_become_two),
        cmocka_unit_test(deepest_that_is_kept),
        cmocka_unit_test(texts_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
