/* Replies from files in parts, paths by patterns: what no client should be able to get wrong. */
#include "net/exchange.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"

static struct aur_reply file_of(uint64_t bytes)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return (struct aur_reply){.status = 200, .file = {.open = true, .fd = fd, .bytes = bytes, .whole = bytes}};
}

static const struct {
    const char *range;
    int status;
    uint64_t from, bytes;
} ranges[] = {
    {"bytes=0-99", 206, 0, 100},
    {"bytes=10-10", 206, 10, 1},
    {"bytes=990-", 206, 990, 10},
    {"bytes=990-5000", 206, 990, 10},
    {"bytes=-10", 206, 990, 10},
    {"bytes=-5000", 206, 0, 1000},
    {"bytes=999-999", 206, 999, 1},
    {"bytes=1000-", 416, 0, 0},
    {"bytes=5000-6000", 416, 0, 0},
    {"bytes=-0", 416, 0, 0},
    {"", 200, 0, 1000},
    {"bytes=", 200, 0, 1000},
    {"bytes=-", 200, 0, 1000},
    {"bytes=5-2", 200, 0, 1000},
    {"bytes=0-1,5-6", 200, 0, 1000},
    {"lines=0-1", 200, 0, 1000},
    {"bytes=a-b", 200, 0, 1000},
    {"bytes=1x-5", 200, 0, 1000},
    {"bytes=1-5x", 200, 0, 1000},
    {"bytes= 1-5", 200, 0, 1000},
    {"bytes=--5", 200, 0, 1000},
    {"bytes=99999999999999999999-", 200, 0, 1000},
};

static void parts_of_a_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct aur_reply reply = file_of(1000);
        aur_reply_range(&reply, ranges[i].range);
        assert_int_equal(reply.status, ranges[i].status);
        if (reply.status == 416) {
            assert_false(reply.file.open);
            assert_true(aur_reply_length(&reply) == reply.body.len && reply.body.len > 0);
        } else {
            assert_true(reply.file.from == ranges[i].from && aur_reply_length(&reply) == ranges[i].bytes);
        }
        aur_reply_deinit(&reply);
    }
}

static void no_part_of_nothing(void **state)
{
    (void)state;
    struct aur_reply empty = file_of(0), text = {.status = 200};
    aur_reply_range(&empty, "bytes=0-");
    assert_int_equal(empty.status, 416);
    aur_reply_deinit(&empty);
    aur_reply_range(&text, "bytes=0-1");
    assert_int_equal(text.status, 200);
}

static void paths_by_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path, *first, *second; /* first NULL: it does not match */
    } cases[] = {
        {"takes", "/api/takes", "", ""},
        {"takes", "/api/takes/", NULL, NULL},
        {"takes", "/api/take", NULL, NULL},
        {"takes", "/apx/takes", NULL, NULL},
        {"takes/*", "/api/takes/abc", "abc", ""},
        {"takes/*", "/api/takes/", NULL, NULL},
        {"takes/*", "/api/takes/a/b", NULL, NULL},
        {"takes/*/retry", "/api/takes/a/retry", "a", ""},
        {"takes/*/retry", "/api/takes//retry", NULL, NULL},
        {"takes/*/files/**", "/api/takes/a/files/b/c.d", "a", "b/c.d"},
        {"takes/*/files/**", "/api/takes/a/files/", NULL, NULL},
        {"takes/*/files/**", "/api/takes/a/files", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aur_path_part parts[2] = {{"", 0}, {"", 0}};
        char first[16], second[16];
        bool matches = aur_path_matches(parts, "/api/", cases[i].pattern, cases[i].path);
        assert_int_equal(matches, cases[i].first != NULL);
        if (!matches)
            continue;
        aur_path_copy(first, sizeof first, &parts[0]);
        aur_path_copy(second, sizeof second, &parts[1]);
        assert_string_equal(first, cases[i].first);
        assert_string_equal(second, cases[i].second);
    }
    char cut[3];
    aur_path_copy(cut, sizeof cut, &(struct aur_path_part){"abcdef", 6});
    assert_string_equal(cut, "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_a_file),
        cmocka_unit_test(no_part_of_nothing),
        cmocka_unit_test(paths_by_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
