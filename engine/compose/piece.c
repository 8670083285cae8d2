/* Loading a piece: reads the script, runs its top once in a VM to find the modules it requires and what it declares.
 * Any thread that may read files; the result is immutable, so composing does no input or output. */
#include "compose/piece.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "compose/inner.h"
#include "script/value.h"

#define DEFAULT_SOURCE_BYTES ((size_t)1 << 20)

static const struct aur_module *find_read(const struct aur_piece *piece, const char *name)
{
    for (size_t i = 0; i < piece->n_modules; i++)
        if (strcmp(piece->modules[i].name, name) == 0)
            return &piece->modules[i];
    return NULL;
}

/* Path of folder/name.lua, or NULL without memory. */
static char *module_path(const char *folder, const char *name)
{
    struct aur_buf buf;
    aur_buf_init(&buf);
    aur_buf_printf(&buf, "%s%s%s.lua", folder, *folder ? "/" : "", name);
    return aur_buf_take(&buf);
}

/* The end of a file's path that messages name it by. */
static const char *shown(const struct aur_piece *piece, const char *file)
{
    size_t n = piece->root ? strlen(piece->root) : 0;
    return n && file && strncmp(file, piece->root, n) == 0 && file[n] == '/' ? file + n + 1 : file;
}

static const struct aur_piece_text *find_instead(const struct aur_piece *piece, const char *path)
{
    for (size_t i = 0; i < piece->n_instead; i++)
        if (strcmp(piece->instead[i].path, path) == 0)
            return &piece->instead[i];
    return NULL;
}

/* A file of the piece: what stands for it, or what is on disk. */
static int read_text(struct aur_buf *out, const struct aur_piece *piece, const char *path, struct aur_error *err)
{
    const struct aur_piece_text *instead = find_instead(piece, path);
    aur_buf_init(out);
    if (!instead && piece->sealed)
        return aur_error_set(err, AUR_ENOTFOUND, "%s: there is no such text", path);
    if (!instead)
        return aur_buf_read_file(out, path, piece->limits.source_bytes, err);
    if (instead->len > piece->limits.source_bytes)
        return aur_error_set(err, AUR_ELIMIT, "%s: the text is larger than %zu bytes", path,
                             piece->limits.source_bytes);
    aur_buf_add(out, instead->text, instead->len);
    return aur_buf_ok(out) ? AUR_OK : aur_error_set(err, AUR_ENOMEM, "%s: out of memory", path);
}

/* What is no file is no module: opening a pipe could take forever. */
static bool is_there(const struct aur_piece *piece, const char *path)
{
    struct stat about;
    return find_instead(piece, path) || (!piece->sealed && stat(path, &about) == 0 && S_ISREG(about.st_mode));
}

static int read_module(struct aur_piece *piece, char *path, const char *name, bool library, struct aur_error *err)
{
    struct aur_buf text;
    int rc = read_text(&text, piece, path, err);
    struct aur_module module = {
        .name = strdup(name), .file = path, .path = shown(piece, path), .len = text.len, .library = library};
    if (rc == AUR_OK) {
        module.text = aur_buf_take(&text);
        if (module.name && module.text) {
            piece->modules[piece->n_modules++] = module;
            return AUR_OK;
        }
        rc = aur_error_set(err, AUR_ENOMEM, "out of memory");
    }
    aur_buf_deinit(&text);
    free(module.name);
    free(module.text);
    free(path);
    return rc;
}

static int read_from_folders(struct aur_piece *piece, const char *name, struct aur_error *err)
{
    const char *folders[] = {piece->folder, piece->lib_dir};
    if (piece->n_modules == AUR_MODULES_MAX)
        return aur_error_set(err, AUR_ELIMIT, "more than %d modules", AUR_MODULES_MAX);
    for (int i = 0; i < 2 && folders[i]; i++) {
        char *path = module_path(folders[i], name);
        if (!path)
            return aur_error_set(err, AUR_ENOMEM, "out of memory");
        if (is_there(piece, path))
            return read_module(piece, path, name, i == 1, err);
        free(path);
    }
    if (piece->root)
        return aur_error_set(err, AUR_ENOTFOUND, "no file %s.lua in the script's folder%s", name,
                             folders[1] ? " or the library" : "");
    return aur_error_set(err, AUR_ENOTFOUND, "no file %s.lua in %s%s%s", name, *folders[0] ? folders[0] : ".",
                         folders[1] ? " or " : "", folders[1] ? folders[1] : "");
}

int aur_piece_find_module(void *user, struct aur_vm_module *out, const char *name, struct aur_error *err)
{
    struct aur_job *job = user;
    const struct aur_module *module = find_read(job->piece, name);
    if (!module && job->loading) {
        int rc = read_from_folders(job->loading, name, err);
        if (rc != AUR_OK)
            return rc;
        module = find_read(job->piece, name);
    }
    if (!module)
        return aur_error_set(err, AUR_ENOTFOUND,
                             "modules are read when the script is loaded; require it at the script's top");
    *out = (struct aur_vm_module){module->path, module->text, module->len, module->code.data, module->code.len};
    return AUR_OK;
}

