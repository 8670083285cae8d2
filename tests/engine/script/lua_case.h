/* Running a piece of Lua text in a VM of its own, for the tests of script/. */
#ifndef AUR_TESTS_LUA_CASE_H
#define AUR_TESTS_LUA_CASE_H

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "script/vm.h"
#include "support/unit.h"

struct lua_case {
    const char *text; /* run as the file "case.lua" */
    size_t len;       /* 0: to the NUL */
    struct aur_vm_config config;
    const struct aur_vm_module *modules; /* ends with a NULL text; path is the name too */
    bool draws;                          /* seeds the random streams */
    uint64_t seed, phrase;
    /* out */
    struct aur_error err;
    struct aur_buf printed; /* each line with '\n' */
};

/* Returns what aur_vm_call returned. */
static int lua_case_run(struct lua_case *c);
static void lua_case_free(struct lua_case *c);

static void lua_case_print(void *user, const char *line)
{
    struct lua_case *c = user;
    aur_buf_printf(&c->printed, "%s\n", line);
}

static int lua_case_find(void *user, struct aur_vm_module *out, const char *name, struct aur_error *err)
{
    const struct lua_case *c = user;
    for (const struct aur_vm_module *m = c->modules; m && m->text; m++)
        if (strcmp(m->path, name) == 0) {
            *out = *m;
            out->len = strlen(m->text);
            return AUR_OK;
        }
    return aur_error_set(err, AUR_ENOTFOUND, "no such module");
}

static int lua_case_body(lua_State *L)
{
    struct lua_case *c = lua_touserdata(L, 1);
    if (c->draws)
        aur_vm_seed(L, c->seed, c->phrase);
    aur_vm_load(L, c->config.name, c->text, c->len ? c->len : strlen(c->text));
    lua_call(L, 0, 0);
    return 0;
}

static int lua_case_run(struct lua_case *c)
{
    aur_buf_init(&c->printed);
    if (!c->config.name)
        c->config.name = "case.lua";
    c->config.find_module = lua_case_find;
    c->config.print = lua_case_print;
    c->config.user = c;
    struct aur_vm *vm;
    int rc = aur_vm_new(&vm, &c->config, &c->err);
    if (rc != AUR_OK)
        return rc;
    rc = aur_vm_call(vm, lua_case_body, c, &c->err);
    aur_vm_free(vm);
    return rc;
}

static void lua_case_free(struct lua_case *c)
{
    aur_buf_deinit(&c->printed);
}

/* The text must run and print exactly `want`. */
static inline void expect_output(const char *text, const char *want)
{
    struct lua_case c = {.text = text, .draws = true, .seed = 1};
    int rc = lua_case_run(&c);
    if (rc != AUR_OK)
        fail_msg("%s\n  -> %s", text, c.err.message);
    if (strcmp(want, c.printed.data ? c.printed.data : "") != 0)
        fail_msg("%s\n  printed: %s  instead of: %s", text, c.printed.data ? c.printed.data : "", want);
    lua_case_free(&c);
}

/* The text must fail with this code, and its message must begin with `want`. */
static inline void expect_error(const char *text, int code, const char *want)
{
    struct lua_case c = {.text = text, .draws = true, .seed = 1};
    int rc = lua_case_run(&c);
    if (rc != code || c.err.code != code || strncmp(c.err.message, want, strlen(want)) != 0)
        fail_msg("%s\n  -> %d %s\n  instead of %d %s", text, rc, rc ? c.err.message : "", code, want);
    lua_case_free(&c);
}

#endif
