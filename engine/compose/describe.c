/* Reading the table that a script returns: every field is checked, and one that is not known is an error. Runs inside
 * aur_vm_call. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compose/inner.h"

struct reader {
    lua_State *L;
    const struct aur_piece *piece;
    int line;
    struct aur_piece_info *info;
};

static int bad(struct reader *r, const char *fmt, ...) AUR_PRINTF(2, 3) __attribute__((noreturn));

static int bad(struct reader *r, const char *fmt, ...)
{
    char text[600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    int line = aur_piece_field_line(r->piece, text);
    luaL_error(r->L, "%s:%d: %s", r->piece->path, line ? line : r->line, text);
    __builtin_unreachable();
}

/* Raises unless every key of the table at index is one of the names (NULL-terminated). */
static void check_fields(struct reader *r, int index, const char *where, const char *const *names)
{
    int n = aur_keys_push(r->L, index);
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(r->L, -1, i);
        const char *key = aur_vm_tostring(r->L, -1);
        bool known = false;
        char allowed[256] = "", hint[AUR_HINT_SIZE];
        size_t used = 0;
        for (const char *const *name = names; *name && used < sizeof allowed; name++) {
            known = known || strcmp(key, *name) == 0;
            used += (size_t)snprintf(allowed + used, sizeof allowed - used, "%s%s", used ? ", " : "", *name);
        }
        if (!known)
            bad(r, "%s: '%s' is not a field%s; allowed: %s", where, key, aur_error_hint(hint, key, allowed), allowed);
        lua_pop(r->L, 2);
    }
    lua_pop(r->L, 1);
}

/* Pushes field `name` of the table at index; false (and nothing pushed) if nil. Raises if it is not a table. */
static bool push_table(struct reader *r, int index, const char *name)
{
    lua_getfield(r->L, index, name);
    if (lua_isnil(r->L, -1)) {
        lua_pop(r->L, 1);
        return false;
    }
    if (!lua_istable(r->L, -1))
        bad(r, "%s: a table is needed, not a %s", name, luaL_typename(r->L, -1));
    return true;
}

/* Number in field `name` of the table on top, raising if it is not one. */
static double read_number(struct reader *r, const char *where, const char *name)
{
    lua_getfield(r->L, -1, name);
    if (lua_type(r->L, -1) != LUA_TNUMBER)
        bad(r, "%s.%s: a number is needed, not a %s", where, name, luaL_typename(r->L, -1));
    double x = lua_tonumber(r->L, -1);
    lua_pop(r->L, 1);
    return x;
}

/* Text in field `name` of the table at index; the default if nil. */
static void read_text(struct reader *r, char *out, size_t size, int index, const char *where, const char *name,
                      const char *def)
{
    lua_getfield(r->L, index, name);
    int type = lua_type(r->L, -1);
    if (type != LUA_TNIL && type != LUA_TSTRING)
        bad(r, "%s%s: a text is needed, not a %s", where, name, luaL_typename(r->L, -1));
    const char *text = type == LUA_TNIL ? def : lua_tostring(r->L, -1);
    if (strlen(text) >= size)
        bad(r, "%s%s: the text is longer than %zu bytes", where, name, size - 1);
    if (type == LUA_TSTRING && !aur_text_is_readable(text, lua_objlen(r->L, -1)))
        bad(r, "%s%s: a text in UTF-8 without control characters is needed", where, name);
    snprintf(out, size, "%s", text);
    lua_pop(r->L, 1);
}

static void read_meter(struct reader *r, int index)
{
    r->info->meter[0] = r->info->meter[1] = 4;
    if (!push_table(r, index, "meter"))
        return;
    for (int i = 0; i < 2; i++) {
        lua_rawgeti(r->L, -1, i + 1);
        double x = lua_type(r->L, -1) == LUA_TNUMBER ? lua_tonumber(r->L, -1) : 0;
        int n = x >= 1 && x <= 32 && floor(x) == x ? (int)x : 0;
        if (n == 0 || (i == 1 && (n & (n - 1))))
            bad(r, "meter: it is { beats, unit }, beats from 1 to 32, unit 1, 2, 4, 8, 16 or 32");
        r->info->meter[i] = n;
        lua_pop(r->L, 1);
    }
    if (lua_objlen(r->L, -1) != 2)
        bad(r, "meter: it has two numbers, for example { 4, 4 }");
    lua_pop(r->L, 1);
}

/* ---- controls ---- */

