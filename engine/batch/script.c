/* Running a batch script: one VM, thrown away when its entries are known. Limits are those of pieces, so a script that never
 * ends is an error. Whatever C allocates while Lua may raise is reachable from struct run, and freed after the VM. */
#include "batch/script.h"

#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "batch/fields.h"
#include "script/vm.h"

#define MODULES_MAX    64
#define JSON_BYTES_MAX ((size_t)64 << 20)
#define JSON_DEPTH     64
#define SEED           1 /* of random in batch scripts */

struct run {
    const struct aur_batch_source *source;
    struct aur_batch_list *list;
    struct aur_batch_entry start; /* what defaults { ... } made of it */
    char folder[4096];            /* of the script, with '/' at its end, or "" */
    struct aur_buf text, json_text;
    json_t *json;
    struct aur_buf modules[MODULES_MAX];
    char *module_paths[MODULES_MAX];
    size_t n_modules;
};

static struct run *run_of(lua_State *L)
{
    return aur_vm_user(L);
}

/* ---- what scripts call ---- */

/* Line of the script that called. */
static int caller_line(lua_State *L)
{
    lua_Debug at;
    for (int level = 1; lua_getstack(L, level, &at); level++)
        if (lua_getinfo(L, "l", &at) && at.currentline > 0)
            return at.currentline;
    return 0;
}

