/* Folders of takes: complete or not there, lists, names, and nothing outside them. */
#include "keep/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/unit.h"

static int setup(void **state)
{
    char *dir = strdup("/tmp/aur-keep-XXXXXX");
    *state = dir;
    return !mkdtemp(dir);
}

static int teardown(void **state)
{
    aur_folder_remove(*state);
    free(*state);
    return 0;
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[AUR_FOLDER_PATH + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(aur_folder_write(path, text, strlen(text), NULL), 0);
}

static void collect(void *user, const char *name, uint64_t bytes)
{
    char *out = user;
    snprintf(out + strlen(out), 400 - strlen(out), "%s:%d ", name, (int)bytes);
}

static void a_folder_appears_whole(void **state)
{
    char part[AUR_FOLDER_PATH], folder[AUR_FOLDER_PATH], stems[AUR_FOLDER_PATH + 16], list[400] = "";
    aur_folder_part(part, *state, "abc");
    aur_folder_of(folder, *state, "abc");
    assert_int_equal(aur_folder_make(part, NULL), 0);
    snprintf(stems, sizeof stems, "%s/stems", part);
    assert_int_equal(aur_folder_make(stems, NULL), 0);
    put(part, "take.flac", "12345");
    put(part, AUR_FOLDER_WAVEFORM, "{}");
    put(stems, "pad.flac", "1");
    assert_false(aur_folder_exists(folder));
    assert_int_equal(aur_folder_publish(part, folder, NULL), 0);
    assert_true(aur_folder_exists(folder));
    assert_false(aur_folder_exists(part));
    aur_folder_list(folder, collect, list);
    assert_string_equal(list, "stems/pad.flac:1 take.flac:5 ");
    aur_folder_remove(folder);
    assert_false(aur_folder_exists(folder));
}

static void only_what_is_listed_opens(void **state)
{
    static const char *const names[] = {
        "../secret", "stems/../../secret", "/etc/passwd", "", ".", "stems", "link", "a.txt/", "./a.txt", "b.txt"};
    char folder[AUR_FOLDER_PATH], link[AUR_FOLDER_PATH + 16];
    int fd;
    uint64_t bytes;
    aur_folder_of(folder, *state, "abc");
    assert_int_equal(aur_folder_make(folder, NULL), 0);
    put(*state, "secret", "x");
    put(folder, "a.txt", "hello");
    snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink("../secret", link), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(aur_folder_open(folder, names[i], &fd, &bytes, NULL), AUR_ENOTFOUND);
    assert_int_equal(aur_folder_open(folder, "a.txt", &fd, &bytes, NULL), 0);
    assert_int_equal(bytes, 5);
    close(fd);
}

static void what_was_left_behind_goes(void **state)
{
    char part[AUR_FOLDER_PATH], folder[AUR_FOLDER_PATH];
    aur_folder_part(part, *state, "abc");
    aur_folder_of(folder, *state, "def");
    assert_int_equal(aur_folder_make(part, NULL), 0);
    assert_int_equal(aur_folder_make(folder, NULL), 0);
    put(part, "take.flac", "1");
    aur_folder_sweep(*state);
    assert_false(aur_folder_exists(part));
    assert_true(aur_folder_exists(folder));
}

static void names_of_files(void **state)
{
    (void)state;
    static const char *const slugs[][2] = {
        {"First rain", "First-rain"},
        {"../../etc/passwd", "etc-passwd"},
        {"a \"b\"\r\n", "a-b"},
        {"", ""},
        {"///", ""},
        {"Über Nacht", "Über-Nacht"},
        {"v1.2_b-", "v1.2_b"},
    };
    char slug[40], small[4];
    for (size_t i = 0; i < sizeof slugs / sizeof *slugs; i++) {
        aur_folder_slug(slug, sizeof slug, slugs[i][0]);
        assert_string_equal(slug, slugs[i][1]);
    }
    aur_folder_slug(small, sizeof small, "aé€");
    assert_string_equal(small, "aé");
    aur_folder_slug(small, sizeof small, "ab€");
    assert_string_equal(small, "ab");
    assert_string_equal(aur_folder_type("stems/pad.flac"), "audio/flac");
    assert_string_equal(aur_folder_type("nothing"), "application/octet-stream");
}

static void errors_name_no_path_of_this_machine(void **state)
{
    (void)state;
    char text[] = "/srv/takes/.abc.part/take.flac: cannot be written: /srv/takes is full";
    aur_folder_shorten("/srv/takes", text);
    assert_string_equal(text, ".abc.part/take.flac: cannot be written:  is full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder_appears_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_is_listed_opens, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_left_behind_goes, setup, teardown),
        cmocka_unit_test(names_of_files),
        cmocka_unit_test(errors_name_no_path_of_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
