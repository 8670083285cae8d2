/* Reading the fields of `render { ... }`, led by a table. Runs inside aur_vm_call, on the thread of the batch script. What is
 * unknown or out of range is an error at the script's line. */
#include "batch/fields.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/vm.h"

#define HOURS_MAX (100.0 * 3600)

struct reader {
    lua_State *L;
    struct aur_batch_list *list;
    struct aur_batch_entry *entry;
};

struct field {
    const char *name;
    void (*read)(struct reader *r, const struct field *field); /* the value is on top */
    size_t offset;
    double min, max;
};

int aur_batch_raise(lua_State *L, const struct aur_error *err)
{
    if (err->code == AUR_ENOMEM)
        aur_vm_raise_no_memory(L);
    luaL_error(L, "%s", err->message);
    abort();
}

static void refuse(struct reader *r, const char *name, const char *allowed) __attribute__((noreturn));

static void refuse(struct reader *r, const char *name, const char *allowed)
{
    struct aur_error err = {0};
    aur_error_value(&err, name, aur_vm_tostring(r->L, -1), allowed);
    aur_batch_raise(r->L, &err);
}

static void check(struct reader *r, int rc, const struct aur_error *err)
{
    if (rc != AUR_OK)
        aur_batch_raise(r->L, err);
}

static void *member(struct reader *r, const struct field *field)
{
    return (char *)r->entry + field->offset;
}

static const char *keep(struct reader *r, const char *text)
{
    const char *copy = aur_batch_keep(r->list, text);
    if (!copy)
        aur_vm_raise_no_memory(r->L);
    return copy;
}

/* ---- kinds of values ---- */

static void read_text(struct reader *r, const struct field *field)
{
    size_t len = 0;
    const char *text = lua_type(r->L, -1) == LUA_TSTRING ? lua_tolstring(r->L, -1, &len) : "";
    if (!len || strlen(text) != len || len > 1000)
        refuse(r, field->name, "a text of at most 1000 bytes");
    *(const char **)member(r, field) = keep(r, text);
}

static double number_in(struct reader *r, const struct field *field, bool whole)
{
    char allowed[96];
    const double value = lua_type(r->L, -1) == LUA_TNUMBER ? lua_tonumber(r->L, -1) : NAN;
    if (value >= field->min && value <= field->max && (!whole || floor(value) == value))
        return value;
    snprintf(allowed, sizeof allowed, "a %snumber from %.15g to %.15g", whole ? "whole " : "", field->min, field->max);
    refuse(r, field->name, allowed);
}

static void read_whole(struct reader *r, const struct field *field)
{
    *(int *)member(r, field) = (int)number_in(r, field, true);
}

static void read_number(struct reader *r, const struct field *field)
{
    *(double *)member(r, field) = number_in(r, field, false);
}

static void read_flag(struct reader *r, const struct field *field)
{
    if (!lua_isboolean(r->L, -1))
        refuse(r, field->name, "true, false");
    *(bool *)member(r, field) = lua_toboolean(r->L, -1);
}

/* Numbers are exact up to 2^53; what is larger is given as text. */
static void read_seed(struct reader *r, const struct field *field)
{
    if (lua_type(r->L, -1) == LUA_TSTRING) {
        const char *text = lua_tostring(r->L, -1);
        errno = 0;
        const unsigned long long value = strtoull(text, NULL, 10);
        if (*text && !text[strspn(text, "0123456789")] && !errno) {
            r->entry->seed = value;
            return;
        }
    } else if (lua_type(r->L, -1) == LUA_TNUMBER) {
        const double value = lua_tonumber(r->L, -1);
        if (value >= field->min && value <= field->max && floor(value) == value) {
            r->entry->seed = (uint64_t)value;
            return;
        }
    }
    refuse(r, field->name, "a whole number from 0 to 2^53, or its digits in a text");
}

/* "m:ss", "h:mm:ss" or seconds as text; false: none of them. */
static bool parse_time(double *out, const char *text)
{
    double total = 0;
    for (int parts = 0; parts < 3; parts++) {
        const size_t whole = strspn(text, "0123456789"), n = strspn(text, "0123456789.");
        char *end;
        if (!whole || n > 20 || (text[n] == ':' && n != whole))
            return false;
        const double part = strtod(text, &end);
        if (end != text + n || (parts && part >= 60))
            return false;
        total = total * 60 + part;
        if (!text[n]) {
            *out = total;
            return true;
        }
        if (text[n] != ':')
            return false;
        text += n + 1;
    }
    return false;
}

