/* pairs and next in a fixed order. LuaJIT walks string keys in another order in every process, so pairs takes a sorted
 * copy of the keys first: fields cleared on the way are left out, fields added on the way are not visited. Runs inside
 * aur_vm_call. */
#include <stdlib.h>
#include <string.h>

#include "script/libs.h"

#define KEY_COST     4  /* instructions that reading a key counts for, */
#define COMPARE_COST 16 /* and sorting one, for each doubling of their number */
#define NEXT_COST    16

enum rank { NUMBER, STRING, BOOLEAN };

struct key {
    enum rank rank;
    double number; /* of a boolean: 0 or 1 */
    const char *text;
    size_t len;
};

static int compare(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->rank != STRING)
        return (a->number > b->number) - (a->number < b->number);
    int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* Reads the key at index; its text lives as long as the table holds it. */
static struct key read_key(lua_State *L, int index)
{
    struct key key = {0};
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        key.number = lua_tonumber(L, index);
        break;
    case LUA_TSTRING:
        key.rank = STRING;
        key.text = lua_tolstring(L, index, &key.len);
        break;
    case LUA_TBOOLEAN:
        key.rank = BOOLEAN;
        key.number = lua_toboolean(L, index);
        break;
    default:
        luaL_error(L, "a %s is a key of this table: only numbers, strings and booleans have an order to walk in",
                   luaL_typename(L, index));
    }
    return key;
}

static void push_key(lua_State *L, const struct key *key)
{
    if (key->rank == STRING)
        lua_pushlstring(L, key->text, key->len);
    else if (key->rank == NUMBER)
        lua_pushnumber(L, key->number);
    else
        lua_pushboolean(L, key->number != 0);
}

static size_t count_keys(lua_State *L, int index)
{
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        aur_vm_charge(L, KEY_COST);
        n++;
    }
    return n;
}

/* Those of an array are in order already. */
static void sort_keys(lua_State *L, struct key *keys, size_t n)
{
    size_t ordered = 1, bytes = 0;
    uint64_t depth = 1;
    while (ordered < n && compare(&keys[ordered - 1], &keys[ordered]) < 0)
        ordered++;
    if (ordered >= n)
        return;
    for (size_t i = 0; i < n; i++)
        bytes += keys[i].len;
    while (n >> depth)
        depth++;
    aur_vm_charge(L, (n * COMPARE_COST + bytes / AUR_TEXT_PER_INSTRUCTION) * depth);
    qsort(keys, n, sizeof *keys, compare);
}

int aur_keys_push(lua_State *L, int index)
{
    if (index < 0 && index > LUA_REGISTRYINDEX)
        index = lua_gettop(L) + index + 1;
    luaL_checkstack(L, 6, "too many nested tables");
    size_t n = count_keys(L, index), i = 0;
    struct key *keys = lua_newuserdata(L, n * sizeof *keys + 1);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        keys[i++] = read_key(L, -2);
    sort_keys(L, keys, n);
    lua_createtable(L, (int)n, 0);
    for (i = 0; i < n; i++) {
        push_key(L, &keys[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_remove(L, -2);
    return (int)n;
}

/* Upvalues: the sorted keys, how many were visited. */
static int walk(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int i = (int)lua_tointeger(L, lua_upvalueindex(2));
    for (;;) {
        lua_rawgeti(L, lua_upvalueindex(1), ++i);
        if (lua_isnil(L, -1))
            return 1;
        lua_pushvalue(L, -1);
        lua_rawget(L, 1);
        if (!lua_isnil(L, -1))
            break;
        lua_pop(L, 2);
    }
    lua_pushinteger(L, i);
    lua_replace(L, lua_upvalueindex(2));
    return 2;
}

static int pairs(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    aur_keys_push(L, 1);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, walk, 2);
    lua_insert(L, 1);
    lua_pushnil(L);
    return 3;
}

/* The smallest key after the given one, by looking at all of them: no state, and the key need not exist any more. */
static int next(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    bool first = lua_isnil(L, 2), found = false;
    struct key after = {0}, best = {0};
    if (!first)
        after = read_key(L, 2);
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        struct key key = read_key(L, -2);
        aur_vm_charge(L, NEXT_COST);
        if ((first || compare(&key, &after) > 0) && (!found || compare(&key, &best) < 0)) {
            best = key;
            found = true;
        }
    }
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    push_key(L, &best);
    lua_pushvalue(L, -1);
    lua_rawget(L, 1);
    return 2;
}

void aur_lib_ordered(lua_State *L)
{
    static const luaL_Reg functions[] = {{"pairs", pairs}, {"next", next}, {NULL, NULL}};
    luaL_register(L, NULL, functions);
}
