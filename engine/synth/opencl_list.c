/* OpenCL devices and what they can do. Any thread but a render worker: asking for the platforms loads their drivers. */
#include <stdlib.h>
#include <string.h>

#include "synth/opencl.h"

static const struct {
    cl_device_type type;
    const char *name;
} types[] = {{CL_DEVICE_TYPE_GPU, "gpu"}, {CL_DEVICE_TYPE_ACCELERATOR, "accelerator"}, {CL_DEVICE_TYPE_CPU, "cpu"}};

#define TYPES (sizeof types / sizeof *types)

static void describe(struct aur_opencl_info *out, cl_device_id device, cl_platform_id platform)
{
    cl_device_type type = 0;
    cl_device_fp_config single = 0, wider = 0;
    cl_bool available = CL_FALSE, compiler = CL_FALSE, little = CL_FALSE;
    memset(out, 0, sizeof *out);
    clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof out->platform, out->platform, NULL);
    clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof out->name, out->name, NULL);
    clGetDeviceInfo(device, CL_DRIVER_VERSION, sizeof out->driver, out->driver, NULL);
    clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof type, &type, NULL);
    clGetDeviceInfo(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof out->units, &out->units, NULL);
    clGetDeviceInfo(device, CL_DEVICE_MAX_CLOCK_FREQUENCY, sizeof out->mhz, &out->mhz, NULL);
    clGetDeviceInfo(device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof single, &single, NULL);
    clGetDeviceInfo(device, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof wider, &wider, NULL);
    clGetDeviceInfo(device, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);
    clGetDeviceInfo(device, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
    clGetDeviceInfo(device, CL_DEVICE_ENDIAN_LITTLE, sizeof little, &little, NULL);
    out->type = "other";
    for (size_t i = 0; i < TYPES; i++)
        if (type & types[i].type)
            out->type = types[i].name;
    out->fma = (single & CL_FP_FMA) != 0;
    out->wide = (type & CL_DEVICE_TYPE_CPU) && out->fma;
    out->rounds = (single & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
    out->usable = available && compiler && little && (single & CL_FP_ROUND_TO_NEAREST) && (out->fma || wider);
}

static int rank(const struct aur_opencl_info *info)
{
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(info->type, types[i].name) == 0)
            return (int)(TYPES - i);
    return 0;
}

static bool better(const struct aur_opencl_info *a, const struct aur_opencl_info *b)
{
    if (a->usable != b->usable)
        return a->usable;
    if (rank(a) != rank(b))
        return rank(a) > rank(b);
    return (uint64_t)a->units * a->mhz > (uint64_t)b->units * b->mhz;
}

size_t aur_opencl_find(struct aur_opencl_info *out, cl_device_id *ids, size_t room)
{
    cl_platform_id platforms[16];
    cl_uint n_platforms = 0;
    size_t n = 0;
    if (clGetPlatformIDs(16, platforms, &n_platforms) != CL_SUCCESS)
        return 0;
    for (cl_uint p = 0; p < n_platforms && p < 16; p++) {
        cl_device_id found[16];
        cl_uint n_found = 0;
        if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, 16, found, &n_found) != CL_SUCCESS)
            continue;
        for (cl_uint d = 0; d < n_found && d < 16 && n < room; d++) {
            struct aur_opencl_info info;
            describe(&info, found[d], platforms[p]);
            size_t at = n++;
            for (; at > 0 && better(&info, &out[at - 1]); at--) {
                out[at] = out[at - 1];
                ids[at] = ids[at - 1];
            }
            out[at] = info;
            ids[at] = found[d];
        }
    }
    return n;
}

size_t aur_opencl_list(struct aur_opencl_info *out, size_t room)
{
    struct aur_opencl_info all[AUR_OPENCL_DEVICES];
    cl_device_id ids[AUR_OPENCL_DEVICES];
    const size_t found = aur_opencl_find(all, ids, AUR_OPENCL_DEVICES), n = found < room ? found : room;
    memcpy(out, all, n * sizeof *out);
    return n;
}
