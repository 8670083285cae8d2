#include <string.h>

#include "script/lexer.h"
#include "support/unit.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void tokens(void **state)
{
    (void)state;
    static const char text[] =
        "#!lua\nlocal x1 = 0x1p-3 + 1e+5LL .. 'a\\'b' --[[ x\n]] [==[ ]] ]==] -- end\n\"\\z  \n q\" ~= ::l::";
    static const struct {
        enum aur_token_type type;
        const char *text;
        int line;
    } want[] = {
        {AUR_TOKEN_NAME, "local", 2},
        {AUR_TOKEN_NAME, "x1", 2},
        {AUR_TOKEN_OTHER, "=", 2},
        {AUR_TOKEN_NUMBER, "0x1p-3", 2},
        {AUR_TOKEN_OTHER, "+", 2},
        {AUR_TOKEN_NUMBER, "1e+5LL", 2},
        {AUR_TOKEN_OTHER, ".", 2},
        {AUR_TOKEN_OTHER, ".", 2},
        {AUR_TOKEN_STRING, "'a\\'b'", 2},
        {AUR_TOKEN_STRING, "[==[ ]] ]==]", 3},
        {AUR_TOKEN_STRING, "\"\\z  \n q\"", 4},
        {AUR_TOKEN_OTHER, "~=", 5},
        {AUR_TOKEN_OTHER, "::", 5},
        {AUR_TOKEN_NAME, "l", 5},
        {AUR_TOKEN_OTHER, "::", 5},
        {AUR_TOKEN_END, "", 5},
        {AUR_TOKEN_END, "", 5},
    };
    struct aur_lexer lexer;
    aur_lexer_init(&lexer, text, sizeof text - 1);
    for (size_t i = 0; i < COUNT(want); i++) {
        struct aur_token token = aur_lexer_next(&lexer);
        if (token.type != want[i].type || token.len != strlen(want[i].text) ||
            memcmp(token.start, want[i].text, token.len) != 0 || token.line != want[i].line)
            fail_msg("token %zu: %d '%.*s' in line %d", i, token.type, (int)token.len, token.start, token.line);
    }
}

static void unfinished_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",  "'",  "'\\", "'\\z", "'\\z \n", "[[",  "[=[",      "--[[",         "--",   "-",  "#",
        "[", "[=", ".",   "0x",   "1e",      "1e+", "\"a\nb\"", "\xef\xbb\xbf", "\xff", "::", "~"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct aur_lexer lexer;
        aur_lexer_init(&lexer, texts[i], strlen(texts[i]));
        int n = 0;
        while (aur_lexer_next(&lexer).type != AUR_TOKEN_END)
            assert_true(++n < 10);
        assert_ptr_equal(lexer.at, lexer.end);
    }
}

static const char piece[] = "local title = 'x'\n"
                            "local function f() return { title = 5 } end\n"
                            "local last = {}\n"
                            "return {\n"
                            "  phrase = function(ctx, state) local title = { meter = 1 } if x then y = 2 end end,\n"
                            "  title = 'a', meter = { 4, 4 },\n"
                            "  patches = {\n"
                            "    pad = { voice = 'pad', -- attack = 1\n"
                            "      attack = 3 },\n"
                            "    bell = f(),\n"
                            "  },\n"
                            "  ['effects'] = {},\n"
                            "}\n";

static int field(const char *text, const char *a, const char *b, const char *c)
{
    const char *names[] = {a, b, c, NULL};
    return aur_lexer_find_field(text, strlen(text), names);
}

static void fields(void **state)
{
    (void)state;
    assert_int_equal(field(piece, "title", NULL, NULL), 6);
    assert_int_equal(field(piece, "meter", NULL, NULL), 6);
    assert_int_equal(field(piece, "patches", NULL, NULL), 7);
    assert_int_equal(field(piece, "patches", "pad", NULL), 8);
    assert_int_equal(field(piece, "patches", "pad", "attack"), 9);
    assert_int_equal(field(piece, "patches", "bell", "attack"), 10); /* as far as the text shows */
    assert_int_equal(field(piece, "patches", "lead", NULL), 7);
    assert_int_equal(field(piece, "effects", NULL, NULL), 0);
    assert_int_equal(field(piece, "state", NULL, NULL), 0);
    assert_int_equal(field("local t = { title = 1 }\nreturn t", "title", NULL, NULL), 0);
    assert_int_equal(field("", "title", NULL, NULL), 0);
    assert_int_equal(field("return {", "title", NULL, NULL), 0);
    assert_int_equal(field("end end return {\ntitle = ", "title", NULL, NULL), 0);
}

static void locals(void **state)
{
    (void)state;
    static const char text[] =
        "local a, b = 1, x\nlocal function c() local d end\nfor e = 1, 2 do local f end\nlocal g = {\n"
        "d = 1 }\nlocal x = a\nlocal h\ni = 1";
    static const struct {
        const char *name;
        int line;
    } cases[] = {{"a", 1}, {"b", 1}, {"c", 2}, {"d", 0}, {"e", 0}, {"f", 0},
                 {"g", 4}, {"x", 6}, {"h", 7}, {"i", 0}, {"y", 0}};
    for (size_t i = 0; i < COUNT(cases); i++)
        if (aur_lexer_find_local(text, strlen(text), cases[i].name) != cases[i].line)
            fail_msg("%s", cases[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tokens), cmocka_unit_test(unfinished_texts),
                                       cmocka_unit_test(fields), cmocka_unit_test(locals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
