/* What the OpenCL files share; with opencl*.c the only files that know CL/cl.h. */
#ifndef AUR_SYNTH_OPENCL_H
#define AUR_SYNTH_OPENCL_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "synth/backend.h"

#define AUR_OPENCL_DEVICES 32

/* aur_opencl_list with the devices' handles; room for AUR_OPENCL_DEVICES, or the best may be missing. */
size_t aur_opencl_find(struct aur_opencl_info *out, cl_device_id *ids, size_t room);

/* What goes to the device, stays there from kernel to kernel, and comes back. */
enum aur_opencl_buffer {
    AUR_CL_GROUPS,
    AUR_CL_LINKS,
    AUR_CL_CHAINS,
    AUR_CL_STARTS,
    AUR_CL_BRIGHT,
    AUR_CL_TABLES,
    AUR_CL_PARTS,
    AUR_CL_PLACES,
    AUR_CL_SCRATCH,
    AUR_CL_OUT,
    AUR_CL_BUFFERS,
};

#define AUR_OPENCL_PLACES (AUR_BACKEND_BATCH * (AUR_JOB_CHAINS + AUR_JOB_LINKS))

/* Tables that are on the device, and from which of its floats on. They stay where they are until the device is closed. */
struct aur_opencl_store {
    const float *floats;
    uint32_t at, n;
};

struct aur_opencl {
    struct aur_opencl_info info;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    cl_kernel voices, sums;
    size_t voices_local;
    size_t scratch_most; /* bytes */
    cl_mem buffers[AUR_CL_BUFFERS];
    size_t sizes[AUR_CL_BUFFERS];
    struct aur_opencl_store stores[AUR_BACKEND_BATCH];
    uint32_t n_stores;
    /* Of the launch: */
    struct aur_part parts[AUR_BACKEND_BATCH + 1]; /* the last: where they end */
    struct aur_place places[AUR_OPENCL_PLACES];   /* chains, then links if groups are rendered side by side */
    uint32_t n_chains, n_links, n_blocks;         /* of all; of the longest */
};

int aur_opencl_failed(struct aur_error *err, const struct aur_opencl *cl, const char *call, cl_int code);
/* struct aur_device's run. */
int aur_opencl_run(void *self, const struct aur_device_work *work, size_t n, struct aur_error *err);

#endif
