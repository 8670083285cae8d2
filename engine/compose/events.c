/* ctx:note and ctx:chord: reading, checking and quantising what a script plays, with errors at the musician's own line.
 * Runs inside aur_vm_call. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compose/inner.h"

#define BAD_COST    500  /* instructions that an error counts for, which the script may catch and make again */
#define EARLY_BEATS 0.25 /* a note that leans this far before the phrase starts with it */

struct field {
    const char *name;
    double min, max;
    double def; /* NaN: must be given */
};

enum { AT, BEATS, PITCH, VELOCITY, PAN, NUMBERS };

/* at has no upper bound yet: the phrase's length is known when phrase returns. */
static const struct field fields[NUMBERS] = {
    [AT] = {"at", -EARLY_BEATS, 1e6, NAN}, [BEATS] = {"beats", 0, 256, NAN}, [PITCH] = {"pitch", 0, 127, NAN},
    [VELOCITY] = {"velocity", 0, 1, 0.7},  [PAN] = {"pan", -1, 1, 0},
};

struct place {
    char main[300];  /* "scripts/ambient.lua:12" */
    char inner[300]; /* where the call itself was, if that is another file; else "" */
    int line;        /* of main */
    int callers[2];  /* the next ones in the piece's own script; 0: none */
};

/* The nearest caller in the piece's own script with those above it, and the nearest at all. */
static void find_place(lua_State *L, struct place *place, const struct aur_piece *piece)
{
    lua_Debug at;
    size_t n = 0;
    memset(place, 0, sizeof *place);
    for (int level = 1; n < 3 && lua_getstack(L, level, &at); level++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline <= 0)
            continue;
        const char *path = at.source + 1;
        if (strcmp(path, piece->path) == 0) {
            if (n++)
                place->callers[n - 2] = at.currentline;
            else
                snprintf(place->main, sizeof place->main, "%s:%d", path, place->line = at.currentline);
        } else if (n == 0 && !*place->inner) {
            snprintf(place->inner, sizeof place->inner, "%s:%d", path, at.currentline);
        }
    }
    if (n)
        return;
    memcpy(place->main, place->inner, sizeof place->main); /* a coroutine of a library */
    place->inner[0] = '\0';
}

int aur_ctx_bad(lua_State *L, const char *fmt, ...)
{
    struct aur_job *job = aur_vm_user(L);
    struct place place;
    char text[500];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    aur_vm_charge(L, BAD_COST);
    find_place(L, &place, job->piece);
    if (*place.inner)
        lua_pushfstring(L, "%s (at %s)", text, place.inner);
    else
        lua_pushstring(L, text);
    aur_vm_raise_at(L, place.main, lua_tostring(L, -1));
    __builtin_unreachable();
}

static void describe_range(char *out, size_t size, const struct field *field)
{
    if (field == &fields[AT])
        snprintf(out, size, "0 to the phrase's length");
    else if (field == &fields[BEATS])
        snprintf(out, size, "more than 0, up to 256");
    else
        snprintf(out, size, "%g to %g", field->min, field->max);
}

static void check_number(lua_State *L, const char *what, const struct field *field, double x)
{
    char range[64];
    describe_range(range, sizeof range, field);
    if (x != x)
        aur_ctx_bad(L, "%s: %s: nan is not allowed; allowed: %s", what, field->name, range);
    if (x < field->min || x > field->max || (field == &fields[BEATS] && x == 0))
        aur_ctx_bad(L, "%s: %s: %.9g is not allowed; allowed: %s", what, field->name, x, range);
}

/* Field of the table at 2. */
static double read_number(lua_State *L, const char *what, const struct field *field)
{
    lua_getfield(L, 2, field->name);
    int type = lua_type(L, -1);
    if (type == LUA_TNIL && field->def == field->def) {
        lua_pop(L, 1);
        return field->def;
    }
    if (type == LUA_TNIL)
        aur_ctx_bad(L, "%s: %s is missing", what, field->name);
    if (type != LUA_TNUMBER)
        aur_ctx_bad(L, "%s: %s: a number is needed, not a %s", what, field->name, luaL_typename(L, -1));
    double x = lua_tonumber(L, -1);
    check_number(L, what, field, x);
    lua_pop(L, 1);
    return x;
}

