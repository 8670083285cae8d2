/* math.*: what libm would compute comes from base/real.h, random numbers from the stream "math". abs, ceil, floor, fmod,
 * sqrt and their like are exact and stay stock. Runs inside aur_vm_call. */
#include "base/real.h"
#include "script/libs.h"

/* One C function for all of one argument: the upvalue is an index into this table. */
static const struct {
    const char *name;
    double (*f)(double);
} unary[] = {
    {"acos", aur_acos}, {"asin", aur_asin}, {"atan", aur_atan},   {"cos", aur_cos},
    {"cosh", aur_cosh}, {"exp", aur_exp},   {"log10", aur_log10}, {"sin", aur_sin},
    {"sinh", aur_sinh}, {"tan", aur_tan},   {"tanh", aur_tanh},
};

static int call_unary(lua_State *L)
{
    lua_pushnumber(L, unary[lua_tointeger(L, lua_upvalueindex(1))].f(luaL_checknumber(L, 1)));
    return 1;
}

static int atan2_(lua_State *L)
{
    lua_pushnumber(L, aur_atan2(luaL_checknumber(L, 1), luaL_checknumber(L, 2)));
    return 1;
}

static int pow_(lua_State *L)
{
    lua_pushnumber(L, aur_pow_of_scripts(luaL_checknumber(L, 1), luaL_checknumber(L, 2)));
    return 1;
}

/* log(x) or log(x, base) */
static int log_(lua_State *L)
{
    double x = luaL_checknumber(L, 1), base = luaL_optnumber(L, 2, 0);
    double y = lua_isnoneornil(L, 2) ? aur_ln(x)
               : base == 2           ? aur_log2(x)
               : base == 10          ? aur_log10(x)
                                     : aur_ln(x) / aur_ln(base);
    lua_pushnumber(L, y);
    return 1;
}

/* random(), random(m), random(m, n) are :float(), :int(1, m), :int(m, n) of the stream "math". */
static int random_(lua_State *L)
{
    int n = lua_gettop(L);
    aur_stream_push(L, "math");
    lua_getfield(L, -1, n == 0 ? "float" : "int");
    lua_insert(L, 1);
    lua_insert(L, 2);
    if (n == 1) {
        lua_pushinteger(L, 1);
        lua_insert(L, 3);
    }
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int randomseed(lua_State *L)
{
    return luaL_error(L, "math.randomseed: random numbers follow the session's seed and the phrase's number; "
                         "use ctx.random(\"name\") for a stream of your own");
}

void aur_lib_math(lua_State *L)
{
    static const luaL_Reg functions[] = {{"atan2", atan2_},          {"log", log_}, {"pow", pow_}, {"random", random_},
                                         {"randomseed", randomseed}, {NULL, NULL}};
    for (size_t i = 0; i < sizeof unary / sizeof *unary; i++) {
        lua_pushinteger(L, (lua_Integer)i);
        lua_pushcclosure(L, call_unary, 1);
        lua_setfield(L, -2, unary[i].name);
    }
    luaL_register(L, NULL, functions);
}
