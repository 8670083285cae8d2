/* The VM's life: allocator, instruction budget, the protected call and what becomes of errors. Any thread, one at a time.
 *
 * LuaJIT's count hook never fires inside compiled traces, so the compiler is off. The hook lives in the global state and
 * so covers every coroutine. When memory runs out the allocator first lends an eighth more and arms the hook, because an
 * error raised by the hook has a line and a traceback, and "not enough memory" has neither. */
#include "script/vm.h"

#include <luajit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/diagnostic.h"
#include "script/libs.h"

#define DEFAULT_INSTRUCTIONS  50000000u
#define DEFAULT_MEMORY        ((size_t)64 << 20)
#define HOOK_STEP             1000
#define HUGE_BLOCK_BYTES      (1024 * 1024) /* while there are blocks of this size, */
#define HUGE_HOOK_STEP        20            /* comparing two strings may take milliseconds */
#define C_STACK_BYTES         (512 * 1024)
#define BIG_BLOCK_BYTES       (64 * 1024) /* copying a block of this size or more costs instructions, */
#define BYTES_PER_INSTRUCTION 64          /* so many bytes each */
#define DEEP_LEVELS           150
#define LIMIT_BYTES           96

static void on_count(lua_State *L, lua_Debug *at);
static bool spend(struct aur_vm *vm, uint64_t instructions);

struct aur_vm *aur_vm_of(lua_State *L)
{
    void *vm;
    lua_getallocf(L, &vm);
    return vm;
}

void *aur_vm_user(lua_State *L)
{
    return aur_vm_of(L)->config.user;
}

static bool is_over(const struct aur_vm *vm)
{
    return vm->over_instructions || vm->over_memory || vm->over_time;
}

static int hook_step(const struct aur_vm *vm)
{
    return vm->huge_bytes ? HUGE_HOOK_STEP : HOOK_STEP;
}

static bool in_arena(const struct aur_vm *vm, const void *block)
{
    const char *at = block;
    return at >= vm->arena && at < vm->arena + AUR_VM_ARENA_BYTES;
}

/* Memory for a block that grows, shrinks or is new. lua_newstate crashes when an allocation of its own fails, so what it
 * needs (about 12 KiB) was allocated with the VM; those blocks are not given back singly. */
static void *get_block(struct aur_vm *vm, void *block, size_t old, size_t size)
{
    if (!vm->L && size <= AUR_VM_ARENA_BYTES - vm->arena_used) {
        void *fresh = vm->arena + vm->arena_used;
        vm->arena_used += (size + 15) & ~(size_t)15;
        return block ? memcpy(fresh, block, old < size ? old : size) : fresh;
    }
    if (!block || !in_arena(vm, block))
        return realloc(block, size);
    void *moved = malloc(size);
    return moved ? memcpy(moved, block, old < size ? old : size) : NULL;
}

/* With huge blocks about, the hook comes more often. The step depends on what the script allocates alone. */
static void count_huge(struct aur_vm *vm, size_t old, size_t size)
{
    bool before = vm->huge_bytes > 0;
    vm->huge_bytes -= old >= HUGE_BLOCK_BYTES ? old : 0;
    vm->huge_bytes += size >= HUGE_BLOCK_BYTES ? size : 0;
    bool now = vm->huge_bytes > 0;
    if (before != now && vm->L && !is_over(vm))
        lua_sethook(vm->L, on_count, LUA_MASKCOUNT, hook_step(vm));
}

static void put_block(struct aur_vm *vm, void *block, size_t size)
{
    vm->used -= size;
    count_huge(vm, size, 0);
    if (!in_arena(vm, block))
        free(block);
}

/* Refuses growth beyond the limit, once a VM runs; true if the script may have the memory. */
static bool within_limit(struct aur_vm *vm, size_t used)
{
    if (used <= vm->config.memory_bytes || !vm->L)
        return true;
    vm->over_memory = true;
    lua_sethook(vm->L, on_count, LUA_MASKCOUNT, 1);
    if (used <= vm->hard_bytes)
        return true;
    aur_vm_note_place(vm, vm->L); /* what Lua raises now has no line, and asks no handler for one */
    return false;
}

/* A new block that is filled at once costs time, unlike the instruction that asked for it. */
static void charge_block(struct aur_vm *vm, size_t size)
{
    if (spend(vm, size / BYTES_PER_INSTRUCTION))
        lua_sethook(vm->L, on_count, LUA_MASKCOUNT, 1);
}