static void read_time(struct reader *r, const struct field *field)
{
    char allowed[96];
    double value = NAN;
    if (lua_type(r->L, -1) == LUA_TNUMBER)
        value = lua_tonumber(r->L, -1);
    else if (lua_type(r->L, -1) == LUA_TSTRING && !parse_time(&value, lua_tostring(r->L, -1)))
        value = NAN;
    snprintf(allowed, sizeof allowed, "seconds or \"h:mm:ss\", from %.15g to %.15g s", field->min, field->max);
    if (!(value >= field->min && value <= field->max))
        refuse(r, field->name, allowed);
    *(double *)member(r, field) = value;
}

/* ---- how long: the one given last counts ---- */

static void read_phrases(struct reader *r, const struct field *field)
{
    read_whole(r, field);
    r->entry->duration_s = 0;
}

static void read_duration(struct reader *r, const struct field *field)
{
    read_time(r, field);
    r->entry->phrases = 0;
}

/* ---- fields of their own ---- */

static void read_key(struct reader *r, const struct field *field)
{
    struct aur_error err = {0};
    if (lua_type(r->L, -1) != LUA_TSTRING)
        refuse(r, field->name, "a key, for example \"A minor\"");
    check(r, aur_key_parse(&r->entry->wanted.key, lua_tostring(r->L, -1), &err), &err);
    r->entry->wanted.has_key = true;
}

/* Ranges are the piece's affair: it is not loaded yet. */
static void read_control(struct reader *r, const struct field *field)
{
    struct aur_error err = {0};
    if (lua_type(r->L, -1) != LUA_TNUMBER)
        refuse(r, field->name, "a number");
    check(r, aur_wanted_put(&r->entry->wanted, field->name, lua_tonumber(r->L, -1), &err), &err);
}

static void read_loudness(struct reader *r, const struct field *field)
{
    r->entry->has_loudness = !lua_isboolean(r->L, -1) || lua_toboolean(r->L, -1);
    if (r->entry->has_loudness)
        read_number(r, field);
}

static void read_bits(struct reader *r, const struct field *field)
{
    const char *text = aur_vm_tostring(r->L, -1);
    static const char *const names[] = {[AUR_BITS_16] = "16", [AUR_BITS_24] = "24", [AUR_BITS_FLOAT] = "float"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            r->entry->bits = (enum aur_bounce_bits)i;
            lua_pop(r->L, 1);
            return;
        }
    lua_pop(r->L, 1);
    refuse(r, field->name, "16, 24, \"float\"");
}

static bool read_format(struct reader *r)
{
    const char *text = lua_type(r->L, -1) == LUA_TSTRING ? lua_tostring(r->L, -1) : "";
    for (int i = 0; i < AUR_BATCH_FORMATS; i++)
        if (strcmp(text, aur_batch_format_names[i]) == 0)
            return r->entry->formats[i] = true;
    return false;
}

static void read_formats(struct reader *r, const struct field *field)
{
    static const char allowed[] = "\"wav\", \"flac\", \"opus\", or several of them in a list";
    memset(r->entry->formats, 0, sizeof r->entry->formats);
    const size_t n = lua_istable(r->L, -1) ? lua_objlen(r->L, -1) : 0;
    if (!n && !read_format(r))
        refuse(r, field->name, allowed);
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(r->L, -1, (int)i);
        if (!read_format(r))
            refuse(r, field->name, allowed);
        lua_pop(r->L, 1);
    }
}

/* Calls fn for each field of the table on top, in order, with its value on top. */
static void each(struct reader *r, const char *name, void (*fn)(struct reader *r, const char *key))
{
    lua_State *L = r->L;
    if (!lua_istable(L, -1))
        refuse(r, name, "a table");
    const int table = lua_gettop(L), n = aur_keys_push(L, table);
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, table + 1, i);
        const char *key = aur_vm_tostring(L, -1);
        lua_pushvalue(L, -2);
        lua_rawget(L, table);
        fn(r, key);
        lua_settop(L, table + 1);
    }
    lua_settop(L, table);
}

static void set_control(struct reader *r, const char *key)
{
    struct aur_error err = {0};
    char name[80];
    snprintf(name, sizeof name, "set.%.60s", key);
    if (lua_type(r->L, -1) != LUA_TNUMBER)
        refuse(r, name, "a number");
    check(r, aur_wanted_put(&r->entry->wanted, key, lua_tonumber(r->L, -1), &err), &err);
}

