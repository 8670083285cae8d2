/* How OpenCL devices are ranked: by type, then speed, those that cannot be exact last. The drivers are made up. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <string.h>

#include "support/unit.h"
#include "synth/backend.h"

#define DEVICES ((cl_uint)(sizeof devices / sizeof *devices))

/* As two drivers list them; units x MHz is the speed. */
static struct made_up {
    const char *name;
    cl_uint driver;
    cl_device_type type;
    cl_uint units, mhz;
    bool compiler;
} devices[] = {
    {"processor", 0, CL_DEVICE_TYPE_CPU, 64, 4000, true},    {"slow gpu", 0, CL_DEVICE_TYPE_GPU, 10, 1000, true},
    {"broken gpu", 0, CL_DEVICE_TYPE_GPU, 200, 2000, false}, {"card", 1, CL_DEVICE_TYPE_ACCELERATOR, 500, 2000, true},
    {"many units", 1, CL_DEVICE_TYPE_GPU, 40, 900, true},    {"high clock", 1, CL_DEVICE_TYPE_GPU, 20, 1700, true},
};

static const char *const best_first[] = {"many units", "high clock", "slow gpu", "card", "processor", "broken gpu"};

static int drivers[2];

cl_int __wrap_clGetPlatformIDs(cl_uint, cl_platform_id *, cl_uint *);
cl_int __wrap_clGetPlatformIDs(cl_uint room, cl_platform_id *out, cl_uint *n)
{
    for (cl_uint i = 0; i < 2 && i < room; i++)
        out[i] = (cl_platform_id)(void *)&drivers[i];
    *n = 2;
    return CL_SUCCESS;
}

cl_int __wrap_clGetPlatformInfo(cl_platform_id, cl_platform_info, size_t, void *, size_t *);
cl_int __wrap_clGetPlatformInfo(cl_platform_id id, cl_platform_info what, size_t size, void *out, size_t *needed)
{
    (void)id;
    (void)what;
    (void)needed;
    snprintf(out, size, "made up");
    return CL_SUCCESS;
}

cl_int __wrap_clGetDeviceIDs(cl_platform_id, cl_device_type, cl_uint, cl_device_id *, cl_uint *);
cl_int __wrap_clGetDeviceIDs(cl_platform_id id, cl_device_type type, cl_uint room, cl_device_id *out, cl_uint *n)
{
    (void)type;
    *n = 0;
    for (cl_uint i = 0; i < DEVICES && *n < room; i++)
        if ((void *)id == (void *)&drivers[devices[i].driver])
            out[(*n)++] = (cl_device_id)(void *)&devices[i];
    return CL_SUCCESS;
}

static void put(void *out, size_t size, const void *value, size_t bytes)
{
    assert_true(bytes <= size);
    memcpy(out, value, bytes);
}

cl_int __wrap_clGetDeviceInfo(cl_device_id, cl_device_info, size_t, void *, size_t *);
cl_int __wrap_clGetDeviceInfo(cl_device_id id, cl_device_info what, size_t size, void *out, size_t *needed)
{
    const struct made_up *device = (const struct made_up *)(void *)id;
    const cl_bool yes = CL_TRUE, compiler = device->compiler;
    const cl_device_fp_config exact = CL_FP_FMA | CL_FP_ROUND_TO_NEAREST;
    (void)needed;
    switch (what) {
    case CL_DEVICE_NAME:
        snprintf(out, size, "%s", device->name);
        break;
    case CL_DRIVER_VERSION:
        snprintf(out, size, "1");
        break;
    case CL_DEVICE_TYPE:
        put(out, size, &device->type, sizeof device->type);
        break;
    case CL_DEVICE_MAX_COMPUTE_UNITS:
        put(out, size, &device->units, sizeof device->units);
        break;
    case CL_DEVICE_MAX_CLOCK_FREQUENCY:
        put(out, size, &device->mhz, sizeof device->mhz);
        break;
    case CL_DEVICE_COMPILER_AVAILABLE:
        put(out, size, &compiler, sizeof compiler);
        break;
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_ENDIAN_LITTLE:
        put(out, size, &yes, sizeof yes);
        break;
    case CL_DEVICE_SINGLE_FP_CONFIG:
        put(out, size, &exact, sizeof exact);
        break;
    default:
        memset(out, 0, size);
        break;
    }
    return CL_SUCCESS;
}

static void best_come_first(void **state)
{
    struct aur_opencl_info infos[8];
    (void)state;
    assert_int_equal(aur_opencl_list(infos, 8), DEVICES);
    for (cl_uint i = 0; i < DEVICES; i++)
        assert_string_equal(infos[i].name, best_first[i]);
    assert_false(infos[DEVICES - 1].usable);
    assert_true(infos[0].usable && infos[0].fma);
    assert_string_equal(infos[0].type, "gpu");
    assert_true(infos[DEVICES - 2].wide && !infos[0].wide);
}

static void little_room_holds_the_best(void **state)
{
    struct aur_opencl_info infos[2];
    (void)state;
    assert_int_equal(aur_opencl_list(infos, 2), 2);
    assert_string_equal(infos[0].name, best_first[0]);
    assert_string_equal(infos[1].name, best_first[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(best_come_first), cmocka_unit_test(little_room_holds_the_best)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
