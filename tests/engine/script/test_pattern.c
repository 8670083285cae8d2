/* string.find, match, gmatch and gsub against LuaJIT's own: the same results and the same errors on random patterns. */
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/script/lua_case.h"

#define CASES      6000
#define MATCHES    60
#define TEXT_BYTES 48

struct random {
    uint64_t key, counter;
};

static unsigned below(struct random *r, unsigned n)
{
    return (unsigned)(aur_rand_at(r->key, r->counter++) % n);
}

struct one_case {
    char text[TEXT_BYTES], pattern[TEXT_BYTES], replacement[TEXT_BYTES];
    size_t text_len, pattern_len, replacement_len;
    int init, most;
};

static void add(char *out, size_t *len, const char *part)
{
    size_t n = strlen(part);
    if (*len + n >= TEXT_BYTES)
        return;
    memcpy(out + *len, part, n);
    *len += n;
}

static const char *any(struct random *r, const char *const *from, size_t n)
{
    return from[below(r, (unsigned)n)];
}

#define ANY(r, list) any(r, list, sizeof(list) / sizeof *(list))

static void make_pattern(struct random *r, char *out, size_t *len)
{
    static const char *const items[] = {"a",           "b",     "x",       ".",   "%a",   "%d",   "%s",   "%w",
                                        "%p",          "%l",    "%u",      "%x",  "%c",   "%g",   "%z",   "%A",
                                        "%D",          "%W",    "%S",      "%.",  "%%",   "%]",   "[ab]", "[^ab]",
                                        "[a-c]",       "[%a_]", "[^%s]",   "[]]", "[^]]", "[a-]", "[-a]", "[%w-]",
                                        "[\xe4-\xff]", "\xe9",  "[^%d%.]", "^",   "$",    "-"};
    static const char *const suffixes[] = {"", "", "", "", "?", "-", "*", "+"};
    static const char *const specials[] = {"%bab", "%b()", "%f[%w]", "%f[^a]", "%1", "%2", "()", "(", ")", "(", ")"};
    static const char *const broken[] = {"%", "[", "[a", "[^", "%b", "%bx", "%f", "%fa", "%9", "%0", "[%", "[a-", "[]"};
    unsigned n = 1 + below(r, 6), stars = 0;
    *len = 0;
    if (below(r, 6) == 0)
        add(out, len, "^");
    for (unsigned i = 0; i < n; i++) {
        if (below(r, 4) == 0) {
            add(out, len, ANY(r, specials));
            continue;
        }
        add(out, len, ANY(r, items));
        const char *suffix = ANY(r, suffixes);
        if (stars++ < 4)
            add(out, len, suffix);
    }
    for (size_t i = 0, open = 0; i < *len || open; i++) { /* most captures end */
        open += i < *len && out[i] == '(' ? 1 : 0;
        if (i >= *len) {
            if (below(r, 4))
                add(out, len, ")");
            break;
        }
    }
    if (below(r, 30) == 0)
        add(out, len, ANY(r, broken));
    if (below(r, 8) == 0)
        add(out, len, "$");
    if (below(r, 60) == 0)
        out[(*len)++] = '\0';
}

static void make_text(struct random *r, char *out, size_t *len)
{
    static const char letters[] = "aaabbbxX12 _-.()%]^\xe9\xff\t\n\0c";
    *len = below(r, TEXT_BYTES - 20);
    for (size_t i = 0; i < *len; i++)
        out[i] = letters[below(r, sizeof letters - 1)];
    out[*len] = '\0';
}

static void make_replacement(struct random *r, char *out, size_t *len)
{
    static const char *const parts[] = {"z", "%0", "%1", "%2", "%%", "<", "%", "%a", "longer "};
    *len = 0;
    for (unsigned n = below(r, 4); n > 0; n--)
        add(out, len, ANY(r, parts));
    out[*len] = '\0';
}

/* What a callback gives depends on its first argument only. */
static int callback(lua_State *L)
{
    const char *text = lua_tostring(L, 1);
    switch (text ? text[0] : 0) {
    case 'a':
        lua_pushnil(L);
        break;
    case 'b':
        lua_pushliteral(L, "B");
        break;
    case '1':
        lua_pushnumber(L, 1.5);
        break;
    case 'X':
        lua_newtable(L);
        break;
    case '2':
        return luaL_error(L, "from the callback");
    default:
        lua_pushboolean(L, 0);
    }
    return 1;
}

