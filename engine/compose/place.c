/* Where in a script's text a field of its table is. Any thread; no state. */
#include <stdio.h>
#include <string.h>

#include "compose/inner.h"
#include "script/lexer.h"

#define PATH_NAMES 4
#define NAME_BYTES 64

int aur_piece_field_line(const struct aur_piece *piece, const char *message)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    char names[PATH_NAMES][NAME_BYTES];
    const char *path[PATH_NAMES + 1] = {NULL}, *at = message;
    size_t n = 0, len;
    if (strncmp(at, "the piece: ", 11) == 0)
        at += 11;
    for (; n < PATH_NAMES; n++) {
        bool quoted = *at == '\'';
        at += quoted;
        len = quoted ? strcspn(at, "'") : strspn(at, word);
        if (!quoted && at > message && at[-1] == ' ' && at[len] == '.') { /* a voice or an effect again: "pad.attack" */
            at += len + 1;
            len = strspn(at, word);
        }
        if (len == 0 || len >= NAME_BYTES || (!quoted && at[len] != '.' && at[len] != ':'))
            break;
        snprintf(names[n], NAME_BYTES, "%.*s", (int)len, at);
        path[n] = names[n];
        at += quoted ? strlen(at) : len + 1 + (at[len] == ':' && at[len + 1] == ' ');
    }
    return n ? aur_lexer_find_field(piece->text, piece->len, path) : 0;
}