/* Words that a control's name may not be: ctx's own fields, and keys of the messages that carry controls. */
static const char *const reserved[] = {"key",
                                       "timestamp",
                                       "type",
                                       "phrase",
                                       "phrase_id",
                                       "meter",
                                       "mode",
                                       "root",
                                       "scale",
                                       "note",
                                       "chord",
                                       "random",
                                       "set",
                                       "beats_per_bar",
                                       "bars",
                                       "title",
                                       "next_phrase_in_ms",
                                       "sounds_in_ms",
                                       NULL};

static void check_control_name(struct reader *r, const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n >= AUR_CONTROL_NAME_SIZE || name[0] < 'a' || name[0] > 'z' ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != n)
        bad(r, "controls: '%.60s' is not a name; it begins with a-z and has up to %d of a-z, 0-9 and _", name,
            AUR_CONTROL_NAME_SIZE - 1);
    bool taken = false;
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name; b++)
        taken = taken || strcmp(b->name, name) == 0;
    for (const char *const *word = reserved; *word; word++)
        taken = taken || strcmp(*word, name) == 0;
    if (taken)
        bad(r, "controls: the name '%s' is taken by the engine", name);
}

/* The control whose table is on top. */
static void read_control(struct reader *r, const char *name)
{
    static const char *const fields[] = {"min", "max", "default", "label", NULL};
    struct aur_control_specs *specs = &r->info->controls;
    check_control_name(r, name);
    if (specs->n == AUR_PIECE_CONTROLS_MAX)
        bad(r, "controls: more than %d", AUR_PIECE_CONTROLS_MAX);
    struct aur_control_spec *spec = &specs->items[specs->n++];
    char where[64];
    snprintf(where, sizeof where, "controls.%s", name);
    check_fields(r, lua_gettop(r->L), where, fields);
    snprintf(spec->name, sizeof spec->name, "%s", name);
    read_text(r, spec->label, sizeof spec->label, lua_gettop(r->L), "controls.label: ", "label", name);
    spec->min = read_number(r, where, "min");
    spec->max = read_number(r, where, "max");
    spec->def = read_number(r, where, "default");
    if (!(isfinite(spec->min) && isfinite(spec->max) && spec->min < spec->max))
        bad(r, "%s: min (%.9g) must be less than max (%.9g)", where, spec->min, spec->max);
    if (!(spec->def >= spec->min && spec->def <= spec->max))
        bad(r, "%s: default: %.9g is not allowed; allowed: %.9g to %.9g", where, spec->def, spec->min, spec->max);
}

/* The piece's `defaults`: key and the built-in controls that are numbers; the others are as they always are. */
static void read_defaults(struct reader *r, int index)
{
    struct aur_error err;
    aur_controls_default(&r->info->start, &r->info->controls);
    if (!push_table(r, index, "defaults"))
        return;
    const struct aur_control_specs none = {.n = 0};
    int table = lua_gettop(r->L), n = aur_keys_push(r->L, table);
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(r->L, table + 1, i);
        const char *name = aur_vm_tostring(r->L, -1);
        lua_pushvalue(r->L, -2);
        lua_rawget(r->L, table);
        bool key = strcmp(name, "key") == 0;
        if (lua_type(r->L, -1) != (key ? LUA_TSTRING : LUA_TNUMBER))
            bad(r, "defaults.%.60s: a %s is needed, not a %s", name, key ? "text" : "number", luaL_typename(r->L, -1));
        int rc = key ? aur_key_parse(&r->info->start.key, lua_tostring(r->L, -1), &err)
                     : aur_controls_set(&r->info->start, &none, name, lua_tonumber(r->L, -1), &err);
        if (rc < 0)
            bad(r, "defaults.%s", err.message);
        lua_pop(r->L, 3);
    }
    lua_settop(r->L, table - 1);
}

/* ---- tables ---- */

/* [a-z0-9_]+, short enough. */
static void check_name(struct reader *r, const char *field, const char *name, size_t size)
{
    size_t n = strlen(name);
    if (n == 0 || n >= size || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != n)
        bad(r, "%s: '%.60s' is not a name; it has up to %zu of a-z, 0-9 and _", field, name, size - 1);
}

/* What is on top: a file's name, or a table with it and the number of cycles in it. */
static void read_table_file(struct reader *r, struct aur_piece_table *out, const char *where)
{
    static const char *const fields[] = {"file", "cycles", NULL};
    char dotted[80];
    snprintf(dotted, sizeof dotted, "%s.", where);
    out->cycles = 1;
    if (lua_type(r->L, -1) == LUA_TSTRING) {
        lua_newtable(r->L);
        lua_pushvalue(r->L, -2);
        lua_setfield(r->L, -2, "file");
    } else if (!lua_istable(r->L, -1)) {
        bad(r, "%s: a file's name or a table with file and cycles is needed, not a %s", where, luaL_typename(r->L, -1));
    }
    check_fields(r, lua_gettop(r->L), where, fields);
    read_text(r, out->file, sizeof out->file, lua_gettop(r->L), dotted, "file", "");
    lua_getfield(r->L, -1, "cycles");
    bool counted = !lua_isnil(r->L, -1);
    lua_pop(r->L, 1);
    double cycles = counted ? read_number(r, where, "cycles") : 1;
    if (!(cycles >= 1 && cycles <= AUR_TABLE_CYCLES_MAX && floor(cycles) == cycles))
        bad(r, "%s.cycles: %.9g is not allowed; allowed: an integer from 1 to %d", where, cycles, AUR_TABLE_CYCLES_MAX);
    out->cycles = (uint32_t)cycles;
}

