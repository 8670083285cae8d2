/* State from one text of a piece to the next. Any thread: a VM of its own, as for a phrase.
 *
 * State is data that outlives the script, so a new text may meet state of a shape that it never made: migrate is where it
 * says what becomes of it. */
#include <stdlib.h>
#include <string.h>

#include "compose/inner.h"
#include "script/value.h"

struct call {
    struct aur_job job;
    const char *state;
    bool as_is; /* the piece has no migrate */
};

static int migrate_body(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    const struct aur_piece *piece = call->job.piece;
    struct aur_error err;
    int line;
    aur_piece_run(L, piece, &line);
    int table = lua_gettop(L);
    lua_getfield(L, table, "migrate");
    call->as_is = lua_isnil(L, -1);
    if (call->as_is)
        return 0;
    line = aur_function_line(L, line);
    aur_piece_push_state(L, table, call->state);
    aur_vm_set_place(L, piece->path, line);
    lua_call(L, 1, 1);
    if (!lua_istable(L, -1))
        luaL_error(L, "%s:%d: migrate returned a %s; it must return the new state, a table", piece->path, line,
                   luaL_typename(L, -1));
    if (aur_value_write(L, -1, &call->job.state, "state", &err) != AUR_OK)
        aur_piece_raise(L, piece, line, &err);
    return 0;
}

int aur_piece_migrate(const struct aur_piece *piece, char **out, const char *state, struct aur_error *err)
{
    struct call call = {.job.piece = piece, .state = state};
    struct aur_vm *vm;
    *out = NULL;
    if (!state)
        return AUR_OK;
    int rc = aur_job_open_vm(&vm, &call.job, err);
    if (rc != AUR_OK)
        return rc;
    rc = aur_vm_call(vm, migrate_body, &call, err);
    aur_vm_free(vm);
    if (rc == AUR_OK) {
        *out = call.as_is ? strdup(state) : aur_buf_take(&call.job.state);
        if (!*out)
            rc = aur_error_set(err, AUR_ENOMEM, "%s: out of memory", piece->path);
    }
    aur_buf_deinit(&call.job.state);
    return rc;
}
