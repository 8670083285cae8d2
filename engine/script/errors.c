/* From a Lua error to one text: "file:line: message" and a traceback. Runs inside aur_vm_call. */
#include <stdio.h>
#include <string.h>

#include "base/diagnostic.h"
#include "script/libs.h"

#define PLACE_LEVELS  50
#define TRACE_LEVELS  12
#define MESSAGE_BYTES 900 /* what struct aur_error keeps of one, and a little of the traceback */

bool aur_has_position(const char *text)
{
    return aur_diagnostic_place(text, NULL) > 0;
}

void aur_vm_note_place(struct aur_vm *vm, lua_State *L)
{
    lua_Debug at;
    for (int level = 0; level < PLACE_LEVELS && lua_getstack(L, level, &at); level++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline <= 0)
            continue;
        snprintf(vm->place, sizeof vm->place, "%s:%d", at.source + 1, at.currentline);
        return;
    }
}

static void add_trace(lua_State *L, luaL_Buffer *out)
{
    lua_Debug at;
    int shown = 0;
    for (int level = 1; shown < TRACE_LEVELS && lua_getstack(L, level, &at); level++) {
        lua_getinfo(L, "Sln", &at);
        if (at.currentline <= 0)
            continue;
        lua_pushfstring(L, "\n  %s:%d: in ", at.source + 1, at.currentline);
        luaL_addvalue(out);
        if (*at.what == 'm')
            lua_pushliteral(L, "the main chunk");
        else if (at.name)
            lua_pushfstring(L, "function %s", at.name);
        else
            lua_pushfstring(L, "a function of line %d", at.linedefined);
        luaL_addvalue(out);
        shown++;
    }
}

/* Adds "file:line: " where the text has none, and the full path where Lua shortened it. */
static void add_message(lua_State *L, luaL_Buffer *out, const char *text)
{
    bool positioned = aur_has_position(text);
    lua_Debug at;
    for (int level = 1; lua_getstack(L, level, &at); level++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline <= 0)
            continue;
        size_t n = strlen(at.short_src);
        if (!positioned) {
            lua_pushfstring(L, "%s:%d: ", at.source + 1, at.currentline);
            luaL_addvalue(out);
            break;
        }
        if (strncmp(text, "...", 3) == 0 && strncmp(text, at.short_src, n) == 0 && text[n] == ':') {
            luaL_addstring(out, at.source + 1);
            text += n;
            break;
        }
    }
    luaL_addstring(out, text);
}

int aur_vm_on_error(lua_State *L)
{
    aur_vm_note_place(aur_vm_of(L), L);
    const char *text = lua_isstring(L, 1) ? lua_tostring(L, 1) : NULL;
    if (!text)
        text = lua_pushfstring(L, "the error object is a %s value, not a message", luaL_typename(L, 1));
    if (strlen(text) > MESSAGE_BYTES) {
        lua_pushlstring(L, text, MESSAGE_BYTES);
        text = lua_tostring(L, -1);
    }
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    add_message(L, &out, text);
    add_trace(L, &out);
    luaL_pushresult(&out);
    return 1;
}
