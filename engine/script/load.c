/* Compiling a script's text: only text, only Lua, and with the exact place of a syntax error. Runs inside aur_vm_call. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "script/lexer.h"
#include "script/libs.h"

#define BYTE_COST     4       /* instructions that compiling a byte counts for */
#define TRIES_MAX     32      /* looking for the place of an error */
#define TRY_BYTES_MAX 1000000 /* ... in texts up to this size */
#define TOKEN_BYTES   64

/* LuaJIT's 64-bit integers and imaginary numbers would bring in its FFI. */
static void refuse_cdata(lua_State *L, const char *path, const char *text, size_t len)
{
    struct aur_lexer lexer;
    aur_lexer_init(&lexer, text, len);
    for (;;) {
        struct aur_token token = aur_lexer_next(&lexer);
        if (token.type == AUR_TOKEN_END)
            return;
        char last = token.len ? token.start[token.len - 1] | 0x20 : 0;
        if (token.type == AUR_TOKEN_NUMBER && (last == 'l' || last == 'i'))
            luaL_error(L, "%s:%d: numbers like 42LL and 2i are not part of the language here", path, token.line);
    }
}

/* LuaJIT would read what is before it as the whole text. */
static void refuse_zero(lua_State *L, const char *path, const char *text, size_t len)
{
    int line = 1;
    const char *zero = memchr(text, '\0', len);
    for (const char *at = text; zero && at < zero; at++)
        line += *at == '\n';
    if (zero)
        luaL_error(L, "%s:%d: a zero byte; a script is plain text, in ASCII or UTF-8", path, line);
}

/* The token that the message names at its end: near 'token'. */
static bool read_near(char out[TOKEN_BYTES], const char *message)
{
    const char *near = NULL;
    for (const char *at = message; (at = strstr(at, " near '")); at++)
        near = at + strlen(" near '");
    size_t n = near ? strlen(near) : 0;
    if (n < 2 || n > TOKEN_BYTES || near[n - 1] != '\'')
        return false;
    memcpy(out, near, n - 1);
    out[n - 1] = '\0';
    return true;
}

/* Column of the error whose message is on the stack's top: the first place of its token on its line at which the text, cut
 * behind it, gives the same message. 0 if there is none. */
static int find_column(lua_State *L, const char *chunk, const char *text, size_t len)
{
    const char *message = lua_tostring(L, -1), *colon = message ? strchr(message, ':') : NULL;
    char token[TOKEN_BYTES];
    int line = 0;
    if (!colon || sscanf(colon, ":%d:", &line) != 1 || !read_near(token, colon))
        return 0;
    const char *start = text, *at;
    for (; start && line > 1; line--)
        start = memchr(start, '\n', (size_t)(text + len - start)) ? strchr(start, '\n') + 1 : NULL;
    if (!start || len > TRY_BYTES_MAX)
        return 0;
    size_t n = strlen(token), width = strcspn(start, "\n");
    at = start;
    for (int tries = 0; tries < TRIES_MAX && (at = memmem(at, width - (size_t)(at - start), token, n)); tries++, at++) {
        size_t cut = (size_t)(at - text) + n;
        aur_vm_charge(L, cut * BYTE_COST);
        int status = luaL_loadbufferx(L, text, cut, chunk, "t");
        bool same = status != 0 && lua_isstring(L, -1) && strcmp(lua_tostring(L, -1), message) == 0;
        lua_pop(L, 1);
        if (same)
            return (int)(at - start) + 1;
    }
    return 0;
}

static void remember_column(lua_State *L, int column)
{
    struct aur_vm *vm = aur_vm_of(L);
    vm->column = column;
    snprintf(vm->column_at, sizeof vm->column_at, "%s", lua_tostring(L, -1));
}

int aur_load_column(const struct aur_vm *vm, const char *message)
{
    return vm->column && strncmp(message, vm->column_at, strlen(vm->column_at)) == 0 ? vm->column : 0;
}

void aur_vm_load(lua_State *L, const char *path, const char *text, size_t len)
{
    struct aur_lexer lexer;
    aur_lexer_init(&lexer, text, len); /* skips what LuaJIT skips before it looks for bytecode */
    const char *first = lexer.at + (*lexer.at == '\n');
    if (len > 0 && (text[0] == '\033' || *first == '\033'))
        luaL_error(L, "%s:1: bytecode is not allowed, only source text", path);
    refuse_zero(L, path, text, len);
    aur_vm_charge(L, len * BYTE_COST);
    refuse_cdata(L, path, text, len);
    const char *chunk = lua_pushfstring(L, "@%s", path);
    if (luaL_loadbufferx(L, text, len, chunk, "t") == 0) {
        lua_remove(L, -2);
        return;
    }
    int column = find_column(L, chunk, text, len);
    /* Lua shortens long paths in its messages. */
    const char *message = lua_tostring(L, -1);
    if (message && strncmp(message, "...", 3) == 0 && strchr(message, ':'))
        lua_pushfstring(L, "%s%s", path, strchr(message, ':'));
    if (lua_isstring(L, -1))
        remember_column(L, column);
    lua_error(L);
}

void aur_vm_load_module(lua_State *L, const struct aur_vm_module *module)
{
    if (!module->code) {
        aur_vm_load(L, module->path, module->text, module->len);
        return;
    }
    aur_vm_charge(L, module->len * BYTE_COST);
    const char *chunk = lua_pushfstring(L, "@%s", module->path);
    if (luaL_loadbufferx(L, module->code, module->code_len, chunk, "b") != 0)
        lua_error(L);
    lua_remove(L, -2);
}

static int write_code(lua_State *L, const void *data, size_t size, void *out)
{
    (void)L;
    aur_buf_add(out, data, size);
    return 0;
}

void aur_vm_dump(lua_State *L, struct aur_buf *out)
{
    lua_dump(L, write_code, out);
}
