/* Errors: formatting into a caller's struct. Any thread; no state, no allocation. */
#include "base/error.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

enum { WORD_BYTES = 32 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Edits that make a of b: letters left out, put in, changed, or swapped with their neighbour (optimal string
 * alignment). Both have fewer than WORD_BYTES bytes. */
static int distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    int edits[WORD_BYTES][WORD_BYTES];
    for (size_t i = 0; i <= n_a; i++)
        for (size_t j = 0; j <= n_b; j++) {
            if (i == 0 || j == 0) {
                edits[i][j] = (int)(i + j);
                continue;
            }
            edits[i][j] = edits[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            edits[i][j] = least(edits[i][j], least(edits[i - 1][j], edits[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                edits[i][j] = least(edits[i][j], edits[i - 2][j - 2] + 1);
        }
    return edits[n_a][n_b];
}

const char *aur_error_hint(char hint[AUR_HINT_SIZE], const char *value, const char *allowed)
{
    size_t n_value = strlen(value), dashes = strspn(value, "-");
    hint[0] = '\0';
    if (n_value < 3 || n_value >= WORD_BYTES || !isalpha((unsigned char)value[dashes]))
        return hint;
    int best = n_value < 6 ? 2 : 3; /* fewer edits than that are a slip */
    for (const char *word = allowed; *word; word += strspn(word, ", ")) {
        size_t n = strcspn(word, ",");
        if (n == n_value && memcmp(word, value, n) == 0) {
            hint[0] = '\0';
            return hint;
        }
        const char first = word[strspn(word, "-")];
        if (n >= 3 && n < WORD_BYTES && !memchr(word, ' ', n) && tolower(first) == tolower(value[dashes])) {
            bool begun = n > n_value && strncasecmp(word, value, n_value) == 0;
            bool cased = n == n_value && strncasecmp(word, value, n) == 0;
            int edits = cased ? 0 : least(distance(value, n_value, word, n), begun ? 1 : WORD_BYTES);
            if (edits < best) {
                best = edits;
                snprintf(hint, AUR_HINT_SIZE, " (did you mean %.*s?)", (int)n, word);
            }
        }
        word += n;
    }
    return hint;
}

int aur_error_value(struct aur_error *err, const char *field, const char *value, const char *allowed)
{
    if (!err)
        return AUR_EINVAL;
    char hint[AUR_HINT_SIZE];
    aur_error_set(err, AUR_EINVAL, "%s: %.100s is not allowed%s; allowed: %s", field, value,
                  aur_error_hint(hint, value, allowed), allowed);
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
