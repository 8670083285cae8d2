/* .env files: what is read, what is skipped, what is refused and where. */
#include "app/dotenv.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

struct seen {
    char text[1024];
};

static int on_value(void *user, const char *name, const char *value, int line, struct aur_error *err)
{
    struct seen *seen = user;
    size_t n = strlen(seen->text);
    (void)err;
    snprintf(seen->text + n, sizeof seen->text - n, "%d %s=[%s]\n", line, name, value);
    return strcmp(name, "STOP") == 0 ? AUR_ENOTSUP : AUR_OK;
}

static int read_text(struct seen *seen, const char *text, struct aur_error *err)
{
    char copy[1024];
    seen->text[0] = '\0';
    snprintf(copy, sizeof copy, "%s", text);
    return aur_dotenv_read(copy, "some/.env", on_value, seen, err);
}

static void reads_each_form(void **state)
{
    static const struct {
        const char *text, *seen;
    } rows[] = {
        {"", ""},
        {"A=1", "1 A=[1]\n"},
        {"A=1\nB=2\n", "1 A=[1]\n2 B=[2]\n"},
        {"A=1\r\nB=2\r\n", "1 A=[1]\n2 B=[2]\n"},
        {"\n  \n# no\n  # no\nA=1", "5 A=[1]\n"},
        {"A=", "1 A=[]\n"},
        {"  A = one two \t", "1 A=[one two]\n"},
        {"A=1 # why", "1 A=[1]\n"},
        {"A=#why", "1 A=[]\n"},
        {"A=b#c", "1 A=[b#c]\n"},
        {"A=\"A minor\"", "1 A=[A minor]\n"},
        {"A='A minor' # why", "1 A=[A minor]\n"},
        {"A=\"x#y\"", "1 A=[x#y]\n"},
        {"A=\"a\\\"b\\\\c\\nd\\$e\"", "1 A=[a\"b\\c\nd$e]\n"},
        {"A='a\\nb'", "1 A=[a\\nb]\n"},
        {"A=$HOME", "1 A=[$HOME]\n"},
        {"A=x=y", "1 A=[x=y]\n"},
        {"export A=1", "1 A=[1]\n"},
        {"export\tA_2=1", "1 A_2=[1]\n"},
        {"exported=1", "1 exported=[1]\n"},
        {"export=1", "1 export=[1]\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct seen seen;
        struct aur_error err = {0};
        assert_int_equal(read_text(&seen, rows[i].text, &err), AUR_OK);
        assert_string_equal(seen.text, rows[i].seen);
    }
}

static void refuses_with_file_and_line(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"A=1\nnonsense\n", "some/.env:2: expected NAME=VALUE"},
        {"1A=1", "some/.env:1: expected NAME=VALUE"},
        {"=1", "some/.env:1: expected NAME=VALUE"},
        {"A B=1", "some/.env:1: expected NAME=VALUE"},
        {"\n\nA=\"open", "some/.env:3: the quote is not closed"},
        {"A='open\nB=1'", "some/.env:1: the quote is not closed"},
        {"A=\"x\" y", "some/.env:1: only a comment may follow the closing quote"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct seen seen;
        struct aur_error err = {0};
        assert_int_equal(read_text(&seen, rows[i].text, &err), AUR_EINVAL);
        assert_string_equal(err.message, rows[i].message);
    }
}

static void stops_where_the_reader_says(void **state)
{
    struct seen seen;
    (void)state;
    assert_int_equal(read_text(&seen, "A=1\nSTOP=1\nB=1", NULL), AUR_ENOTSUP);
    assert_string_equal(seen.text, "1 A=[1]\n2 STOP=[1]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_form),
        cmocka_unit_test(refuses_with_file_and_line),
        cmocka_unit_test(stops_where_the_reader_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
