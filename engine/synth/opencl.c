/* Jobs on an OpenCL device. The worker of a backend, or the thread of an offline render: everything here may wait.
 *
 * The device keeps nothing from one job to the next: groups go there with the job and come back with its sums, which
 * costs little beside the voices and means that nothing is lost with the device. The program is the text of the CPU's
 * kernels, for 16 lanes a work-item on processors and one on everything else. */
#include "synth/opencl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/opencl_text.h"

/* What goes to the device and what comes back. */
enum { GROUPS, LINKS, CHAINS, STARTS, BRIGHT, SUMS, TABLES, OUT, BUFFERS };

struct aur_opencl {
    struct aur_opencl_info info;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    cl_kernel voices, fold;
    cl_mem buffers[BUFFERS];
    size_t sizes[BUFFERS];
};

static int failed(struct aur_error *err, const struct aur_opencl *cl, const char *call, cl_int code)
{
    return aur_error_set(err, AUR_EIO, "OpenCL device %s: %s failed (%d)", cl->info.name, call, (int)code);
}

static void close_device(void *self)
{
    struct aur_opencl *cl = self;
    if (!cl)
        return;
    if (cl->queue)
        clFinish(cl->queue); /* what a failed job left behind still writes to its memory */
    for (int i = 0; i < BUFFERS; i++)
        if (cl->buffers[i])
            clReleaseMemObject(cl->buffers[i]);
    if (cl->voices)
        clReleaseKernel(cl->voices);
    if (cl->fold)
        clReleaseKernel(cl->fold);
    if (cl->program)
        clReleaseProgram(cl->program);
    if (cl->queue)
        clReleaseCommandQueue(cl->queue);
    if (cl->context)
        clReleaseContext(cl->context);
    free(cl);
}

/* ---- jobs ---- */

/* A buffer of at least so many bytes. */
static int have_buffer(struct aur_opencl *cl, int which, size_t size, struct aur_error *err)
{
    cl_int code;
    if (size <= cl->sizes[which])
        return AUR_OK;
    if (cl->buffers[which])
        clReleaseMemObject(cl->buffers[which]);
    cl->sizes[which] = 0;
    cl->buffers[which] = clCreateBuffer(cl->context, CL_MEM_READ_WRITE, size, NULL, &code);
    if (code != CL_SUCCESS) {
        cl->buffers[which] = NULL;
        return failed(err, cl, "clCreateBuffer", code);
    }
    cl->sizes[which] = size;
    return AUR_OK;
}

static int send(struct aur_opencl *cl, const struct aur_job *job, struct aur_error *err)
{
    const struct {
        const void *data;
        size_t size;
    } parts[BUFFERS] = {
        [GROUPS] = {job->states, job->n_links * sizeof *job->states},
        [LINKS] = {job->links, job->n_links * sizeof *job->links},
        [CHAINS] = {job->chains, job->n_chains * sizeof *job->chains},
        [STARTS] = {job->starts, (job->n_starts ? job->n_starts : 1) * sizeof *job->starts},
        [BRIGHT] = {job->bright, job->n_blocks * sizeof *job->bright},
        [TABLES] = {job->tables, job->tabled ? job->table_floats * sizeof(float) : sizeof(float)},
        [SUMS] = {NULL, (size_t)job->n_chains * job->n_blocks * sizeof(struct aur_lane_sums)},
        [OUT] = {NULL, (size_t)job->n_chains * job->n_blocks * sizeof(struct aur_stereo)},
    };
    for (int i = 0; i < BUFFERS; i++) {
        int rc = have_buffer(cl, i, parts[i].size, err);
        if (rc < 0)
            return rc;
        cl_int code = parts[i].data ? clEnqueueWriteBuffer(cl->queue, cl->buffers[i], CL_FALSE, 0, parts[i].size,
                                                           parts[i].data, 0, NULL, NULL)
                                    : CL_SUCCESS;
        if (code != CL_SUCCESS)
            return failed(err, cl, "clEnqueueWriteBuffer", code);
    }
    return AUR_OK;
}

