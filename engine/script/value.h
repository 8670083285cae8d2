/* Plain Lua data as text and back: what a script keeps in `state`.
 *
 * nil is not written; numbers, strings, booleans and tables of them are. Keys are sorted, numbers lossless (-0 and
 * denormals too), strings escaped, so equal data gives equal text on every machine:
 *
 *     {[1]=0.10000000000000001,[2]="a\n",chord="i",done=true,["two words"]={}}
 *
 * The reader accepts exactly this grammar and runs nothing. A table reached twice becomes two tables. */
#ifndef AUR_SCRIPT_VALUE_H
#define AUR_SCRIPT_VALUE_H

#include <lua.h>

#include "base/buf.h"

#define AUR_VALUE_DEPTH 64
#define AUR_VALUE_BYTES (1 << 20)

/* Appends the value at index. What cannot be kept (a function, userdata, coroutine, NaN, infinity, cycle, metatable, a
 * key that is a table, more than AUR_VALUE_DEPTH tables deep, more than AUR_VALUE_BYTES): AUR_EINVAL and a message with
 * its path, which begins with `name`: "state.chords[3]: a function cannot be kept". Runs inside aur_vm_call: Lua may
 * raise when out of memory, so out must be reachable from outside. */
AUR_MUST_USE int aur_value_write(lua_State *L, int index, struct aur_buf *out, const char *name, struct aur_error *err);

/* Pushes the value that text holds; on AUR_EINVAL (text is not what aur_value_write gives) nothing is pushed. Runs
 * inside aur_vm_call. */
AUR_MUST_USE int aur_value_read(lua_State *L, const char *text, struct aur_error *err);

#endif
