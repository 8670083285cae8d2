/* Who may have a private channel. What is asked for with one is tested from outside, with real pieces. */
#include "support/unit.h"

#include <string.h>

#include "net/private.h"

static double share(void *user)
{
    return *(const double *)user;
}

static void assert_room(const struct aur_private *p, const char *refusal)
{
    char reason[160] = "";
    bool room = aur_private_available(p, reason, sizeof reason);
    if (room != !refusal || (refusal && !strstr(reason, refusal)))
        fail_msg("%s; expected: %s", room ? "there is room" : reason, refusal ? refusal : "room");
}

static void test_none(void **state)
{
    (void)state;
    assert_room(&(struct aur_private){.open = 0}, "no private channels");
}

static void test_as_many_as_allowed(void **state)
{
    (void)state;
    struct aur_private p = {.config = {.max = 8}, .open = 7};
    assert_room(&p, NULL);
    p.open = 8; /* those that are being made are among them */
    assert_room(&p, "there are 8 private channels already");
    p.open = 7;
    assert_room(&p, NULL);
}

static void test_as_many_as_the_workers_have_time_for(void **state)
{
    (void)state;
    double is_free = 1;
    struct aur_private p = {.config = {.max = 8, .margin_min = 0.3, .margin = share, .user = &is_free}};
    assert_room(&p, NULL);
    is_free = 0.3;
    assert_room(&p, NULL);
    is_free = 0.29;
    assert_room(&p, "29 % is free, 30 % is needed");
    is_free = 0;
    assert_room(&p, "0 % is free, 30 % is needed");
    p.config.margin_min = 0;
    assert_room(&p, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_as_many_as_allowed),
        cmocka_unit_test(test_as_many_as_the_workers_have_time_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
