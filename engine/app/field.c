/* Values that text can set: one setter and one description per type, in a table. Main thread; no state. Numbers are read
 * with strto* after a look at their characters, so that spaces, hex, inf and nan are refused. */
#include "app/field.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "score/key.h"

typedef bool set_fn(void *member, const struct aur_field *field, const char *text);

/* The choice that equals text without regard to case, copied to out; false if there is none. */
static bool find_choice(char *out, size_t size, const char *choices, const char *text)
{
    size_t len = strlen(text);
    for (const char *at = choices; *at;) {
        size_t n = strcspn(at, "|");
        if (n == len && n < size && strncasecmp(at, text, n) == 0) {
            memcpy(out, at, n);
            out[n] = '\0';
            return true;
        }
        at += n + (at[n] == '|');
    }
    return false;
}

static bool read_real(double *out, const char *text)
{
    if (!*text || text[strspn(text, "0123456789.eE+-")])
        return false;
    char *end;
    *out = strtod(text, &end);
    return !*end && isfinite(*out);
}

static bool set_flag(void *member, const struct aur_field *field, const char *text)
{
    (void)field, (void)text;
    *(bool *)member = true;
    return true;
}

static bool set_bool(void *member, const struct aur_field *field, const char *text)
{
    char word[8];
    (void)field;
    if (!find_choice(word, sizeof word, "true|1|yes|on|false|0|no|off", text))
        return false;
    *(bool *)member = strchr("t1y", word[0]) || strcmp(word, "on") == 0;
    return true;
}

static bool set_int(void *member, const struct aur_field *field, const char *text)
{
    char word[16];
    if (field->choices && !find_choice(word, sizeof word, field->choices, text))
        return false;
    const char *digits = text + (*text == '-' || *text == '+');
    if (!*digits || digits[strspn(digits, "0123456789")])
        return false;
    errno = 0;
    long value = strtol(text, NULL, 10);
    if (errno)
        return false;
    if (!field->choices && ((double)value < field->min || (double)value > field->max))
        return false;
    if (field->step && value % field->step)
        return false;
    *(int *)member = (int)value;
    return true;
}

static bool set_seed(void *member, const struct aur_field *field, const char *text)
{
    (void)field;
    if (!*text || text[strspn(text, "0123456789")])
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    if (errno)
        return false;
    *(struct aur_seed *)member = (struct aur_seed){.value = value, .set = true};
    return true;
}

static bool in_range(double *out, const struct aur_field *field, double value)
{
    if (value < field->min || value > field->max)
        return false;
    *out = value;
    return true;
}

static bool set_real(void *member, const struct aur_field *field, const char *text)
{
    double value;
    return read_real(&value, text) && in_range(member, field, value);
}

/* Seconds, m:ss or h:mm:ss; only the last part may have a fraction, and parts after the first are below 60. */
static bool set_time(void *member, const struct aur_field *field, const char *text)
{
    double total = 0, part;
    char word[32];
    int parts = 0;
    for (const char *at = text;; parts++) {
        size_t n = strcspn(at, ":");
        bool last = !at[n];
        if (n == 0 || n >= sizeof word || parts == 3)
            return false;
        memcpy(word, at, n);
        word[n] = '\0';
        if (word[strspn(word, last ? "0123456789." : "0123456789")] || !read_real(&part, word))
            return false;
        if (parts > 0 && part >= 60)
            return false;
        total = total * 60 + part;
        if (last)
            return in_range(member, field, total);
        at += n + 1;
    }
}

static bool set_text(void *member, const struct aur_field *field, const char *text)
{
    size_t len = strlen(text);
    if (len >= field->size)
        return false;
    memcpy(member, text, len + 1);
    return true;
}

static bool set_choice(void *member, const struct aur_field *field, const char *text)
{
    return find_choice(member, field->size, field->choices, text);
}

