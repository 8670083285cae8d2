/* A lexer for Lua 5.1 as LuaJIT reads it, and two searches with it. Any thread; no state. */
#include "script/lexer.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return c == '_' || is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80;
}

void aur_lexer_init(struct aur_lexer *lexer, const char *text, size_t len)
{
    *lexer = (struct aur_lexer){text, text + len, 1};
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        lexer->at += 3;
    if (lexer->at < lexer->end && *lexer->at == '#')
        while (lexer->at < lexer->end && *lexer->at != '\n')
            lexer->at++;
}

/* Goes on by n characters, counting lines. */
static void skip(struct aur_lexer *lexer, size_t n)
{
    for (; n > 0 && lexer->at < lexer->end; n--)
        lexer->line += *lexer->at++ == '\n';
}

/* Level of a long bracket that opens at `at`: 0 for [[, 1 for [=[; -1 if none does. */
static int bracket_level(const char *at, const char *end)
{
    const char *p = at + 1;
    while (p < end && *p == '=')
        p++;
    return at < end && *at == '[' && p < end && *p == '[' ? (int)(p - at) - 1 : -1;
}

static void skip_bracket(struct aur_lexer *lexer, int level)
{
    skip(lexer, (size_t)level + 2);
    for (; lexer->at < lexer->end; skip(lexer, 1)) {
        if (*lexer->at != ']')
            continue;
        const char *p = lexer->at + 1;
        while (p < lexer->end && *p == '=')
            p++;
        if (p < lexer->end && *p == ']' && p - lexer->at - 1 == level) {
            skip(lexer, (size_t)level + 2);
            return;
        }
    }
}

static void skip_quoted(struct aur_lexer *lexer)
{
    char quote = *lexer->at;
    for (skip(lexer, 1); lexer->at < lexer->end && *lexer->at != quote; skip(lexer, 1)) {
        if (*lexer->at == '\n')
            return;
        if (*lexer->at == '\\' && lexer->at[1] == 'z') {
            skip(lexer, 2);
            while (lexer->at < lexer->end && strchr(" \t\r\n\v\f", *lexer->at))
                skip(lexer, 1);
            lexer->at--; /* a blank or the 'z': the loop goes on over it */
            lexer->line -= *lexer->at == '\n';
        } else if (*lexer->at == '\\') {
            skip(lexer, 1);
        }
    }
    skip(lexer, 1);
}

static void skip_blanks(struct aur_lexer *lexer)
{
    while (lexer->at < lexer->end) {
        bool comment = lexer->at[0] == '-' && lexer->at[1] == '-';
        if (!comment && !strchr(" \t\r\n\v\f", *lexer->at))
            return;
        if (!comment) {
            skip(lexer, 1);
            continue;
        }
        skip(lexer, 2);
        int level = bracket_level(lexer->at, lexer->end);
        if (level >= 0)
            skip_bracket(lexer, level);
        else
            while (lexer->at < lexer->end && *lexer->at != '\n')
                lexer->at++;
    }
}

static void skip_number(struct aur_lexer *lexer)
{
    bool hex = lexer->at[0] == '0' && (lexer->at[1] | 0x20) == 'x';
    while (lexer->at < lexer->end && (is_word(*lexer->at) || *lexer->at == '.')) {
        char c = *lexer->at++ | 0x20;
        if (c == (hex ? 'p' : 'e') && lexer->at < lexer->end && (*lexer->at == '+' || *lexer->at == '-'))
            lexer->at++;
    }
}

struct aur_token aur_lexer_next(struct aur_lexer *lexer)
{
    skip_blanks(lexer);
    struct aur_token token = {AUR_TOKEN_END, lexer->at, 0, lexer->line};
    if (lexer->at >= lexer->end)
        return token;
    char c = *lexer->at;
    int level = bracket_level(lexer->at, lexer->end);
    if (is_digit(c) || (c == '.' && is_digit(lexer->at[1]))) {
        token.type = AUR_TOKEN_NUMBER;
        skip_number(lexer);
    } else if (is_word(c)) {
        token.type = AUR_TOKEN_NAME;
        while (lexer->at < lexer->end && is_word(*lexer->at))
            lexer->at++;
    } else if (c == '"' || c == '\'' || level >= 0) {
        token.type = AUR_TOKEN_STRING;
        level >= 0 ? skip_bracket(lexer, level) : skip_quoted(lexer);
    } else {
        token.type = AUR_TOKEN_OTHER;
        bool two = (strchr("=~<>", c) && lexer->at[1] == '=') || (c == ':' && lexer->at[1] == ':');
        skip(lexer, 1 + two);
    }
    token.len = (size_t)(lexer->at - token.start);
    return token;
}