/* x in units of 1/one, to the nearest; exact, since |x| one stays below 2^53. */
static int64_t quantise(double x, double one)
{
    return (int64_t)floor(x * one + 0.5);
}

static void read_time(lua_State *L, const char *what, int64_t *at_q20, int64_t *beats_q20)
{
    double at = read_number(L, what, &fields[AT]), beats = read_number(L, what, &fields[BEATS]);
    *at_q20 = at < 0 ? 0 : quantise(at, AUR_BEAT_ONE);
    *beats_q20 = quantise(beats, AUR_BEAT_ONE);
    if (*beats_q20 == 0)
        *beats_q20 = 1;
}

/* Raises for a key of the table at 2 that is not among the names. */
static void check_keys(lua_State *L, const char *what, const char *method, const char *const *names)
{
    aur_vm_check_stack(L);
    if (lua_type(L, 1) != LUA_TUSERDATA || !lua_istable(L, 2))
        aur_ctx_bad(L, "%s: it is called as ctx:%s { ... }", what, method);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        const char *const *name = names;
        if (lua_type(L, -2) == LUA_TSTRING)
            while (*name && strcmp(*name, lua_tostring(L, -2)) != 0)
                name++;
        if (lua_type(L, -2) == LUA_TSTRING && *name)
            continue;
        char list[128] = "", hint[AUR_HINT_SIZE];
        size_t used = 0;
        for (name = names; *name && used < sizeof list; name++)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", *name);
        const char *key = aur_vm_tostring(L, -2);
        aur_ctx_bad(L, "%s: '%.40s' is not a field%s; allowed: %s", what, key, aur_error_hint(hint, key, list), list);
    }
}

static uint16_t read_patch(lua_State *L, const struct aur_piece_info *info)
{
    lua_getfield(L, 2, "patch");
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    for (uint32_t i = 0; name && i < info->n_patches; i++)
        if (strcmp(info->patches[i].name, name) == 0) {
            lua_pop(L, 1);
            return (uint16_t)i;
        }
    char list[256] = "none, the piece declares no patches";
    size_t used = 0;
    for (uint32_t i = 0; i < info->n_patches && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", info->patches[i].name);
    char hint[AUR_HINT_SIZE];
    const char *given = aur_vm_tostring(L, -1);
    aur_ctx_bad(L, "note: patch: %.40s is not allowed%s; allowed: %s", given, aur_error_hint(hint, given, list), list);
}

int aur_ctx_note(lua_State *L)
{
    static const char *const names[] = {"patch", "at", "beats", "pitch", "velocity", "pan", NULL};
    struct aur_job *job = aur_vm_user(L);
    struct aur_phrase *phrase = &job->phrase;
    check_keys(L, "note", "note", names);
    struct place place;
    find_place(L, &place, job->piece);
    struct aur_note note = {.line = (uint32_t)place.line,
                            .callers = {(uint32_t)place.callers[0], (uint32_t)place.callers[1]}};
    note.patch = read_patch(L, &job->piece->info);
    read_time(L, "note", &note.at_q20, &note.beats_q20);
    note.pitch_q16 = (int32_t)quantise(read_number(L, "note", &fields[PITCH]), AUR_Q16_ONE);
    note.velocity_q16 = (int32_t)quantise(read_number(L, "note", &fields[VELOCITY]), AUR_Q16_ONE);
    note.pan_q16 = (int32_t)quantise(read_number(L, "note", &fields[PAN]), AUR_Q16_ONE);
    /* Only now: reading a field may have called the script, which may have played notes. */
    if (phrase->n_notes >= job->piece->limits.notes) {
        job->over_events = true;
        aur_ctx_bad(L, "note: the phrase has more than %u notes", job->piece->limits.notes);
    }
    note.id = phrase->n_notes;
    job->notes[phrase->n_notes++] = note;
    return 0;
}

static void read_pitches(lua_State *L, struct aur_chord *chord)
{
    lua_getfield(L, 2, "pitches");
    size_t n = lua_istable(L, -1) ? lua_objlen(L, -1) : 0;
    if (n < 1 || n > AUR_CHORD_TONES_MAX)
        aur_ctx_bad(L, "chord: pitches: a table of 1 to %d pitches is needed", AUR_CHORD_TONES_MAX);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -1, (int)i + 1);
        double pitch = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : NAN;
        if (!(pitch >= 0 && pitch <= 127))
            aur_ctx_bad(L, "chord: pitches[%zu]: %.40s is not allowed; allowed: 0 to 127", i + 1,
                        aur_vm_tostring(L, -1));
        chord->pitches_q16[i] = (int32_t)quantise(pitch, AUR_Q16_ONE);
        lua_pop(L, 1);
    }
    chord->n_pitches = (uint32_t)n;
    lua_pop(L, 1);
}