static bool set_key(void *member, const struct aur_field *field, const char *text)
{
    struct aur_key key;
    return aur_key_parse(&key, text, NULL) == 0 && set_text(member, field, text);
}

static bool is_origin(const char *text, size_t len)
{
    static const char *const schemes[] = {"http://", "https://"};
    if (len == 1 && *text == '*')
        return true;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t n = strlen(schemes[i]);
        if (len > n && strncmp(text, schemes[i], n) == 0)
            return strcspn(text + n, "/?# ,") == len - n;
    }
    return false;
}

static bool set_origins(void *member, const struct aur_field *field, const char *text)
{
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, ",");
        if (!is_origin(at, n))
            return false;
        at += n + (at[n] == ',');
    }
    return set_text(member, field, text);
}

static bool set_list(void *member, const struct aur_field *field, const char *text)
{
    struct aur_text_list *list = member;
    (void)field;
    if (list->n == AUR_TEXT_LIST_MAX)
        return false;
    list->items[list->n++] = text;
    return true;
}

static const struct {
    set_fn *set;
    const char *allowed; /* NULL: from the range or the choices */
} types[AUR_FIELD_TYPES] = {
    [AUR_FIELD_FLAG] = {set_flag, "no value"},
    [AUR_FIELD_BOOL] = {set_bool, "true, false"},
    [AUR_FIELD_INT] = {set_int, NULL},
    [AUR_FIELD_SEED] = {set_seed, "a whole number from 0 to 18446744073709551615"},
    [AUR_FIELD_REAL] = {set_real, NULL},
    [AUR_FIELD_TIME] = {set_time, "seconds or h:mm:ss"},
    [AUR_FIELD_TEXT] = {set_text, NULL},
    [AUR_FIELD_CHOICE] = {set_choice, NULL},
    [AUR_FIELD_KEY] = {set_key,
                       "a tonic C to B with # or b, a space, and ionian, dorian, phrygian, lydian, mixolydian, "
                       "aeolian, locrian, major or minor, such as A minor"},
    [AUR_FIELD_ORIGINS] = {set_origins, "origins such as https://example.org with commas between them, or *"},
    [AUR_FIELD_LIST] = {set_list, "at most 64 of them"},
};

/* "a|b|c" as "a, b, c". */
static void list_choices(char *out, size_t size, const char *choices)
{
    size_t n = 0;
    for (const char *at = choices; *at && n + 3 < size; at++) {
        out[n++] = *at == '|' ? ',' : *at;
        if (*at == '|')
            out[n++] = ' ';
    }
    out[n] = '\0';
}

void aur_field_allowed(char *out, size_t size, const struct aur_field *field)
{
    const char *allowed = types[field->type].allowed;
    if (field->type == AUR_FIELD_TIME)
        snprintf(out, size, "%s, from %g to %.10g seconds", allowed, field->min, field->max);
    else if (allowed)
        snprintf(out, size, "%s", allowed);
    else if (field->choices)
        list_choices(out, size, field->choices);
    else if (field->type == AUR_FIELD_TEXT)
        snprintf(out, size, "text of at most %zu bytes", field->size - 1);
    else if (field->type == AUR_FIELD_INT && field->step > 1)
        snprintf(out, size, "a multiple of %d from %.0f to %.0f", field->step, field->min, field->max);
    else if (field->type == AUR_FIELD_INT)
        snprintf(out, size, "a whole number from %.0f to %.0f", field->min, field->max);
    else
        snprintf(out, size, "a number from %g to %g", field->min, field->max);
}

int aur_field_set(void *base, const struct aur_field *field, const char *name, const char *text, struct aur_error *err)
{
    if (types[field->type].set((char *)base + field->offset, field, text))
        return AUR_OK;
    char allowed[256], quoted[128];
    aur_field_allowed(allowed, sizeof allowed, field);
    snprintf(quoted, sizeof quoted, *text ? "%s" : "\"%s\"", text);
    return aur_error_value(err, name, quoted, allowed);
}