/* The table whose file is on top. */
static void read_wavetable(struct reader *r, const char *name)
{
    char where[64];
    struct aur_error err;
    check_name(r, "tables", name, AUR_TABLE_NAME_SIZE);
    if (r->info->n_tables == AUR_TABLES_OF_PIECE_MAX)
        bad(r, "tables: more than %d", AUR_TABLES_OF_PIECE_MAX);
    struct aur_piece_table *table = &r->info->tables[r->info->n_tables++];
    snprintf(where, sizeof where, "tables.%s", name);
    snprintf(table->name, sizeof table->name, "%s", name);
    read_table_file(r, table, where);
    const struct aur_table_loader *loader = r->piece->tables;
    const struct aur_table_request request = {r->piece->folder, table->file, table->cycles};
    if (!loader)
        bad(r, "%s: there is nobody here who reads tables", where);
    if (loader->load(loader->user, &table->table, &request, &err) < 0) {
        if (err.code == AUR_ENOMEM)
            aur_vm_raise_no_memory(r->L);
        bad(r, "%s: %s", where, err.message);
    }
    if (r->piece->log)
        aur_log(r->piece->log, AUR_LOG_DEBUG, "script", "%s: table %s is %s, %u cycle%s, %016llx", r->piece->path, name,
                table->file, table->cycles, table->cycles == 1 ? "" : "s", (unsigned long long)table->table.hash);
}

/* Field `table` of a patch of the wave voice: the name of one of the piece's. */
static void read_table_name(struct reader *r, struct aur_patch *patch, int index, const char *where)
{
    char name[AUR_TABLE_NAME_SIZE], dotted[80], hint[AUR_HINT_SIZE],
        allowed[AUR_TABLES_OF_PIECE_MAX * (AUR_TABLE_NAME_SIZE + 2)] = "";
    size_t used = 0;
    snprintf(dotted, sizeof dotted, "%s.", where);
    lua_getfield(r->L, index, "table");
    bool given = !lua_isnil(r->L, -1);
    lua_pop(r->L, 1);
    if (!given)
        return;
    read_text(r, name, sizeof name, index, dotted, "table", "");
    for (uint32_t i = 0; i < r->info->n_tables; i++) {
        const struct aur_piece_table *table = &r->info->tables[i];
        used += (size_t)snprintf(allowed + used, sizeof allowed - used, "%s%s", i ? ", " : "", table->name);
        if (strcmp(table->name, name) == 0)
            patch->table = table->table;
    }
    if (!patch->table.shapes)
        bad(r, "%s.table: '%s' is not one of the piece's tables%s; allowed: %s", where, name,
            aur_error_hint(hint, name, allowed), r->info->n_tables ? allowed : "none, for it has no tables");
}

/* ---- patches and effects ---- */

/* Sets the parameters named in the table at index; the fields in `skip` (NULL-terminated) are none. */
static void read_params(struct reader *r, int index, const char *where, const char *const *skip, float *params,
                        const struct aur_param_table *table)
{
    struct aur_error err;
    int n = aur_keys_push(r->L, index);
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(r->L, -1, i);
        const char *name = aur_vm_tostring(r->L, -1);
        lua_pushvalue(r->L, -2);
        lua_rawget(r->L, index);
        const char *const *other = skip;
        while (*other && strcmp(*other, name) != 0)
            other++;
        if (!*other) {
            if (aur_param_find(table, name) >= 0 && lua_type(r->L, -1) != LUA_TNUMBER)
                bad(r, "%s.%s: a number is needed, not a %s", where, name, luaL_typename(r->L, -1));
            if (aur_param_set(params, table, name, lua_tonumber(r->L, -1), &err) != AUR_OK)
                bad(r, "%s: %s", where, err.message);
        }
        lua_pop(r->L, 3);
    }
    lua_pop(r->L, 1);
}

