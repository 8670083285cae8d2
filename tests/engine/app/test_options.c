/* Command line options: forms, values, refusals. */
#include "app/options.h"

#include <string.h>

#include "support/unit.h"

struct args {
    char out[16];
    int count;
    double time;
    bool force;
    char swap[8];
    struct aur_text_list set;
};

#define AT(member) AUR_MEMBER(struct args, member)

static const struct aur_option table[] = {
    {"-o", "FILE", "the file", NULL, {AUR_FIELD_TEXT, AT(out)}, false, NULL},
    {"--count", "N", "how many", NULL, {AUR_FIELD_INT, AT(count), .min = -5, .max = 100}, false, NULL},
    {"--time", "T", "how long", NULL, {AUR_FIELD_TIME, AT(time), .max = 360000}, false, NULL},
    {"--force", NULL, "overwrite", NULL, {AUR_FIELD_FLAG, AT(force)}, false, NULL},
    {"--set", "NAME=VALUE", "a control", NULL, {AUR_FIELD_LIST, AT(set)}, false, NULL},
    {"--swap", "WHEN", "when", NULL, {AUR_FIELD_CHOICE, AT(swap), .choices = "phrase|bar"}, false, "phrase"},
    {"--port", "PORT", "the port", "AURALIS_PORT", {0}, false, NULL},
    {"--midi", "FILE", "MIDI", NULL, {0}, true, NULL},
    {0},
};
static const struct aur_options options = {"play", table, "SCRIPT", 1};

static int parse(struct aur_parsed *parsed, struct args *args, struct aur_error *err, const char *line)
{
    static char words[256];
    char *argv[32];
    int argc = 0;
    memset(args, 0, sizeof *args);
    memset(err, 0, sizeof *err);
    strncpy(words, line, sizeof words - 1);
    for (char *word = strtok(words, "|"); word; word = strtok(NULL, "|"))
        argv[argc++] = word;
    return aur_options_parse(parsed, args, &options, argc, argv, err);
}

static void reads_every_form(void **state)
{
    struct aur_parsed parsed;
    struct args args;
    struct aur_error err;
    (void)state;
    assert_int_equal(
        parse(&parsed, &args, &err, "-o|a.wav|--count=7|--time|1:02:03.5|--force|p.lua|--set|a=1|--set=b=2"), AUR_OK);
    assert_string_equal(args.out, "a.wav");
    assert_int_equal(args.count, 7);
    assert_true(args.time == 3723.5);
    assert_true(args.force);
    assert_int_equal(args.set.n, 2);
    assert_string_equal(args.set.items[0], "a=1");
    assert_string_equal(args.set.items[1], "b=2");
    assert_int_equal(parsed.n_operands, 1);
    assert_string_equal(parsed.operands[0], "p.lua");
    assert_int_equal(parse(&parsed, &args, &err, "--count|-3|--|--odd.lua"), AUR_OK);
    assert_int_equal(args.count, -3);
    assert_string_equal(parsed.operands[0], "--odd.lua");
    assert_int_equal(parse(&parsed, &args, &err, "--port|9|p.lua|--port=10"), AUR_OK);
    assert_int_equal(parsed.n_overrides, 2);
    assert_string_equal(parsed.overrides[1].env, "AURALIS_PORT");
    assert_string_equal(parsed.overrides[1].text, "10");
    assert_int_equal(parse(&parsed, &args, &err, "--help|--odd"), AUR_OK);
    assert_true(parsed.help);
}

