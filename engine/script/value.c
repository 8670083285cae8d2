/* Writing and reading plain data. Recursion is bounded by AUR_VALUE_DEPTH. Runs inside aur_vm_call. */
#include "script/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/vm.h"

static bool is_identifier(const char *text, size_t len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return len > 0 && !(text[0] >= '0' && text[0] <= '9') && strspn(text, letters) == len && text[len] == '\0';
}

/* ---- writing ---- */

/* One table on the way from the root to what is being written; the key at key_index leads on from it. */
struct step {
    const struct step *up;
    const void *table;
    int key_index;
};

#define TABLE_COST 400 /* instructions that writing a table counts for */

struct writer {
    lua_State *L;
    struct aur_buf *out;
    const char *name;
    struct aur_error *err;
};

static void add_path(struct writer *w, struct aur_buf *path, const struct step *step)
{
    if (!step)
        return;
    add_path(w, path, step->up);
    int k = step->key_index;
    size_t len;
    if (lua_type(w->L, k) == LUA_TNUMBER) {
        aur_buf_printf(path, "[%.14g]", lua_tonumber(w->L, k));
    } else if (lua_type(w->L, k) == LUA_TSTRING) {
        const char *text = lua_tolstring(w->L, k, &len);
        aur_buf_printf(path, is_identifier(text, len) ? ".%.60s" : "[\"%.60s\"]", text);
    } else {
        aur_buf_text(path, lua_toboolean(w->L, k) ? "[true]" : "[false]");
    }
}

static int refuse(struct writer *w, const struct step *step, const char *what)
{
    struct aur_buf path;
    aur_buf_init(&path);
    aur_buf_text(&path, w->name);
    add_path(w, &path, step);
    int rc = aur_error_set(w->err, AUR_EINVAL, "%s: %s", aur_buf_ok(&path) ? path.data : w->name, what);
    aur_buf_deinit(&path);
    return rc;
}

static void write_string(struct aur_buf *out, const char *text, size_t len)
{
    aur_buf_text(out, "\"");
    for (size_t i = 0; i < len && out->len <= AUR_VALUE_BYTES; i++) {
        unsigned char c = (unsigned char)text[i];
        char code[4] = {'\\', (char)('0' + c / 100), (char)('0' + c / 10 % 10), (char)('0' + c % 10)};
        if (c == '"' || c == '\\')
            aur_buf_add(out, (char[]){'\\', (char)c}, 2);
        else if (c == '\n')
            aur_buf_text(out, "\\n");
        else if (c < 32 || c == 127)
            aur_buf_add(out, code, sizeof code);
        else
            aur_buf_add(out, &c, 1);
    }
    aur_buf_text(out, "\"");
}

static void write_number(struct aur_buf *out, double x)
{
    bool integer = floor(x) == x && fabs(x) < 0x1p53;
    aur_buf_printf(out, integer ? "%.0f" : "%.17g", x);
}

static void write_key(struct writer *w, int index)
{
    size_t len;
    const char *text = lua_type(w->L, index) == LUA_TSTRING ? lua_tolstring(w->L, index, &len) : NULL;
    bool bare = text && is_identifier(text, len);
    if (!bare)
        aur_buf_text(w->out, "[");
    if (bare)
        aur_buf_add(w->out, text, len);
    else if (text)
        write_string(w->out, text, len);
    else if (lua_type(w->L, index) == LUA_TNUMBER)
        write_number(w->out, lua_tonumber(w->L, index));
    else
        aur_buf_text(w->out, lua_toboolean(w->L, index) ? "true" : "false");
    aur_buf_text(w->out, bare ? "=" : "]=");
}

static int write_value(struct writer *w, int index, const struct step *at, int depth);

/* Whether all keys can be kept; fills *bad with the type of one that cannot. */
static bool keys_are_plain(lua_State *L, int index, const char **bad)
{
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        int type = lua_type(L, -2);
        bool infinite = type == LUA_TNUMBER && isinf(lua_tonumber(L, -2));
        if ((type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN) || infinite) {
            *bad = infinite ? "n infinite number" : type == LUA_TTABLE ? " table" : luaL_typename(L, -2);
            lua_pop(L, 2);
            return false;
        }
    }
    return true;
}

static int write_table(struct writer *w, int index, const struct step *at, int depth)
{
    lua_State *L = w->L;
    const void *table = lua_topointer(L, index);
    for (const struct step *up = at; up; up = up->up)
        if (up->table == table)
            return refuse(w, at, "a cycle cannot be kept");
    if (depth >= AUR_VALUE_DEPTH)
        return refuse(w, at, "tables nested this deeply cannot be kept");
    luaL_checkstack(L, 8, "state");
    aur_vm_charge(L, TABLE_COST);
    if (lua_getmetatable(L, index)) {
        lua_pop(L, 1);
        return refuse(w, at, "a table with a metatable cannot be kept, only plain data");
    }
    const char *bad = "";
    if (!keys_are_plain(L, index, &bad)) {
        char what[64];
        snprintf(what, sizeof what, "a key that is a%s%s cannot be kept", *bad == ' ' || *bad == 'n' ? "" : " ", bad);
        return refuse(w, at, what);
    }
    int n = aur_keys_push(L, index), keys = lua_gettop(L), rc = AUR_OK;
    aur_buf_text(w->out, "{");
    for (int i = 1; i <= n && rc == AUR_OK; i++) {
        lua_rawgeti(L, keys, i);
        lua_pushvalue(L, -1);
        lua_rawget(L, index);
        struct step step = {at, table, keys + 1};
        if (i > 1)
            aur_buf_text(w->out, ",");
        write_key(w, keys + 1);
        rc = write_value(w, keys + 2, &step, depth + 1);
        lua_pop(L, 2);
    }
    aur_buf_text(w->out, "}");
    lua_pop(L, 1);
    return rc;
}

