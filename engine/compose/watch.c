/* What phrase changes outside of state: a snapshot of the script's locals before the call, compared after it. Only for
 * rehearsals. Runs inside aur_vm_call.
 *
 * The locals are the upvalues of phrase and of the functions that it reaches, as far as they are the script's own. A table's
 * content counts too, a few levels deep; modules are left out, as are values that a phrase may well put there anew (ctx, a
 * stream). */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "compose/inner.h"
#include "script/lexer.h"

#define DEPTH_MAX   4
#define ENTRIES_MAX 20000 /* looked at for one local; the content of larger ones does not count */

/* Indices of the tables on the stack. */
struct watch {
    lua_State *L;
    const struct aur_piece *piece;
    int seen;   /* function or table -> true */
    int locals; /* array of { function, upvalue's number, value, content } */
};

static uint64_t hash_value(lua_State *L, int index, int depth, int *room);

/* The same for the same entries in any order. */
static uint64_t hash_table(lua_State *L, int index, int depth, int *room)
{
    uint64_t sum = 0;
    luaL_checkstack(L, 6, "too many nested tables");
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        int value = lua_gettop(L);
        if (--*room < 0) {
            lua_pop(L, 2);
            break;
        }
        sum += aur_mix64(hash_value(L, value - 1, 0, room) * 31 + hash_value(L, value, depth - 1, room));
    }
    return sum;
}

static uint64_t hash_value(lua_State *L, int index, int depth, int *room)
{
    size_t len;
    double number;
    const void *address;
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        number = lua_tonumber(L, index);
        return aur_hash64(&number, sizeof number, AUR_HASH_START);
    case LUA_TSTRING: {
        const char *text = lua_tolstring(L, index, &len);
        return aur_hash64(text, len < 1000 ? len : 1000, AUR_HASH_START + len);
    }
    case LUA_TBOOLEAN:
        return lua_toboolean(L, index) ? 2 : 1;
    case LUA_TTABLE:
        if (depth > 0)
            return hash_table(L, index, depth, room);
        /* fall through */
    default:
        address = lua_topointer(L, index);
        return aur_hash64(&address, sizeof address, AUR_HASH_START);
    }
}

/* Whether the value at index was met before; remembers it. */
static bool was_seen(struct watch *w, int index)
{
    lua_pushvalue(w->L, index);
    lua_rawget(w->L, w->seen);
    bool seen = lua_toboolean(w->L, -1);
    lua_pop(w->L, 1);
    lua_pushvalue(w->L, index);
    lua_pushboolean(w->L, 1);
    lua_rawset(w->L, w->seen);
    return seen;
}

static void push_hash(lua_State *L, int index)
{
    int room = ENTRIES_MAX;
    uint64_t hash = lua_istable(L, index) ? hash_value(L, index, DEPTH_MAX, &room) : 0;
    hash = room < 0 ? 0 : hash;
    lua_pushlstring(L, (const char *)&hash, sizeof hash);
}

/* Adds the local whose value is on top. */
static void add_local(struct watch *w, int function, int upvalue)
{
    lua_State *L = w->L;
    int value = lua_gettop(L);
    lua_createtable(L, 4, 0);
    lua_pushvalue(L, function);
    lua_rawseti(L, -2, 1);
    lua_pushinteger(L, upvalue);
    lua_rawseti(L, -2, 2);
    lua_pushvalue(L, value);
    lua_rawseti(L, -2, 3);
    push_hash(L, value);
    lua_rawseti(L, -2, 4);
    lua_rawseti(L, w->locals, (int)lua_objlen(L, w->locals) + 1);
}

static bool is_scripts_own(struct watch *w, int index)
{
    lua_Debug at;
    lua_pushvalue(w->L, index);
    return lua_isfunction(w->L, -1) && lua_getinfo(w->L, ">S", &at) && *at.source == '@' &&
           strcmp(at.source + 1, w->piece->path) == 0;
}

static void add_function(struct watch *w, int function, int depth);

/* The functions in a table of the script's. */
static void add_methods(struct watch *w, int table, int depth)
{
    int n = 0;
    for (lua_pushnil(w->L); lua_next(w->L, table); lua_pop(w->L, 1)) {
        if (++n > ENTRIES_MAX) {
            lua_pop(w->L, 2);
            return;
        }
        if (lua_isfunction(w->L, -1))
            add_function(w, lua_gettop(w->L), depth + 1);
    }
}

static void add_function(struct watch *w, int function, int depth)
{
    lua_State *L = w->L;
    luaL_checkstack(L, 10, "too many nested functions");
    if (depth > DEPTH_MAX || lua_iscfunction(L, function) || !is_scripts_own(w, function) || was_seen(w, function))
        return;
    for (int i = 1; lua_getupvalue(L, function, i); i++, lua_pop(L, 1)) {
        int value = lua_gettop(L), type = lua_type(L, value);
        if (type == LUA_TTABLE && was_seen(w, value)) /* a module, or met before */
            continue;
        add_local(w, function, i);
        if (type == LUA_TFUNCTION)
            add_function(w, value, depth + 1);
        else if (type == LUA_TTABLE)
            add_methods(w, value, depth);
    }
}

void aur_watch_begin(lua_State *L, const struct aur_piece *piece)
{
    struct watch w = {L, piece, 0, 0};
    int phrase = lua_gettop(L);
    lua_newtable(L);
    w.locals = lua_gettop(L);
    lua_newtable(L);
    w.seen = lua_gettop(L);
    aur_modules_push(L);
    int modules = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, modules); lua_pop(L, 1))
        was_seen(&w, lua_gettop(L));
    add_function(&w, phrase, 0);
    lua_settop(L, w.locals);
}

/* Whether the local in the table at `entry` has changed. */
static bool has_changed(lua_State *L, int entry, const char **name)
{
    int top = lua_gettop(L);
    lua_rawgeti(L, entry, 2);
    int upvalue = (int)lua_tointeger(L, -1);
    lua_rawgeti(L, entry, 1);
    *name = lua_getupvalue(L, -1, upvalue);
    int now = lua_gettop(L);
    lua_rawgeti(L, entry, 3);
    bool changed = !lua_rawequal(L, now, -1) && lua_type(L, now) != LUA_TUSERDATA;
    if (!changed && lua_istable(L, now)) {
        push_hash(L, now);
        lua_rawgeti(L, entry, 4);
        changed = !lua_rawequal(L, -1, -2);
    }
    lua_settop(L, top);
    return changed;
}

void aur_watch_end(lua_State *L, const struct aur_piece *piece, int locals, int line, aur_diagnostic_fn *on_warning,
                   void *user)
{
    int n = (int)lua_objlen(L, locals);
    for (int i = 1; i <= n; i++) {
        const char *name;
        lua_rawgeti(L, locals, i);
        bool changed = has_changed(L, lua_gettop(L), &name);
        lua_pop(L, 1);
        if (!changed || !name)
            continue;
        struct aur_diagnostic d = {.severity = AUR_SEVERITY_WARNING};
        int at = aur_lexer_find_local(piece->text, piece->len, name);
        snprintf(d.file, sizeof d.file, "%s", piece->path);
        d.line = at ? at : line;
        d.column = aur_diagnostic_indent(piece->text, d.line);
        snprintf(
            d.message, sizeof d.message,
            "phrase changes the local '%.100s', and the next phrase does not see it: what has to last belongs in state",
            name);
        on_warning(user, &d);
    }
}
