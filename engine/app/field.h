/* A value that text can set: the type, range and place of one member of a struct. Settings and command line options are
 * tables of these, so parsing, refusing and describing a value are written once. Pure; any thread. */
#ifndef AUR_APP_FIELD_H
#define AUR_APP_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum aur_field_type {
    AUR_FIELD_FLAG,    /* bool; present or not, takes no text */
    AUR_FIELD_BOOL,    /* bool */
    AUR_FIELD_INT,     /* int, min to max in steps of `step`, or one of `choices` */
    AUR_FIELD_SEED,    /* struct aur_seed */
    AUR_FIELD_REAL,    /* double, min to max */
    AUR_FIELD_TIME,    /* double: seconds or h:mm:ss, min to max */
    AUR_FIELD_TEXT,    /* char[size] */
    AUR_FIELD_CHOICE,  /* char[size]; one of `choices`, any case, stored as listed */
    AUR_FIELD_KEY,     /* char[size]; a musical key */
    AUR_FIELD_ORIGINS, /* char[size]; comma separated origins, or * */
    AUR_FIELD_LIST,    /* struct aur_text_list: each use adds one */
    AUR_FIELD_TYPES
};

struct aur_seed {
    unsigned long long value;
    bool set;
};

#define AUR_TEXT_LIST_MAX 64
struct aur_text_list {
    const char *items[AUR_TEXT_LIST_MAX]; /* borrowed */
    size_t n;
};

struct aur_field {
    enum aur_field_type type;
    size_t offset, size; /* of the member in its struct */
    double min, max;
    int step;            /* 0: 1 */
    const char *choices; /* "a|b|c" */
};

#define AUR_MEMBER(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

/* Sets the member of `base` from text (NULL for AUR_FIELD_FLAG). AUR_EINVAL names `name`, the value and what is allowed,
 * and leaves the member as it was. */
AUR_MUST_USE int aur_field_set(void *base, const struct aur_field *field, const char *name, const char *text,
                               struct aur_error *err);
/* What is allowed, in words: "a whole number from 40 to 200". */
void aur_field_allowed(char *out, size_t size, const struct aur_field *field);

#endif