int aur_ctx_chord(lua_State *L)
{
    static const char *const names[] = {"at", "beats", "name", "pitches", NULL};
    struct aur_job *job = aur_vm_user(L);
    struct aur_chord chord = {0};
    struct place place;
    check_keys(L, "chord", "chord", names);
    read_time(L, "chord", &chord.at_q20, &chord.beats_q20);
    lua_getfield(L, 2, "name");
    size_t len = 0;
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &len) : NULL;
    bool fits = name ? len < sizeof chord.name && aur_text_is_readable(name, len) : lua_isnil(L, -1);
    if (!fits)
        aur_ctx_bad(L, "chord: name: a text of up to %zu bytes in UTF-8, without control characters, is needed",
                    sizeof chord.name - 1);
    snprintf(chord.name, sizeof chord.name, "%s", name ? name : "");
    lua_pop(L, 1);
    read_pitches(L, &chord);
    find_place(L, &place, job->piece);
    if (job->phrase.n_chords >= AUR_CHORDS_MAX) {
        job->over_events = true;
        aur_ctx_bad(L, "chord: the phrase has more than %d chords", AUR_CHORDS_MAX);
    }
    job->chord_lines[job->phrase.n_chords] = place.line;
    job->chords[job->phrase.n_chords++] = chord;
    return 0;
}

/* ---- after phrase has returned ---- */

static void check_end(lua_State *L, const struct aur_job *job, const char *what, int64_t at_q20, int line)
{
    int beats = job->phrase.bars * job->phrase.meter[0];
    if (at_q20 < beats * AUR_BEAT_ONE)
        return;
    char text[200];
    snprintf(text, sizeof text, "%s: at: %.9g is not allowed; allowed: 0 to less than %d, the phrase's %d bars", what,
             (double)at_q20 / (double)AUR_BEAT_ONE, beats, job->phrase.bars);
    luaL_error(L, "%s:%d: %s", job->piece->path, line, text);
}

static void set_frames(const struct aur_phrase *phrase, uint64_t *on, uint64_t *off, int64_t at_q20, int64_t beats_q20)
{
    int bpm = phrase->controls.bpm;
    uint64_t at = aur_tempo_frames(at_q20, bpm, phrase->rate_hz), last = phrase->length_frames - AUR_BLOCK_FRAMES;
    *on = phrase->start_frame + (at < last ? at : last);
    *off = phrase->start_frame + aur_tempo_frames(at_q20 + beats_q20, bpm, phrase->rate_hz);
    if (*off < *on + AUR_BLOCK_FRAMES)
        *off = *on + AUR_BLOCK_FRAMES;
}

void aur_events_finish(lua_State *L, struct aur_job *job)
{
    struct aur_phrase *phrase = &job->phrase;
    int64_t length_q20 = phrase->bars * phrase->meter[0] * AUR_BEAT_ONE;
    phrase->length_frames = aur_tempo_frames(length_q20, phrase->controls.bpm, phrase->rate_hz);
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        struct aur_note *note = &job->notes[i];
        check_end(L, job, "note", note->at_q20, (int)note->line);
        set_frames(phrase, &note->on_frame, &note->off_frame, note->at_q20, note->beats_q20);
    }
    for (uint32_t i = 0; i < phrase->n_chords; i++) {
        struct aur_chord *chord = &job->chords[i];
        check_end(L, job, "chord", chord->at_q20, job->chord_lines[i]);
        set_frames(phrase, &chord->on_frame, &chord->off_frame, chord->at_q20, chord->beats_q20);
    }
}
