/* Voices rendered by a backend: the same bytes as the CPU's own, whatever happens to the backend. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "rig.h"
#include "support/unit.h"
#include "synth/backend.h"
#include "synth/score_test.h"

#define RATE 44100

static void opencl_gives_the_same_bytes(void **state)
{
    (void)state;
    struct aur_backend_config config = {.forced = true, .wait = true, .rate_hz = RATE, .isa = aur_isa_best()};
    struct aur_backend *backend;
    struct aur_backend_report report;
    struct aur_error err = {0};
    if (aur_backend_new(&backend, &config, &err) < 0)
        fail_msg("%s", err.message);
    aur_backend_tell(backend, &report);
    print_message("%s: %.1f ms, CPU %.1f ms\n", report.device, report.device_s * 1e3, report.cpu_s * 1e3);
    assert_true(report.exact);
    aur_backend_free(backend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opencl_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
