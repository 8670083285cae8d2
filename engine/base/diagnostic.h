/* An error or a warning about a script, taken apart: what an editor needs to mark it at its place.
 *
 * A script's error is one text, "file:line: message" and a traceback under it; aur_diagnostic_read takes it apart again.
 * Pure; any thread. */
#ifndef AUR_BASE_DIAGNOSTIC_H
#define AUR_BASE_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum aur_severity { AUR_SEVERITY_ERROR, AUR_SEVERITY_WARNING };

struct aur_diagnostic {
    char file[512];       /* as the error names it; "" if it names none */
    int line;             /* 1-based; 0: the error is about the whole file, or about none */
    int column;           /* 1-based, in bytes; 0: unknown */
    char severity;        /* enum aur_severity */
    char message[1024];   /* without "file:line: " and without the traceback */
    char traceback[1024]; /* lines "file:line: in function name", divided by '\n', the innermost first; "" if none */
};

/* Takes the error apart; texts become UTF-8, whatever bytes the script put into them. text: of the file that the error names, NUL-terminated, for a column where err knows none (the
 * token that "near '...'" names, else the first character of the line that is not blank); or NULL. */
void aur_diagnostic_read(struct aur_diagnostic *out, const struct aur_error *err, const char *text);

/* Length of the file's name if the text begins with "file:line:", else 0; *line gets the line, unless it is NULL. */
size_t aur_diagnostic_place(const char *text, int *line);

/* Column of the first non-blank character of this line of text; 1 for an empty line, 0 if there is no such line. */
int aur_diagnostic_indent(const char *text, int line);

/* Whether a text is UTF-8 without control characters: what can be shown, and written into any file. */
bool aur_text_is_readable(const char *text, size_t len);

/* Makes it so, but for tabs and ends of lines, in place: a script's texts may be any bytes, and neither a terminal nor a
 * reader of the log is to be led by them. */
void aur_text_make_readable(char *text);

/* "error", "warning" */
const char *aur_severity_name(int severity);

#endif
