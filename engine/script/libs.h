/* The parts of the sandbox, for script/ only: each adds or replaces functions in the table on top of the stack. */
#ifndef AUR_SCRIPT_LIBS_H
#define AUR_SCRIPT_LIBS_H

#include "script/vm.h"

#define AUR_VM_ARENA_BYTES       (16 * 1024)
#define AUR_TEXT_PER_INSTRUCTION 16 /* bytes of text read or written in C that count as one instruction */

#define AUR_VM_PLACE_BYTES 160

struct aur_vm {
    lua_State *L; /* NULL until lua_newstate is through */
    struct aur_vm_config config;
    size_t used, peak, hard_bytes;
    uint32_t collections;
    bool closing;
    uint64_t spent;
    uint64_t looked_at;   /* `spent` when the clock was last looked at */
    uint64_t deadline_ns; /* 0: none */
    size_t huge_bytes;    /* of blocks so large that one instruction on them takes long */
    bool over_instructions, over_memory, over_time, host_out_of_memory;
    int column;                         /* of the last syntax error, */
    char column_at[AUR_VM_PLACE_BYTES]; /* and how its message begins */
    char place[AUR_VM_PLACE_BYTES];     /* "file:line" of the last error that may lose its own, or "" */
    const char *stack_base;             /* C stack at aur_vm_call */
    bool drawing;
    uint64_t seed, phrase;
    uint32_t printed;
    size_t arena_used;
    _Alignas(16) char arena[AUR_VM_ARENA_BYTES]; /* where lua_newstate's own blocks lie */
};

void aur_sandbox_open(lua_State *L);  /* makes the globals */
void aur_sentinel_open(lua_State *L); /* counts collections from now on */

void aur_lib_base(lua_State *L);      /* tostring, print, setmetatable, xpcall */
void aur_lib_ordered(lua_State *L);   /* pairs, next */
void aur_lib_require(lua_State *L);   /* require */
void aur_lib_coroutine(lua_State *L); /* resume, wrap */
void aur_lib_math(lua_State *L);
void aur_lib_string(lua_State *L); /* format, rep, lower, upper, reverse */
void aur_lib_match(lua_State *L);  /* find, match, gmatch, gsub */
void aur_lib_table(lua_State *L);  /* concat, insert, maxn, remove, sort */
void aur_lib_unpack(lua_State *L); /* unpack */
void aur_stream_open(lua_State *L);

/* Where the last syntax error is, if `message` is that error: a column from 1, else 0. */
int aur_load_column(const struct aur_vm *vm, const char *message);

/* Calls the stock function in upvalue 1 with all arguments; its errors get this function's name and the caller's line. */
int aur_call_stock(lua_State *L, const char *name);

/* Keeps the line that runs in vm->place, without using the Lua stack or memory. */
void aur_vm_note_place(struct aur_vm *vm, lua_State *L);

/* A message handler: makes of the error what aur_vm_call promises. */
int aur_vm_on_error(lua_State *L);

/* Whether text begins with "file:line:". */
bool aur_has_position(const char *text);

/* math.pow, the same function as the ^ operator; its user pulls pow.o into the program. */
double aur_pow_of_scripts(double x, double y);

#endif
