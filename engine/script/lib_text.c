/* string.* and table.* where the stock functions would show addresses, take unbounded time or memory in one call, or
 * nest C calls without end. Runs inside aur_vm_call. */
#include <string.h>

#include "script/libs.h"

#define REP_BYTES ((size_t)16 << 20)

int aur_call_stock(lua_State *L, const char *name)
{
    aur_vm_check_stack(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0) == 0)
        return lua_gettop(L);
    if (lua_type(L, -1) == LUA_TSTRING) {
        const char *text = lua_tostring(L, -1);
        if (strstr(text, "'?'"))
            text = luaL_gsub(L, text, "'?'", lua_pushfstring(L, "'%s'", name));
        if (!aur_has_position(text)) {
            luaL_where(L, 1);
            lua_pushstring(L, text);
            lua_concat(L, 2);
        }
    }
    return lua_error(L);
}

/* Gives %s and %q texts that hide addresses, and refuses %p. */
static int format(lua_State *L)
{
    const char *f = luaL_checkstring(L, 1);
    int arg = 1, n = lua_gettop(L);
    for (f = strchr(f, '%'); f; f = strchr(f, '%')) {
        f += 1 + strspn(f + 1, "-+ #0123456789.");
        if (*f == '%') {
            f++;
            continue;
        }
        arg++;
        if (*f == 'p')
            return luaL_error(L, "string.format: %%p would show an address");
        int type = lua_type(L, arg);
        if ((*f == 's' || *f == 'q') && arg <= n && (type != LUA_TSTRING)) {
            aur_vm_tostring(L, arg);
            lua_replace(L, arg);
        }
    }
    return aur_call_stock(L, "format");
}

static int gsub(lua_State *L)
{
    return aur_call_stock(L, "gsub");
}

static int rep(lua_State *L)
{
    size_t len, between;
    luaL_checklstring(L, 1, &len);
    luaL_optlstring(L, 3, "", &between);
    double n = luaL_checknumber(L, 2);
    if (n * (double)(len + between) > (double)REP_BYTES)
        return luaL_error(L, "string.rep: the result would be larger than 16 MiB");
    return aur_call_stock(L, "rep");
}

void aur_lib_string(lua_State *L)
{
    static const luaL_Reg functions[] = {{"format", format}, {"gsub", gsub}, {"rep", rep}, {NULL, NULL}};
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_getfield(L, -1, f->name);
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -2, f->name);
    }
}

/* ---- table ---- */

static int concat(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    aur_vm_charge(L, lua_objlen(L, 1));
    return aur_call_stock(L, "concat");
}

static int sort(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    uint64_t n = lua_objlen(L, 1), depth = 1;
    while (n >> depth)
        depth++;
    aur_vm_charge(L, n * depth);
    return aur_call_stock(L, "sort");
}

/* Length of the table at 1, after counting the elements that a shift from pos moves. */
static int shifted_length(lua_State *L, lua_Number pos)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int n = (int)lua_objlen(L, 1);
    if (pos > 0 && pos < n)
        aur_vm_charge(L, (uint64_t)(n - pos));
    return n;
}

static int insert(lua_State *L)
{
    int n = shifted_length(L, lua_gettop(L) == 3 ? luaL_checknumber(L, 2) : 0), pos = n + 1;
    switch (lua_gettop(L)) {
    case 2:
        break;
    case 3:
        pos = luaL_checkint(L, 2);
        if (pos > n + 1)
            n = pos - 1;
        for (int i = n + 1; i > pos; i--) {
            lua_rawgeti(L, 1, i - 1);
            lua_rawseti(L, 1, i);
        }
        break;
    default:
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_rawseti(L, 1, pos);
    return 0;
}

static int remove_(lua_State *L)
{
    int n = shifted_length(L, luaL_optnumber(L, 2, 0)), pos = luaL_optint(L, 2, n);
    if (pos < 1 || pos > n)
        return 0;
    lua_rawgeti(L, 1, pos);
    for (; pos < n; pos++) {
        lua_rawgeti(L, 1, pos + 1);
        lua_rawseti(L, 1, pos);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, n);
    return 1;
}

void aur_lib_table(lua_State *L)
{
    static const luaL_Reg wrapped[] = {{"concat", concat}, {"sort", sort}, {NULL, NULL}};
    static const luaL_Reg own[] = {{"insert", insert}, {"remove", remove_}, {NULL, NULL}};
    for (const luaL_Reg *f = wrapped; f->name; f++) {
        lua_getfield(L, -1, f->name);
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -2, f->name);
    }
    luaL_register(L, NULL, own);
}