static void push_table(lua_State *L)
{
    lua_newtable(L);
    lua_pushliteral(L, "AA");
    lua_setfield(L, -2, "a");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "b");
    lua_pushnumber(L, 7);
    lua_rawseti(L, -2, 1);
}

/* Appends what the call of n arguments gave: values, or the error without its place. */
static void call_and_note(lua_State *L, int n, struct aur_buf *out)
{
    int base = lua_gettop(L) - n;
    if (lua_pcall(L, n, LUA_MULTRET, 0) != 0)
        aur_buf_text(out, "error ");
    for (int i = base; i <= lua_gettop(L); i++) {
        size_t len;
        if (lua_isboolean(L, i) || lua_isnil(L, i)) {
            aur_buf_text(out, lua_isnil(L, i) ? "nil" : "bool");
            continue;
        }
        bool number = lua_type(L, i) == LUA_TNUMBER;
        const char *text = lua_tolstring(L, i, &len);
        aur_buf_printf(out, "%c%zu:", number ? 'n' : 's', len);
        aur_buf_add(out, text ? text : "?", text ? len : 1);
    }
    aur_buf_text(out, "\n");
    lua_settop(L, base - 1);
}

static void push_function(lua_State *L, const char *name, const struct one_case *c)
{
    lua_getfield(L, LUA_GLOBALSINDEX, "string");
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
    lua_pushlstring(L, c->text, c->text_len);
    lua_pushlstring(L, c->pattern, c->pattern_len);
}

static void note_gmatch(lua_State *L, const struct one_case *c, struct aur_buf *out)
{
    push_function(L, "gmatch", c);
    if (lua_pcall(L, 2, 1, 0) != 0) {
        call_and_note(L, 0, out);
        return;
    }
    for (int i = 0; i < MATCHES; i++) {
        size_t before = out->len;
        lua_pushvalue(L, -1);
        call_and_note(L, 0, out);
        if (out->len - before <= 4 || strncmp(out->data + before, "error", 5) == 0) /* nothing, nil or an error */
            break;
    }
    lua_pop(L, 1);
}

/* All that the four functions give for this case in this Lua. */
static void note_all(lua_State *L, const struct one_case *c, struct aur_buf *out)
{
    static const char *const names[] = {"find", "match"};
    for (int i = 0; i < 2; i++) {
        push_function(L, names[i], c);
        lua_pushinteger(L, c->init);
        call_and_note(L, 3, out);
    }
    push_function(L, "find", c);
    lua_pushinteger(L, c->init);
    lua_pushboolean(L, 1);
    call_and_note(L, 4, out);
    note_gmatch(L, c, out);
    for (int kind = 0; kind < 3; kind++) {
        push_function(L, "gsub", c);
        if (kind == 0)
            lua_pushlstring(L, c->replacement, c->replacement_len);
        else if (kind == 1)
            push_table(L);
        else
            lua_pushcfunction(L, callback);
        if (c->most >= 0)
            lua_pushinteger(L, c->most);
        call_and_note(L, 3 + (c->most >= 0), out);
    }
}

struct comparison {
    lua_State *stock;
    struct random random;
    struct aur_buf ours, theirs;
    struct one_case c;
    int at, errors, matches;
    bool differs;
};

static int compare_body(lua_State *L)
{
    struct comparison *x = lua_touserdata(L, 1);
    for (x->at = 0; x->at < CASES && !x->differs; x->at++) {
        struct one_case *c = &x->c;
        make_pattern(&x->random, c->pattern, &c->pattern_len);
        c->pattern[c->pattern_len] = '\0';
        make_text(&x->random, c->text, &c->text_len);
        make_replacement(&x->random, c->replacement, &c->replacement_len);
        c->init = below(&x->random, 4) ? 1 : (int)below(&x->random, 60) - 30;
        c->most = below(&x->random, 4) ? -1 : (int)below(&x->random, 4);
        aur_buf_clear(&x->ours);
        aur_buf_clear(&x->theirs);
        note_all(L, c, &x->ours);
        note_all(x->stock, c, &x->theirs);
        x->differs = x->ours.len != x->theirs.len || memcmp(x->ours.data, x->theirs.data, x->ours.len) != 0;
        x->errors += strncmp(x->ours.data, "error", 5) == 0;
        x->matches += x->ours.data[0] == 'n' && x->ours.data[1] != 'i';
    }
    return 0;
}