static void *allocate(void *user, void *block, size_t old, size_t size)
{
    struct aur_vm *vm = user;
    if (!block)
        old = 0;
    if (size == 0) {
        put_block(vm, block, old);
        return NULL;
    }
    size_t used = vm->used - old + size;
    if (size > old && !within_limit(vm, used))
        return NULL;
    if (size >= BIG_BLOCK_BYTES && vm->L)
        charge_block(vm, size);
    void *moved = get_block(vm, block, old, size);
    if (!moved) {
        vm->host_out_of_memory = true;
        return NULL;
    }
    vm->used = used;
    vm->peak = used > vm->peak ? used : vm->peak;
    count_huge(vm, old, size);
    return moved;
}

/* Which limit it was. */
static void describe_limit(char out[LIMIT_BYTES], const struct aur_vm *vm)
{
    if (vm->over_memory)
        snprintf(out, LIMIT_BYTES, "the script needs more than its %zu KiB of memory", vm->config.memory_bytes >> 10);
    else if (vm->over_instructions)
        snprintf(out, LIMIT_BYTES, "the script used up its %llu instructions",
                 (unsigned long long)vm->config.instructions);
    else
        snprintf(out, LIMIT_BYTES, "the script took longer than %u ms", vm->config.wall_ms);
}

/* Raises at the line of `at`, or without one. */
static int raise_limit(lua_State *L, lua_Debug *at)
{
    struct aur_vm *vm = aur_vm_of(L);
    char text[LIMIT_BYTES];
    lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
    aur_vm_note_place(vm, L);
    describe_limit(text, vm);
    if (at && lua_getinfo(L, "Sl", at) && at->currentline > 0)
        lua_pushfstring(L, "%s:%d: %s", at->short_src, at->currentline, text);
    else
        lua_pushstring(L, text);
    return lua_error(L);
}

/* Adds to what was spent; true if that, or the time, is more than the script has. */
static bool spend(struct aur_vm *vm, uint64_t instructions)
{
    vm->spent += instructions;
    if (vm->spent >= vm->config.instructions && !vm->over_memory && !vm->over_time)
        vm->over_instructions = true;
    if (vm->deadline_ns && vm->spent - vm->looked_at >= (uint64_t)hook_step(vm) && !is_over(vm)) {
        vm->looked_at = vm->spent;
        vm->over_time = vm->config.clock(vm->config.user) >= vm->deadline_ns;
    }
    return is_over(vm);
}

static void on_count(lua_State *L, lua_Debug *at)
{
    struct aur_vm *vm = aur_vm_of(L);
    lua_Debug deep;
    if (lua_getstack(L, DEEP_LEVELS, &deep)) /* for a stack overflow that leaves no room for a handler */
        aur_vm_note_place(vm, L);
    if (spend(vm, (uint64_t)hook_step(vm)))
        raise_limit(L, at);
}

void aur_vm_charge(lua_State *L, uint64_t instructions)
{
    lua_Debug at;
    if (spend(aur_vm_of(L), instructions))
        raise_limit(L, lua_getstack(L, 1, &at) ? &at : NULL);
}

void aur_vm_check_stack(lua_State *L)
{
    const char *here = __builtin_frame_address(0);
    if (aur_vm_of(L)->stack_base - here > C_STACK_BYTES)
        luaL_error(L, "stack overflow: calls are nested too deeply");
}

void aur_vm_seed(lua_State *L, uint64_t seed, uint64_t phrase)
{
    struct aur_vm *vm = aur_vm_of(L);
    vm->drawing = true;
    vm->seed = seed;
    vm->phrase = phrase;
}

int aur_vm_raise_at(lua_State *L, const char *file_line, const char *message)
{
    lua_pushfstring(L, "%s: %s", file_line, message);
    return lua_error(L);
}

void aur_vm_set_place(lua_State *L, const char *path, int line)
{
    struct aur_vm *vm = aur_vm_of(L);
    snprintf(vm->place, sizeof vm->place, "%s:%d", path, line);
}

int aur_vm_raise_no_memory(lua_State *L)
{
    aur_vm_of(L)->host_out_of_memory = true;
    return luaL_error(L, "out of memory");
}

/* ---- the way in ---- */

struct entry {
    lua_CFunction body;
    void *arg;
    struct aur_error *err;
    int code;
};

