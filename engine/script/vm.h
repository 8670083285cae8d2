/* One Lua VM for scripts: instruction and memory limits, an allow-list of globals, deterministic tables, numbers and
 * random streams, and one protected way in. It knows no audio.
 *
 * A VM belongs to one thread at a time and is cheap enough to be made for every phrase. What a script may use is listed
 * in docs/scripting.md. Everything a script can observe is the same on every machine and in every process: the order of
 * pairs and next, the text of tables and functions, math.*, the ^ operator (pow.c), random numbers.
 *
 * Once a limit is reached the count hook raises at every further instruction, so no pcall, coroutine or metamethod can
 * go on; the VM is then good for nothing but aur_vm_free. */
#ifndef AUR_SCRIPT_VM_H
#define AUR_SCRIPT_VM_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct aur_vm;

struct aur_vm_module {
    const char *path; /* as errors show it */
    const char *text; /* stays valid as long as the VM, as does code */
    size_t len;
    const char *code; /* what aur_vm_dump gave for the same path and text in this process; NULL: text is compiled */
    size_t code_len;
};

/* Finds the module a script requires; name is [a-z0-9_/]+ (dots became slashes). On failure fills err->message with one
 * line. It runs inside a Lua call but must not use Lua. */
typedef int aur_vm_find_module(void *user, struct aur_vm_module *out, const char *name, struct aur_error *err);

struct aur_vm_config {
    const char *name;                            /* the script, for errors that have no line; borrowed */
    uint64_t instructions;                       /* VM instructions in the VM's life; 0: 50 million */
    size_t memory_bytes;                         /* 0: 64 MiB */
    aur_vm_find_module *find_module;             /* NULL: require finds nothing */
    void (*print)(void *user, const char *line); /* NULL: print does nothing */
    void *user;                                  /* of both */
    uint32_t wall_ms;              /* time from aur_vm_new on; 0: as long as it likes. For live use: it makes
                                                    what a script does depend on the machine */
    uint64_t (*clock)(void *user); /* nanoseconds, for wall_ms; NULL: aur_clock_mono_ns */
};

/* Errors: AUR_ENOMEM; AUR_ELIMIT if memory_bytes does not hold an empty VM. */
AUR_MUST_USE int aur_vm_new(struct aur_vm **out, const struct aur_vm_config *config, struct aur_error *err);
void aur_vm_free(struct aur_vm *vm);

struct aur_vm_usage {
    size_t peak_bytes;    /* most memory that it had at once */
    uint32_t collections; /* garbage collections that came to their end */
};
/* Of the VM's life so far; between calls. */
void aur_vm_usage(const struct aur_vm *vm, struct aur_vm_usage *out);

/* The one way in: runs body(L) with arg as a light userdata at index 1, under protection. Whatever the body allocates in
 * C must be reachable from arg, since Lua errors jump over its end. Errors: AUR_ESCRIPT with "file:line: message" and a
 * traceback after '\n', and with err->column where a syntax error is known to be; UTF-8 without
 * control characters but tabs and ends of lines; AUR_ELIMIT (instructions, memory, time)
 * likewise; AUR_ENOMEM when the host itself is out of memory. */
AUR_MUST_USE int aur_vm_call(struct aur_vm *vm, lua_CFunction body, void *arg, struct aur_error *err);

/* ---- For code that runs inside aur_vm_call; these raise Lua errors. ---- */

struct aur_vm *aur_vm_of(lua_State *L);
void *aur_vm_user(lua_State *L); /* config.user */

/* Compiles text (never bytecode) as the file `path` and pushes the function. Compiling counts as instructions. */
void aur_vm_load(lua_State *L, const char *path, const char *text, size_t len);

/* The same from a module, whose code saves compiling. It costs the script what compiling costs, so that its limits do not
 * depend on whether there is code. */
void aur_vm_load_module(lua_State *L, const struct aur_vm_module *module);

/* Appends the code of the function on top, which aur_vm_load pushed: bytecode, only ever for aur_vm_load_module in this
 * process. */
struct aur_buf;
void aur_vm_dump(lua_State *L, struct aur_buf *out);

/* Pushes the table of the modules that were required: name -> what it returned. Not to be changed. */
void aur_modules_push(lua_State *L);

/* Lets math.random and aur_stream_push draw, keyed by these; before, they raise. */
void aur_vm_seed(lua_State *L, uint64_t seed, uint64_t phrase);

/* Pushes the random stream `name` of this VM's seed and phrase: an object with :float(), :int(a, b), :pick(t). Its
 * counter goes on where the last use of the same name stopped. */
void aur_stream_push(lua_State *L, const char *name);

/* Raises "file:line: message" as it is, without the line of the caller. */
int aur_vm_raise_at(lua_State *L, const char *file_line, const char *message);

/* From now on, and until the call ends, an error for which no line of a script is found is at this one. */
void aur_vm_set_place(lua_State *L, const char *path, int line);

/* Raises because the host has no memory: aur_vm_call then returns AUR_ENOMEM. */
int aur_vm_raise_no_memory(lua_State *L);

/* Counts work done in C as if it were instructions; raises when a limit is reached, that of time included. Whatever can
 * take long in C calls it at least every 10,000 instructions. */
void aur_vm_charge(lua_State *L, uint64_t instructions);

/* Raises when C calls and Lua calls are nested so deeply that the C stack is in danger. */
void aur_vm_check_stack(lua_State *L);

/* Pushes a text for the value at index: like Lua's tostring, but without addresses ("table", "function"). */
const char *aur_vm_tostring(lua_State *L, int index);

/* Pushes an array of the keys of the table at index in the fixed order (numbers ascending, strings in byte order, false,
 * true) and returns their number. Keys of other types have no order and raise. */
int aur_keys_push(lua_State *L, int index);

#endif