static void print_line(void *user, const char *line)
{
    struct aur_job *job = user;
    aur_log(job->piece->log, AUR_LOG_INFO, "script", "%s: %s", job->piece->path, line);
}

int aur_job_open_vm(struct aur_vm **out, struct aur_job *job, struct aur_error *err)
{
    struct aur_vm_config config = {
        .name = job->piece->path,
        .instructions = job->piece->limits.instructions,
        .memory_bytes = job->piece->limits.memory_bytes,
        .wall_ms = job->piece->limits.wall_ms,
        .find_module = aur_piece_find_module,
        .print = print_line,
        .user = job,
    };
    return aur_vm_new(out, &config, err);
}

/* The last line on which the function on top of the stack can be: for a script's top, that of its return. */
static int last_line(lua_State *L)
{
    lua_Debug at;
    int last = 0;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">L", &at);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        last = lua_tointeger(L, -2) > last ? (int)lua_tointeger(L, -2) : last;
    lua_pop(L, 1);
    return last;
}

void aur_piece_run(lua_State *L, const struct aur_piece *piece, int *line)
{
    const struct aur_vm_module script = {piece->path, piece->text, piece->len, piece->code.data, piece->code.len};
    aur_vm_load_module(L, &script);
    *line = last_line(L);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1))
        luaL_error(L, "%s:%d: the script returned a %s; it must return the piece's table", piece->path, *line,
                   luaL_typename(L, -1));
}

int aur_piece_raise(lua_State *L, const struct aur_piece *piece, int line, const struct aur_error *err)
{
    if (err->code == AUR_ENOMEM)
        return aur_vm_raise_no_memory(L);
    return luaL_error(L, "%s:%d: %s", piece->path, line, err->message);
}

static int load_body(lua_State *L)
{
    struct aur_job *job = lua_touserdata(L, 1);
    struct aur_error err;
    int line;
    aur_piece_run(L, job->piece, &line);
    aur_vm_set_place(L, job->piece->path, line);
    aur_piece_read(L, lua_gettop(L), job->piece, line, &job->loading->info);
    lua_getfield(L, -1, "state");
    if (!lua_isnil(L, -1) && aur_value_write(L, -1, &job->state, "state", &err) != AUR_OK)
        aur_piece_raise(L, job->piece, line, &err);
    return 0;
}

struct top { /* a run of the script's top */
    struct aur_job job;
    bool is_piece;
};

static int text_body(lua_State *L)
{
    struct top *top = lua_touserdata(L, 1);
    const struct aur_piece *piece = top->job.piece;
    aur_vm_load(L, piece->path, piece->text, piece->len);
    lua_call(L, 0, 1);
    if (lua_istable(L, -1))
        lua_getfield(L, -1, "phrase");
    top->is_piece = lua_gettop(L) > 2 && !lua_isnil(L, -1);
    return 0;
}

static int run_top(struct aur_piece *piece, lua_CFunction body, bool *is_piece, struct aur_error *err)
{
    struct top top = {.job = {.piece = piece, .loading = piece}};
    struct aur_vm *vm;
    int rc = aur_job_open_vm(&vm, &top.job, err);
    if (rc != AUR_OK)
        return rc;
    rc = aur_vm_call(vm, body, &top, err);
    aur_vm_free(vm);
    aur_buf_deinit(&top.job.state);
    *is_piece = top.is_piece;
    return rc;
}

static void set_limits(struct aur_script_limits *limits)
{
    if (!limits->source_bytes)
        limits->source_bytes = DEFAULT_SOURCE_BYTES;
    if (!limits->notes || limits->notes > AUR_NOTES_MAX)
        limits->notes = AUR_NOTES_MAX;
}

static int read_source(struct aur_piece *piece, const struct aur_piece_source *source, struct aur_error *err)
{
    struct aur_buf text;
    int rc = read_text(&text, piece, source->path, err);
    if (rc != AUR_OK) {
        aur_buf_deinit(&text);
        return rc;
    }
    piece->len = text.len;
    piece->text = aur_buf_take(&text);
    piece->file = strdup(source->path);
    piece->path = shown(piece, piece->file);
    const char *slash = strrchr(source->path, '/');
    piece->folder =
        slash == source->path ? strdup("/") : strndup(source->path, slash ? (size_t)(slash - source->path) : 0);
    piece->lib_dir = source->lib_dir ? strdup(source->lib_dir) : NULL;
    piece->name = strdup(source->name ? source->name : slash ? slash + 1 : source->path);
    if (!piece->text || !piece->name || !piece->file || !piece->folder || (source->lib_dir && !piece->lib_dir))
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", source->path);
    return AUR_OK;
}

static void hash_text(void *user, const char *name, const char *text, size_t len)
{
    uint64_t *hash = user;
    *hash = aur_hash_named(name, aur_hash64(text, len, AUR_HASH_START), *hash);
}