static void as_in_luajit(void **state)
{
    (void)state;
    const char *given = getenv("AURALIS_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20250115;
    struct comparison x = {.random = {aur_rand_key(seed, 0, "patterns"), 0}};
    struct aur_vm_config config = {.name = "case.lua", .instructions = UINT64_MAX / 2};
    struct aur_vm *vm;
    struct aur_error err;
    print_message("seed %llu (AURALIS_TEST_SEED)\n", (unsigned long long)seed);
    x.stock = luaL_newstate();
    luaL_openlibs(x.stock);
    aur_buf_init(&x.ours);
    aur_buf_init(&x.theirs);
    assert_int_equal(aur_vm_new(&vm, &config, &err), AUR_OK);
    if (aur_vm_call(vm, compare_body, &x, &err) != AUR_OK)
        fail_msg("%s", err.message);
    if (x.differs)
        fail_msg("case %d: '%s' on '%s', init %d, '%s', %d\nours:\n%s\nLuaJIT's:\n%s", x.at, x.c.pattern, x.c.text,
                 x.c.init, x.c.replacement, x.c.most, x.ours.data, x.theirs.data);
    print_message("%d matches, %d errors\n", x.matches, x.errors);
    assert_true(x.matches > CASES / 10 && x.errors > CASES / 100);
    aur_vm_free(vm);
    lua_close(x.stock);
    aur_buf_deinit(&x.ours);
    aur_buf_deinit(&x.theirs);
}

static void what_the_manual_says(void **state)
{
    (void)state;
    expect_output("print(('hello world'):find('o w'), ('hello'):find('l', 1, true), ('hello'):find('xyz'))",
                  "5\t3\tnil\n");
    expect_output("print(('key = value'):match('^(%w+)%s*=%s*(%w+)$'))", "key\tvalue\n");
    expect_output("print(('THE (quick) fox'):find('%((%a+)%)'))", "5\t11\tquick\n");
    expect_output("print(('f(a(b)c)d'):match('%b()'), ('THE (quick) fox'):gsub('%f[%a]%a+', string.lower))",
                  "(a(b)c)\tthe (quick) fox\t3\n");
    expect_output("print(('say \"it\\'s\"'):match('([\"\\'])(.-)%1'), ('abc'):match('()b()'))", "\"\t2\t3\n");
    expect_output("local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t + 1] = k .. v end "
                  "print(table.concat(t, ' '))",
                  "a1 b2\n");
    expect_output("print(('abc'):gsub('', '-'), (('abc'):gsub('%w', '%0%0', 2)))", "-a-b-c-\taabbc\n");
    expect_output("print(pcall(string.gsub, 'x', 'x', function() error('inside', 0) end))", "false\tinside\n");
    expect_error("('x'):find('(')", AUR_ESCRIPT, "case.lua:1: unfinished capture");
    expect_error("('x'):find('[a')", AUR_ESCRIPT, "case.lua:1: malformed pattern (missing ']')");
    expect_error("('x'):gsub('x', function() return {} end)", AUR_ESCRIPT,
                 "case.lua:1: invalid replacement value (a table)");
    expect_error("('x'):find({})", AUR_ESCRIPT, "case.lua:1: bad argument #1 to 'find' (string expected, got table)");
    expect_error("string.gmatch('x')", AUR_ESCRIPT, "case.lua:1: bad argument #2 to 'gmatch' (string expected, got no");
    expect_error("local s = ('a?'):rep(300) .. ('a'):rep(300) print((('a'):rep(300)):find(s))", AUR_ESCRIPT,
                 "case.lua:1: pattern too complex");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_in_luajit), cmocka_unit_test(what_the_manual_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
