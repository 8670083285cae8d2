/* tostring, print, setmetatable, xpcall, and resume and wrap of coroutines: the stock ones would show addresses, allow
 * tables whose content depends on the garbage collector, outlive a limit, or overflow the C stack. Runs inside aur_vm_call. */
#include <stdio.h>
#include <string.h>

#include "script/libs.h"

#define PRINT_LINES 64
#define PRINT_BYTES 1000

const char *aur_vm_tostring(lua_State *L, int index)
{
    static const char *const booleans[] = {"false", "true"};
    if (index < 0 && index > LUA_REGISTRYINDEX)
        index = lua_gettop(L) + index + 1;
    if (luaL_getmetafield(L, index, "__tostring")) {
        aur_vm_check_stack(L);
        lua_pushvalue(L, index);
        lua_call(L, 1, 1);
        if (!lua_isstring(L, -1))
            luaL_error(L, "'__tostring' must return a string");
        return lua_tostring(L, -1);
    }
    lua_Number n;
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        n = lua_tonumber(L, index);
        if (n != n) {
            lua_pushliteral(L, "nan");
            break;
        }
        /* fall through */
    case LUA_TSTRING:
        lua_pushvalue(L, index);
        break;
    case LUA_TBOOLEAN:
        lua_pushstring(L, booleans[lua_toboolean(L, index)]);
        break;
    default:
        lua_pushstring(L, luaL_typename(L, index));
    }
    return lua_tostring(L, -1);
}

static int tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    aur_vm_tostring(L, 1);
    return 1;
}

/* Upvalue 1: the stock function, which reads as much blank or digits as there are. */
static int tonumber(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING)
        aur_vm_charge(L, lua_objlen(L, 1));
    return aur_call_stock(L, "tonumber");
}

static int print(lua_State *L)
{
    struct aur_vm *vm = aur_vm_of(L);
    int n = lua_gettop(L);
    luaL_checkstack(L, n + 4, "too many values to print");
    char line[PRINT_BYTES] = "";
    size_t used = 0;
    for (int i = 1; i <= n && used < sizeof line; i++) {
        const char *text = aur_vm_tostring(L, i);
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%s", i > 1 ? "\t" : "", text);
    }
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' && *c != '\t' && *c != '\n')
            *c = '?';
    if (vm->config.print && vm->printed++ < PRINT_LINES)
        vm->config.print(vm->config.user, line);
    return 0;
}

static int set_metatable(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int type = lua_type(L, 2);
    luaL_argcheck(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table expected");
    if (luaL_getmetafield(L, 1, "__metatable"))
        luaL_error(L, "cannot change a protected metatable");
    lua_settop(L, 2);
    if (type == LUA_TTABLE) {
        lua_pushliteral(L, "__mode");
        lua_rawget(L, 2);
        if (!lua_isnil(L, -1))
            luaL_error(L, "weak tables are not allowed: what they hold depends on when memory is collected");
        lua_pop(L, 1);
    }
    lua_setmetatable(L, 1);
    return 1;
}

/* The handler of xpcall; upvalue 1 is the script's. A limit's error is raised from the hook, and while LuaJIT is in a
 * hook it calls no other: a handler that loops would never end. So limits go past the script's handler. */
static int guarded_handler(lua_State *L)
{
    const struct aur_vm *vm = aur_vm_of(L);
    if (vm->over_instructions || vm->over_memory || vm->over_time)
        return 1;
    aur_vm_check_stack(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int xpcall(lua_State *L)
{
    luaL_checkany(L, 2);
    aur_vm_check_stack(L);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, guarded_handler, 1);
    lua_replace(L, 2);
    lua_pushvalue(L, 1); /* function, handler, arguments..., function */
    lua_insert(L, 3);
    int status = lua_pcall(L, lua_gettop(L) - 3, LUA_MULTRET, 2);
    lua_pushboolean(L, status == 0);
    lua_replace(L, 2);
    return lua_gettop(L) - 1;
}

void aur_lib_base(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"xpcall", xpcall}, {"tostring", tostring}, {"print", print}, {"setmetatable", set_metatable}, {NULL, NULL}};
    luaL_register(L, NULL, functions);
    lua_getfield(L, -1, "tonumber");
    lua_pushcclosure(L, tonumber, 1);
    lua_setfield(L, -2, "tonumber");
}

/* ---- coroutines ---- */

static bool can_resume(lua_State *co)
{
    lua_Debug at;
    if (lua_status(co) == LUA_YIELD)
        return true;
    return lua_status(co) == 0 && !lua_getstack(co, 0, &at) && lua_gettop(co) > 0;
}

/* Resumes co with the n values on top of L; returns the number of values moved back to L, or -1 and one message. */
static int resume(lua_State *L, lua_State *co, int n)
{
    aur_vm_check_stack(L);
    if (!can_resume(co)) {
        lua_Debug at;
        bool running = lua_status(co) == 0 && lua_getstack(co, 0, &at);
        lua_pushfstring(L, "cannot resume a coroutine that %s", running ? "is running" : "has ended");
        return -1;
    }
    if (!lua_checkstack(co, n))
        luaL_error(L, "too many arguments to resume");
    lua_xmove(L, co, n);
    int status = lua_resume(co, n);
    if (status != 0 && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return -1;
    }
    int results = lua_gettop(co);
    if (!lua_checkstack(L, results + 1))
        luaL_error(L, "too many results of a coroutine");
    lua_xmove(co, L, results);
    return results;
}

static int co_resume(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    luaL_argcheck(L, co, 1, "coroutine expected");
    int n = resume(L, co, lua_gettop(L) - 1);
    lua_pushboolean(L, n >= 0);
    int results = n >= 0 ? n : 1;
    lua_insert(L, -1 - results);
    return results + 1;
}

static int wrapped(lua_State *L)
{
    int n = resume(L, lua_tothread(L, lua_upvalueindex(1)), lua_gettop(L));
    if (n >= 0)
        return n;
    const char *message = lua_tostring(L, -1);
    if (lua_type(L, -1) == LUA_TSTRING && !aur_has_position(message)) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int co_wrap(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

void aur_lib_coroutine(lua_State *L)
{
    static const luaL_Reg functions[] = {{"resume", co_resume}, {"wrap", co_wrap}, {NULL, NULL}};
    luaL_register(L, NULL, functions);
}