static int defaults(lua_State *L)
{
    struct run *run = run_of(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    aur_batch_fields_read(L, 1, run->list, &run->start);
    if (run->start.name)
        return luaL_error(L, "name: each entry has its own");
    return 0;
}

static int render(lua_State *L)
{
    struct run *run = run_of(L);
    struct aur_batch_entry entry = run->start;
    struct aur_error err = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    aur_batch_fields_read(L, 1, run->list, &entry);
    entry.line = caller_line(L);
    aur_vm_charge(L, 100);
    if (aur_batch_entry_check(&entry, &err) != AUR_OK || aur_batch_add(run->list, &entry, &err) != AUR_OK)
        aur_batch_raise(L, &err);
    return 0;
}

static int stream(lua_State *L)
{
    aur_stream_push(L, luaL_checkstring(L, 1));
    return 1;
}

/* ---- data ---- */

static void push_json(lua_State *L, const json_t *value, int depth);

static void push_object(lua_State *L, const json_t *object, int depth)
{
    lua_newtable(L);
    for (void *at = json_object_iter((json_t *)(uintptr_t)object); at;
         at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        lua_pushstring(L, json_object_iter_key(at));
        push_json(L, json_object_iter_value(at), depth + 1);
        lua_rawset(L, -3);
    }
}

static void push_array(lua_State *L, const json_t *array, int depth)
{
    lua_newtable(L);
    for (size_t i = 0; i < json_array_size(array); i++) {
        push_json(L, json_array_get(array, i), depth + 1);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

/* null is nil. */
static void push_json(lua_State *L, const json_t *value, int depth)
{
    aur_vm_charge(L, 10);
    luaL_checkstack(L, 4, "read_json");
    if (depth > JSON_DEPTH)
        luaL_error(L, "read_json: more than %d tables deep", JSON_DEPTH);
    if (json_is_object(value))
        push_object(L, value, depth);
    else if (json_is_array(value))
        push_array(L, value, depth);
    else if (json_is_string(value))
        lua_pushlstring(L, json_string_value(value), json_string_length(value));
    else if (json_is_number(value))
        lua_pushnumber(L, json_number_value(value));
    else if (json_is_boolean(value))
        lua_pushboolean(L, json_is_true(value));
    else
        lua_pushnil(L);
}

/* Files in the script's folder and below it: a script that somebody sent reads nothing else. */
static bool is_below(const char *path)
{
    if (!*path || *path == '/')
        return false;
    for (const char *at = path; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
        if (strncmp(at, "..", 2) == 0 && (!at[2] || at[2] == '/'))
            return false;
    return true;
}

static int read_json(lua_State *L)
{
    struct run *run = run_of(L);
    struct aur_error err = {0};
    json_error_t at;
    char path[8192];
    const char *name = luaL_checkstring(L, 1);
    if (!is_below(name))
        return luaL_error(L, "read_json: \"%s\" is not allowed; allowed: a file in the script's folder", name);
    snprintf(path, sizeof path, "%s%s", run->folder, name);
    aur_buf_deinit(&run->json_text);
    if (aur_buf_read_file(&run->json_text, path, JSON_BYTES_MAX, &err) != AUR_OK)
        return luaL_error(L, "read_json: %s", err.message);
    json_decref(run->json);
    run->json = json_loadb(run->json_text.data ? run->json_text.data : "", run->json_text.len, JSON_DECODE_ANY, &at);
    if (!run->json)
        return luaL_error(L, "read_json: %s:%d: %s", path, at.line, at.text);
    push_json(L, run->json, 0);
    return 1;
}

/* ---- the VM ---- */

static int find_module(void *user, struct aur_vm_module *out, const char *name, struct aur_error *err)
{
    struct run *run = user;
    const size_t i = run->n_modules;
    char path[8192];
    struct stat about;
    if (i == MODULES_MAX)
        return aur_error_set(err, AUR_ELIMIT, "more than %d modules", MODULES_MAX);
    snprintf(path, sizeof path, "%s%s.lua", run->folder, name);
    if ((stat(path, &about) != 0 || !S_ISREG(about.st_mode)) && run->source->lib_dir)
        snprintf(path, sizeof path, "%s/%s.lua", run->source->lib_dir, name);
    int rc = aur_buf_read_file(&run->modules[i], path, run->source->source_bytes, err);
    run->module_paths[i] = strdup(path);
    run->n_modules++;
    if (rc == AUR_OK && !run->module_paths[i])
        rc = aur_error_set(err, AUR_ENOMEM, "out of memory");
    *out = (struct aur_vm_module){run->module_paths[i], run->modules[i].data ? run->modules[i].data : "",
                                  run->modules[i].len, NULL, 0};
    return rc;
}

static void print_line(void *user, const char *line)
{
    const struct run *run = user;
    aur_log(run->source->log, AUR_LOG_INFO, "script", "%s: %s", run->source->path, line);
}

static int body(lua_State *L)
{
    static const luaL_Reg globals[] = {
        {"defaults", defaults}, {"render", render}, {"read_json", read_json}, {"random", stream}, {NULL, NULL}};
    struct run *run = lua_touserdata(L, 1);
    for (const luaL_Reg *global = globals; global->name; global++) {
        lua_pushstring(L, global->name);
        lua_pushcfunction(L, global->func);
        lua_rawset(L, LUA_GLOBALSINDEX);
    }
    aur_vm_seed(L, SEED, 0);
    aur_vm_load(L, run->source->path, run->text.data ? run->text.data : "", run->text.len);
    lua_call(L, 0, 0);
    return 0;
}

static int run_vm(struct run *run, struct aur_error *err)
{
    const struct aur_vm_config config = {.name = run->source->path,
                                         .instructions = run->source->instructions,
                                         .memory_bytes = run->source->memory_bytes,
                                         .find_module = find_module,
                                         .print = print_line,
                                         .user = run};
    struct aur_vm *vm;
    int rc = aur_vm_new(&vm, &config, err);
    if (rc != AUR_OK)
        return rc;
    rc = aur_vm_call(vm, body, run, err);
    aur_vm_free(vm);
    return rc;
}

/* The script's own errors carry a line; these are found when it has ended. */
static int check_names(const struct run *run, struct aur_error *err)
{
    struct aur_error found = {0};
    int line = 0, rc = aur_batch_names_check(run->list, &line, &found);
    if (rc == AUR_EINVAL)
        return aur_error_set(err, AUR_ESCRIPT, "%s:%d: %.900s", run->source->path, line, found.message);
    if (rc == AUR_OK && !run->list->n)
        return aur_error_set(err, AUR_ESCRIPT, "%s: it describes nothing; render { ... } does", run->source->path);
    return rc == AUR_OK ? rc : aur_error_set(err, rc, "%s", found.message);
}

int aur_batch_script_run(struct aur_batch_list *out, const struct aur_batch_source *source, struct aur_error *err)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    run->source = source;
    run->list = out;
    aur_batch_entry_default(&run->start);
    const char *slash = strrchr(source->path, '/');
    snprintf(run->folder, sizeof run->folder, "%.*s", slash ? (int)(slash - source->path + 1) : 0, source->path);
    int rc = aur_buf_read_file(&run->text, source->path, source->source_bytes, err);
    if (rc == AUR_OK)
        rc = run_vm(run, err);
    if (rc == AUR_OK)
        rc = check_names(run, err);
    json_decref(run->json);
    aur_buf_deinit(&run->text);
    aur_buf_deinit(&run->json_text);
    for (size_t i = 0; i < run->n_modules; i++) {
        aur_buf_deinit(&run->modules[i]);
        free(run->module_paths[i]);
    }
    free(run);
    return rc;
}
