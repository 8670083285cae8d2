/* string.* where the stock functions would show addresses, or take time or memory that nobody counts: what they look at
 * and make is charged, and no result is larger than 16 MiB. Runs inside aur_vm_call. */
#include <string.h>

#include "script/libs.h"

#define TEXT_BYTES ((size_t)16 << 20)

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

/* Charges for text that is read or made once in C. */
static void charge_text(lua_State *L, size_t len)
{
    aur_vm_charge(L, len / AUR_TEXT_PER_INSTRUCTION);
}

/* Gives %s and %q texts that hide addresses, and refuses %p. Returns how many bytes of text the arguments hold. */
static size_t prepare_arguments(lua_State *L, const char *f)
{
    int arg = 1, n = lua_gettop(L);
    size_t bytes = 0, len;
    for (f = strchr(f, '%'); f; f = strchr(f, '%')) {
        f += 1 + strspn(f + 1, "-+ #0123456789.");
        if (*f == '%') {
            f++;
            continue;
        }
        arg++;
        if (*f == 'p')
            luaL_error(L, "string.format: %%p would show an address");
        if ((*f != 's' && *f != 'q') || arg > n)
            continue;
        if (lua_type(L, arg) != LUA_TSTRING) {
            aur_vm_tostring(L, arg);
            lua_replace(L, arg);
        }
        lua_tolstring(L, arg, &len);
        bytes += len;
    }
    return bytes;
}

static int format(lua_State *L)
{
    size_t len;
    const char *f = luaL_checklstring(L, 1, &len);
    size_t bytes = len + prepare_arguments(L, f);
    if (bytes > TEXT_BYTES)
        return luaL_error(L, "string.format: the result would be larger than 16 MiB");
    charge_text(L, 4 * bytes);
    return aur_call_stock(L, "format");
}

static int rep(lua_State *L)
{
    size_t len, between;
    luaL_checklstring(L, 1, &len);
    luaL_optlstring(L, 3, "", &between);
    double n = luaL_checknumber(L, 2), bytes = n * (double)(len + between);
    if (bytes > (double)TEXT_BYTES)
        return luaL_error(L, "string.rep: the result would be larger than 16 MiB");
    charge_text(L, bytes > 0 ? (size_t)bytes : 0);
    return aur_call_stock(L, "rep");
}

/* Upvalue 2: the name of a function that reads its one text through. */
static int through(lua_State *L)
{
    size_t len;
    luaL_checklstring(L, 1, &len);
    charge_text(L, len);
    return aur_call_stock(L, lua_tostring(L, lua_upvalueindex(2)));
}

void aur_lib_string(lua_State *L)
{
    static const luaL_Reg functions[] = {{"format", format},   {"rep", rep},       {"lower", through},
                                         {"reverse", through}, {"upper", through}, {NULL, NULL}};
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_getfield(L, -1, f->name);
        lua_pushstring(L, f->name);
        lua_pushcclosure(L, f->func, 2);
        lua_setfield(L, -2, f->name);
    }
}
