/* An OpenCL device, from opening to closing. The worker of a backend, or the thread of an offline render: everything here may
 * wait.
 *
 * The program is the text of the CPU's kernels: on processors 16 lanes a work-item, which goes through the groups of a bus;
 * on everything else one voice a work-item, see kernels/opencl_job.inc. Of OpenCL nothing newer than 1.2 is used, and no
 * double precision where there is fused multiply-add. */
#include "synth/opencl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/opencl_text.h"

#define SCRATCH_MOST ((size_t)256 << 20) /* a launch goes through its blocks in as many stretches as this takes */
#define SPLIT_LOCAL  64                  /* work-items that are scheduled together: the voices of four groups */

int aur_opencl_failed(struct aur_error *err, const struct aur_opencl *cl, const char *call, cl_int code)
{
    return aur_error_set(err, AUR_EIO, "OpenCL device %s: %s failed (%d)", cl->info.name, call, (int)code);
}

static uint64_t count_bytes(void *self)
{
    const struct aur_opencl *cl = self;
    uint64_t bytes = 0;
    for (int i = 0; i < AUR_CL_BUFFERS; i++)
        bytes += cl->sizes[i];
    return bytes;
}

static void close_device(void *self)
{
    struct aur_opencl *cl = self;
    if (!cl)
        return;
    if (cl->queue)
        clFinish(cl->queue); /* what a failed job left behind still writes to its memory */
    for (int i = 0; i < AUR_CL_BUFFERS; i++)
        if (cl->buffers[i])
            clReleaseMemObject(cl->buffers[i]);
    if (cl->voices)
        clReleaseKernel(cl->voices);
    if (cl->sums)
        clReleaseKernel(cl->sums);
    if (cl->program)
        clReleaseProgram(cl->program);
    if (cl->queue)
        clReleaseCommandQueue(cl->queue);
    if (cl->context)
        clReleaseContext(cl->context);
    free(cl);
}

/* ---- opening ---- */

/* Says the first line of the compiler's log that tells of an error, else its first line. */
static int build_failed(struct aur_opencl *cl, cl_int code, struct aur_error *err)
{
    size_t size = 0;
    clGetProgramBuildInfo(cl->program, cl->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    char *log = size ? calloc(1, size + 1) : NULL;
    if (log)
        clGetProgramBuildInfo(cl->program, cl->device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    const char *line = log && strstr(log, "error") ? strstr(log, "error") : log ? log : "";
    while (log && line > log && line[-1] != '\n')
        line--;
    int rc = aur_error_set(err, AUR_EIO, "OpenCL device %s does not build the kernels (%d): %.*s", cl->info.name,
                           (int)code, (int)strcspn(line, "\n"), line);
    free(log);
    return rc;
}

/* Work-groups of the sizes the kernels are launched with. */
static int check_sizes(struct aur_opencl *cl, struct aur_error *err)
{
    size_t voices = 0, sums = 0;
    cl_ulong most = 0, all = 0;
    clGetKernelWorkGroupInfo(cl->voices, cl->device, CL_KERNEL_WORK_GROUP_SIZE, sizeof voices, &voices, NULL);
    clGetKernelWorkGroupInfo(cl->sums, cl->device, CL_KERNEL_WORK_GROUP_SIZE, sizeof sums, &sums, NULL);
    clGetDeviceInfo(cl->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof most, &most, NULL);
    clGetDeviceInfo(cl->device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof all, &all, NULL);
    most = most < all / 4 ? most : all / 4;
    cl->scratch_most = most < SCRATCH_MOST ? (size_t)most : SCRATCH_MOST;
    cl->voices_local = cl->info.wide ? 1 : voices >= SPLIT_LOCAL ? SPLIT_LOCAL : AUR_LANES;
    if (sums < AUR_SUM_ITEMS || voices < cl->voices_local)
        return aur_error_set(err, AUR_ENOTSUP, "OpenCL device %s takes no work-groups of %d", cl->info.name,
                             AUR_SUM_ITEMS);
    return AUR_OK;
}

static int build(struct aur_opencl *cl, struct aur_error *err)
{
    char options[160];
    const char *text = aur_opencl_text;
    cl_int code;
    snprintf(options, sizeof options, "-cl-std=CL1.2 -D AUR_W=%d%s%s%s", cl->info.wide ? AUR_LANES : 1,
             cl->info.wide ? "" : " -D AUR_SPLIT", cl->info.fma ? " -D AUR_FMA" : "",
             cl->info.rounds ? " -cl-fp32-correctly-rounded-divide-sqrt" : "");
    cl->program = clCreateProgramWithSource(cl->context, 1, &text, NULL, &code);
    if (!cl->program)
        return aur_opencl_failed(err, cl, "clCreateProgramWithSource", code);
    code = clBuildProgram(cl->program, 1, &cl->device, options, NULL, NULL);
    if (code != CL_SUCCESS)
        return build_failed(cl, code, err);
    cl->voices = clCreateKernel(cl->program, "voices", &code);
    if (cl->voices)
        cl->sums = clCreateKernel(cl->program, "sums", &code);
    return cl->sums ? check_sizes(cl, err) : aur_opencl_failed(err, cl, "clCreateKernel", code);
}

static int open_best(struct aur_opencl *cl, bool others, struct aur_error *err)
{
    struct aur_opencl_info infos[AUR_OPENCL_DEVICES];
    cl_device_id ids[AUR_OPENCL_DEVICES];
    cl_int code;
    if (aur_opencl_find(infos, ids, AUR_OPENCL_DEVICES) == 0)
        return aur_error_set(err, AUR_ENOTFOUND, "there is no OpenCL device here; see 'auralis devices'");
    if (others && strcmp(infos[0].type, "cpu") == 0)
        return aur_error_set(err, AUR_ENOTFOUND, "there is no OpenCL device here but the CPU");
    cl->info = infos[0];
    cl->device = ids[0];
    if (!cl->info.usable)
        return aur_error_set(err, AUR_ENOTSUP,
                             "OpenCL device %s has neither fused multiply-add nor double precision, or no compiler",
                             cl->info.name);
    cl->context = clCreateContext(NULL, 1, &cl->device, NULL, NULL, &code);
    if (!cl->context)
        return aur_opencl_failed(err, cl, "clCreateContext", code);
    cl->queue = clCreateCommandQueue(cl->context, cl->device, 0, &code);
    return cl->queue ? build(cl, err) : aur_opencl_failed(err, cl, "clCreateCommandQueue", code);
}

static int open_device(struct aur_device *out, bool others, struct aur_error *err)
{
    struct aur_opencl *cl = calloc(1, sizeof *cl);
    if (!cl)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for an OpenCL device");
    int rc = open_best(cl, others, err);
    if (rc < 0) {
        close_device(cl);
        return rc;
    }
    *out = (struct aur_device){
        .name = cl->info.name, .self = cl, .run = aur_opencl_run, .close = close_device, .bytes = count_bytes};
    return AUR_OK;
}

int aur_opencl_open(struct aur_device *out, struct aur_error *err)
{
    return open_device(out, false, err);
}

int aur_opencl_open_other(struct aur_device *out, struct aur_error *err)
{
    return open_device(out, true, err);
}