static void mark(struct aur_piece *piece)
{
    struct aur_piece_marks *marks = &piece->marks;
    if (!piece->text || !piece->name || !piece->file)
        return;
    snprintf(marks->version, sizeof marks->version, "%016" PRIx64, aur_hash64(piece->text, piece->len, AUR_HASH_START));
    uint64_t hash = aur_hash_named(piece->name, 0, AUR_HASH_START);
    aur_piece_texts(piece, hash_text, &hash);
    for (uint32_t i = 0; i < piece->info.n_tables; i++)
        hash = aur_hash_named(piece->info.tables[i].file, piece->info.tables[i].table.hash, hash);
    snprintf(marks->hash, sizeof marks->hash, "%016" PRIx64, hash);
}

static int load(struct aur_piece **out, const struct aur_piece_source *source, lua_CFunction body, bool *is_piece,
                struct aur_error *err)
{
    struct aur_piece *piece = calloc(1, sizeof *piece);
    if (!piece)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", source->path);
    piece->limits = source->limits;
    piece->references = 1;
    piece->log = source->log;
    piece->instead = source->instead;
    piece->n_instead = source->n_instead;
    piece->sealed = source->sealed;
    piece->root = source->root;
    piece->tables = source->tables;
    set_limits(&piece->limits);
    int rc = read_source(piece, source, err);
    if (rc == AUR_OK)
        rc = run_top(piece, body, is_piece, err);
    piece->tables = NULL;
    piece->instead = NULL;
    piece->n_instead = 0;
    piece->root = NULL;
    mark(piece);
    if (source->marks)
        *source->marks = piece->marks;
    if (rc != AUR_OK) {
        aur_piece_free(piece);
        return rc;
    }
    *out = piece;
    return AUR_OK;
}

int aur_piece_load(struct aur_piece **out, const struct aur_piece_source *source, struct aur_error *err)
{
    bool is_piece;
    struct aur_piece *piece;
    int rc = load(&piece, source, load_body, &is_piece, err);
    if (rc != AUR_OK)
        return rc;
    rc = aur_piece_compile(piece, err);
    if (rc != AUR_OK) {
        aur_piece_free(piece);
        return rc;
    }
    *out = piece;
    return AUR_OK;
}

int aur_piece_run_text(const struct aur_piece_source *source, bool *is_piece, struct aur_error *err)
{
    struct aur_piece *piece;
    int rc = load(&piece, source, text_body, is_piece, err);
    if (rc == AUR_OK)
        aur_piece_free(piece);
    return rc;
}

struct aur_piece *aur_piece_ref(const struct aur_piece *piece_)
{
    struct aur_piece *piece = (struct aur_piece *)(uintptr_t)piece_; /* its count is not of its value */
    atomic_fetch_add_explicit(&piece->references, 1, memory_order_relaxed);
    return piece;
}

void aur_piece_free(struct aur_piece *piece)
{
    if (!piece || atomic_fetch_sub_explicit(&piece->references, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < piece->n_modules; i++) {
        free(piece->modules[i].name);
        free(piece->modules[i].file);
        free(piece->modules[i].text);
        aur_buf_deinit(&piece->modules[i].code);
    }
    aur_buf_deinit(&piece->code);
    free(piece->name);
    free(piece->file);
    free(piece->folder);
    free(piece->lib_dir);
    free(piece->text);
    free(piece);
}

const struct aur_piece_info *aur_piece_describe(const struct aur_piece *piece)
{
    return &piece->info;
}

const char *aur_piece_name(const struct aur_piece *piece)
{
    return piece->name;
}

const struct aur_piece_marks *aur_piece_marks(const struct aur_piece *piece)
{
    return &piece->marks;
}

void aur_piece_files(const struct aur_piece *piece, aur_piece_file_fn *on_file, void *user)
{
    on_file(user, piece->file, piece->text);
    for (size_t i = 0; i < piece->n_modules; i++)
        on_file(user, piece->modules[i].file, piece->modules[i].text);
    for (uint32_t i = 0; i < piece->info.n_tables; i++) {
        char path[4096 + AUR_TABLE_FILE_SIZE];
        snprintf(path, sizeof path, "%s%s%s", piece->folder, *piece->folder ? "/" : "", piece->info.tables[i].file);
        on_file(user, path, NULL);
    }
}

void aur_piece_texts(const struct aur_piece *piece, aur_piece_text_fn *on_text, void *user)
{
    const char *slash = strrchr(piece->file, '/'), *script = slash ? slash + 1 : piece->file;
    on_text(user, script, piece->text, piece->len);
    for (size_t i = 0; i < piece->n_modules; i++) {
        const struct aur_module *module = &piece->modules[i];
        bool like_library = !module->library && strncmp(module->name, "lib/", 4) == 0;
        char name[160]; /* of a module: under 100 bytes */
        snprintf(name, sizeof name, "%s%s.lua", module->library ? "lib/" : like_library ? "./" : "", module->name);
        if (strcmp(name, script) != 0)
            on_text(user, name, module->text, module->len);
    }
}
