/* table.* and unpack: element by element with the work charged, since the stock functions take unbounded time in one
 * call. sort is our own for the same reason: what a comparator that lies, or an order made to be slow, costs is counted.
 * Runs inside aur_vm_call. */
#include <math.h>
#include <string.h>

#include "script/libs.h"

#define MOVE_COST    4    /* instructions that moving an element counts for */
#define COMPARE_COST 8    /* ... comparing two */
#define UNPACKED_MAX 7999 /* as in LuaJIT */

static int concat(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    aur_vm_charge(L, lua_objlen(L, 1) * MOVE_COST);
    int n = aur_call_stock(L, "concat");
    aur_vm_charge(L, lua_objlen(L, -1) / AUR_TEXT_PER_INSTRUCTION);
    return n;
}

static int maxn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Number most = 0;
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        aur_vm_charge(L, MOVE_COST);
        if (lua_type(L, -2) == LUA_TNUMBER && lua_tonumber(L, -2) > most)
            most = lua_tonumber(L, -2);
    }
    lua_pushnumber(L, most);
    return 1;
}

static int insert(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int n = (int)lua_objlen(L, 1), pos = n + 1;
    switch (lua_gettop(L)) {
    case 2:
        break;
    case 3: {
        lua_Number at = trunc(luaL_checknumber(L, 2));
        luaL_argcheck(L, at >= 1 && at <= 0x1p30, 2, "a position from 1 is needed");
        pos = (int)at;
        if (pos <= n)
            aur_vm_charge(L, (uint64_t)(n - pos + 1) * MOVE_COST);
        for (int i = n + 1; i > pos; i--) {
            lua_rawgeti(L, 1, i - 1);
            lua_rawseti(L, 1, i);
        }
        break;
    }
    default:
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_rawseti(L, 1, pos);
    return 0;
}

static int remove_(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int n = (int)lua_objlen(L, 1);
    lua_Number at = trunc(luaL_optnumber(L, 2, n));
    if (!(at >= 1 && at <= n))
        return 0;
    int pos = (int)at;
    aur_vm_charge(L, (uint64_t)(n - pos) * MOVE_COST);
    lua_rawgeti(L, 1, pos);
    for (; pos < n; pos++) {
        lua_rawgeti(L, 1, pos + 1);
        lua_rawseti(L, 1, pos);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, n);
    return 1;
}

static int unpack(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Number first = trunc(luaL_optnumber(L, 2, 1));
    lua_Number last = lua_isnoneornil(L, 3) ? (lua_Number)lua_objlen(L, 1) : trunc(luaL_checknumber(L, 3));
    if (first > last)
        return 0;
    if (!(last - first < UNPACKED_MAX) || !lua_checkstack(L, (int)(last - first) + 1))
        return luaL_error(L, "too many results to unpack");
    luaL_argcheck(L, fabs(first) <= 0x1p30 && fabs(last) <= 0x1p30, 2, "an index is too large");
    int n = (int)(last - first) + 1;
    aur_vm_charge(L, (uint64_t)n);
    for (int i = 0; i < n; i++)
        lua_rawgeti(L, 1, (int)first + i);
    return n;
}

/* ---- sort: quicksort, as Lua 5.1's with the median of three, so equal elements end where they do there ---- */

/* Charges for comparing the values at two indices by <. */
static void charge_compare(lua_State *L, int a, int b)
{
    uint64_t cost = COMPARE_COST;
    if (lua_type(L, a) == LUA_TSTRING && lua_type(L, b) == LUA_TSTRING) {
        size_t n = lua_objlen(L, a), m = lua_objlen(L, b);
        cost += (n < m ? n : m) / 4;
    }
    aur_vm_charge(L, cost);
}

/* Whether the value at index a comes before that at b; negative indices. */
static bool comes_before(lua_State *L, int a, int b)
{
    if (lua_isnil(L, 2)) {
        charge_compare(L, a, b);
        return lua_lessthan(L, a, b);
    }
    aur_vm_charge(L, COMPARE_COST);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, a - 1);
    lua_pushvalue(L, b - 2);
    lua_call(L, 2, 1);
    bool before = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return before;
}

/* Pops two values: the top becomes t[i], the one below t[j]. */
static void set_two(lua_State *L, int i, int j)
{
    lua_rawseti(L, 1, i);
    lua_rawseti(L, 1, j);
}

/* Puts t[low] and t[high] in order. */
static void order_two(lua_State *L, int low, int high)
{
    lua_rawgeti(L, 1, low);
    lua_rawgeti(L, 1, high);
    if (comes_before(L, -1, -2))
        set_two(L, low, high);
    else
        lua_pop(L, 2);
}

static void invalid_order(lua_State *L)
{
    luaL_error(L, "invalid order function for sorting");
}

/* Divides t[low..high] at the pivot, which is on the stack's top and at t[high - 1]; pops it. Returns its place. */
static int divide(lua_State *L, int low, int high)
{
    int i = low, j = high - 1;
    for (;;) {
        while (lua_rawgeti(L, 1, ++i), comes_before(L, -1, -2)) {
            if (i >= high)
                invalid_order(L);
            lua_pop(L, 1);
        }
        while (lua_rawgeti(L, 1, --j), comes_before(L, -3, -1)) {
            if (j <= low)
                invalid_order(L);
            lua_pop(L, 1);
        }
        if (j < i)
            break;
        set_two(L, i, j);
    }
    lua_pop(L, 3);
    lua_rawgeti(L, 1, high - 1);
    lua_rawgeti(L, 1, i);
    set_two(L, high - 1, i);
    return i;
}

/* Sorts t[low..high]; recurses into the shorter part only, so log2(n) deep. */
static void sort_range(lua_State *L, int low, int high)
{
    while (low < high) {
        order_two(L, low, high);
        if (high - low == 1)
            return;
        int middle = low + (high - low) / 2;
        lua_rawgeti(L, 1, middle);
        lua_rawgeti(L, 1, low);
        if (comes_before(L, -2, -1)) {
            set_two(L, middle, low);
        } else {
            lua_pop(L, 1);
            lua_rawgeti(L, 1, high);
            if (comes_before(L, -1, -2))
                set_two(L, middle, high);
            else
                lua_pop(L, 2);
        }
        if (high - low == 2)
            return;
        lua_rawgeti(L, 1, middle); /* the pivot, */
        lua_pushvalue(L, -1);
        lua_rawgeti(L, 1, high - 1);
        set_two(L, middle, high - 1); /* moved out of the way */
        int at = divide(L, low, high), next = at + 1;
        if (at - low < high - at) {
            sort_range(L, low, at - 1);
            low = next;
        } else {
            sort_range(L, next, high);
            high = at - 1;
        }
    }
}

static int sort(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t n = lua_objlen(L, 1);
    luaL_argcheck(L, n < 1 << 30, 1, "the table is too long");
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    luaL_checkstack(L, 20, "sort");
    aur_vm_check_stack(L);
    sort_range(L, 1, (int)n);
    return 0;
}

void aur_lib_table(lua_State *L)
{
    static const luaL_Reg own[] = {
        {"insert", insert}, {"maxn", maxn}, {"remove", remove_}, {"sort", sort}, {NULL, NULL}};
    lua_getfield(L, -1, "concat");
    lua_pushcclosure(L, concat, 1);
    lua_setfield(L, -2, "concat");
    luaL_register(L, NULL, own);
}

void aur_lib_unpack(lua_State *L)
{
    lua_pushcfunction(L, unpack);
    lua_setfield(L, -2, "unpack");
}