/* Where an error was that has no line of its own. */
static const char *error_place(const struct aur_vm *vm)
{
    return *vm->place ? vm->place : vm->config.name;
}

static int set_limit_error(const struct aur_vm *vm, struct aur_error *err)
{
    char text[LIMIT_BYTES];
    describe_limit(text, vm);
    return aur_error_set(err, AUR_ELIMIT, "%s: %s", error_place(vm), text);
}

static int enter(lua_State *L)
{
    struct entry *entry = lua_touserdata(L, 1);
    struct aur_vm *vm = aur_vm_of(L);
    lua_settop(L, 0);
    lua_pushcfunction(L, aur_vm_on_error);
    lua_pushcfunction(L, entry->body);
    lua_pushlightuserdata(L, entry->arg);
    if (lua_pcall(L, 1, 0, 1) == 0)
        return 0;
    const char *text = lua_tostring(L, -1);
    char limit[LIMIT_BYTES] = "";
    if (is_over(vm))
        describe_limit(limit, vm);
    if (*limit && !(text && strstr(text, limit)))
        entry->code = set_limit_error(vm, entry->err);
    else if (text && aur_has_position(text))
        entry->code = aur_error_set(entry->err, AUR_ESCRIPT, "%s", text);
    else
        entry->code = aur_error_set(entry->err, AUR_ESCRIPT, "%s: %s", error_place(vm), text ? text : "error");
    if (entry->err && text)
        entry->err->column = aur_load_column(vm, text);
    return 0;
}

int aur_vm_call(struct aur_vm *vm, lua_CFunction body, void *arg, struct aur_error *err)
{
    struct entry entry = {body, arg, err, AUR_OK};
    vm->stack_base = __builtin_frame_address(0);
    vm->place[0] = '\0';
    int status = lua_cpcall(vm->L, enter, &entry);
    if (status != 0) {
        entry.code = aur_error_set(err, AUR_ESCRIPT, "%s: out of memory", vm->config.name);
        lua_settop(vm->L, 0);
    }
    if (vm->host_out_of_memory)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", vm->config.name);
    if (is_over(vm)) {
        if (entry.code == AUR_OK || status != 0)
            set_limit_error(vm, err);
        entry.code = AUR_ELIMIT;
    }
    if (err && entry.code != AUR_OK) {
        err->code = entry.code;
        aur_text_make_readable(err->message);
    }
    return entry.code;
}

/* ---- life ---- */

static uint64_t system_clock(void *user)
{
    (void)user;
    return aur_clock_mono_ns();
}

static int open_sandbox(lua_State *L)
{
    aur_sandbox_open(L);
    aur_sentinel_open(L);
    return 0;
}

int aur_vm_new(struct aur_vm **out, const struct aur_vm_config *config, struct aur_error *err)
{
    struct aur_vm *vm = calloc(1, sizeof *vm);
    if (!vm)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", config->name);
    vm->config = *config;
    if (!vm->config.instructions)
        vm->config.instructions = DEFAULT_INSTRUCTIONS;
    if (!vm->config.memory_bytes)
        vm->config.memory_bytes = DEFAULT_MEMORY;
    vm->hard_bytes = vm->config.memory_bytes + vm->config.memory_bytes / 8;
    if (!vm->config.clock)
        vm->config.clock = system_clock;
    if (vm->config.wall_ms)
        vm->deadline_ns = vm->config.clock(vm->config.user) + vm->config.wall_ms * (uint64_t)1000000;
    lua_State *L = lua_newstate(allocate, vm);
    int rc = AUR_OK;
    if (!L) {
        rc = aur_error_set(err, vm->host_out_of_memory ? AUR_ENOMEM : AUR_ELIMIT, "%s: no memory for a Lua state",
                           config->name);
        goto fail;
    }
    vm->L = L;
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    rc = aur_vm_call(vm, open_sandbox, NULL, err);
    if (rc != AUR_OK)
        goto fail;
    vm->spent = 0;
    lua_sethook(L, on_count, LUA_MASKCOUNT, HOOK_STEP);
    *out = vm;
    return AUR_OK;
fail:
    aur_vm_free(vm);
    return rc;
}

void aur_vm_usage(const struct aur_vm *vm, struct aur_vm_usage *out)
{
    *out = (struct aur_vm_usage){vm->peak, vm->collections};
}

void aur_vm_free(struct aur_vm *vm)
{
    if (vm && vm->L) {
        vm->closing = true;
        lua_close(vm->L);
    }
    free(vm);
}
