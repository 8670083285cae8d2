/* Whether OpenCL is worth asking, told from folders made for it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/unit.h"
#include "synth/backend.h"

static char root[] = "/tmp/auralis-likely-XXXXXX";

static void put(const char *path, bool folder)
{
    char full[256];
    snprintf(full, sizeof full, "%s%s", root, path);
    if (folder) {
        assert_int_equal(mkdir(full, 0700), 0);
        return;
    }
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
}

static void drop(const char *path)
{
    char full[256];
    snprintf(full, sizeof full, "%s%s", root, path);
    assert_int_equal(remove(full), 0);
}

static void driver_and_node(void **state)
{
    static const char *const folders[] = {"/dev", "/dev/dri", "/etc", "/etc/OpenCL", "/etc/OpenCL/vendors"};
    static const struct {
        const char *driver, *node;
        bool likely;
    } cases[] = {
        {"pocl.icd", "nvidia0", false},  {"pocl.icd", "null", false},       {"nvidia.icd", "null", false},
        {"nvidia.icd", "nvidia0", true}, {"intel.icd", "dri/card0", false}, {"intel.icd", "dri/renderD128", true},
        {"amdocl64.icd", "kfd", true},   {"README", "nvidia0", false},      {"intelocl64.icd", "dri/renderD128", false},
    };
    (void)state;
    assert_non_null(mkdtemp(root));
    assert_false(aur_opencl_likely(root, NULL));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        put(folders[i], true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char driver[128], node[128], vendors[256];
        snprintf(driver, sizeof driver, "/etc/OpenCL/vendors/%s", cases[i].driver);
        snprintf(node, sizeof node, "/dev/%s", cases[i].node);
        snprintf(vendors, sizeof vendors, "%s/etc/OpenCL/vendors/", root);
        put(driver, false);
        put(node, false);
        if (aur_opencl_likely(root, NULL) != cases[i].likely || aur_opencl_likely(root, "") != cases[i].likely)
            fail_msg("%s and %s", cases[i].driver, cases[i].node);
        assert_int_equal(aur_opencl_likely(root, vendors), cases[i].likely);
        drop(driver);
        drop(node);
    }
    put("/dev/nvidia0", false);
    assert_true(aur_opencl_likely(root, "/somewhere/nvidia.icd"));
    assert_true(aur_opencl_likely(root, "libnvidia-opencl.so.1"));
    assert_false(aur_opencl_likely(root, "/somewhere/pocl.icd"));
    drop("/dev/nvidia0");
    for (size_t i = sizeof folders / sizeof *folders; i-- > 0;)
        drop(folders[i]);
    assert_int_equal(rmdir(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(driver_and_node)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