static void read_set(struct reader *r, const struct field *field)
{
    each(r, field->name, set_control);
}

static void set_tag(struct reader *r, const char *key)
{
    char allowed[256] = "", name[80];
    size_t used = 0;
    for (int i = 0; i < AUR_TAGS; i++) {
        used += (size_t)snprintf(allowed + used, sizeof allowed - used, "%s%s", i ? ", " : "", aur_tag_names[i].name);
        if (strcmp(key, aur_tag_names[i].name) != 0)
            continue;
        const int type = lua_type(r->L, -1);
        const char *text = aur_vm_tostring(r->L, -1);
        snprintf(name, sizeof name, "tags.%s", key);
        if ((type != LUA_TSTRING && type != LUA_TNUMBER) || !*text || strlen(text) > AUR_TAG_BYTES_MAX)
            refuse(r, name, "a text of at most 1000 bytes, or a number");
        r->entry->tags[i] = keep(r, text);
        return;
    }
    struct aur_error err = {0};
    aur_error_value(&err, "tags", key, allowed);
    aur_batch_raise(r->L, &err);
}

static void read_tags(struct reader *r, const struct field *field)
{
    each(r, field->name, set_tag);
}

/* ---- the table ---- */

#define AT(member) offsetof(struct aur_batch_entry, member)

static const struct field fields[] = {
    {"name", read_text, AT(name), 0, 0},
    {"piece", read_text, AT(piece), 0, 0},
    {"seed", read_seed, 0, 0, 9007199254740992.0},
    {"phrases", read_phrases, AT(phrases), 1, 1000000},
    {"duration", read_duration, AT(duration_s), 0.001, HOURS_MAX},
    {"fade", read_time, AT(fade_s), 0, 3600},
    {"tail", read_time, AT(tail_s), 0, 3600},
    {"key", read_key, 0, 0, 0},
    {"bpm", read_control, 0, 0, 0},
    {"intensity", read_control, 0, 0, 0},
    {"melody_complexity", read_control, 0, 0, 0},
    {"level", read_control, 0, 0, 0},
    {"brightness", read_control, 0, 0, 0},
    {"set", read_set, 0, 0, 0},
    {"formats", read_formats, 0, 0, 0},
    {"rate", read_whole, AT(rate_hz), AUR_FILE_RATE_MIN, AUR_FILE_RATE_MAX},
    {"bits", read_bits, 0, 0, 0},
    {"dither", read_flag, AT(dither), 0, 0},
    {"loudness", read_loudness, AT(loudness_lufs), -70, 0},
    {"peak", read_number, AT(peak_dbtp), -24, 0},
    {"limit", read_flag, AT(limit), 0, 0},
    {"tags", read_tags, 0, 0, 0},
    {"cover", read_text, AT(cover), 0, 0},
    {"stems", read_flag, AT(beside[AUR_BATCH_STEMS]), 0, 0},
    {"midi", read_flag, AT(beside[AUR_BATCH_MIDI]), 0, 0},
    {"events", read_flag, AT(beside[AUR_BATCH_EVENTS]), 0, 0},
    {"chords", read_flag, AT(beside[AUR_BATCH_CHORDS]), 0, 0},
};

static void read_field(struct reader *r, const char *key)
{
    char allowed[400] = "";
    size_t used = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(key, fields[i].name) == 0) {
            fields[i].read(r, &fields[i]);
            return;
        }
        used += (size_t)snprintf(allowed + used, sizeof allowed - used, "%s%s", i ? ", " : "", fields[i].name);
    }
    char hint[AUR_HINT_SIZE];
    luaL_error(r->L, "'%s' is not a field of an entry%s; allowed: %s", key, aur_error_hint(hint, key, allowed),
               allowed);
}

void aur_batch_fields_read(lua_State *L, int index, struct aur_batch_list *list, struct aur_batch_entry *entry)
{
    struct reader r = {L, list, entry};
    lua_pushvalue(L, index);
    lua_getfield(L, -1, "phrases");
    lua_getfield(L, -2, "duration");
    if (!lua_isnil(L, -1) && !lua_isnil(L, -2))
        luaL_error(L, "phrases and duration: only one of them");
    lua_pop(L, 2);
    each(&r, "render", read_field);
    lua_pop(L, 1);
}
