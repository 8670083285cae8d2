/* .env files, read in place line by line. Main thread, at start; no state. */
#include "app/dotenv.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static char *skip_space(char *at)
{
    return at + strspn(at, " \t");
}

/* Ends the name at `at` and returns what follows the '=', or NULL where the line is no assignment. */
static char *split_name(char *at)
{
    size_t n = 0;
    while (isalnum((unsigned char)at[n]) || at[n] == '_')
        n++;
    char *rest = skip_space(at + n);
    if (n == 0 || isdigit((unsigned char)*at) || *rest != '=')
        return NULL;
    at[n] = '\0';
    return skip_space(rest + 1);
}

static char unescape(char c)
{
    static const char from[] = "nrt", to[] = "\n\r\t";
    const char *at = memchr(from, c, sizeof from - 1);
    return at ? to[at - from] : c;
}

/* Unquotes in place and returns what follows the closing quote, or NULL if there is none. */
static char *unquote(char *value)
{
    char quote = *value, *out = value, *in = value + 1;
    for (; *in && *in != quote; in++) {
        if (quote == '"' && *in == '\\' && in[1])
            *out++ = unescape(*++in);
        else
            *out++ = *in;
    }
    if (!*in)
        return NULL;
    char *rest = in + 1;
    *out = '\0';
    return rest;
}

static void trim_bare(char *value)
{
    char *end = value;
    for (char *at = value; *at; at++) {
        if (*at == '#' && (at == value || isspace((unsigned char)at[-1])))
            break;
        if (!isspace((unsigned char)*at))
            end = at + 1;
    }
    *end = '\0';
}

/* One line without its end. NULL if it is fine, otherwise what is wrong; *name is NULL where there is no assignment. */
static const char *read_line(char **name, char **value, char *line)
{
    char *at = skip_space(line);
    *name = NULL;
    if (!*at || *at == '#')
        return NULL;
    if (strncmp(at, "export", 6) == 0 && (at[6] == ' ' || at[6] == '\t'))
        at = skip_space(at + 6);
    *value = split_name(at);
    if (!*value)
        return "expected NAME=VALUE";
    *name = at;
    if (**value != '"' && **value != '\'') {
        trim_bare(*value);
        return NULL;
    }
    char *rest = unquote(*value);
    if (!rest)
        return "the quote is not closed";
    rest = skip_space(rest);
    return *rest && *rest != '#' ? "only a comment may follow the closing quote" : NULL;
}

int aur_dotenv_read(char *text, const char *path, aur_dotenv_fn *on_value, void *user, struct aur_error *err)
{
    int number = 1;
    for (char *line = text; line; number++) {
        char *end = strchr(line, '\n'), *name, *value;
        if (end)
            *end = '\0';
        size_t len = strlen(line);
        if (len > 0 && line[len - 1] == '\r')
            line[len - 1] = '\0';
        const char *wrong = read_line(&name, &value, line);
        if (wrong)
            return aur_error_set(err, AUR_EINVAL, "%s:%d: %s", path, number, wrong);
        int rc = name ? on_value(user, name, value, number, err) : AUR_OK;
        if (rc < 0)
            return rc;
        line = end ? end + 1 : NULL;
    }
    return AUR_OK;
}
