/* string.find, match, gmatch and gsub over our own matcher. They behave as LuaJIT's, but spend the script's budget.
 * Runs inside aur_vm_call. */
#include <math.h>
#include <string.h>

#include "script/libs.h"
#include "script/pattern.h"

/* Where a search starts: argument `index`, 1-based, negative from the end; never outside the text. */
static size_t start_of(lua_State *L, int index, size_t len)
{
    lua_Number at = trunc(luaL_optnumber(L, index, 1));
    at = at < 0 ? at + (lua_Number)len : at - 1;
    return at >= (lua_Number)len ? len : at > 0 ? (size_t)at : 0;
}

/* Whether text has a character that means something in a pattern. A ')' alone does not, as in LuaJIT. */
static bool has_items(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] && strchr("^$*+?.([%-", text[i]))
            return true;
    return false;
}

static int find_plain(lua_State *L, const char *text, size_t len, size_t from, const char *what, size_t n)
{
    aur_vm_charge(L, (len - from + n) / 8);
    const char *at = memmem(text + from, len - from, what, n);
    if (!at) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, at - text + 1);
    lua_pushinteger(L, at - text + (ptrdiff_t)n);
    return 2;
}

static int search(lua_State *L, bool find)
{
    size_t len, n;
    const char *text = luaL_checklstring(L, 1, &len), *pattern = luaL_checklstring(L, 2, &n);
    size_t from = start_of(L, 3, len);
    if (find && (lua_toboolean(L, 4) || !has_items(pattern, n)))
        return find_plain(L, text, len, from, pattern, n);
    bool anchored = *pattern == '^';
    struct aur_match m;
    aur_match_begin(&m, L, text, len);
    const char *at = text + from;
    do {
        const char *to = aur_match_at(&m, at, pattern + anchored);
        if (!to)
            continue;
        aur_match_end(&m);
        if (!find)
            return aur_match_push_all(&m, at, to);
        lua_pushinteger(L, at - text + 1);
        lua_pushinteger(L, to - text);
        return aur_match_push_all(&m, NULL, NULL) + 2;
    } while (at++ < m.text_end && !anchored);
    aur_match_end(&m);
    lua_pushnil(L);
    return 1;
}

static int find(lua_State *L)
{
    return search(L, true);
}

static int match(lua_State *L)
{
    return search(L, false);
}

/* ---- gmatch ---- */

/* Upvalues: text, pattern, where to go on (an offset). */
static int gmatch_next(lua_State *L)
{
    size_t len;
    const char *text = lua_tolstring(L, lua_upvalueindex(1), &len), *pattern = lua_tostring(L, lua_upvalueindex(2));
    struct aur_match m;
    aur_match_begin(&m, L, text, len);
    for (const char *at = text + lua_tointeger(L, lua_upvalueindex(3)); at <= m.text_end; at++) {
        const char *to = aur_match_at(&m, at, pattern);
        if (!to)
            continue;
        lua_pushinteger(L, to - text + (to == at)); /* an empty match goes on one further */
        lua_replace(L, lua_upvalueindex(3));
        aur_match_end(&m);
        return aur_match_push_all(&m, at, to);
    }
    aur_match_end(&m);
    return 0;
}

static int gmatch(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, gmatch_next, 3);
    return 1;
}

/* ---- gsub ---- */

#define REPLACEMENT 3

/* The replacement text with %0 to %9 filled in. */
static void add_text(struct aur_match *m, luaL_Buffer *out, const char *from, const char *to)
{
    size_t n;
    const char *text = lua_tolstring(m->L, REPLACEMENT, &n);
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '%') {
            luaL_addchar(out, text[i]);
            continue;
        }
        i++;
        if (text[i] < '0' || text[i] > '9') {
            luaL_addchar(out, text[i]);
        } else if (text[i] == '0') {
            luaL_addlstring(out, from, (size_t)(to - from));
        } else {
            aur_match_push(m, text[i] - '1', from, to);
            luaL_addvalue(out);
        }
    }
    aur_vm_charge(m->L, n / 8);
}

/* What a function or a table gives for the match; false or nil keeps the text. */
static void add_result(struct aur_match *m, luaL_Buffer *out, const char *from, const char *to)
{
    lua_State *L = m->L;
    if (lua_istable(L, REPLACEMENT)) {
        aur_match_push(m, 0, from, to);
        lua_gettable(L, REPLACEMENT);
    } else {
        lua_pushvalue(L, REPLACEMENT);
        lua_call(L, aur_match_push_all(m, from, to), 1);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(out, from, (size_t)(to - from));
        return;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(out);
}

static int gsub(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len), *pattern = luaL_checkstring(L, 2);
    int type = lua_type(L, REPLACEMENT), n = 0;
    bool is_text = type == LUA_TNUMBER || type == LUA_TSTRING;
    luaL_argcheck(L, is_text || type == LUA_TFUNCTION || type == LUA_TTABLE, REPLACEMENT,
                  "string/function/table expected");
    lua_Number most = trunc(luaL_optnumber(L, 4, (lua_Number)len + 1));
    bool anchored = *pattern == '^';
    aur_vm_check_stack(L);
    lua_settop(L, REPLACEMENT);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    struct aur_match m;
    aur_match_begin(&m, L, text, len);
    const char *at = text;
    while (n < most) {
        const char *to = aur_match_at(&m, at, pattern + anchored);
        if (to) {
            n++;
            (is_text ? add_text : add_result)(&m, &out, at, to);
        }
        if (to && to > at)
            at = to;
        else if (at < m.text_end)
            luaL_addchar(&out, *at++);
        else
            break;
        if (anchored)
            break;
    }
    luaL_addlstring(&out, at, (size_t)(m.text_end - at));
    aur_match_end(&m);
    luaL_pushresult(&out);
    lua_pushinteger(L, n);
    return 2;
}

void aur_lib_match(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"find", find}, {"match", match}, {"gmatch", gmatch}, {"gsub", gsub}, {NULL, NULL}};
    luaL_register(L, NULL, functions);
}
