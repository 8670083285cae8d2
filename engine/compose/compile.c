/* Compiling a piece once: each phrase has a fresh VM, and reading the library's source anew takes longer than composing. The
 * bytecode is made from text that was just loaded, in this process, and never leaves it: no other is ever run. Any thread,
 * before the piece is handed out. */
#include "compose/inner.h"

static int compile_body(lua_State *L)
{
    struct aur_job *job = lua_touserdata(L, 1);
    struct aur_piece *piece = job->loading;
    aur_vm_load(L, piece->path, piece->text, piece->len);
    aur_vm_dump(L, &piece->code);
    lua_pop(L, 1);
    for (size_t i = 0; i < piece->n_modules; i++) {
        struct aur_module *module = &piece->modules[i];
        aur_vm_load(L, module->path, module->text, module->len);
        aur_vm_dump(L, &module->code);
        lua_pop(L, 1);
    }
    return 0;
}

/* A dump that was cut short is none. */
static bool keep_whole(struct aur_buf *code)
{
    bool whole = aur_buf_ok(code);
    if (!whole)
        aur_buf_deinit(code);
    return whole;
}

int aur_piece_compile(struct aur_piece *piece, struct aur_error *err)
{
    struct aur_job job = {.piece = piece, .loading = piece};
    struct aur_vm *vm;
    int rc = aur_job_open_vm(&vm, &job, err);
    if (rc != AUR_OK)
        return rc;
    rc = aur_vm_call(vm, compile_body, &job, err);
    aur_vm_free(vm);
    bool whole = keep_whole(&piece->code);
    for (size_t i = 0; i < piece->n_modules; i++)
        whole = keep_whole(&piece->modules[i].code) && whole;
    if (!whole || rc == AUR_ENOMEM)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", piece->path);
    return AUR_OK;
}
