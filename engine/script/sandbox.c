/* The globals of a script: allow-lists, copied from the stock libraries into fresh tables, then our own functions over
 * them. The stock globals table itself becomes unreachable. Runs inside aur_vm_new. */
#include <lualib.h>

#include "script/libs.h"

static const char *const base_names[] = {"assert", "error",    "ipairs", "pcall",  "select",       "tonumber",
                                         "type",   "rawequal", "rawget", "rawset", "getmetatable", NULL};
static const char *const math_names[] = {"abs", "ceil", "deg",  "floor", "fmod", "frexp", "huge", "ldexp",
                                         "max", "min",  "modf", "pi",    "rad",  "sqrt",  NULL};
static const char *const string_names[] = {"byte",    "char", "format", "len",   "lower",
                                           "reverse", "rep",  "sub",    "upper", NULL};
static const char *const table_names[] = {"concat", NULL};
static const char *const coroutine_names[] = {"create", "yield", "status", "running", NULL};

static const struct {
    const char *name; /* of the stock table; NULL: the globals */
    const char *const *names;
    void (*ours[5])(lua_State *); /* NULL-terminated */
} libraries[] = {
    {NULL, base_names, {aur_lib_base, aur_lib_ordered, aur_lib_require, aur_lib_unpack}},
    {"math", math_names, {aur_lib_math}},
    {"string", string_names, {aur_lib_string, aur_lib_match}},
    {"table", table_names, {aur_lib_table}},
    {"coroutine", coroutine_names, {aur_lib_coroutine}},
};

static void open_stock(lua_State *L)
{
    static const struct {
        const char *name;
        lua_CFunction open;
    } stock[] = {{"", luaopen_base}, {"math", luaopen_math}, {"string", luaopen_string}, {"table", luaopen_table}};
    for (size_t i = 0; i < sizeof stock / sizeof *stock; i++) {
        lua_pushcfunction(L, stock[i].open);
        lua_pushstring(L, stock[i].name);
        lua_call(L, 1, 0);
    }
}

/* Copies the named fields of the table at -2 to the one at -1. */
static void copy_fields(lua_State *L, const char *const *names)
{
    for (; *names; names++) {
        lua_getfield(L, -2, *names);
        lua_setfield(L, -2, *names);
    }
}

/* Pushes library i as scripts see it. */
static void push_library(lua_State *L, size_t i)
{
    if (libraries[i].name)
        lua_getglobal(L, libraries[i].name);
    else
        lua_pushvalue(L, LUA_GLOBALSINDEX);
    lua_newtable(L);
    copy_fields(L, libraries[i].names);
    for (size_t k = 0; libraries[i].ours[k]; k++)
        libraries[i].ours[k](L);
    lua_remove(L, -2);
}

static int read_undefined(lua_State *L)
{
    const char *name = aur_vm_tostring(L, 2);
    return luaL_error(L, "undefined global '%s'; names are declared with local, modules with local x = require \"x\"",
                      name);
}

static int write_global(lua_State *L)
{
    return luaL_error(L, "'%s' is written as a global; declare it with local", aur_vm_tostring(L, 2));
}

/* ("").__index becomes the table on top, and the metatable is locked. */
static void lock_string_metatable(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_getfield(L, -3, "string");
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "string");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

/* Expects the table of what is allowed on top; leaves nothing. Reads of an empty globals table fall through to it, and
 * past it to an error; writes are always errors. */
static void install_globals(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, read_undefined);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_newtable(L);
    lua_createtable(L, 0, 2);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, write_global);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
    lua_replace(L, LUA_GLOBALSINDEX);
    lua_pop(L, 1);
}

void aur_sandbox_open(lua_State *L)
{
    open_stock(L);
    aur_stream_open(L);
    push_library(L, 0);
    for (size_t i = 1; i < sizeof libraries / sizeof *libraries; i++) {
        push_library(L, i);
        lua_setfield(L, -2, libraries[i].name);
    }
    lock_string_metatable(L);
    install_globals(L);
}
