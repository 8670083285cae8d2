/* The text that devices build, compiled for GPUs that are not here: where clang is, it has to take the text for their
 * targets without a warning. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/opencl_text.h"
#include "support/unit.h"

static int shell(const char *command, char *out, size_t size)
{
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t n = fread(out, 1, size - 1, pipe);
    out[n] = '\0';
    return pclose(pipe);
}

static void compiles_for_gpus(void **state)
{
    static const struct {
        const char *target, *options;
    } cases[] = {
        {"nvptx64-nvidia-nvcl", "-Xclang -target-cpu -Xclang sm_70 -DAUR_W=1 -DAUR_SPLIT -DAUR_FMA"},
        {"amdgcn-amd-amdhsa", "-mcpu=gfx906 -nogpulib -DAUR_W=1 -DAUR_SPLIT -DAUR_FMA"},
        {"spir64", "-DAUR_W=1 -DAUR_SPLIT -DAUR_FMA"},
        {"spir64", "-DAUR_W=1 -DAUR_SPLIT"},
        {"spir64", "-DAUR_W=16 -DAUR_FMA"},
    };
    char path[] = "/tmp/auralis-text-XXXXXX", command[512], out[2000];
    (void)state;
    if (shell("command -v clang", out, sizeof out) != 0) {
        print_message("clang is not installed\n");
        skip();
    }
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_true(write(file, aur_opencl_text, strlen(aur_opencl_text)) == (ssize_t)strlen(aur_opencl_text));
    close(file);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(command, sizeof command,
                 "clang -x cl -cl-std=CL1.2 -D__OPENCL_VERSION__=120 -Xclang -finclude-default-header -Werror "
                 "-cl-fp32-correctly-rounded-divide-sqrt -target %s %s -O1 %s -S -o /dev/null %s 2>&1",
                 cases[i].target, cases[i].options, strcmp(cases[i].target, "spir64") == 0 ? "-emit-llvm" : "", path);
        if (shell(command, out, sizeof out) != 0 && !strstr(out, "unable to create target"))
            fail_msg("%s %s: %s", cases[i].target, cases[i].options, out);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(compiles_for_gpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
