/* require: module texts come from the host, never from the disk; each runs once in a VM. Runs inside aur_vm_call. */
#include <string.h>

#include "script/libs.h"

#define NAME_BYTES 100

#define LOADED "aur.loaded" /* in the registry: name -> what the module returned, false while it runs */

/* [a-z0-9_]+ parts between dots or slashes; out gets slashes. */
static bool read_name(char out[NAME_BYTES], const char *name, size_t n)
{
    if (n == 0 || n >= NAME_BYTES || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_/.") != n)
        return false;
    for (size_t i = 0; i <= n; i++) {
        out[i] = name[i] == '.' ? '/' : name[i];
        if (out[i] == '/' && (i == 0 || out[i - 1] == '/' || i + 1 == n))
            return false;
    }
    return true;
}

static void run_module(lua_State *L, const char *name)
{
    struct aur_vm *vm = aur_vm_of(L);
    struct aur_vm_module module = {0};
    struct aur_error err = {0};
    if (!vm->config.find_module)
        luaL_error(L, "require '%s': there are no modules here", name);
    if (vm->config.find_module(vm->config.user, &module, name, &err) != AUR_OK)
        err.code == AUR_ENOMEM ? aur_vm_raise_no_memory(L) : luaL_error(L, "require '%s': %s", name, err.message);
    aur_vm_check_stack(L);
    aur_vm_load_module(L, &module);
    lua_call(L, 0, 1);
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
}

static int require(lua_State *L)
{
    char name[NAME_BYTES];
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    if (!read_name(name, text, len))
        return luaL_error(L, "require '%s': a module's name is made of a-z, 0-9 and _, its folders divided by . or /",
                          text);
    lua_settop(L, 0);
    lua_getfield(L, LUA_REGISTRYINDEX, LOADED);
    lua_getfield(L, 1, name);
    if (lua_isboolean(L, 2) && !lua_toboolean(L, 2))
        return luaL_error(L,
                          "require '%s': the module requires itself, directly or through another; is a file of "
                          "the script's folder named like one of the library?",
                          name);
    if (!lua_isnil(L, 2))
        return 1;
    lua_pushboolean(L, 0);
    lua_setfield(L, 1, name);
    run_module(L, name);
    lua_pushvalue(L, -1);
    lua_setfield(L, 1, name);
    return 1;
}

void aur_modules_push(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, LOADED);
}

void aur_lib_require(lua_State *L)
{
    static const luaL_Reg functions[] = {{"require", require}, {NULL, NULL}};
    luaL_register(L, NULL, functions);
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LOADED);
}
