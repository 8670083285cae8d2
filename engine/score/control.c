/* Controls: one table for the built-in numbers, one setter for them and the piece's own. */
#include "score/control.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "score/tempo.h"

const struct aur_control_builtin aur_control_builtins[] = {
    {"bpm", "Tempo", AUR_BPM_MIN, AUR_BPM_MAX, 70, true, false, offsetof(struct aur_controls, bpm)},
    {"intensity", "Intensity", 0, 1, 0.5, false, true, offsetof(struct aur_controls, intensity)},
    {"melody_complexity", "Melody complexity", 0, 1, 0.5, false, false,
     offsetof(struct aur_controls, melody_complexity)},
    {"level", "Level", 0, 1, 1, false, true, offsetof(struct aur_controls, level)},
    {"brightness", "Brightness", 0, 1, 0.5, false, true, offsetof(struct aur_controls, brightness)},
    {0},
};

static void store(struct aur_controls *controls, const struct aur_control_builtin *builtin, double value)
{
    char *base = (char *)controls + builtin->offset;
    int integer = (int)value;
    if (builtin->integer)
        memcpy(base, &integer, sizeof integer);
    else
        memcpy(base, &value, sizeof value);
}

void aur_controls_default(struct aur_controls *out, const struct aur_control_specs *specs)
{
    memset(out, 0, sizeof *out);
    if (aur_key_parse(&out->key, "A minor", NULL) != AUR_OK)
        return; /* cannot be */
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name; b++)
        store(out, b, b->def);
    for (size_t i = 0; specs && i < specs->n; i++)
        out->piece[i] = specs->items[i].def;
}

static int bad_value(struct aur_error *err, const char *field, double value, double min, double max, bool integer)
{
    char text[40], range[96];
    snprintf(text, sizeof text, "%.9g", value != value ? (double)NAN : value);
    snprintf(range, sizeof range, "%s%.9g to %.9g", integer ? "an integer from " : "", min, max);
    return aur_error_value(err, field, text, range);
}

static int unknown_name(struct aur_error *err, const struct aur_control_specs *specs, const char *field)
{
    char names[256] = "key";
    size_t used = 3;
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name && used < sizeof names; b++)
        used += (size_t)snprintf(names + used, sizeof names - used, ", %s", b->name);
    for (size_t i = 0; specs && i < specs->n && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, ", %s", specs->items[i].name);
    char hint[AUR_HINT_SIZE];
    int rc = aur_error_value(err, field, "this control", names);
    if (err && aur_error_hint(hint, field, names)[0])
        snprintf(err->message, sizeof err->message, "%s: this control is not allowed%s; allowed: %s", field, hint,
                 names);
    return rc;
}

int aur_controls_set(struct aur_controls *controls, const struct aur_control_specs *specs, const char *field,
                     double value, struct aur_error *err)
{
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name; b++) {
        if (strcmp(field, b->name) != 0)
            continue;
        if (!(value >= b->min && value <= b->max) || (b->integer && floor(value) != value))
            return bad_value(err, field, value, b->min, b->max, b->integer);
        store(controls, b, value);
        return AUR_OK;
    }
    for (size_t i = 0; specs && i < specs->n; i++) {
        const struct aur_control_spec *spec = &specs->items[i];
        if (strcmp(field, spec->name) != 0)
            continue;
        if (!(value >= spec->min && value <= spec->max))
            return bad_value(err, field, value, spec->min, spec->max, false);
        controls->piece[i] = value;
        return AUR_OK;
    }
    return unknown_name(err, specs, field);
}

void aur_controls_carry(struct aur_controls *out, const struct aur_control_specs *specs,
                        const struct aur_controls *from, const struct aur_control_specs *from_specs)
{
    double kept[AUR_PIECE_CONTROLS_MAX];
    memcpy(kept, out->piece, sizeof kept);
    for (size_t i = 0; i < specs->n; i++)
        for (size_t k = 0; k < from_specs->n; k++) {
            const struct aur_control_spec *spec = &specs->items[i];
            if (strcmp(spec->name, from_specs->items[k].name) != 0)
                continue;
            double value = from->piece[k];
            kept[i] = value < spec->min ? spec->min : value > spec->max ? spec->max : value;
        }
    *out = *from;
    memcpy(out->piece, kept, sizeof kept);
}

/* ---- as text ---- */

#define LINES_MAX (AUR_PIECE_CONTROLS_MAX + 16)
#define LINE_SIZE (AUR_CONTROL_NAME_SIZE + 40)

static double load(const struct aur_controls *controls, const struct aur_control_builtin *builtin)
{
    const char *base = (const char *)controls + builtin->offset;
    double value;
    int integer;
    memcpy(&integer, base, sizeof integer);
    if (builtin->integer)
        return integer;
    memcpy(&value, base, sizeof value);
    return value;
}

static int by_name(const void *a, const void *b)
{
    const char *x = a, *y = b;
    size_t n = strcspn(x, "="), m = strcspn(y, "=");
    int order = strncmp(x, y, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

void aur_controls_print(struct aur_buf *out, const struct aur_controls *controls, const struct aur_control_specs *specs)
{
    char lines[LINES_MAX][LINE_SIZE];
    size_t n = 0;
    snprintf(lines[n++], LINE_SIZE, "key=%s\n", controls->key.name);
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name; b++)
        snprintf(lines[n++], LINE_SIZE, "%s=%.17g\n", b->name, load(controls, b));
    for (size_t i = 0; specs && i < specs->n; i++)
        snprintf(lines[n++], LINE_SIZE, "%s=%.17g\n", specs->items[i].name, controls->piece[i]);
    qsort(lines, n, LINE_SIZE, by_name);
    for (size_t i = 0; i < n; i++)
        aur_buf_text(out, lines[i]);
}

/* The piece's own control of this name, brought into its range; true if it has one. */
static bool set_own(struct aur_controls *controls, const struct aur_control_specs *specs, const char *name,
                    double value)
{
    for (size_t i = 0; specs && i < specs->n; i++) {
        const struct aur_control_spec *spec = &specs->items[i];
        if (strcmp(name, spec->name) != 0)
            continue;
        controls->piece[i] = value < spec->min ? spec->min : value > spec->max ? spec->max : value;
        return true;
    }
    return false;
}

static int parse_line(struct aur_controls *out, const struct aur_control_specs *specs, const char *line, size_t len,
                      struct aur_error *err)
{
    char text[LINE_SIZE];
    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
    char *value = strchr(text, '='), *end;
    if (!value)
        return aur_error_value(err, "controls", text, "lines of name=value");
    *value++ = '\0';
    if (strcmp(text, "key") == 0)
        return aur_key_parse(&out->key, value, err);
    double number = strtod(value, &end);
    if (end == value || *end)
        return aur_error_value(err, text, value, "a number");
    if (number == number && set_own(out, specs, text, number))
        return AUR_OK;
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name; b++)
        if (strcmp(text, b->name) == 0)
            return aur_controls_set(out, NULL, text, number, err);
    return AUR_OK;
}

int aur_controls_parse(struct aur_controls *out, const struct aur_control_specs *specs, const char *text,
                       struct aur_error *err)
{
    int rc = AUR_OK;
    aur_controls_default(out, specs);
    for (size_t len; rc == AUR_OK && *text; text += len + (text[len] != '\0')) {
        len = strcspn(text, "\n");
        rc = parse_line(out, specs, text, len, err);
    }
    return rc;
}