static int launch(struct aur_opencl *cl, const struct aur_job *job, struct aur_error *err)
{
    static const int arguments[] = {GROUPS, LINKS, CHAINS, STARTS, BRIGHT, SUMS, TABLES};
    const cl_uint blocks = job->n_blocks;
    const size_t lanes = cl->info.wide ? 1 : AUR_LANES, voices = job->n_chains * lanes, fold_local = AUR_BLOCK;
    const size_t frames = (size_t)job->n_chains * job->n_blocks * AUR_BLOCK;
    cl_int code = CL_SUCCESS;
    for (cl_uint i = 0; i < TABLES + 1 && code == CL_SUCCESS; i++)
        code = clSetKernelArg(cl->voices, i, sizeof(cl_mem), &cl->buffers[arguments[i]]);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(cl->voices, TABLES + 1, sizeof blocks, &blocks);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(cl->fold, 0, sizeof(cl_mem), &cl->buffers[OUT]);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(cl->fold, 1, sizeof(cl_mem), &cl->buffers[SUMS]);
    if (code != CL_SUCCESS)
        return failed(err, cl, "clSetKernelArg", code);
    code = clEnqueueNDRangeKernel(cl->queue, cl->voices, 1, NULL, &voices, &lanes, 0, NULL, NULL);
    if (code == CL_SUCCESS)
        code = clEnqueueNDRangeKernel(cl->queue, cl->fold, 1, NULL, &frames, &fold_local, 0, NULL, NULL);
    return code == CL_SUCCESS ? AUR_OK : failed(err, cl, "clEnqueueNDRangeKernel", code);
}

static int fetch(struct aur_opencl *cl, const struct aur_job *job, struct aur_job_result *result, struct aur_error *err)
{
    cl_int code = clEnqueueReadBuffer(cl->queue, cl->buffers[GROUPS], CL_FALSE, 0,
                                      job->n_links * sizeof *result->states, result->states, 0, NULL, NULL);
    if (code == CL_SUCCESS)
        code = clEnqueueReadBuffer(cl->queue, cl->buffers[OUT], CL_FALSE, 0,
                                   (size_t)job->n_chains * job->n_blocks * sizeof *result->sums, result->sums, 0, NULL,
                                   NULL);
    if (code != CL_SUCCESS)
        return failed(err, cl, "clEnqueueReadBuffer", code);
    code = clFinish(cl->queue);
    return code == CL_SUCCESS ? AUR_OK : failed(err, cl, "clFinish", code);
}

static int run(void *self, const struct aur_job *job, struct aur_job_result *result, struct aur_error *err)
{
    struct aur_opencl *cl = self;
    if (job->n_chains == 0)
        return AUR_OK;
    int rc = send(cl, job, err);
    if (rc == AUR_OK)
        rc = launch(cl, job, err);
    if (rc == AUR_OK)
        return fetch(cl, job, result, err);
    clFinish(cl->queue); /* nothing reads the job after this */
    return rc;
}

/* ---- opening ---- */

static int build(struct aur_opencl *cl, struct aur_error *err)
{
    char options[160], log[256] = "";
    const char *text = aur_opencl_text;
    cl_int code;
    snprintf(options, sizeof options, "-cl-std=CL1.2 -D AUR_W=%d%s%s", cl->info.wide ? AUR_LANES : 1,
             cl->info.fma ? " -D AUR_FMA" : "", cl->info.rounds ? " -cl-fp32-correctly-rounded-divide-sqrt" : "");
    cl->program = clCreateProgramWithSource(cl->context, 1, &text, NULL, &code);
    if (!cl->program)
        return failed(err, cl, "clCreateProgramWithSource", code);
    code = clBuildProgram(cl->program, 1, &cl->device, options, NULL, NULL);
    if (code != CL_SUCCESS) {
        clGetProgramBuildInfo(cl->program, cl->device, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log, NULL);
        log[strcspn(log, "\n")] = '\0';
        return aur_error_set(err, AUR_EIO, "OpenCL device %s does not build the kernels (%d): %s", cl->info.name,
                             (int)code, log);
    }
    cl->voices = clCreateKernel(cl->program, "voices", &code);
    if (cl->voices)
        cl->fold = clCreateKernel(cl->program, "fold_sums", &code);
    return cl->fold ? AUR_OK : failed(err, cl, "clCreateKernel", code);
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
        return aur_error_set(err, AUR_ENOTSUP, "OpenCL device %s has neither fused multiply-add nor double precision",
                             cl->info.name);
    cl->context = clCreateContext(NULL, 1, &cl->device, NULL, NULL, &code);
    if (!cl->context)
        return failed(err, cl, "clCreateContext", code);
    cl->queue = clCreateCommandQueue(cl->context, cl->device, 0, &code);
    return cl->queue ? build(cl, err) : failed(err, cl, "clCreateCommandQueue", code);
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
    *out = (struct aur_device){.name = cl->info.name, .self = cl, .run = run, .close = close_device};
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
