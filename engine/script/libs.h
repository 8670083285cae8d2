/* The parts of the sandbox, for script/ only: each adds or replaces functions in the table on top of the stack. */
#ifndef AUR_SCRIPT_LIBS_H
#define AUR_SCRIPT_LIBS_H

#include "script/vm.h"

#define AUR_VM_ARENA_BYTES (16 * 1024)

struct aur_vm {
    lua_State *L; /* NULL until lua_newstate is through */
    struct aur_vm_config config;
    size_t used, hard_bytes;
    uint64_t spent;
    bool over_instructions, over_memory, host_out_of_memory;
    const char *stack_base; /* C stack at aur_vm_call */
    bool drawing;
    uint64_t seed, phrase;
    uint32_t printed;
    size_t arena_used;
    _Alignas(16) char arena[AUR_VM_ARENA_BYTES]; /* where lua_newstate's own blocks lie */
};

void aur_sandbox_open(lua_State *L); /* makes the globals */

void aur_lib_base(lua_State *L);      /* tostring, print, setmetatable, xpcall */
void aur_lib_ordered(lua_State *L);   /* pairs, next */
void aur_lib_require(lua_State *L);   /* require */
void aur_lib_coroutine(lua_State *L); /* resume, wrap */
void aur_lib_math(lua_State *L);
void aur_lib_string(lua_State *L); /* format, gsub, rep */
void aur_lib_table(lua_State *L);  /* concat, insert, remove, sort */
void aur_stream_open(lua_State *L);

/* Calls the stock function in upvalue 1 with all arguments; its errors get this function's name and the caller's line. */
int aur_call_stock(lua_State *L, const char *name);

/* Whether text begins with "file:line:". */
bool aur_has_position(const char *text);

/* math.pow, the same function as the ^ operator; its user pulls pow.o into the program. */
double aur_pow_of_scripts(double x, double y);

#endif
