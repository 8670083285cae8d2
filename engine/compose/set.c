/* ctx:set: parameters of patches and effects for this phrase alone, in the form of the piece's own table. They are set in the
 * job's copies, so the next phrase begins from the piece's table again; what glides from one phrase to the next is the
 * synth's affair. Runs inside aur_vm_call. */
#include <stdio.h>
#include <string.h>

#include "compose/inner.h"

/* Calls set for each entry of the table at index, in the order of names, with the value on top. */
static void each(lua_State *L, int index, const char *where,
                 void (*set)(lua_State *L, const char *where, const char *name, void *user), void *user)
{
    if (!lua_istable(L, index))
        aur_ctx_bad(L, "%s: a table is needed, not a %s", where, luaL_typename(L, index));
    aur_vm_check_stack(L);
    int n = aur_keys_push(L, index), keys = lua_gettop(L);
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, keys, i);
        const char *name = aur_vm_tostring(L, -1);
        lua_pushvalue(L, -2);
        lua_rawget(L, index);
        set(L, where, name, user);
        lua_settop(L, keys);
    }
    lua_pop(L, 1);
}

struct target {
    float *params;
    const struct aur_param_table *table;
};

static void set_param(lua_State *L, const char *where, const char *name, void *user)
{
    const struct target *target = user;
    struct aur_error err;
    if (aur_param_find(target->table, name) >= 0 && lua_type(L, -1) != LUA_TNUMBER)
        aur_ctx_bad(L, "%s.%.40s: a number is needed, not a %s", where, name, luaL_typename(L, -1));
    if (aur_param_set(target->params, target->table, name, lua_tonumber(L, -1), &err) != AUR_OK)
        aur_ctx_bad(L, "%s: %s", where, err.message);
}

static void set_params(lua_State *L, const char *where, const char *name, struct target *target)
{
    char inner[100];
    snprintf(inner, sizeof inner, "%s.%s", where, name);
    each(L, lua_gettop(L), inner, set_param, target);
}

static void set_patch(lua_State *L, const char *where, const char *name, void *user)
{
    struct aur_job *job = user;
    char allowed[AUR_PATCHES_MAX * (AUR_PATCH_NAME_SIZE + 2)] = "none, the piece declares no patches";
    size_t used = 0;
    for (uint32_t i = 0; i < job->phrase.n_patches; i++) {
        struct aur_patch *patch = &job->patches[i];
        if (strcmp(patch->name, name) == 0) {
            set_params(L, where, name, &(struct target){patch->params, &aur_voices[patch->voice]});
            return;
        }
        used += (size_t)snprintf(allowed + used, sizeof allowed - used, "%s%s", i ? ", " : "", patch->name);
    }
    char hint[AUR_HINT_SIZE];
    aur_error_hint(hint, name, allowed);
    aur_ctx_bad(L, "%s: '%.40s' is not one of the piece's%s; allowed: %s", where, name, hint, allowed);
}

static void set_effect(lua_State *L, const char *where, const char *name, void *user)
{
    struct aur_job *job = user;
    char allowed[128] = "", hint[AUR_HINT_SIZE];
    size_t used = 0;
    int kind = aur_effect_find(name);
    for (int i = 0; i < AUR_EFFECTS; i++)
        used += (size_t)snprintf(allowed + used, sizeof allowed - used, "%s%s", i ? ", " : "", aur_effects[i].name);
    if (kind < 0)
        aur_ctx_bad(L, "%s: '%.40s' is not an effect%s; allowed: %s", where, name, aur_error_hint(hint, name, allowed),
                    allowed);
    set_params(L, where, name, &(struct target){job->phrase.effects.params[kind], &aur_effects[kind]});
}

static void set_group(lua_State *L, const char *where, const char *name, void *user)
{
    bool patches = strcmp(name, "patches") == 0;
    if (!patches && strcmp(name, "effects") != 0)
        aur_ctx_bad(L, "%s: '%.40s' is not a field; allowed: patches, effects", where, name);
    each(L, lua_gettop(L), patches ? "set: patches" : "set: effects", patches ? set_patch : set_effect, user);
}

int aur_ctx_set(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TUSERDATA || !lua_istable(L, 2))
        aur_ctx_bad(L, "set: it is called as ctx:set { patches = { ... }, effects = { ... } }");
    each(L, 2, "set", set_group, aur_vm_user(L));
    return 0;
}
