/* Errors of scripts taken apart by their text, which is the one form in which they travel (log, API, terminal). Any
 * thread; no state. */
#include "base/diagnostic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_DIGITS 9

size_t aur_diagnostic_place(const char *text, int *line)
{
    size_t path = strcspn(text, ":\n");
    size_t digits = text[path] == ':' ? strspn(text + path + 1, "0123456789") : 0;
    if (path == 0 || digits == 0 || digits > LINE_MAX_DIGITS || text[path + 1 + digits] != ':')
        return 0;
    if (line)
        *line = atoi(text + path + 1);
    return path;
}

/* Start of a line of text, or NULL. */
static const char *find_line(const char *text, int line)
{
    for (; text && line > 1; line--) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return line < 1 ? NULL : text;
}

int aur_diagnostic_indent(const char *text, int line)
{
    const char *at = find_line(text, line);
    if (!at)
        return 0;
    size_t blank = strspn(at, " \t\r");
    return at[blank] && at[blank] != '\n' ? (int)blank + 1 : 1;
}

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Column of the token in the first len bytes of the line, a whole word if it is one; 0 if it is not there. */
static int find_token(const char *line, size_t len, const char *token, size_t n)
{
    for (size_t i = 0; n > 0 && i + n <= len; i++) {
        bool whole = (i == 0 || !is_word(token[0]) || !is_word(line[i - 1])) &&
                     (i + n == len || !is_word(token[n - 1]) || !is_word(line[i + n]));
        if (whole && memcmp(line + i, token, n) == 0)
            return (int)i + 1;
    }
    return 0;
}

/* Of a message that ends in: near 'token' */
static int find_column(const struct aur_diagnostic *d, const char *text)
{
    const char *line = find_line(text, d->line), *near = NULL;
    if (!line)
        return 0;
    for (const char *at = d->message; (at = strstr(at, " near '")); at++)
        near = at + strlen(" near '");
    size_t n = near ? strlen(near) : 0;
    int column = n > 1 && near[n - 1] == '\'' ? find_token(line, strcspn(line, "\n"), near, n - 1) : 0;
    return column ? column : aur_diagnostic_indent(text, d->line);
}

/* Whether a line of the traceback begins here: "  file:line: in ". */
static bool is_trace(const char *at)
{
    size_t path = strncmp(at, "  ", 2) == 0 ? aur_diagnostic_place(at + 2, NULL) : 0;
    const char *rest = path ? strchr(at + 2 + path + 1, ':') : NULL;
    return rest && strncmp(rest, ": in ", 5) == 0;
}

static void read_traceback(char *out, size_t size, const char *from)
{
    size_t used = 0;
    while (*from && used + 1 < size) {
        size_t n = strcspn(from, "\n"), indent = strspn(from, " ");
        indent = indent < n ? indent : n;
        used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? "\n" : "", (int)(n - indent), from + indent);
        from += n + (from[n] == '\n');
    }
}

/* Length of the UTF-8 character at s, 0 if there is none, or one of U+0080 to U+009F, which control terminals. */
static size_t utf8_length(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : 0;
    n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : n;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool bad = (s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
               (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f);
    return bad ? 0 : n;
}

bool aur_text_is_readable(const char *text, size_t len)
{
    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_length((const unsigned char *)text + i);
        if (n == 0 || (unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    }
    return true;
}

void aur_text_make_readable(char *text)
{
    for (unsigned char *s = (unsigned char *)text; *s;) {
        size_t n = utf8_length(s);
        if (n == 0 || (*s < ' ' && *s != '\n' && *s != '\t') || *s == 0x7f)
            *s = '?';
        s += n ? n : 1;
    }
}

void aur_diagnostic_read(struct aur_diagnostic *out, const struct aur_error *err, const char *text)
{
    memset(out, 0, sizeof *out);
    out->severity = AUR_SEVERITY_ERROR;
    const char *message = err->message;
    size_t path = aur_diagnostic_place(message, &out->line);
    if (path) {
        snprintf(out->file, sizeof out->file, "%.*s", (int)path, message);
        message = strchr(message + path + 1, ':') + 1;
        message += strspn(message, " ");
    }
    const char *end = message;
    while (*end && !(*end == '\n' && is_trace(end + 1)))
        end++;
    snprintf(out->message, sizeof out->message, "%.*s", (int)(end - message), message);
    if (*end)
        read_traceback(out->traceback, sizeof out->traceback, end + 1);
    out->column = err->column ? err->column : find_column(out, text);
    aur_text_make_readable(out->file);
    aur_text_make_readable(out->message);
    aur_text_make_readable(out->traceback);
}

const char *aur_severity_name(int severity)
{
    return severity == AUR_SEVERITY_WARNING ? "warning" : "error";
}