static int write_value(struct writer *w, int index, const struct step *at, int depth)
{
    size_t len;
    double x;
    char what[64];
    if (w->out->len > AUR_VALUE_BYTES)
        return refuse(w, NULL, "more than 1 MiB of text cannot be kept");
    switch (lua_type(w->L, index)) {
    case LUA_TTABLE:
        return write_table(w, index, at, depth);
    case LUA_TNUMBER:
        x = lua_tonumber(w->L, index);
        if (!isfinite(x))
            return refuse(w, at, x != x ? "NaN cannot be kept" : "an infinite number cannot be kept");
        write_number(w->out, x);
        return AUR_OK;
    case LUA_TSTRING: {
        const char *text = lua_tolstring(w->L, index, &len);
        write_string(w->out, text, len);
        return AUR_OK;
    }
    case LUA_TBOOLEAN:
        aur_buf_text(w->out, lua_toboolean(w->L, index) ? "true" : "false");
        return AUR_OK;
    default:
        snprintf(what, sizeof what, "a %s cannot be kept", luaL_typename(w->L, index));
        return refuse(w, at, what);
    }
}

int aur_value_write(lua_State *L, int index, struct aur_buf *out, const char *name, struct aur_error *err)
{
    if (index < 0 && index > LUA_REGISTRYINDEX)
        index = lua_gettop(L) + index + 1;
    int top = lua_gettop(L);
    struct writer w = {L, out, name, err};
    int rc = write_value(&w, index, NULL, 0);
    lua_settop(L, top);
    if (rc == AUR_OK && !aur_buf_ok(out))
        rc = aur_error_set(err, AUR_ENOMEM, "%s: out of memory", name);
    if (rc == AUR_OK && out->len > AUR_VALUE_BYTES)
        rc = refuse(&w, NULL, "more than 1 MiB of text cannot be kept");
    return rc;
}

/* ---- reading: each function pushes one value and moves *p on, or returns false ---- */

static bool read_value(lua_State *L, const char **p, int depth);

static bool skip(const char **p, char c)
{
    if (**p != c)
        return false;
    ++*p;
    return true;
}

static bool read_word(lua_State *L, const char **p)
{
    static const char *const words[] = {"false", "true"};
    for (int i = 0; i < 2; i++)
        if (strncmp(*p, words[i], strlen(words[i])) == 0) {
            *p += strlen(words[i]);
            lua_pushboolean(L, i);
            return true;
        }
    return false;
}

static bool read_number(lua_State *L, const char **p)
{
    size_t n = strspn(*p, "-+0123456789.e");
    char *end, copy[40];
    if (n == 0 || n >= sizeof copy)
        return false;
    memcpy(copy, *p, n);
    copy[n] = '\0';
    double x = strtod(copy, &end);
    if (*end || !isfinite(x))
        return false;
    *p += n;
    lua_pushnumber(L, x);
    return true;
}

/* The byte that the escape at p stands for (p is behind the backslash), or -1. */
static int read_escape(const char **p)
{
    int c = **p;
    if (c == 'n' || c == '"' || c == '\\') {
        ++*p;
        return c == 'n' ? '\n' : c;
    }
    int value = 0;
    for (int i = 0; i < 3; i++, ++*p) {
        if (**p < '0' || **p > '9')
            return -1;
        value = value * 10 + (**p - '0');
    }
    return value < 256 ? value : -1;
}

static bool read_string(lua_State *L, const char **p)
{
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    if (!skip(p, '"'))
        return false;
    while (**p && **p != '"') {
        int c = (unsigned char)*(*p)++;
        if (c == '\\')
            c = read_escape(p);
        if (c < 0)
            return false;
        luaL_addchar(&out, (char)c);
    }
    luaL_pushresult(&out);
    return skip(p, '"');
}

static bool read_key(lua_State *L, const char **p)
{
    if (skip(p, '['))
        return (**p == '"' ? read_string(L, p) : read_word(L, p) || read_number(L, p)) && skip(p, ']');
    size_t n = strspn(*p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    lua_pushlstring(L, *p, n);
    *p += n;
    return n > 0;
}

static bool read_table(lua_State *L, const char **p, int depth)
{
    luaL_checkstack(L, 8, "state");
    aur_vm_charge(L, TABLE_COST);
    lua_newtable(L);
    if (depth >= AUR_VALUE_DEPTH || !skip(p, '{'))
        return false;
    if (skip(p, '}'))
        return true;
    do {
        if (!read_key(L, p) || !skip(p, '=') || !read_value(L, p, depth + 1))
            return false;
        lua_rawset(L, -3);
    } while (skip(p, ','));
    return skip(p, '}');
}

static bool read_value(lua_State *L, const char **p, int depth)
{
    if (**p == '{')
        return read_table(L, p, depth);
    return **p == '"' ? read_string(L, p) : read_word(L, p) || read_number(L, p);
}

int aur_value_read(lua_State *L, const char *text, struct aur_error *err)
{
    int top = lua_gettop(L);
    const char *p = text;
    if (read_value(L, &p, 0) && *p == '\0')
        return AUR_OK;
    lua_settop(L, top);
    return aur_error_set(err, AUR_EINVAL, "state: cannot be read at byte %zu of its text", (size_t)(p - text));
}
