/* Errors: formatting into a caller's struct. Any thread; no state, no allocation. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

int aur_error_set(struct aur_error *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    memset(err, 0, sizeof *err);
    err->code = code;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->message, sizeof err->message, fmt, args);
    va_end(args);
    return code;
}

int aur_error_value(struct aur_error *err, const char *field, const char *value, const char *allowed)
{
    if (!err)
        return AUR_EINVAL;
    aur_error_set(err, AUR_EINVAL, "%s: %.100s is not allowed; allowed: %s", field, value, allowed);
    snprintf(err->field, sizeof err->field, "%s", field);
    snprintf(err->value, sizeof err->value, "%s", value);
    snprintf(err->allowed, sizeof err->allowed, "%s", allowed);
    return AUR_EINVAL;
}

const char *aur_err_text(int code)
{
    static const char *const texts[] = {
        [-AUR_OK] = "no error",
        [-AUR_EINVAL] = "invalid value",
        [-AUR_ENOMEM] = "out of memory",
        [-AUR_EIO] = "input/output error",
        [-AUR_ESCRIPT] = "script error",
        [-AUR_ELIMIT] = "limit reached",
        [-AUR_ENOTSUP] = "not supported",
        [-AUR_ENOTFOUND] = "not found",
        [-AUR_EBUSY] = "busy",
    };
    if (code > 0 || -code >= (int)(sizeof texts / sizeof *texts))
        return "unknown error";
    return texts[-code];
}
