/* Counting garbage collections: an object that nobody can reach dies with each, and its finaliser makes the next one. Inside
 * a VM, on its thread.
 *
 * Scripts have no way to see it, and all VMs have it, so what it costs in memory is the same wherever a script runs. It does
 * without a successor where that could be what goes over the script's limit. */
#include "script/libs.h"

#define HEADROOM_BYTES 4096

/* The metatable is on top of the stack, and stays there. */
static void arm(lua_State *L)
{
    lua_newuserdata(L, 1);
    lua_pushvalue(L, -2);
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

static int on_collected(lua_State *L)
{
    struct aur_vm *vm = aur_vm_of(L);
    if (vm->closing)
        return 0;
    vm->collections++;
    if (vm->used + HEADROOM_BYTES <= vm->config.memory_bytes && lua_getmetatable(L, 1))
        arm(L);
    return 0;
}

void aur_sentinel_open(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, on_collected);
    lua_setfield(L, -2, "__gc");
    arm(L);
    lua_pop(L, 1);
}
