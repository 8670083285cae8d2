/* Which origins pass. */
#include "support/unit.h"

#include "net/origin.h"

static void test_origins(void **state)
{
    (void)state;
    static const char listed[] = "http://localhost:3000, https://page.example/";
    static const struct {
        const char *origin, *host;
        enum aur_origin want;
    } cases[] = {
        {"", "localhost:8000", AUR_ORIGIN_SAME},
        {"http://localhost:8000", "localhost:8000", AUR_ORIGIN_SAME},
        {"http://LOCALHOST:8000", "localhost:8000", AUR_ORIGIN_SAME},
        {"http://page", "page:80", AUR_ORIGIN_SAME},
        {"https://page", "page", AUR_ORIGIN_SAME},
        {"http://[::1]:8000", "[::1]:8000", AUR_ORIGIN_SAME},
        {"http://[::1]", "[::1]", AUR_ORIGIN_SAME},
        {"http://localhost:3000", "localhost:8000", AUR_ORIGIN_LISTED},
        {"https://page.example", "localhost:8000", AUR_ORIGIN_LISTED},
        {"https://page.example.evil", "localhost:8000", AUR_ORIGIN_DENIED},
        {"https://page.exampl", "localhost:8000", AUR_ORIGIN_DENIED},
        {"http://localhost:8001", "localhost:8000", AUR_ORIGIN_DENIED},
        {"http://localhost", "localhost:8000", AUR_ORIGIN_DENIED},
        {"http://[::2]:8000", "[::1]:8000", AUR_ORIGIN_DENIED},
        {"http://evil", "", AUR_ORIGIN_DENIED},
        {"null", "localhost:8000", AUR_ORIGIN_DENIED},
        {"://", "", AUR_ORIGIN_DENIED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (aur_origin_judge(listed, cases[i].origin, cases[i].host) != cases[i].want)
            fail_msg("origin %s, host %s: wrong verdict", cases[i].origin, cases[i].host);
}

static void test_lists(void **state)
{
    (void)state;
    assert_int_equal(aur_origin_judge("*", "http://any", "h"), AUR_ORIGIN_LISTED);
    assert_int_equal(aur_origin_judge("", "http://any", "h"), AUR_ORIGIN_DENIED);
    assert_int_equal(aur_origin_judge(NULL, "http://any", "h"), AUR_ORIGIN_DENIED);
    assert_int_equal(aur_origin_judge(" , ,", "http://any", "h"), AUR_ORIGIN_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_origins), cmocka_unit_test(test_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
