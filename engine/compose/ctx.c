/* ctx, what a script's phrase function gets: an object to read from and to add events to. It is a userdata without
 * content, so that nothing can be written into it, not even with rawset. Runs inside aur_vm_call. */
#include <string.h>

#include "compose/inner.h"

static int ctx_random(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TUSERDATA)
        return luaL_error(L, "random: it is called with a dot: ctx.random(\"name\")");
    aur_stream_push(L, luaL_checkstring(L, 1));
    return 1;
}

static int write_field(lua_State *L)
{
    return luaL_error(L, "ctx.%s: ctx is read-only; keep what you need in state", aur_vm_tostring(L, 2));
}

/* Upvalue 1: the table of values, for the list of names. */
static int unknown_field(lua_State *L)
{
    const char *name = aur_vm_tostring(L, 2);
    int n = aur_keys_push(L, lua_upvalueindex(1)), keys = lua_gettop(L);
    luaL_Buffer list;
    luaL_buffinit(L, &list);
    for (int i = 1; i <= n; i++) {
        if (i > 1)
            luaL_addstring(&list, ", ");
        lua_rawgeti(L, keys, i);
        luaL_addvalue(&list);
    }
    luaL_pushresult(&list);
    char hint[AUR_HINT_SIZE];
    const char *has = lua_tostring(L, -1);
    return luaL_error(L, "ctx has no field '%s'%s; it has: %s", name, aur_error_hint(hint, name, has), has);
}

static const char *mode_name(const char *mode)
{
    if (strcmp(mode, "minor") == 0)
        return "aeolian";
    return strcmp(mode, "major") == 0 ? "ionian" : mode;
}

static void set_integers(lua_State *L, const char *name, const int *values, int n)
{
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        lua_pushinteger(L, values[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const char *name, double value)
{
    lua_pushnumber(L, value);
    lua_setfield(L, -2, name);
}

static void set_text(lua_State *L, const char *name, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

/* Pushes the table of ctx's fields. */
static void push_values(lua_State *L, const struct aur_job *job)
{
    static const luaL_Reg functions[] = {
        {"note", aur_ctx_note}, {"chord", aur_ctx_chord}, {"random", ctx_random}, {"set", aur_ctx_set}, {NULL, NULL}};
    const struct aur_piece_info *info = &job->piece->info;
    const struct aur_controls *controls = job->request->controls;
    lua_createtable(L, 0, 24);
    set_text(L, "key", controls->key.name);
    set_text(L, "mode", mode_name(controls->key.mode));
    set_number(L, "root", controls->key.root);
    set_integers(L, "scale", controls->key.scale, AUR_SCALE_NOTES);
    set_number(L, "bpm", controls->bpm);
    set_integers(L, "meter", info->meter, 2);
    set_number(L, "beats_per_bar", info->meter[0]);
    set_number(L, "intensity", controls->intensity);
    set_number(L, "melody_complexity", controls->melody_complexity);
    set_number(L, "phrase", (double)job->request->number);
    for (size_t i = 0; i < info->controls.n; i++)
        set_number(L, info->controls.items[i].name, controls->piece[i]);
    luaL_register(L, NULL, functions);
}

void aur_ctx_push(lua_State *L, struct aur_job *job)
{
    lua_newuserdata(L, 1);
    lua_createtable(L, 0, 3);
    push_values(L, job);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, unknown_field, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, write_field);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "ctx");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}