static void reads_times(void **state)
{
    static const struct {
        const char *line;
        double seconds; /* -1: refused */
    } rows[] = {
        {"p|--time|0", 0},        {"p|--time|90", 90},        {"p|--time|1.25", 1.25},   {"p|--time|1:30", 90},
        {"p|--time|90:00", 5400}, {"p|--time|2:00:01", 7201}, {"p|--time|1:60", -1},     {"p|--time|1:2:3:4", -1},
        {"p|--time|-1", -1},      {"p|--time|1.5:00", -1},    {"p|--time|:30", -1},      {"p|--time|1e3", -1},
        {"p|--time|nan", -1},     {"p|--time|0x10", -1},      {"p|--time|360000.5", -1}, {"p|--time= 1", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aur_parsed parsed;
        struct args args;
        struct aur_error err;
        int rc = parse(&parsed, &args, &err, rows[i].line);
        assert_int_equal(rc, rows[i].seconds < 0 ? AUR_EINVAL : AUR_OK);
        if (rc == AUR_OK)
            assert_true(args.time == rows[i].seconds);
    }
}

static void refuses_and_names(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *message;
    } rows[] = {
        {"p.lua|--odd", AUR_EINVAL, "play: unknown option --odd; see 'auralis play --help'"},
        {"p.lua|--cou|1", AUR_EINVAL, "play: unknown option --cou (did you mean --count?); see 'auralis play --help'"},
        {"p.lua|--count", AUR_EINVAL, "play: a value is missing: --count N"},
        {"p.lua|--count|x", AUR_EINVAL, "--count: x is not allowed; allowed: a whole number from -5 to 100"},
        {"p.lua|--count|101", AUR_EINVAL, "--count: 101 is not allowed; allowed: a whole number from -5 to 100"},
        {"p.lua|--count|1.5", AUR_EINVAL, "--count: 1.5 is not allowed; allowed: a whole number from -5 to 100"},
        {"p.lua|--count=", AUR_EINVAL, "--count: \"\" is not allowed; allowed: a whole number from -5 to 100"},
        {"p.lua|--force=1", AUR_EINVAL, "--force: 1 is not allowed; allowed: no value"},
        {"p.lua|-o|far too long a name.wav", AUR_EINVAL,
         "-o: far too long a name.wav is not allowed; allowed: text of at most 15 bytes"},
        {"p.lua|--swap|never", AUR_EINVAL, "--swap: never is not allowed; allowed: phrase, bar"},
        {"p.lua|--swap|bar", AUR_ENOTSUP, "--swap bar is not available in this version"},
        {"p.lua|--midi|x", AUR_ENOTSUP, "--midi is not available in this version"},
        {"p.lua|q.lua", AUR_EINVAL, "play: unexpected argument q.lua; see 'auralis play --help'"},
        {"--force", AUR_EINVAL, "play: SCRIPT is missing; see 'auralis play --help'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aur_parsed parsed;
        struct args args;
        struct aur_error err;
        assert_int_equal(parse(&parsed, &args, &err, rows[i].line), rows[i].code);
        assert_string_equal(err.message, rows[i].message);
    }
}

static void describes_every_option(void **state)
{
    struct aur_buf out;
    (void)state;
    aur_buf_init(&out);
    aur_options_describe(&out, &options);
    assert_true(aur_buf_ok(&out));
    for (const struct aur_option *option = table; option->flag; option++)
        assert_non_null(strstr(out.data, option->flag));
    assert_non_null(strstr(out.data, "[AURALIS_PORT]"));
    aur_buf_deinit(&out);
}

static void any_number_of_operands(void **state)
{
    static const struct aur_options any = {"play", table, "SCRIPT...", AUR_OPERANDS_ANY};
    struct aur_parsed parsed;
    struct args args = {0};
    struct aur_error err;
    static char word[] = "a";
    char *argv[AUR_OPERANDS_MAX + 1];
    (void)state;
    for (int i = 0; i <= AUR_OPERANDS_MAX; i++)
        argv[i] = word;
    for (int n = 0; n <= AUR_OPERANDS_MAX; n += AUR_OPERANDS_MAX / 2) {
        assert_int_equal(aur_options_parse(&parsed, &args, &any, n, argv, &err), AUR_OK);
        assert_int_equal(parsed.n_operands, n);
    }
    assert_int_equal(aur_options_parse(&parsed, &args, &any, AUR_OPERANDS_MAX + 1, argv, &err), AUR_EINVAL);
}

static void controls_are_names_with_values(void **state)
{
    static const char *const wrong[] = {"",       "drift",    "=1",        "a_name_that_is_longer_than_any_may_be=1",
                                        "drift=", "drift=1x", "drift=inf", "drift=nan"};
    struct aur_set_option set;
    struct aur_error err;
    (void)state;
    assert_int_equal(aur_set_option_parse(&set, "drift=-0.25", &err), AUR_OK);
    assert_string_equal(set.name, "drift");
    assert_true(set.number == -0.25 && !set.key);
    assert_int_equal(aur_set_option_parse(&set, "key=D dorian", &err), AUR_OK);
    assert_true(set.key);
    assert_string_equal(set.value, "D dorian");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(aur_set_option_parse(&set, wrong[i], &err), AUR_EINVAL);
    assert_string_equal(err.field, "drift");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls_are_names_with_values),
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(any_number_of_operands),
        cmocka_unit_test(reads_times),
        cmocka_unit_test(refuses_and_names),
        cmocka_unit_test(describes_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
