/* Files below a folder: names and links that lead out, texts replaced whole or not at all. */
#include "support/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel/scripts.h"
#include "channel/textfile.h"
#include "failing_disk.h"

struct fixture {
    char outside[64], folder[80];
    int fd;
};

static void put_file(const char *folder, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->outside, sizeof f->outside, "/tmp/auralis-test-XXXXXX");
    assert_non_null(mkdtemp(f->outside));
    snprintf(f->folder, sizeof f->folder, "%s/in", f->outside);
    assert_int_equal(mkdir(f->folder, 0755), 0);
    put_file(f->outside, "secret.lua", "secret");
    put_file(f->folder, "a.lua", "before");
    f->fd = open(f->folder, O_PATH | O_DIRECTORY);
    assert_true(f->fd >= 0);
    assert_int_equal(mkdirat(f->fd, "sub", 0755), 0);
    assert_int_equal(symlinkat("../secret.lua", f->fd, "up.lua"), 0);
    assert_int_equal(symlinkat("..", f->fd, "away"), 0);
    assert_int_equal(symlinkat("nothing.lua", f->fd, "dangling.lua"), 0);
    assert_int_equal(symlinkat("../a.lua", f->fd, "sub/inside.lua"), 0);
    assert_int_equal(symlinkat("loop.lua", f->fd, "loop.lua"), 0);
    assert_int_equal(mkfifoat(f->fd, "pipe.lua", 0644), 0);
    assert_int_equal(mkdirat(f->fd, "dir.lua", 0755), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[100];
    close(f->fd);
    snprintf(command, sizeof command, "rm -r %s", f->outside);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void assert_text(const struct fixture *f, const char *name, const char *want)
{
    struct aur_buf text;
    aur_buf_init(&text);
    assert_int_equal(aur_textfile_read(&text, NULL, f->fd, name, 100, NULL), AUR_OK);
    assert_string_equal(text.data, want);
    aur_buf_deinit(&text);
}

static void reading(void **state)
{
    static const char *const none[] = {"b.lua",    "up.lua",   "away/secret.lua", "../secret.lua", "/etc/passwd",
                                       "loop.lua", "pipe.lua", "dir.lua",         "dangling.lua",  "a.lua/x"};
    const struct fixture *f = *state;
    struct aur_buf text;
    uint64_t saved_us = 0;
    aur_buf_init(&text);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(aur_textfile_read(&text, NULL, f->fd, none[i], 100, NULL), AUR_ENOTFOUND);
    assert_int_equal(aur_textfile_read(&text, &saved_us, f->fd, "a.lua", 6, NULL), AUR_OK);
    assert_true(saved_us > UINT64_C(1500000000000000));
    assert_int_equal(aur_textfile_read(&text, NULL, f->fd, "a.lua", 5, NULL), AUR_ELIMIT);
    aur_buf_deinit(&text);
    assert_text(f, "sub/inside.lua", "before");
}

static int replace(const struct fixture *f, const char *name, const char *text)
{
    return aur_textfile_replace(f->fd, f->folder, name, text, strlen(text), NULL);
}

static void replacing(void **state)
{
    const struct fixture *f = *state;
    struct stat about;
    assert_int_equal(fchmodat(f->fd, "a.lua", 0640, 0), 0);
    assert_int_equal(replace(f, "a.lua", "after"), AUR_OK);
    assert_text(f, "a.lua", "after");
    assert_int_equal(fstatat(f->fd, "a.lua", &about, 0), 0);
    assert_int_equal(about.st_mode & 07777, 0640);
    assert_int_equal(replace(f, "sub/inside.lua", "by link"), AUR_OK);
    assert_text(f, "a.lua", "by link");
    assert_int_equal(fstatat(f->fd, "sub/inside.lua", &about, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_int_equal(replace(f, "sub/new.lua", "new"), AUR_OK);
    assert_text(f, "sub/new.lua", "new");
    assert_int_equal(replace(f, "empty.lua", ""), AUR_OK);
    assert_int_equal(replace(f, "none/new.lua", "new"), AUR_ENOTFOUND);
    static const char *const refused[] = {"up.lua",  "dangling.lua",    "loop.lua",      "pipe.lua",
                                          "dir.lua", "away/secret.lua", "../secret.lua", "away/new.lua"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_true(replace(f, refused[i], "evil") < 0);
    assert_int_equal(access(f->outside, F_OK), 0);
    char path[100];
    snprintf(path, sizeof path, "%s/new.lua", f->outside);
    assert_int_equal(access(path, F_OK), -1);
    struct aur_buf text;
    aur_buf_init(&text);
    snprintf(path, sizeof path, "%s/secret.lua", f->outside);
    assert_int_equal(aur_buf_read_file(&text, path, 100, NULL), AUR_OK);
    assert_string_equal(text.data, "secret");
    aur_buf_deinit(&text);
}

static size_t count_entries(const struct fixture *f)
{
    size_t n = 0;
    DIR *dir = opendir(f->folder);
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void a_disk_that_fails(void **state)
{
    static const int errors[] = {ENOSPC, EACCES, EROFS};
    const struct fixture *f = *state;
    size_t entries = count_entries(f);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        long failures = 0;
        for (long nth = 0;; nth++) {
            struct aur_error err = {0};
            assert_int_equal(replace(f, "a.lua", "before"), AUR_OK);
            failing_disk_arm(nth, errors[i]);
            int rc = aur_textfile_replace(f->fd, f->folder, "a.lua", "after", 5, &err);
            if (!failing_disk_disarm())
                break;
            assert_text(f, "a.lua", rc == AUR_OK ? "after" : "before");
            failures += rc != AUR_OK;
            if (rc != AUR_OK) {
                assert_int_equal(rc, errors[i] == ENOSPC ? AUR_EIO : AUR_ENOTSUP);
                assert_non_null(strstr(err.message, strerror(errors[i])));
            }
            assert_int_equal(count_entries(f), entries);
        }
        assert_true(failures >= 4);
    }
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool ok;
    } cases[] = {
        {"a.lua", true},         {"night/sleep.lua", true},
        {"A-Z_0.9.lua", true},   {"-.lua", true},
        {"a..b.lua", true},      {"", false},
        {".lua", false},         {"lua", false},
        {"a.txt", false},        {"a.lua/", false},
        {"/a.lua", false},       {"a//b.lua", false},
        {"../a.lua", false},     {"./a.lua", false},
        {"a/../b.lua", false},   {".a.lua", false},
        {"a/.b.lua", false},     {"a\\b.lua", false},
        {"a b.lua", false},      {"a%2f.lua", false},
        {"\xc3\xa9.lua", false}, {"a\n.lua", false},
        {"a.LUA", false},        {"a.lua.tmp", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (aur_scripts_name_ok(cases[i].name) != cases[i].ok)
            fail_msg("%s", cases[i].name);
    char name[AUR_SCRIPTS_NAME_SIZE + 1];
    memset(name, 'a', sizeof name);
    strcpy(name + AUR_SCRIPTS_NAME_SIZE - 5, ".lua");
    assert_true(aur_scripts_name_ok(name));
    strcpy(name + AUR_SCRIPTS_NAME_SIZE - 4, ".lua");
    name[AUR_SCRIPTS_NAME_SIZE - 5] = 'a';
    assert_false(aur_scripts_name_ok(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replacing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_fails, set_up, tear_down),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
