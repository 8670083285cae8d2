/* Errors: codes that functions return, and the explanation that goes with one.
 *
 * Every fallible function returns 0 or a negative enum aur_err and fills a caller-owned struct aur_error (which may be
 * NULL). An explanation of a bad value names the thing, the value and what is allowed. Any thread. */
#ifndef AUR_BASE_ERROR_H
#define AUR_BASE_ERROR_H

#include <stdarg.h>

#define AUR_MUST_USE          __attribute__((warn_unused_result))
#define AUR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum aur_err {
    AUR_OK = 0,
    AUR_EINVAL = -1,  /* a value outside what is allowed: field, value and allowed are filled */
    AUR_ENOMEM = -2,  /* allocation failed */
    AUR_EIO = -3,     /* file, socket or device */
    AUR_ESCRIPT = -4, /* the script raised, or returned what it must not; message is "file:line: text" */
    AUR_ELIMIT = -5,  /* a budget was spent: instructions, memory, events, clients */
    AUR_ENOTSUP = -6, /* known, but not available in this build or on this machine */
    AUR_ENOTFOUND = -7,
    AUR_EBUSY = -8, /* not yet: try again later */
};

struct aur_error {
    int code;           /* enum aur_err; 0 when nothing was set */
    int column;         /* 1-based, of a script's error whose exact place is known; else 0 */
    char field[64];     /* the setting, flag, control or note field; "" if none */
    char value[128];    /* the offending value as text; "" if none */
    char allowed[256];  /* what is allowed; "" if none */
    char message[1024]; /* one line for people, complete in itself; a traceback may follow after '\n' */
};

/* Fills err (if not NULL) with a formatted message and returns code. */
int aur_error_set(struct aur_error *err, int code, const char *fmt, ...) AUR_PRINTF(3, 4);

#define AUR_HINT_SIZE 64

/* Writes " (did you mean WORD?)" into hint and returns it, WORD being the word of `allowed` (words and ", " between
 * them; what holds a space is none) that value is most likely meant to be: it begins with the same letter and differs in case, by a letter or two (a
 * missing, superfluous, wrong or swapped one), or ends too early. "" if there is none, or value is one of the words or no
 * word itself. */
const char *aur_error_hint(char hint[AUR_HINT_SIZE], const char *value, const char *allowed);

/* Fills err with field, value and allowed, and the message "<field>: <value> is not allowed<hint>; allowed: <allowed>",
 * the hint being that of aur_error_hint. Returns AUR_EINVAL. */
int aur_error_value(struct aur_error *err, const char *field, const char *value, const char *allowed);

/* "invalid value", "out of memory", ... */
const char *aur_err_text(int code);

#endif
