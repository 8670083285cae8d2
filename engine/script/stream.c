/* Random streams: counter-based, keyed by (seed, phrase, name), so that one part's draws cannot disturb another's. The
 * only state is how many numbers a name has given in this VM. Runs inside aur_vm_call. */
#include <math.h>

#include "base/hash.h"
#include "script/libs.h"

#define STREAM "random stream" /* the metatable's name; errors show it */

struct stream {
    uint64_t key, counter;
};

#define STREAMS "aur.streams" /* in the registry: name -> stream */

static struct stream *check(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TUSERDATA)
        luaL_error(L, "a random stream's functions are called with a colon: stream:int(1, 6)");
    return luaL_checkudata(L, 1, STREAM);
}

void aur_stream_push(lua_State *L, const char *name)
{
    struct aur_vm *vm = aur_vm_of(L);
    if (!vm->drawing)
        luaL_error(L,
                   "random numbers can be drawn only inside phrase(): the top of a script is the same for every seed");
    lua_getfield(L, LUA_REGISTRYINDEX, STREAMS);
    lua_getfield(L, -1, name);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        struct stream *stream = lua_newuserdata(L, sizeof *stream);
        stream->key = aur_rand_key(vm->seed, vm->phrase, name);
        stream->counter = 0;
        luaL_getmetatable(L, STREAM);
        lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }
    lua_remove(L, -2);
}

/* Uniform in 0 to n-1: the high half of a 64 by 64 bit product. */
static uint64_t draw_below(struct stream *stream, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)aur_rand_at(stream->key, stream->counter++) * n) >> 64);
}

static int stream_float(lua_State *L)
{
    struct stream *stream = check(L);
    lua_pushnumber(L, aur_rand_unit(stream->key, stream->counter++));
    return 1;
}

static double check_integer(lua_State *L, int index)
{
    double x = luaL_checknumber(L, index);
    if (!(floor(x) == x && fabs(x) < 0x1p52))
        luaL_error(L, "int: %s is no integer; two are needed: stream:int(1, 6)", aur_vm_tostring(L, index));
    return x;
}

static int stream_int(lua_State *L)
{
    struct stream *stream = check(L);
    double lo = check_integer(L, 2), hi = check_integer(L, 3);
    if (lo > hi)
        luaL_error(L, "int: there is no integer from %s to %s; the first is the least", aur_vm_tostring(L, 2),
                   aur_vm_tostring(L, 3));
    lua_pushnumber(L, lo + (double)draw_below(stream, (uint64_t)(hi - lo) + 1));
    return 1;
}

static int stream_pick(lua_State *L)
{
    struct stream *stream = check(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    size_t n = lua_objlen(L, 2);
    if (n == 0)
        luaL_error(L, "pick: the list is empty; it needs at least one element");
    lua_rawgeti(L, 2, (int)draw_below(stream, n) + 1);
    return 1;
}

void aur_stream_open(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"float", stream_float}, {"int", stream_int}, {"pick", stream_pick}, {NULL, NULL}};
    luaL_newmetatable(L, STREAM);
    lua_newtable(L);
    luaL_register(L, NULL, methods);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, STREAM);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, STREAMS);
}
