/* Former texts on disk: how many, in which order, and what a full disk, a lack of memory, damage and foreign files do. */
#include "support/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel/versions.h"
#include "failing_disk.h"
#include "support/failing_alloc.h"

struct fixture {
    char dir[64];
    struct aur_versions *versions;
};

static struct aur_versions *open_versions(const struct fixture *f, const char *folder, uint32_t keep)
{
    struct aur_versions *versions;
    assert_int_equal(aur_versions_new(&versions, f->dir, folder, keep, NULL), AUR_OK);
    return versions;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "/tmp/auralis-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->versions = open_versions(f, "/music", 3);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[100];
    aur_versions_free(f->versions);
    snprintf(command, sizeof command, "rm -r %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static int keep_at(struct aur_versions *versions, const char *text, uint64_t saved_us)
{
    return aur_versions_keep(versions, "a.lua", text, strlen(text), saved_us, "", NULL);
}

static int keep(const struct fixture *f, const char *text)
{
    return keep_at(f->versions, text, 1000000);
}

static void assert_texts(struct aur_versions *versions, const char *name, const char *const *texts)
{
    struct aur_version list[32];
    size_t n = aur_versions_list(versions, list, 32, name), want = 0;
    while (texts[want])
        want++;
    assert_int_equal(n, want);
    for (size_t i = 0; i < n; i++) {
        struct aur_buf text;
        aur_buf_init(&text);
        assert_int_equal(aur_versions_read(versions, &text, name, list[i].version, NULL), AUR_OK);
        assert_string_equal(text.data, texts[i]);
        assert_int_equal(list[i].bytes, strlen(texts[i]));
        aur_buf_deinit(&text);
    }
}
#define ASSERT_TEXTS(versions, ...) assert_texts(versions, "a.lua", (const char *const[]){__VA_ARGS__, NULL})

/* The folder of a.lua's texts. */
static int open_store(const struct fixture *f)
{
    char path[200], hash[AUR_VERSION_SIZE];
    aur_version_of(hash, "/music", 6);
    snprintf(path, sizeof path, "%s/%s/a.lua", f->dir, hash);
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    return fd;
}

static size_t count_files(const struct fixture *f)
{
    size_t n = 0;
    DIR *dir = fdopendir(open_store(f));
    assert_non_null(dir);
    for (const struct dirent *found; (found = readdir(dir));)
        n += strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0;
    closedir(dir);
    return n;
}

static void put_file(const struct fixture *f, const char *name, const char *text)
{
    int store = open_store(f), fd = openat(store, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    close(store);
}

static void the_oldest_go(void **state)
{
    const struct fixture *f = *state;
    struct aur_version list[4];
    assert_int_equal(aur_versions_list(f->versions, list, 4, "a.lua"), 0);
    for (int i = 0; i < 5; i++) {
        char text[16];
        snprintf(text, sizeof text, "t%d", i);
        assert_int_equal(keep_at(f->versions, text, 5000000 - (uint64_t)i), AUR_OK); /* times do not matter */
    }
    ASSERT_TEXTS(f->versions, "t4", "t3", "t2");
    assert_int_equal(count_files(f), 3);
    assert_int_equal(aur_versions_list(f->versions, list, 2, "a.lua"), 2);
    assert_int_equal(list[0].saved_us, 4999996);
}

static void a_text_is_kept_once(void **state)
{
    const struct fixture *f = *state;
    const char *const order[] = {"a", "b", "a", "a", "c", "b"};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        assert_int_equal(keep(f, order[i]), AUR_OK);
    ASSERT_TEXTS(f->versions, "b", "c", "a");
    assert_int_equal(count_files(f), 3);
    assert_int_equal(keep(f, ""), AUR_OK);
    ASSERT_TEXTS(f->versions, "", "b", "c");
}

static void the_text_on_disk_does_not_count(void **state)
{
    const struct fixture *f = *state;
    char current[AUR_VERSION_SIZE];
    aur_version_of(current, "now", 3);
    assert_int_equal(keep(f, "now"), AUR_OK);
    for (int i = 0; i < 4; i++) {
        char text[16];
        snprintf(text, sizeof text, "t%d", i);
        assert_int_equal(aur_versions_keep(f->versions, "a.lua", text, strlen(text), 0, current, NULL), AUR_OK);
    }
    ASSERT_TEXTS(f->versions, "t3", "t2", "t1", "now");
}

static void survives_a_restart_and_keeps_folders_apart(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(keep(f, "one"), AUR_OK);
    assert_int_equal(aur_versions_keep(f->versions, "b/a.lua", "below", 5, 0, "", NULL), AUR_OK);
    struct aur_versions *again = open_versions(f, "/music", 3), *other = open_versions(f, "/other", 3);
    ASSERT_TEXTS(again, "one");
    assert_texts(again, "b/a.lua", (const char *const[]){"below", NULL});
    assert_int_equal(aur_versions_list(other, &(struct aur_version){0}, 1, "a.lua"), 0);
    assert_int_equal(keep_at(again, "two", 0), AUR_OK);
    ASSERT_TEXTS(f->versions, "two", "one");
    aur_versions_free(again);
    aur_versions_free(other);
}

static void what_is_foreign_or_damaged_is_not_seen(void **state)
{
    const struct fixture *f = *state;
    char version[AUR_VERSION_SIZE], name[64];
    assert_int_equal(keep(f, "good"), AUR_OK);
    aur_version_of(version, "text", 4);
    put_file(f, "README", "hello");
    put_file(f, ".a.lua.1.tmp", "half a te");
    put_file(f, "0000000000000009-0123456789abcdeg.lua", "no hash");
    put_file(f, "9-0123456789abcdef.lua", "short");
    snprintf(name, sizeof name, "00000000000000ff-%s.lua", version);
    put_file(f, name, "not that text");
    int store = open_store(f);
    assert_int_equal(mkdirat(store, "0000000000000008-0123456789abcdef.lua", 0755), 0);
    assert_int_equal(symlinkat("/etc/passwd", store, "0000000000000007-0123456789abcdef.lua"), 0);
    ASSERT_TEXTS(f->versions, "good");
    struct aur_buf text;
    aur_buf_init(&text);
    assert_int_equal(aur_versions_read(f->versions, &text, "a.lua", version, NULL), AUR_ENOTFOUND);
    assert_int_equal(aur_versions_read(f->versions, &text, "a.lua", "0123456789abcdef", NULL), AUR_ENOTFOUND);
    assert_int_equal(aur_versions_read(f->versions, &text, "a.lua", "../../../x", NULL), AUR_ENOTFOUND);
    assert_int_equal(text.len, 0);
    aur_buf_deinit(&text);
    assert_int_equal(keep(f, "text"), AUR_OK); /* in the place of the damaged one */
    ASSERT_TEXTS(f->versions, "text", "good");
    assert_int_equal(faccessat(store, "README", F_OK, 0), 0);
    close(store);
}

static void a_disk_that_fails(void **state)
{
    const struct fixture *f = *state;
    struct aur_error err;
    assert_int_equal(keep(f, "one"), AUR_OK);
    long nth = 0;
    for (;; nth++) {
        failing_disk_arm(nth, ENOSPC);
        int rc = aur_versions_keep(f->versions, "a.lua", "two", 3, 1000000, "", &err);
        bool failed = failing_disk_disarm();
        if (!failed)
            break;
        if (rc != AUR_OK) { /* syncing the folder is the one thing that may fail unnoticed */
            assert_int_equal(rc, AUR_EIO);
            assert_non_null(strstr(err.message, "No space left"));
            ASSERT_TEXTS(f->versions, "one");
            assert_int_equal(count_files(f), 1);
        }
    }
    assert_true(nth >= 4);
    ASSERT_TEXTS(f->versions, "two", "one");
    assert_int_equal(count_files(f), 2);
}

static void no_place_to_keep_it(void **state)
{
    const struct fixture *f = *state;
    struct aur_versions *versions;
    struct aur_error err;
    char path[100];
    snprintf(path, sizeof path, "%s/file", f->dir);
    close(open(path, O_WRONLY | O_CREAT, 0644));
    assert_int_equal(aur_versions_new(&versions, path, "/music", 3, &err), AUR_OK);
    assert_int_equal(aur_versions_keep(versions, "a.lua", "x", 1, 0, "", &err), AUR_EIO);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(aur_versions_list(versions, &(struct aur_version){0}, 1, "a.lua"), 0);
    aur_versions_free(versions);
}

static void out_of_memory(void **state)
{
    const struct fixture *f = *state;
    long nth = 0;
    for (;; nth++) {
        struct aur_versions *versions = NULL;
        struct aur_version list[4];
        struct aur_buf text;
        char version[AUR_VERSION_SIZE];
        aur_buf_init(&text);
        aur_version_of(version, "one", 3);
        failing_alloc_arm(nth);
        int rc = aur_versions_new(&versions, f->dir, "/music", 3, NULL);
        if (rc == AUR_OK)
            rc = aur_versions_keep(versions, "a.lua", "one", 3, 0, "", NULL);
        if (rc == AUR_OK && aur_versions_list(versions, list, 4, "a.lua") != 1)
            rc = AUR_ENOMEM;
        if (rc == AUR_OK)
            rc = aur_versions_read(versions, &text, "a.lua", version, NULL);
        bool failed = failing_alloc_disarm();
        aur_buf_deinit(&text);
        aur_versions_free(versions);
        if (!failed) {
            assert_int_equal(rc, AUR_OK);
            break;
        }
        assert_true(rc == AUR_OK || rc == AUR_ENOMEM);
    }
    assert_true(nth > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_oldest_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_is_kept_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_text_on_disk_does_not_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_a_restart_and_keeps_folders_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_foreign_or_damaged_is_not_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_place_to_keep_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(out_of_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