bool aur_token_is(const struct aur_token *token, const char *text)
{
    return token->type != AUR_TOKEN_STRING && token->len == strlen(text) && memcmp(token->start, text, token->len) == 0;
}

/* How much deeper a token nests: brackets, and blocks up to their end. `do` counts, so `for` and `while` do not. */
static int nesting(const struct aur_token *token)
{
    static const char *const opens[] = {"function", "do", "if", "repeat", "(", "{", "["}, *const closes[] = {
                                                                                              "end", "until", ")", "}",
                                                                                              "]"};
    for (size_t i = 0; i < sizeof opens / sizeof *opens; i++)
        if (aur_token_is(token, opens[i]))
            return 1;
    for (size_t i = 0; i < sizeof closes / sizeof *closes; i++)
        if (aur_token_is(token, closes[i]))
            return -1;
    return 0;
}

/* Finds `name =` directly in the constructor the lexer is in; it then stands behind the '='. */
static int find_key(struct aur_lexer *lexer, const char *name)
{
    struct aur_token token = {0};
    bool starts = true; /* a field begins here */
    for (int depth = 0; depth >= 0;) {
        token = aur_lexer_next(lexer);
        if (token.type == AUR_TOKEN_END)
            return 0;
        if (depth == 0 && starts && aur_token_is(&token, name)) {
            struct aur_lexer ahead = *lexer;
            struct aur_token next = aur_lexer_next(&ahead);
            if (aur_token_is(&next, "=")) {
                *lexer = ahead;
                return token.line;
            }
        }
        depth += nesting(&token);
        starts = depth == 0 && (aur_token_is(&token, ",") || aur_token_is(&token, ";"));
    }
    return 0;
}

int aur_lexer_find_field(const char *text, size_t len, const char *const *names)
{
    struct aur_lexer lexer, table = {0};
    struct aur_token token;
    aur_lexer_init(&lexer, text, len);
    int depth = 0, line = 0;
    do {
        token = aur_lexer_next(&lexer);
        depth += nesting(&token);
        if (depth == 0 && aur_token_is(&token, "return"))
            table = lexer;
    } while (token.type != AUR_TOKEN_END);
    for (; table.at && *names; names++) {
        token = aur_lexer_next(&table);
        int found = aur_token_is(&token, "{") ? find_key(&table, *names) : 0;
        if (!found)
            break;
        line = found;
    }
    return line;
}

int aur_lexer_count(const char *text, size_t len, const char *name)
{
    struct aur_lexer lexer;
    struct aur_token token, before = {0}, two_before = {0};
    int count = 0;
    aur_lexer_init(&lexer, text, len);
    for (token = aur_lexer_next(&lexer); token.type != AUR_TOKEN_END; token = aur_lexer_next(&lexer)) {
        bool voice = aur_token_is(&two_before, "voice") && aur_token_is(&before, "=");
        if (token.type == AUR_TOKEN_STRING)
            count += !voice && memmem(token.start, token.len, name, strlen(name));
        else
            count += aur_token_is(&token, name);
        two_before = before;
        before = token;
    }
    return count;
}

int aur_lexer_find_local(const char *text, size_t len, const char *name)
{
    enum { ELSEWHERE, AT_NAME, BEHIND_NAME } place = ELSEWHERE; /* in the list of names after `local` */
    struct aur_lexer lexer;
    struct aur_token token;
    int depth = 0;
    aur_lexer_init(&lexer, text, len);
    do {
        token = aur_lexer_next(&lexer);
        bool function = place == AT_NAME && aur_token_is(&token, "function");
        depth += nesting(&token);
        if (function)
            token = aur_lexer_next(&lexer);
        if (place == AT_NAME && depth == (function ? 1 : 0) && aur_token_is(&token, name))
            return token.line;
        if (place == AT_NAME && !function)
            place = BEHIND_NAME;
        else if (place == BEHIND_NAME && aur_token_is(&token, ","))
            place = AT_NAME;
        else
            place = aur_token_is(&token, "local") ? AT_NAME : ELSEWHERE;
    } while (token.type != AUR_TOKEN_END);
    return 0;
}
