#include <stdio.h>
#include <string.h>

#include "base/diagnostic.h"
#include "support/unit.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct {
    const char *message, *text;
    int known;
    const char *file;
    int line, column;
    const char *said, *traceback;
} cases[] = {
    {"a.lua:2: oh no", "local x\n  f()\n", 0, "a.lua", 2, 3, "oh no", ""},
    {"a.lua:2: oh no", "local x\n  f()\n", 7, "a.lua", 2, 7, "oh no", ""},
    {"a.lua:2: oh no", NULL, 0, "a.lua", 2, 0, "oh no", ""},
    {"a.lua:9: oh no", "x\n", 0, "a.lua", 9, 0, "oh no", ""},
    {"a.lua:1: '=' expected near 'x'", "max x = 3", 0, "a.lua", 1, 5, "'=' expected near 'x'", ""},
    {"a.lua:1: unexpected symbol near '<eof>'", "  return (", 0, "a.lua", 1, 3, "unexpected symbol near '<eof>'", ""},
    {"a.lua:1: bad near 'it's'", "do it's end", 0, "a.lua", 1, 4, "bad near 'it's'", ""},
    {"a.lua:1: near ''", "  x", 0, "a.lua", 1, 3, "near ''", ""},
    {"a.lua:2: x", "a\n\nb", 0, "a.lua", 2, 1, "x", ""},
    {"/srv/my pieces/a.lua:12: x: 3 is not allowed\n  /srv/my pieces/a.lua:12: in function play\n  lib/b.lua:3: in the "
     "main chunk",
     NULL, 0, "/srv/my pieces/a.lua", 12, 0, "x: 3 is not allowed",
     "/srv/my pieces/a.lua:12: in function play\nlib/b.lua:3: in the main chunk"},
    {"a.lua:1: two\nlines\n  a.lua:1: in function f", NULL, 0, "a.lua", 1, 0, "two\nlines", "a.lua:1: in function f"},
    {"a.lua: No such file or directory", NULL, 0, "", 0, 0, "a.lua: No such file or directory", ""},
    {"", NULL, 0, "", 0, 0, "", ""},
    {"a.lua:1: \xff\xc3\xa9 \xe2\x82 \x1b[2J\tx", NULL, 0, "a.lua", 1, 0, "?\xc3\xa9 ?? ?[2J\tx", ""},
    {"a.lua:1: \xf0\x9f\x8e\xb5 \xed\xa0\x80", NULL, 0, "a.lua", 1, 0, "\xf0\x9f\x8e\xb5 ???", ""},
    {":5: x", NULL, 0, "", 0, 0, ":5: x", ""},
    {"a:99999999999999999999: x", NULL, 0, "", 0, 0, "a:99999999999999999999: x", ""},
};

static void errors_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct aur_error err;
        struct aur_diagnostic d;
        aur_error_set(&err, AUR_ESCRIPT, "%s", cases[i].message);
        err.column = cases[i].known;
        aur_diagnostic_read(&d, &err, cases[i].text);
        assert_string_equal(d.file, cases[i].file);
        assert_int_equal(d.line, cases[i].line);
        if (d.column != cases[i].column)
            fail_msg("%s -> column %d", cases[i].message, d.column);
        assert_string_equal(d.message, cases[i].said);
        assert_string_equal(d.traceback, cases[i].traceback);
        assert_string_equal(aur_severity_name(d.severity), "error");
    }
    assert_string_equal(aur_severity_name(AUR_SEVERITY_WARNING), "warning");
}

/* The longest message, without a place, with a place, and all of it a traceback. */
static void long_messages(void **state)
{
    (void)state;
    static const char *const starts[] = {"", "a.lua:1: ", "a.lua:1: x\n  a.lua:1: in f"};
    for (size_t i = 0; i < COUNT(starts); i++) {
        struct aur_error err;
        struct aur_diagnostic d;
        char text[3000];
        memset(text, 'y', sizeof text);
        text[sizeof text - 1] = '\0';
        aur_error_set(&err, AUR_ESCRIPT, "%s%s", starts[i], text);
        aur_diagnostic_read(&d, &err, text);
        assert_true(strlen(d.message) < sizeof d.message && strlen(d.traceback) < sizeof d.traceback);
        assert_int_equal(strlen(d.message) > 900, i < 2);
    }
    struct aur_error err;
    struct aur_diagnostic d;
    char path[1000];
    memset(path, 'p', sizeof path);
    path[sizeof path - 1] = '\0';
    aur_error_set(&err, AUR_ESCRIPT, "%s:3: x", path);
    aur_diagnostic_read(&d, &err, NULL);
    assert_int_equal(strlen(d.file), sizeof d.file - 1);
    assert_int_equal(d.line, 3);
    assert_string_equal(d.message, "x");
}

static void readable_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        bool readable;
    } texts[] = {{"", 0, true},
                 {"Café €\xf0\x9f\x8e\xb5", 13, true},
                 {"a\0b", 3, false},
                 {"\x1b[2J", 4, false},
                 {"a\nb", 3, false},
                 {"\x7f", 1, false},
                 {"caf\xe9", 4, false},
                 {"\xc2\x9b", 2, false},
                 {"\xed\xa0\x80", 3, false},
                 {"\xc0\x80", 2, false}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(aur_text_is_readable(texts[i].text, texts[i].len), texts[i].readable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(errors_taken_apart), cmocka_unit_test(long_messages),
                                       cmocka_unit_test(readable_texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