/* The patch whose table is on top. */
static void read_patch(struct reader *r, const char *name)
{
    static const char *const texts[] = {"voice", "table", NULL}, *const voice_text[] = {"voice", NULL};
    check_name(r, "patches", name, AUR_PATCH_NAME_SIZE);
    if (r->info->n_patches == AUR_PATCHES_MAX)
        bad(r, "patches: more than %d", AUR_PATCHES_MAX);
    char where[64], dotted[80], voice[32], voices[128] = "", hint[AUR_HINT_SIZE];
    size_t used = 0;
    snprintf(where, sizeof where, "patches.%s", name);
    snprintf(dotted, sizeof dotted, "%s.", where);
    read_text(r, voice, sizeof voice, lua_gettop(r->L), dotted, "voice", "");
    int kind = aur_voice_find(voice);
    for (int i = 0; i < AUR_VOICES; i++)
        used += (size_t)snprintf(voices + used, sizeof voices - used, "%s%s", i ? ", " : "", aur_voices[i].name);
    if (kind < 0)
        bad(r, "%s.voice: '%s' is not allowed%s; allowed: %s", where, voice, aur_error_hint(hint, voice, voices),
            voices);
    struct aur_patch *patch = &r->info->patches[r->info->n_patches++];
    aur_patch_default(patch, name, (enum aur_voice)kind);
    if (kind == AUR_VOICE_WAVE)
        read_table_name(r, patch, lua_gettop(r->L), where);
    if (kind == AUR_VOICE_WAVE && !patch->table.shapes && r->piece->tables)
        r->piece->tables->builtin(r->piece->tables->user);
    read_params(r, lua_gettop(r->L), where, kind == AUR_VOICE_WAVE ? texts : voice_text, patch->params,
                &aur_voices[kind]);
}

static void read_effect(struct reader *r, const char *name)
{
    static const char *const no_texts[] = {NULL};
    char where[64], effects[128] = "", hint[AUR_HINT_SIZE];
    size_t used = 0;
    snprintf(where, sizeof where, "effects.%s", name);
    int kind = aur_effect_find(name);
    for (int i = 0; i < AUR_EFFECTS; i++)
        used += (size_t)snprintf(effects + used, sizeof effects - used, "%s%s", i ? ", " : "", aur_effects[i].name);
    if (kind < 0)
        bad(r, "effects: '%.60s' is not an effect%s; allowed: %s", name, aur_error_hint(hint, name, effects), effects);
    read_params(r, lua_gettop(r->L), where, no_texts, r->info->effects.params[kind], &aur_effects[kind]);
}

/* Calls read for each entry of the table in `field`, in the order of names, with the entry on top. */
static void read_entries(struct reader *r, int index, const char *field, bool tables,
                         void (*read)(struct reader *, const char *))
{
    if (!push_table(r, index, field))
        return;
    int table = lua_gettop(r->L), n = aur_keys_push(r->L, table);
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(r->L, table + 1, i);
        const char *name = aur_vm_tostring(r->L, -1);
        lua_pushvalue(r->L, -2);
        lua_rawget(r->L, table);
        if (tables && !lua_istable(r->L, -1))
            bad(r, "%s.%.60s: a table is needed, not a %s", field, name, luaL_typename(r->L, -1));
        read(r, name);
        lua_settop(r->L, table + 1);
    }
    lua_settop(r->L, table - 1);
}

static void check_type(struct reader *r, int index, const char *name, int type, bool needed)
{
    lua_getfield(r->L, index, name);
    if (lua_type(r->L, -1) != type && (needed || !lua_isnil(r->L, -1)))
        bad(r, "%s: a %s is needed, not a %s", name, lua_typename(r->L, type), luaL_typename(r->L, -1));
    lua_pop(r->L, 1);
}

void aur_piece_read(lua_State *L, int index, const struct aur_piece *piece, int line, struct aur_piece_info *info)
{
    static const char *const fields[] = {"title",   "meter", "controls", "defaults", "tables", "patches",
                                         "effects", "state", "phrase",   "migrate",  NULL};
    struct reader r = {L, piece, line, info};
    const char *file = strrchr(piece->path, '/');
    memset(info, 0, sizeof *info);
    aur_effect_default(&info->effects);
    check_fields(&r, index, "the piece", fields);
    read_text(&r, info->title, sizeof info->title, index, "", "title", file ? file + 1 : piece->path);
    read_meter(&r, index);
    read_entries(&r, index, "controls", true, read_control);
    read_defaults(&r, index);
    read_entries(&r, index, "tables", false, read_wavetable);
    read_entries(&r, index, "patches", true, read_patch);
    read_entries(&r, index, "effects", true, read_effect);
    check_type(&r, index, "state", LUA_TTABLE, false);
    check_type(&r, index, "phrase", LUA_TFUNCTION, true);
    check_type(&r, index, "migrate", LUA_TFUNCTION, false);
}
