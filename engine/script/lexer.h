/* Lua source as a row of tokens: enough to find things in a script's text (its fields, its locals, what is not allowed),
 * without compiling it. Text that is no Lua gives some row of tokens too. Pure; any thread. */
#ifndef AUR_SCRIPT_LEXER_H
#define AUR_SCRIPT_LEXER_H

#include <stdbool.h>
#include <stddef.h>

enum aur_token_type {
    AUR_TOKEN_END,
    AUR_TOKEN_NAME, /* keywords too */
    AUR_TOKEN_NUMBER,
    AUR_TOKEN_STRING, /* its quotes or brackets included */
    AUR_TOKEN_OTHER   /* one character of anything else; "==", "~=", "<=", ">=" and "::" are one token */
};

struct aur_token {
    enum aur_token_type type;
    const char *start;
    size_t len;
    int line;
};

struct aur_lexer {
    const char *at, *end;
    int line;
};

/* text is followed by a NUL and stays where it is. */
void aur_lexer_init(struct aur_lexer *lexer, const char *text, size_t len);
/* The next token; AUR_TOKEN_END at the end, again and again. */
struct aur_token aur_lexer_next(struct aur_lexer *lexer);
bool aur_token_is(const struct aur_token *token, const char *text);

/* Line of the field whose path is `names` (NULL-terminated: "patches", "pad", "attack") in the table constructor after
 * the last `return` on the text's top level, as far as constructors are nested in it; 0 if not even the first is there. */
int aur_lexer_find_field(const char *text, size_t len, const char *const *names);

/* How often the text names something: as a name, or in a string that is not the value of a field `voice`. */
int aur_lexer_count(const char *text, size_t len, const char *name);

/* Line of the first `local` on the text's top level that declares the name; 0 if there is none. */
int aur_lexer_find_local(const char *text, size_t len, const char *name);

#endif
