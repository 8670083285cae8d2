/* Composing one phrase: a fresh VM runs the script's top, gets the state, calls phrase, and hands back events and state.
 * Any thread, several at once: a job shares nothing but the immutable piece. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose/inner.h"
#include "script/value.h"

#define BARS_MAX 64

void aur_piece_push_state(lua_State *L, int index, const char *text)
{
    struct aur_error err;
    if (text) {
        if (aur_value_read(L, text, &err) != AUR_OK)
            luaL_error(L, "%s", err.message);
        if (!lua_istable(L, -1))
            luaL_error(L, "state: a table is needed, not a %s", luaL_typename(L, -1));
        return;
    }
    lua_getfield(L, index, "state");
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
}

int aur_function_line(lua_State *L, int def)
{
    lua_Debug at = {0};
    if (!lua_isfunction(L, -1))
        return def;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &at);
    return at.linedefined > 0 ? at.linedefined : def;
}

static int read_bars(lua_State *L, const struct aur_job *job, int line)
{
    int type = lua_type(L, -1);
    double bars = type == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    if (!(bars >= 1 && bars <= BARS_MAX && floor(bars) == bars))
        luaL_error(L, "%s:%d: phrase returned %s%s; it must return its length in bars, an integer from 1 to %d",
                   job->piece->path, line, type == LUA_TSTRING ? "the text " : "", aur_vm_tostring(L, -1), BARS_MAX);
    return (int)bars;
}

static int compose_body(lua_State *L)
{
    struct aur_job *job = lua_touserdata(L, 1);
    struct aur_error err;
    int line;
    aur_piece_run(L, job->piece, &line);
    int piece = lua_gettop(L), state = piece + 1;
    aur_piece_push_state(L, piece, job->request->state);
    aur_vm_set_place(L, job->piece->path, line);
    aur_vm_seed(L, job->request->seed, job->request->number);
    lua_getfield(L, piece, "phrase");
    line = aur_function_line(L, line);
    int phrase = lua_gettop(L), locals = phrase + 1;
    if (job->on_warning)
        aur_watch_begin(L, job->piece);
    lua_pushvalue(L, phrase);
    aur_ctx_push(L, job);
    lua_pushvalue(L, state);
    lua_call(L, 2, 1);
    if (job->on_warning)
        aur_watch_end(L, job->piece, locals, line, job->on_warning, job->warning_user);
    job->phrase.bars = read_bars(L, job, line);
    aur_events_finish(L, job);
    if (aur_value_write(L, state, &job->state, "state", &err) != AUR_OK)
        aur_piece_raise(L, job->piece, line, &err);
    return 0;
}

static int open_job(struct aur_job *job, const struct aur_piece *piece, const struct aur_compose_request *request)
{
    memset(job, 0, sizeof *job);
    job->piece = piece;
    job->request = request;
    job->phrase.number = job->phrase.ordinal = request->number;
    job->phrase.start_frame = request->start_frame;
    job->phrase.rate_hz = request->rate_hz;
    job->phrase.controls = *request->controls;
    job->phrase.effects = piece->info.effects;
    job->phrase.n_patches = piece->info.n_patches;
    memcpy(job->patches, piece->info.patches, sizeof job->patches);
    memcpy(job->phrase.meter, piece->info.meter, sizeof job->phrase.meter);
    job->notes = malloc(piece->limits.notes * sizeof *job->notes);
    job->chords = malloc(AUR_CHORDS_MAX * sizeof *job->chords);
    return job->notes && job->chords ? AUR_OK : AUR_ENOMEM;
}

static void close_job(struct aur_job *job)
{
    free(job->notes);
    free(job->chords);
    aur_buf_deinit(&job->state);
}

static void tell_usage(struct aur_compose_usage *out, const struct aur_vm *vm)
{
    struct aur_vm_usage usage;
    aur_vm_usage(vm, &usage);
    if (out)
        *out = (struct aur_compose_usage){usage.peak_bytes, usage.collections};
}

static int run_job(struct aur_job *job, struct aur_error *err)
{
    struct aur_vm *vm;
    int rc = aur_job_open_vm(&vm, job, err);
    if (rc != AUR_OK)
        return rc;
    rc = aur_vm_call(vm, compose_body, job, err);
    tell_usage(job->request->usage, vm);
    aur_vm_free(vm);
    if (rc == AUR_OK && job->over_events) /* the script has caught the error */
        rc = aur_error_set(err, AUR_ELIMIT, "%s: the phrase has too many notes or chords", job->piece->path);
    if (rc == AUR_ESCRIPT && job->over_events) {
        rc = AUR_ELIMIT;
        if (err)
            err->code = rc;
    }
    return rc;
}

int aur_piece_compose(const struct aur_piece *piece, const struct aur_compose_request *request, struct aur_phrase **out,
                      char **state_out, struct aur_error *err)
{
    return aur_piece_compose_watched(piece, request, out, state_out, NULL, NULL, err);
}

int aur_piece_compose_watched(const struct aur_piece *piece, const struct aur_compose_request *request,
                              struct aur_phrase **out, char **state_out, aur_diagnostic_fn *on_warning, void *user,
                              struct aur_error *err)
{
    struct aur_job job;
    struct aur_phrase *phrase = NULL;
    char *state = NULL;
    if (request->usage)
        *request->usage = (struct aur_compose_usage){0};
    int rc = open_job(&job, piece, request);
    job.on_warning = on_warning;
    job.warning_user = user;
    if (rc == AUR_OK)
        rc = run_job(&job, err);
    else
        aur_error_set(err, rc, "%s: out of memory", piece->path);
    if (rc == AUR_OK) {
        rc = aur_phrase_new(&phrase, &job.phrase, job.patches, job.notes, job.chords);
        state = aur_buf_take(&job.state);
        if (rc != AUR_OK || !state)
            rc = aur_error_set(err, AUR_ENOMEM, "%s: out of memory", piece->path);
    }
    close_job(&job);
    if (rc != AUR_OK) {
        aur_phrase_free(phrase);
        free(state);
        return rc;
    }
    *out = phrase;
    *state_out = state;
    return AUR_OK;
}
